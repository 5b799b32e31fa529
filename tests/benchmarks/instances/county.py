"""A made-up county: every municipality plans its places, staff and money are the county's.

Inhabitants 80+ grow by half over the period. What stands covers 15.5 % of them at the start, and
what may be built is more than the growth needs. Two care types; an institution place serves both
kinds of need.
"""

from dataclasses import dataclass, field
from random import Random

import numpy as np

from tests.benchmarks.instances.building import (
    ROADS,
    UNMET_NOK,
    building,
    conversion,
    growing,
    rented,
)
from tests.benchmarks.instances.land import CORNER_M, lon_lat
from tests.siting import Y1, Document

CARE_TYPES = {
    "hdo": {
        "title": "HDO-plass",
        "serves": ["hdo"],
        "counts_towards_coverage": True,
        "operating_cost_nok": 832_000,
        "fte_per_place": {"nurses": 0.2, "carers": 0.6},
    },
    "institution": {
        "title": "Institusjonsplass",
        "serves": ["institution", "hdo"],
        "counts_towards_coverage": True,
        "operating_cost_nok": 1_040_000,
        "fte_per_place": {"nurses": 0.35, "carers": 0.65},
    },
}
APART_M = 35_000.0  # between the centres of municipalities, on a grid five wide
LARGEST = 4_000  # inhabitants 80+ of the largest municipality; the others follow Zipf's law
SMALLEST = 150
GROWTH = (1.35, 1.65)  # of 80+ over the period
STANDING = 0.155  # places per inhabitant 80+ in the first year
NEEDED = 0.16
TO_BUILD = 1.7  # places that may be built ÷ growth of the need
STAFF_GROWTH = 1.4  # over the period: somewhat less than the need grows
NET_NOK_PER_PLACE = 2_400_000  # about; for the ceiling on yearly investment


@dataclass
class _County:
    """The collections of the document while they fill, and what stands, by care type."""

    cores: Document = field(default_factory=dict)
    districts: Document = field(default_factory=dict)
    sites: Document = field(default_factory=dict)
    projects: Document = field(default_factory=dict)
    persons: int = 0
    standing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CARE_TYPES, 0))


def county(municipalities: int = 20, years: int = 15, seed: int = 1) -> Document:
    """The scenario: a core, 15–30 districts, 3–6 sites and 4–8 projects per municipality."""
    first, last = Y1, Y1 + years - 1
    made = _County()
    for number in range(municipalities):
        _Municipality(made, number, first, last, Random(seed * 1000 + number)).add()
    growth = STANDING * made.persons * (sum(GROWTH) / 2 - 1)
    return {
        "schema_version": 1,
        "title": f"Fylke med {municipalities} kommuner, {first}–{last}",
        "municipality": {},
        "years": {"first": first, "last": last},
        "care_types": CARE_TYPES,
        "cores": made.cores,
        "districts": made.districts,
        "sites": made.sites,
        "projects": made.projects,
        "need": {
            "basis": "coverage",
            "ratio": NEEDED,
            "population": "80+",
            "mix": {"hdo": 0.35, "institution": 0.65},
        },
        "travel": ROADS,
        "targets": {
            "coverage": {
                "ratio": {str(first + 4): 0.14, str(first + 8): 0.142, str(first + 12): 0.143},
                "population": "80+",
            }
        },
        "staffing": {"available_fte": _staff(made, first, last)},
        "budget": {"investment_nok": round(NET_NOK_PER_PLACE * growth / years, -6)},
        "policies": {"min_cores_with_places": municipalities},
        "objective": {"discount_rate": 0.04, "unmet_place_year_nok": UNMET_NOK},
    }


def _staff(made: _County, first: int, last: int) -> Document:
    """FTE per staff group: what stands, and 2 % more, grown over the period."""
    fte: Document = {}
    for group in ("nurses", "carers"):
        now = 1.02 * sum(
            CARE_TYPES[p]["fte_per_place"][group] * places for p, places in made.standing.items()
        )
        fte[group] = growing(first, last, now, STAFF_GROWTH * now)
    return fte


