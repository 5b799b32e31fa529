"""The instance by position, as arrays: where places can be, and which rows would say nothing.

Shapes are (sites, care types, years) in the order of the instance, unless said.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Sums of need are rounded to this many decimals of a place before they decide anything, so that
# the order in which they were added does not.
DECIMALS = 9
CELLS = 1 << 20  # of sites × districts, added at a time


def standing_places(instance: SitingInstance) -> Floats:
    """Places that stand at a site before any project."""
    there = np.zeros(_shape(instance))
    for j, site in enumerate(instance.sites.values()):
        for p, care_type in enumerate(instance.care_types):
            if care_type in site.places:
                there[j, p] = site.places[care_type]
    return there


def may_hold_places(instance: SitingInstance) -> Flags:
    """Whether a site can have places of a care type: those there, or a project's."""
    holds = standing_places(instance) > 0
    site, care_type = positions(instance.sites), positions(instance.care_types)
    years = np.array(instance.years)
    for project in instance.projects.values():
        for p in project.care_types:
            holds[site[project.site], care_type[p]] |= years >= project.earliest
    return holds


def serves(instance: SitingInstance) -> Flags:
    """Whether places of a care type serve a need, (care types, needs)."""
    types = instance.care_types.values()
    flags = [n in care_type.serves for care_type in types for n in instance.needs]
    return np.array(flags, dtype=bool).reshape(len(types), len(instance.needs))


def places_may_be_short(instance: SitingInstance, reach: Flags) -> Flags:
    r"""Where what is allocated could exceed the places at a site: where C2 says something.

    `reach` is (sites, districts). Elsewhere nobody is within reach, or C2 is implied: x ≤ d by the
    variables' bounds, so Σ x is at most the need within reach that the type serves. Of the places
    that stand projects take at most Σ r, since open ≤ 1, and what they give is never negative. So
    where Σ d ≤ E − Σ r the row holds whatever is decided, in the relaxation as well.
    """
    sure = standing_places(instance)
    site, care_type = positions(instance.sites), positions(instance.care_types)
    for project in instance.projects.values():
        for p, places in project.removes.items():
            sure[site[project.site], care_type[p]] -= places
    asked = np.zeros_like(sure)
    for index, served in enumerate(serves(instance)):
        asked[:, index] = added_within(reach, instance.need[:, served].sum(axis=1))
    return (asked > 0) & (np.round(asked, DECIMALS) > sure)


def added_within(reach: Flags, amounts: Floats) -> Floats:
    """Σ over the districts within reach of each site, of amounts (districts, years).

    Some sites at a time, so that little memory is taken beside `reach` itself.
    """
    sums = np.zeros((len(reach), amounts.shape[1]))
    step = max(CELLS // max(len(amounts), 1), 1)
    for begin in range(0, len(reach), step):
        sites = slice(begin, begin + step)
        sums[sites] = reach[sites].astype(float) @ amounts
    return sums


def largest_projects(instance: SitingInstance) -> Floats:
    r"""The largest size M of any project that may give places, (sites, care types); 0 without one.

    A need of M or more has no use for V1: where nothing stands, C2 and C3 give
    x ≤ Σ_k q ≤ Σ_k M_k a ≤ d Σ_k a, in the relaxation as well, since a ≥ 0 by C4 and M_k ≤ d.
    """
    largest = np.zeros(_shape(instance)[:2])
    site, care_type = positions(instance.sites), positions(instance.care_types)
    for project in instance.projects.values():
        size = project.max_places // project.step * project.step
        for p in project.care_types:
            at = site[project.site], care_type[p]
            largest[at] = max(largest[at], size)
    return largest


def positions(names: Iterable[str]) -> dict[str, int]:
    """Where each name stands in its order."""
    return {name: index for index, name in enumerate(names)}


def _shape(instance: SitingInstance) -> tuple[int, int, int]:
    return len(instance.sites), len(instance.care_types), len(instance.years)
