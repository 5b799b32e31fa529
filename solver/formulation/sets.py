"""Index sets: sorted, and sparse, so that only what can be used becomes a variable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance


@dataclass(frozen=True)
class Sets:
    """The index sets of one instance; those of the allocation are made when first asked for.

    `DEMANDS` are (district, need, year) with a need above zero; `ALLOCATIONS` (district, need,
    site, care type, year) where the care type serves the need, the site is within the travel
    limit and may hold such places that year.
    """

    instance: SitingInstance
    YEARS: tuple[int, ...]
    PROJECTS: tuple[str, ...]
    PROJECT_TYPES: tuple[tuple[str, str], ...]
    SITE_TYPES: tuple[tuple[str, str], ...]

    @cached_property
    def DEMANDS(self) -> tuple[tuple[str, str, int], ...]:  # noqa: N802
        """(district, need, year) with a need above zero."""
        return tuple(_demands(self.instance))

    @cached_property
    def ALLOCATIONS(self) -> tuple[tuple[str, str, str, str, int], ...]:  # noqa: N802
        """(district, need, site, care type, year) that may be."""
        return tuple(_allocations(self.instance))


def make_sets(instance: SitingInstance) -> Sets:
    """The sets of an instance."""
    projects = tuple(instance.projects)
    return Sets(
        instance=instance,
        YEARS=instance.years,
        PROJECTS=projects,
        PROJECT_TYPES=tuple((k, p) for k in projects for p in instance.projects[k].care_types),
        SITE_TYPES=site_types(instance),
    )


def givers(instance: SitingInstance) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """{(site, care type): projects that may give the site such places}; only where there are."""
    giving: dict[tuple[str, str], list[str]] = {}
    for k, project in instance.projects.items():
        for p in project.care_types:
            giving.setdefault((project.site, p), []).append(k)
    return {pair: tuple(projects) for pair, projects in giving.items()}


def site_types(instance: SitingInstance) -> tuple[tuple[str, str], ...]:
    """(site, care type) where places stand or a project may give some."""
    giving = givers(instance)
    return tuple(
        (site, care_type)
        for site, care_type in product(instance.sites, instance.care_types)
        if care_type in instance.sites[site].places or (site, care_type) in giving
    )


def reachable(instance: SitingInstance) -> NDArray[np.bool_]:
    """Site–district pairs within the travel limit, bool (sites, districts)."""
    minutes = instance.travel.minutes
    limit = instance.travel.limit_minutes
    return np.isfinite(minutes) if limit is None else minutes <= limit


def longest_minutes(instance: SitingInstance) -> NDArray[np.float64]:
    """The longest journey that each district may make [min]; 0 where it can reach no site."""
    within = reachable(instance)
    longest: NDArray[np.float64] = instance.travel.minutes.max(axis=0, where=within, initial=0.0)
    return longest


def _demands(instance: SitingInstance) -> Iterator[tuple[str, str, int]]:
    for i, n, t in np.argwhere(instance.need > 0):
        yield instance.districts[i], instance.needs[n], instance.years[t]


def _allocations(instance: SitingInstance) -> Iterator[tuple[str, str, str, str, int]]:
    sites = list(instance.sites)
    giving = givers(instance)
    holds = {
        (p, t): [j for j in sites if _may_hold_places(instance, giving.get((j, p), ()), j, p, t)]
        for p in instance.care_types
        for t in instance.years
    }
    row = {j: index for index, j in enumerate(sites)}
    column = {i: index for index, i in enumerate(instance.districts)}
    within = reachable(instance)
    for i, n, t in _demands(instance):
        for p, care_type in instance.care_types.items():
            if n not in care_type.serves:
                continue
            for j in holds[p, t]:
                if within[row[j], column[i]]:
                    yield i, n, j, p, t


def _may_hold_places(
    instance: SitingInstance, giving: tuple[str, ...], site: str, care_type: str, year: int
) -> bool:
    """Whether a site can have places of a care type in a year, by those there or by a project."""
    there = instance.sites[site].places.get(care_type)
    if there is not None and there[instance.years.index(year)] > 0:
        return True
    return any(instance.projects[k].earliest <= year for k in giving)
