"""Changes to the toy and to the bundled Lillehammer case, as JSON Merge Patches.

Rows: (name, patch, expected pointer, expected code).
"""

from typing import Any

_PROJECT = {
    "title": "Enda et prosjekt",
    "site": "tomt",
    "care_types": ["hdo"],
    "places": {"min": 0, "max": 10},
    "investment_nok": 0,
    "investment_per_place_nok": 0,
    "lifetime_years": 40,
}
_EXPLICIT = {"need": {"basis": "explicit"}}
_NO_POLICIES = {"policies": None}

PATCHES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    # Required fields left out
    ("no-version", {"schema_version": None}, "/schema_version", "missing_field"),
    ("no-title", {"title": None}, "/title", "missing_field"),
    ("no-municipality", {"municipality": None}, "/municipality", "missing_field"),
    ("no-years", {"years": None}, "/years", "missing_field"),
    ("no-last-year", {"years": {"last": None}}, "/years/last", "missing_field"),
    ("no-care-types", {"care_types": None}, "/care_types", "missing_field"),
    (
        "no-operating-cost",
        {"care_types": {"hdo": {"operating_cost_nok": None}}},
        "/care_types/hdo/operating_cost_nok",
        "missing_field",
    ),
    ("no-districts", {"districts": None}, "/districts", "missing_field"),
    ("no-sites", {"sites": None}, "/sites", "missing_field"),
    ("no-need", {"need": None}, "/need", "missing_field"),
    ("no-travel", {"travel": None}, "/travel", "missing_field"),
    ("no-objective", {"objective": None}, "/objective", "missing_field"),
    (
        "no-lifetime",
        {"projects": {"tun": {"lifetime_years": None}}},
        "/projects/tun/lifetime_years",
        "missing_field",
    ),
    (
        "no-size-max",
        {"projects": {"tun": {"places": {"max": None}}}},
        "/projects/tun/places/max",
        "missing_field",
    ),
    # Collections that lose what others name
    ("core-removed", {"cores": {"vingrom": None}}, "/districts/34050101/core", "unknown_id"),
    ("all-cores-removed", {"cores": None}, "/targets/core_coverage", "no_cores"),
    ("site-removed", {"sites": {"tomt": None}}, "/projects/tun/site", "unknown_id"),
    ("project-removed", {"projects": {"tun": None}}, "/projects/fløy/requires/0", "unknown_id"),
    ("projects-removed", {"projects": None}, "/policies/required_projects/0", "unknown_id"),
    (
        "care-type-removed",
        {"care_types": {"institution": None}},
        "/sites/helsehus/places/institution",
        "unknown_id",
    ),
    (
        "nobody-serves-the-need",
        {"care_types": {"institution": {"serves": ["hdo"]}}},
        "/need/mix/institution",
        "unknown_id",
    ),
    # Explicit need
    (
        "explicit-need-unserved",
        _EXPLICIT | {"districts": {"34050101": {"need": {"dementia": 1}}}},
        "/districts/34050101/need/dementia",
        "unknown_id",
    ),
    # Weights on inequality
    (
        "kolm-pollak-without-aversion",
        {"objective": {"weights": {"kolm_pollak": 1}}},
        "/objective/inequality_aversion_per_minute",
        "missing_field",
    ),
    (
        "aversion-beyond-what-can-be-weighed",
        {"objective": {"weights": {"kolm_pollak": 1}, "inequality_aversion_per_minute": 5}},
        "/objective/inequality_aversion_per_minute",
        "too_large",
    ),
    # Travel matrix
    (
        "matrix-missing",
        {"travel": {"basis": "matrix", "minutes": None}},
        "/travel/minutes",
        "missing_field",
    ),
    (
        "matrix-site-unknown",
        {"travel": {"basis": "matrix", "minutes": {"helsehuset": {"34050101": 1}}}},
        "/travel/minutes/helsehuset",
        "unknown_id",
    ),
    (
        "matrix-district-unknown",
        {"travel": {"basis": "matrix", "minutes": {"tomt": {"3405101": 1}}}},
        "/travel/minutes/tomt/3405101",
        "unknown_id",
    ),
    (
        "matrix-negative",
        {"travel": {"basis": "matrix", "minutes": {"tomt": {"34050101": -1}}}},
        "/travel/minutes/tomt/34050101",
        "too_small",
    ),
    (
        "matrix-text",
        {"travel": {"basis": "matrix", "minutes": {"tomt": {"34050101": "12 min"}}}},
        "/travel/minutes/tomt/34050101",
        "wrong_type",
    ),
    # What projects require and exclude
    (
        "cycle-of-two",
        {"projects": {"tun": {"requires": ["fløy"]}}},
        "/projects/fløy/requires",
        "requires_cycle",
    ),
    (
        "cycle-of-three",
        {"projects": {"tun": {"requires": ["annet"]}, "annet": _PROJECT | {"requires": ["fløy"]}}},
        "/projects/annet/requires",
        "requires_cycle",
    ),
    (
        "requires-what-it-excludes",
        {"projects": {"fløy": {"excludes": ["tun"]}}},
        "/projects/fløy/requires",
        "requires_excluded",
    ),
    (
        "requires-what-excludes-it",
        {"projects": {"tun": {"excludes": ["fløy"]}}},
        "/projects/fløy/requires",
        "requires_excluded",
    ),
    (
        "requires-through-another-what-it-excludes",
        {
            "projects": {
                "tun": {"requires": ["annet"]},
                "annet": _PROJECT,
                "fløy": {"excludes": ["annet"]},
            }
        },
        "/projects/fløy/requires",
        "requires_excluded",
    ),
    (
        "requires-two-that-exclude-each-other",
        {
            "projects": {
                "a": _PROJECT | {"excludes": ["b"]},
                "b": _PROJECT,
                "tun": {"requires": ["a", "b"]},
            }
        },
        "/projects/tun/requires",
        "requires_excluded",
    ),
    (
        "required-exclude-each-other",
        {"policies": {"required_projects": ["fløy", "leie"], "forbidden_projects": None}},
        "/policies/required_projects/1",
        "required_excluded",
    ),
    (
        "required-exclude-each-other-through-another",
        {
            "projects": {"annet": _PROJECT | {"excludes": ["tun"]}},
            "policies": {"required_projects": ["annet", "fløy"]},
        },
        "/policies/required_projects/1",
        "required_excluded",
    ),
    (
        "required-needs-a-forbidden",
        {"policies": {"required_projects": ["fløy"], "forbidden_projects": ["tun"]}},
        "/policies/required_projects/0",
        "required_forbidden",
    ),
    (
        "forbidden-twice",
        {"policies": {"forbidden_projects": ["leie", "leie"]}},
        "/policies/forbidden_projects/1",
        "duplicate_item",
    ),
    # Others that take two changes
    (
        "core-called-2030",
        {"cores": {"2030": {}}, "targets": {"core_coverage": {"ratio": 0.1}}},
        "/cores/2030",
        "bad_id",
    ),
    (
        "cores-demanded-where-none-are",
        {"cores": None, "targets": None, "policies": {"min_cores_with_places": 1}},
        "/policies/min_cores_with_places",
        "too_few_cores",
    ),
    (
        "grant-without-investment",
        {"projects": {"tun": {"investment_per_place_nok": 0, "grant_per_place_nok": 1}}},
        "/projects/tun/grant_per_place_nok",
        "grant_too_large",
    ),
    (
        "removes-where-nothing-stands",
        {"projects": {"annet": _PROJECT | {"removes": {"institution": 1}}}},
        "/projects/annet/removes/institution",
        "removes_too_many",
    ),
    (
        "removes-before-places-come",
        {
            "sites": {"tomt": {"places": {"hdo": {"2029": 10}}}},
            "projects": {"tun": {"removes": {"hdo": 10}}},
        },
        "/projects/tun/removes/hdo",
        "removes_too_many",
    ),
    (
        "years-zero",
        {"years": {"first": 0, "last": 0}} | _NO_POLICIES,
        "/years/first",
        "too_small",
    ),
)

