"""Why a project is in the plan or not: toys by hand, and break-evens solved again."""

from dataclasses import replace
from math import isclose

import pytest

from app.schemas.merge_patch import merge_patch
from app.services.checking import check_scenario
from app.services.instances import make_instance
from app.services.patches import patch_of_force
from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.analysis.difference import Verdict
from solver.analysis.session import Session
from solver.analysis.why_not import (
    Force,
    Price,
    WhyNot,
    forced_in,
    forced_out,
    why_not,
)
from solver.domain.errors import DocumentInvalid
from solver.domain.result import Outcome
from tests.component import cases
from tests.component.test_price import data_hash
from tests.examples import some
from tests.random_scenarios import random_scenario
from tests.siting import Y1, Y2, Document, district, instance_of, project, scenario

EXACT = SolveOptions(mip_gap=0)


def asked(document: Document, k: str, force: str | None = None, opens: int | None = None) -> WhyNot:
    session = Session(EXACT, Watcher(), 1)
    wish = None if force is None else Force(force)
    return why_not(instance_of(document), k, wish, opens, session)


def turning(found: WhyNot) -> dict[str, float | None]:
    return {even.price.value: even.change for even in found.break_evens}


def nok(found: WhyNot) -> float:
    assert found.difference is not None
    return found.difference.figures.objective_nok


def town(investment: float, unmet: float = 100, **more) -> Document:
    """One in need, a minute away from where k may open."""
    return scenario(
        districts={"a": district(1)},
        sites={"u": {}},
        projects={"k": project("u", 1, investment_nok=investment, **more)},
        minutes={"u": {"a": 1}},
        unmet_nok=unmet,
    )


def test_not_chosen_is_forced_in():
    """131 with it, 100 without: 31 too dear."""
    found = asked(town(130), "k")
    assert (found.force, found.chosen, found.lifted) == (Force.IN, False, ())
    assert nok(found) == pytest.approx(31)
    assert found.difference is not None
    assert found.difference.verdict is Verdict.DEARER
    assert turning(found) == pytest.approx({"investment": -31 / 130, "operating": -31})
    investment, operating = found.break_evens
    assert investment.change_nok == pytest.approx(-31)
    assert investment.investment_nok == pytest.approx(130)
    assert operating.change_nok == pytest.approx(-31)
    for even in found.break_evens:
        assert even.change is not None
        assert even.interval.low == pytest.approx(even.change)
        assert even.interval.high == pytest.approx(even.change)
        assert even.complete
    assert found.outcome is Outcome.OPTIMAL


def test_chosen_is_forced_out():
    """11 with it, 100 without: it could cost 89 more."""
    found = asked(town(10), "k")
    assert (found.force, found.chosen) == (Force.OUT, False)
    assert nok(found) == pytest.approx(89)
    assert turning(found) == pytest.approx({"investment": 8.9, "operating": 89})
    assert found.difference is not None
    (change,) = found.difference.projects
    assert (change.opens_before, change.opens_after) == (Y1, None)
    assert (change.places_before, change.places_after) == (1, 0)


@pytest.mark.parametrize(("investment", "force"), [(130, "out"), (10, "in")])
def test_the_plan_does_it_already(investment, force):
    found = asked(town(investment), "k", force)
    assert found.chosen
    assert found.forced is found.base
    assert nok(found) == 0
    assert found.difference is not None
    assert found.difference.verdict is Verdict.EQUAL
    expected = (100 - 1 - investment) / investment
    assert turning(found)["investment"] == pytest.approx(expected)


def test_a_lower_price_makes_another_size_the_best():
    """At 10 a place one is best (20 + 10 + 1 + 3 · 8 = 55); where it turns, four are.

    Four cost 60 to build and 4 to reach, and 32 is paid without: 60 must become 28.
    """
    document = scenario(
        districts={"a": district(4)},
        sites={"u": {}},
        projects={"k": project("u", 4, least=1, investment_nok=20, investment_per_place_nok=10)},
        minutes={"u": {"a": 1}},
        unmet_nok=8,
    )
    found = asked(document, "k")
    assert nok(found) == pytest.approx(55 - 32)
    assert turning(found) == pytest.approx({"investment": -32 / 60, "operating": -23})
    assert found.break_evens[0].investment_nok == pytest.approx(60)
    assert found.break_evens[0].change_nok == pytest.approx(-32)


