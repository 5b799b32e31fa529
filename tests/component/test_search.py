"""Heuristics, the relaxation kept between rounds, and what a search that is stopped leaves."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from app.services.checking import check_scenario
from app.services.instances import make_instance
from geodata import bundled
from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.result import Outcome, Progress, SolveResult, Strategy
from solver.engine.handover import hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.engine.neighbourhoods import Layout, Neighbourhoods
from solver.engine.relaxation import Relaxation
from solver.engine.transport import Halted
from solver.formulation.master import build_master
from tests.benchmarks.instances.variations import lillehammer_variation
from tests.known_optimum.test_enumeration import decomposable_scenario
from tests.siting import instance_of

EXACT = SolveOptions(mip_gap=0, strategy=Strategy.DECOMPOSITION)


class Calls:
    """Asks for an end at the n-th time it is asked, and takes down what is reported."""

    def __init__(self, stop_at: float = np.inf) -> None:
        self.asked = 0
        self.reports: list[Progress] = []
        self._stop_at = stop_at

    @property
    def watcher(self) -> Watcher:
        return Watcher(on_progress=self.reports.append, should_stop=self._stop)

    def _stop(self) -> bool:
        self.asked += 1
        return self.asked >= self._stop_at


def lillehammer() -> SitingInstance:
    return make_instance(check_scenario(bundled.load("lillehammer")))


def assert_never_wrong(reports: list[Progress], optimum: float) -> None:
    """Every bound is below the optimum and every incumbent above it; neither gets worse."""
    bounds = [report.bound_nok for report in reports if report.bound_nok is not None]
    incumbents = [report.incumbent_nok for report in reports if report.incumbent_nok is not None]
    slack = 1e-6 * abs(optimum) + 1e-6
    assert all(bound <= optimum + slack for bound in bounds)
    assert all(incumbent >= optimum - slack for incumbent in incumbents)
    assert bounds == sorted(bounds)
    assert incumbents == sorted(incumbents, reverse=True)


@pytest.mark.parametrize("seed", range(200, 260))
def test_bound_optimum_incumbent_in_that_order_at_every_moment(seed: int) -> None:
    instance = instance_of(decomposable_scenario(seed))
    calls = Calls()
    result = solve(instance, EXACT, calls.watcher)
    if result.outcome is Outcome.OPTIMAL:
        plain = solve(instance, replace(EXACT, strategy=Strategy.PLAIN))
        assert plain.objective_nok is not None
        assert_never_wrong(calls.reports, plain.objective_nok)


def assert_true(result: SolveResult, optimum: float) -> None:
    """A verified plan or none, and a bound that holds."""
    assert result.outcome in (Outcome.DISMISSED, Outcome.OPTIMAL)
    if result.plan is not None:
        assert result.verification is not None
        assert result.verification.passed
        assert result.objective_nok is not None
        assert result.objective_nok >= optimum * (1 - 1e-9)
    if result.dual_bound_nok is not None:
        assert result.dual_bound_nok <= optimum * (1 + 1e-9)


@pytest.mark.parametrize("stop_at", [1, 2, 5, 20, 40, 80, 150])
def test_stopped_at_any_moment_the_bound_is_true(stop_at: int) -> None:
    """And soon: HiGHS asks once more at the most from each of its own solves within the search."""
    calls = Calls(stop_at)
    best_known = 4_150_000_000  # between the best plan known and the bound of a day's search
    result = solve(lillehammer(), SolveOptions(mip_gap=0), calls.watcher)
    assert_true(result, best_known)
    assert calls.asked <= stop_at + 20


@pytest.mark.parametrize("seed", range(260, 275))
def test_stopped_at_every_moment_of_a_small_search(seed: int) -> None:
    instance = instance_of(decomposable_scenario(seed))
    whole = Calls()
    result = solve(instance, EXACT, whole.watcher)
    if result.objective_nok is None:
        return
    for stop_at in range(1, whole.asked + 1, max(whole.asked // 12, 1)):
        calls = Calls(stop_at)
        assert_true(solve(instance, EXACT, calls.watcher), result.objective_nok)
        assert calls.asked <= stop_at + 20


def test_a_stop_before_anything_leaves_nothing_but_an_answer() -> None:
    result = solve(lillehammer(), SolveOptions(), Calls(1).watcher)
    assert result.outcome is Outcome.DISMISSED
    assert result.plan is None
    assert result.dual_bound_nok is None


def test_relaxation_with_rows_added_is_that_of_the_whole_program() -> None:
    program = hand_over(build_master(lillehammer(), 1e6, np.array([500.0])))
    relaxation = Relaxation(program)
    first = relaxation.solve(lambda: False)
    assert first is not None
    rows = csr_array(first.x[None, :] > 0.5, dtype=float)
    least = np.array([first.x[first.x > 0.5].sum() * 1.01])
    relaxation.add(rows, least)
    second = relaxation.solve(lambda: False)
    fresh = run_highs(program.with_rows(rows, least).relaxed(), HighsOptions(60))
    assert second is not None
    assert second.bound == pytest.approx(fresh.bound, rel=1e-9)
    assert second.bound >= first.bound
    relaxation.add(rows, 1e9 * least)
    assert relaxation.solve(lambda: False) is None


def test_relaxation_stops_when_asked() -> None:
    program = hand_over(build_master(lillehammer(), 1e6, np.array([500.0])))
    with pytest.raises(Halted):
        Relaxation(program).solve(lambda: True)


@pytest.mark.parametrize("number", [None, 17])
def test_plans_of_the_heuristics_are_whole_and_get_better(number: int | None) -> None:
    """The bundled one has targets that the years before must be freed for."""
    document = bundled.load("lillehammer") if number is None else lillehammer_variation(number)
    instance = make_instance(check_scenario(document))
    model = build_master(instance, 1e6, np.array([500.0]))
    program = hand_over(model)
    column = {id(variable): index for index, variable in enumerate(program.columns)}
    best = [program]
    costs = []
    search = Neighbourhoods(Layout.of(instance, model, column), asked=0.005)
    for x in search.plans(lambda: best[0], run_limited):
        whole = x[program.integer]
        assert whole == pytest.approx(np.round(whole), abs=1e-6)
        activity = program.matrix @ x
        assert (activity >= program.row_lower - 1e-5).all()
        assert (activity <= program.row_upper + 1e-5).all()
        costs.append(float(program.cost @ x))
        best[0] = replace(program, start=x)
    assert costs
    assert costs == sorted(costs, reverse=True)


def run_limited(program, options):
    return run_highs(program, replace(options, time_limit_s=60))
