"""What a travel time matrix holds, in figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.crs import geodesic_km
from geodata.travel import travel_minutes
from solver.domain.errors import InputError

Floats = NDArray[np.float64]
_MOST_DIFFERENT = 10


@dataclass(frozen=True)
class SiteFigures:
    """Minutes to a site from the districts that reach it; None where none does."""

    site: str
    reached: int
    least: float | None
    median: float | None
    most: float | None


@dataclass(frozen=True)
class Difference:
    """A pair whose minutes differ from those of a straight line of `kilometres`."""

    district: str
    site: str
    kilometres: float
    straight_minutes: float
    minutes: float


@dataclass(frozen=True)
class MatrixFigures:
    """`cut_off` are districts that reach no site; `assumed_kmh` is the speed of the straight lines
    where the scenario has none: the matrix's own median.
    """

    districts: int
    pairs: int
    unreachable: int
    cut_off: tuple[str, ...]
    sites: tuple[SiteFigures, ...]
    most_different: tuple[Difference, ...]
    assumed_kmh: float | None


def matrix_figures(scenario: Mapping[str, Any]) -> MatrixFigures:
    """Figures of a scenario document's matrix.

    Raises `InputError` `no_matrix` when its times are not from one.
    """
    if scenario["travel"]["basis"] != "matrix":
        raise InputError(
            "no_matrix",
            "Scenariet har reisetid i luftlinje, ikke en matrise. Regn ut en med «flerkjerne "
            "travel SCENARIO --network FIL».",
        )
    sites, districts = sorted(scenario["sites"]), sorted(scenario["districts"])
    minutes = travel_minutes(scenario, sites, districts)
    reached = np.isfinite(minutes)
    different, assumed_kmh = _most_different(scenario)
    return MatrixFigures(
        districts=len(districts),
        pairs=minutes.size,
        unreachable=int((~reached).sum()),
        cut_off=tuple(np.array(districts)[~reached.any(axis=0)].tolist()),
        sites=tuple(
            _site(site, row[np.isfinite(row)]) for site, row in zip(sites, minutes, strict=True)
        ),
        most_different=different,
        assumed_kmh=assumed_kmh,
    )


def _site(site: str, minutes: Floats) -> SiteFigures:
    if not len(minutes):
        return SiteFigures(site, 0, None, None, None)
    least, median, most = (float(each(minutes)) for each in (np.min, np.median, np.max))
    return SiteFigures(site, len(minutes), least, median, most)


def _most_different(scenario: Mapping[str, Any]) -> tuple[tuple[Difference, ...], float | None]:
    """The pairs farthest from the straight line, and the speed that was assumed for it, if any."""
    sites, districts = (_with_location(scenario[name]) for name in ("sites", "districts"))
    minutes = travel_minutes(scenario, sites, districts)
    kilometres = _kilometres(scenario, sites, districts)
    counted = np.isfinite(minutes) & (kilometres > 0)
    if not counted.any():
        return (), None
    travel, assumed_kmh = scenario["travel"], None
    if travel.get("speed_kmh") is None:
        assumed_kmh = float(
            60 * np.median(kilometres[counted] / np.maximum(minutes[counted], 1e-9))
        )
        straight = 60 * kilometres / assumed_kmh
    else:
        along_lines = {**scenario, "travel": {**travel, "basis": "straight_line"}}
        straight = travel_minutes(along_lines, sites, districts)
    apart = np.where(counted, np.abs(minutes - straight), -np.inf)
    order = np.argsort(-apart, axis=None, kind="stable")[: min(_MOST_DIFFERENT, counted.sum())]
    return tuple(
        Difference(
            district=districts[column],
            site=sites[row],
            kilometres=float(kilometres[row, column]),
            straight_minutes=float(straight[row, column]),
            minutes=float(minutes[row, column]),
        )
        for row, column in zip(*np.unravel_index(order, apart.shape), strict=True)
    ), assumed_kmh


def _with_location(places: Mapping[str, Any]) -> list[str]:
    return sorted(name for name, place in places.items() if place.get("location") is not None)


def _kilometres(scenario: Mapping[str, Any], sites: list[str], districts: list[str]) -> Floats:
    start, end = (
        np.array([scenario[name][each]["location"] for each in ids], dtype=np.float64).reshape(
            -1, 2
        )
        for name, ids in (("sites", sites), ("districts", districts))
    )
    return geodesic_km(start[:, None], end[None, :])
