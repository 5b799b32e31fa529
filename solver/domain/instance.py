"""The siting instance: every number of one question, checked and laid out by year.

Indices: district i, need n, site j, project k, care type p, year t, core g, staff group e.
Tuples "per year" are in the order of `SitingInstance.years`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PerYear = tuple[Fraction | None, ...]  # None: no limit and no target that year


class Ownership(StrEnum):
    """Who owns a site or project."""

    MUNICIPAL = "municipal"
    NON_PROFIT = "non_profit"
    PRIVATE = "private"
    PUBLIC_PRIVATE = "public_private"


@dataclass(frozen=True)
class CareType:
    """A kind of place. `operating_cost_nok` and `fte_per_place` are per place and year."""

    serves: tuple[str, ...]
    counts_towards_coverage: bool
    operating_cost_nok: float
    fte_per_place: Mapping[str, float]


@dataclass(frozen=True)
class Site:
    """A point on the map; `places` are those that stand there, per care type and year."""

    core: str | None
    places: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Project:
    """What may be opened at a site. Sizes are totals over care types while the project is open.

    `net_investment_per_place_nok` is net of grants. `earliest` and `latest` bound the opening
    year; a temporary project closes `available_years` after it opened. `removes` are existing
    places at the site that are lost from the opening on.
    """

    site: str
    ownership: Ownership
    care_types: tuple[str, ...]
    min_places: int
    max_places: int
    step: int
    investment_nok: float
    net_investment_per_place_nok: float
    lifetime_years: int
    operating_cost_nok: float
    fte: Mapping[str, float]
    earliest: int
    latest: int | None
    available_years: int | None
    removes: Mapping[str, int]
    excludes: tuple[str, ...]
    requires: tuple[str, ...]


@dataclass(frozen=True)
class CoverageTarget:
    """Counted places ÷ population. Both exact, so that a target rounds as on paper."""

    ratio: PerYear
    population: tuple[Fraction, ...]


@dataclass(frozen=True)
class WithinTarget:
    """At least `share` of served places lie within `minutes` of the district."""

    minutes: float
    share: PerYear


@dataclass(frozen=True)
class Targets:
    """What the plan must reach."""

    coverage: CoverageTarget | None
    core_coverage: Mapping[str, CoverageTarget]
    within: WithinTarget | None


@dataclass(frozen=True)
class Limits:
    """What the plan may use: FTE per staff group, and NOK."""

    available_fte: Mapping[str, PerYear]
    investment_nok: PerYear
    investment_total_nok: float | None
    operating_nok: PerYear


@dataclass(frozen=True)
class Unlike:
    """A plan to differ from: at least `least` of the projects it opens are not opened."""

    opened: tuple[str, ...]
    least: int


@dataclass(frozen=True)
class Policies:
    """Political choices that can be switched on and off.

    `unlike` no scenario asks for: an analysis does, in search of plans that differ.
    """

    allowed_ownership: frozenset[Ownership] | None
    max_projects: int | None
    min_cores_with_places: int | None
    required_projects: tuple[str, ...]
    forbidden_projects: tuple[str, ...]
    keep_places: tuple[str, ...]
    unlike: tuple[Unlike, ...] = ()


@dataclass(frozen=True)
class Objective:
    """Prices and weights. `unmet_place_year_nok` None: unmet need is not allowed.

    `inequality_aversion_per_minute` is κ > 0 of Kolm and Pollak; None only where
    `kolm_pollak_weight` is zero.
    """

    discount_rate: float
    unmet_place_year_nok: float | None
    cost_weight: float
    travel_weight: float
    worst_off_weight: float = 0.0
    kolm_pollak_weight: float = 0.0
    inequality_aversion_per_minute: float | None = None

    def felt_minutes(self, minutes: Floats) -> Floats:
        """What journeys count for where long ones weigh more: (exp(κ·m) − 1) ÷ κ; 0 unweighed.

        Of as many journeys, those with the least sum have the least Kolm–Pollak equally-distributed
        equivalent, whose logarithm is monotone: Horton, Logan, Murrell, Skipper and Speakman (2024,
        A Scalable Approach to Equitable Facility Location, arXiv:2401.15452). Less 1 and over κ it
        is minutes: those travelled when κ goes to 0, and more the larger κ is.
        """
        aversion = self.inequality_aversion_per_minute
        if not self.kolm_pollak_weight or aversion is None:
            return np.zeros_like(minutes)
        felt: Floats = np.expm1(aversion * minutes) / aversion
        return felt


@dataclass(frozen=True)
class Travel:
    """Minutes one way, shape (sites, districts), inf where a site cannot be reached.

    `limit_minutes` None: no limit. `nok_per_minute` is what one minute of distance costs per
    place and year: 2 × visits × value of time ÷ 60.
    """

    minutes: Floats
    limit_minutes: float | None
    nok_per_minute: float


@dataclass(frozen=True)
class SitingInstance:
    """Everything the solver and the verifier need; ids are sorted, years ascend.

    `need` has shape (districts, needs, years), in places. `population` is the municipality's
    total per group and year. `district_cores` has the core of each district that belongs to one.
    """

    years: tuple[int, ...]
    care_types: Mapping[str, CareType]
    needs: tuple[str, ...]
    cores: tuple[str, ...]
    districts: tuple[str, ...]
    sites: Mapping[str, Site]
    projects: Mapping[str, Project]
    need: Floats
    travel: Travel
    population: Mapping[str, tuple[Fraction, ...]]
    targets: Targets
    limits: Limits
    policies: Policies
    objective: Objective
    district_cores: Mapping[str, str] = field(default_factory=dict)

    def journey_nok(self, minutes: Floats) -> Floats:
        """Weighted NOK per place and year of journeys of so many minutes, all finite.

        What a pair of site and district costs, whatever the strategy: travel, and where it is
        weighed what Kolm and Pollak add.
        """
        goal, rate = self.objective, self.travel.nok_per_minute
        travelled = goal.travel_weight * (rate * minutes)
        if not goal.kolm_pollak_weight:
            return travelled
        return travelled + goal.kolm_pollak_weight * (rate * goal.felt_minutes(minutes))

    @property
    def weighs_worst_off(self) -> bool:
        """Whether the worst-off district has a price, which ties the districts together."""
        return self.objective.worst_off_weight > 0 and self.travel.nok_per_minute > 0

    @property
    def staff_groups(self) -> tuple[str, ...]:
        """Every staff group that is named anywhere, sorted."""
        named: set[str] = set(self.limits.available_fte)
        for care_type in self.care_types.values():
            named.update(care_type.fte_per_place)
        for project in self.projects.values():
            named.update(project.fte)
        return tuple(sorted(named))


def rounded_places(ratio: Fraction, population: Fraction) -> int:
    """Places at a coverage ratio, rounded half up to a whole place as the municipality does."""
    return floor(ratio * population + Fraction(1, 2))
