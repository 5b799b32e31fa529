"""A made-up region that builds in modules: at two sites of three a project in steps of 4–12 places.

Three care types, each for a need of its own, two staff groups, a ceiling on each year's investment
and a coverage target.
"""

from random import Random

import numpy as np

from tests.benchmarks.instances.building import (
    ROADS,
    UNMET_NOK,
    building,
    growing,
)
from tests.benchmarks.instances.land import lon_lat, make_land
from tests.siting import Y1, Document

KINDS = {  # like which care type in cost and grant; operating cost; nurses and carers per place
    "hdo": ("hdo", 832_000, 0.2, 0.6),
    "institution": ("institution", 1_040_000, 0.35, 0.65),
    "dementia": ("institution", 1_150_000, 0.3, 0.9),
    "short_term": ("institution", 1_200_000, 0.5, 0.7),
}
SIDE_KM = 90.0
PERSONS = 30  # inhabitants 80+ in a district in the first year, on average
GROWTH = 1.3  # of the need over the period
NEEDED, STANDING = 0.16, 0.15  # places per inhabitant 80+
STAFF_GROWTH = 1.27
TO_BUILD = 2.0  # places that may be built ÷ growth of the need
NET_NOK_PER_PLACE = 2_500_000  # about; for the ceiling on yearly investment


def modules(
    districts: int = 500, sites: int = 150, years: int = 10, care_types: int = 3, seed: int = 1
) -> Document:
    """The scenario, of up to four care types."""
    rng = Random(seed)
    first, last = Y1, Y1 + years - 1
    kinds = list(KINDS)[:care_types]
    land = make_land(np.random.default_rng(seed), districts, towns=8, side_km=SIDE_KM)
    homes = lon_lat(land.points)
    persons = [rng.gammavariate(2.0, PERSONS / 2) for _ in range(districts)]
    standing = _standing(rng, kinds, sites, STANDING * sum(persons))
    places = sum(sum(there.values()) for there in standing)
    to_build = TO_BUILD * (NEEDED * GROWTH * sum(persons) - places)
    at = [homes[i] for i in sorted(rng.sample(range(districts), sites))]
    return {
        "schema_version": 1,
        "title": f"Region med {districts} kretser og {sites} lokasjoner, {first}–{last}",
        "municipality": {},
        "years": {"first": first, "last": last},
        "care_types": {p: _care_type(p) for p in kinds},
        "districts": {
            f"d{number:04}": {"location": home, "population": _growing(each, first, last)}
            for number, (home, each) in enumerate(zip(homes, persons, strict=True))
        },
        "sites": {
            f"s{number:03}": {"location": place, "places": there}
            for number, (place, there) in enumerate(zip(at, standing, strict=True))
        },
        "projects": _projects(rng, kinds, sites, to_build, range(first, last + 1)),
        "need": {
            "basis": "coverage",
            "ratio": NEEDED,
            "population": "80+",
            "mix": {p: round(1 / care_types, 3) for p in kinds},
        },
        "travel": ROADS,
        "targets": {
            "coverage": {
                "ratio": {str(first + years // 3): 0.14, str(first + 2 * years // 3): 0.145},
                "population": "80+",
            }
        },
        "staffing": {"available_fte": _staff(kinds, standing, first, last)},
        "budget": {
            "investment_nok": round(NET_NOK_PER_PLACE * to_build / TO_BUILD / years, -6),
        },
        "objective": {"discount_rate": 0.04, "unmet_place_year_nok": UNMET_NOK},
    }


def _care_type(name: str) -> Document:
    _, operating_cost_nok, nurses, carers = KINDS[name]
    return {
        "title": name,
        "serves": [name],
        "counts_towards_coverage": True,
        "operating_cost_nok": operating_cost_nok,
        "fte_per_place": {"nurses": nurses, "carers": carers},
    }


def _growing(persons: float, first: int, last: int) -> Document:
    return {"80+": {str(first): round(persons, 2), str(last): round(GROWTH * persons, 2)}}


def _standing(rng: Random, kinds: list[str], sites: int, wanted: float) -> list[dict[str, int]]:
    """About `wanted` places, as many of each care type, at half of the sites."""
    weights: list[dict[str, float]] = [
        {
            p: rng.gammavariate(2.0, 1.0)
            for p in rng.sample(kinds, rng.randint(1, min(2, len(kinds))))
        }
        if rng.random() < 0.5
        else {}
        for _ in range(sites)
    ]
    total = {p: sum(there.get(p, 0.0) for there in weights) for p in kinds}
    return [
        {p: round(wanted / len(kinds) * weight / total[p]) for p, weight in there.items()}
        for there in weights
    ]


def _staff(kinds: list[str], standing: list[dict[str, int]], first: int, last: int) -> Document:
    """FTE per staff group: what stands, and 3 % more, grown over the period."""
    fte: Document = {}
    for index, group in enumerate(["nurses", "carers"], start=2):
        now = 1.03 * sum(KINDS[p][index] * sum(s.get(p, 0) for s in standing) for p in kinds)
        fte[group] = growing(first, last, now, STAFF_GROWTH * now)
    return fte


def _projects(rng: Random, kinds: list[str], sites: int, to_build: float, years: range) -> Document:
    """A project of one or two care types at two sites of three, `to_build` places in all."""
    chosen = sorted(rng.sample(range(sites), round(sites * 2 / 3)))
    projects: Document = {}
    for number in chosen:
        care_types = sorted(rng.sample(kinds, rng.randint(1, min(2, len(kinds)))))
        step = rng.randint(4, 12)
        most = max(round(to_build / len(chosen) / step * rng.uniform(0.5, 1.5)), 1)
        site = f"s{number:03}"
        made = building(rng, site, KINDS[care_types[0]][0], care_types, (1, most, step))
        made["opens"] = {"earliest": min(years[0] + rng.randint(0, 4), years[-1])}
        projects[f"k-{site}"] = made
    return projects
