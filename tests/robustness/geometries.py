"""Outlines and positions: (name, GeoJSON, must be refused), and (name, JSON text of a position)."""

import math
import random
from collections.abc import Iterator
from typing import Any

Ring = list[list[Any]]
SQUARE: Ring = [[10.4, 61.0], [10.5, 61.0], [10.5, 61.1], [10.4, 61.1], [10.4, 61.0]]
INNER: Ring = [[10.42, 61.02], [10.42, 61.04], [10.44, 61.04], [10.42, 61.02]]


def _moved(ring: Ring, lon: float, lat: float, size: float = 1) -> Ring:
    return [[lon + size * (x - 10.4), lat + size * (y - 61)] for x, y in ring]


def _circle(vertices: int, radius: float = 0.05) -> Ring:
    angles = [math.tau * n / vertices for n in range(vertices)]
    ring = [[10.45 + radius * math.cos(a), 61.05 + radius * math.sin(a)] for a in angles]
    return [*ring, ring[0]]


def _scattered(vertices: int, seed: int) -> Ring:
    """A ring of points at random: it crosses itself everywhere."""
    draw = random.Random(seed)
    ring = [[10.4 + 0.1 * draw.random(), 61 + 0.1 * draw.random()] for _ in range(vertices)]
    return [*ring, ring[0]]


def _star(spikes: int) -> Ring:
    ring = []
    for n in range(2 * spikes):
        radius, angle = (0.05, 1e-7)[n % 2], math.tau * n / (2 * spikes)
        ring.append([10.45 + radius * math.cos(angle), 61.05 + radius * math.sin(angle)])
    return [*ring, ring[0]]


def _comb(teeth: int) -> Ring:
    ring = [[10.4, 61.0]]
    for n in range(teeth):
        left, right = 10.4 + 0.1 * n / teeth, 10.4 + 0.1 * (n + 0.5) / teeth
        ring += [[left, 61.1], [right, 61.1], [right, 61.001]]
        ring += [[10.4 + 0.1 * (n + 1) / teeth, 61.001]]
    return [*ring, [10.5, 61.0], [10.4, 61.0]]


