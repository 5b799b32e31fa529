"""A made-up road network: a square of streets with bends, one-way streets, and an island."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.crs import PLANAR, WGS84, project_coordinates
from tests.benchmarks.instances.land import CORNER_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BLOCK_M, SHIFT_M = 200.0, 60.0
LIMITS_KMH = (30.0, 40.0, 50.0, 60.0, 80.0)
ONE_WAY = 0.05  # of the streets


@dataclass(frozen=True)
class Streets:
    """`nodes` lon, lat (n, 2); streets from `start` to `end` (m,), their limits and `one_way`."""

    nodes: Floats
    start: Ints
    end: Ints
    kmh: Floats
    one_way: NDArray[np.bool_]


def make_streets(side: int, island: int, seed: int) -> Streets:
    """`side` × `side` crossings; a corner of `island` × `island` hangs together only by itself."""
    rng = np.random.default_rng(seed)
    number = np.arange(side * side).reshape(side, side)
    place = np.indices((side, side)).reshape(2, -1).T
    shift = rng.uniform(-SHIFT_M, SHIFT_M, place.shape)
    nodes = project_coordinates(place * BLOCK_M + shift + CORNER_M, PLANAR, WGS84)
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    on_island = (place < island).all(axis=1)
    kept = on_island[start] == on_island[end]
    start, end = start[kept], end[kept]
    kmh, one_way = rng.choice(LIMITS_KMH, len(start)), rng.random(len(start)) < ONE_WAY
    return Streets(nodes, start, end, kmh, one_way)
