"""GeoJSON objects by RFC 7946: lon, lat in WGS84, right-hand rule, bbox, no `crs`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import shape

Object = dict[str, Any]

_DECIMALS = 6  # of a degree: about 0.1 m


def point(location: Sequence[float] | None) -> Object | None:
    """A Point, or None where there is no location."""
    return None if location is None else {"type": "Point", "coordinates": _position(location)}


def line(start: Sequence[float] | None, end: Sequence[float] | None) -> Object | None:
    """A LineString from one location to another, or None where one of them is missing."""
    if start is None or end is None:
        return None
    return {"type": "LineString", "coordinates": [_position(start), _position(end)]}


def polygon(outline: Mapping[str, Any]) -> Object:
    """A Polygon or MultiPolygon with outer rings anticlockwise and holes clockwise."""
    oriented = shapely.orient_polygons(shape(dict(outline)))
    rounded = shapely.transform(oriented, lambda coordinates: coordinates.round(_DECIMALS))
    written: Object = json.loads(shapely.to_geojson(rounded))
    return written


def feature(key: str, geometry: Object | None, properties: Object) -> Object:
    """A Feature; one with an extent has a bbox of its own."""
    has_extent = geometry is not None and geometry["type"].endswith("Polygon")
    return {
        "type": "Feature",
        "id": key,
        **(_bbox([geometry]) if has_extent else {}),
        "geometry": geometry,
        "properties": properties,
    }


def collection(features: Sequence[Object]) -> Object:
    """A FeatureCollection; its bbox is left out when no feature has a geometry."""
    bbox = _bbox([feature["geometry"] for feature in features])
    return {"type": "FeatureCollection", **bbox, "features": list(features)}


def _position(location: Sequence[float]) -> list[float]:
    return [round(float(degrees), _DECIMALS) for degrees in location]


def _bbox(geometries: Sequence[Object | None]) -> Object:
    located = [shape(geometry) for geometry in geometries if geometry is not None]
    return {"bbox": shapely.total_bounds(located).tolist()} if located else {}