RINGS: dict[str, Ring | Any] = {
    "empty": [],
    "one point": SQUARE[:1],
    "two points": [SQUARE[0], SQUARE[0]],
    "three points": [*SQUARE[:2], SQUARE[0]],
    "open": SQUARE[:-1],
    "nearly closed": [*SQUARE[:-1], [10.4, 61.0000001]],
    "a single place": 5 * [SQUARE[0]],
    "a line there and back": [SQUARE[0], SQUARE[1], SQUARE[2], SQUARE[1], SQUARE[0]],
    "bow-tie": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]],
    "figure of eight": [
        [10.4, 61],
        [10.5, 61.1],
        [10.6, 61],
        [10.6, 61.1],
        [10.5, 61.1],
        [10.5, 61],
        [10.4, 61.1],
        [10.4, 61],
    ],
    "spike": [*SQUARE[:2], [10.9, 61.0], *SQUARE[1:]],
    "twice round": SQUARE + SQUARE[1:],
    "swapped axes": [[y, x] for x, y in SQUARE],
    "metres": [[579_000 + 1e4 * (x - 10.4), 6_776_000 + 1e4 * (y - 61)] for x, y in SQUARE],
    "web mercator": [[1_157_722.0 + n, 8_591_000.0 + n * n] for n in (0, 1, 2, 0)],
    "null island": _moved(SQUARE, 0, 0),
    "Paris": _moved(SQUARE, 2.35, 48.85),
    "the antimeridian": [[179.9, 61], [-179.9, 61], [-179.9, 61.1], [179.9, 61.1], [179.9, 61]],
    "the north pole": _moved(SQUARE, 10.4, 89.95),
    "beyond the pole": _moved(SQUARE, 10.4, 95),
    "beyond the globe": _moved(SQUARE, 370.4, 61),
    "1e308": [[1e308, 61.0], *SQUARE[1:]],
    "1e-308": [[1e-308, 61.0], *SQUARE[1:]],
    "huge whole number": [[10**15, 61], *SQUARE[1:]],
    "heights": [[*p, 100.0] for p in SQUARE],
    "heights and measures": [[*p, 100.0, 5.0] for p in SQUARE],
    "a hundred ordinates": [p + 98 * [0.0] for p in SQUARE],
    "one ordinate": [[p[0]] for p in SQUARE],
    "no ordinates": [[] for _ in SQUARE],
    "texts": [[str(x), str(y)] for x, y in SQUARE],
    "commas in texts": ["10.4,61.0" for _ in SQUARE],
    "nulls": [[None, None] for _ in SQUARE],
    "booleans": [[True, False] for _ in SQUARE],
    "objects": [{"lon": x, "lat": y} for x, y in SQUARE],
    "a null among them": [SQUARE[0], None, *SQUARE[2:]],
    "flat": [10.4, 61.0, 10.5, 61.0, 10.4, 61.0],
    "nested once more": [SQUARE],
    "a text": "POLYGON((10 61, 11 61, 11 62, 10 61))",
    "a number": 7,
    "an object": {"0": SQUARE},
    "null": None,
    "50 001 points": _circle(50_001),
    "50 at random": _scattered(50, 1),
    "400 at random": _scattered(400, 2),
    "5 000 at random": _scattered(5000, 3),
    "49 000 at random": _scattered(49_000, 4),
    "24 000 spikes": _star(24_000),
}
FINE_RINGS: dict[str, Ring] = {
    "square": SQUARE,
    "clockwise": SQUARE[::-1],
    "doubled vertices": [p for p in SQUARE for _ in range(2)],
    "tiny": _moved(SQUARE, 10.4, 61, 1e-6),
    "4 900 points": _circle(4900),
    "comb of 1 000": _comb(1000),
    "comb of 12 000": _comb(12_000),
    "1 000 spikes": _star(1000),
}
WRONG_TYPES: dict[str, Any] = {
    "nothing": {},
    "no type": {"coordinates": [SQUARE]},
    "no coordinates": {"type": "Polygon"},
    "type null": {"type": None, "coordinates": [SQUARE]},
    "type a list": {"type": ["Polygon"], "coordinates": [SQUARE]},
    "type in capitals": {"type": "POLYGON", "coordinates": [SQUARE]},
    "unknown type": {"type": "CurvePolygon", "coordinates": [SQUARE]},
    "Point": {"type": "Point", "coordinates": [10.4, 61]},
    "MultiPoint": {"type": "MultiPoint", "coordinates": SQUARE},
    "LineString": {"type": "LineString", "coordinates": SQUARE},
    "MultiLineString": {"type": "MultiLineString", "coordinates": [SQUARE]},
    "Feature": {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}},
    "Feature without geometry": {"type": "Feature", "geometry": None, "properties": None},
    "FeatureCollection": {"type": "FeatureCollection", "features": []},
    "GeometryCollection": {"type": "GeometryCollection", "geometries": []},
    "TopoJSON": {"type": "Topology", "arcs": []},
    "an Esri ring": {"rings": [SQUARE], "spatialReference": {"wkid": 25833}},
    "a list": [SQUARE],
    "a text": "POLYGON EMPTY",
    "a number": 1,
    "WKB in hex": {"type": "Polygon", "wkb": "0103000000"},
    "a file": {"type": "Polygon", "coordinates": "/etc/passwd"},
    "an address": {"type": "Polygon", "coordinates": "http://127.0.0.1/x"},
    "VRT": "<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>",
}
CRS: tuple[Any, ...] = (
    {"type": "name", "properties": {"name": "EPSG:25833"}},
    {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}},
    {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    {"type": "link", "properties": {"href": "http://127.0.0.1/crs", "type": "proj4"}},
    {"type": "EPSG", "properties": {"code": 4326}},
    *(None, "EPSG:4326", 4326, [], {}),
)


