"""Plans nearly as good: answers worked out by hand, and every set of projects tried."""

from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.analysis.alternatives import (
    Alternatives,
    Ended,
    find_alternatives,
    make_session,
    outcome_of,
)
from solver.analysis.session import Session
from solver.domain.result import Outcome
from tests.random_scenarios import random_scenario
from tests.siting import Y1, Y2, Y3, Document, district, instance, instance_of, project, site

EXACT = SolveOptions(mip_gap=0, time_limit_s=60)


def town(costs: dict[str, float], **parts: Any) -> Document:
    """Two who need a place, at no distance from projects of two places each."""
    return {
        "districts": {"a": district(2)},
        "sites": {f"at-{k}": {} for k in costs},
        "projects": {k: project(f"at-{k}", 2, investment_nok=cost) for k, cost in costs.items()},
        "minutes": {f"at-{k}": {"a": 0} for k in costs},
        **parts,
    }


def found(
    given: SitingInstance, number: int, within: float, options: SolveOptions = EXACT
) -> tuple[Alternatives, Session]:
    session = make_session(options, Watcher())
    return find_alternatives(given, number, within, session), session


def told(answer: Alternatives) -> list[tuple[str, float | None, int | None]]:
    """What each plan opens, its cost and how far it is from those before."""
    return [
        ("".join(sorted(plan.opened)), plan.result.objective_nok, plan.nearest)
        for plan in answer.plans
    ]


def test_the_farthest_plan_comes_first_and_then_the_cheapest_of_those_as_far():
    """Four need a place, two projects do: kl 21 is cheapest, up to mo 26. Only mo leaves out both k
    and l. Of the others each leaves out one of either, and km is the cheapest of them."""
    four = {"districts": {"a": district(4)}}
    costs = {"k": 10, "l": 11, "m": 12.5, "o": 13.5}
    answer, session = found(instance(**town(costs, **four)), 3, 0.25)
    assert told(answer) == [("kl", 21, None), ("mo", 26, 2), ("km", 22.5, 1)]
    assert answer.ended is Ended.ENOUGH
    assert all(plan.farthest for plan in answer.plans)
    assert answer.limit_nok == pytest.approx(1.25 * 21)
    assert outcome_of(answer, session) is Outcome.OPTIMAL
    assert answer.share("m") == 2 / 3
    assert answer.no_regret == ()


def test_there_are_no_more_plans_than_sets_of_projects_within_the_share():
    answer, _ = found(instance(**town({"k": 10, "l": 11, "m": 12})), 5, 0.1)
    assert told(answer) == [("k", 10, None), ("l", 11, 1)]
    assert answer.ended is Ended.EXHAUSTED


def test_what_is_opened_beside_is_no_difference():
    """Within 100: k 10, and k with l 30."""
    answer, _ = found(instance(**town({"k": 10, "l": 20}, districts={"a": district(1)})), 3, 9)
    assert told(answer) == [("k", 10, None), ("l", 20, 1)]
    parts = town({"k": 10, "l": 20}, minutes={"at-k": {"a": 0}, "at-l": {}})
    answer, _ = found(instance(**parts), 3, 9)
    assert told(answer) == [("k", 10, None)]
    assert answer.ended is Ended.EXHAUSTED


@pytest.mark.parametrize(("second", "plans"), [(10, 2), (10.001, 1)])
def test_within_nothing_only_what_costs_as_little(second, plans):
    answer, _ = found(instance(**town({"k": 10, "l": second})), 5, 0)
    assert len(answer.plans) == plans
    assert answer.ended is Ended.EXHAUSTED


def test_a_project_opened_without_places_for_nothing_is_not_told():
    parts = town({"k": 1, "l": 0})
    parts["projects"]["l"]["investment_per_place_nok"] = 5
    answer, _ = found(instance(**parts), 5, 4)
    assert told(answer) == [("k", 1, None)]
    answer, _ = found(instance(**parts), 5, 9)
    assert told(answer) == [("k", 1, None), ("l", 10, 1)]


