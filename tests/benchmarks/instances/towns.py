"""p-median with many districts: towns of very different size and sparsely settled land.

`towns` gives the document, for as many pairs as a document may have; `towns_instance` the same
question as an instance, for any size: only its minutes differ, along straight lines in EPSG:25832
instead of geodesics.
"""

from math import isqrt

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from solver.domain.instance import (
    CareType,
    Limits,
    Objective,
    Ownership,
    Policies,
    Project,
    Site,
    SitingInstance,
    Targets,
    Travel,
)
from tests.benchmarks.instances.land import Floats, Land, lon_lat, make_land
from tests.benchmarks.instances.national import ROADS
from tests.siting import Y1, Document, district, project, scenario

SPEED_KMH, DETOUR = ROADS["speed_kmh"], ROADS["detour"]
KM2_PER_DISTRICT = 20.0
MOST_IN_TOWN, MOST_OUTSIDE = 20, 5  # places needed in a district, at least 1


def towns(districts: int, sites: int, p: int, seed: int) -> Document:
    """The scenario: sites at some of the districts, each a project that could serve everybody."""
    land, at, need = _draw(districts, sites, seed)
    homes, ids, chosen = lon_lat(land.points), _ids("d", districts), _ids("s", sites)
    size = int(need.sum())
    return scenario(
        districts={
            i: district(places, location=home)
            for i, places, home in zip(ids, need.tolist(), homes, strict=True)
        },
        sites={j: {"location": homes[place]} for j, place in zip(chosen, at, strict=True)},
        projects={f"k-{j}": project(j, size) for j in chosen},
        travel=ROADS,
        policies={"max_projects": p},
    )


def towns_instance(districts: int, sites: int, p: int, seed: int) -> SitingInstance:
    """The instance of `towns`, without a document: a few seconds for 100 000 × 1 000."""
    land, at, need = _draw(districts, sites, seed)
    minutes = cdist(land.points[at], land.points)
    minutes *= 60 * DETOUR / (1000 * SPEED_KMH)
    chosen = _ids("s", sites)
    return SitingInstance(
        years=(Y1,),
        care_types={"p": CareType(("n",), True, 0.0, {})},
        needs=("n",),
        cores=(),
        districts=tuple(_ids("d", districts)),
        sites={j: Site(None, {}) for j in chosen},
        projects={f"k-{j}": _project(j, int(need.sum())) for j in chosen},
        need=need.astype(float).reshape(-1, 1, 1),
        travel=Travel(minutes, limit_minutes=None, nok_per_minute=1.0),
        population={},
        targets=Targets(None, {}, None),
        limits=Limits({}, (None,), None, (None,)),
        policies=Policies(None, p, None, (), (), ()),
        objective=Objective(0.0, None, cost_weight=1.0, travel_weight=1.0),
    )


def _draw(districts: int, sites: int, seed: int) -> tuple[Land, NDArray[np.int64], Floats]:
    """The land, the districts where a site is, and the places needed in each district."""
    rng = np.random.default_rng(seed)
    side_km = (districts * KM2_PER_DISTRICT) ** 0.5
    land = make_land(rng, districts, towns=max(isqrt(districts), 2), side_km=min(side_km, 500))
    at = np.sort(rng.choice(districts, sites, replace=False))
    most = np.where(land.town >= 0, MOST_IN_TOWN, MOST_OUTSIDE)
    return land, at, rng.integers(1, most, endpoint=True)


def _ids(letter: str, count: int) -> list[str]:
    """Ids whose order is that of their numbers."""
    return [f"{letter}{number:06}" for number in range(count)]


def _project(site: str, size: int) -> Project:
    return Project(
        site=site,
        ownership=Ownership.MUNICIPAL,
        care_types=("p",),
        min_places=0,
        max_places=size,
        step=1,
        investment_nok=0.0,
        net_investment_per_place_nok=0.0,
        lifetime_years=1,
        operating_cost_nok=0.0,
        fte={},
        earliest=Y1,
        latest=None,
        available_years=None,
        removes={},
        excludes=(),
        requires=(),
    )
