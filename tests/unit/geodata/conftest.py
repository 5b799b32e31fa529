"""A toy: two districts, two sites, one project, three years, and a plan that opens it in 2027."""

from typing import Any

import pytest


@pytest.fixture
def scenario() -> dict[str, Any]:
    care_type = {"counts_towards_coverage": True, "operating_cost_nok": 1, "fte_per_place": {}}
    return {
        "schema_version": 1,
        "title": "Leketøy",
        "municipality": {"code": "3405"},
        "years": {"first": 2026, "last": 2028},
        "care_types": {
            "institution": {"title": "Sykehjemsplass", "serves": ["institution"], **care_type},
            "hdo": {"title": "HDO-plass", "serves": ["hdo"], **care_type},
        },
        "cores": {
            "sentrum": {"title": "Sentrum", "location": [10.466281234, 61.11514], "main": True},
            "vest": {"location": None, "location_quality": "missing"},
        },
        "districts": {
            "by": {
                "title": "Byen",
                "core": "sentrum",
                "location": [10.47, 61.12],
                "geometry": {  # outer ring clockwise, hole anticlockwise: against RFC 7946
                    "type": "Polygon",
                    "coordinates": [
                        [[10.4, 61.1], [10.4, 61.2], [10.6, 61.2], [10.6, 61.1], [10.4, 61.1]],
                        [[10.5, 61.14], [10.52, 61.14], [10.52, 61.16], [10.5, 61.14]],
                    ],
                },
                "population": {"80+": {"2026": 100, "2028": 200}},
            },
            "land": {
                "core": "vest",
                "location": [10.3, 61.1],
                "population": {"80+": 50},
            },
        },
        "sites": {
            "helsehus": {
                "title": "Lillehammer helsehus",
                "core": "sentrum",
                "location": [10.47, 61.115],
                "location_quality": "documented",
                "places": {"institution": {"2026": 10, "2028": 8}},
            },
            "vestheim": {"core": "vest", "location": [10.38, 61.14], "ownership": "non_profit"},
        },
        "projects": {
            "nybygg": {
                "title": "Nybygg på Vestheim",
                "site": "vestheim",
                "kind": "new",
                "care_types": ["hdo", "institution"],
                "places": {"min": 0, "max": 20},
                "investment_nok": 1_000_000,
                "investment_per_place_nok": 2_000_000,
                "grant_per_place_nok": 500_000,
                "lifetime_years": 40,
            }
        },
        "need": {
            "basis": "coverage",
            "ratio": {"2026": 0.16, "2028": 0.2},
            "population": "80+",
            "mix": {"hdo": 0.3, "institution": 0.7},
        },
        "travel": {"basis": "straight_line", "speed_kmh": 60},
        "objective": {},
    }


@pytest.fixture
def plan() -> dict[str, Any]:
    def district(need: float, unmet: float, minutes: float | None) -> dict[str, Any]:
        return {"need": need, "unmet": unmet, "mean_minutes": minutes}

    share = {"need": "hdo", "care_type": "hdo", "site": "vestheim", "minutes": 7}
    return {
        "outcome": "optimal",
        "projects": {
            "nybygg": {
                "opens": 2027,
                "closes": None,
                "places": {"hdo": {"2027": 5, "2028": 7}, "institution": {"2027": 1, "2028": 2}},
            }
        },
        "sites": {
            "helsehus": {"places": {"institution": {"2026": 10, "2027": 10, "2028": 8}}},
            "vestheim": {
                "places": {
                    "hdo": {"2026": 0, "2027": 5, "2028": 7},
                    "institution": {"2026": 0, "2027": 1, "2028": 2},
                }
            },
        },
        "districts": {
            "by": {
                "2026": district(16, 6, 1.5),
                "2027": district(24, 4, 2),
                "2028": district(40, 0, 2.5),
            },
            "land": {
                "2026": district(8, 8, None),
                "2027": district(8, 0, 4),
                "2028": district(10, 0, 4),
            },
        },
        "allocation": [
            {**share, "year": 2028, "district": "land", "places": 3},
            {**share, "year": 2027, "district": "by", "places": 5},
        ],
    }
