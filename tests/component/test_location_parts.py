"""The parts of location's strategy against trying every set of candidates."""

from dataclasses import replace
from functools import cache
from itertools import product
from math import inf

import numpy as np
import pytest

from solver import SolveOptions, Watcher
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.location import growing
from solver.engine.location.capacitated import Capacitated, CapacitatedSearch, Facilities
from solver.engine.location.growing import GrowingProgram, Relaxed
from solver.engine.location.interchange import Neighbourhood
from solver.engine.location.lagrangian import Step, Uncapacitated, raise_bound
from solver.engine.location.nearest import NearestLists, nearest_lists
from solver.engine.location.problem import Flags, Floats, LocationProblem
from solver.engine.location.radius import RadiusProgram
from solver.engine.location.record import Record
from solver.engine.location.selection import select
from tests.random_locations import random_problem

WHOLE_LISTS = 1000
TINY = 1e-6
EXACT = SolveOptions(mip_gap=0)
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def journal() -> Journal:
    return Journal(Watcher(), 60.0)


def sets(required: Flags, most: int, least: int = 0) -> list[Flags]:
    """All sets with the required ones, of an allowed size."""
    flags = (np.array(each, dtype=bool) for each in product([False, True], repeat=len(required)))
    return [one for one in flags if least <= one.sum() <= most and one[required].all()]


def costs_without_capacities(problem: LocationProblem) -> dict[bytes, float]:
    """What each set costs, everybody served from the nearest."""
    rows = np.arange(len(problem.weight))
    dense, anyway = problem.cost(rows), problem.anyway(rows)
    return {
        one.tobytes(): float(
            problem.fixed_nok[one].sum()
            + np.minimum(dense[:, one].min(axis=1, initial=inf), anyway) @ problem.weight
        )
        for one in sets(problem.required, problem.most)
    }


def costs_with_capacities(problem: LocationProblem) -> dict[bytes, float]:
    """What each set costs, by its transportation problem."""
    record = Record(problem, EXACT, journal())
    search = CapacitatedSearch(problem, EXACT, journal(), record)
    answers = {one.tobytes(): search._assign(one) for one in sets(problem.required, problem.most)}
    return {key: inf if answer is None else answer[0] for key, answer in answers.items()}


def small_problem(seed: int, capacitated: bool = False, most: int = 7) -> LocationProblem:
    """The seed's first problem with few candidates that somebody needs."""
    while True:
        problem = random_problem(seed, capacitated)
        if len(problem.candidates) <= most and len(problem.weight):
            return problem
        seed += 1_000


@cache
def costs_of(seed: int, capacities: bool) -> tuple[LocationProblem, dict[bytes, float]]:
    """A small problem and what each of its sets costs."""
    problem = small_problem(seed, capacities)
    costs = costs_with_capacities if capacities else costs_without_capacities
    return problem, costs(problem)


def relaxation_of(
    problem: LocationProblem, capacities: bool, rng: np.random.Generator
) -> Uncapacitated | Capacitated:
    """With capacities, or without on lists that may be cut."""
    if capacities:
        return Capacitated(Facilities(problem), problem.required, problem.most)
    return uncapacitated(problem, int(rng.choice([1, 2, WHOLE_LISTS])))


def lists_of(problem: LocationProblem, length: int = WHOLE_LISTS) -> NearestLists:
    return nearest_lists(problem, length)


def uncapacitated(problem: LocationProblem, length: int = WHOLE_LISTS) -> Uncapacitated:
    return Uncapacitated(
        lists_of(problem, length), problem.fixed_nok, problem.required, problem.most
    )


def made_up_prices(rng: np.random.Generator, problem: LocationProblem) -> Floats:
    """Around what serving a row costs, a few of them zero."""
    dense = problem.cost(np.arange(len(problem.weight))) * problem.weight[:, None]
    scale = np.where(np.isfinite(dense), dense, 0.0).max(axis=1) + problem.fixed_nok.mean()
    prices: Floats = rng.uniform(0, 1.5, len(scale)) * scale
    prices[rng.random(len(scale)) < 0.1] = 0.0
    return prices


@pytest.mark.parametrize("seed", range(60))
def test_selection_against_every_set(seed):
    rng = np.random.default_rng(seed)
    number = int(rng.integers(1, 8))
    values = rng.integers(-5, 6, number).astype(float)
    values[rng.random(number) < 0.15] = inf
    required = (rng.random(number) < 0.2) & np.isfinite(values)
    able = int(np.isfinite(values).sum())
    most = int(rng.integers(max(required.sum(), min(able, 1)), number + 1))
    least = int(rng.integers(0, min(most, able) + 1))
    selection = select(values, required, least, most)

    worth = {one.tobytes(): values[one].sum() for one in sets(required, most, least)}
    assert selection.value == min(worth.values())
    assert worth[selection.opened.tobytes()] == selection.value
    for k in range(number):
        other = [
            value
            for key, value in worth.items()
            if np.frombuffer(key, dtype=bool)[k] != selection.opened[k]
        ]
        assert selection.change[k] == min(other, default=inf) - selection.value