class _Municipality:
    """One municipality on its way into the county; ids begin with its number."""

    def __init__(self, made: _County, number: int, first: int, last: int, rng: Random) -> None:
        self._made, self._rng = made, rng
        self._first, self._last = first, last
        self._id = f"m{number:02}"
        self._persons = max(LARGEST // (number + 1), SMALLEST) + rng.randint(0, 100)
        self._growth = rng.uniform(*GROWTH)
        grid = np.array(divmod(number, 5), float)[::-1]
        self._centre = CORNER_M + APART_M * (grid + [rng.uniform(-0.3, 0.3) for _ in range(2)])

    def add(self) -> None:
        """Add its core, districts, sites and projects."""
        made, rng = self._made, self._rng
        made.persons += self._persons
        made.cores[self._id] = {"location": lon_lat(self._centre[None])[0]}
        self._add_districts(rng.randint(15, 30))
        sites = [f"{self._id}-s{number}" for number in range(rng.randint(3, 6))]
        standing = self._add_sites(sites)
        self._add_projects(sites, standing, rng.randint(4, 8))

    def _scattered(self, count: int, spread_m: float) -> list[list[float]]:
        rng = self._rng
        moved = [[rng.gauss(0, spread_m), rng.gauss(0, spread_m)] for _ in range(count)]
        return lon_lat(self._centre + np.array(moved))

    def _add_districts(self, count: int) -> None:
        """Most people live near the centre, in some of the districts."""
        weights = [self._rng.gammavariate(1.0, 1.0) for _ in range(count)]
        for number, (weight, at) in enumerate(
            zip(weights, self._scattered(count, APART_M / 5), strict=True)
        ):
            persons = self._persons * weight / sum(weights)
            self._made.districts[f"{self._id}-d{number:02}"] = {
                "core": self._id,
                "location": at,
                "population": {
                    "80+": {
                        str(self._first): round(persons, 2),
                        str(self._last): round(self._growth * persons, 2),
                    }
                },
            }

    def _add_sites(self, sites: list[str]) -> dict[str, Document]:
        """What stands is shared out on all sites but the last, which is a plot."""
        rng = self._rng
        shares = [rng.uniform(1, 4) for _ in sites[1:]]
        standing: dict[str, Document] = {j: {} for j in sites}
        for j, share in zip(sites, shares, strict=False):
            places = STANDING * self._persons * share / sum(shares)
            hdo = round(places * rng.choice([0, 0.3, 0.6]))
            standing[j] = {"hdo": hdo, "institution": round(places) - hdo}
        for j, at in zip(sites, self._scattered(len(sites), APART_M / 8), strict=True):
            self._made.sites[j] = {"core": self._id, "location": at, "places": standing[j]}
            for p, places in standing[j].items():
                self._made.standing[p] += places
        return standing

    def _add_projects(self, sites: list[str], standing: dict[str, Document], count: int) -> None:
        """A new building on the plot first; then at any site, of any kind."""
        wanted = TO_BUILD * NEEDED * self._persons * (self._growth - 1) / count
        for number in range(count):
            site = self._rng.choice(sites) if number else sites[-1]
            made = self._project(site, standing[site], max(wanted, 4))
            earliest = self._first if made["kind"] == "temporary" else self._earliest()
            made["opens"] = {"earliest": earliest}
            self._made.projects[f"{self._id}-k{number}"] = made

    def _earliest(self) -> int:
        return min(self._first + self._rng.randint(2, 6), self._last)

    def _project(self, site: str, there: Document, wanted: float) -> Document:
        """About `wanted` places at most, in two to four modules."""
        rng = self._rng
        like = rng.choice(["hdo", "institution"])
        most = rng.randint(2, 4)
        modules = (rng.choice([0, 1, 1]), most, max(round(wanted / most), 2))
        drawn = rng.random()
        if drawn < 0.15:
            return rented(rng, site, like, max(round(wanted / 3), 2), rng.choice([3, 5]))
        if drawn < 0.4 and there.get("institution", 0) > 0:
            lost = min(there["institution"], round(wanted / 4))
            return conversion(rng, site, like, {"institution": lost}, modules)
        return building(rng, site, like, [like], modules)
