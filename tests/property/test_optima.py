"""What must hold of optima whatever the scenario: over seeded random scenarios."""

from math import inf, isfinite
from random import Random
from typing import Any

import pytest

from app.schemas.merge_patch import merge_patch
from solver import SolveOptions, solve
from tests.examples import some
from tests.random_scenarios import random_scenario
from tests.siting import Y1, Document, instance_of

every_seed = pytest.mark.parametrize("seed", some(range(24), 12))

WISHES: dict[str, Document] = {
    "coverage": {"targets": {"coverage": None}},
    "core coverage": {"targets": {"core_coverage": None}},
    "within": {"targets": {"within": None}},
    "staff": {"staffing": None},
    "investment": {"budget": {"investment_nok": None}},
    "investment in all": {"budget": {"investment_total_nok": None}},
    "operating": {"budget": {"operating_nok": None}},
    "ownership": {"policies": {"allowed_ownership": None}},
    "number of projects": {"policies": {"max_projects": None}},
    "number of cores": {"policies": {"min_cores_with_places": None}},
    "required": {"policies": {"required_projects": None}},
    "forbidden": {"policies": {"forbidden_projects": None}},
    "kept": {"policies": {"keep_places": None}},
    "travel": {"travel": {"limit_minutes": None}},
}


def cost(document: Document) -> float:
    """The optimum in NOK; inf when nothing is possible."""
    objective = solve(instance_of(document), SolveOptions(mip_gap=0)).objective_nok
    return inf if objective is None else objective


def approx(amount: float) -> Any:
    return pytest.approx(amount, rel=1e-6, abs=1e-6)


def with_projects(document: Document, **changes: Any) -> Document:
    """The same changes to every project."""
    return merge_patch(document, {"projects": dict.fromkeys(document["projects"], changes)})


@every_seed
def test_giving_up_a_rule_never_costs_more(seed):
    document = random_scenario(seed)
    limit = cost(document) + 1e-6
    for wish, patch in WISHES.items():
        assert cost(merge_patch(document, patch)) <= limit, wish
    free = with_projects(document, excludes=None, requires=None, opens=None)
    assert cost(free) <= limit


@every_seed
def test_room_for_more_places_never_costs_more(seed):
    document = random_scenario(seed)
    larger = {
        k: {"places": {"max": project["places"]["max"] + 3}}
        for k, project in document["projects"].items()
    }
    assert cost(merge_patch(document, {"projects": larger})) <= cost(document) + 1e-6


@every_seed
def test_free_places_that_stand_there_never_cost_more(seed):
    free = {"operating_cost_nok": 0, "fte_per_place": None}
    document = merge_patch(random_scenario(seed), {"staffing": None})
    for care_type in document["care_types"].values():
        care_type.update(free, fte_per_place={})
    document = with_projects(document, fte=None)
    site = Random(seed).choice(sorted(document["sites"]))
    there = document["sites"][site]["places"]
    more = {p: _three_more(there.get(p, 0)) for p in document["care_types"]}
    changed = merge_patch(document, {"sites": {site: {"places": more}}})
    assert cost(changed) <= cost(document) + 1e-6


def _three_more(series: Any) -> Any:
    if isinstance(series, dict):
        return {year: places + 3 for year, places in series.items()}
    return series + 3


@every_seed
def test_ids_do_not_matter(seed):
    """Every id becomes another, so that the alphabet runs the other way."""
    mirror = {chr(letter): chr(ord("a") + ord("z") - letter) for letter in range(97, 123)}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {mirror.get(key, key): renamed(member) for key, member in value.items()}
        if isinstance(value, list):
            return [renamed(member) for member in value]
        return mirror.get(value, value) if isinstance(value, str) else value

    document = random_scenario(seed)
    assert cost(renamed(document)) == approx(cost(document))


@every_seed
def test_order_in_the_document_does_not_matter(seed):
    def reversed_order(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reversed_order(value[key]) for key in reversed(value)}
        return value

    document = random_scenario(seed)
    one, other = instance_of(document), instance_of(reversed_order(document))
    assert solve(one).plan == solve(other).plan


@every_seed
@pytest.mark.parametrize("factor", [1000, 0.001])
def test_another_currency_scales_the_optimum(seed, factor):
    def exchanged(value: Any, money: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: exchanged(member, money or "_nok" in key) for key, member in value.items()}
        return value * factor if money and value is not None else value

    document = random_scenario(seed)
    assert cost(exchanged(document)) == pytest.approx(factor * cost(document), rel=1e-6, abs=1e-9)


@every_seed
def test_a_utm_zone_to_the_east_is_the_same_place(seed):
    rng = Random(seed)
    document = random_scenario(seed)
    document["travel"] = {
        "basis": "straight_line",
        "speed_kmh": 45,
        "detour": 1.3,
        "access_minutes": 2,
        "visits_per_place_year": 30,
        "value_of_time_nok_per_hour": 1,
    }
    places = [*document["districts"].values(), *document["sites"].values()]
    positions = [(rng.uniform(10.2, 10.6), rng.uniform(61.0, 61.2)) for _ in places]
    costs = []
    for degrees in (0, 6):
        for place, (lon, lat) in zip(places, positions, strict=True):
            place["location"] = [lon + degrees, lat]
        costs.append(cost(document))
    assert costs[0] == approx(costs[1])


def test_most_of_the_scenarios_have_a_plan():
    feasible = sum(isfinite(cost(random_scenario(seed))) for seed in range(24))
    assert 12 <= feasible < 24


@every_seed
def test_every_year_starts_where_the_first_does(seed):
    """The same scenario a hundred years later: years are only names."""

    def later(value: Any) -> Any:
        if isinstance(value, dict):
            return {later(key): later(member) for key, member in value.items()}
        if isinstance(value, int) and value >= Y1:
            return value + 100
        return str(int(value) + 100) if isinstance(value, str) and value.isdigit() else value

    document = random_scenario(seed)
    assert cost(later(document)) == approx(cost(document))
