"""Road networks for the tests, of lengths and times that can be checked in the head.

    e ──1── d        x ──1── y    (an island)
    │       ↑
    1       1
    │       │
    a ──1── b ──2── c             minutes; b → d is a one-way street, b ── c goes at half the speed

Every link is 1 km on the ellipsoid but e ── d, which closes the square.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyogrio
import shapely
from osmium.osm.mutable import Node, Way
from pyproj import Geod

from geodata.network.graph import Network, Vertices, make_network

NORTH, EAST = 0.0, 90.0
Position = tuple[float, float]
_ELLIPSOID = Geod(ellps="GRS80")


def walk(start: Position, azimuth: float, metres: float) -> Position:
    """Lon, lat so many metres away."""
    lon, lat, _ = _ELLIPSOID.fwd(*start, azimuth, metres)
    return lon, lat


A: Position = (10.4, 61.1)
B = walk(A, EAST, 1000)
C = walk(B, EAST, 1000)
D = walk(B, NORTH, 1000)
E = walk(A, NORTH, 1000)
X = walk(A, NORTH, 40_000)
Y = walk(X, EAST, 1000)
_ED_KMH = 60 * _ELLIPSOID.inv(*E, *D)[2] / 1000

# From, to, km/h that way and back.
ROADS = [
    (A, B, 60, 60),
    (B, C, 30, 30),
    (B, D, 60, 0),
    (A, E, 60, 60),
    (E, D, _ED_KMH, _ED_KMH),
    (X, Y, 60, 60),
]


def network(roads: Sequence[tuple[Position, Position, float, float]] = ROADS) -> Network:
    """A network of straight roads that meet where they end at the same position."""
    ends = np.array([[start, end] for start, end, _, _ in roads]).reshape(-1, 2)
    _, key = np.unique(ends, axis=0, return_inverse=True)
    line = np.repeat(np.arange(len(roads)), 2)
    speeds = np.array([[ahead, back] for *_, ahead, back in roads], dtype=float)
    vertices = Vertices(line, ends, key.ravel(), np.ones(len(line), dtype=bool))
    return make_network(vertices, speeds[:, 0], speeds[:, 1])


def write_pbf(
    path: Path,
    nodes: dict[int, Position],
    ways: Sequence[tuple[Sequence[int], dict[str, str]]],
    stamp: str | None = None,
) -> Path:
    """An OSM file of nodes and ways (their nodes and tags)."""
    header = osmium.io.Header()
    if stamp is not None:
        header.set("osmosis_replication_timestamp", stamp)
    writer = osmium.SimpleWriter(str(path), header=header)
    for number, position in nodes.items():
        writer.add_node(Node(id=number, location=position))
    for number, (members, tags) in enumerate(ways, start=1):
        writer.add_way(Way(id=number, nodes=list(members), tags=tags))
    writer.close()
    return path


def write_layer(
    path: Path,
    lines: Sequence[Any],
    crs: str | None = "EPSG:4326",
    layer: str = "veg",
    geometry_type: str = "LineString",
    **columns: Sequence[Any],
) -> Path:
    """A layer of a GeoPackage, added to the file where there is one."""
    pyogrio.raw.write(
        str(path),
        shapely.to_wkb(np.array(lines, dtype=object)),
        [np.array(values) for values in columns.values()],
        list(columns),
        layer=layer,
        driver="GPKG",
        geometry_type=geometry_type,
        crs=crs,
        append=path.exists(),
    )
    return path
