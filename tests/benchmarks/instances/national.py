"""Every Norwegian municipality as a district and as a possible site: the classics at real scale.

Inhabitants 80+ on 1 January 2026 from Statistics Norway (NLOD), points from Kartverket
(CC BY 4.0), read from the folder of data beside the checkout.
"""

import csv
from math import ceil
from pathlib import Path

from tests.siting import Document, district, project, scenario

DATA = Path(__file__).parents[4] / "shared" / "data" / "norge_kommuner_pop80_2026.csv"
NEED_PER_PERSON = 0.16  # places per inhabitant 80+, the target of design.md
ROADS = {"basis": "straight_line", "minutes": None, "speed_kmh": 60, "detour": 1.3}


def national_median(p: int) -> Document:
    """p-median: `p` sites of any size, least minutes in all; a minute costs 1 NOK per place."""
    return _national(policies={"max_projects": p})


def national_covering(minutes: float, p: int) -> Document:
    """Maximal covering: most places needed within `minutes` of one of `p` sites."""
    within = {"limit_minutes": minutes, "visits_per_place_year": 0}
    return _national(travel=within, unmet_nok=1, policies={"max_projects": p})


def national_set_covering(minutes: float) -> Document:
    """Set covering: fewest sites, each at 1 NOK, with everybody within `minutes` of one."""
    within = {"limit_minutes": minutes, "visits_per_place_year": 0}
    return _national(travel=within, investment_nok=1)


def _national(
    investment_nok: float = 0, travel: Document | None = None, **more: object
) -> Document:
    rows = {row["kommunenummer"]: row for row in _municipalities()}
    need = {i: round(NEED_PER_PERSON * int(row["p80plus"]), 2) for i, row in rows.items()}
    at = {i: [float(row["point_lon"]), float(row["point_lat"])] for i, row in rows.items()}
    size = ceil(sum(need.values()))
    return scenario(
        districts={i: district(need[i], location=at[i]) for i in rows},
        sites={i: {"location": at[i]} for i in rows},
        projects={f"k-{i}": project(i, size, investment_nok=investment_nok) for i in rows},
        travel={**ROADS, **(travel or {})},
        **more,
    )


def _municipalities() -> list[dict[str, str]]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
