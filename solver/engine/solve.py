"""One instance to one verified answer."""

from dataclasses import replace

from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import (
    Conflict,
    Outcome,
    RunStatistics,
    SolveOptions,
    SolveResult,
    Strategy,
    Termination,
    Watcher,
    relative_gap,
)
from solver.engine.conflict import CONFLICT_SECONDS, find_conflict
from solver.engine.found import Found
from solver.engine.guard import count_allocations, estimate_mb, guard_memory
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.referee import confirm
from solver.engine.scip import require_scip
from solver.engine.statistics import measured
from solver.engine.strategies import Choice, choose
from solver.verify import verify

BOUND_TOLERANCE = 1e-6  # of the objective: HiGHS' own feasibility tolerance
OBJECTIVE_TOLERANCE = 1e-9  # of the objective: two ways of adding up the same plan

_TERMINATIONS = {
    Stop.GAP_REACHED: Termination.GAP_REACHED,
    Stop.INFEASIBLE: Termination.INFEASIBLE,
    Stop.TIME_LIMIT: Termination.TIME_LIMIT,
    Stop.INTERRUPTED: Termination.DISMISSED,
}


def solve_instance(
    instance: SitingInstance, options: SolveOptions, watcher: Watcher
) -> SolveResult:
    """Solve and verify; see `solver.solve`."""
    if options.referee:
        require_scip()
    journal = Journal(watcher, options.time_limit_s)
    allocations = count_allocations(instance)
    choice = choose(instance, allocations, options.strategy)
    guard_memory(instance, allocations, options.memory_limit_mb, choice.strategy)
    result = _answer(instance, allocations, choice, options, journal)
    if not options.referee:
        return result
    return replace(result, confirmation=confirm(instance, result, allocations, journal))


def _answer(
    instance: SitingInstance,
    allocations: int,
    choice: Choice,
    options: SolveOptions,
    journal: Journal,
) -> SolveResult:
    found = choice.solver(instance, options, journal)
    if found.plan is not None:
        return _with_plan(instance, found.plan, found, choice, options, journal)
    conflict = None
    # The conflict is sought in the whole program, which a strategy may have gone without.
    whole = estimate_mb(instance, allocations, Strategy.PLAIN)
    sought = found.stop is Stop.INFEASIBLE and options.seek_conflict
    if sought and whole <= options.memory_limit_mb:
        conflict = find_conflict(instance, CONFLICT_SECONDS)
    return _without_plan(found, choice, options, journal, conflict)


def _with_plan(
    instance: SitingInstance,
    plan: Plan,
    found: Found,
    choice: Choice,
    options: SolveOptions,
    journal: Journal,
) -> SolveResult:
    verification, figures = verify(instance, plan)
    failed = [check for check in verification.checks if not check.passed]
    if failed:
        raise VerificationFailed(
            "; ".join(f"{check.code} {check.claim}: {check.where}" for check in failed)
        )
    objective = figures.objective_nok
    bound = _sound_bound(found, objective)
    gap = relative_gap(objective, bound)
    return SolveResult(
        outcome=_outcome(found.stop, gap, options),
        termination=_TERMINATIONS[found.stop],
        plan=plan,
        figures=figures,
        objective_nok=objective,
        dual_bound_nok=bound,
        mip_gap=gap,
        verification=verification,
        conflict=None,
        statistics=_statistics(found, choice, options, journal),
        options=options,
        incumbents=tuple(journal.incumbents),
    )


def _sound_bound(found: Found, objective: float) -> float | None:
    """The bound, at most the objective. Raises VerificationFailed when the solver's sums lie."""
    claimed, bound = found.objective_nok, found.bound_nok
    if claimed is None or not _close(objective, claimed, OBJECTIVE_TOLERANCE):
        raise VerificationFailed(
            f"løserens sum {claimed} er en annen enn den omregnede {objective}"
        )
    if bound is None or bound <= objective:
        return bound
    if not _close(bound, objective, BOUND_TOLERANCE):
        raise VerificationFailed(
            f"den nedre skranken {bound} er høyere enn planens kostnad {objective}"
        )
    return objective


def _outcome(stop: Stop, gap: float | None, options: SolveOptions) -> Outcome:
    if stop is Stop.INTERRUPTED:
        return Outcome.DISMISSED
    if gap is None:  # of a plan that costs nothing only its strategy can tell
        return Outcome.OPTIMAL if stop is Stop.GAP_REACHED else Outcome.FEASIBLE
    proven = gap <= options.mip_gap + BOUND_TOLERANCE
    return Outcome.OPTIMAL if proven else Outcome.FEASIBLE


def _without_plan(
    found: Found,
    choice: Choice,
    options: SolveOptions,
    journal: Journal,
    conflict: Conflict | None,
) -> SolveResult:
    outcomes = {Stop.INFEASIBLE: Outcome.INFEASIBLE, Stop.INTERRUPTED: Outcome.DISMISSED}
    return SolveResult(
        outcome=outcomes.get(found.stop, Outcome.NO_PLAN),
        termination=_TERMINATIONS[found.stop],
        plan=None,
        figures=None,
        objective_nok=None,
        dual_bound_nok=found.bound_nok,
        mip_gap=None,
        verification=None,
        conflict=conflict,
        statistics=_statistics(found, choice, options, journal),
        options=options,
    )


def _statistics(
    found: Found, choice: Choice, options: SolveOptions, journal: Journal
) -> RunStatistics:
    return measured(
        choice.strategy,
        choice.reason,
        found.program,
        nodes=found.nodes,
        threads=options.threads,
        build_seconds=journal.build_seconds,
        solve_seconds=journal.solve_seconds,
        total_seconds=journal.seconds,
    )


def _close(a: float, b: float, tolerance: float) -> bool:
    return abs(a - b) <= tolerance * max(abs(a), abs(b), 1.0)
