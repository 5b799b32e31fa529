"""Why a solve stopped, and what it then has."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.errors import EngineError, SolverCrashed
from solver.domain.result import Outcome, Progress, Termination
from solver.engine import highs, plain, strategies
from solver.engine.highs import HighsRun, Stop
from tests.siting import care_type, district, instance, project, site

EXACT = SolveOptions(mip_gap=0)


@pytest.fixture(autouse=True)
def _in_one_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toys are location problems; here it is the plain program that is looked at."""
    monkeypatch.setattr(strategies, "recognise", lambda _: None)


def town(**parts) -> SitingInstance:
    """Six are in need, three places stand, and k costs 10: 10 + 2 × 1 + 4 × 2 NOK in all."""
    return instance(
        districts={"a": district(2), "b": district(4)},
        sites={"s": site(3), "u": {}},
        projects={"k": project("u", 6, investment_nok=10)},
        minutes={"s": {"a": 1, "b": 5}, "u": {"a": 4, "b": 2}},
        **parts,
    )


def county(places: int = 40) -> SitingInstance:
    """Everybody can build; enough to search for that the solver stops to ask and to tell."""
    rng = Random(1)
    names = [f"{number:02}" for number in range(places)]
    at = {i: (rng.uniform(0, 30), rng.uniform(0, 30)) for i in names}
    return instance(
        districts={i: district(rng.randint(1, 9)) for i in names},
        sites={j: {} for j in names},
        projects={f"k{j}": project(j, 30, investment_nok=rng.randint(100, 200)) for j in names},
        minutes={
            j: {i: round(abs(at[i][0] - at[j][0]) + abs(at[i][1] - at[j][1]), 1) for i in names}
            for j in names
        },
    )


def stopping(monkeypatch, stop: Stop, with_plan: bool, bound: float | None) -> None:
    """Let the search stop early for a reason of ours, with or without what it found."""
    true = plain.run_highs

    def run_highs(program, options, *watching):
        run = true(program, options, *watching)
        if not program.integer.any():
            return run
        return HighsRun(stop, run.x if with_plan else None, bound, 7)

    monkeypatch.setattr(plain, "run_highs", run_highs)


def test_what_stands_costs_also_where_nothing_is_decided():
    """Four places at 10 a year and nobody in need: no variable is left, only a constant."""
    standing = instance(
        care_types={"p": care_type(operating_cost_nok=10)},
        districts={"a": district()},
        sites={"s": site(4)},
    )
    result = solve(standing, EXACT)
    assert (result.objective_nok, result.dual_bound_nok) == (40, 40)


def test_optimal():
    result = solve(town(), EXACT)
    assert (result.outcome, result.termination) == (Outcome.OPTIMAL, Termination.GAP_REACHED)
    assert result.objective_nok == pytest.approx(20)
    assert result.dual_bound_nok == pytest.approx(20)
    assert result.mip_gap == pytest.approx(0, abs=1e-9)
    assert result.plan is not None
    assert result.plan.opens == {"k": 2026}
    assert result.conflict is None
    assert result.options == EXACT
    statistics = result.statistics
    # open, steps, and four journeys; two balances, two capacities, one size, two links.
    assert (statistics.variables, statistics.constraints) == (6, 7)
    assert statistics.total_seconds >= statistics.build_seconds + statistics.solve_seconds > 0


def test_gap_asked_for_is_kept():
    result = solve(county(), SolveOptions(mip_gap=0.2))
    assert result.outcome is Outcome.OPTIMAL
    assert result.mip_gap is not None
    assert result.mip_gap <= 0.2
    assert result.objective_nok is not None
    assert result.dual_bound_nok is not None
    assert result.dual_bound_nok <= solve(county(), EXACT).objective_nok <= result.objective_nok


def test_infeasible():
    result = solve(town(policies={"max_projects": 0}), EXACT)
    assert (result.outcome, result.termination) == (Outcome.INFEASIBLE, Termination.INFEASIBLE)
    assert result.conflict is not None
    assert {rule.code for rule in result.conflict.rules} == {"C1", "C15"}
    assert (result.plan, result.figures, result.objective_nok) == (None, None, None)
    assert (result.dual_bound_nok, result.mip_gap, result.verification) == (None, None, None)


def test_out_of_time_without_a_plan(monkeypatch):
    stopping(monkeypatch, Stop.TIME_LIMIT, with_plan=False, bound=12.0)
    result = solve(town(), EXACT)
    assert (result.outcome, result.termination) == (Outcome.NO_PLAN, Termination.TIME_LIMIT)
    assert (result.plan, result.objective_nok, result.mip_gap) == (None, None, None)
    assert result.dual_bound_nok == 12
    assert result.statistics.nodes == 7


