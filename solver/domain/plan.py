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
class YearFigures:
    """Key figures of one year. Money undiscounted, in NOK.

    `mean_minutes` and `max_minutes` are over served places, one way; None when nobody is
    served. `coverage_*` are None without a coverage population or without a target.
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
    mean_minutes: float | None
    max_minutes: float | None
    share_within: float | None


@dataclass(frozen=True)
class PlanFigures:
    """Key figures per year, and discounted totals of the four parts of the objective in NOK."""

    years: Mapping[int, YearFigures]
    capital_nok: float
    operating_nok: float
    unmet_nok: float
    travel_nok: float
    objective_nok: float
