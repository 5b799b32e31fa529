"""What made-up projects, staff and travel cost: the figures of the bundled Lillehammer, varied.

Costs and grants per place are Husbanken's largest approved ones, as in
`geodata/lillehammer/projects.json`; the rest are assumptions, good enough for measuring speed.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.siting import Document

COST_NOK = {"hdo": 3_977_000, "institution": 4_233_000}
GRANT_NOK = {"hdo": 1_790_000, "institution": 2_187_000}
CONVERTED = 0.6  # of cost and grant, where a building stands
CHEAPEST, DEAREST = 0.85, 1.2  # of the ordinary cost
UNMET_NOK = 2_096_925  # a year: the fee for a patient who cannot be discharged
ROADS = {
    "basis": "straight_line",
    "speed_kmh": 60,
    "detour": 1.3,
    "access_minutes": 2,
    "visits_per_place_year": 200,
    "value_of_time_nok_per_hour": 150,
}


def building(
    rng: Random, site: str, like: str, care_types: Sequence[str], modules: tuple[int, int, int]
) -> Document:
    """A new building or extension of `modules` (least, most, places in each), for 40 years.

    `like` is the care type that its cost and grant are those of.
    """
    least, most, step = modules
    return {
        "title": f"Nybygg {site}",
        "site": site,
        "kind": "new",
        "care_types": list(care_types),
        "places": {"min": least * step, "max": most * step, "step": step},
        "investment_nok": rng.randint(3, 20) * 1_000_000,
        "investment_per_place_nok": _varied(rng, COST_NOK[like]),
        "grant_per_place_nok": GRANT_NOK[like],
        "lifetime_years": 40,
        "operating_cost_nok": rng.choice([0, 250_000, 500_000]),
        "fte": {"nurses": rng.choice([0, 0.5, 1]), "carers": rng.choice([0, 1, 1.5])},
    }


def conversion(
    rng: Random, site: str, like: str, removes: Mapping[str, int], modules: tuple[int, int, int]
) -> Document:
    """Existing places (`removes`) make room for others, cheaper than building, for 30 years."""
    return {
        **building(rng, site, like, [like], modules),
        "title": f"Ombygging {site}",
        "kind": "conversion",
        "investment_nok": rng.randint(1, 10) * 1_000_000,
        "investment_per_place_nok": _varied(rng, CONVERTED * COST_NOK[like]),
        "grant_per_place_nok": round(CONVERTED * GRANT_NOK[like]),
        "lifetime_years": 30,
        "removes": dict(removes),
    }


def rented(rng: Random, site: str, care_type: str, places: int, years: int) -> Document:
    """Places in rented rooms that close again after some years."""
    return {
        "title": f"Midlertidige plasser {site}",
        "site": site,
        "kind": "temporary",
        "care_types": [care_type],
        "places": {"min": places, "max": places, "step": places},
        "investment_nok": rng.randint(2, 8) * 200_000,
        "investment_per_place_nok": 0,
        "lifetime_years": years,
        "available_years": years,
        "operating_cost_nok": rng.choice([250_000, 500_000]),
    }


def growing(first: int, last: int, start: float, end: float) -> dict[str, Any]:
    """A step series with a value for every year, from `start` evenly to `end`."""
    slope = (end - start) / max(last - first, 1)
    return {str(year): round(start + slope * (year - first)) for year in range(first, last + 1)}


def _varied(rng: Random, cost_nok: float) -> int:
    return round(cost_nok * rng.uniform(CHEAPEST, DEAREST), -3)
