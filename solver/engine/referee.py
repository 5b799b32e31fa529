"""The referee: a second, independent solver is asked to confirm what the first has proven.

The claim is that no plan is cheaper than the dual bound or, of an infeasible instance, that there
is no plan at all. SCIP gets the whole formulation of the instance whatever the strategy was, and
nothing of what HiGHS found: no plan, no cut, no basis. Of the claim it knows only at which value
it may stop. There are three answers:

- *confirmed*: SCIP's own dual bound reaches the claimed one, less the tolerance, and is not above
  the cost of the verified plan; or it finds, as claimed, that there is no plan.
- *refuted*: SCIP finds a plan that, with its integers whole, the rest solved anew for them by a
  fresh HiGHS and every check of `solver.verify` passed, is cheaper than the claimed bound by more
  than the tolerance. A second solver's word alone refutes nothing: it errs too.
- *undecided*: anything else, with the reason.

Why the check: of 12 000 made instances HiGHS and SCIP differed in one, by a point of SCIP's that
broke a row by 9e-7; times a price of 1e4 that was money. The same is why SCIP runs with a
feasibility tolerance of 1e-9 (`scip_main`).
"""

from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from solver.domain.errors import EngineError, VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.result import (
    REFEREE_SECONDS,
    BoundConfirmation,
    ConfirmationStatus,
    Outcome,
    SolveResult,
)
from solver.engine.extract import extract_plan, round_integers
from solver.engine.handover import Program, TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.engine.journal import Journal
from solver.engine.scip import SOLVER, ScipRun, ScipStop, run_scip, scip_version
from solver.formulation import build
from solver.verify import verify

Floats = NDArray[np.float64]

# Of the plan's cost: HiGHS's own feasibility tolerance, and so how far its bound can be trusted.
TOLERANCE = 1e-6
# Beyond it a second solver is no longer a check but another search (decision 7).
MAX_NONZEROS = 100_000
# Every allocation stands at least in its balance and its capacity row.
LEAST_NONZEROS_PER_ALLOCATION = 2
LEAST_MEMORY_MB = 200.0  # PySCIPOpt alone takes half of it
LEAST_SECONDS = 1.0

NO_PROOF = "søket sluttet uten et bevis som kan bekreftes"
STOPPED = "kontrollen ble avbrutt"
NO_MEMORY = "minnet strakk ikke til"
NOT_A_PLAN = "SCIP mente å ha en billigere plan, men den holdt ikke da den ble regnet om"
DENIES_PLAN = "SCIP fant ingen plan, enda denne holder i alle kontroller"
ABOVE_PLAN = "skranken til SCIP er høyere enn det planen koster"
BY_ARITHMETIC = "følger av tallene alene, uten noen løser"

_REASONS = {
    ScipStop.ANSWERED: NOT_A_PLAN,
    ScipStop.INFEASIBLE: DENIES_PLAN,
    ScipStop.TIME_LIMIT: "SCIP ble ikke ferdig i tide",
    ScipStop.MEMORY_LIMIT: NO_MEMORY,
    ScipStop.INTERRUPTED: STOPPED,
    ScipStop.CRASHED: "SCIP stanset uten svar",
}


@dataclass(frozen=True)
class _Claim:
    """No plan is cheaper than `bound_nok`, and one costs `objective_nok`; both None: no plan."""

    objective_nok: float | None
    bound_nok: float | None

    @property
    def tolerance_nok(self) -> float:
        """1e-6 of the larger amount, and of one krone at least."""
        return TOLERANCE * max(abs(self.objective_nok or 0.0), abs(self.bound_nok or 0.0), 1.0)

    @property
    def decides_nok(self) -> float | None:
        """What SCIP's bound must reach to confirm, and a plan cost less than to refute."""
        return None if self.bound_nok is None else self.bound_nok - self.tolerance_nok


def confirm(
    instance: SitingInstance, result: SolveResult, allocations: int, journal: Journal
) -> BoundConfirmation:
    """Ask SCIP about what a result claims, within the time left but at least `REFEREE_SECONDS`.

    `allocations` is the number of allocation variables. Raises VerificationFailed when there is a
    plan cheaper than the bound, EngineError `infeasible_not_confirmed` when there is one at all
    where none should be.
    """
    started = monotonic()
    reason = _why_not(result, allocations, journal)
    if reason is not None:
        return _undecided(reason)
    model = build(instance)
    try:
        program = hand_over(model)
    except TriviallyInfeasible:
        return _without_rows(result)
    if program.matrix.nnz > MAX_NONZEROS:
        return _undecided(_too_large(program.matrix.nnz))
    claim = _Claim(result.objective_nok, result.dual_bound_nok)
    seconds = max(journal.seconds_left, REFEREE_SECONDS) - (monotonic() - started)
    run = run_scip(
        program if claim.bound_nok is not None else _any_point(program),
        claim.decides_nok,
        max(seconds, LEAST_SECONDS),
        _memory_left(result),
        journal.should_stop,
    )
    _look_for_counterexample(instance, model, program, claim, run)
    return _confirmation(claim, run, monotonic() - started)


