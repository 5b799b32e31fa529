"""Refuses an instance that would not fit in memory, before anything is built."""

import numpy as np

from solver.domain.errors import FormulationError
from solver.domain.instance import SitingInstance
from solver.formulation.service_arrays import may_hold_places, serves
from solver.formulation.sets import reachable

# Measured on HiGHS through Pyomo: 1.1–2.0 kB at peak per nonzero, about 200 MB to start with.
BASE_MB = 200.0
KB_PER_NONZERO = 2.2
# An allocation stands in its balance, its capacity row, its link (with the project) and the
# objective; a project and year in some twenty rows.
NONZEROS_PER_ALLOCATION = 5
NONZEROS_PER_PROJECT_YEAR = 20


def count_allocations(instance: SitingInstance) -> int:
    """How many allocation variables the instance gives, without making them."""
    holds = may_hold_places(instance)
    # A number of districts fits in single precision, and the sum over sites does not need to.
    within = reachable(instance).astype(np.float32)
    total = 0
    for p, served in enumerate(serves(instance)):
        demands = (instance.need[:, served] > 0).sum(axis=1, dtype=np.float32)
        total += int(np.sum(within @ demands, where=holds[:, p], dtype=np.float64))
    return total


def guard_memory(instance: SitingInstance, allocations: int, limit_mb: float) -> None:
    """Raise FormulationError `model_too_large` when the estimate exceeds the limit [MB]."""
    project_years = len(instance.projects) * len(instance.years)
    nonzeros = allocations * NONZEROS_PER_ALLOCATION + project_years * NONZEROS_PER_PROJECT_YEAR
    estimate = BASE_MB + nonzeros * KB_PER_NONZERO / 1000
    if estimate > limit_mb:
        raise FormulationError(
            "model_too_large",
            f"Modellen ville trenge om lag {estimate:.0f} MB, og grensen er {limit_mb:.0f} MB. "
            "Sett en reisetidsgrense (travel.limit_minutes), slå sammen kretser eller gi en "
            "høyere minnegrense.",
        )
