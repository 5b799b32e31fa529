"""Who is served where when certain candidates are open, and the plan that this makes."""

from collections import defaultdict
from dataclasses import dataclass
from math import ceil

import numpy as np

from solver.domain.plan import Plan
from solver.engine.extract import NOISE_PLACES
from solver.engine.location.problem import Flags, Floats, Integers, LocationProblem

SPILL = 1e-6  # of a place: what the solver may put beyond a whole one


@dataclass(frozen=True)
class Assignment:
    """`places` of row `row` served at `facility`, one entry per pair; `unmet` places per row.

    Facilities are the candidates and after them what stands there.
    """

    row: Integers
    facility: Integers
    places: Floats
    unmet: Floats


def make_plan(problem: LocationProblem, is_open: Flags, assignment: Assignment) -> Plan:
    """Opened projects with the places that are used, in whole steps, at least their minimum."""
    instance, year = problem.instance, problem.instance.years[0]
    allocation: dict[tuple[str, str, str, str, int], float] = defaultdict(float)
    used: dict[tuple[int, str], float] = defaultdict(float)
    entries = zip(assignment.row, assignment.facility, assignment.places, strict=True)
    for row, facility, places in entries:
        if places > NOISE_PLACES:
            need = instance.needs[problem.need[row]]
            site, care_type = _where(problem, int(facility), need)
            district = instance.districts[problem.district[row]]
            allocation[district, need, site, care_type, year] += float(places)
            used[int(facility), care_type] += float(places)
    opened = np.flatnonzero(is_open)
    return Plan(
        opens={problem.candidates[index]: year for index in opened},
        places={
            (problem.candidates[index], care_type, year): places
            for index in opened
            for care_type, places in _sizes(problem, int(index), used).items()
            if places
        },
        allocation=dict(allocation),
        unmet={
            (instance.districts[problem.district[row]], instance.needs[problem.need[row]], year): (
                float(assignment.unmet[row])
            )
            for row in np.flatnonzero(assignment.unmet > NOISE_PLACES)
        },
    )


def _where(problem: LocationProblem, facility: int, need: str) -> tuple[str, str]:
    """Site and care type by which a facility serves a need."""
    instance = problem.instance
    if facility >= len(problem.candidates):
        return problem.standing[facility - len(problem.candidates)]
    project = instance.projects[problem.candidates[facility]]
    types = (p for p in project.care_types if need in instance.care_types[p].serves)
    return project.site, next(types)


def _sizes(
    problem: LocationProblem, index: int, used: dict[tuple[int, str], float]
) -> dict[str, int]:
    """Places per care type of an opened project: what is used, and its minimum of the first."""
    project = problem.instance.projects[problem.candidates[index]]
    step = project.step
    sizes = {
        p: max(ceil((used.get((index, p), 0.0) - SPILL) / step), 0) * step
        for p in project.care_types
    }
    short = project.min_places - sum(sizes.values())
    sizes[project.care_types[0]] += max(ceil(short / step), 0) * step
    return sizes