def bounds_at(
    relaxation: Uncapacitated | Capacitated, problem: LocationProblem, prices: Floats
) -> list[Step]:
    """The bound at prices, and where the relaxation has a window when it is laid anew."""
    steps = [relaxation.at(relaxation.admissible(prices))]
    if isinstance(relaxation, Uncapacitated):
        steps.append(relaxation.at_any(prices))
    return steps


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("capacities", [False, True])
def test_any_prices_give_a_bound(seed, capacities):
    problem, costs = costs_of(seed, capacities)
    rng = np.random.default_rng(seed)
    relaxation = relaxation_of(problem, capacities, rng)
    for _ in range(5):
        prices = made_up_prices(rng, problem)
        relaxation.settle(problem.required, np.ones(len(problem.candidates), dtype=bool))
        for step in bounds_at(relaxation, problem, prices):
            assert step.bound <= min(costs.values()) + TINY

        must = problem.required | (rng.random(len(problem.candidates)) < 0.2)
        may = must | (rng.random(len(problem.candidates)) < 0.6)
        left = [costs[one.tobytes()] for one in sets(must, problem.most) if not (one & ~may).any()]
        relaxation.settle(must, may)
        for step in bounds_at(relaxation, problem, prices) if left else ():
            assert step.bound <= min(left) + TINY


