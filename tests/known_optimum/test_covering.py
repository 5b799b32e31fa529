"""Maximal covering and set covering as scenarios, against trying every set of sites."""

from itertools import combinations
from random import Random

import pytest

from solver import SolveOptions, solve
from solver.domain.result import SolveResult, Strategy
from tests.siting import Document, district, instance_of, project, scenario

LIMIT = 10
OPTIONS = SolveOptions(mip_gap=0)
Instance = tuple[dict[str, int], dict[str, dict[str, int]]]


def drawn(seed: int) -> Instance:
    """The need of 14 districts, and the minutes to each from 9 sites."""
    rng = Random(seed)
    need = {f"d{i:02}": rng.randint(1, 20) for i in range(14)}
    minutes = {f"s{j}": {i: rng.randint(1, 25) for i in need} for j in range(9)}
    return need, minutes


def covering(instance: Instance, investment_nok: int, **more: object) -> Document:
    """Sites that serve everyone within the limit; travel costs nothing."""
    need, minutes = instance
    return scenario(
        districts={i: district(weight) for i, weight in need.items()},
        sites={j: {} for j in minutes},
        projects={
            f"k-{j}": project(j, sum(need.values()), investment_nok=investment_nok) for j in minutes
        },
        minutes=minutes,
        travel={"limit_minutes": LIMIT, "visits_per_place_year": 0},
        **more,
    )


def covered(instance: Instance, sites: tuple[str, ...]) -> set[str]:
    need, minutes = instance
    return {i for i in need if any(minutes[j][i] <= LIMIT for j in sites)}


def located(document: Document) -> SolveResult:
    result = solve(instance_of(document), OPTIONS)
    assert result.statistics.strategy is Strategy.LOCATION
    return result


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("most", [1, 3])
def test_maximal_covering(seed, most):
    instance = drawn(seed)
    need, minutes = instance
    missed = min(
        sum(need[i] for i in need.keys() - covered(instance, sites))
        for sites in combinations(minutes, most)
    )
    document = covering(instance, 0, unmet_nok=1, policies={"max_projects": most})
    assert located(document).objective_nok == pytest.approx(missed, abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_set_covering(seed):
    instance = drawn(seed)
    need, minutes = instance
    sizes = (
        size
        for size in range(len(minutes) + 1)
        for sites in combinations(minutes, size)
        if covered(instance, sites) == need.keys()
    )
    fewest = next(sizes, None)
    result = located(covering(instance, 1))
    assert result.objective_nok == (None if fewest is None else pytest.approx(fewest, abs=1e-6))
