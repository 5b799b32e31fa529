"""From the formulation to arrays for HiGHS, scaled by the scenario's own size.

The planning part comes from Pyomo, compiled once; the allocation block writes itself behind it.
Scaling is by powers of two, so it loses nothing: the objective so that its typical coefficient
is near 1, and each row whose coefficients are far from 1 (rows of money) likewise. With a fixed
unit, costs of a small instance sink below the solver's tolerances.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import coo_array, csc_array, hstack, vstack

from solver.formulation import FAMILIES
from solver.formulation.allocation import NONE, AllocationBlock, Entries, PlanningColumns

Floats = NDArray[np.float64]
FAR_FROM_ONE = 100.0  # a row is rescaled when its typical coefficient is beyond this factor
NO_FAMILY = -1
PIECE = 1 << 20  # entries scaled at a time


class TriviallyInfeasible(Exception):
    """A row without variables does not hold."""


@dataclass(frozen=True)
class Program:
    """min c·x + offset, row bounds on A·x, bounds on x, some x integer; all as arrays.

    `objective_scale` times the scaled objective is NOK. `columns` are the Pyomo variables in the
    order of x; behind them are the columns of `block`, where there is one. `family` is the position
    in FAMILIES of the first rows, −1 and rows behind them being of none; `start` is a feasible x to
    begin from, where one is known. `rows` are the Pyomo constraints of the first rows, before those
    of `block`; `row_scale` is what each of the first rows was multiplied by.
    """

    cost: Floats
    offset: float
    matrix: Any  # csc_array, (rows, columns)
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    columns: list[Any]
    objective_scale: float
    family: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    block: AllocationBlock | None = None
    start: Floats | None = None
    rows: list[Any] = field(default_factory=list)
    row_scale: Floats = field(default_factory=lambda: np.ones(0))

    def with_fixed_integers(self, x: Floats) -> "Program":
        """The linear program that is left when the integers take the values they have in x."""
        return replace(
            self,
            lower=np.where(self.integer, x, self.lower),
            upper=np.where(self.integer, x, self.upper),
            integer=np.zeros_like(self.integer),
        )

    def relaxed(self) -> "Program":
        """The linear relaxation."""
        return replace(self, integer=np.zeros_like(self.integer))

    def with_rows(self, rows: Any, at_least: Floats) -> "Program":
        """The program with more rows, rows · x ≥ at_least."""
        return replace(
            self,
            matrix=csc_array(vstack([self.matrix, rows])),
            row_lower=np.concatenate([self.row_lower, at_least]),
            row_upper=np.concatenate([self.row_upper, np.full(len(at_least), np.inf)]),
        )

    @staticmethod
    def empty() -> "Program":
        """Nothing to decide, and nothing asked for."""
        none, flags = np.zeros(0), np.zeros(0, dtype=bool)
        return Program(none, 0.0, csc_array((0, 0)), none, none, none, none, flags, [], 1.0)

    def with_matrix(self, matrix: Any, row_lower: Floats, row_upper: Floats) -> "Program":
        """The program with these rows, of which its own come first."""
        return replace(self, matrix=matrix, row_lower=row_lower, row_upper=row_upper)

    def with_bounds(self, lower: Floats, upper: Floats) -> "Program":
        """The program with other bounds on its columns."""
        return replace(self, lower=lower, upper=upper)

    def with_columns(self, lower: Floats, upper: Floats) -> "Program":
        """The program with more columns behind, which are in no row yet and cost nothing."""
        more = csc_array((self.matrix.shape[0], len(lower)))
        return replace(
            self,
            cost=_longer(self.cost, len(lower)),
            matrix=csc_array(hstack([self.matrix, more])),
            lower=np.concatenate([self.lower, lower]),
            upper=np.concatenate([self.upper, upper]),
            integer=_longer(self.integer, len(lower)),
        )

    def with_objective(self, cost_nok: Floats, offset_nok: float) -> "Program":
        """The program with another objective, scaled by its own typical coefficient."""
        scale = _middle(cost_nok)
        return replace(
            self, cost=cost_nok / scale, offset=offset_nok / scale, objective_scale=scale
        )

    def without_families(self, codes: Collection[str]) -> "Program":
        """The program in which the rows of some families ask for nothing."""
        left_out = [index for index, family in enumerate(FAMILIES) if family.code in codes]
        free = np.zeros(len(self.row_lower), dtype=bool)
        free[: len(self.family)] = np.isin(self.family, left_out)
        return replace(
            self,
            row_lower=np.where(free, -np.inf, self.row_lower),
            row_upper=np.where(free, np.inf, self.row_upper),
        )


def hand_over(model: pyo.ConcreteModel, block: AllocationBlock | None = None) -> Program:
    """Compile a Pyomo model, and write the allocation block behind it when it is given.

    With a block the model is the planning part, without one it is everything. Raises
    TriviallyInfeasible when a constant row does not hold.
    """
    if block is None:
        program = _compiled(model, [])
        return _scaled(program, _typical(program.matrix))
    kept = [
        *model.open.values(),
        *model.steps.values(),
        *model.worst_off_minutes.values(),
        *_farther(model).values(),
    ]
    planning = _compiled(model, kept)
    where = _planning_columns(model, planning, block.instance.years)
    entries = block.planning_entries(where)
    typical = np.concatenate([_typical(planning.matrix), block.typical(entries)])
    return _scaled(_joined(planning, block, where, entries), typical)


def _compiled(model: pyo.ConcreteModel, kept: list[Any]) -> Program:
    """The program of a Pyomo model, unscaled; variables no row uses are left out unless `kept`."""
    try:
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    except InfeasibleConstraintException as error:
        raise TriviallyInfeasible(str(error)) from error
    used = {id(variable) for variable in form.columns}
    more = [variable for variable in kept if id(variable) not in used]
    columns = form.columns + more
    ends = np.pad(form.A.indptr, (0, len(more)), mode="edge")
    rhs = np.asarray(form.rhs, dtype=float)
    sense = np.array([entry.bound_type for entry in form.rows], dtype=int)
    return Program(
        cost=np.pad(form.c.toarray().ravel(), (0, len(more))),
        offset=float(form.c_offset[0]),
        matrix=csc_array((form.A.data, form.A.indices, ends), shape=(len(rhs), len(columns))),
        row_lower=np.where(sense > 0, -np.inf, rhs),
        row_upper=np.where(sense < 0, np.inf, rhs),
        lower=np.array([variable.lb for variable in columns], dtype=float),
        upper=np.array([variable.ub for variable in columns], dtype=float),
        integer=np.array([not variable.is_continuous() for variable in columns], dtype=bool),
        columns=columns,
        objective_scale=1.0,
        family=_families(form.rows),
        rows=[row.constraint for row in form.rows],
    )


def _families(rows: list[Any]) -> NDArray[np.int8]:
    """Which family each row is of, by the name of its component."""
    family = {
        constraint.__name__: index
        for index, one in enumerate(FAMILIES)
        for constraint in one.constraints
    }
    names = [row.constraint.parent_component().local_name for row in rows]
    return np.array([family.get(name, NO_FAMILY) for name in names], dtype=np.int8)


def _planning_columns(
    model: pyo.ConcreteModel, planning: Program, years: tuple[int, ...]
) -> PlanningColumns:
    """Where open, steps, worst_off_minutes and, in an elastic model, farther have their columns."""
    column = {id(variable): index for index, variable in enumerate(planning.columns)}

    def of(variables: Any) -> NDArray[np.int32]:
        found = [column[id(variable)] for variable in variables.values()]
        return np.array(found, dtype=np.int32).reshape(-1, len(years))

    def by_year(variables: Any) -> NDArray[np.int32]:
        found = np.full(len(years), NONE, dtype=np.int32)
        for t, variable in variables.items():
            found[years.index(t)] = column[id(variable)]
        return found

    return PlanningColumns(
        of(model.open),
        of(model.steps),
        by_year(model.worst_off_minutes),
        by_year(_farther(model)),
    )


def _farther(model: pyo.ConcreteModel) -> Any:
    """{year: variable} of an elastic model that stands in the row of C16."""
    farther = model.component("farther")
    return {} if farther is None else farther


def _joined(
    planning: Program, block: AllocationBlock, where: PlanningColumns, entries: Entries
) -> Program:
    """The planning part with the block's columns and rows behind it, all written in place."""
    rows, columns = planning.matrix.shape
    few = _with_entries(planning.matrix, entries, block.rows)
    counts = np.diff(few.indptr)
    starts = np.zeros(columns + block.columns + 1, dtype=np.int32)
    starts[1 : columns + 1] = counts + block.links_per_column(where, columns)
    starts[columns + 1 :] = block.entries_per_column()
    np.cumsum(starts, out=starts)
    indices = np.empty(starts[-1], dtype=np.int32)
    values = np.empty(starts[-1])
    moved = np.arange(few.nnz) + np.repeat(starts[:columns] - few.indptr[:-1], counts)
    indices[moved], values[moved] = few.indices, few.data
    block.write_links(where, starts[:columns] + counts, indices, values, rows)
    block.write_entries(starts[columns:-1], indices, values, rows)
    shape = (rows + block.rows, columns + block.columns)
    program = Program(
        cost=_longer(planning.cost, block.columns),
        offset=planning.offset,
        matrix=csc_array((values, indices, starts), shape=shape),
        row_lower=_longer(planning.row_lower, block.rows),
        row_upper=_longer(planning.row_upper, block.rows),
        lower=_longer(planning.lower, block.columns),
        upper=_longer(planning.upper, block.columns),
        integer=_longer(planning.integer, block.columns),
        columns=planning.columns,
        objective_scale=1.0,
        family=_longer(planning.family, block.rows),
        block=block,
        rows=planning.rows,
    )
    block.write_columns(program.cost[columns:], program.upper[columns:])
    block.write_rows(program.row_lower[rows:], program.row_upper[rows:])
    for index, family in enumerate(FAMILIES):
        if family.code in block.families:
            program.family[rows:][block.families[family.code]] = index
    return program


