"""A solver that answers wrongly is found out: its plan, its sums, its bound."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from solver import SolveOptions, solve
from solver.domain.errors import VerificationFailed
from solver.domain.result import Outcome
from solver.engine import plain, settle, strategies
from solver.engine.handover import Program
from solver.engine.highs import HighsRun
from tests.siting import district, instance_of, project, scenario, site


@pytest.fixture(autouse=True)
def _in_one_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toys are location problems; here it is the plain program that is looked at."""
    monkeypatch.setattr(strategies, "recognise", lambda _: None)


Lie = Callable[[Program, HighsRun], HighsRun]

TOWN = scenario(
    districts={"a": district(2), "b": district(4)},
    sites={"s": site(3), "u": {}},
    projects={"k": project("u", 6, investment_nok=10)},
    minutes={"s": {"a": 1, "b": 5}, "u": {"a": 4, "b": 2}},
    unmet_nok=100,
)


def changed(name: str, by: float) -> Lie:
    """Every variable of a name is off by so much, and the solver's sum is right for that."""

    def lie(program: Program, run: HighsRun) -> HighsRun:
        assert run.x is not None
        planned = [column.name for column in program.columns]
        names = planned + ["allocate"] * (len(program.cost) - len(planned))
        off = np.array([by * column.startswith(name) for column in names])
        assert off.any()
        assert run.bound is not None
        sum_nok = run.bound + float(program.cost @ off) * program.objective_scale
        return replace(run, x=run.x + off, bound=sum_nok)

    return lie


def bound(factor: float) -> Lie:
    return lambda _, run: replace(run, bound=(run.bound or 0) * factor)


def no_point(_: Program, run: HighsRun) -> HighsRun:
    return replace(run, x=None)


def lying(monkeypatch: pytest.MonkeyPatch, search: Lie | None, final: Lie | None) -> None:
    """Let HiGHS lie in the search, or about the plan with its integers fixed."""
    true = plain.run_highs

    def run_highs(program, options, *watching):
        run = true(program, options, *watching)
        lie = search if program.integer.any() else final
        return lie(program, run) if lie is not None else run

    for module in (plain, settle):
        monkeypatch.setattr(module, "run_highs", run_highs)


@pytest.mark.parametrize(
    ("search", "final", "message"),
    [
        pytest.param(changed("open", -0.3), None, "fra å være helt", id="fractional integer"),
        pytest.param(changed("open", -2e-6), None, "fra å være helt", id="not quite whole"),
        pytest.param(changed("open", -1), None, "lar seg ikke gjennomføre", id="closed but built"),
        pytest.param(changed("steps", 3), None, "lar seg ikke gjennomføre", id="too large"),
        pytest.param(bound(1.01), None, "nedre skranken", id="bound above the plan"),
        pytest.param(None, no_point, "lar seg ikke gjennomføre", id="no point at last"),
        pytest.param(None, bound(1.01), "løserens sum", id="sum too high"),
        pytest.param(None, bound(0.99), "løserens sum", id="sum too low"),
        pytest.param(None, changed("allocate", 0.5), "C1", id="too many served"),
        pytest.param(bound(0.4), changed("open", -1), "C3", id="places without a project"),
        pytest.param(None, changed("steps", -1), "C2", id="served without places"),
    ],
)
def test_wrong_answer_is_refused(monkeypatch, search, final, message):
    lying(monkeypatch, search, final)
    with pytest.raises(VerificationFailed, match=message):
        solve(instance_of(TOWN), SolveOptions(mip_gap=0))


@pytest.mark.parametrize("by", [1e-7, -1e-7])
def test_integers_are_made_whole_before_the_plan_is_read(monkeypatch, by):
    lying(monkeypatch, changed("steps", by), None)
    result = solve(instance_of(TOWN), SolveOptions(mip_gap=0))
    assert result.objective_nok == pytest.approx(20)
    assert result.plan is not None
    assert all(isinstance(places, int) for places in result.plan.places.values())


def test_a_gap_that_was_not_reached_is_not_optimal_whatever_the_solver_says(monkeypatch):
    lying(monkeypatch, bound(0.5), None)
    result = solve(instance_of(TOWN), SolveOptions(mip_gap=0))
    assert result.outcome is Outcome.FEASIBLE
    assert result.mip_gap == pytest.approx(0.5)


def test_bound_above_the_plan_by_noise_alone_is_the_plans_cost(monkeypatch):
    lying(monkeypatch, bound(1 + 1e-9), None)
    result = solve(instance_of(TOWN), SolveOptions(mip_gap=0))
    assert result.dual_bound_nok == result.objective_nok
    assert result.mip_gap == 0
