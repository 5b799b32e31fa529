"""A road network as arrays: links between nodes, with their lines and their minutes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.crs import geodesic_km, project_coordinates

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Network:
    """Links 0 … m − 1 between nodes 0 … n − 1.

    `start` and `end` are nodes, `lines` LineStrings in EPSG:25832 from start to end, `forward` and
    `backward` minutes from start to end and back; inf is a direction that is not allowed. Every
    link has a direction that is.
    """

    nodes: int
    start: Ints
    end: Ints
    lines: NDArray[np.object_]
    forward: Floats
    backward: Floats


class Vertices(NamedTuple):
    """The vertices of lines one after the other: `line` (v,) ascending, `lonlat` (v, 2).

    Vertices with the same `key` (v,) are the same place; lines are joined where `joint` (v,) is
    set, and at their ends.
    """

    line: Ints
    lonlat: Floats
    key: Ints
    joint: Mask


def make_network(vertices: Vertices, forward_kmh: Floats, backward_kmh: Floats) -> Network:
    """The network of lines with speeds (per line, km/h; 0 is a direction that is not allowed).

    Lines are split where they are joined; lengths are on the ellipsoid. Lines of one vertex, and
    links without length or direction, are left out.
    """
    line = vertices.line
    ends = np.r_[True, line[1:] != line[:-1]] | np.r_[line[1:] != line[:-1], True]
    breaks = np.flatnonzero(ends | vertices.joint)
    same = line[breaks[1:]] == line[breaks[:-1]]
    first, last = breaks[:-1][same], breaks[1:][same]
    minutes = 60 * _kilometres(vertices, first, last)
    with np.errstate(divide="ignore", invalid="ignore"):
        forward, backward = minutes / forward_kmh[line[first]], minutes / backward_kmh[line[first]]
    kept = (minutes > 0) & (np.isfinite(forward) | np.isfinite(backward))
    first, last = first[kept], last[kept]
    nodes, ends_of = np.unique(vertices.key[np.r_[first, last]], return_inverse=True)
    return Network(
        nodes=len(nodes),
        start=ends_of[: len(first)],
        end=ends_of[len(first) :],
        lines=_lines(vertices, first, last),
        forward=forward[kept],
        backward=backward[kept],
    )


def _kilometres(vertices: Vertices, first: Ints, last: Ints) -> Floats:
    steps = geodesic_km(vertices.lonlat[:-1], vertices.lonlat[1:])
    along: Floats = np.concatenate(([0.0], np.cumsum(steps)))
    return np.asarray(along[last] - along[first], dtype=np.float64)


def _lines(vertices: Vertices, first: Ints, last: Ints) -> NDArray[np.object_]:
    lengths = last - first + 1
    link = np.repeat(np.arange(len(first)), lengths)
    begins = np.cumsum(lengths) - lengths
    at = np.arange(len(link)) - begins[link] + first[link]
    if not len(at):
        return np.empty(0, dtype=object)
    return np.asarray(
        shapely.linestrings(project_coordinates(vertices.lonlat)[at], indices=link), dtype=object
    )
