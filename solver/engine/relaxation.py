"""The linear relaxation of a program that rows are added to, in one HiGHS object.

The object is kept between solves, so that the dual simplex goes on from the last basis: after a
round of cuts that is a few iterations instead of all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from solver.domain.errors import SolverCrashed
from solver.engine.handover import Program
from solver.engine.highs import pass_program
from solver.engine.transport import Halted

Floats = NDArray[np.float64]
Status = highspy.HighsModelStatus
SLICE = 500  # simplex iterations between two looks at whether to stop


@dataclass(frozen=True)
class Relaxed:
    """An optimum of the relaxation: x, and its objective in NOK, which is a bound."""

    x: Floats
    bound: float


class Relaxation:
    """A program's linear relaxation and the rows it has been given since."""

    def __init__(self, program: Program) -> None:
        self._scale = program.objective_scale
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 0)  # as the pool is
        self._solver.setOptionValue("simplex_iteration_limit", SLICE)
        # With presolve an unfinished solve leaves no basis, and the next begins anew.
        self._solver.setOptionValue("presolve", "off")
        pass_program(self._solver, program.relaxed())

    def add(self, rows: Any, at_least: Floats) -> None:
        """Add rows · x ≥ at_least, a csr_array with as many columns as the program."""
        upper = np.full(len(at_least), highspy.kHighsInf)
        self._solver.addRows(
            len(at_least), at_least, upper, rows.nnz, rows.indptr[:-1], rows.indices, rows.data
        )

    def solve(self, should_stop: Callable[[], bool]) -> Relaxed | None:
        """The optimum; None when infeasible. What an unfinished solve says is no bound.

        Raises Halted when asked to stop on the way.
        """
        status = Status.kIterationLimit
        while status == Status.kIterationLimit:
            if should_stop():
                raise Halted
            self._solver.run()
            status = self._solver.getModelStatus()
        if status in (Status.kInfeasible, Status.kUnboundedOrInfeasible):
            return None
        if status not in (Status.kOptimal, Status.kModelEmpty):
            raise SolverCrashed("lineær relaksering lot seg ikke løse")
        objective = self._solver.getInfo().objective_function_value
        x = np.array(self._solver.getSolution().col_value)
        return Relaxed(x, objective * self._scale)
