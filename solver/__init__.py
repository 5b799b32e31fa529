"""Where and when to open care places: an instance in, a verified plan out."""

from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, SolveResult, Watcher

__all__ = ["SitingInstance", "SolveOptions", "SolveResult", "Watcher", "solve"]


def solve(
    instance: SitingInstance,
    options: SolveOptions | None = None,
    watcher: Watcher | None = None,
) -> SolveResult:
    """Solve an instance and verify the answer; the only door to the solver.

    Infeasible, out of time and dismissed are results, not errors. A plan that comes out has passed
    every check. Same instance, options and versions: the same plan, unless the time limit cut the
    search short.

    With `options.referee` a second solver is asked to confirm a proof (`engine.referee`).

    Raises FormulationError when the instance is too large for the memory limit,
    StrategyNotApplicable when the strategy asked for does not fit it, SolverUnavailable when the
    referee is not installed, EngineError when the solver breaks down, VerificationFailed when its
    answer does not hold or a plan below its bound is found.
    """
    from solver.engine.solve import solve_instance

    return solve_instance(instance, options or SolveOptions(), watcher or Watcher())
