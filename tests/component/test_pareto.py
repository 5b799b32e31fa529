"""The front of cost against travel and FTE: toys by hand, and every plan there is tried."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app.services.analyses import answer
from app.services.checking import check_scenario
from app.services.instances import make_instance
from app.services.task import Task
from geodata import bundled
from solver.analysis import pareto
from solver.analysis.pareto import Front, expected_solves, find_front
from solver.analysis.session import Session
from solver.domain.errors import FormulationError
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, Progress, SolveOptions, Watcher
from solver.engine import decomposition
from solver.engine.tradeoff import Amounts, Found, Measure, Seeking, Tradeoff
from solver.verify import verify
from tests.examples import some
from tests.known_optimum.enumeration import Enumeration
from tests.random_scenarios import random_scenario
from tests.siting import Y2, Document, district, instance_of, project, scenario, site

EXACT = SolveOptions(time_limit_s=60, mip_gap=0.0)


def town(**more: object) -> Document:
    """Two districts with four in need each; everybody can stay at s, b is far away.

    Today costs 0 and 4·1 + 4·10 = 44 of travel. l (5 NOK) brings b to 5 minutes: 24. k (20 NOK)
    brings b to 1 minute: 8. Both cost 25 and gain nothing beyond k.
    """
    return scenario(
        districts={"a": district(4), "b": district(4)},
        sites={"s": site(8), "u": {}, "v": {}},
        minutes={"s": {"a": 1, "b": 10}, "u": {"a": 10, "b": 1}, "v": {"a": 10, "b": 5}},
        projects={
            "k": project("u", 4, investment_nok=20),
            "l": project("v", 4, investment_nok=5),
        },
        **more,
    )


def front_of(
    siting: SitingInstance,
    measure: Measure = Measure.TRAVEL,
    points: int = 10,
    options: SolveOptions = EXACT,
    watcher: Watcher | None = None,
) -> Front:
    session = Session(options, watcher or Watcher(), expected_solves(points))
    return find_front(siting, measure, points, session)


def amounts(front: Front) -> list[tuple[float, float]]:
    return [(round(point.cost, 6), round(point.other, 6)) for point in front.points]


def test_the_whole_front_of_a_town() -> None:
    front = front_of(instance_of(town()))
    assert amounts(front) == [(0, 44), (5, 24), (20, 8)]
    assert front.outcome is Outcome.OPTIMAL
    assert front.complete
    assert [point.gap for point in front.points] == [0, 0, 0]
    assert front.knee == 1


def test_fewer_points_are_the_ends_first() -> None:
    front = front_of(instance_of(town()), points=2)
    assert amounts(front) == [(0, 44), (20, 8)]
    assert not front.complete
    assert front.knee is None


def test_ends_are_lexicographic() -> None:
    """A project that costs nothing and shortens journeys is in every plan of the front."""
    document = town()
    document["projects"]["l"]["investment_nok"] = 0
    assert amounts(front_of(instance_of(document))) == [(0, 24), (20, 8)]


def test_one_plan_that_is_best_in_both() -> None:
    document = town()
    document["projects"] = {}
    front = front_of(instance_of(document))
    assert amounts(front) == [(0, 44)]
    assert front.complete


def test_nobody_is_left_out_to_shorten_journeys() -> None:
    """A missing place at 6 NOK costs less than four of the journeys of b; none is left out."""
    front = front_of(instance_of(town(unmet_nok=6)))
    assert amounts(front) == [(0, 44), (5, 24), (20, 8)]
    for point in front.points:
        assert point.result.figures is not None
        assert point.result.figures.unmet_nok == 0


def test_weights_of_the_scenario_do_not_count() -> None:
    weighed = town(objective={"weights": {"cost": 0.5, "travel": 100}})
    assert amounts(front_of(instance_of(weighed))) == [(0, 44), (5, 24), (20, 8)]


def test_cost_against_fte() -> None:
    """k needs 3 FTE where l needs 1; one of them must open for b to be served."""
    document = town(staffing={"available_fte": {"all": 100}})
    document["sites"]["s"] = site(4)
    document["projects"]["k"] |= {"investment_nok": 5, "fte": {"all": 3}}
    document["projects"]["l"] |= {"investment_nok": 20, "fte": {"all": 1}}
    assert amounts(front_of(instance_of(document), Measure.FTE)) == [(5, 3), (20, 1)]


def test_cost_against_the_worst_off_district() -> None:
    """b is worst off: 10 minutes today, 5 with l, and with k a is, at 1; a stays where it is."""
    front = front_of(instance_of(town()), Measure.WORST_OFF)
    assert amounts(front) == [(0, 10), (5, 5), (20, 1)]
    assert front.complete


def test_an_infeasible_scenario_has_no_front() -> None:
    document = town()
    document["sites"]["s"] = site(0)
    document["projects"] = {}
    front = front_of(instance_of(document))
    assert (front.points, front.outcome) == ((), Outcome.INFEASIBLE)


def test_dismissed_before_anything_is_found() -> None:
    front = front_of(instance_of(town()), watcher=Watcher(should_stop=lambda: True))
    assert front.outcome is Outcome.DISMISSED


def test_progress_tells_which_search_of_how_many() -> None:
    told: list[Progress] = []
    front_of(instance_of(town()), watcher=Watcher(told.append))
    parts = [progress.part or 0 for progress in told]
    assert parts == sorted(parts)
    assert parts[-1] >= 4
    assert all((progress.parts or 0) >= (progress.part or 0) for progress in told)


def brute_force(document: Document) -> list[tuple[float, float]]:
    """Every efficient (cost, travel), by trying every plan twice: travel for nothing, and only it.

    Only for scenarios where nobody may be left out, so that cost is what was decided.
    """
    every = Enumeration(document)
    if not every.combinations:
        return []
    allowed = every.allowed()
    if not len(allowed.opens):
        return []
    cost = every.decided(allowed)
    travel = every.cost(allowed) - cost
    front: list[tuple[float, float]] = []
    for index in np.lexsort((travel, cost)):
        if math.isfinite(travel[index]) and (not front or travel[index] < front[-1][1] - 1e-7):
            front.append((cost[index], travel[index]))
    return front


@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("first", some(range(0, 150, 50), 1))
def test_the_front_is_that_of_every_plan_there_is(
    monkeypatch: pytest.MonkeyPatch, first: int, *, decomposed: bool
) -> None:
    monkeypatch.setattr(decomposition, "fits", lambda i, _: decomposed and decomposition.applies(i))
    tried = 0
    for seed in range(first, first + 50):
        document = random_scenario(seed)
        document["objective"] |= {"unmet_place_year_nok": None, "weights": None}
        document["targets"] = {**(document.get("targets") or {}), "within": None}
        siting = instance_of(document)
        if decomposed and not decomposition.applies(siting):
            continue
        expected = brute_force(document)
        front = front_of(siting, points=50)
        assert bool(front.points) == bool(expected)
        if not expected:
            continue
        tried += 1
        found = [(point.cost, point.other) for point in front.points]
        _check(front, siting, found)
        assert found[0][0] == pytest.approx(expected[0][0], rel=1e-6, abs=1e-6)
        for cost, other in found:
            least = min(c for c, o in expected if o <= other + 1e-5)
            gap = next(p.gap for p in front.points if (p.cost, p.other) == (cost, other))
            assert least >= cost - (gap or 0) * abs(cost) - 1e-4 * max(abs(cost), 1) or gap is None
        if not decomposed:
            assert front.complete
            assert found == [pytest.approx(point, rel=1e-6, abs=1e-5) for point in expected]
    assert tried > 3


def test_a_front_to_a_wide_gap_says_by_how_much_it_can_be_beaten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a large instance: no plan is cheaper than a point's gap allows, whatever was proven."""
    monkeypatch.setattr(decomposition, "fits", lambda i, _: decomposition.applies(i))
    tried = 0
    for seed in range(60):
        document = random_scenario(seed)
        document["objective"] |= {"unmet_place_year_nok": None, "weights": None}
        document["targets"] = {**(document.get("targets") or {}), "within": None}
        siting = instance_of(document)
        if not decomposition.applies(siting) or not (expected := brute_force(document)):
            continue
        front = front_of(siting, points=4, options=replace(EXACT, mip_gap=0.02))
        _check(front, siting, [(point.cost, point.other) for point in front.points])
        for point in front.points:
            least = min(cost for cost, other in expected if other <= point.other + 1e-5)
            assert point.gap is not None
            assert least >= point.cost * (1 - point.gap) - 1e-6 * abs(point.cost) - 1e-6
        proven = all(point.gap is not None and point.gap <= 0.02 for point in front.points)
        assert proven == (front.outcome is Outcome.OPTIMAL)
        tried += len(front.points) > 1
    assert tried > 3


