"""What is wrong with a position or an outline. Refused with a reason, never repaired.

Repairing is not only a guess at what was meant: making a random ring of 400 points valid can
take a minute, while seeing that it is invalid takes a millisecond.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

LON_RANGE = (4.0, 32.0)
LAT_RANGE = (57.0, 81.0)
MAX_VERTICES = 50_000
MAX_RINGS = 1_000  # with 10 000 holes that touch, seeing that they are valid takes 100 seconds
# Of edges side by side, which must be compared to see whether they cross: 70 million in a second.
# A ragged coast of 32 000 points has 0.2 million, a star with 50 000 spikes 600 million.
MAX_NEIGHBOURS = 10_000_000
MAX_NEIGHBOURS_IN_ALL = 30_000_000

_LARGEST = 1e9  # beyond this a number is no coordinate in any system used on land
_DEGREES = 1_000.0  # beyond this it is not degrees, however mistyped
_RING_VERTICES = 4  # the smallest ring: a triangle, closed


class Problem(NamedTuple):
    """`code` is stable English; `message` says in Norwegian what is wrong, `mend` what to do."""

    code: str
    message: str
    mend: str


def location_problem(lon: object, lat: object) -> Problem | None:
    """What is wrong with a position in WGS84, or None when it is in Norway (Svalbard included).

    The test is a rough box, made to catch swapped axes, metres and slips of the keyboard; a case
    moved a UTM zone to the east for a test is still let in.
    """
    if not (_is_coordinate(lon) and _is_coordinate(lat)):
        return Problem(
            "not_a_coordinate",
            "Posisjonen er ikke to vanlige tall.",
            "Skriv lengdegrad og breddegrad i WGS84, for eksempel [10.466, 61.115].",
        )
    if _in_norway(lon, lat):
        return None
    if _in_norway(lat, lon):
        return Problem(
            "axes_swapped",
            f"Koordinatene {_pair(lon, lat)} ser ut til å stå i feil rekkefølge.",
            f"Skriv lengdegrad først, så breddegrad: {_pair(lat, lon)}.",
        )
    if max(abs(lon), abs(lat)) > _DEGREES:
        return Problem(
            "coordinates_in_metres",
            f"Koordinatene {_pair(lon, lat)} ser ut til å være i meter, for eksempel i "
            "EPSG:25832 eller EPSG:25833.",
            "Regn dem om til lengdegrad og breddegrad i WGS84 (EPSG:4326).",
        )
    return Problem(
        "outside_norway",
        f"Koordinatene {_pair(lon, lat)} ligger utenfor Norge.",
        "Kontroller at lengdegraden er mellom 4 og 32 og breddegraden mellom 57 og 81.",
    )


class Budget:
    """How much work the outlines of one document may be to check."""

    def __init__(self) -> None:
        self._left = MAX_NEIGHBOURS_IN_ALL

    def covers(self, neighbours: int) -> bool:
        """Spend it on an outline with so many edges side by side; False when it is too much."""
        if neighbours > min(MAX_NEIGHBOURS, self._left):
            return False
        self._left -= neighbours
        return True


def geometry_problem(geometry: Mapping[str, Any], budget: Budget) -> Problem | None:
    """What is wrong with a GeoJSON Polygon or MultiPolygon in WGS84, or None.

    The first problem is returned, in this order: an old `crs` member, type, nesting of the
    coordinates, number of rings and vertices, rings (pairs of numbers, in Norway, closed), more
    work than the budget has, and only then what shapely finds invalid. Either direction of the
    rings is accepted.
    """
    if problem := _kind_problem(geometry):
        return problem
    rings = _rings(geometry)
    if rings is None:
        return Problem(
            "geometry_structure",
            "Koordinatene er ikke ordnet slik geometritypen krever.",
            "Et Polygon er en liste av ringer, et MultiPolygon en liste av polygoner; ingen av "
            "listene kan være tomme.",
        )
    if len(rings) > MAX_RINGS or sum(map(len, rings)) > MAX_VERTICES:
        return Problem(
            "geometry_too_large",
            f"Flaten har mer enn {MAX_VERTICES} punkter eller {MAX_RINGS} ringer.",
            "Forenkle grensen og ta bort små hull og holmer.",
        )
    for number, ring in enumerate(rings, start=1):
        if problem := _ring_problem(ring, number):
            return problem
    if not budget.covers(_neighbours(rings)):
        return Problem(
            "geometry_too_complex",
            "Grensen går så mye fram og tilbake at det tar for lang tid å kontrollere den.",
            "Forenkle grensen i et kartverktøy, for eksempel med «Simplify» i QGIS.",
        )
    return _validity_problem(geometry)


def _is_coordinate(value: object) -> TypeGuard[float]:
    """Also False for NaN, which is neither above nor below anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST < value < _LARGEST