def test_a_higher_price_makes_another_size_the_best():
    """At 2 a place four are best: 4 + 8 + 4 = 16 of 32. At 4 a place or more one place is: the
    first of the two to reach 32, as d grows, is four: 12 (1 + d) + 4 = 32.
    """
    document = scenario(
        districts={"a": district(4)},
        sites={"u": {}},
        projects={"k": project("u", 4, least=1, investment_nok=4, investment_per_place_nok=2)},
        minutes={"u": {"a": 1}},
        unmet_nok=8,
    )
    assert turning(asked(document, "k")) == pytest.approx(
        {"investment": 28 / 12 - 1, "operating": 16}
    )


def test_grants_beyond_the_cost_of_a_place_are_no_price():
    """10 and four places at −1 each and a minute: 10 of 32. Only the 10 moves."""
    document = scenario(
        districts={"a": district(4)},
        sites={"u": {}},
        projects={
            "k": project(
                "u", 4, investment_nok=10, investment_per_place_nok=1, grant_per_place_nok=2
            )
        },
        minutes={"u": {"a": 1}},
        unmet_nok=8,
    )
    found = asked(document, "k")
    assert nok(found) == pytest.approx(32 - 10)
    assert turning(found)["investment"] == pytest.approx(2.2)


def test_even_free_it_does_not_pay():
    """Free to build it costs 13 beside the 5 that is paid without: ten must be saved each year."""
    found = asked(town(7, unmet=5, operating_cost_nok=9), "k")
    # Forced in: 7 + 9, and 1 for the journey, which is less than 5.
    assert nok(found) == pytest.approx(7 + 9 + 1 - 5)
    assert turning(found) == {"investment": None, "operating": pytest.approx(-12)}
    never = found.break_evens[0]
    assert (never.change_nok, never.investment_nok) == (None, 7)
    assert found.outcome is Outcome.OPTIMAL


def test_a_ceiling_decides():
    """By cost k could be ten times as dear; by the ceilings only a fifth, and three a year."""
    document = town(10, operating_cost_nok=2)
    document["budget"] = {"investment_nok": 12, "operating_nok": 5}
    found = asked(document, "k")
    assert turning(found) == pytest.approx({"investment": 0.2, "operating": 3}, abs=1e-3)
    for even in found.break_evens:
        assert even.change is not None
        assert even.interval.high == pytest.approx(even.change, abs=1e-3)
    document["budget"] = {"investment_total_nok": 15}
    assert turning(asked(document, "k"))["investment"] == pytest.approx(0.5, abs=1e-3)


def test_a_ceiling_leaves_no_room_for_it_today():
    """The ceiling is 8 and it costs 10: then there is no plan with it, but at 8 it pays."""
    document = town(10)
    document["budget"] = {"investment_nok": 8}
    found = asked(document, "k")
    assert found.forced is not None
    assert (found.forced.outcome, found.difference) == (Outcome.INFEASIBLE, None)
    assert turning(found) == pytest.approx({"investment": -0.2}, abs=1e-3)
    assert found.outcome is Outcome.OPTIMAL


def test_a_smaller_size_goes_further_under_a_ceiling():
    """Six places for 60 break the ceiling of 66 at +10 %; fewer, as it gets dearer, do not.

    One place costs 10, and one unmet 100; at +560 % one alone costs 66. By cost one place may
    cost 99: the ceiling decides.
    """
    document = scenario(
        districts={"a": district(6)},
        sites={"u": {}},
        projects={"k": project("u", 6, least=1, investment_per_place_nok=10)},
        minutes={"u": {"a": 1}},
        budget={"investment_nok": 66},
        unmet_nok=100,
    )
    assert turning(asked(document, "k"))["investment"] == pytest.approx(5.6, abs=1e-2)


TWO_YEARS = scenario(
    Y2,
    districts={"a": district(1)},
    sites={"u": {}},
    projects={"k": project("u", 1, investment_nok=10)},
    minutes={"u": {"a": 1}},
    unmet_nok=100,
)


