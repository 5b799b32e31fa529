"""Recognises facility location in an instance, and lays it out as arrays.

min Σ_k f_k y_k + Σ_r w_r · (cost of the place that serves r), at most p opened: one year in which
places cost nothing by themselves and nothing ties the projects together but their number. Then a
project that opens may as well have all its places, and only "open or not" is left to decide.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import Project, SitingInstance
from solver.formulation.constraints.projects import forbidden_projects
from solver.formulation.parameters import annuity
from solver.formulation.sets import reachable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class LocationProblem:
    """One year of facility location. Money is weighted NOK of that year.

    Per candidate (project that may open) k: `fixed_nok`, `capacity` [places], `required`, `site`
    (row in travel.minutes), and `serves` (needs, candidates). Per row r (a district's need of one
    kind): `district`, `need` and `weight` [places]. Per facility that stands there already:
    `standing_site`, `standing_serves` and `standing_places`. `unmet_nok` is inf where all need
    must be met; `offset_nok` is what the standing places cost whatever is decided.
    """

    instance: SitingInstance
    candidates: tuple[str, ...]
    fixed_nok: Floats
    capacity: Floats
    required: Flags
    site: Integers
    serves: Flags
    most: int
    district: Integers
    need: Integers
    weight: Floats
    standing: tuple[tuple[str, str], ...]
    standing_site: Integers
    standing_serves: Flags
    standing_places: Floats
    unmet_nok: float
    offset_nok: float

    def cost(self, rows: Integers, candidates: Integers | None = None) -> Floats:
        """NOK per place of serving rows from candidates, all by default; inf: cannot."""
        chosen = slice(None) if candidates is None else candidates
        return self._travel_nok(rows, self.site[chosen], self.serves[:, chosen])

    def cost_of_standing(self, rows: Integers) -> Floats:
        """NOK per place of serving rows from what stands there, (rows, standing); inf: cannot."""
        return self._travel_nok(rows, self.standing_site, self.standing_serves)

    def anyway(self, rows: Integers) -> Floats:
        """NOK per place that rows cost without any candidate; inf where all need must be met.

        Without capacities: from the nearest that stands there, or unmet.
        """
        standing = self.cost_of_standing(rows).min(axis=1, initial=inf)
        cheapest: Floats = np.minimum(standing, self.unmet_nok)
        return cheapest

    def nearest_standing(self, rows: Integers) -> tuple[Integers, Flags]:
        """Which of `standing` serves rows at least cost, and whether unmet need costs less."""
        cost = self.cost_of_standing(rows)
        if not len(self.standing):
            return np.zeros(len(rows), dtype=np.int64), np.ones(len(rows), dtype=bool)
        return cost.argmin(axis=1), cost.min(axis=1) > self.unmet_nok

    def _travel_nok(self, rows: Integers, site: Integers, serves: Flags) -> Floats:
        travel = self.instance.travel
        limit = inf if travel.limit_minutes is None else travel.limit_minutes
        minutes = travel.minutes[np.ix_(site, self.district[rows])].T
        near = np.isfinite(minutes) & (minutes <= limit) & serves[self.need[rows]]
        return np.where(near, self.instance.journey_nok(np.where(near, minutes, 0.0)), inf)

    @property
    def capacitated(self) -> bool:
        """Whether some facility cannot take everybody it may serve."""
        everybody = self._servable(self.site, self.serves)
        candidates_bind = np.any(self.capacity < np.ceil(everybody))
        there = self._servable(self.standing_site, self.standing_serves)
        return bool(candidates_bind or np.any(self.standing_places < there))

    def _servable(self, site: Integers, serves: Flags) -> Floats:
        """Need that each facility may serve at most [places]."""
        within = reachable(self.instance)
        total = np.zeros(len(site))
        for facility, row in enumerate(site):  # one at a time: all at once would be floats
            by_need = within[row] @ self.instance.need[:, :, 0]
            total[facility] = by_need @ serves[:, facility]
        return total


def recognise(instance: SitingInstance) -> LocationProblem | None:
    """The location problem that an instance is; None when it is more than that."""
    usable = _usable(instance)
    if not usable or not _nothing_else_is_asked(instance) or not _simple(instance, usable):
        return None
    problem = _layout(instance, usable)
    several = any(len(instance.projects[k].care_types) > 1 for k in usable)
    return None if several and problem.capacitated else problem


def _usable(instance: SitingInstance) -> list[str] | None:
    """Projects that may open in the one year; None when not all that are required may."""
    year = instance.years[0]
    ruled_out = set(forbidden_projects(instance))
    usable = [
        k
        for k, project in instance.projects.items()
        if k not in ruled_out
        and project.earliest <= year
        and (project.latest is None or project.latest >= year)
    ]
    required, most = set(instance.policies.required_projects), instance.policies.max_projects
    too_many = most is not None and len(required) > most
    return usable if required <= set(usable) and not too_many else None


def _nothing_else_is_asked(instance: SitingInstance) -> bool:
    """One year, without targets, limits and policies that weigh places, staff or money.

    Nor does the worst-off district count: it makes one district's cost another's matter.
    """
    targets, limits, policies = instance.targets, instance.limits, instance.policies
    series = [limits.investment_nok, limits.operating_nok, *limits.available_fte.values()]
    series += [target.ratio for target in targets.core_coverage.values()]
    if targets.coverage is not None:
        series.append(targets.coverage.ratio)
    if targets.within is not None:
        series.append(targets.within.share)
    return (
        len(instance.years) == 1
        and all(value is None for one in series for value in one)
        and limits.investment_total_nok is None
        and not policies.min_cores_with_places
        and not instance.weighs_worst_off
        and not policies.unlike
    )


def _simple(instance: SitingInstance, usable: list[str]) -> bool:
    """Whether each project is a fixed cost and a size, and none depends on another."""
    projects = [instance.projects[k] for k in usable]
    return all(
        project.net_investment_per_place_nok == 0
        and project.operating_cost_nok >= 0  # less is a subsidy; the search counts on none
        and not any(project.removes.values())
        and not project.requires
        and not set(project.excludes) & set(usable)
        and project.min_places <= _size(project)
        and all(instance.care_types[p].operating_cost_nok == 0 for p in project.care_types)
        for project in projects
    )


def _size(project: Project) -> int:
    """The largest number of places, whole steps."""
    return project.max_places // project.step * project.step


def _layout(instance: SitingInstance, usable: list[str]) -> LocationProblem:
    goal, projects = instance.objective, [instance.projects[k] for k in usable]
    row = {j: index for index, j in enumerate(instance.sites)}
    district, need = np.nonzero(instance.need[:, :, 0] > 0)
    standing = [
        (j, p)
        for j, site in instance.sites.items()
        for p, places in site.places.items()
        if places[0] > 0
    ]
    most = instance.policies.max_projects
    price = goal.unmet_place_year_nok
    stock = [instance.sites[j].places[p][0] for j, p in standing]
    operating = sum(
        instance.care_types[p].operating_cost_nok * places
        for (_, p), places in zip(standing, stock, strict=True)
    )
    return LocationProblem(
        instance=instance,
        candidates=tuple(usable),
        fixed_nok=goal.cost_weight * np.array([_fixed_nok(instance, one) for one in projects]),
        capacity=np.array([_room(project) for project in projects], dtype=float),
        required=np.array([k in instance.policies.required_projects for k in usable], dtype=bool),
        site=np.array([row[project.site] for project in projects], dtype=np.int64),
        serves=_served_by(instance, [project.care_types for project in projects]),
        most=len(usable) if most is None else min(most, len(usable)),
        district=district,
        need=need,
        weight=instance.need[district, need, 0],
        standing=tuple(standing),
        standing_site=np.array([row[j] for j, _ in standing], dtype=np.int64),
        standing_serves=_served_by(instance, [(p,) for _, p in standing]),
        standing_places=np.array(stock, dtype=float),
        unmet_nok=inf if price is None else goal.cost_weight * price,
        offset_nok=goal.cost_weight * operating,
    )


def _room(project: Project) -> int:
    """Places that may be taken up whatever the mix: of several types each may round up a step."""
    return _size(project) - (len(project.care_types) - 1) * project.step


def _fixed_nok(instance: SitingInstance, project: Project) -> float:
    yearly = annuity(instance.objective.discount_rate, project.lifetime_years)
    return yearly * project.investment_nok + project.operating_cost_nok


def _served_by(instance: SitingInstance, types: list[tuple[str, ...]]) -> Flags:
    """(needs, facilities): whether one of the facility's care types serves the need."""
    return np.array(
        [
            [any(n in instance.care_types[p].serves for p in each) for each in types]
            for n in instance.needs
        ],
        dtype=bool,
    ).reshape(len(instance.needs), len(types))


def summed(index: NDArray[Any], amounts: Floats, length: int) -> Floats:
    """Amounts added up by index, (length,)."""
    return np.bincount(index, weights=amounts, minlength=length).astype(np.float64)
