"""What is minimised over many futures: expected cost, or the largest regret."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from solver.engine.consequences import Forms
from solver.engine.handover import Program

Floats = NDArray[np.float64]
MARGINS = 2  # columns a program needs for regret: the cost of the first future, the regret


@dataclass(frozen=True)
class Goal:
    """Expected cost Σ w·cost; or with `best`, Σ w·best + the largest of cost − best (Savage 1951).

    `weights` per future, their sum 1. `best` is what each future costs at least [NOK]. Regret is
    counted from what foresight would cost, so that a gap is a share of what plans cost: the regret
    itself may be nothing.
    """

    weights: Floats
    best: Floats | None = None

    def value(self, costs: Floats) -> float:
        """Of a plan that costs so much in each future [NOK]."""
        if self.best is None:
            return float(np.sum(self.weights * costs))
        return self.foresight_nok + float(np.max(costs - self.best))

    @property
    def foresight_nok(self) -> float:
        """What regret is counted from: 0 for expected cost."""
        return 0.0 if self.best is None else float(np.sum(self.weights * self.best))

    def total(self, amounts: Floats) -> float:
        """Of amounts per future: expected, or the largest."""
        if self.best is None:
            return float(np.sum(self.weights * amounts))
        return float(np.max(amounts, initial=0.0))


def with_margins(program: Program, unit_nok: float, costs: Forms) -> Program:
    """The program with the two columns that `aimed_at` needs, in units of `unit_nok`."""
    most = np.maximum(np.abs(program.lower), np.abs(program.upper))
    size = (abs(costs.rows) @ most + np.abs(costs.constants)).max(initial=0.0) / unit_nok
    bounds = np.array([1.0, 3.0]) * (size + 1.0)
    return program.with_columns(-bounds, bounds)


def aimed_at(
    program: Program, goal: Goal, unit_nok: float, costs: Forms, decided: Forms
) -> Program:
    """The program that minimises a goal.

    `costs` [NOK] and the `decided` part of them are per future over the columns before the margins,
    which are the program's last.
    """
    columns = len(program.cost)
    row = np.zeros(columns)
    if goal.best is None:
        row[: costs.rows.shape[1]] = goal.weights @ costs.rows
        return program.with_objective(row, float(np.sum(goal.weights * costs.constants)))
    row[-1] = unit_nok
    aimed = program.with_objective(row, goal.foresight_nok)
    return aimed.with_rows(*_regret_rows(columns, goal.best, unit_nok, costs, decided))


def _regret_rows(
    columns: int, best: Floats, unit_nok: float, costs: Forms, decided: Forms
) -> tuple[Any, Floats]:
    """z ≥ what is decided costs in the first future; θ ≥ z + all the rest − best, per future.

    Most futures differ from the first in one project: their rows are short.
    """
    width = columns - MARGINS
    first = csr_array(decided.rows[[0]])
    first.resize((1, width))
    rest = costs.rows - vstack([first] * len(best))
    rest.eliminate_zeros()
    z = csr_array(hstack([-first / unit_nok, csr_array([[1.0, 0.0]])]))
    ones = np.tile([-1.0, 1.0], (len(best), 1))
    theta = csr_array(hstack([-rest / unit_nok, csr_array(ones)]))
    bounds = np.concatenate([decided.constants[:1], costs.constants - decided.constants[0] - best])
    return csr_array(vstack([z, theta])), bounds / unit_nok