def _in_norway(lon: float, lat: float) -> bool:
    return LON_RANGE[0] <= lon <= LON_RANGE[1] and LAT_RANGE[0] <= lat <= LAT_RANGE[1]


def _pair(x: float, y: float) -> str:
    return f"[{x:.10g}, {y:.10g}]"


def _kind_problem(geometry: Mapping[str, Any]) -> Problem | None:
    if "crs" in geometry:
        return Problem(
            "geometry_crs",
            "Geometrien har et eget «crs»-felt, som GeoJSON ikke lenger har.",
            "Oppgi koordinatene i WGS84 og fjern feltet «crs».",
        )
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        return Problem(
            "geometry_type",
            "Geometrien er verken Polygon eller MultiPolygon.",
            "Oppgi flaten som GeoJSON Polygon eller MultiPolygon, uten Feature rundt.",
        )
    return None


def _rings(geometry: Mapping[str, Any]) -> list[Sequence[Any]] | None:
    """Every ring of every polygon, or None when the nesting is another than the type's."""
    coordinates: Any = geometry.get("coordinates")
    polygons: Any = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not _filled(polygons) or not all(map(_filled, polygons)):
        return None
    rings = [ring for polygon in polygons for ring in polygon]
    return rings if all(map(_filled, rings)) else None


def _filled(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0


def _ring_problem(ring: Sequence[Any], number: int) -> Problem | None:
    for position in ring:
        if not isinstance(position, list | tuple) or len(position) != 2:
            return Problem(
                "geometry_position",
                f"Ring {number} har et punkt som ikke er to tall.",
                "Skriv hvert punkt som [lengdegrad, breddegrad], uten høyde.",
            )
        if problem := location_problem(*position):
            return problem
    if len(ring) < _RING_VERTICES:
        return Problem(
            "geometry_ring_short",
            f"Ring {number} har bare {len(ring)} punkter.",
            "En ring trenger minst fire punkter, der det siste er likt det første.",
        )
    if ring[0] != ring[-1]:
        return Problem(
            "geometry_ring_open",
            f"Ring {number} er ikke lukket.",
            "La siste punkt være likt det første.",
        )
    return None


def _neighbours(rings: Sequence[Sequence[Any]]) -> int:
    """Pairs of edges side by side along the axis where they are fewer."""
    starts = np.concatenate([np.array(ring[:-1], dtype=float) for ring in rings])
    ends = np.concatenate([np.array(ring[1:], dtype=float) for ring in rings])
    return min(map(_overlaps, np.minimum(starts, ends).T, np.maximum(starts, ends).T))


def _overlaps(lows: NDArray[np.float64], highs: NDArray[np.float64]) -> int:
    """Pairs of intervals that meet: all, less those where one ends before the other begins."""
    apart = int(np.searchsorted(np.sort(highs), lows, side="left").sum())
    return len(lows) * (len(lows) - 1) // 2 - apart


def _validity_problem(geometry: Mapping[str, Any]) -> Problem | None:
    outline = shape(dict(geometry))
    if shapely.is_valid(outline):
        return None
    return Problem(
        "geometry_invalid",
        f"Flaten er ikke gyldig: {shapely.is_valid_reason(outline)}.",
        "Rett grensen i kartverktøyet, for eksempel med «Fix geometries» i QGIS.",
    )