def test_twenty_proven_points_of_lillehammer() -> None:
    """To one per cent: none dominated, each verified; what it takes is in docs/performance.md."""
    siting = make_instance(check_scenario(bundled.load("lillehammer")))
    front = front_of(siting, points=20, options=SolveOptions(mip_gap=0.01))
    assert len(front.points) == 20
    assert front.outcome is Outcome.OPTIMAL
    _check(front, siting, [(point.cost, point.other) for point in front.points])


@pytest.mark.parametrize(
    ("decomposed", "gap", "looked"), [(True, 0.02, False), (True, 0.001, True), (False, 0.02, True)]
)
def test_a_front_that_ends_early_says_so(
    monkeypatch: pytest.MonkeyPatch, gap: float, *, decomposed: bool, looked: bool
) -> None:
    monkeypatch.setattr(decomposition, "fits", lambda *_: decomposed)
    task = Task(town(), "pareto", {"points": 3, "against": "travel"})
    told = answer(task, SolveOptions(mip_gap=gap), Watcher())
    assert len(told["points"]) > 1
    assert any("ikke lett etter" in line for line in told["text"]) != looked


def row(*others: float) -> list[Found]:
    """Plans of a front by what they have of the other measure."""
    return [
        Found(Amounts(float(i), other, 0), lambda: None, None) for i, other in enumerate(others)
    ]


