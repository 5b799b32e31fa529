"""The two-stage program on random scenarios, against trying every plan in every future."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from solver import SitingInstance, SolveOptions, Watcher
from solver.analysis.session import Session
from solver.analysis.stress import stress_plan
from solver.analysis.trials import priced
from solver.domain.futures import Delay, Future
from solver.engine import decomposition
from solver.engine.ensemble import ties_districts
from solver.engine.goals import Goal
from solver.engine.handover import TriviallyInfeasible
from solver.engine.journal import Journal
from solver.engine.two_stage import Sought, TwoStage
from tests.examples import some
from tests.known_optimum.enumeration import Enumeration
from tests.known_optimum.futures import Drawn, Everything
from tests.random_scenarios import random_scenario, random_scenario_with_twins, unequal_scenario
from tests.siting import Y2, Document, instance_of

MOST_COMBINATIONS = 300
SEEDS = 50
PRICE = 100.0
EXACT = SolveOptions(time_limit_s=60, mip_gap=1e-7, seek_conflict=False)


Draw = Callable[[int], Document]


def small_scenario(seed: int, draw: Draw = random_scenario) -> Document:
    """The seed's first scenario that has few enough combinations to try in every future."""
    while True:
        document = draw(seed)
        if 0 < Enumeration(document).combinations <= MOST_COMBINATIONS:
            return document
        seed += 1000


def staffed_scenario(seed: int) -> Document:
    """One with staff enough, of two groups, which projects ask for beside their places, too."""
    rng, document = Random(seed), random_scenario(seed)
    document["staffing"] = {"available_fte": {"all": 25, "nurses": {str(Y2): 9}}}
    for one in document["care_types"].values():
        one["fte_per_place"] = {"all": rng.choice([0.5, 1]), "nurses": rng.choice([0, 0.3])}
    for one in document["projects"].values():
        one["fte"] = {"all": rng.choice([0, 1, 3])}
    return document


def futures_of(document: Document, seed: int) -> list[Drawn]:
    """More need, fewer staff, other prices, and each project late."""
    rng = Random(seed)
    more, fewer, dearer = (deepcopy(document) for _ in range(3))
    for place in more["districts"].values():
        for series in place["need"].values():
            series |= {t: n * rng.choice([1, 1.5, 2]) for t, n in series.items()}
    if document["staffing"]:
        series = document["staffing"]["available_fte"]["all"]
        factor = rng.choice([0, 0.1, 0.4, 0.7])
        fewer["staffing"]["available_fte"]["all"] = (
            {t: n * factor for t, n in series.items()}
            if isinstance(series, dict)
            else series * factor
        )
    for one in dearer["projects"].values():
        one["investment_nok"] += rng.choice([0, 3, 10])
    dearer["objective"]["discount_rate"] = 0.1
    late = [Drawn(document, (k, rng.choice([1, 2]))) for k in document["projects"]]
    return [Drawn(more), Drawn(fewer), Drawn(dearer), *late]


def as_future(drawn: Drawn, name: str) -> Future:
    delay = None if drawn.late is None else Delay(*drawn.late)
    return Future(name, priced(instance_of(drawn.document), PRICE), 1.0, delay)


class Case:
    """A scenario, its futures, and every plan's cost in each."""

    def __init__(self, seed: int, draw: Draw = random_scenario) -> None:
        document = small_scenario(seed, draw)
        drawn = futures_of(document, seed)
        self.instance: SitingInstance = instance_of(document)
        self.futures = [as_future(one, str(number)) for number, one in enumerate(drawn)]
        self.everything = Everything(document, drawn, PRICE)
        rng = Random(seed)
        weights = np.array([rng.choice([1, 2, 3]) for _ in drawn], dtype=float)
        self.expected = Goal(weights / weights.sum())

    @property
    def decomposable(self) -> bool:
        tied = any(ties_districts(future.instance) for future in self.futures)
        return decomposition.applies(self.instance) and not tied

    def least(self, goal: Goal) -> float:
        return min(goal.value(costs) for costs in self.everything.costs.T)

    def seek(self, goal: Goal, *, decomposed: bool) -> Sought | None:
        """None where the rules of the scenario allow nothing, trivially."""
        try:
            program = TwoStage(self.instance, self.futures, EXACT, decomposed=decomposed)
        except TriviallyInfeasible:
            return None
        return program.seek(goal, [], Journal(Watcher(), 60), 1e-7)

    def check(self, goal: Goal, *, decomposed: bool) -> None:
        sought = self.seek(goal, decomposed=decomposed)
        if not self.everything.which:
            assert sought is None or sought.decisions is None
            return
        assert sought is not None
        least = self.least(goal)
        assert sought.value_nok == pytest.approx(least, rel=1e-6, abs=1e-5)
        assert sought.bound_nok == pytest.approx(least, rel=1e-6, abs=1e-5)
        assert sought.decisions is not None
        known = self.everything.costs_of(sought.decisions)
        assert sought.costs_nok == pytest.approx(known, rel=1e-6, abs=1e-5)

    def check_both_goals(self, *, decomposed: bool) -> None:
        self.check(self.expected, decomposed=decomposed)
        if self.everything.which:
            best = self.everything.costs.min(axis=1)
            self.check(replace(self.expected, best=best), decomposed=decomposed)