LILLEHAMMER: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    (
        "target-in-percent",
        {"targets": {"coverage": {"ratio": {"2030": 16}}}},
        "/targets/coverage/ratio/2030",
        "too_large",
    ),
    (
        "site-axes-swapped",
        {"sites": {"helsehus": {"location": [61.11514, 10.46628]}}},
        "/sites/helsehus/location",
        "axes_swapped",
    ),
    ("core-removed", {"cores": {"sentrum": None}}, "/sites/helsehus/core", "unknown_id"),
    (
        "removes-more-than-188",
        {"projects": {"helsehus-f3": {"removes": {"institution": 189}}}},
        "/projects/helsehus-f3/removes/institution",
        "removes_too_many",
    ),
    (
        "required-and-forbidden",
        {
            "policies": {
                "required_projects": ["helsehus-f3"],
                "forbidden_projects": ["helsehus-f3"],
            }
        },
        "/policies/required_projects/0",
        "required_forbidden",
    ),
    (
        "population-negative",
        {"districts": {"34050101": {"population": {"80+": {"2030": -1}}}}},
        "/districts/34050101/population/80+/2030",
        "too_small",
    ),
    (
        "another-basis-without-data",
        {"travel": {"basis": "matrix"}},
        "/travel/minutes",
        "missing_field",
    ),
    ("misspelt-field", {"budget": {"investment": 1}}, "/budget/investment", "unknown_field"),
)
