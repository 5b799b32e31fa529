"""The plan: decisions, and the figures that `verify` recomputes from them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The decisions alone. Quantities that are zero are left out.

    `opens` is {project: year}; `places` {(project, care type, year): whole places};
    `allocation` {(district, need, site, care type, year): places}; `unmet` {(district, need,
    year): places}.
    """

    opens: Mapping[str, int]
    places: Mapping[tuple[str, str, int], int]
    allocation: Mapping[tuple[str, str, str, str, int], float]
    unmet: Mapping[tuple[str, str, int], float]


@dataclass(frozen=True)
class WorstOff:
    """The district whose served places travel longest on average, one way."""

    district: str
    mean_minutes: float


@dataclass(frozen=True)
class Equity:
    """How the journeys of one year are spread over served places.

    `share_within_10_minutes_by_core` is by the core of the district; None where nobody of the
    core's districts is served. `gini` is of minutes, 0 where all travel equally far.
    `kolm_pollak_minutes` is the time that would be as bad as theirs if everybody travelled it.
    """

    share_within_10_minutes: float
    share_within_10_minutes_by_core: Mapping[str, float | None]
    worst_off_district: WorstOff
    gini: float
    kolm_pollak_minutes: float


@dataclass(frozen=True)
class YearFigures:
    """Key figures of one year. Money undiscounted, in NOK.

    `mean_minutes` and `max_minutes` are over served places, one way; None, as `equity`, when
    nobody is served. `equity_nok` is what the weights of the worst-off district and of Kolm and
    Pollak add, weighted. `coverage_*` are None without a coverage population or without a target.
    """

    need: Mapping[str, float]
    served: Mapping[str, float]
    unmet: Mapping[str, float]
    places: Mapping[str, int]
    places_counted: int
    population: Mapping[str, float]
    coverage_ratio: float | None
    coverage_target: float | None
    coverage_target_places: int | None
    fte: Mapping[str, float]
    fte_available: Mapping[str, float | None]
    investment_nok: float
    capital_nok: float
    operating_nok: float
    unmet_nok: float
    travel_nok: float
    equity_nok: float
    mean_minutes: float | None
    max_minutes: float | None
    share_within: float | None
    equity: Equity | None


@dataclass(frozen=True)
class PlanFigures:
    """Key figures per year, and discounted totals of the parts of the objective in NOK.

    `equity_nok` is weighted, the others are not.
    """

    years: Mapping[int, YearFigures]
    capital_nok: float
    operating_nok: float
    unmet_nok: float
    travel_nok: float
    equity_nok: float
    objective_nok: float
