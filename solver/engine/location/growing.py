"""A linear program that grows by columns and rows between solves, and its whole-number version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from solver.domain.errors import SolverCrashed
from solver.engine.handover import NO_FAMILY, Program
from solver.engine.highs import STOPS, Status, Stop
from solver.engine.journal import Journal
from solver.engine.location.problem import Flags, Floats

Indices = NDArray[np.int32]
INTERIOR_ROWS = 20_000  # more, and the relaxation is solved by the interior point method


@dataclass(frozen=True)
class Relaxed:
    """An optimal point of the linear program: x, and the price of each row (scaled NOK)."""

    x: Floats
    row_price: Floats


class GrowingProgram:
    """min c·x, row bounds on A·x, bounds on x; kept in one HiGHS object for its basis.

    Costs are given in NOK and handed over in units of `unit_nok`. What HiGHS says of the relaxed
    program is only used as a hint: bounds are computed from its prices in closed form.
    """

    def __init__(self, unit_nok: float, journal: Journal) -> None:
        self.unit_nok = unit_nok
        self._journal = journal
        self._rows: list[Any] = []
        self._row_lower: list[Floats] = []
        self._row_upper: list[Floats] = []
        self.cost = np.empty(0)
        self.lower = np.empty(0)
        self.upper = np.empty(0)
        self._solver = _quiet_solver(journal)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.cost)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(map(len, self._row_lower))

    def add_columns(self, cost: Floats, upper: Floats) -> Indices:
        """Columns from 0 to `upper`; their numbers."""
        first, count = self.columns, len(cost)
        self.cost = np.concatenate([self.cost, cost])
        self.lower = np.concatenate([self.lower, np.zeros(count)])
        self.upper = np.concatenate([self.upper, upper])
        added = np.arange(first, first + count, dtype=np.int32)
        self._solver.addVars(count, np.zeros(count), upper)
        self._solver.changeColsCost(count, added, cost / self.unit_nok)
        return added

    def add_cost(self, columns: NDArray[Any], cost: Floats) -> None:
        """Make columns dearer; each column once."""
        self.cost[columns] += cost
        where = columns.astype(np.int32)
        self._solver.changeColsCost(len(where), where, self.cost[columns] / self.unit_nok)

    def bound_columns(self, columns: NDArray[Any], lower: Floats, upper: Floats) -> None:
        """Give columns other bounds."""
        self.lower[columns], self.upper[columns] = lower, upper
        self._solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def add_rows(
        self, row: NDArray[Any], column: NDArray[Any], value: Floats, bounds: Floats
    ) -> None:
        """Rows by their entries; `bounds` (rows, 2) are the least and the most each may be."""
        count = len(bounds)
        entries = csr_array((value, (row, column)), shape=(count, self.columns))
        self._rows.append(entries)
        self._row_lower.append(bounds[:, 0])
        self._row_upper.append(bounds[:, 1])
        self._solver.addRows(
            count,
            bounds[:, 0],
            bounds[:, 1],
            entries.nnz,
            entries.indptr.astype(np.int32),
            entries.indices.astype(np.int32),
            entries.data,
        )

    def relax(self, *, exact: bool = False) -> Relaxed | Stop:
        """Solve the linear program from where it was left, or why that was not possible.

        Not `exact`, the point need not be a vertex nor satisfy its rows to the last: then a large
        program is solved by the interior point method, which takes a fraction of the simplex
        method's steps from nothing. That is enough for prices and shares, not for a plan.
        """
        interior = self.rows > INTERIOR_ROWS and not exact
        self._solver.setOptionValue("solver", "ipm" if interior else "simplex")
        self._solver.setOptionValue("run_crossover", "off" if interior else "on")
        left = self._solver.getRunTime() + self._journal.seconds_left
        self._solver.setOptionValue("time_limit", left)
        self._solver.run()
        status = self._solver.getModelStatus()
        solution = self._solver.getSolution()
        # An interior point that is not quite optimal is a hint as good as another.
        hint = interior and solution.value_valid and solution.dual_valid
        if status == Status.kOptimal or (status == Status.kUnknown and hint):
            return Relaxed(np.array(solution.col_value), np.array(solution.row_dual))
        if status not in STOPS:
            raise SolverCrashed(
                f"HiGHS sluttet med status «{self._solver.modelStatusToString(status)}»"
            )
        return STOPS[status]

    def whole(self, integer: Flags, offset_nok: float, start: Floats | None) -> Program:
        """The program with some columns integer, to be solved from the beginning."""
        width = self.columns
        for rows in self._rows:
            rows.resize((rows.shape[0], width))
        return Program(
            cost=self.cost / self.unit_nok,
            offset=offset_nok / self.unit_nok,
            matrix=csc_array(vstack(self._rows)) if self._rows else csc_array((0, width)),
            row_lower=np.concatenate([*self._row_lower, np.empty(0)]),
            row_upper=np.concatenate([*self._row_upper, np.empty(0)]),
            lower=self.lower,
            upper=self.upper,
            integer=integer,
            columns=[],
            objective_scale=self.unit_nok,
            family=np.full(self.rows, NO_FAMILY, dtype=np.int8),
            start=start,
        )


def _quiet_solver(journal: Journal) -> Any:
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("threads", 0)  # the pool as the search has set it up

    def interrupt(event: Any) -> None:
        event.data_in.user_interrupt = journal.should_stop()

    solver.cbSimplexInterrupt.subscribe(interrupt)
    solver.cbIpmInterrupt.subscribe(interrupt)
    return solver


def typical_nok(costs: Sequence[Floats]) -> float:
    """The unit for such costs: a power of two near their median, so that it loses nothing."""
    positive = np.concatenate([cost[cost > 0].ravel() for cost in costs])
    return float(2.0 ** np.round(np.log2(np.median(positive)))) if len(positive) else 1.0
