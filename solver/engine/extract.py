"""From the solver's numbers to a plan."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.engine.handover import Program
from solver.formulation.allocation import AllocationBlock

INTEGRALITY = 1e-6
# Below this a quantity of places is the solver's noise; places are persons, at most thousands.
NOISE_PLACES = 1e-9


def round_integers(program: Program, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x with its integers whole.

    Raises VerificationFailed when one is further off than 1e-6, or when x is not all numbers.
    """
    if not np.isfinite(x).all():
        raise VerificationFailed("løsningen inneholder noe som ikke er et tall")
    whole = np.round(x)
    off = np.abs(x - whole)[program.integer]
    if off.size and off.max() > INTEGRALITY:
        raise VerificationFailed(f"et heltall i løsningen er {off.max():.2e} fra å være helt")
    return np.where(program.integer, whole, x)


def extract_plan(
    instance: SitingInstance, model: pyo.ConcreteModel, program: Program, x: NDArray[np.float64]
) -> Plan:
    """Read every decision out of x; variables that no row uses are zero."""
    opens, places = extract_projects(instance, model, program, x)
    if program.block is None:
        allocation = dict(_positive(model.allocate, program, x))
        unmet = dict(_positive(model.unmet, program, x))
    else:
        service = x[len(program.columns) :]
        allocation = dict(_allocated(program.block, service))
        unmet = dict(_unmet(program.block, service))
    return Plan(opens, places, allocation, unmet)


def extract_projects(
    instance: SitingInstance, model: pyo.ConcreteModel, program: Program, x: NDArray[np.float64]
) -> tuple[dict[str, int], dict[tuple[str, str, int], int]]:
    """{project: opening year} and {(project, care type, year): places}."""
    opens: dict[str, int] = {}
    for (k, t), _ in _positive(model.open, program, x):
        opens[k] = min(t, opens.get(k, t))
    steps = _positive(model.steps, program, x)
    return opens, {
        (k, p, t): round(number) * instance.projects[k].step for (k, p, t), number in steps
    }


def _allocated(
    block: AllocationBlock, x: NDArray[np.float64]
) -> Iterator[tuple[tuple[str, str, str, str, int], float]]:
    instance = block.instance
    sites, types = list(instance.sites), list(instance.care_types)
    for journeys in block.journeys:
        n, p = instance.needs[journeys.need], types[journeys.care_type]
        t = instance.years[journeys.year]
        part = x[journeys.first_column : journeys.end_column]
        used = np.flatnonzero(part > NOISE_PLACES)
        for i, j, value in zip(
            journeys.district[used].tolist(),
            journeys.site[used].tolist(),
            part[used].tolist(),
            strict=True,
        ):
            yield (instance.districts[i], n, sites[j], p, t), value


def _unmet(
    block: AllocationBlock, x: NDArray[np.float64]
) -> Iterator[tuple[tuple[str, str, int], float]]:
    instance = block.instance
    part = x[: block.unmet]
    used = np.flatnonzero(part > NOISE_PLACES)
    for (i, n, t), value in zip(block.demands[used].tolist(), part[used].tolist(), strict=True):
        yield (instance.districts[i], instance.needs[n], instance.years[t]), value


def _positive(
    variables: Any, program: Program, x: NDArray[np.float64]
) -> Iterator[tuple[Any, float]]:
    planned = zip(program.columns, x[: len(program.columns)].tolist(), strict=True)
    values = {id(variable): value for variable, value in planned}
    for index, variable in variables.items():
        value = values.get(id(variable), 0.0)
        if value > NOISE_PLACES:
            yield index, value
