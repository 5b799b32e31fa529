"""What each rule costs: toys by hand, and what must hold in every scenario."""

from dataclasses import replace

import pytest

from app.schemas.merge_patch import merge_patch
from app.services.checking import check_scenario
from app.services.instances import make_instance
from app.services.patches import patch_of_move
from app.services.plan_document import provenance
from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.analysis import price
from solver.analysis.difference import Direction, Verdict
from solver.analysis.price import Prices, prices
from solver.analysis.session import Session
from solver.analysis.variants import RULES, moves
from solver.domain.errors import VerificationFailed
from solver.domain.result import Outcome
from tests.component import cases
from tests.examples import some
from tests.random_scenarios import random_scenario
from tests.siting import (
    Y2,
    Document,
    care_type,
    district,
    instance_of,
    project,
    scenario,
    site,
)

EXACT = SolveOptions(mip_gap=0)


def priced(document: Document, *rules: str, options: SolveOptions = EXACT) -> Prices:
    session = Session(options, Watcher(), 1)
    return prices(instance_of(document), rules or None, session)


def differences(found: Prices) -> dict[str, float | None]:
    return {
        item.move.id: None if item.difference is None else item.difference.figures.objective_nok
        for item in found.items
    }


# Five of a hundred: two places beside the three that stand, for 3 each.
COVERAGE = scenario(
    districts={"a": district(population={"80+": 100})},
    sites={"s": site(3), "u": {}},
    projects={"k": project("u", 6, investment_per_place_nok=3)},
    targets={"coverage": {"ratio": 0.05, "population": "80+"}},
)
# Two places in g for 3 each, one in h for 7.
CORES = scenario(
    cores={"g": {}, "h": {}},
    districts={
        "a": district(population={"80+": 100}, core="g"),
        "b": district(population={"80+": 50}, core="h"),
    },
    sites={"s": {"core": "g"}, "u": {"core": "h"}},
    projects={
        "k": project("s", 6, investment_per_place_nok=3),
        "l": project("u", 6, investment_per_place_nok=7),
    },
    targets={"core_coverage": {"ratio": 0.02, "population": "80+"}},
)
# Twenty FTE serve twenty of thirty; a place missing costs 100 and one in use 1.
STAFF = scenario(
    care_types={"p": care_type(fte_per_place={"all": 1})},
    districts={"a": district(30)},
    sites={"u": {}},
    projects={"k": project("u", 30)},
    minutes={"u": {"a": 1}},
    staffing={"available_fte": {"all": 20}},
    unmet_nok=100,
)
TWO_REQUIRED = scenario(
    districts={"a": district()},
    sites={"u": {}},
    projects={
        "k": project("u", 1, investment_nok=10),
        "l": project("u", 1, investment_nok=20),
    },
    policies={"required_projects": ["k", "l"]},
)
TWO_CORES = scenario(
    cores={"g": {}, "h": {}},
    districts={"a": district()},
    sites={"s": {"core": "g"}, "u": {"core": "h"}},
    projects={
        "k": project("s", 1, investment_per_place_nok=3),
        "l": project("u", 1, investment_per_place_nok=7),
    },
    policies={"min_cores_with_places": 2},
)
# u is out of reach for a, v costs more.
FAR = scenario(
    districts={"a": district(2)},
    sites={"s": site(2), "v": {}},
    projects={"k": project("v", 2, investment_nok=50)},
    minutes={"s": {"a": 10}, "v": {"a": 1}},
    travel={"limit_minutes": 5},
)
# Three projects of three owners; l is best, then m, then k.
OWNED = scenario(
    districts={"a": district(1)},
    sites={"u": {}},
    projects={
        "k": project("u", 1, investment_nok=30),
        "l": project("u", 1, investment_nok=10, ownership="private"),
        "m": project("u", 1, investment_nok=20, ownership="non_profit"),
    },
    minutes={"u": {"a": 1}},
    policies={"allowed_ownership": ["municipal"]},
    unmet_nok=100,
)

