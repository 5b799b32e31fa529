"""One plan against futures: breaks and costs worked out by hand, and what must hold for any."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.analysis.session import Session
from solver.analysis.stress import Break, Stress, stress_plan
from solver.domain.futures import Decisions, Delay, Future, late
from solver.domain.result import Outcome
from tests.random_scenarios import random_scenario
from tests.siting import Y1, Y2, Y3, care_type, district, instance, instance_of, project, site

EXACT = SolveOptions(mip_gap=0, time_limit_s=60, seek_conflict=False)
YEARS = (Y1, Y2, Y3)
PRICE = 100.0
PEOPLE = {"80+": {str(Y1): 10, str(Y3): 30}}


def growing(**parts: Any) -> SitingInstance:
    """One, two and three who need a place; one stands there, and k has two at 10 a year."""
    return instance(
        Y3,
        care_types={"p": care_type(fte_per_place={"all": 1})},
        districts={"a": district({str(Y1): 1, str(Y3): 3}, population=PEOPLE)},
        sites={"s": site(1), "u": {}},
        projects={"k": project("u", 2, investment_nok=10)},
        unmet_nok=PRICE,
        minutes={"s": {"a": 0}, "u": {"a": 0}},
        targets={"coverage": {"ratio": 0.1, "population": "80+"}},
        staffing={"available_fte": {"all": 3}},
        **parts,
    )


def delayed(given: SitingInstance, k: str, years: int) -> Future:
    later = replace(given.projects[k], earliest=given.projects[k].earliest + years)
    other = replace(given, projects={**given.projects, k: later})
    return Future(f"{k} {years} late", other, 1.0, Delay(k, years))


def staffed(given: SitingInstance, factor: int) -> Future:
    """So many hundredths of the staff."""
    available = {
        group: tuple(None if fte is None else fte * factor / 100 for fte in series)
        for group, series in given.limits.available_fte.items()
    }
    limits = replace(given.limits, available_fte=available)
    return Future("staff", replace(given, limits=limits), 1.0)


def needing(given: SitingInstance, factor: float, weight: float = 1.0) -> Future:
    return Future(f"need {factor}", replace(given, need=given.need * factor), weight)


def stressed(
    given: SitingInstance,
    futures: Sequence[Future],
    plan: Decisions | None = None,
    options: SolveOptions = EXACT,
) -> Stress:
    session = Session(options, Watcher(), parts=1)
    return stress_plan(given, futures, plan, PRICE, session)


def test_a_year_late_breaks_the_target_of_that_year():
    """k is planned for the second year, when the target asks for two places and one stands."""
    given = growing()
    found = stressed(given, [delayed(given, "k", 1), delayed(given, "k", 2)])
    plan = found.comparisons[0].candidate
    assert plan.decisions.opens == {"k": Y2}
    assert plan.as_planned.breaks == ()
    assert plan.as_planned.cost_nok == 2 * 10
    one, two = plan.trials["k 1 late"], plan.trials["k 2 late"]
    assert one.breaks == (Break("C8", "dekningsgraden", (), Y2, 1.0, "places"),)
    assert one.missing == {Y1: 0, Y2: 1, Y3: 0}
    assert one.cost_nok == 10 + 1 * PRICE
    assert [(broken.year, broken.amount) for broken in two.breaks] == [(Y2, 1), (Y3, 2)]
    assert two.cost_nok == (1 + 2) * PRICE


def test_fewer_staff_leave_places_empty_that_somebody_needs():
    """Three places from the second year need 3 FTE where 2.7 are; in the second one is spare."""
    given = growing()
    trial = stressed(given, [staffed(given, 90)]).comparisons[0].candidate.trials["staff"]
    assert [(b.code, b.where, b.year, b.unit) for b in trial.breaks] == [
        ("C10", ("all",), Y2, "fte"),
        ("C10", ("all",), Y3, "fte"),
    ]
    assert [b.amount for b in trial.breaks] == pytest.approx([0.3, 0.3])
    assert trial.missing == pytest.approx({Y1: 0, Y2: 0, Y3: 0.3})
    assert trial.cost_nok == pytest.approx(20 + 0.3 * PRICE)


def two_sizes() -> SitingInstance:
    """One needs a place: k has one at 10, m three at 30; who gets none costs 25."""
    return instance(
        districts={"a": district(1)},
        sites={"s": {}, "u": {}},
        projects={"k": project("s", 1, investment_nok=10), "m": project("u", 3, investment_nok=30)},
        unmet_nok=25,
        minutes={"s": {"a": 0}, "u": {"a": 0}},
    )


def test_the_cheapest_on_average_need_not_be_the_one_with_the_least_regret():
    """Three need a place in one future of four. k costs 10 and 10 + 2·25 = 60, on average 22.5;
    m costs 30 in both. Regret: k 0 and 30, m 20 and 0."""
    given = two_sizes()
    found = stressed(given, [needing(given, 1, weight=3), needing(given, 3, weight=1)])
    small, large = found.comparisons
    assert (small.expected_nok, small.regret_nok, small.regret_in) == (22.5, 30, "need 3")
    assert (large.expected_nok, large.regret_nok, large.regret_in) == (30, 20, "need 1")
    assert (found.cheapest, found.safest) == (0, 1)
    assert large.candidate.source == "need 3"


def test_a_plan_of_ones_own_is_judged_as_it_is():
    given = two_sizes()
    found = stressed(given, [needing(given, 1)], Decisions({"m": Y1}, {("m", "p", Y1): 3}))
    assert found.base is None
    own, best = found.comparisons
    assert (own.expected_nok, own.regret_nok, best.expected_nok) == (30, 20, 10)
    assert (found.cheapest, found.safest) == (1, 1)


def test_a_plan_that_breaks_what_is_decided_is_never_the_best():
    """Without a ceiling m would be; the plan costs 30 where 20 may be invested."""
    given = two_sizes()
    poor = replace(given, limits=replace(given.limits, investment_total_nok=20))
    plan = Decisions({"m": Y1}, {("m", "p", Y1): 3})
    found = stressed(poor, [needing(poor, 3)], plan)
    assert not found.comparisons[0].candidate.adoptable
    assert [one.code for one in found.comparisons[0].candidate.as_planned.breaks] == ["C12"]
    assert found.cheapest == 1


def test_a_delay_of_what_the_plan_does_not_open_changes_nothing():
    given = two_sizes()
    found = stressed(given, [delayed(given, "m", 1)])
    (only,) = found.comparisons
    assert only.candidate.trials["m 1 late"] == only.candidate.as_planned
    assert found.own == {}


def test_unmet_need_that_is_not_allowed_is_told_by_year():
    given = replace(
        two_sizes(), objective=replace(two_sizes().objective, unmet_place_year_nok=None)
    )
    trial = stressed(given, [needing(given, 2)]).comparisons[0].candidate.trials["need 2"]
    claim = "udekket behov bare der det er tillatt"
    assert trial.breaks == (Break("C1", claim, (), Y1, 1.0, "places"),)
    assert trial.cost_nok == 10 + PRICE


@pytest.mark.parametrize(
    ("by", "opens", "places"),
    [
        (0, {"k": Y1, "l": Y2}, {("k", "p", Y1): 1, ("k", "p", Y2): 2, ("k", "p", Y3): 3}),
        (1, {"k": Y2, "l": Y2}, {("k", "p", Y2): 1, ("k", "p", Y3): 2}),
        (2, {"k": Y3, "l": Y2}, {("k", "p", Y3): 1}),
        (3, {"l": Y2}, {}),
    ],
)
def test_all_a_late_project_does_is_late(by, opens, places):
    other = {("l", "p", Y2): 5, ("l", "p", Y3): 5}
    grown = {("k", "p", Y1): 1, ("k", "p", Y2): 2, ("k", "p", Y3): 3}
    planned = Decisions({"k": Y1, "l": Y2}, grown | other)
    assert late(planned, Delay("k", by), YEARS) == Decisions(opens, places | other)


def test_back_again_what_a_project_had_at_the_end_goes_on():
    planned = Decisions({"k": Y2}, {("k", "p", Y2): 1, ("k", "p", Y3): 2})
    early = Decisions({"k": Y1}, {("k", "p", Y1): 1, ("k", "p", Y2): 2, ("k", "p", Y3): 2})
    assert late(planned, Delay("k", -1), YEARS) == early
    assert late(early, Delay("k", 1), YEARS) == planned


@pytest.mark.parametrize("seed", range(20))
def test_the_cheapest_plan_of_a_future_breaks_nothing_there_and_costs_what_it_costs(seed):
    """By another way: served by transport for given places, not by the program that chose them."""
    given = instance_of(random_scenario(seed))
    lasting = [k for k, one in given.projects.items() if one.available_years is None]
    futures = [needing(given, 1.5), *(delayed(given, k, 1) for k in lasting)]
    for future in futures:
        own = solve(future.instance, EXACT)
        if own.plan is None:
            continue
        plan = Decisions(own.plan.opens, own.plan.places)
        if future.delay is not None:
            plan = late(plan, Delay(future.delay.project, -1), given.years)
        found = stressed(given, [future], plan)
        trial = found.comparisons[0].candidate.trials[future.name]
        if future.concerns(plan):
            assert trial.breaks == (), (seed, future.name)
            assert trial.cost_nok == pytest.approx(own.objective_nok)


def test_as_many_processes_as_threads_and_the_same_answer():
    given = growing()
    futures = [delayed(given, "k", 1), staffed(given, 90), needing(given, 1.2)]
    one = stressed(given, futures)
    two = stressed(given, futures, options=replace(EXACT, threads=2))
    assert [c.candidate for c in two.comparisons] == [c.candidate for c in one.comparisons]
    assert {name: result.outcome for name, result in two.own.items()} == {
        name: result.outcome for name, result in one.own.items()
    }


def test_who_is_stopped_hands_back_what_was_reached():
    given = growing()
    session = Session(EXACT, Watcher(should_stop=lambda: session.solves > 1), parts=1)
    found = stress_plan(given, [delayed(given, "k", 1), needing(given, 1.2)], None, PRICE, session)
    assert found.base is not None
    assert found.base.outcome is Outcome.OPTIMAL
    assert found.comparisons == ()
    assert set(found.skipped) == {"k 1 late", "need 1.2"}


def test_what_the_plan_meets_comes_before_what_it_is_compared_with():
    """The base, then the plan in the scenario and two futures; then somebody asks for an end."""
    given = growing()
    session = Session(EXACT, Watcher(should_stop=lambda: session.solves >= 4), parts=1)
    found = stress_plan(given, [delayed(given, "k", 1), needing(given, 2)], None, PRICE, session)
    assert found.skipped == ("need 2",)  # begun when the end came
    assert found.plan is not None
    assert [one.year for one in found.plan.trials["k 1 late"].breaks] == [Y2]
    assert (found.own, found.cheapest) == ({}, 0)


def test_without_a_plan_there_is_nothing_to_stress():
    given = growing(policies={"forbidden_projects": ["k"]})
    found = stressed(given, [needing(given, 1)])
    assert found.base is not None
    assert found.base.outcome is Outcome.INFEASIBLE
    assert found.comparisons == ()
