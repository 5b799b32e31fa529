"""From the Pyomo model to arrays for HiGHS, scaled by the scenario's own size.

Scaling is by powers of two, so it loses nothing: the objective so that its typical coefficient
is near 1, and each row whose coefficients are far from 1 (rows of money) likewise. With a fixed
unit, costs of a small instance sink below the solver's tolerances.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csc_array, diags_array, vstack

Floats = NDArray[np.float64]
FAR_FROM_ONE = 100.0  # a row is rescaled when its typical coefficient is beyond this factor


class TriviallyInfeasible(Exception):
    """A row without variables does not hold."""


@dataclass(frozen=True)
class Program:
    """min c·x + offset, row bounds on A·x, bounds on x, some x integer; all as arrays.

    `objective_scale` times the scaled objective is NOK. `columns` are the Pyomo variables in the
    order of x; `start` is a feasible x to begin from, where one is known.
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
    start: Floats | None = None

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


def hand_over(model: pyo.ConcreteModel) -> Program:
    """Compile a Pyomo model. Raises TriviallyInfeasible when a constant row does not hold."""
    try:
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    except InfeasibleConstraintException as error:
        raise TriviallyInfeasible(str(error)) from error
    rhs = np.asarray(form.rhs, dtype=float)
    sense = np.array([entry.bound_type for entry in form.rows], dtype=int)
    matrix = csc_array(form.A)
    rows = _row_scale(matrix)
    cost = np.asarray(form.c.todense(), dtype=float).ravel()
    scale = _power_of_two(float(np.median(np.abs(cost[cost != 0])))) if np.any(cost) else 1.0
    return Program(
        cost=cost / scale,
        offset=float(form.c_offset[0]) / scale,
        matrix=csc_array(diags_array(rows) @ matrix) if len(rhs) else matrix,
        row_lower=np.where(sense > 0, -np.inf, rhs * rows),
        row_upper=np.where(sense < 0, np.inf, rhs * rows),
        lower=np.array([variable.lb for variable in form.columns], dtype=float),
        upper=np.array([variable.ub for variable in form.columns], dtype=float),
        integer=np.array([not v.is_continuous() for v in form.columns], dtype=bool),
        columns=form.columns,
        objective_scale=scale,
    )


def _power_of_two(value: float) -> float:
    return float(2.0 ** np.round(np.log2(value)))


def _row_scale(matrix: Any) -> Floats:
    """What each row is multiplied by."""
    magnitude = abs(matrix).tocsr()
    magnitude.eliminate_zeros()
    scale = np.ones(matrix.shape[0])
    filled = np.flatnonzero(np.diff(magnitude.indptr))
    starts = magnitude.indptr[filled]
    if len(filled):
        least = np.minimum.reduceat(magnitude.data, starts)
        most = np.maximum.reduceat(magnitude.data, starts)
        typical = np.sqrt(least * most)
        far = (typical < 1 / FAR_FROM_ONE) | (typical > FAR_FROM_ONE)
        scale[filled[far]] = 2.0 ** -np.round(np.log2(typical[far]))
    return scale
