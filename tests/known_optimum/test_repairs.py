"""A few hundred random infeasible scenarios: the cheapest repair, against trying everything."""

from functools import cache
from math import inf

import pytest

from app.schemas.merge_patch import merge_patch
from app.services.analyses import answer
from app.services.task import Task
from solver import SolveOptions, Watcher, solve
from solver.domain.result import Outcome
from tests.examples import some
from tests.known_optimum.repairs import Relaxing, usual_prices
from tests.random_scenarios import random_scenario, tight_scenario
from tests.siting import Document, instance_of

MOST_COMBINATIONS = 30_000
SCENARIOS = 1000
ORDINARY = 100


def small_scenario(seed: int) -> Document:
    """The seed's first scenario that has few enough combinations to try, mostly a tight one."""
    while True:
        document = (tight_scenario if seed % 4 else random_scenario)(seed)
        if Relaxing(document).combinations <= MOST_COMBINATIONS:
            return document
        seed += SCENARIOS


@cache
def cheapest_of(seed: int) -> float:
    """What the cheapest repair of the seed's scenario costs, found by trying everything."""
    document = small_scenario(seed)
    return Relaxing(document).cheapest(usual_prices(document))


@pytest.mark.parametrize("seed", some(range(SCENARIOS), ORDINARY))
def test_the_cheapest_repair_is_what_trying_everything_finds(seed: int) -> None:
    document, alternatives = small_scenario(seed), seed % 5
    cheapest = cheapest_of(seed)
    found = answer(
        Task(document, "repair", {"alternatives": alternatives}), SolveOptions(), Watcher()
    )
    assert found["complete"]
    if cheapest == inf:
        assert found["outcome"] == "infeasible"
        assert found["repairs"] == []
        return
    assert found["outcome"] == "optimal"
    assert bool(found["repairs"]) == (cheapest > 0)
    for index, repair in enumerate(found["repairs"]):
        assert repair["proven"]
        assert repair["minimal"] or index == 0
        assert repair["price"] == pytest.approx(
            sum(one["price_nok"] for one in repair["relaxations"])
        )
        patched = solve(instance_of(merge_patch(document, repair["patch"])))
        assert patched.outcome is Outcome.OPTIMAL
    prices = [repair["price"] for repair in found["repairs"]]
    assert prices == sorted(prices)
    if prices:
        assert prices[0] == pytest.approx(cheapest, rel=1e-6, abs=1e-6)


def test_two_thirds_of_these_scenarios_are_infeasible() -> None:
    assert sum(cheapest_of(seed) > 0 for seed in range(ORDINARY)) >= 2 * ORDINARY / 3
