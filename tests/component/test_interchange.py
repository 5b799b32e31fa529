"""Plans near a plan hold all rules, cost what verify says, and are found where they should be."""

import numpy as np
import pytest

from solver.domain.result import SolveOptions, Watcher
from solver.engine import decomposition
from solver.engine.handover import TriviallyInfeasible
from solver.engine.journal import Journal
from solver.engine.master_search import Effort
from solver.engine.tradeoff import Amounts, Floats, Found, Measure, Seeking, Tradeoff
from solver.verify import verify
from tests.component.test_pareto import town
from tests.random_scenarios import random_scenario
from tests.siting import Document, instance_of, site

EXACT = SolveOptions(time_limit_s=60, mip_gap=0.0)


@pytest.fixture(autouse=True)
def _by_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decomposition, "fits", lambda i, _: decomposition.applies(i))


def everything(cost: Floats, _other: Floats, _unmet: Floats) -> Floats:
    return np.ones(len(cost))


def cheapest(tradeoff: Tradeoff) -> Found | None:
    return tradeoff.seek(Seeking(cost=1.0), Journal(Watcher(), 10)).best


@pytest.mark.parametrize("first", range(0, 90, 30))
def test_every_plan_near_a_plan_holds(first: int) -> None:
    tried = 0
    for seed in range(first, first + 30):
        siting = instance_of(random_scenario(seed))
        if not decomposition.applies(siting):
            continue
        try:
            tradeoff = Tradeoff(siting, Measure.TRAVEL, EXACT)
        except TriviallyInfeasible:
            continue
        best = cheapest(tradeoff)
        if best is None:
            continue
        for near in tradeoff._method.near(best.start, everything, Journal(Watcher(), 10)):
            tried += 1
            verification, figures = verify(siting, near.plan())
            assert verification.passed, [c.claim for c in verification.checks if not c.passed]
            assert near.amounts.other == pytest.approx(figures.travel_nok, rel=1e-6, abs=1e-4)
            assert near.amounts.unmet == pytest.approx(figures.unmet_nok, rel=1e-6, abs=1e-3)
    assert tried > 20


def crowded() -> Document:
    """As `town`, but s has room for half of them, and k costs 1 NOK more than l: one must open."""
    document = town()
    document["sites"]["s"] = site(4)
    document["projects"]["k"]["investment_nok"] = 6
    return document


def explored(document: Document) -> list[Amounts]:
    tradeoff = Tradeoff(instance_of(document), Measure.TRAVEL, EXACT)
    best = cheapest(tradeoff)
    assert best is not None
    tradeoff.explore(best.amounts.unmet, 5, Journal(Watcher(), 10))
    return [one.amounts for one in tradeoff.efficient(best.amounts.unmet)]


def test_projects_change_places() -> None:
    """k takes the place of l, which is a pair: neither can go or come alone."""
    found = [(one.cost, one.other) for one in explored(crowded())]
    assert found == [pytest.approx((5, 24)), pytest.approx((6, 8))]


def test_nobody_is_left_out() -> None:
    """With a price on it, a plan that opens nothing is near, too, and leaves more without."""
    document = crowded()
    document["objective"] |= {"unmet_place_year_nok": 1000}
    assert all(one.unmet == pytest.approx(0) for one in explored(document))


def test_a_search_told_to_look_once_says_less_and_never_too_much() -> None:
    tradeoff = Tradeoff(instance_of(crowded()), Measure.TRAVEL, EXACT)
    effort = Effort(cycles=1, master="not")
    sought = tradeoff.seek(Seeking(1.0), Journal(Watcher(), 10), effort)
    assert sought.best is not None
    assert sought.bound is not None
    assert sought.bound <= 5 + 1e-6 <= sought.best.amounts.cost + 2e-6
