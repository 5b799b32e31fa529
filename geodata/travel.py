"""Travel times from districts to sites: along straight lines, or from a matrix."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.crs import geodesic_km, project, project_coordinates
from solver.domain.errors import GeodataError

Floats = NDArray[np.float64]


def travel_minutes(
    scenario: Mapping[str, Any], sites: Sequence[str], districts: Sequence[str]
) -> Floats:
    """Minutes one way, shape (sites, districts), inf where a site cannot be reached.

    Basis `matrix`: the given minutes; a pair that is left out cannot be reached.

    Basis `straight_line`: access + 60 × detour × geodesic km ÷ speed, on the GRS80 ellipsoid;
    detour none is 1 and access none is 0. For each barrier (Mjøsa, Lågen, …) whose line the
    straight segment between district and site crosses, its `penalty_minutes` are added once. A
    segment that crosses a bend twice ends on the side where it began, as the road does, and gets
    none. Crossings are counted in EPSG:25832, where both are straight; there a segment of 30 km
    strays a few metres from the geodesic.

    Raises `GeodataError` `location_missing` when a straight line has no end to go to.
    """
    if scenario["travel"]["basis"] == "matrix":
        return _matrix(scenario["travel"]["minutes"], sites, districts)
    return _straight_line(
        scenario["travel"],
        _locations(scenario["sites"], sites, "Lokasjonen"),
        _locations(scenario["districts"], districts, "Kretsen"),
    )


def _matrix(
    minutes: Mapping[str, Mapping[str, float]], sites: Sequence[str], districts: Sequence[str]
) -> Floats:
    rows = [minutes.get(site, {}) for site in sites]
    given = [[row.get(district, np.inf) for district in districts] for row in rows]
    return np.array(given, dtype=np.float64).reshape(len(sites), len(districts))


def _locations(places: Mapping[str, Any], ids: Sequence[str], what: str) -> Floats:
    """Lon and lat of each id, shape (n, 2)."""
    for name in ids:
        if places[name].get("location") is None:
            raise GeodataError("location_missing", f"{what} «{name}» mangler posisjon.")
    return np.array([places[name]["location"] for name in ids], float).reshape(-1, 2)


def _straight_line(travel: Mapping[str, Any], sites: Floats, districts: Floats) -> Floats:
    detour = travel.get("detour") or 1.0
    access = travel.get("access_minutes") or 0.0
    minutes = np.empty((len(sites), len(districts)))
    for row, site in enumerate(sites):  # one at a time: all pairs at once would take eightfold room
        kilometres = geodesic_km(site, districts)
        minutes[row] = access + 60 * detour * kilometres / travel["speed_kmh"]
    for _, barrier in sorted((travel.get("barriers") or {}).items()):
        minutes += barrier["penalty_minutes"] * _crosses(barrier["line"], sites, districts)
    return minutes


def _crosses(
    line: Sequence[Sequence[float]], sites: Floats, districts: Floats
) -> NDArray[np.bool_]:
    """Whether the segment from each site to each district crosses `line` (lon, lat) to the
    other side: an odd number of times.
    """
    barrier = project(np.array([shapely.LineString(line)], object))[0]
    shapely.prepare(barrier)
    ends = project_coordinates(districts)
    crosses = np.zeros((len(sites), len(districts)), dtype=bool)
    for row, start in zip(crosses, project_coordinates(sites), strict=True):
        near = np.flatnonzero(_boxes_overlap(barrier.bounds, start, ends))
        pairs = np.stack([np.broadcast_to(start, ends[near].shape), ends[near]], axis=1)
        segments = np.asarray(shapely.linestrings(pairs), dtype=object)
        met = shapely.intersects(barrier, segments)
        times = shapely.get_num_geometries(shapely.intersection(barrier, segments[met]))
        row[near[met]] = times % 2 == 1
    return crosses


def _boxes_overlap(
    bounds: tuple[float, float, float, float], start: Floats, ends: Floats
) -> NDArray[np.bool_]:
    """Which segments can meet something within `bounds`: a cheap test before the exact one."""
    overlap = (np.maximum(start, ends) >= bounds[:2]) & (np.minimum(start, ends) <= bounds[2:])
    return np.logical_and(overlap[:, 0], overlap[:, 1])