def _geometries() -> Iterator[tuple[str, Any, bool | None]]:
    for name, geometry in WRONG_TYPES.items():
        yield name, geometry, True
    for name, ring in RINGS.items():
        yield f"Polygon: {name}", _polygon(ring), True
        yield f"Polygon with a hole: {name}", _polygon(SQUARE, ring), True
        yield f"MultiPolygon: {name}", _multi([ring]), True
        yield f"MultiPolygon with another: {name}", _multi([_moved(SQUARE, 12, 62)], [ring]), True
        yield f"holes in a MultiPolygon: {name}", _multi([SQUARE, INNER, ring]), True
    for name, ring in FINE_RINGS.items():
        yield f"fine: {name}", _polygon(ring), False
        yield f"fine, of two: {name}", _multi([_moved(SQUARE, 12, 62)], [ring]), False
        yield f"its own hole: {name}", _polygon(ring, ring), True
        yield f"the same twice: {name}", _multi([ring], [ring]), True
        yield f"a level too few: {name}", {"type": "MultiPolygon", "coordinates": [ring]}, True
        yield f"a level too many: {name}", _polygon([ring]), True
    for number, crs in enumerate(CRS):
        yield f"crs {number}", _polygon(SQUARE) | {"crs": crs}, None if crs is None else True
    yield "hole outside", _polygon(SQUARE, _moved(INNER, 11, 61)), True
    yield "holes that cross", _polygon(SQUARE, INNER, _moved(INNER, 10.405, 61.005)), True
    yield "hole that is larger", _polygon(INNER, SQUARE), True
    yield "neighbours overlap", _multi([SQUARE], [_moved(SQUARE, 10.45, 61)]), True
    yield "1 001 rings", _polygon(*(1001 * [SQUARE])), True
    yield "1 000 polygons of one place", _multi(*(1000 * [[SQUARE]])), True
    yield "holes side by side", _polygon(SQUARE, *_row_of_holes(900)), None
    yield "polygons within each other", _multi(*_nested(400)), None
    for depth in (10, 50, 60):
        nested: Any = SQUARE
        for _ in range(depth):
            nested = [nested]
        yield f"{depth} levels", {"type": "Polygon", "coordinates": nested}, True
    collection: Any = {"type": "Polygon", "coordinates": [SQUARE]}
    for _ in range(25):
        collection = {"type": "GeometryCollection", "geometries": [collection]}
    yield "collections within each other", collection, True


def _polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _multi(*polygons: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def _row_of_holes(count: int) -> Iterator[Ring]:
    """Triangles that touch each other with their corners."""
    width = 0.09 / count
    for n in range(count):
        left = 10.405 + n * width
        yield [[left, 61.05], [left + width / 2, 61.06], [left + width, 61.05], [left, 61.05]]


def _nested(count: int) -> Iterator[list[Ring]]:
    """Frames within frames."""
    for n in range(count):
        yield [_circle(8, 0.04 * (1 - n / count)), _circle(8, 0.04 * (1 - (n + 0.5) / count))]


GEOMETRIES = tuple(_geometries())
LOCATIONS = (
    *(("swapped", "[61.1, 10.4]"), ("null island", "[0, 0]"), ("metres", "[579000, 6776000]")),
    *(("three", "[10.4, 61.1, 5]"), ("one", "[10.4]"), ("none", "[]"), ("a text", '"10.4,61.1"')),
    *(("texts", '["10.4", "61.1"]'), ("an object", '{"lon": 10.4, "lat": 61.1}')),
    *(("NaN", "[NaN, 61.1]"), ("1e400", "[1e400, 61.1]"), ("1e308", "[1e308, 61.1]")),
    *(("booleans", "[true, false]"), ("nested", "[[10.4, 61.1]]"), ("nulls", "[null, null]")),
    *(("the pole", "[10.4, 90]"), ("beyond", "[370, 61]"), ("Sweden's south", "[13, 55.6]")),
    *(
        ("west", "[-10.4, 61.1]"),
        ("south", "[10.4, -61.1]"),
        ("5 000 digits", f"[{5000 * '9'}, 6]"),
    ),
)
