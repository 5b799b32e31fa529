"""Every check of a plan: a good plan passes, and a plan with one fault fails that check alone."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from app.schemas.merge_patch import merge_patch
from solver.domain.instance import rounded_places
from solver.domain.plan import Plan
from solver.verify import verify
from solver.verify.checks import CHECKS
from tests.siting import (
    Y1,
    Y2,
    Y3,
    Document,
    care_type,
    district,
    instance_of,
    project,
    scenario,
    site,
)

YEARS = (Y1, Y2, Y3)

# Four projects; k has two places at u in every year, l is open without places.
TOWN = scenario(
    Y3,
    care_types={
        "p": care_type(operating_cost_nok=5, fte_per_place={"all": 1}),
        "q": care_type("m", counts_towards_coverage=False),
    },
    cores={"f": {}, "g": {}, "h": {}},
    districts={
        "a": district(2, population={"80+": 10}, core="g"),
        "b": district(1, population={"80+": 10}, core="h"),
    },
    sites={
        "s": {"places": {"p": 3, "q": 1}, "core": "g"},
        "u": {"core": "h"},
        "v": {"places": {"p": 1, "q": 1}, "core": "f"},
    },
    projects={
        "k": project(
            "u",
            6,
            least=2,
            step=2,
            investment_nok=10,
            investment_per_place_nok=3,
            grant_per_place_nok=1,
            operating_cost_nok=2,
            fte={"all": 0.5},
        ),
        "l": project("v", 2),
        "m": project("u", 2, least=1, available_years=1),
        "r": project("v", 2, ownership="private"),
    },
    minutes={"s": {"a": 1}, "u": {"a": 6, "b": 2}},
    unmet_nok=100,
)

PLAN = Plan(
    opens={"k": Y1, "l": Y1},
    places={("k", "p", t): 2 for t in YEARS},
    allocation={("a", "n", "s", "p", t): 2.0 for t in YEARS}
    | {("b", "n", "u", "p", t): 1.0 for t in YEARS},
    unmet={},
)


@dataclass(frozen=True)
class Fault:
    """A plan that breaks one claim: `rules` is a merge patch to the town that the good plan
    keeps; the rest is laid over the good plan, where None takes away.
    """

    claim: str
    rules: dict[str, Any] = field(default_factory=dict)
    opens: dict[str, int | None] = field(default_factory=dict)
    places: dict[tuple[str, str, int], Any] = field(default_factory=dict)
    allocation: dict[tuple[str, str, str, str, int], float | None] = field(default_factory=dict)
    unmet: dict[tuple[str, str, int], float] = field(default_factory=dict)

    def plan(self) -> Plan:
        return Plan(
            opens=_laid_over(PLAN.opens, self.opens),
            places=_laid_over(PLAN.places, self.places),
            allocation=_laid_over(PLAN.allocation, self.allocation),
            unmet=self.unmet,
        )


def _laid_over(good: Any, changes: Any) -> dict[Any, Any]:
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


A_AT_S, A_AT_U = ("a", "n", "s", "p", Y1), ("a", "n", "u", "p", Y1)
B_AT_S, B_AT_U = ("b", "n", "s", "p", Y1), ("b", "n", "u", "p", Y1)
NEED = "alt behov er dekket eller ført som udekket"
UNMET = "udekket behov bare der det er tillatt"
ADMISSIBLE = "plassen dekker behovet og kan nås"
ROOM = "ingen har plass der det ikke er plasser"
REMOVAL = "det fjernes ikke flere plasser enn det som står der"
SIZE = "prosjektenes størrelse"
STEPS = "hele trinn av tillatte plasstyper"
GROWTH = "plasser blir ikke færre"
EXCLUDES = "prosjekter som utelukker hverandre"
REQUIRES = "prosjekter som bygger på andre"
YEAR = "åpningsår"
ALLOWED = "påkrevde og forbudte prosjekter og eierformer"
COVERAGE = "dekningsgraden"
CORE_COVERAGE = "dekningsgraden i kjernene"
STAFF = "årsverk"
INVESTMENT = "årets investeringsramme"
INVESTMENT_TOTAL = "samlet investeringsramme"
OPERATING = "driftsrammen"
KEPT = "plasstyper som skal bestå"
PROJECTS = "antall prosjekter"
CORES = "antall kjerner med plasser"
NEAR = "andelen innenfor reisetidsmålet"


def removing(care_type: str, **rules: Any) -> dict[str, Any]:
    """With r open, the only place of a type at v is gone."""
    return {"projects": {"r": {"removes": {care_type: 1}}}, **rules}


FAULTS = [
    Fault(NEED, allocation={B_AT_U: 0.5}),
    Fault(NEED, allocation={B_AT_U: None}),
    Fault(NEED, allocation={A_AT_S: 2.5}),
    Fault(NEED, unmet={("a", "n", Y1): 0.5}),
    Fault(NEED, unmet={("a", "m", Y1): 0.5}),
    Fault(
        UNMET,
        {"objective": {"unmet_place_year_nok": None}},
        allocation={B_AT_U: 0.5},
        unmet={("b", "n", Y1): 0.5},
    ),
    Fault(UNMET, allocation={B_AT_U: 1.5}, unmet={("b", "n", Y1): -0.5}),
    Fault(ADMISSIBLE, allocation={B_AT_U: None, B_AT_S: 1}),
    Fault(ADMISSIBLE, allocation={A_AT_S: 1, ("a", "n", "s", "q", Y1): 1}),
    Fault(ADMISSIBLE, {"travel": {"limit_minutes": 5}}, allocation={A_AT_S: 1, A_AT_U: 1}),
    Fault(ADMISSIBLE, allocation={A_AT_S: 3, A_AT_U: -1}),
    Fault(ROOM, allocation={A_AT_S: None, A_AT_U: 2}),
    Fault(
        REMOVAL,
        {"projects": {"l": {"removes": {"q": 1}}, "r": {"removes": {"q": 1}}}},
        opens={"r": Y2},
    ),
    Fault(SIZE, places={("k", "p", Y3): 8}),
    Fault(SIZE, places={("m", "p", Y1): 1}),
    Fault(SIZE, opens={"m": Y2}),
    Fault(SIZE, opens={"m": Y2}, places={("m", "p", Y2): 1, ("m", "p", Y3): 1}),
    Fault(STEPS, places={("k", "p", Y3): 3}),
    Fault(STEPS, places={("k", "p", Y3): 2.0}),
    Fault(STEPS, places={("k", "q", Y3): 2}),
    Fault(STEPS, places={("k", "p", Y3 + 1): 2}),
    Fault(GROWTH, places={("k", "p", Y1): 4}),
    Fault(EXCLUDES, {"projects": {"r": {"excludes": ["l"]}}}, opens={"r": Y3}),
    Fault(EXCLUDES, {"projects": {"l": {"excludes": ["r"]}}}, opens={"r": Y3}),
    Fault(REQUIRES, {"projects": {"r": {"requires": ["m"]}}}, opens={"r": Y3}),
    Fault(
        REQUIRES,
        {"projects": {"r": {"requires": ["m"]}}},
        opens={"r": Y2, "m": Y3},
        places={("m", "p", Y3): 1},
    ),
    Fault(YEAR, {"projects": {"r": {"opens": {"earliest": Y3}}}}, opens={"r": Y2}),
    Fault(YEAR, {"projects": {"r": {"opens": {"latest": Y2}}}}, opens={"r": Y3}),
    Fault(YEAR, opens={"r": Y1 - 1}),
    Fault(YEAR, opens={"r": Y3 + 1}),
    Fault(YEAR, {"projects": {"r": {"opens": {"latest": Y3 + 9}}}}, opens={"r": Y3 + 1}),
    Fault(ALLOWED, {"policies": {"required_projects": ["l"]}}, opens={"l": None}),
    Fault(ALLOWED, {"policies": {"forbidden_projects": ["r"]}}, opens={"r": Y3}),
    Fault(ALLOWED, {"policies": {"allowed_ownership": ["municipal"]}}, opens={"r": Y3}),
    Fault(
        COVERAGE,
        removing("p", targets={"coverage": {"ratio": 0.275, "population": "80+"}}),
        opens={"r": Y3},
    ),
    Fault(
        CORE_COVERAGE,
        {
            "districts": {"b": {"core": "f"}},
            **removing("p", targets={"core_coverage": {"ratio": {"f": 0.1}, "population": "80+"}}),
        },
        opens={"r": Y2},
    ),
    Fault(STAFF, {"staffing": {"available_fte": {"all": 6.5}}}, places={("k", "p", Y3): 4}),
    Fault(
        INVESTMENT,
        {"budget": {"investment_nok": 14}},
        places=dict.fromkeys([("k", "p", t) for t in YEARS], 4),
    ),
    Fault(INVESTMENT_TOTAL, {"budget": {"investment_total_nok": 14}}, places={("k", "p", Y3): 4}),
    Fault(OPERATING, {"budget": {"operating_nok": 32}}, places={("k", "p", Y3): 4}),
    Fault(KEPT, removing("q", policies={"keep_places": ["q"]}), opens={"r": Y3}),
    Fault(PROJECTS, {"policies": {"max_projects": 2}}, opens={"r": Y3}),
    Fault(CORES, removing("p", policies={"min_cores_with_places": 3}), opens={"r": Y3}),
    Fault(
        NEAR,
        {"targets": {"within": {"minutes": 2, "share": 1}}},
        allocation={A_AT_S: 1, A_AT_U: 1},
    ),
]


def failed(document: Document, plan: Plan) -> list[str]:
    """The claims of the checks that a plan fails."""
    verification, _ = verify(instance_of(document), plan)
    assert verification.passed is all(check.passed for check in verification.checks)
    return [check.claim for check in verification.checks if not check.passed]


def test_good_plan_passes_every_check():
    verification, _ = verify(instance_of(TOWN), PLAN)
    assert verification.passed
    assert len(verification.checks) == len(CHECKS)
    assert all(check.worst == 0 and check.where is None for check in verification.checks)


def test_every_check_has_a_fault():
    assert {fault.claim for fault in FAULTS} == {claim for _, claim, _ in CHECKS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.claim)
def test_fault_is_found_by_its_check_alone(fault):
    town = merge_patch(TOWN, fault.rules)
    assert failed(town, PLAN) == []
    assert failed(town, fault.plan()) == [fault.claim]


EMPTY = Plan({}, {}, {}, {})


def off_by(amount: float) -> list[Fault]:
    """Plans in which some allocation is a little more or less than it should be."""
    return [
        Fault("", allocation={B_AT_U: 1 + amount}),
        Fault("", {"sites": {"s": {"places": {"p": 2}}}}, allocation={A_AT_S: 2 + amount}),
        Fault(
            "",
            {"targets": {"within": {"minutes": 2, "share": 1}}},
            allocation={A_AT_S: 2 - amount, A_AT_U: amount},
        ),
    ]


@pytest.mark.parametrize("fault", off_by(1e-9))
def test_noise_of_floating_point_passes(fault):
    assert failed(merge_patch(TOWN, fault.rules), fault.plan()) == []


@pytest.mark.parametrize(
    ("fault", "claims"), list(zip(off_by(1e-3), [[NEED], [NEED, ROOM], [NEAR]], strict=True))
)
def test_more_than_noise_does_not(fault, claims):
    assert failed(merge_patch(TOWN, fault.rules), fault.plan()) == claims


def test_check_says_where_and_how_much():
    fault = Fault(SIZE, places={("k", "p", Y3): 8})
    verification, _ = verify(instance_of(TOWN), fault.plan())
    (check,) = [check for check in verification.checks if not check.passed]
    # Four projects in three years; k has two places too many in the last.
    assert (check.code, check.rows, check.worst, check.where) == ("C3", 12, 2, f"k, {Y3}")


@pytest.mark.parametrize(
    ("ratio", "people", "places"),
    [
        ("0.15", 1450, 218),  # 217.5
        ("0.145", 1500, 218),  # 217.5, though 0.145 × 1500 is 217.49999999999997 in binary
        ("0.15", 1449, 217),  # 217.35
        ("0.5", 1, 1),
    ],
)
def test_target_rounds_half_up_to_a_whole_place(ratio, people, places):
    assert rounded_places(Fraction(ratio), Fraction(people)) == places
    town = scenario(
        districts={"a": district(population={"80+": people})},
        sites={"s": site(places)},
        targets={"coverage": {"ratio": float(ratio), "population": "80+"}},
    )
    _, figures = verify(instance_of(town), EMPTY)
    assert figures.years[Y1].coverage_target_places == places
    assert failed(town, EMPTY) == []
    one_less = merge_patch(town, {"sites": {"s": {"places": {"p": places - 1}}}})
    assert failed(one_less, EMPTY) == [COVERAGE]