@pytest.mark.parametrize("seed", some(range(SEEDS), 20))
def test_expected_cost_and_regret_are_least_of_all_plans(seed):
    Case(seed).check_both_goals(decomposed=False)


@pytest.mark.parametrize("seed", some(range(100, 115), 6))
def test_with_weights_on_inequality_too(seed):
    Case(seed, unequal_scenario).check_both_goals(decomposed=False)


@pytest.mark.parametrize("seed", some(range(500, 520), 8))
def test_where_projects_are_copies_of_each_other(seed):
    """Today one may stand in for another; in a future one of them is late."""
    Case(seed, random_scenario_with_twins).check_both_goals(decomposed=False)


@pytest.mark.parametrize("seed", some(range(600, 640), 15))
def test_where_staff_lack(seed):
    case = Case(seed, staffed_scenario)
    case.check_both_goals(decomposed=False)
    if case.decomposable:
        case.check_both_goals(decomposed=True)


@pytest.mark.parametrize("seed", some(range(200, 255), 20))
def test_decomposed_too(seed):
    case = Case(seed)
    if case.decomposable:
        case.check_both_goals(decomposed=True)


@pytest.mark.parametrize("seed", some(range(400, 420), 10))
def test_a_stress_answers_with_the_best_of_all_plans(seed):
    """From the cheapest plan on: what trying says of it, and which plans are best, both proven."""
    case = Case(seed)
    weighted = zip(case.futures, case.expected.weights, strict=True)
    futures = [replace(future, weight=float(weight)) for future, weight in weighted]
    found = stress_plan(case.instance, futures, None, PRICE, Session(EXACT, Watcher(), parts=1))
    if not case.everything.which:
        assert found.plan is None
        return
    assert found.plan is not None
    tried = [found.plan.trials[future.name].cost_nok for future in futures]
    known = case.everything.costs_of(found.plan.decisions)
    assert tried == pytest.approx(known, rel=1e-6, abs=1e-5)
    regret = replace(case.expected, best=case.everything.costs.min(axis=1))
    for best, goal in ((found.expected, case.expected), (found.regret, regret)):
        least = case.least(goal) - goal.foresight_nok
        assert best is not None
        assert best.value_nok == pytest.approx(least, rel=1e-5, abs=1e-4)
        assert best.most_nok == pytest.approx(least, rel=1e-5, abs=1e-4)
        assert best.bound_nok == pytest.approx(least, rel=1e-5, abs=1e-4)


def test_seeds_show_what_only_the_program_finds():
    """Plans that are the best in expectation and not the cheapest in any one future; and others
    that have the least regret."""
    flexible = cautious = 0
    for case in map(Case, range(SEEDS)):
        if case.everything.which:
            costs = case.everything.costs
            own = [np.flatnonzero(row <= row.min() + 1e-6) for row in costs]
            expected = np.array([case.expected.value(each) for each in costs.T])
            regret = (costs - costs.min(axis=1)[:, None]).max(axis=0)
            flexible += expected.min() < expected[np.concatenate(own)].min() - 1e-6
            cautious += regret.min() < regret[expected <= expected.min() + 1e-6].min() - 1e-6
    assert flexible > 1
    assert cautious > 3