def _why_not(result: SolveResult, allocations: int, journal: Journal) -> str | None:
    """Why SCIP need not be asked at all; None when it is to be asked."""
    proven = result.outcome is Outcome.OPTIMAL and result.dual_bound_nok is not None
    if not proven and result.outcome is not Outcome.INFEASIBLE:
        return NO_PROOF
    if journal.should_stop():
        return STOPPED
    nonzeros = allocations * LEAST_NONZEROS_PER_ALLOCATION
    if nonzeros > MAX_NONZEROS:
        return _too_large(nonzeros)
    return NO_MEMORY if _memory_left(result) < LEAST_MEMORY_MB else None


def _too_large(nonzeros: int) -> str:
    return (
        f"scenariet er for stort for den andre løseren: minst {nonzeros} koeffisienter, "
        f"og grensen er {MAX_NONZEROS}"
    )


def _memory_left(result: SolveResult) -> float:
    """What this process has not used of the limit [MB]."""
    return result.options.memory_limit_mb - result.statistics.peak_memory_mb


def _without_rows(result: SolveResult) -> BoundConfirmation:
    """When a row without variables does not hold, there is nothing to ask a solver."""
    if result.outcome is Outcome.INFEASIBLE:
        return BoundConfirmation(ConfirmationStatus.CONFIRMED, reason=BY_ARITHMETIC)
    return _undecided(DENIES_PLAN)


def _any_point(program: Program) -> Program:
    """The program without an objective."""
    return replace(program, cost=np.zeros_like(program.cost), offset=0.0)


def _look_for_counterexample(
    instance: SitingInstance,
    model: pyo.ConcreteModel,
    program: Program,
    claim: _Claim,
    run: ScipRun,
) -> None:
    """Raise when SCIP's best point is a plan that the claim says there is not."""
    if run.x is None or not _is_below(claim, run.objective):
        return
    cost = _cost_of_plan(instance, model, program, run.x)
    if cost is None or not _is_below(claim, cost):
        return
    if claim.bound_nok is None:
        raise EngineError(
            "infeasible_not_confirmed",
            "løseren kalte scenariet umulig, men SCIP fant en plan som holder i alle kontroller",
        )
    raise VerificationFailed(
        f"den nedre skranken {claim.bound_nok} er feil: SCIP fant en plan til {cost}"
    )


def _is_below(claim: _Claim, cost: float | None) -> bool:
    """Whether a point of this cost [NOK] is one that the claim denies."""
    if claim.decides_nok is None:
        return True
    return cost is not None and cost < claim.decides_nok


def _cost_of_plan(
    instance: SitingInstance, model: pyo.ConcreteModel, program: Program, x: Floats
) -> float | None:
    """What SCIP's point costs [NOK] as a plan; None when it is none."""
    try:
        fixed = program.with_fixed_integers(round_integers(program, x))
    except VerificationFailed:
        return None
    exact = run_highs(fixed, HighsOptions(REFEREE_SECONDS))
    if exact.x is None:
        return None
    verification, figures = verify(instance, extract_plan(instance, model, program, exact.x))
    return figures.objective_nok if verification.passed else None


def _confirmation(claim: _Claim, run: ScipRun, seconds: float) -> BoundConfirmation:
    reason = _doubt(claim, run)
    asked_for_cost = claim.bound_nok is not None
    return BoundConfirmation(
        status=ConfirmationStatus.UNDECIDED if reason else ConfirmationStatus.CONFIRMED,
        solver=SOLVER,
        solver_version=scip_version(),
        objective_nok=run.objective if asked_for_cost else None,
        bound_nok=run.bound if asked_for_cost else None,
        seconds=seconds,
        reason=reason,
    )


def _doubt(claim: _Claim, run: ScipRun) -> str | None:
    """Why SCIP's answer does not confirm the claim; None when it does."""
    if claim.objective_nok is None or claim.decides_nok is None:
        return None if run.stop is ScipStop.INFEASIBLE else _REASONS[run.stop]
    if run.bound is None or run.bound < claim.decides_nok:
        return _REASONS[run.stop]
    return ABOVE_PLAN if run.bound > claim.objective_nok + claim.tolerance_nok else None


def _undecided(reason: str) -> BoundConfirmation:
    return BoundConfirmation(ConfirmationStatus.UNDECIDED, reason=reason)