@pytest.mark.parametrize(
    ("preferred", "most", "chosen"),
    [
        ({0, 1, 2, 3, 4}, 5, [9, 8, 5, 4, 0]),
        ({0, 1, 2, 3, 4}, 3, [9, 4, 0]),  # the first at most half-way
        ({0, 1, 2}, 3, [9, 8, 5]),  # as many as asked for
        ({0, 1, 2, 4}, 3, [9, 5, 0]),  # two ceilings with the same one
        ({0, 1}, 3, [9, 8, 0]),  # the widest gap
        (set(), 2, [9, 0]),
    ],
)
def test_those_preferred_are_chosen_first(
    preferred: set[int], most: int, chosen: list[float]
) -> None:
    spread = pareto._spread(row(9, 8, 5, 4, 0), most, preferred)
    assert [one.amounts.other for one in spread] == chosen


def _check(front: Front, siting: SitingInstance, found: list[tuple[float, float]]) -> None:
    for (cost, other), (dearer, less) in pairwise(found):
        assert dearer > cost
        assert less < other
    for point in front.points:
        assert point.result.plan is not None
        assert verify(siting, point.result.plan)[0].passed


def test_a_bound_with_more_weight_is_one_with_less() -> None:
    """cost + 3·travel ≥ 64 says that cost ≥ 64 − 3·20 under a ceiling of 20 on travel."""
    tradeoff = Tradeoff(instance_of(town()), Measure.TRAVEL, EXACT)
    session = Session(EXACT, Watcher(), 1)
    journal = pareto.Journal(session.watcher(), 10)
    sought = tradeoff.seek(Seeking(1.0, 3.0), journal)
    assert sought.bound == pytest.approx(44)  # k: 20 + 3·8
    assert tradeoff.bound(Seeking(1.0, most_other=12)) == pytest.approx(44 - 3 * 12)
    assert tradeoff.bound(Seeking(1.0)) is None
    assert tradeoff.bound(Seeking(1.0, 5.0)) == pytest.approx(44)


def test_a_bound_that_a_plan_refutes_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS may be wrong: what it says cannot be had is forgotten when it is had."""
    tradeoff = Tradeoff(instance_of(town()), Measure.TRAVEL, EXACT)
    journal = pareto.Journal(Session(EXACT, Watcher(), 1).watcher(), 10)
    honest = tradeoff._method.seek

    def too_high(*asked: Any) -> Any:
        searched = honest(*asked)
        return replace(searched, found=[], bound=searched.bound + 1)

    with monkeypatch.context() as lying:
        lying.setattr(tradeoff._method, "seek", too_high)
        assert tradeoff.seek(Seeking(1.0, 3.0), journal).bound == pytest.approx(45)
    assert tradeoff.seek(Seeking(1.0, most_other=8), journal).bound == pytest.approx(20)  # k
    assert tradeoff.bound(Seeking(1.0, 3.0)) is None  # k: 20 + 3·8 = 44


def test_two_years_and_discounting_are_in_cost_and_travel() -> None:
    document = town(objective={"discount_rate": 0.25})
    document["years"]["last"] = Y2
    front = front_of(instance_of(document))
    # δ = 1 and 0.8; a project of one year's lifetime costs 1.25⁻¹… a(0.25, 1) = 1.25 times it.
    assert amounts(front)[0] == (0, round(44 * 1.8, 6))
    assert amounts(front)[-1] == (round(20 * 1.25 * 1.8, 6), round(8 * 1.8, 6))


def test_a_front_that_would_not_fit_in_memory_is_refused() -> None:
    with pytest.raises(FormulationError, match="model_too_large"):
        front_of(instance_of(town()), options=SolveOptions(memory_limit_mb=1))
