"""The second solver confirms what is right, finds what is wrong, and stops when told."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.errors import EngineError, SolverUnavailable, VerificationFailed
from solver.domain.result import ConfirmationStatus, Outcome, SolveResult
from solver.engine import referee, scip, strategies
from solver.engine.found import Found
from solver.engine.handover import Program, hand_over
from solver.engine.highs import Stop
from solver.engine.plain import solve_plain
from solver.engine.scip import ScipRun, ScipStop, run_scip
from solver.engine.strategies import Solver
from solver.formulation import build
from tests.component.test_outcomes import county, town
from tests.random_scenarios import random_scenario
from tests.siting import district, instance, instance_of, project

CONFIRMED, UNDECIDED = ConfirmationStatus.CONFIRMED, ConfirmationStatus.UNDECIDED
REFEREED = SolveOptions(mip_gap=1e-7, referee=True)
# Of county(100): its relaxation is below, and plans that cheap are far from the first.
HARD_TO_DECIDE = 3400.0
NO_PROJECTS = {"max_projects": 0}


def village(**policies) -> SitingInstance:
    """Two are in need; k serves them for 12 NOK in all, l for 20."""
    return instance(
        districts={"a": district(2)},
        sites={"s": {}, "u": {}},
        projects={
            "k": project("s", 2, investment_nok=10),
            "l": project("u", 2, investment_nok=18),
        },
        minutes={"s": {"a": 1}, "u": {"a": 1}},
        policies=policies,
    )


def finding(monkeypatch: pytest.MonkeyPatch, found: Found) -> None:
    """Let every strategy find this."""
    searching(monkeypatch, lambda *_: found)


def searching(monkeypatch: pytest.MonkeyPatch, search: Solver) -> None:
    """Let every strategy search like this."""
    for strategy in strategies.SOLVERS:
        monkeypatch.setitem(strategies.SOLVERS, strategy, search)


def answering(monkeypatch: pytest.MonkeyPatch, run: ScipRun) -> None:
    """Let SCIP answer this."""
    monkeypatch.setattr(referee, "run_scip", lambda *_: run)


def never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("SCIP was asked")

    monkeypatch.setattr(referee, "run_scip", asked)


def undecided(result: SolveResult, reason: str) -> None:
    assert result.confirmation.status is UNDECIDED
    assert result.confirmation.reason is not None
    assert reason in result.confirmation.reason


def program_of(instance: SitingInstance) -> Program:
    return hand_over(build(instance))


# Right


def test_an_optimum_is_confirmed():
    result = solve(town(), REFEREED)
    confirmation = result.confirmation
    assert result.outcome is Outcome.OPTIMAL
    assert (confirmation.status, confirmation.reason) == (CONFIRMED, None)
    assert (confirmation.solver, confirmation.solver_version) == (scip.SOLVER, scip.scip_version())
    assert confirmation.bound_nok == pytest.approx(20)
    assert confirmation.objective_nok == pytest.approx(20)
    assert confirmation.seconds is not None
    assert confirmation.seconds > 0


def test_infeasibility_is_confirmed():
    result = solve(town(policies=NO_PROJECTS), REFEREED)
    assert result.outcome is Outcome.INFEASIBLE
    assert result.confirmation.confirmed
    assert (result.confirmation.objective_nok, result.confirmation.bound_nok) == (None, None)


def test_nobody_asked():
    confirmation = solve(town()).confirmation
    assert confirmation.status is ConfirmationStatus.NOT_ASKED
    assert not confirmation.confirmed


def test_without_any_decision():
    result = solve(instance(districts={"a": district()}, sites={"s": {}}), REFEREED)
    assert (result.objective_nok, result.confirmation.status) == (0, CONFIRMED)


def test_a_bound_is_confirmed_though_the_gap_is_wide():
    result = solve(county(), replace(REFEREED, mip_gap=0.05))
    assert result.confirmation.confirmed
    assert result.dual_bound_nok is not None
    assert result.confirmation.bound_nok is not None
    assert result.dual_bound_nok * (1 - 1e-5) <= result.confirmation.bound_nok


@pytest.mark.parametrize("seed", range(40))
def test_random_scenarios_are_confirmed(seed: int):
    result = solve(instance_of(random_scenario(seed)), REFEREED)
    assert result.outcome in (Outcome.OPTIMAL, Outcome.INFEASIBLE)
    assert result.confirmation.confirmed
    if result.outcome is Outcome.OPTIMAL:
        assert result.confirmation.bound_nok == pytest.approx(
            result.objective_nok, rel=1e-5, abs=1e-5
        )


# Wrong


def test_a_dearer_plan_called_optimal_is_found_out(monkeypatch):
    dearer = solve(village(forbidden_projects=["k"]), SolveOptions(mip_gap=0))
    assert dearer.objective_nok == pytest.approx(20)
    cost = dearer.objective_nok
    finding(monkeypatch, Found(Stop.GAP_REACHED, dearer.plan, cost, cost, 1, None))
    assert solve(village(), replace(REFEREED, referee=False)).outcome is Outcome.OPTIMAL
    with pytest.raises(VerificationFailed, match="skranken"):
        solve(village(), REFEREED)


def test_a_bound_too_high_for_a_dearer_plan_is_found_out(monkeypatch):
    dearer = solve(village(forbidden_projects=["k"]), SolveOptions(mip_gap=0))
    cost = dearer.objective_nok
    gap = replace(REFEREED, mip_gap=0.5)
    finding(monkeypatch, Found(Stop.GAP_REACHED, dearer.plan, cost, 12.0, 1, None))
    assert solve(village(), gap).confirmation.confirmed
    finding(monkeypatch, Found(Stop.GAP_REACHED, dearer.plan, cost, 12.001, 1, None))
    with pytest.raises(VerificationFailed, match="skranken"):
        solve(village(), gap)


def test_a_feasible_scenario_called_infeasible_is_found_out(monkeypatch):
    finding(monkeypatch, Found(Stop.INFEASIBLE, None, None, None, 0, None))
    monkeypatch.setattr("solver.engine.solve.find_conflict", lambda *_: None)
    with pytest.raises(EngineError, match="infeasible_not_confirmed"):
        solve(village(), REFEREED)


# The second solver errs


def test_a_cheaper_point_that_is_no_plan_refutes_nothing(monkeypatch):
    columns = len(program_of(village()).columns)
    for x in (np.zeros(columns), np.full(columns, 0.5)):
        answering(monkeypatch, ScipRun(ScipStop.ANSWERED, x, 0.0, 0.0))
        undecided(solve(village(), REFEREED), referee.NOT_A_PLAN)


def test_a_cheaper_point_that_costs_as_much_when_recomputed_refutes_nothing(monkeypatch):
    best = run_scip(program_of(village()), 0.0, 60, 1000, lambda: False)
    assert best.objective == pytest.approx(12)
    answering(monkeypatch, replace(best, objective=11.0, bound=11.0))
    undecided(solve(village(), REFEREED), referee.NOT_A_PLAN)


def test_a_verified_plan_is_not_denied(monkeypatch):
    answering(monkeypatch, ScipRun(ScipStop.INFEASIBLE))
    undecided(solve(village(), REFEREED), referee.DENIES_PLAN)


def test_a_bound_above_the_plan_confirms_nothing(monkeypatch):
    answering(monkeypatch, ScipRun(ScipStop.ANSWERED, None, None, 12.1))
    undecided(solve(village(), REFEREED), referee.ABOVE_PLAN)


def test_a_crash_leaves_the_answer(monkeypatch, tmp_path):
    crashing = tmp_path / "crash.py"
    crashing.write_text("import os; os.abort()")
    monkeypatch.setattr(scip, "MAIN", crashing)
    result = solve(village(), REFEREED)
    assert result.outcome is Outcome.OPTIMAL
    undecided(result, "stanset uten svar")


# Not asked, or not to the end


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (ScipStop.TIME_LIMIT, "ikke ferdig i tide"),
        (ScipStop.MEMORY_LIMIT, "minnet"),
        (ScipStop.INTERRUPTED, "avbrutt"),
    ],
)
def test_a_run_cut_short_is_undecided(monkeypatch, stop, reason):
    answering(monkeypatch, ScipRun(stop, None, None, 11.0))
    result = solve(village(), REFEREED)
    undecided(result, reason)
    assert result.confirmation.bound_nok == 11
    answering(monkeypatch, ScipRun(stop))
    undecided(solve(village(**NO_PROJECTS), REFEREED), reason)


def test_too_large_is_said_before_anything_is_built(monkeypatch):
    never_asked(monkeypatch)
    monkeypatch.setattr(referee, "build", lambda _: pytest.fail("it was built"))
    monkeypatch.setattr(referee, "MAX_NONZEROS", 3)
    undecided(solve(town(), REFEREED), "for stort")


def test_too_large_once_it_is_counted(monkeypatch):
    never_asked(monkeypatch)
    monkeypatch.setattr(referee, "MAX_NONZEROS", 10)  # four journeys, eighteen coefficients
    undecided(solve(town(), REFEREED), "for stort")


def test_too_little_memory(monkeypatch):
    never_asked(monkeypatch)
    used = solve(town()).statistics.peak_memory_mb
    undecided(solve(town(), replace(REFEREED, memory_limit_mb=used + 150)), referee.NO_MEMORY)


def test_no_proof_to_confirm(monkeypatch):
    never_asked(monkeypatch)
    plan = solve(town())
    cost = plan.objective_nok
    for stop in (Stop.TIME_LIMIT, Stop.INTERRUPTED):
        finding(monkeypatch, Found(stop, plan.plan, cost, 1.0, 1, None))
        undecided(solve(town(), REFEREED), referee.NO_PROOF)
    finding(monkeypatch, Found(Stop.TIME_LIMIT, None, None, 1.0, 1, None))
    undecided(solve(town(), REFEREED), referee.NO_PROOF)


def test_a_rule_that_no_choice_can_keep_needs_no_solver(monkeypatch):
    never_asked(monkeypatch)
    impossible = instance(
        districts={"a": district(population={"80+": 9})},
        sites={"s": {}},
        targets={"coverage": {"ratio": 0.2, "population": "80+"}},
    )
    result = solve(impossible, REFEREED)
    assert result.outcome is Outcome.INFEASIBLE
    assert (result.confirmation.status, result.confirmation.solver) == (CONFIRMED, None)
    assert result.confirmation.reason == referee.BY_ARITHMETIC


def test_a_missing_library_is_said_before_the_search(monkeypatch):
    monkeypatch.setattr(scip, "find_spec", lambda _: None)
    searching(monkeypatch, lambda *_: pytest.fail("it searched"))
    with pytest.raises(SolverUnavailable, match=r"pip install 'flerkjerne\[referee\]'"):
        solve(town(), REFEREED)


def test_time_is_kept():
    started = time.monotonic()
    run = run_scip(program_of(county(100)), HARD_TO_DECIDE, 0.5, 1000, lambda: False)
    assert run.stop is ScipStop.TIME_LIMIT
    assert time.monotonic() - started < 0.5 + scip.PATIENCE_S + 2


def test_memory_is_kept():
    run = run_scip(program_of(county(60)), HARD_TO_DECIDE, 60, 1, lambda: False)
    assert run.stop in (ScipStop.MEMORY_LIMIT, ScipStop.CRASHED)


@pytest.mark.parametrize("wait", [0.0, 0.2, 2.0])
def test_it_stops_within_a_second(wait: float):
    program = program_of(county(100))
    asked: list[float] = []
    begun = time.monotonic()

    def should_stop() -> bool:
        if time.monotonic() - begun >= wait:
            asked.append(time.monotonic())
        return bool(asked)

    run = run_scip(program, HARD_TO_DECIDE, 60, 1000, should_stop)
    assert run.stop is ScipStop.INTERRUPTED
    assert time.monotonic() - asked[0] < 1


def test_dismissed_before_the_referee_begins(monkeypatch):
    never_asked(monkeypatch)
    searched: list[bool] = []

    def search(*arguments) -> Found:
        found = solve_plain(*arguments)
        searched.append(True)
        return found

    searching(monkeypatch, search)
    result = solve(town(), REFEREED, Watcher(should_stop=lambda: bool(searched)))
    assert result.outcome is Outcome.OPTIMAL
    undecided(result, referee.STOPPED)


def test_it_ends_with_the_process_that_started_it(tmp_path):
    """Which holds the other end of its standard input."""
    program = program_of(county(100))
    scip._write_program(tmp_path / "program.npz", program)
    decides = HARD_TO_DECIDE / program.objective_scale
    question = {"decides": decides, "seconds": 60, "memory_mb": 1000}
    (tmp_path / "question.json").write_text(json.dumps(question))
    command = [sys.executable, "-P", str(scip.MAIN), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        time.sleep(1)
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(2) == 1