TOYS: dict[str, tuple[Document, dict[str, float | None]]] = {
    "coverage": (
        COVERAGE,
        {"coverage.up": 3, "coverage.down": -3, "coverage.dropped": -6},
    ),
    "core coverage": (
        CORES,
        {
            "core_coverage.dropped": -(2 * 3 + 7),
            "core_coverage.dropped.g": -2 * 3,
            "core_coverage.dropped.h": -7,
        },
    ),
    "staff": (STAFF, {"staff.up.all": -99, "staff.down.all": 99}),
    "investment_year": (
        cases.investment({"investment_nok": 12}),
        {"investment_year.dropped": 2 * 18 - (210 + 18)},
    ),
    "investment in all": (
        cases.investment({"investment_total_nok": 15}),
        {"investment_total.dropped": 2 * 18 - 2 * 114},
    ),
    "operating": (cases.OPERATING, {"operating.dropped": (27 + 5) - (22 + 104)}),
    "required": (
        TWO_REQUIRED,
        {"required_projects.dropped.k": -10, "required_projects.dropped.l": -20},
    ),
    "forbidden": (
        cases.RULED_OUT,
        {"allowed_ownership.dropped.private": 21 - 100, "forbidden_projects.dropped.k": 11 - 100},
    ),
    "allowed_ownership": (
        OWNED,
        {
            "allowed_ownership.dropped.non_profit": 20 - 30,
            "allowed_ownership.dropped.private": 10 - 30,
        },
    ),
    "projects": (
        cases.ONE_OF_TWO,
        {"max_projects.up": 6 - 13, "max_projects.dropped": 6 - 13},
    ),
    "cores with places": (TWO_CORES, {"min_cores.down": 3 - 10, "min_cores.dropped": -10}),
    "one core": (cases.A_CORE_WITH_PLACES, {"min_cores.dropped": -3}),
    "kept": (cases.KEPT, {"keep_places.dropped.q": 25 - 40}),
    "nearness": (cases.NEAR_ENOUGH, {"within.dropped": 40 - 108}),
    "travel limit": (FAR, {"travel_limit.dropped": 2 * 10 - (50 + 2)}),
}


@pytest.mark.parametrize("name", TOYS)
def test_price_by_hand(name):
    document, expected = TOYS[name]
    found = priced(document)
    assert differences(found) == pytest.approx(expected)
    assert found.outcome is Outcome.OPTIMAL
    for item in found.items:
        assert item.difference is not None
        assert item.difference.verdict in (Verdict.CHEAPER, Verdict.DEARER)


def test_every_rule_has_a_toy():
    told = {item.move.rule for document, _ in TOYS.values() for item in priced(document).items}
    assert told == set(RULES)


def test_only_the_rules_asked_for():
    assert list(differences(priced(OWNED, "coverage", "allowed_ownership"))) == [
        "allowed_ownership.dropped.non_profit",
        "allowed_ownership.dropped.private",
    ]
    with pytest.raises(ValueError, match="coverag"):
        list(moves(instance_of(OWNED), ("coverag",)))


def test_a_stricter_rule_may_leave_no_plan():
    tight = merge_patch(COVERAGE, {"projects": {"k": {"places": {"max": 2}}}})
    found = priced(tight, "coverage")
    assert differences(found) == pytest.approx(
        {"coverage.up": None, "coverage.down": -3, "coverage.dropped": -6}
    )
    above = found.items[0].result
    assert above is not None
    assert above.outcome is Outcome.INFEASIBLE
    assert above.conflict is not None
    assert [rule.code for rule in above.conflict.rules] == ["C8"]
    assert found.outcome is Outcome.OPTIMAL


def test_what_cannot_be_moved_further_is_no_move():
    everybody = merge_patch(COVERAGE, {"targets": {"coverage": {"ratio": 1}}})
    assert [move.id for move in moves(instance_of(everybody))] == [
        "coverage.down",
        "coverage.dropped",
    ]
    nobody_private = merge_patch(OWNED, {"projects": {"l": None}})
    assert [move.id for move in moves(instance_of(nobody_private))] == [
        "allowed_ownership.dropped.non_profit"
    ]


def test_a_limit_that_is_part_of_the_objective_is_no_move():
    """Where the worst-off district is weighed, a place missing counts as the longest journey."""
    weighed = merge_patch(FAR, {"objective": {"weights": {"worst_off": 1}}})
    assert list(moves(instance_of(weighed))) == []
    assert len(list(moves(instance_of(FAR)))) == 1


def test_without_a_plan_there_are_no_prices():
    found = priced(merge_patch(COVERAGE, {"targets": {"coverage": {"ratio": 0.5}}}))
    assert (found.outcome, found.items, found.shadow_prices) == (Outcome.INFEASIBLE, (), None)


def test_dismissed_before_the_moves():
    base = solve(instance_of(COVERAGE), EXACT)
    asked = [0]

    class Once(Session):
        def solve(self, _):
            self.watcher()
            return base

        @property
        def dismissed(self):
            asked[0] += 1
            return asked[0] > 2

    found = prices(instance_of(COVERAGE), None, Once(EXACT, Watcher(), 1))
    assert found.outcome is Outcome.DISMISSED
    assert len(found.items) == 3
    assert found.items[-1].result is None
    assert found.items[-1].difference is None


