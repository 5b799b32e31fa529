"""Weights on inequality: what they decide, by hand and against trying everything."""

from dataclasses import replace
from itertools import islice
from math import exp

import pytest

from app.schemas.merge_patch import merge_patch
from solver import SitingInstance, SolveOptions, solve
from solver.domain.errors import StrategyNotApplicable
from solver.domain.result import Outcome, Strategy
from solver.engine import decomposition
from solver.engine.by_year import separable
from tests.examples import some
from tests.known_optimum.enumeration import Enumeration
from tests.known_optimum.test_enumeration import EXACT, assert_same_as_enumeration
from tests.random_locations import random_instance
from tests.random_scenarios import unequal_scenario
from tests.siting import Y1, Y2, Document, district, instance_of, project, scenario, site

MOST_COMBINATIONS = 1000
PLAIN = SolveOptions(time_limit_s=60, mip_gap=1e-7, strategy=Strategy.PLAIN)

# One of two: u is near the three of a and far from b's one, v is as far from all.
ONE_OF_TWO = scenario(
    districts={"a": district(3), "b": district(1)},
    sites={"u": {}, "v": {}},
    projects={"k": project("u", 4), "l": project("v", 4)},
    minutes={"u": {"a": 2, "b": 20}, "v": {"a": 8, "b": 8}},
    policies={"max_projects": 1},
)


@pytest.mark.parametrize(
    ("objective", "opened", "nok"),
    [
        ({}, "k", 3 * 2 + 20),
        ({"weights": {"worst_off": 0, "kolm_pollak": 0}}, "k", 3 * 2 + 20),
        ({"weights": {"worst_off": 1}}, "l", 4 * 8 + 4 * 8),
        ({"weights": {"worst_off": 1, "travel": 0}}, "l", 4 * 8),
        ({"weights": {"worst_off": 0.1}}, "k", 26 + 0.1 * 4 * 20),
        (
            {
                "weights": {"kolm_pollak": 1, "travel": 0},
                "inequality_aversion_per_minute": 0.1,
            },
            "l",
            4 * (exp(0.8) - 1) / 0.1,
        ),
        (
            {
                "weights": {"kolm_pollak": 1, "travel": 0},
                "inequality_aversion_per_minute": 0.01,
            },
            "k",
            (3 * (exp(0.02) - 1) + exp(0.2) - 1) / 0.01,
        ),
    ],
)
@pytest.mark.parametrize("last", [Y1, Y2])
def test_what_is_weighed_decides_where(objective, opened, nok, last):
    """In one year by the search for locations where it applies, in two in one program."""
    document = merge_patch(ONE_OF_TWO, {"objective": objective, "years": {"last": last}})
    result = solve(instance_of(document), SolveOptions(mip_gap=0))
    years = last - Y1 + 1
    assert result.plan is not None
    assert list(result.plan.opens) == [opened]
    assert result.objective_nok == pytest.approx(years * nok)
    assert result.dual_bound_nok == pytest.approx(years * nok)


def test_the_worst_off_are_not_helped_by_getting_no_place():
    """Their place costs 20 of travel and missing it 50; nine at home 1 each, ten the worst's 20."""
    document = scenario(
        districts={"a": district(9), "b": district(1)},
        sites={"s": site(10)},
        minutes={"s": {"a": 1, "b": 20}},
        unmet_nok=50,
        objective={"weights": {"worst_off": 1}},
    )
    result = solve(instance_of(document), EXACT)
    assert result.objective_nok == pytest.approx(9 * 1 + 20 + 10 * 20)


def test_without_aversion_kolm_pollak_is_travel():
    """κ → 0: (exp(κ·m) − 1) ÷ κ → m."""
    weighed = {"weights": {"kolm_pollak": 1, "travel": 0}, "inequality_aversion_per_minute": 1e-12}
    result = solve(instance_of(merge_patch(ONE_OF_TWO, {"objective": weighed})), EXACT)
    assert result.objective_nok == pytest.approx(26)


def small(seed: int, **weights: float) -> Document:
    """The seed's first scenario with few enough combinations to try."""
    while Enumeration(unequal_scenario(seed)).combinations > MOST_COMBINATIONS:
        seed += 1000
    return unequal_scenario(seed, **weights)


@pytest.mark.parametrize("seed", some(range(80), 40))
def test_solve_finds_what_enumeration_finds(seed):
    document = small(seed)
    assert_same_as_enumeration(document, solve(instance_of(document), EXACT))


@pytest.mark.parametrize("seed", some(range(100, 140), 20))
def test_the_worst_off_alone(seed):
    document = small(seed, worst_off=2)
    assert_same_as_enumeration(document, solve(instance_of(document), EXACT))


def decomposable(number: int) -> list[Document]:
    """The first random scenarios with a weight on Kolm–Pollak that can be decomposed."""
    drawn = (unequal_scenario(seed, kolm_pollak=2) for seed in range(1000))
    several = (one for one in drawn if one["years"]["last"] > Y1)
    fit = (one for one in several if decomposition.applies(instance_of(one)))
    return list(islice(fit, number))


@pytest.mark.parametrize("document", decomposable(40))
def test_decomposed_as_in_one_program(document):
    instance = instance_of(document)
    plain = solve(instance, PLAIN)
    decomposed = solve(instance, replace(PLAIN, strategy=Strategy.DECOMPOSITION))
    assert decomposed.outcome == plain.outcome
    if plain.outcome is Outcome.OPTIMAL:
        assert decomposed.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)


def standing(seed: int) -> Document:
    """A random scenario in which no project may open."""
    document = unequal_scenario(seed)
    none = {"forbidden_projects": list(document["projects"]), "required_projects": None}
    return merge_patch(document, {"policies": none})


def apart_by_year(number: int) -> list[SitingInstance]:
    """The first of them that have several years, and whose kept places do not fall."""
    fit = (one for one in map(instance_of, map(standing, range(1000))) if separable(one))
    return list(islice(fit, number))


@pytest.mark.parametrize("instance", apart_by_year(30))
def test_year_by_year_as_in_one_program(instance):
    apart, plain = solve(instance, EXACT), solve(instance, PLAIN)
    assert apart.statistics.strategy is Strategy.BY_YEAR
    assert apart.outcome == plain.outcome
    if plain.objective_nok is not None:
        assert apart.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("capacitated", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_locations_as_in_one_program(seed, capacitated):
    location = random_instance(seed, capacitated)
    goal = replace(location.objective, kolm_pollak_weight=2, inequality_aversion_per_minute=0.2)
    instance = replace(location, objective=goal)
    result, plain = solve(instance, EXACT), solve(instance, PLAIN)
    assert result.statistics.strategy is Strategy.LOCATION
    assert result.outcome == plain.outcome
    if plain.objective_nok is not None:
        assert result.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("strategy", [Strategy.LOCATION, Strategy.DECOMPOSITION])
def test_the_worst_off_district_is_for_one_program(strategy):
    weighed = merge_patch(ONE_OF_TWO, {"objective": {"weights": {"worst_off": 1}}})
    instance = instance_of(weighed)
    assert solve(instance).statistics.strategy is Strategy.PLAIN
    with pytest.raises(StrategyNotApplicable):
        solve(instance, SolveOptions(strategy=strategy))