def test_out_of_time_with_a_plan(monkeypatch):
    stopping(monkeypatch, Stop.TIME_LIMIT, with_plan=True, bound=12.0)
    result = solve(town(), EXACT)
    assert (result.outcome, result.termination) == (Outcome.FEASIBLE, Termination.TIME_LIMIT)
    assert result.objective_nok == pytest.approx(20)
    assert result.mip_gap == pytest.approx((20 - 12) / 20)
    assert result.verification is not None
    assert result.verification.passed


def test_out_of_time_with_a_plan_that_was_already_good_enough(monkeypatch):
    stopping(monkeypatch, Stop.TIME_LIMIT, with_plan=True, bound=12.0)
    result = solve(town(), SolveOptions(mip_gap=0.5))
    assert (result.outcome, result.termination) == (Outcome.OPTIMAL, Termination.TIME_LIMIT)


def test_out_of_time_without_a_bound(monkeypatch):
    stopping(monkeypatch, Stop.TIME_LIMIT, with_plan=True, bound=None)
    result = solve(town(), EXACT)
    assert result.outcome is Outcome.FEASIBLE
    assert (result.dual_bound_nok, result.mip_gap) == (None, None)


def test_time_limit_is_kept():
    result = solve(county(120), SolveOptions(time_limit_s=0.5, mip_gap=0))
    assert result.termination is Termination.TIME_LIMIT
    assert result.statistics.total_seconds < 10


def test_dismissed_before_anything_was_found():
    result = solve(county(), EXACT, Watcher(should_stop=lambda: True))
    assert (result.outcome, result.termination) == (Outcome.DISMISSED, Termination.DISMISSED)
    assert (result.plan, result.objective_nok) == (None, None)


def test_dismissed_with_the_best_plan_so_far():
    seen: list[Progress] = []
    stop = Watcher(seen.append, lambda: any(p.incumbent_nok is not None for p in seen))
    result = solve(county(), EXACT, stop)
    assert (result.outcome, result.termination) == (Outcome.DISMISSED, Termination.DISMISSED)
    assert result.verification is not None
    assert result.verification.passed
    assert result.objective_nok == pytest.approx(seen[-1].incumbent_nok)


def test_incumbents_are_told_as_they_come():
    seen: list[Progress] = []
    result = solve(county(), EXACT, Watcher(on_progress=seen.append))
    told = [progress for progress in seen if progress.incumbent_nok is not None]
    assert set(result.incumbents) <= set(told)
    costs = [progress.incumbent_nok for progress in result.incumbents]
    assert len(costs) > 1
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(result.objective_nok)
    assert all(a.seconds <= b.seconds for a, b in pairwise(seen))
    for progress in told:
        if progress.bound_nok is not None:
            assert progress.bound_nok <= progress.incumbent_nok * (1 + 1e-9)


def test_a_scenario_without_any_decision_has_a_plan():
    result = solve(instance(districts={"a": district()}, sites={"s": site(3)}), EXACT)
    assert (result.outcome, result.objective_nok, result.mip_gap) == (Outcome.OPTIMAL, 0, 0)


def test_solver_without_a_usable_status_is_an_error(monkeypatch):
    monkeypatch.setattr(highs, "STOPS", {})
    with pytest.raises(SolverCrashed):
        solve(town(), EXACT)


def test_infeasible_must_be_confirmed(monkeypatch):
    """HiGHS has called feasible models infeasible: the second look finds a plan."""
    stopping(monkeypatch, Stop.INFEASIBLE, with_plan=False, bound=None)
    with pytest.raises(EngineError, match="infeasible_not_confirmed"):
        solve(town(), EXACT)


def test_same_instance_twice_is_the_same_plan():
    one, other = solve(county()), solve(county())
    assert one.plan == other.plan
    assert (one.objective_nok, one.dual_bound_nok) == (other.objective_nok, other.dual_bound_nok)


def test_number_of_threads_is_taken_anew_each_time():
    objectives = [solve(town(), replace(EXACT, threads=n)).objective_nok for n in (1, 2, 1)]
    assert objectives == [pytest.approx(20)] * 3


def test_memory_is_that_of_the_process_alone():
    """Not of the one that started it, which `getrusage` counts on Linux."""
    code = (
        "from tests.siting import care_type, district, instance, site\n"
        "from solver import solve\n"
        "town = instance(districts={'a': district(1)}, sites={'s': site(1)},"
        " minutes={'s': {'a': 1}})\n"
        "print(solve(town).statistics.peak_memory_mb)"
    )
    ballast = bytearray(b"x") * 900_000_000
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert len(ballast) > 0
    assert 50 < float(run.stdout) < 600