def test_another_year():
    """A year later: 100 for that year. However cheap, that is not made up for."""
    found = asked(TWO_YEARS, "k", opens=Y2)
    assert (found.force, found.opens, found.chosen) == (Force.IN, Y2, False)
    assert nok(found) == pytest.approx(100 + 11 - 22)
    assert turning(found) == {"investment": None, "operating": pytest.approx(-89)}
    assert found.forced is not None
    assert found.forced.plan is not None
    assert found.forced.plan.opens == {"k": Y2}
    same = asked(TWO_YEARS, "k", "in", Y1)
    assert (same.chosen, same.break_evens) == (True, ())


def test_a_year_before_it_is_possible():
    """Both years at 11 instead of 100 and 11: not a plan of the scenario, so it may cost less."""
    late = merge_patch(TWO_YEARS, {"projects": {"k": {"opens": {"earliest": Y2}}}})
    found = asked(late, "k", opens=Y1)
    assert nok(found) == pytest.approx(-89)
    assert found.difference is not None
    assert found.difference.verdict is Verdict.CHEAPER
    assert turning(found) == pytest.approx({"investment": 89 / 20, "operating": 89 / 2})


def test_excluded_ones_give_way():
    """k serves all four for 30; with l instead one pair is served: 1 + 2 + 200."""
    found = asked(cases.FAR_AND_NEAR, "l")
    assert nok(found) == pytest.approx(203 - 30)
    assert found.difference is not None
    changes = {c.project: (c.opens_before, c.opens_after) for c in found.difference.projects}
    assert changes == {"k": (Y1, None), "l": (None, Y1)}


def test_policies_give_way_for_the_project_alone():
    others = merge_patch(
        cases.RULED_OUT,
        {"projects": {"n": project("u", 1, investment_nok=1, ownership="private")}},
    )
    private = asked(others, "l")
    assert private.lifted == ("allowed_ownership",)
    # n would cost less, but is as little allowed as before.
    assert nok(private) == pytest.approx(21 - 100)
    assert private.forced is not None
    assert private.forced.plan is not None
    assert private.forced.plan.opens == {"l": Y1}
    forbidden = asked(others, "k")
    assert forbidden.lifted == ("forbidden_projects",)
    assert nok(forbidden) == pytest.approx(11 - 100)
    required = asked(cases.REQUIRED, "k")
    assert (required.force, required.lifted) == (Force.OUT, ("required_projects",))
    assert nok(required) == pytest.approx(-10)


def test_the_scenario_cannot_do_without():
    document = town(10)
    document["objective"]["unmet_place_year_nok"] = None
    found = asked(document, "k")
    assert found.forced is not None
    assert found.forced.outcome is Outcome.INFEASIBLE
    assert (found.difference, found.break_evens) == (None, ())
    assert found.outcome is Outcome.OPTIMAL


def test_without_a_plan_there_is_nothing_to_compare():
    document = merge_patch(cases.COVERAGE, {"targets": {"coverage": {"ratio": 1}}})
    found = asked(document, "k")
    assert (found.outcome, found.forced, found.break_evens) == (Outcome.INFEASIBLE, None, ())


def test_dismissed_after_the_first():
    stop = [False]
    session = Session(EXACT, Watcher(should_stop=lambda: stop[0]), 1)
    solving = session.solve

    def once(instance):
        result = solving(instance)
        stop[0] = True
        return result

    session.solve = once  # type: ignore[method-assign]
    found = why_not(instance_of(town(130)), "k", None, None, session)
    assert (found.outcome, found.forced, found.break_evens) == (Outcome.DISMISSED, None, ())


@pytest.mark.parametrize(("investment", "evens"), [(130, [-31 / 130, -31]), (10, [8.9, 89])])
def test_time_runs_out_after_two(investment, evens):
    """What the first two plans tell is there, and said to be unfinished."""

    class Short(Session):
        @property
        def over(self):
            return self.solves >= 2

    found = why_not(instance_of(town(investment)), "k", None, None, Short(EXACT, Watcher(), 1))
    assert found.outcome is Outcome.FEASIBLE
    assert [even.change for even in found.break_evens] == pytest.approx(evens)
    assert not any(even.complete for even in found.break_evens)
    # Free to build, it might have paid: that was not looked into.
    dear = why_not(
        instance_of(town(130, unmet=0.5, operating_cost_nok=1)),
        "k",
        None,
        None,
        Short(EXACT, Watcher(), 1),
    )
    assert dear.outcome is Outcome.FEASIBLE
    assert [even.price for even in dear.break_evens] == [Price.OPERATING]