def test_a_better_plan_of_the_stricter_problem_is_taken_over(monkeypatch):
    """The search in the looser problems stops at a plan that costs more than one that is known."""
    worse = merge_patch(COVERAGE, {"policies": {"required_projects": []}})
    true = solve(instance_of(worse), EXACT)
    assert true.objective_nok is not None

    def late(instance):
        """Six places, for 9, where fewer were asked for; nothing is proven."""
        result = solve(instance_of(merge_patch(COVERAGE, SIX)), EXACT)
        del instance
        return replace(
            result, outcome=Outcome.FEASIBLE, dual_bound_nok=0.0, mip_gap=1.0, options=EXACT
        )

    session = Session(EXACT, Watcher(), 1)
    monkeypatch.setattr(session, "solve", late)
    found = prices(instance_of(COVERAGE), None, session)
    assert found.outcome is Outcome.FEASIBLE
    for item in found.items:
        assert item.difference is not None
        assert item.difference.figures.objective_nok == 0
        assert item.difference.verdict is Verdict.UNDECIDED


SIX = {"targets": {"coverage": {"ratio": 0.06}}}


def test_a_plan_that_does_not_hold_is_not_taken_over():
    few, many = instance_of(COVERAGE), instance_of(merge_patch(COVERAGE, SIX))
    cheap, dear = solve(few, EXACT), solve(many, EXACT)
    with pytest.raises(VerificationFailed):
        price._taken_over(many, dear, cheap)
    # The other way it holds, but costs more.
    assert price._taken_over(few, cheap, dear) is cheap
    none = replace(cheap, plan=None, objective_nok=None, outcome=Outcome.NO_PLAN)
    taken = price._taken_over(few, none, dear)
    assert (taken.objective_nok, taken.outcome) == (dear.objective_nok, Outcome.FEASIBLE)
    impossible = replace(none, outcome=Outcome.INFEASIBLE)
    with pytest.raises(VerificationFailed):
        price._taken_over(few, impossible, dear)


def data_hash(instance: SitingInstance) -> str:
    """Of every number the solver is given."""
    told: str = provenance(check_scenario(OWNED), instance)["data_hash"]
    return told


@pytest.mark.parametrize("seed", range(300))
def test_patch_leads_to_the_instance(seed):
    """To the last bit: the scenario with the patch is what was solved."""
    document = check_scenario(random_scenario(seed))
    for move in moves(make_instance(document)):
        patched = check_scenario(merge_patch(document.plain(), patch_of_move(document, move)))
        assert data_hash(make_instance(patched)) == data_hash(move.instance), move.id


@pytest.mark.parametrize("first", some(range(0, 40, 10), 2))
def test_more_freedom_costs_no_more_and_the_patch_costs_the_same(first):
    tried = 0
    for seed in range(first, first + 10):
        document = check_scenario(random_scenario(seed))
        found = priced(document.plain())
        if found.base.plan is None:
            assert found.items == ()
            continue
        for item in found.items:
            _check_price(document, found.base, item)
            tried += 1
    assert tried > 5


def _check_price(document, base, item):
    assert base.objective_nok is not None
    patched = merge_patch(document.plain(), patch_of_move(document, item.move))
    again = solve(instance_of(patched), EXACT)
    assert item.result is not None
    assert item.result.outcome is again.outcome
    if item.difference is None:
        assert item.move.direction is Direction.TIGHTENS
        return
    assert again.objective_nok is not None
    nok = item.difference.figures.objective_nok
    assert nok == pytest.approx(again.objective_nok - base.objective_nok, abs=1e-6)
    assert (nok <= 0) if item.move.direction is Direction.RELAXES else (nok >= 0)
    interval = item.difference.interval_nok
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low - 1e-6 <= nok <= interval.high + 1e-6


def test_years_of_a_series_move_together():
    document = merge_patch(
        scenario(
            Y2,
            districts={"a": district(population={"80+": 100})},
            sites={"u": {}},
            projects={"k": project("u", 9, investment_per_place_nok=3)},
        ),
        {"targets": {"coverage": {"ratio": {"2026": 0.02, "2027": 0.05}, "population": "80+"}}},
    )
    # A place in a year costs 3: 2 and 5, then 3 and 6.
    assert differences(priced(document, "coverage"))["coverage.up"] == pytest.approx(2 * 3)
