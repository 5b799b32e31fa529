"""Made-up land: towns of very different size, and sparsely settled land between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.crs import PLANAR, WGS84, project_coordinates

Floats = NDArray[np.float64]
CORNER_M = (350_000.0, 6_600_000.0)  # of the land, in EPSG:25832: southern Norway
IN_TOWNS = 0.7  # of the districts
METRES_PER_DISTRICT = 200.0  # a town's radius grows with the square root of its districts …
LEAST_RADIUS_M = 400.0  # … from that of a village


@dataclass(frozen=True)
class Land:
    """Districts' points in EPSG:25832 [m], shape (n, 2), and the town each is in, −1 for none."""

    points: Floats
    town: NDArray[np.int64]


def make_land(rng: np.random.Generator, districts: int, towns: int, side_km: float) -> Land:
    """`districts` points on a square of `side_km`, most in towns whose sizes follow Zipf's law."""
    centres = rng.uniform(0, 1000 * side_km, (towns, 2))
    share = 1 / np.arange(1, towns + 1)
    inside = round(IN_TOWNS * districts)
    town = np.full(districts, -1)
    town[:inside] = np.sort(rng.choice(towns, inside, p=share / share.sum()))
    size = np.bincount(town[:inside], minlength=towns)
    radius = LEAST_RADIUS_M + METRES_PER_DISTRICT * np.sqrt(size)
    points = rng.uniform(0, 1000 * side_km, (districts, 2))
    points[:inside] = (
        centres[town[:inside]] + rng.normal(0, 1, (inside, 2)) * (radius[town[:inside], None])
    )
    return Land(points + CORNER_M, town)


def lon_lat(points: Floats) -> list[list[float]]:
    """Points in EPSG:25832 [m] as lon, lat in WGS84, to about a metre."""
    located: list[list[float]] = project_coordinates(points, PLANAR, WGS84).round(5).tolist()
    return located
