"""A toy for every constraint: rows at values set by hand, and optima with and without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.siting import Y1, Y2, Y3, Document, care_type, district, project, scenario, site

Bounds = tuple[float | None, float | None]
EQUAL_TO_ZERO_OR_LESS: Bounds = (None, 0)


@dataclass(frozen=True)
class Case:
    """What one constraint must be and do on a toy.

    `values` set variables, by name and index, all others being zero; `rows` are then the body
    and the bounds of the constraint's rows, `objective` the cost at an optimum with the
    constraint and `without` it, in NOK. `relaxed`: the costs are those of the relaxation, for a
    constraint that integers imply.
    """

    toy: Document
    values: Mapping[tuple[Any, ...], float]
    rows: Mapping[Any, tuple[float, Bounds]]
    objective: float
    without: float
    relaxed: bool = False


def at_most(bound: float) -> Bounds:
    return (None, bound)


def at_least(bound: float) -> Bounds:
    return (bound, None)


def equal(bound: float) -> Bounds:
    return (bound, bound)


# Three places stand at s. Extending s by two or four costs 10 and takes one of them.
EXTENSION = scenario(
    districts={"a": district(2), "b": district(4)},
    sites={"s": site(3)},
    projects={"k": project("s", 5, step=2, investment_nok=10, removes={"p": 1})},
    minutes={"s": {"a": 1, "b": 5}},
    unmet_nok=100,
)

# Nobody needs anything, but a place of type q costs 10 a year, and k and l remove some.
REMOVALS = scenario(
    care_types={
        "p": care_type(),
        "q": care_type("", operating_cost_nok=10, counts_towards_coverage=False),
    },
    districts={"a": district()},
    sites={"s": {"places": {"q": {"2026": 4, "2027": 5}}}},
    projects={
        "k": project("s", 1, investment_nok=5, removes={"q": 3}),
        "l": project("s", 1, investment_nok=6, removes={"q": 3}),
    },
)

MINIMUM = scenario(
    districts={"a": district(2), "b": district(4)},
    sites={"s": site(3), "u": {}},
    projects={"k": project("u", 6, least=5, investment_nok=10, investment_per_place_nok=3)},
    minutes={"s": {"a": 1, "b": 5}, "u": {"a": 4, "b": 2}},
)

# One FTE too few in the first year; k removes the place that asks for it, at 7 NOK a year.
STAFF_SHORT_AT_FIRST = scenario(
    Y2,
    care_types={
        "p": care_type(),
        "q": care_type("", fte_per_place={"all": 1}, counts_towards_coverage=False),
    },
    districts={"a": district()},
    sites={"s": {"places": {"q": 4}}},
    projects={"k": project("s", 2, operating_cost_nok=7, removes={"q": 1})},
    staffing={"available_fte": {"all": {"2026": 3, "2027": 4}}},
)

# Need falls from 2 to 1 and then to nothing; places cost 5 a year; k stands for two years.
FALLING_NEED = scenario(
    Y3,
    care_types={"p": care_type(operating_cost_nok=5)},
    districts={"a": district({"2026": 2, "2027": 1, "2028": 0})},
    sites={"u": {}},
    projects={"k": project("u", 3, available_years=2)},
    minutes={"u": {"a": 1}},
)

# k is large, far away and dear, l small, near and cheap.
FAR_AND_NEAR = scenario(
    districts={"a": district(4)},
    sites={"u": {}, "v": {}},
    projects={
        "k": project("u", 4, investment_nok=10),
        "l": project("v", 2, investment_nok=1, excludes=["k"]),
    },
    minutes={"u": {"a": 5}, "v": {"a": 1}},
    unmet_nok=100,
)

BUILDS_ON = scenario(
    districts={"a": district(4)},
    sites={"u": {}, "v": {}},
    projects={
        "k": project("u", 4, investment_nok=10),
        "l": project("v", 4, investment_nok=1, requires=["k"]),
    },
    minutes={"u": {"a": 5}, "v": {"a": 1}},
    unmet_nok=100,
)

NOT_YET = scenario(
    Y2,
    districts={"a": district(2)},
    sites={"s": site(1)},
    projects={"k": project("s", 1, investment_nok=10, opens={"earliest": Y2})},
    minutes={"s": {"a": 1}},
    unmet_nok=100,
)

# k must open a year before it is needed; l was for the year before the first.
NOT_LONGER = scenario(
    Y2,
    districts={"a": district({"2026": 0, "2027": 1})},
    sites={"u": {}},
    projects={
        "k": project("u", 1, investment_nok=10, opens={"latest": Y1}),
        "l": project("u", 1, investment_nok=20, opens={"latest": Y1 - 1}),
    },
    minutes={"u": {"a": 1}},
    unmet_nok=100,
)

RULED_OUT = scenario(
    districts={"a": district(1)},
    sites={"u": {}},
    projects={
        "k": project("u", 1, investment_nok=10),
        "l": project("u", 1, investment_nok=20, ownership="private"),
        "m": project("u", 1, investment_nok=130, ownership="non_profit"),
    },
    minutes={"u": {"a": 1}},
    policies={
        "allowed_ownership": ["municipal", "non_profit"],
        "forbidden_projects": ["k"],
    },
    unmet_nok=100,
)

REQUIRED = scenario(
    districts={"a": district()},
    sites={"u": {}},
    projects={"k": project("u", 1, investment_nok=10)},
    policies={"required_projects": ["k"]},
)

# 0.3 × (10 + 5) = 4.5, which rounds up to 5; three stand at s, and u's cost 3 each.
COVERAGE = scenario(
    care_types={"p": care_type(), "q": care_type("n", counts_towards_coverage=False)},
    districts={"a": district(population={"80+": 10}), "b": district(population={"80+": 5})},
    sites={"s": {"places": {"p": 3, "q": 9}}, "u": {}},
    projects={"k": project("u", 6, investment_per_place_nok=3)},
    targets={"coverage": {"ratio": 0.3, "population": "80+"}},
)

# 0.3 × 5 = 1.5: two places in core h.
CORE_COVERAGE = scenario(
    cores={"g": {}, "h": {}},
    districts={
        "a": district(population={"80+": 10}, core="g"),
        "b": district(population={"80+": 5}, core="h"),
    },
    sites={"s": site(3, core="g"), "u": {"core": "h"}},
    projects={"k": project("u", 6, investment_per_place_nok=3)},
    targets={"core_coverage": {"ratio": {"h": 0.3}, "population": "80+"}},
)

# k asks for one FTE in the one year that it stands.
STAFF = scenario(
    Y2,
    care_types={"p": care_type(fte_per_place={"all": 0.5})},
    districts={"a": district({"2026": 5, "2027": 3})},
    sites={"s": site(3)},
    projects={"k": project("s", 6, fte={"all": 1}, available_years=1)},
    minutes={"s": {"a": 1}},
    staffing={"available_fte": {"all": 3}},
    unmet_nok=100,
)


def investment(budget: Document) -> Document:
    """Two places are needed in two years; k costs 10 and, net of the grant, 3 per place."""
    return scenario(
        Y2,
        districts={"a": district(2)},
        sites={"u": {}},
        projects={
            "k": project(
                "u",
                6,
                investment_nok=10,
                investment_per_place_nok=4,
                grant_per_place_nok=1,
            )
        },
        minutes={"u": {"a": 1}},
        budget=budget,
        unmet_nok=100,
    )


OPERATING = scenario(
    care_types={"p": care_type(operating_cost_nok=5)},
    districts={"a": district(5)},
    sites={"s": site(3)},
    projects={"k": project("s", 6, operating_cost_nok=2)},
    minutes={"s": {"a": 1}},
    budget={"operating_nok": 22},
    unmet_nok=100,
)

# A place of type q costs 10 a year; k would close two of the four for 5.
KEPT = scenario(
    care_types={"p": care_type(), "q": care_type("", operating_cost_nok=10)},
    districts={"a": district()},
    sites={"s": {"places": {"q": 4}}},
    projects={"k": project("s", 1, investment_nok=5, removes={"q": 2})},
    policies={"keep_places": ["q"]},
)

ONE_OF_TWO = scenario(
    districts={"a": district(2), "b": district(2)},
    sites={"u": {}, "v": {}},
    projects={
        "k": project("u", 4, investment_nok=1),
        "l": project("v", 4, investment_nok=1),
    },
    minutes={"u": {"a": 1, "b": 5}, "v": {"a": 5, "b": 1}},
    policies={"max_projects": 1},
)

A_CORE_WITH_PLACES = scenario(
    cores={"g": {}},
    districts={"a": district()},
    sites={"u": {"core": "g"}},
    projects={"k": project("u", 6, investment_per_place_nok=3)},
    policies={"min_cores_with_places": 1},
)

NEAR_ENOUGH = scenario(
    districts={"a": district(4)},
    sites={"s": site(4), "u": {}},
    projects={"k": project("u", 4, investment_nok=100)},
    minutes={"s": {"a": 10}, "u": {"a": 2}},
    targets={"within": {"minutes": 2, "share": 0.5}},
)

# Four far away and one near; a minute of the worst off costs all five places twice its price, and
# a place missing counts as the longest journey.
WORST_OFF = scenario(
    districts={"a": {"need": {"n": 1, "m": 3}}, "b": district(1)},
    sites={"s": site(5), "u": {}},
    care_types={"p": care_type("nm")},
    projects={"k": project("u", 2, investment_nok=20)},
    minutes={"s": {"a": 6, "b": 0}, "u": {"a": 2}},
    objective={"weights": {"worst_off": 2}},
    unmet_nok=25,
)

NEW_SITE = scenario(
    districts={"a": district(2)},
    sites={"u": {}},
    projects={"k": project("u", 6, investment_nok=12)},
    minutes={"u": {"a": 1}},
)


CASES: dict[str, Case] = {
    "need_is_allocated_or_unmet": Case(
        EXTENSION,
        {("allocate", "a", "n", "s", "p", Y1): 1.5, ("unmet", "a", "n", Y1): 0.25},
        {("a", "n", Y1): (1.75, equal(2)), ("b", "n", Y1): (0, equal(4))},
        objective=10 + 2 * 1 + 4 * 5,
        without=0,
    ),
    "allocation_within_places": Case(
        EXTENSION,
        {
            ("allocate", "a", "n", "s", "p", Y1): 2,
            ("allocate", "b", "n", "s", "p", Y1): 1.5,
            ("open", "k", Y1): 1,
            ("steps", "k", "p", Y1): 2,
        },
        {("s", "p", Y1): (3.5 - (3 - 1 + 2 * 2), EQUAL_TO_ZERO_OR_LESS)},
        objective=10 + 2 * 1 + 4 * 5,
        without=2 * 1 + 4 * 5,
    ),
    "removals_within_existing": Case(
        REMOVALS,
        {("open", "k", Y1): 1, ("open", "l", Y1): 0.5},
        {("s", "q", Y1): (3 + 1.5, at_most(4))},
        objective=5 + (4 - 3) * 10,
        without=5 + 6 + (4 - 3 - 3) * 10,
    ),
    "places_at_least_minimum": Case(
        MINIMUM,
        {("open", "k", Y1): 1, ("steps", "k", "p", Y1): 2},
        {("k", Y1): (5 - 2, EQUAL_TO_ZERO_OR_LESS)},
        objective=10 + 5 * 3 + 2 * 1 + 4 * 2,
        without=10 + 4 * 3 + 2 * 1 + 4 * 2,
    ),
    "places_at_most_maximum": Case(
        EXTENSION,
        {("open", "k", Y1): 0.25, ("steps", "k", "p", Y1): 2},
        {("k", Y1): (2 * 2 - 0.25 * 4, EQUAL_TO_ZERO_OR_LESS)},
        objective=10 + 2 * 1 + 4 * 5,
        without=2 * 1 + 4 * 5,
    ),
    "open_stays_open": Case(
        STAFF_SHORT_AT_FIRST,
        {("open", "k", Y1): 1, ("open", "k", Y2): 0.25},
        {("k", Y2): (0.75, EQUAL_TO_ZERO_OR_LESS)},
        objective=7 + 7,
        without=7,
    ),
    "places_do_not_shrink": Case(
        FALLING_NEED,
        {
            ("open", "k", Y1): 1,
            ("open", "k", Y2): 1,
            ("open", "k", Y3): 1,
            ("steps", "k", "p", Y1): 2,
            ("steps", "k", "p", Y2): 1,
        },
        {
            ("k", "p", Y2): (2 - 3 * 0 - 1, EQUAL_TO_ZERO_OR_LESS),
            ("k", "p", Y3): (1 - 3 * 1 - 0, EQUAL_TO_ZERO_OR_LESS),
        },
        objective=(2 + 2) * 5 + (2 + 1) * 1,
        without=(2 + 1) * 5 + (2 + 1) * 1,
    ),
    "excluded_projects_do_not_both_open": Case(
        FAR_AND_NEAR,
        {("open", "k", Y1): 1, ("open", "l", Y1): 0.5},
        {("k", "l"): (1.5, at_most(1))},
        objective=10 + 4 * 5,
        without=10 + 1 + 2 * 5 + 2 * 1,
    ),
    "required_project_opens_first": Case(
        BUILDS_ON,
        {("open", "k", Y1): 0.25, ("open", "l", Y1): 1},
        {("l", "k", Y1): (0.75, EQUAL_TO_ZERO_OR_LESS)},
        objective=1 + 10 + 4 * 1,
        without=1 + 4 * 1,
    ),
    "opens_no_earlier_than_possible": Case(
        NOT_YET,
        {("open", "k", Y1): 0.5},
        {("k", Y1): (0.5, EQUAL_TO_ZERO_OR_LESS)},
        objective=(1 * 1 + 100) + (10 + 2 * 1),
        without=2 * (10 + 2 * 1),
    ),
    "opens_no_later_than_allowed": Case(
        NOT_LONGER,
        {("open", "k", Y1): 0.25, ("open", "k", Y2): 1, ("open", "l", Y1): 0.5},
        {
            ("k", Y2): (0.75, EQUAL_TO_ZERO_OR_LESS),
            ("l", Y1): (0.5, EQUAL_TO_ZERO_OR_LESS),
            ("l", Y2): (0, EQUAL_TO_ZERO_OR_LESS),
        },
        objective=10 + 10 + 1,
        without=10 + 1,
    ),
    "forbidden_project_never_opens": Case(
        RULED_OUT,
        {("open", "k", Y1): 1, ("open", "l", Y1): 0.5, ("open", "m", Y1): 1},
        {"k": (1, EQUAL_TO_ZERO_OR_LESS), "l": (0.5, EQUAL_TO_ZERO_OR_LESS)},
        objective=100,
        without=10 + 1,
    ),
    "required_project_opens": Case(
        REQUIRED,
        {("open", "k", Y1): 0.5},
        {"k": (0.5, at_least(1))},
        objective=10,
        without=0,
    ),
    "coverage_ratio_reached": Case(
        COVERAGE,
        {("steps", "k", "p", Y1): 4},
        {Y1: (3 + 4, at_least(5))},
        objective=2 * 3,
        without=0,
    ),
    "core_coverage_ratio_reached": Case(
        CORE_COVERAGE,
        {("steps", "k", "p", Y1): 4},
        {("h", Y1): (4, at_least(2))},
        objective=2 * 3,
        without=0,
    ),
    "staff_within_available": Case(
        STAFF,
        {("open", "k", Y1): 1, ("open", "k", Y2): 1, ("steps", "k", "p", Y1): 2},
        {
            ("all", Y1): ((3 + 2) * 0.5 + 1, at_most(3)),
            ("all", Y2): (3 * 0.5 + 0, at_most(3)),
        },
        objective=(4 * 1 + 100) + 3 * 1,
        without=5 * 1 + 3 * 1,
    ),
    "investment_within_year_ceiling": Case(
        investment({"investment_nok": 12}),
        {
            ("open", "k", Y1): 1,
            ("open", "k", Y2): 1,
            ("steps", "k", "p", Y1): 1,
            ("steps", "k", "p", Y2): 3,
        },
        {Y1: (10 + 3, at_most(12)), Y2: (2 * 3, at_most(12))},
        objective=(10 + 2 * 100) + (10 + 2 * 3 + 2 * 1),
        without=2 * (10 + 2 * 3 + 2 * 1),
    ),
    "investment_within_total_ceiling": Case(
        investment({"investment_total_nok": 15}),
        {
            ("open", "k", Y1): 1,
            ("open", "k", Y2): 1,
            ("steps", "k", "p", Y1): 1,
            ("steps", "k", "p", Y2): 3,
        },
        {None: (10 + 3 * 3, at_most(15))},
        objective=2 * (10 + 1 * 3 + 1 * 1 + 100),
        without=2 * (10 + 2 * 3 + 2 * 1),
    ),
    "operating_cost_within_ceiling": Case(
        OPERATING,
        {("open", "k", Y1): 1, ("steps", "k", "p", Y1): 2},
        {Y1: ((3 + 2) * 5 + 2, at_most(22))},
        objective=(3 + 1) * 5 + 2 + 4 * 1 + 100,
        without=(3 + 2) * 5 + 2 + 5 * 1,
    ),
    "kept_types_do_not_fall": Case(
        KEPT,
        {("open", "k", Y1): 0.5},
        {("q", Y1): (4 - 0.5 * 2, at_least(4))},
        objective=4 * 10,
        without=2 * 10 + 5,
    ),
    "projects_at_most": Case(
        ONE_OF_TWO,
        {("open", "k", Y1): 1, ("open", "l", Y1): 0.5},
        {None: (1.5, at_most(1))},
        objective=1 + 2 * 1 + 2 * 5,
        without=2 + 2 * 1 + 2 * 1,
    ),
    "core_counts_only_with_places": Case(
        A_CORE_WITH_PLACES,
        {("core_has_places", "g"): 1, ("steps", "k", "p", Y1): 4},
        {"g": (1 - 4, EQUAL_TO_ZERO_OR_LESS)},
        objective=3,
        without=0,
    ),
    "cores_with_places_at_least": Case(
        A_CORE_WITH_PLACES,
        {("core_has_places", "g"): 0.5},
        {None: (0.5, at_least(1))},
        objective=3,
        without=0,
    ),
    "share_within_minutes": Case(
        NEAR_ENOUGH,
        {
            ("allocate", "a", "n", "s", "p", Y1): 3,
            ("allocate", "a", "n", "u", "p", Y1): 1,
        },
        {Y1: (1 - 0.5 * (3 + 1), at_least(0))},
        objective=100 + 4 * 2,
        without=4 * 10,
    ),
    "no_district_fares_worse_than_the_worst": Case(
        WORST_OFF,
        {
            ("allocate", "a", "n", "u", "p", Y1): 1,
            ("allocate", "a", "m", "s", "p", Y1): 2.5,
            ("unmet", "a", "m", Y1): 0.25,
            ("worst_off_minutes", Y1): 3,
        },
        {("a", Y1): (1 * 2 + (2.5 + 0.25) * 6 - (1 + 3) * 3, EQUAL_TO_ZERO_OR_LESS)},
        objective=20 + 2 * 2 + 2 * 6 + 2 * 5 * (2 * 2 + 2 * 6) / 4,
        without=4 * 6,
    ),
    "new_sites_serve_when_open": Case(
        NEW_SITE,
        {("allocate", "a", "n", "u", "p", Y1): 1.5, ("open", "k", Y1): 0.25},
        {("a", "n", "u", "p", Y1): (1.5 - 0.25 * 2, EQUAL_TO_ZERO_OR_LESS)},
        objective=12 + 2 * 1,
        without=12 * 2 / 6 + 2 * 1,
        relaxed=True,
    ),
}
