"""A made-up municipality: square districts in a row around a point, each of 2 by 2 km."""

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyogrio import raw
from shapely.geometry.base import BaseGeometry

from geodata.crs import WGS84, project, project_coordinates

SIDE_M = 2_000.0


def squares(lon: float, lat: float, count: int, crs: str) -> list[BaseGeometry]:
    """Squares side by side from a point in WGS84 towards the east of `crs`."""
    ((x, y),) = project_coordinates(np.array([[lon, lat]]), WGS84, crs)
    return [shapely.box(x + i * SIDE_M, y, x + (i + 1) * SIDE_M, y + SIDE_M) for i in range(count)]


def write_geopackage(
    path: Path, fields: dict[str, list[Any]], outlines: list[BaseGeometry], crs: str
) -> Path:
    raw.write(
        str(path),
        shapely.to_wkb(np.array(outlines, dtype=object)),
        [np.array(values) for values in fields.values()],
        np.array(list(fields), dtype=object),
        layer="grunnkretser",
        driver="GPKG",
        geometry_type="Polygon",
        crs=crs,
    )
    return path


def features(
    fields: dict[str, list[Any]], outlines: list[BaseGeometry], crs: str
) -> dict[str, Any]:
    """The same as GeoJSON in WGS84."""
    moved = project(np.array(outlines, dtype=object), crs, WGS84)
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(outline)}
            for row, outline in zip(rows, moved, strict=True)
        ],
    }
