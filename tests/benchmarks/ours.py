"""What this project does, as work for a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.result import Outcome, Progress, Strategy
from tests.benchmarks.measure import HandedOver, Moment, Run

Make = Callable[[], SitingInstance]


def solve_ours(make: Make, limit_s: float, gap: float, strategy: Strategy | None = None) -> Run:
    """Solve an instance; how long it takes to make it does not count."""
    moments: list[Moment] = []

    def note(progress: Progress) -> None:
        moments.append(Moment(progress.seconds, progress.incumbent_nok, progress.bound_nok))

    options = SolveOptions(time_limit_s=limit_s, mip_gap=gap, strategy=strategy)
    result = solve(make(), options, Watcher(on_progress=note))
    seconds = result.statistics.total_seconds
    objective, bound = result.objective_nok, result.dual_bound_nok
    return Run(
        seconds=seconds,
        proven=result.outcome is Outcome.OPTIMAL,
        objective=objective,
        bound=bound,
        moments=(*moments, Moment(seconds, objective, bound)),
        how=result.statistics.strategy.value,
    )


@dataclass(frozen=True)
class Stopped:
    """What a solve gave that was asked to stop, and how many seconds later; None: it had ended."""

    waited_s: float | None
    gap: float | None


def stop_ours(make: Make, after_s: float) -> Stopped:
    """Ask a solve to stop `after_s` seconds after its beginning."""
    instance = make()
    start = monotonic()
    watcher = Watcher(should_stop=lambda: monotonic() - start >= after_s)
    result = solve(instance, SolveOptions(time_limit_s=10 * after_s, mip_gap=0.0), watcher)
    waited = monotonic() - start - after_s
    return Stopped(waited if waited >= 0 else None, result.mip_gap)


def hand_over_ours(make: Make) -> HandedOver:
    """Write the whole formulation and hand it to HiGHS, as the plain strategy does."""
    import highspy

    from solver.engine.handover import hand_over
    from solver.engine.highs import pass_program
    from solver.formulation import build_planning
    from solver.formulation.allocation import AllocationBlock

    instance = make()
    start = monotonic()
    program = hand_over(build_planning(instance), AllocationBlock(instance))
    pass_program(highspy.Highs(), program)
    seconds = monotonic() - start
    rows, variables = program.matrix.shape
    return HandedOver(seconds, variables, rows, int(program.matrix.nnz))
