"""One HiGHS run from a fresh object: options, callbacks, and what came out.

Why it stopped (`Stop`) is kept apart from what we have (`x`, `bound`). HiGHS's `random_seed` is
left alone: setting it has given wrong bounds (HiGHS issue 2382). The incumbent callbacks need
`log_to_console`, not `output_flag`, to be off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from solver.domain.errors import SolverCrashed
from solver.engine.handover import Program

Floats = NDArray[np.float64]
Status = highspy.HighsModelStatus


class Stop(Enum):
    """Why a run of HiGHS stopped."""

    GAP_REACHED = auto()
    INFEASIBLE = auto()
    TIME_LIMIT = auto()
    NODE_LIMIT = auto()
    INTERRUPTED = auto()


STOPS = {
    Status.kOptimal: Stop.GAP_REACHED,
    Status.kModelEmpty: Stop.GAP_REACHED,
    Status.kInfeasible: Stop.INFEASIBLE,
    # Every variable has finite bounds, so nothing can be unbounded.
    Status.kUnboundedOrInfeasible: Stop.INFEASIBLE,
    Status.kTimeLimit: Stop.TIME_LIMIT,
    Status.kSolutionLimit: Stop.NODE_LIMIT,
    Status.kInterrupt: Stop.INTERRUPTED,
}


@dataclass(frozen=True)
class HighsOptions:
    """Options of one run.

    `presolve` False for a second opinion on infeasibility; `heuristics` False where the start is
    so good that looking for a better one with programs of its own only costs time. `max_nodes`
    ends a search by work done, not by the clock. Without `strong_branching` the first estimate of
    what a branch gives is taken as it is.
    """

    time_limit_s: float
    mip_gap: float = 0.0
    threads: int = 1
    presolve: bool = True
    heuristics: bool = True
    max_nodes: int | None = None
    strong_branching: bool = True


@dataclass(frozen=True)
class HighsRun:
    """What one run gave; objective and bound in NOK, `x` None without a feasible point."""

    stop: Stop
    x: Floats | None
    bound: float | None
    nodes: int


# (incumbent in NOK or None, bound in NOK or None)
OnProgress = Callable[[float | None, float | None], None]


def run_highs(
    program: Program,
    options: HighsOptions,
    on_progress: OnProgress = lambda _incumbent, _bound: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_solution: Callable[[Floats], object] = lambda _x: None,
) -> HighsRun:
    """Solve a program. Raises SolverCrashed when HiGHS ends without a usable status."""
    # The pool of threads outlives a solver object; without this a new number of threads is refused.
    highspy.Highs.resetGlobalScheduler(True)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    _set_options(solver, options)
    pass_program(solver, program)
    _follow(solver, program.objective_scale, on_progress, should_stop)
    solver.cbMipImprovingSolution.subscribe(
        lambda event: on_solution(np.array(event.data_out.mip_solution))
    )
    if program.start is not None:
        solver.setSolution(_solution(program.start))
    solver.run()
    return _read(solver, program, _stop(solver, program))


def row_prices(
    program: Program, options: HighsOptions, should_stop: Callable[[], bool]
) -> Floats | None:
    """What one more unit of each row's bound adds to the optimum of a linear program, in NOK.

    Of the rows as they were before they were scaled; those are the program's first, one for each
    of `row_scale`. None when no optimum was reached. Raises SolverCrashed as `run_highs` does.
    """
    highspy.Highs.resetGlobalScheduler(True)
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    _set_options(solver, options)
    pass_program(solver, program)
    _follow(solver, program.objective_scale, lambda _incumbent, _bound: None, should_stop)
    solver.run()
    if _stop(solver, program) is not Stop.GAP_REACHED:
        return None
    duals = np.array(solver.getSolution().row_dual)[: len(program.row_scale)]
    prices: Floats = duals * program.row_scale * program.objective_scale
    return prices


def _solution(x: Floats) -> Any:
    solution = highspy.HighsSolution()
    solution.col_value = list(x)
    return solution


def _set_options(solver: Any, options: HighsOptions) -> None:
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("threads", options.threads)
    solver.setOptionValue("time_limit", max(options.time_limit_s, 0.01))
    solver.setOptionValue("mip_rel_gap", options.mip_gap)
    solver.setOptionValue("mip_abs_gap", 0.0)
    solver.setOptionValue("presolve", "choose" if options.presolve else "off")
    if options.max_nodes is not None:
        solver.setOptionValue("mip_max_nodes", options.max_nodes)
    if not options.strong_branching:
        solver.setOptionValue("mip_pscost_minreliable", 0)
    for name in ("feasibility_jump", "rins", "rens", "root_reduced_cost"):
        solver.setOptionValue(f"mip_heuristic_run_{name}", options.heuristics)


def pass_program(solver: Any, program: Program) -> None:
    """Give a program to a HiGHS object. Raises SolverCrashed when it is refused."""
    matrix = program.matrix
    rows, columns = matrix.shape
    # As arrays, not as a HighsLp: the kind of every variable would be a Python object.
    status = solver.passModel(
        columns,
        rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        program.offset,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr,
        matrix.indices,
        matrix.data,
        program.integer.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise SolverCrashed("HiGHS tok ikke imot modellen")


def _follow(
    solver: Any, scale: float, on_progress: OnProgress, should_stop: Callable[[], bool]
) -> None:
    def report(event: Any) -> None:
        out = event.data_out
        incumbent, bound = out.mip_primal_bound, out.mip_dual_bound
        on_progress(
            incumbent * scale if abs(incumbent) < highspy.kHighsInf else None,
            bound * scale if abs(bound) < highspy.kHighsInf else None,
        )

    def interrupt(event: Any) -> None:
        event.data_in.user_interrupt = should_stop()

    solver.cbMipImprovingSolution.subscribe(report)
    solver.cbMipLogging.subscribe(report)
    for callback in (solver.cbMipInterrupt, solver.cbSimplexInterrupt, solver.cbIpmInterrupt):
        callback.subscribe(interrupt)


def _stop(solver: Any, program: Program) -> Stop:
    status = solver.getModelStatus()
    # Without a variable HiGHS does not look at the rows.
    if status == Status.kModelEmpty and ((program.row_lower > 0) | (program.row_upper < 0)).any():
        return Stop.INFEASIBLE
    if status not in STOPS:
        raise SolverCrashed(f"HiGHS sluttet med status «{solver.modelStatusToString(status)}»")
    return STOPS[status]


def _read(solver: Any, program: Program, stop: Stop) -> HighsRun:
    info = solver.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if stop is Stop.INFEASIBLE:
        return HighsRun(stop, None, None, _nodes(info))
    empty = len(program.cost) == 0
    x = np.array(solver.getSolution().col_value) if feasible or empty else None
    mip = bool(program.integer.any())
    scaled = info.mip_dual_bound if mip else info.objective_function_value
    if empty:  # of a model without variables HiGHS forgets the constant
        scaled = program.offset
    known = abs(scaled) < highspy.kHighsInf and (mip or stop is Stop.GAP_REACHED)
    bound = scaled * program.objective_scale if known else None
    return HighsRun(stop, x, bound, _nodes(info))


def _nodes(info: Any) -> int:
    return max(int(info.mip_node_count), 0)
