"""Rows that may turn out to have no variable in them."""

from typing import Any

import pyomo.environ as pyo


def row_at_least(model: pyo.ConcreteModel, body: Any, bound: float) -> object:
    """body ≥ bound; a plain number that is too small becomes a row that cannot hold."""
    if isinstance(body, int | float):
        return pyo.Constraint.Feasible if body >= bound else model.nothing + body >= bound
    return body >= bound


def row_at_most(model: pyo.ConcreteModel, body: Any, bound: float) -> object:
    """body ≤ bound; a plain number that is too large becomes a row that cannot hold."""
    if isinstance(body, int | float):
        return pyo.Constraint.Feasible if body <= bound else model.nothing + body <= bound
    return body <= bound


def impossible_row(model: pyo.ConcreteModel) -> object:
    """A row that nothing satisfies: infeasible is an answer of the solver, not an error here."""
    return model.nothing >= 1
