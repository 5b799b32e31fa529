"""Points of a front sought by themselves: told and heard alike, and the same wherever they were."""

import json
from itertools import chain
from typing import Any

import numpy as np
import pytest

from solver.analysis import parallel, points
from solver.analysis.parallel import work_on_all
from solver.analysis.pareto import Front, _rounds, expected_solves, find_front
from solver.analysis.points import SEEKING, Asked, Program, answer_points, seek_alone
from solver.analysis.session import Session
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Watcher
from solver.engine.journal import Journal
from solver.engine.tradeoff import Measure, Reached, Seeking, Tradeoff
from tests.random_scenarios import random_scenario
from tests.siting import instance_of
from tests.streets import street

EXACT = SolveOptions(time_limit_s=60, mip_gap=0.0)
TWO = SolveOptions(time_limit_s=60, mip_gap=0.0, threads=2)
GIVEN = {"street": instance_of(street(5)), "random": instance_of(random_scenario(1))}
STREET = GIVEN["street"]


def some_asked(given: SitingInstance, measure: Measure) -> list[Asked]:
    """Points under three ceilings, from the cheapest plan where it holds them."""
    tradeoff = Tradeoff(given, measure, EXACT)
    journal = Journal(Watcher(), 60)
    cheapest = tradeoff.seek(Seeking(cost=1.0), journal).best
    shortest = tradeoff.seek(Seeking(other=1.0, most_unmet=1e12), journal).best
    assert cheapest is not None
    assert shortest is not None
    high, low = cheapest.amounts.other, shortest.amounts.other
    program = Program(given, measure, EXACT, tradeoff)
    sought = [Seeking(1.0, 1 / 3, most_other=low + n * (high - low) / 3) for n in (3, 2, 1)]
    return [Asked(program, one, tradeoff.start(one)) for one in sought]


def bits(reached: Reached | None) -> tuple[Any, ...]:
    assert reached is not None
    assert reached.x is not None
    return reached.stop, reached.x.tobytes(), reached.bound, reached.nodes


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("name", GIVEN)
def test_a_point_is_the_same_to_the_last_bit_wherever_it_is_sought(name: str, measure: Measure):
    """Here, in processes of its own, and by another worker, from text to text."""
    given = GIVEN[name]
    asked = some_asked(given, measure)
    here = [bits(seek_alone(one, EXACT, Watcher())) for one in asked]
    beside = work_on_all(seek_alone, asked, Session(TWO, Watcher(), parts=3))
    assert [bits(one) for one in beside] == here
    whats = json.loads(json.dumps([SEEKING.told(one) for one in asked]))
    told = json.dumps(answer_points(whats, given, measure, Session(EXACT, Watcher(), parts=3)))
    assert [bits(SEEKING.heard(one)) for one in json.loads(told)] == here


def test_where_nothing_is_found_nothing_is_told():
    asked = Asked(Program(STREET, Measure.TRAVEL, EXACT), Seeking(1.0, most_other=-1.0), None)
    reached = seek_alone(asked, EXACT, Watcher())
    assert reached.x is None
    assert SEEKING.heard(json.loads(json.dumps(SEEKING.answered(reached)))) == reached


def test_a_process_builds_a_program_once(monkeypatch: pytest.MonkeyPatch):
    built: list[SitingInstance] = []

    def build(*of: Any) -> Tradeoff:
        built.append(of[0])
        return Tradeoff(*of)

    monkeypatch.setattr(points, "Tradeoff", build)
    asked = some_asked(STREET, Measure.TRAVEL)
    session = Session(EXACT, Watcher(), parts=3)
    assert asked[0].program.built() is asked[1].program.built()
    whats = [SEEKING.told(one) for one in asked]
    assert None not in answer_points(whats, STREET, Measure.TRAVEL, session)
    assert len(built) == 1


def front(measure: Measure, options: SolveOptions, told: list[Any]) -> Front:
    session = Session(options, Watcher(told.append), expected_solves(10))
    return find_front(STREET, measure, 10, session)


@pytest.mark.parametrize("measure", [Measure.TRAVEL, Measure.WORST_OFF])
def test_two_threads_find_the_same_front(measure: Measure, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parallel, "WORTH_STARTING_S", 0.0)
    told: list[Any] = []
    one, two = front(measure, EXACT, []), front(measure, TWO, told)
    assert len(one.points) == 10
    for mine, other in zip(one.points, two.points, strict=True):
        assert (mine.cost, mine.other, mine.gap) == (other.cost, other.other, other.gap)
        assert mine.result.plan == other.result.plan
    assert (one.outcome, one.complete, one.knee) == (two.outcome, two.complete, two.knee)
    parts = [progress.part for progress in told]
    assert parts == sorted(parts)


@pytest.mark.parametrize("number", [0, 1, 2, 3, 8, 18, 98])
def test_rounds_hold_every_ceiling_once(number: int):
    rounds = list(_rounds([float(n) for n in range(number)]))
    assert sorted(chain(*rounds)) == list(range(number))
    assert all(rounds)
    assert len(rounds) <= np.ceil(np.log2(number + 1))


def test_the_first_round_is_quarters():
    first, second = _rounds([float(n) for n in range(1, 12)])
    assert first == [3, 6, 9]
    assert second == [1, 2, 4, 5, 7, 8, 10, 11]