@pytest.mark.parametrize("seed", range(12))
def test_a_price_beyond_its_window_gives_a_bound(seed):
    problem = small_problem(seed)
    while len(problem.weight) < 10:  # of fewer rows one price beyond it moves the window
        seed += 50
        problem = small_problem(seed)
    optimum = min(costs_without_capacities(problem).values())
    relaxation = uncapacitated(problem)
    finite = Neighbourhood(problem, lists_of(problem)).finite(optimum)
    dual = raise_bound(relaxation, np.zeros(len(problem.weight)), lambda _: finite, lambda _: False)
    for row in range(len(problem.weight)):
        relaxation.at_any(dual.prices)
        prices = dual.prices.copy()
        prices[row] = 1e6
        assert relaxation.at(relaxation.admissible(prices)).bound <= optimum + TINY


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("capacities", [False, True])
def test_nothing_better_is_settled_away(seed, capacities):
    problem, costs = costs_of(seed, capacities)
    rng = np.random.default_rng(seed)
    relaxation = relaxation_of(problem, capacities, rng)
    finite = sorted((key for key in costs if np.isfinite(costs[key])), key=costs.__getitem__)
    record = Record(problem, EXACT, journal())
    for rank in (len(finite) // 2, 1, 0):
        if rank < len(finite):
            record.offer(np.frombuffer(finite[rank], dtype=bool), costs[finite[rank]])
        for _ in range(4):
            prices = relaxation.admissible(made_up_prices(rng, problem))
            record.learn(relaxation.at(prices))
            relaxation.settle(record.must.copy(), record.may.copy())
            assert record.bound_nok <= min(costs.values()) + TINY
            for key in finite:
                one = np.frombuffer(key, dtype=bool)
                if costs[key] < record.best_nok - TINY:
                    assert one[record.must].all()
                    assert not (one & ~record.may).any()


def everything_written(problem: LocationProblem, lists: NearestLists) -> RadiusProgram:
    radius = radius_of(problem, lists)
    radius.write(np.full(lists.rows, lists.site.shape[1]))
    return radius


def radius_of(problem: LocationProblem, lists: NearestLists) -> RadiusProgram:
    every = np.ones(len(problem.candidates), dtype=bool)
    return RadiusProgram(
        lists, problem.fixed_nok, (problem.required, every), problem.most, journal()
    )


def whole_optimum(radius: RadiusProgram) -> float:
    """inf when there is none."""
    run = run_highs(radius.whole(None), HighsOptions(60.0, presolve=False))
    if run.stop is Stop.INFEASIBLE:
        return inf
    assert run.bound is not None
    return run.bound


def relaxed_optimum(radius: RadiusProgram) -> tuple[float, Relaxed] | None:
    relaxed = radius.relax()
    if isinstance(relaxed, Stop):
        assert relaxed is Stop.INFEASIBLE
        return None
    return float(radius.program.cost @ relaxed.x) + radius.nearest_nok, relaxed


def servable(seed: int) -> LocationProblem:
    """The seed's first problem that a set of its candidates solves."""
    while True:
        problem = small_problem(seed)
        if np.isfinite(lists_of(problem).cost[:, 0]).all():
            return problem
        seed += 1_000


@pytest.mark.parametrize("seed", range(40))
def test_the_radius_formulation_has_the_optimum(seed):
    problem = servable(seed)
    optimum = min(costs_without_capacities(problem).values())
    assert whole_optimum(everything_written(problem, lists_of(problem))) == pytest.approx(
        optimum, abs=1e-6
    )


@pytest.mark.parametrize("seed", range(40))
def test_some_levels_are_a_relaxation(seed):
    problem = servable(seed)
    rng = np.random.default_rng(seed)
    optimum = min(costs_without_capacities(problem).values())
    for length in (1, 2, WHOLE_LISTS):
        lists = lists_of(problem, length)
        radius = radius_of(problem, lists)
        before = -inf
        for _ in range(3):
            radius.write(rng.integers(0, lists.site.shape[1] + 1, lists.rows))
            relaxed = relaxed_optimum(radius)
            value = inf if relaxed is None else relaxed[0]
            assert before - TINY <= value <= optimum + TINY
            assert whole_optimum(radius) <= optimum + TINY
            before = value


@pytest.mark.parametrize("seed", range(40))
def test_prices_of_levels_give_the_relaxed_optimum(seed):
    problem = servable(seed)
    radius = everything_written(problem, lists_of(problem))
    relaxed = relaxed_optimum(radius)
    if relaxed is None:
        return
    step = uncapacitated(problem).at_any(radius.prices(relaxed[1]))
    assert step.bound == pytest.approx(relaxed[0], rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_lists_below_price_and_slack_keep_the_optimum(seed):
    problem = servable(seed)
    rng = np.random.default_rng(seed)
    costs = costs_without_capacities(problem)
    optimum = min(costs.values())
    if optimum == inf:
        return
    lists = lists_of(problem)
    relaxation = uncapacitated(problem)
    for _ in range(5):
        prices = relaxation.admissible(rng.uniform(0.2, 1) * made_up_prices(rng, problem))
        slack = optimum - relaxation.at(prices).bound
        below = everything_written(problem, lists.below(prices + slack + TINY))
        assert whole_optimum(below) == pytest.approx(optimum, abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_a_set_is_a_point_of_what_is_written(seed):
    problem = servable(seed)
    radius = everything_written(problem, lists_of(problem))
    for key, cost in costs_without_capacities(problem).items():
        program = radius.whole(np.frombuffer(key, dtype=bool))
        start = program.start
        assert start is not None
        held = (start >= program.lower).all() and (start <= program.upper).all()
        rows = program.matrix @ start
        held &= (rows >= program.row_lower).all() and (rows <= program.row_upper).all()
        assert held == np.isfinite(cost)
        if held:
            value = (program.cost @ start + program.offset) * program.objective_scale
            assert value == pytest.approx(cost, abs=1e-9)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("length", [1, 2, WHOLE_LISTS])
def test_no_single_move_is_better_in_the_end(seed, length):
    problem = small_problem(seed)
    costs = costs_without_capacities(problem)
    neighbourhood = Neighbourhood(problem, lists_of(problem, length))
    for key in costs:
        assert neighbourhood.cost(np.frombuffer(key, dtype=bool)) == pytest.approx(costs[key])
    for key in list(costs)[::7]:
        begun = np.frombuffer(key, dtype=bool)
        ended = neighbourhood.improve(begun, lambda: True)
        reached = costs[ended.tobytes()]
        assert reached <= costs[key]
        if length < WHOLE_LISTS or not np.isfinite(reached):
            continue
        for other, cost in costs.items():
            moved = np.frombuffer(other, dtype=bool) ^ ended
            if max((moved & ended).sum(), (moved & ~ended).sum()) <= 1:
                assert cost >= reached * (1 - 1e-8) - TINY


@pytest.mark.parametrize("seed", range(20))
def test_restricted_lists_are_those_of_fewer_candidates(seed):
    problem = small_problem(seed)
    keep = np.random.default_rng(seed).random(len(problem.candidates)) < 0.5
    closed = replace(problem, serves=problem.serves & keep)
    restricted, fewer = lists_of(problem).restricted(keep), lists_of(closed)
    for is_open in sets(problem.required, problem.most):
        if not (is_open & ~keep).any():
            first = restricted.first_open(is_open)
            for ours, theirs in zip(first, fewer.first_open(is_open), strict=True):
                assert np.array_equal(ours, theirs)


def tied() -> GrowingProgram:
    """min x + y over x + y ≥ 1: every point between two corners is an optimum."""
    program = GrowingProgram(1.0, Journal(Watcher(), 60))
    program._solver.setOptionValue("presolve", "off")  # it would leave nothing to solve
    program.add_columns(np.ones(2), np.ones(2))
    row = np.zeros(2, dtype=np.int64)
    program.add_rows(row, np.arange(2), np.ones(2), np.array([[1.0, inf]]))
    return program


def test_only_an_exact_relaxation_ends_in_a_corner(monkeypatch):
    monkeypatch.setattr(growing, "INTERIOR_ROWS", 0)
    inside, corner = tied().relax(), tied().relax(exact=True)
    assert isinstance(inside, Relaxed)
    assert isinstance(corner, Relaxed)
    assert inside.x == pytest.approx([0.5, 0.5], abs=1e-3)
    assert sorted(corner.x) == [0, 1]
    assert inside.row_price == pytest.approx([1], abs=1e-3)