def test_a_project_opened_without_places_that_something_rests_on_stays():
    """l may only open after k, which has room for nobody who can reach it."""
    parts = town({"k": 0, "l": 1}, minutes={"at-k": {}, "at-l": {"a": 0}})
    parts["projects"]["l"]["requires"] = ["k"]
    answer, _ = found(instance(**parts), 5, 4)
    assert told(answer) == [("kl", 1, None)]


def test_a_project_all_plans_open_and_one_that_no_plan_within_the_share_can_do_without():
    """Three need a place: k and one of the others. Without k, l and m at 52 do."""
    parts = town({"k": 10, "l": 20, "m": 21}, districts={"a": district(3)})
    answer, _ = found(instance(**parts), 2, 0.05)
    assert told(answer) == [("kl", 30, None), ("km", 31, 1)]
    (k,) = answer.no_regret
    assert (k.project, k.indispensable) == ("k", True)
    # Only as far as two plans show: lm costs 41, and is within a half.
    answer, _ = found(instance(**parts), 1, 0.5)
    assert {one.project: one.indispensable for one in answer.no_regret} == {"k": False, "l": False}


def waiting(series: Document, **parts: Any):
    """How long k can wait when need comes as the series says and k costs 10 a year."""
    given = instance(Y3, **town({"k": 10}, districts={"a": district(series)}, **parts))
    answer, _ = found(given, 1, 0)
    (one,) = answer.no_regret
    return one.waiting


def test_waiting_ends_where_unmet_need_begins():
    """Two places from the second year: a year later two lack a place at 100 and k saves 10."""
    later = waiting({str(Y1): 0, str(Y2): 2}, unmet_nok=100)
    assert (later.latest_opening, later.latest_decision, later.complete) == (Y2, Y2, True)
    assert later.later is not None
    assert later.later.objective_nok == 10 + 2 * 100


def test_waiting_ends_where_no_plan_is_left():
    later = waiting({str(Y1): 0, str(Y2): 2})
    assert later.latest_opening == Y2
    assert later.later is not None
    assert later.later.outcome is Outcome.INFEASIBLE
    assert later.later.conflict is None


def test_what_must_be_decided_is_decided_a_lead_time_before():
    """k can open in the second year at the earliest: a year from decision to opening."""
    parts = town({"k": 0}, districts={"a": district({str(Y2): 0, str(Y3): 2})}, unmet_nok=100)
    parts["projects"]["k"]["opens"] = {"earliest": Y2}
    answer, _ = found(instance(Y3, **parts), 1, 0)
    (one,) = answer.no_regret
    assert (one.waiting.latest_opening, one.waiting.latest_decision) == (Y3, Y2)
    assert one.waiting.later is None


def test_opening_early_for_nothing_is_no_reason_not_to_wait():
    """k costs nothing, so it may open at once; it is needed in the last year."""
    parts = town({"k": 0}, districts={"a": district({str(Y2): 0, str(Y3): 2})}, unmet_nok=100)
    answer, _ = found(instance(Y3, **parts), 1, 0)
    (one,) = answer.no_regret
    assert one.waiting.latest_opening == Y3


def test_an_infeasible_scenario_has_no_alternatives():
    answer, session = found(instance(**town({"k": 10}, districts={"a": district(9)})), 3, 1)
    assert (answer.plans, answer.no_regret, answer.ended) == ((), (), Ended.EXHAUSTED)
    assert outcome_of(answer, session) is Outcome.INFEASIBLE


def test_who_is_stopped_hands_back_what_was_found():
    session = make_session(EXACT, Watcher(should_stop=lambda: session.solves > 1))
    given = instance(**town({"k": 10, "l": 11, "m": 12}))
    answer = find_alternatives(given, 3, 1.3, session)
    assert answer.plans[0].opened == {"k"}
    assert answer.ended is Ended.STOPPED
    assert outcome_of(answer, session) is Outcome.DISMISSED
    assert session.solves == 2


