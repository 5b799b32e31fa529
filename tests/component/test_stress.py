"""One plan against futures: breaks and costs worked out by hand, and what must hold for any."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.analysis import over_futures
from solver.analysis.over_futures import Foresight
from solver.analysis.session import Session
from solver.analysis.stress import Best, Stress, stress_plan
from solver.analysis.trial import Break
from solver.domain.errors import VerificationFailed
from solver.domain.futures import Decisions, Delay, Future, late
from solver.domain.instance import WithinTarget
from solver.domain.result import Outcome
from solver.engine.two_stage import TwoStage
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


def assert_proven(best: Best | None, place: int, value: float) -> None:
    assert best is not None
    assert best.place == place
    amounts = (best.value_nok, best.most_nok, best.bound_nok)
    assert amounts == pytest.approx((value, value, value))
    assert best.gap == pytest.approx(0, abs=1e-9)


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
    assert_proven(found.expected, 0, 22.5)
    assert_proven(found.regret, 1, 20)


def test_a_plan_of_ones_own_is_judged_as_it_is():
    given = two_sizes()
    found = stressed(given, [needing(given, 1)], Decisions({"m": Y1}, {("m", "p", Y1): 3}))
    assert found.base is None
    own, best = found.comparisons
    assert found.foresight["need 1"] == Foresight(best.candidate.decisions, 10, 10)
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
    assert two.foresight == one.foresight
    assert (two.expected, two.regret) == (one.expected, one.regret)


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
    assert (found.foresight, found.cheapest, found.expected) == ({}, 0, None)


def test_without_a_plan_there_is_nothing_to_stress():
    given = growing(policies={"forbidden_projects": ["k"]})
    found = stressed(given, [needing(given, 1)])
    assert found.base is not None
    assert found.base.outcome is Outcome.INFEASIBLE
    assert found.comparisons == ()


def test_a_plan_that_is_cheapest_nowhere_is_the_best_on_average():
    """Either a or b will need a place, as likely. k has one near a, l near b, each at 10, and none
    the other can use; m at 14 is a minute from both. Who gets none costs 25.

    Expected: k and l (10 + 35) / 2, both 20, m 15. Known beforehand, k or l would do: regret of m
    is 5, of k 25, of both 10.
    """
    given = instance(
        districts={"a": district(1), "b": district(0)},
        sites={"s": {}, "u": {}, "v": {}},
        projects={
            "k": project("s", 1, investment_nok=10),
            "l": project("u", 1, investment_nok=10),
            "m": project("v", 1, investment_nok=14),
        },
        unmet_nok=25,
        minutes={"s": {"a": 0}, "u": {"b": 0}, "v": {"a": 1, "b": 1}},
    )
    moved = replace(given, need=given.need[::-1])
    found = stressed(given, [Future("a", given, 1.0), Future("b", moved, 1.0)])
    planned, best, other = found.comparisons
    assert planned.candidate.decisions.opens == {"k": Y1}
    assert (planned.expected_nok, planned.regret_nok, planned.regret_in) == (22.5, 25, "b")
    assert best.candidate.decisions.opens == {"m": Y1}
    assert best.source is None
    assert (other.candidate.decisions.opens, other.source) == ({"l": Y1}, "b")
    assert_proven(found.expected, 1, 15)
    assert_proven(found.regret, 1, 5)


def test_what_may_come_late_is_decided_earlier():
    """In one future of four k comes a year late. Planned for the second year that costs 10 + 100
    then, 20 else, on average 42.5; for the first 20 then, 30 else, 27.5."""
    given = growing()
    late_once = delayed(given, "k", 1)
    found = stressed(given, [Future("in time", given, 3.0), late_once])
    planned, early, *_ = found.comparisons
    assert (planned.candidate.decisions.opens, planned.expected_nok) == ({"k": Y2}, 42.5)
    assert (early.candidate.decisions.opens, early.expected_nok) == ({"k": Y1}, 27.5)
    assert (planned.regret_nok, planned.regret_in) == (90, "k 1 late")
    assert (early.regret_nok, early.regret_in) == (10, "in time")
    assert_proven(found.expected, 1, 27.5)
    assert_proven(found.regret, 1, 10)


def test_staff_that_lack_for_what_is_open_cost_what_they_would_staff():
    """k asks for an FTE beside one per place; where there are none everybody is missing, and so is
    that FTE: at a hundredth more than a place, so that nobody is placed by staff that lack."""
    given = growing()
    asks = replace(given.projects["k"], fte={"all": 1})
    enough = replace(given.limits, available_fte={"all": (4, 4, 4)})
    given = replace(given, projects={"k": asks}, limits=enough)
    trial = stressed(given, [staffed(given, 0)]).comparisons[0].candidate.trials["staff"]
    assert trial.missing == {Y1: 1, Y2: 2, Y3: 3}
    assert trial.cost_nok == pytest.approx(20 + (1 + 2 + 3) * PRICE + 2 * 1.01 * PRICE)


def test_who_may_not_travel_so_far_is_not_served():
    """Half of those served must be near; the near site has one place, the far one three."""
    given = instance(
        districts={"a": district(1)},
        sites={"s": site(1), "u": site(3)},
        projects={"k": project("u", 1, investment_nok=500)},
        unmet_nok=PRICE,
        minutes={"s": {"a": 1}, "u": {"a": 20}},
        targets={"within": {"minutes": 5, "share": 0.5}},
    )
    found = stressed(given, [needing(given, 4)])
    trial = found.comparisons[0].candidate.trials["need 4"]
    assert trial.breaks == ()
    assert trial.missing == {Y1: 2}
    assert trial.cost_nok == 1 + 20 + 2 * PRICE


def test_a_plan_that_cannot_be_carried_out_everywhere_is_not_the_best():
    """k and l each take a place of two that stand there, and give two; in the future only one
    stands."""
    given = instance(
        districts={"a": district(4)},
        sites={"s": site(2)},
        projects={
            "k": project("s", 2, removes={"p": 1}),
            "l": project("s", 2, removes={"p": 1}),
        },
        unmet_nok=PRICE,
        minutes={"s": {"a": 1}},
    )
    fewer = replace(given, sites={"s": replace(given.sites["s"], places={"p": (1,)})})
    found = stressed(given, [Future("fewer", fewer, 1.0)])
    planned, best = found.comparisons
    assert set(planned.candidate.decisions.opens) == {"k", "l"}
    assert [one.code for one in planned.candidate.trials["fewer"].breaks] == ["C2"]
    assert not planned.candidate.adoptable
    assert len(best.candidate.decisions.opens) == 1
    assert_proven(found.expected, 1, 202)


LIES = [
    {"costs_nok": lambda sought: sought.costs_nok + 1},
    {"bound_nok": lambda sought: sought.value_nok + 1},
    {"decisions": lambda _: Decisions({}, {})},
]


@pytest.mark.parametrize("lie", LIES)
def test_what_the_program_says_must_be_true(lie, monkeypatch):
    given = growing()

    class Lying(TwoStage):
        def seek(self, *asked):
            sought = super().seek(*asked)
            return replace(sought, **{name: told(sought) for name, told in lie.items()})

    monkeypatch.setattr(over_futures, "TwoStage", Lying)
    with pytest.raises(VerificationFailed):
        stressed(given, [delayed(given, "k", 1)])


def test_too_large_a_program_is_not_built_and_the_rest_is_answered():
    near = WithinTarget(5, (Fraction(1, 2),) * len(YEARS))
    given = growing()
    given = replace(given, targets=replace(given.targets, within=near))
    planned = Decisions({"k": Y2}, {("k", "p", Y2): 2, ("k", "p", Y3): 2})
    little = replace(EXACT, memory_limit_mb=100)
    found = stressed(given, [needing(given, 2)], planned, little)
    assert found.too_large is not None
    assert (found.expected, found.regret) == (None, None)
    assert (found.cheapest, len(found.comparisons)) == (0, 1)
