"""Coordinate reference systems: what comes in, what lengths and areas are computed in.

Axes are always x, y: lon, lat in degrees, and easting, northing in metres.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer

WGS84 = "EPSG:4326"
PLANAR = "EPSG:25832"


@dataclass(frozen=True)
class Crs:
    """A system that map programs may ask for, by its OGC address and its own order of axes."""

    uri: str
    code: str
    title: str
    decimals: int
    """Of a coordinate, about a centimetre."""
    north_first: bool = False
    degrees: bool = False


_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", WGS84, "WGS 84", 7, degrees=True)
CRSS = (
    CRS84,
    Crs(f"{_EPSG}4326", WGS84, "WGS 84, bredde først", 7, north_first=True, degrees=True),
    Crs(f"{_EPSG}25832", PLANAR, "EUREF89 / UTM 32", 2),
    Crs(f"{_EPSG}25833", "EPSG:25833", "EUREF89 / UTM 33", 2),
    Crs(f"{_EPSG}3857", "EPSG:3857", "Web Mercator", 2),
)
"""Systems that layers are served in."""

_ELLIPSOID = Geod(ellps="GRS80")


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def project_coordinates(
    coordinates: NDArray[np.float64], source: str = WGS84, target: str = PLANAR
) -> NDArray[np.float64]:
    """Coordinates of shape (n, 2) from one system to another.

    Raises `pyproj.exceptions.ProjError` for a coordinate that has no place in `target`.
    """
    x, y = _transformer(source, target).transform(
        coordinates[:, 0], coordinates[:, 1], errcheck=True
    )
    return np.column_stack((x, y))


def project(
    geometries: NDArray[np.object_], source: str = WGS84, target: str = PLANAR
) -> NDArray[np.object_]:
    """Geometries of shape (n,) from one system to another; a missing one (None) stays missing."""
    projected: NDArray[np.object_] = shapely.transform(
        geometries, lambda coordinates: project_coordinates(coordinates, source, target)
    )
    return projected


def coordinates_in(geometries: NDArray[np.object_], crs: Crs) -> NDArray[np.object_]:
    """Geometries of shape (n,) from WGS84 to a system, rounded, by its own order of axes.

    A missing one (None) stays missing. Raises as `project_coordinates` does.
    """

    def moved(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        placed = project_coordinates(coordinates, WGS84, crs.code).round(crs.decimals)
        return placed[:, ::-1] if crs.north_first else placed

    placed: NDArray[np.object_] = shapely.transform(geometries, moved)
    return placed


def geodesic_km(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shortest distance on the ellipsoid (GRS80) in kilometres.

    `start` and `end` are lon, lat in the last axis, of shapes (…, 2) that broadcast together.
    """
    lons, lats, end_lons, end_lats = np.broadcast_arrays(
        start[..., 0], start[..., 1], end[..., 0], end[..., 1]
    )
    _, _, metres = _ELLIPSOID.inv(lons, lats, end_lons, end_lats)
    return np.asarray(metres, dtype=np.float64) / 1000
