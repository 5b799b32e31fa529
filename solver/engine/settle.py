"""A point of a program made exact: integers whole, and everything else solved anew for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.domain.errors import VerificationFailed
from solver.engine.extract import round_integers
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, run_highs

Floats = NDArray[np.float64]

FIXED_SECONDS = 300.0  # far more than the linear program of one plan has needed


@dataclass(frozen=True)
class Settled:
    """The best point with some integers, and what it costs in the program's own unit."""

    x: Floats
    objective: float


def settle(program: Program, x: Floats) -> Settled | None:
    """The best point with the integers that x has; None when there is none.

    Raises VerificationFailed when an integer of x is not one.
    """
    fixed = program.with_fixed_integers(round_integers(program, x))
    run = run_highs(fixed, HighsOptions(FIXED_SECONDS))
    return None if run.x is None or run.bound is None else Settled(run.x, run.bound)


def unsettled() -> VerificationFailed:
    """What is said when the integers of a solver's answer allow nothing."""
    return VerificationFailed("planen lar seg ikke gjennomføre når heltallene er hele")