def test_out_of_time_is_said():
    answer, session = found(
        instance(**town({"k": 10, "l": 11})), 3, 1, SolveOptions(time_limit_s=1e-3)
    )
    assert answer.ended is Ended.STOPPED
    assert outcome_of(answer, session) in (Outcome.FEASIBLE, Outcome.NO_PLAN)


def test_progress_counts_its_parts():
    seen = []
    session = make_session(EXACT, Watcher(on_progress=seen.append))
    find_alternatives(instance(**town({"k": 10, "l": 11})), 3, 1, session)
    parts = [progress.part for progress in seen]
    assert parts == sorted(parts)
    assert parts[-1] == session.solves
    assert all(progress.part <= progress.parts for progress in seen)


def test_a_solve_ends_when_its_bound_has_passed_what_was_asked():
    """The relaxation of a scenario is told on the way, and is enough for a limit below it."""
    given = instance_of(random_scenario(1))
    whole = solve(given, EXACT)
    session = make_session(EXACT, Watcher())
    assert session.solve(given, whole.objective_nok + 1).outcome is Outcome.OPTIMAL
    short = session.solve(given, 0.01)
    assert short.dual_bound_nok > 0.01
    assert not session.dismissed


def test_the_same_again():
    given = instance_of(random_scenario(3))
    first, again = (found(given, 4, 0.5)[0] for _ in range(2))
    assert [plan.result.plan for plan in first.plans] == [p.result.plan for p in again.plans]
    assert [(r.project, r.waiting.latest_opening) for r in first.no_regret] == [
        (r.project, r.waiting.latest_opening) for r in again.no_regret
    ]


def cost_of_each_set(given: SitingInstance) -> dict[frozenset[str], float]:
    """The least cost of every set of projects."""
    every = set(given.projects)
    costs = {}
    for chosen in chain.from_iterable(combinations(sorted(every), n) for n in range(5)):
        policies = replace(
            given.policies,
            required_projects=tuple({*given.policies.required_projects, *chosen}),
            forbidden_projects=tuple({*given.policies.forbidden_projects, *(every - set(chosen))}),
        )
        exact = SolveOptions(mip_gap=0, seek_conflict=False)
        result = solve(replace(given, policies=policies), exact)
        if result.objective_nok is not None:
            costs[frozenset(chosen)] = result.objective_nok
    return costs


@pytest.mark.parametrize("seed", range(16))
def test_against_every_set_of_projects(seed):
    given = instance_of(random_scenario(seed))
    answer, _ = found(given, 4, 0.4)
    if not answer.plans:
        assert solve(given).plan is None
        return
    costs = cost_of_each_set(given)
    affordable = {chosen for chosen, cost in costs.items() if cost <= answer.limit_nok + 1e-6}
    known = [answer.plans[0].opened]
    for plan in answer.plans[1:]:
        far = {each: min(len(one - each) for one in known) for each in affordable}
        most = max(far.values())
        assert plan.nearest == most
        cheapest = min(costs[each] for each, distance in far.items() if distance == most)
        assert plan.result.objective_nok == pytest.approx(cheapest)
        known.append(plan.opened)
    if answer.ended is Ended.EXHAUSTED:
        assert all(any(one <= each for one in known) for each in affordable)
    for one in answer.no_regret:
        assert one.indispensable is all(one.project in each for each in affordable)


def test_sets_are_told_apart_by_the_decomposition_too():
    """The rows stand in the master as in the whole program."""
    from solver.domain.result import Strategy

    parts = town({"k": 10, "l": 11, "m": 12}, unmet_nok=1000)
    given = instance(Y2, **parts)
    for strategy in (Strategy.PLAIN, Strategy.DECOMPOSITION):
        options = SolveOptions(mip_gap=0, strategy=strategy)
        answer, _ = found(given, 3, 1.3, options)
        assert told(answer) == [("k", 20, None), ("l", 22, 1), ("m", 24, 1)]


def test_places_that_stand_need_no_project():
    given = instance(**town({"k": 10}, sites={"at-k": site(2)}))
    answer, _ = found(given, 3, 1)
    assert told(answer) == [("", 0, None)]
    assert answer.ended is Ended.EXHAUSTED
