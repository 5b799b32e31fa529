"""Coordinate reference systems: what comes in, what lengths and areas are computed in.

Axes are always x, y: lon, lat in degrees, and easting, northing in metres.
"""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer

WGS84 = "EPSG:4326"
PLANAR = "EPSG:25832"

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


def geodesic_km(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shortest distance on the ellipsoid (GRS80) in kilometres.

    `start` and `end` are lon, lat in the last axis, of shapes (…, 2) that broadcast together.
    """
    lons, lats, end_lons, end_lats = np.broadcast_arrays(
        start[..., 0], start[..., 1], end[..., 0], end[..., 1]
    )
    _, _, metres = _ELLIPSOID.inv(lons, lats, end_lons, end_lats)
    return np.asarray(metres, dtype=np.float64) / 1000