def _with_entries(matrix: Any, entries: Entries, rows: int) -> Any:
    """The matrix with so many rows below it, and their entries."""
    few = matrix.tocoo()
    values = np.concatenate([few.data, entries.values])
    at = (
        np.concatenate([few.row, entries.rows + matrix.shape[0]]),
        np.concatenate([few.col, entries.columns]),
    )
    return coo_array((values, at), shape=(matrix.shape[0] + rows, matrix.shape[1])).tocsc()


def _longer(array: Any, by: int) -> Any:
    """The array with so many zeros behind it."""
    longer = np.zeros(len(array) + by, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _scaled(program: Program, typical: Floats) -> Program:
    """The program with rows of a typical coefficient far from 1 brought near it, and the cost."""
    far = (typical < 1 / FAR_FROM_ONE) | (typical > FAR_FROM_ONE)
    factor = np.ones(len(typical))
    if far.any():
        factor[far] = 2.0 ** -np.round(np.log2(typical[far]))
        matrix = program.matrix
        for begin in range(0, matrix.nnz, PIECE):
            piece = slice(begin, begin + PIECE)
            matrix.data[piece] *= factor[matrix.indices[piece]]
        np.multiply(program.row_lower, factor, out=program.row_lower)
        np.multiply(program.row_upper, factor, out=program.row_upper)
    scale = _middle(program.cost)
    np.divide(program.cost, scale, out=program.cost)
    offset = program.offset / scale
    return replace(program, offset=offset, objective_scale=scale, row_scale=factor)


def _middle(cost: Floats) -> float:
    """The power of two nearest to the median of what is priced; 1 where nothing is."""
    priced = cost[cost != 0]
    np.abs(priced, out=priced)
    middle = float(np.median(priced, overwrite_input=True)) if len(priced) else 1.0
    return float(2.0 ** np.round(np.log2(middle)))


def _typical(matrix: Any) -> Floats:
    """The geometric mean of each row's least and largest coefficient; 1 without any."""
    size, row = np.abs(matrix.data), matrix.indices
    least, most = np.full(matrix.shape[0], np.inf), np.zeros(matrix.shape[0])
    np.minimum.at(least, row, size)
    np.maximum.at(most, row, size)
    filled = most > 0
    typical = np.ones(matrix.shape[0])
    typical[filled] = np.sqrt(least[filled] * most[filled])
    return typical
