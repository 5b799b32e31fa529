"""A valid scenario that uses every field, small enough to read. The corpus breaks it."""

import copy
from typing import Any

TOY: dict[str, Any] = {
    "schema_version": 1,
    "title": "Lekeby",
    "description": "To kretser, to lokasjoner.\nTre prosjekter.",
    "price_year": 2026,
    "municipality": {"code": "3405", "name": "Lillehammer"},
    "years": {"first": 2026, "last": 2030},
    "care_types": {
        "hdo": {
            "title": "HDO-plass",
            "serves": ["hdo"],
            "counts_towards_coverage": True,
            "operating_cost_nok": 900_000,
            "fte_per_place": {"all": 0.9},
        },
        "institution": {
            "title": "Institusjonsplass",
            "serves": ["institution", "hdo"],
            "counts_towards_coverage": True,
            "operating_cost_nok": 1_040_000,
            "fte_per_place": {"all": 1, "nurses": 0.3},
        },
    },
    "cores": {
        "sentrum": {
            "title": "Sentrum",
            "location": [10.466, 61.115],
            "location_quality": "documented",
            "main": True,
        },
        "vingrom": {"title": "Vingrom", "location": [10.43, 61.046]},
    },
    "districts": {
        "34050101": {
            "title": "Jevne",
            "core": "vingrom",
            "location": [10.39, 61.037],
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[10.3, 61.0], [10.4, 61.0], [10.4, 61.1], [10.3, 61.0]]],
            },
            "population": {"80+": {"2026": 100, "2030": 130.5}},
            "need": {"hdo": {"2026": 4, "2030": 5}},
        },
        "34050102": {
            "title": "Sentrum nord",
            "core": "sentrum",
            "location": [10.47, 61.12],
            "population": {"80+": 200},
            "need": {"institution": 20},
        },
    },
    "sites": {
        "helsehus": {
            "title": "Helsehuset",
            "core": "sentrum",
            "location": [10.47, 61.115],
            "location_quality": "guess",
            "ownership": "municipal",
            "places": {"institution": {"2026": 20, "2029": 12}, "hdo": 8},
        },
        "tomt": {"core": "vingrom", "location": [10.43, 61.05]},
    },
    "projects": {
        "fløy": {
            "title": "Ny fløy",
            "site": "helsehus",
            "kind": "conversion",
            "ownership": "municipal",
            "care_types": ["hdo", "institution"],
            "places": {"min": 4, "max": 20, "step": 4},
            "investment_nok": 1_000_000,
            "investment_per_place_nok": 3_000_000,
            "grant_per_place_nok": 2_000_000,
            "lifetime_years": 40,
            "operating_cost_nok": 100_000,
            "fte": {"all": 1},
            "opens": {"earliest": 2028, "latest": 2030},
            "removes": {"institution": 12},
            "excludes": ["leie"],
            "requires": ["tun"],
        },
        "leie": {
            "title": "Leide plasser",
            "site": "helsehus",
            "kind": "temporary",
            "ownership": "private",
            "care_types": ["institution"],
            "places": {"min": 0, "max": 10},
            "investment_nok": 500_000,
            "investment_per_place_nok": 0,
            "lifetime_years": 10,
            "available_years": 3,
        },
        "tun": {
            "title": "Tun i Vingrom",
            "site": "tomt",
            "kind": "new",
            "care_types": ["hdo"],
            "places": {"min": 0, "max": 24},
            "investment_nok": 0,
            "investment_per_place_nok": 3_500_000,
            "lifetime_years": 40,
        },
    },
    "need": {
        "basis": "coverage",
        "ratio": {"2026": 0.16},
        "population": "80+",
        "mix": {"hdo": 0.3, "institution": 0.7},
    },
    "travel": {
        "basis": "straight_line",
        "speed_kmh": 45,
        "detour": 1.35,
        "access_minutes": 2,
        "barriers": {
            "mjøsa": {
                "title": "Mjøsa",
                "line": [[10.42, 61.0], [10.43, 61.1]],
                "penalty_minutes": 10,
            }
        },
        "minutes": {"helsehus": {"34050101": 12, "34050102": 3}, "tomt": {"34050101": 5}},
        "limit_minutes": 60,
        "visits_per_place_year": 100,
        "value_of_time_nok_per_hour": 100,
    },
    "targets": {
        "coverage": {
            "ratio": {"2030": 0.16},
            "population": "80+",
            "reference_ratios": [0.16, 0.18],
        },
        "core_coverage": {"ratio": {"sentrum": {"2030": 0.1}}, "population": "80+"},
        "within": {"minutes": 30, "share": {"2028": 0.8}},
    },
    "staffing": {"available_fte": {"all": {"2026": 60, "2030": 80}, "nurses": 20}},
    "budget": {
        "investment_nok": {"2026": 50_000_000},
        "investment_total_nok": 200_000_000,
        "operating_nok": 90_000_000,
    },
    "policies": {
        "allowed_ownership": ["municipal", "private"],
        "max_projects": 3,
        "min_cores_with_places": 2,
        "required_projects": ["tun"],
        "forbidden_projects": ["leie"],
        "keep_places": ["hdo"],
    },
    "objective": {
        "discount_rate": 0.04,
        "unmet_place_year_nok": 2_096_925,
        "weights": {"cost": 1, "travel": 1, "worst_off": 0.5, "kolm_pollak": 0},
    },
    "sources": {
        "/care_types/hdo/operating_cost_nok": {
            "status": "assumption",
            "note": "Anslag.",
            "year": 2026,
            "publisher": "Kommunen",
            "licence": "CC BY 4.0",
            "url": "https://example.org/tall",
        }
    },
}


def toy() -> dict[str, Any]:
    """A copy that may be changed."""
    return copy.deepcopy(TOY)


def steps(pointer: str) -> list[str]:
    """The names on the way that a JSON pointer describes."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def put(pointer: str, value: Any) -> dict[str, Any]:
    """The toy with `value` at a place, which may be new; lists are entered by index."""
    document = toy()
    here: Any = document
    *way, last = steps(pointer)
    for name in way:
        here = here[int(name)] if isinstance(here, list) else here.setdefault(name, {})
    here[int(last) if isinstance(here, list) else last] = value
    return document