def test_a_gap_leaves_room(monkeypatch):
    """Each bound 5 % below its plan: between what is sure and what is surely not."""
    session = Session(EXACT, Watcher(), 1)
    solving = session.solve

    def loose(instance):
        result = solving(instance)
        if result.objective_nok is None:
            return result
        return replace(result, dual_bound_nok=0.95 * result.objective_nok, mip_gap=0.05)

    monkeypatch.setattr(session, "solve", loose)
    found = why_not(instance_of(town(130)), "k", None, None, session)
    assert found.difference is not None
    interval = found.difference.interval_nok
    assert (interval.low, interval.high) == pytest.approx((0.95 * 131 - 100, 131 - 95))
    assert found.difference.verdict is Verdict.DEARER
    investment = found.break_evens[0]
    assert investment.change == pytest.approx(-31 / 130)
    # At 94 with the journey it costs 95: it pays whatever is true of the plan without.
    assert investment.interval.low == pytest.approx(94 / 130 - 1)
    # Solved again where it costs 110: 0.95 · 110 is above 100.
    assert investment.interval.high == pytest.approx(109 / 130 - 1)

    near = why_not(instance_of(town(100)), "k", None, None, session)
    assert near.difference is not None
    assert near.difference.figures.objective_nok == pytest.approx(1)
    assert near.difference.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seed", some(range(300), 150))
def test_patch_leads_to_the_instance(seed):
    """To the last bit, wherever the patched scenario does not contradict itself."""
    document = check_scenario(random_scenario(seed))
    instance = make_instance(document)
    for k in instance.projects:
        ways: list[tuple[Force, int | None, SitingInstance]] = [
            (Force.OUT, None, forced_out(instance, k)),
            (Force.IN, None, forced_in(instance, k, None)),
            *((Force.IN, t, forced_in(instance, k, t)) for t in instance.years),
        ]
        for force, opens, forced in ways:
            patch = patch_of_force(document, k, force, opens)
            try:
                patched = check_scenario(merge_patch(document.plain(), patch))
            except DocumentInvalid:
                continue
            assert data_hash(make_instance(patched)) == data_hash(forced)


@pytest.mark.parametrize("seed", some(range(30), 15))
def test_break_even_holds_when_solved_again(seed):
    """Just below it a plan with the project costs no more than one without, just above no less."""
    instance = instance_of(random_scenario(seed))
    for k in instance.projects:
        session = Session(EXACT, Watcher(), 1)
        found = why_not(instance, k, None, None, session)
        if found.base.plan is None:
            return
        if found.difference is not None and not found.lifted:
            assert found.difference.figures.objective_nok >= -1e-6
        opened = k in found.base.plan.opens
        without = found.forced if opened else found.base
        assert without is not None
        for even in found.break_evens:
            assert without.objective_nok is not None
            _judge(instance, k, even.price, even.change, without.objective_nok)


def _judge(
    instance: SitingInstance, k: str, price: Price, change: float | None, limit: float
) -> None:
    inside = forced_in(instance, k, None)
    if change is None:
        free = solve(_at(inside, k, price, -1), EXACT)
        assert free.objective_nok is None or free.objective_nok > limit
        return
    step = 2e-3 * (1 + abs(change))
    if price is Price.OPERATING or change - step >= -1:
        below = solve(_at(inside, k, price, change - step), EXACT)
        assert below.objective_nok is not None
        assert below.objective_nok <= limit + 1e-6
    above = solve(_at(inside, k, price, change + step), EXACT)
    if above.objective_nok is not None:
        same = isclose(above.objective_nok, limit, abs_tol=1e-6)
        assert same or above.objective_nok > limit


def _at(instance: SitingInstance, k: str, price: Price, change: float) -> SitingInstance:
    project = instance.projects[k]
    if price is Price.OPERATING:
        moved = replace(project, operating_cost_nok=project.operating_cost_nok + change)
    else:
        per_place = project.net_investment_per_place_nok
        moved = replace(
            project,
            investment_nok=(1 + change) * project.investment_nok,
            net_investment_per_place_nok=per_place * (1 + change) if per_place > 0 else per_place,
        )
    return replace(instance, projects={**instance.projects, k: moved})
