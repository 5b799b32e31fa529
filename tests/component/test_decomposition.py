"""The decomposition gives the optimum of the plain program, and its cuts cut off nothing."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from app.services.checking import check_scenario
from app.services.instances import make_instance
from geodata import bundled
from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.result import Outcome, Progress, Strategy
from solver.engine import decomposition
from solver.engine.guard import count_allocations
from solver.engine.transport import Transport
from tests.random_scenarios import random_scenario

EXACT = SolveOptions(mip_gap=1e-7)
DECOMPOSED = replace(EXACT, strategy=Strategy.DECOMPOSITION)
PLAIN = replace(EXACT, strategy=Strategy.PLAIN)


def instance_of(seed: int) -> SitingInstance:
    return make_instance(check_scenario(random_scenario(seed)))


def several_years(instance: SitingInstance) -> bool:
    return len(instance.years) > 1 and decomposition.applies(instance)


def decomposable() -> list[int]:
    """Seeds whose scenario has several years and nothing that ties the years' subproblems."""
    return [seed for seed in range(180) if several_years(instance_of(seed))]


@pytest.mark.parametrize("seed", decomposable())
def test_same_optimum_as_the_plain_program(seed: int) -> None:
    instance = instance_of(seed)
    decomposed = solve(instance, DECOMPOSED)
    assert decomposed.statistics.strategy is Strategy.DECOMPOSITION
    plain = solve(instance, PLAIN)
    assert plain.statistics.strategy is Strategy.PLAIN
    assert decomposed.outcome == plain.outcome
    if plain.outcome is Outcome.OPTIMAL:
        assert decomposed.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_same_optimum_where_a_place_missing_is_far_cheaper_than_a_journey(first: int) -> None:
    """Such a journey is in no optimum, and must not be the unit in which the others vanish."""
    tried = 0
    for seed in range(first, first + 20):
        instance = instance_of(seed)
        minutes = instance.travel.minutes.copy()
        minutes[0] *= 1e8
        travel = replace(instance.travel, minutes=minutes, limit_minutes=None)
        far = replace(instance, travel=travel)
        if far.objective.unmet_place_year_nok is None or not decomposition.applies(far):
            continue
        decomposed, plain = solve(far, DECOMPOSED), solve(far, PLAIN)
        assert decomposed.outcome == plain.outcome
        if plain.outcome is Outcome.OPTIMAL:
            tried += 1
            assert decomposed.objective_nok == pytest.approx(
                plain.objective_nok, rel=1e-6, abs=1e-6
            )
    assert tried > 5


def test_seeds_show_both_plans_and_infeasibility() -> None:
    outcomes = {solve(instance_of(seed), EXACT).outcome for seed in decomposable()}
    assert outcomes == {Outcome.OPTIMAL, Outcome.INFEASIBLE}


@pytest.mark.parametrize("seed", range(20))
def test_any_price_of_places_gives_a_bound_in_every_year(seed: int) -> None:
    """Σ α d − Σ β b never exceeds the cost of serving d with b, for made-up β ≥ 0."""
    rng = np.random.default_rng(seed)
    instance = next(
        one for one in map(instance_of, range(1000 + 40 * seed, 2000)) if one.need.any()
    )
    transport = Transport(instance)
    for year in range(len(instance.years)):
        need = transport.need(year)
        room = rng.integers(0, 9, len(transport.pairs)).astype(float)
        served = transport.solve(need, room)
        assert served.cost == pytest.approx(
            float(transport.prices_of_need(served.prices) @ need - served.prices @ room),
            rel=1e-6,
            abs=1e-6,
        )
        for _ in range(5):
            prices = rng.exponential(5.0, len(transport.pairs))
            bound = float(transport.prices_of_need(prices) @ need - prices @ room)
            assert bound <= served.cost + 1e-6


def test_bound_never_passes_an_incumbent_on_the_way() -> None:
    """Checked at every report of a real case against the plan it ends with."""
    scenario = check_scenario(bundled.load("lillehammer"))
    reports: list[Progress] = []
    result = solve(
        make_instance(scenario), SolveOptions(mip_gap=0.005), Watcher(on_progress=reports.append)
    )
    assert result.statistics.strategy == "decomposition"
    assert result.objective_nok is not None
    bounds = [report.bound_nok for report in reports if report.bound_nok is not None]
    incumbents = [report.incumbent_nok for report in reports if report.incumbent_nok is not None]
    assert bounds == sorted(bounds)
    assert incumbents == sorted(incumbents, reverse=True)
    assert max(bounds) <= result.objective_nok * (1 + 1e-9)
    assert min(incumbents) >= result.objective_nok * (1 - 1e-9)


def test_the_plan_of_the_bundled_case_is_the_same_each_time() -> None:
    instance = make_instance(check_scenario(bundled.load("lillehammer")))
    options = SolveOptions(mip_gap=0.005)
    first, second = solve(instance, options), solve(instance, options)
    assert first.plan == second.plan
    assert first.dual_bound_nok == second.dual_bound_nok


def test_a_dismissed_search_keeps_its_best_plan() -> None:
    seen: list[float] = []

    def note(progress: Progress) -> None:
        if progress.incumbent_nok is not None:
            seen.append(progress.incumbent_nok)

    instance = make_instance(check_scenario(bundled.load("lillehammer")))
    watcher = Watcher(on_progress=note, should_stop=lambda: bool(seen))
    result = solve(instance, SolveOptions(mip_gap=0), watcher)
    assert result.outcome is Outcome.DISMISSED
    assert result.plan is not None
    assert result.verification is not None
    assert result.verification.passed


def test_allocations_are_counted_without_making_them() -> None:
    from solver.formulation.sets import make_sets

    for seed in Random(1).sample(range(1000), 30):
        instance = instance_of(seed)
        assert count_allocations(instance) == len(make_sets(instance).ALLOCATIONS)


def test_any_number_of_threads_and_back() -> None:
    """HiGHS keeps one pool of threads, which search and subproblems must agree on."""
    instance = make_instance(check_scenario(bundled.load("lillehammer-2018")))
    objectives = [solve(instance, SolveOptions(threads=n)).objective_nok for n in (1, 2, 1, 3)]
    assert objectives == pytest.approx([objectives[0]] * 4)


def test_dear_travel_is_left_to_one_program() -> None:
    document = bundled.load("lillehammer-2018")
    assert solve(make_instance(check_scenario(document))).statistics.strategy == "decomposition"
    document["travel"]["visits_per_place_year"] *= 100
    assert solve(make_instance(check_scenario(document))).statistics.strategy == "plain"
