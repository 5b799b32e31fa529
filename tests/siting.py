"""Small scenarios for the tests of the solver: nothing is on but what a test turns on.

One care type `p` serves one need `n` and counts towards coverage. A minute of travel costs 1 NOK
per place and year, there is no discounting, and a project that lasts one year has all of its
investment as yearly capital cost: sums can be done in the head.
"""

from typing import Any

from app.services.checking import check_scenario
from app.services.instances import make_instance
from solver import SitingInstance

Document = dict[str, Any]
Y1, Y2, Y3 = 2026, 2027, 2028


def care_type(serves: str = "n", **more: Any) -> Document:
    """A care type without cost and staff, serving needs named by one letter each."""
    free = {"counts_towards_coverage": True, "operating_cost_nok": 0, "fte_per_place": {}}
    return {"title": "plass", "serves": list(serves), **free, **more}


def project(site: str, size: int, least: int = 0, step: int = 1, **more: Any) -> Document:
    """A project that costs nothing, of `least` to `size` places."""
    return {
        "title": f"ved {site}",
        "site": site,
        "care_types": ["p"],
        "places": {"min": least, "max": size, "step": step},
        "investment_nok": 0,
        "investment_per_place_nok": 0,
        "lifetime_years": 1,
        **more,
    }


def district(need: Any = 0, **more: Any) -> Document:
    """A district with a need `n`, a number or a series."""
    return {"need": {"n": need}, **more}


def site(places: Any = None, **more: Any) -> Document:
    """A site with places of type `p`, a number or a series; none: no places."""
    return {"places": {"p": places}, **more} if places is not None else more


def scenario(last: int = Y1, **parts: Any) -> Document:
    """A scenario from 2026 to `last`; every part of the document may be given by keyword.

    `minutes` stands for the travel matrix (without it nothing can be reached), `unmet_nok` for
    the price of unmet need; `travel` and `objective` are laid over the ordinary ones.
    """
    minutes = parts.pop("minutes", {j: {} for j in parts["sites"]})
    unmet_nok = parts.pop("unmet_nok", None)
    travel = parts.pop("travel", {})
    objective = parts.pop("objective", {})
    return {
        "schema_version": 1,
        "title": "Lekeby",
        "municipality": {},
        "years": {"first": Y1, "last": last},
        "care_types": {"p": care_type()},
        "need": {"basis": "explicit"},
        "travel": {
            "basis": "matrix",
            "minutes": minutes,
            "visits_per_place_year": 30,
            "value_of_time_nok_per_hour": 1,
            **travel,
        },
        "objective": {"discount_rate": 0, "unmet_place_year_nok": unmet_nok, **objective},
        **parts,
    }


def instance_of(document: Document) -> SitingInstance:
    """The instance of a scenario document, which must be a valid one."""
    return make_instance(check_scenario(document))


def instance(last: int = Y1, **parts: Any) -> SitingInstance:
    """The instance of `scenario(...)`."""
    return instance_of(scenario(last, **parts))
