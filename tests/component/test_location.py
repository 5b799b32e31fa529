"""Location by its own strategy gives the plain program's optimum, on every way through it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.result import Outcome, Progress, SolveResult, Strategy
from solver.engine.location import capacitated, growing, uncapacitated
from tests.random_locations import random_instance
from tests.siting import district, instance, project

EXACT = SolveOptions(mip_gap=1e-7)
PLAIN = replace(EXACT, strategy=Strategy.PLAIN)
LOCATION = replace(EXACT, strategy=Strategy.LOCATION)
TOLERANCE = 1e-6
UNCAPACITATED = [(seed, False) for seed in range(120)]
CAPACITATED = [(seed, True) for seed in range(80)]
BOTH = UNCAPACITATED + CAPACITATED
SOME = UNCAPACITATED[:25] + CAPACITATED[:25]


@cache
def plain_of(seed: int, capacities: bool) -> tuple[SitingInstance, SolveResult]:
    """A random instance, and what the plain program says of it."""
    instance = random_instance(seed, capacities)
    return instance, solve(instance, PLAIN)


def assert_same(result: SolveResult, plain: SolveResult) -> None:
    assert result.outcome == plain.outcome
    if plain.objective_nok is None:
        assert result.plan is None
        return
    assert result.objective_nok == pytest.approx(plain.objective_nok, rel=TOLERANCE, abs=TOLERANCE)
    assert result.dual_bound_nok == pytest.approx(plain.objective_nok, rel=TOLERANCE, abs=TOLERANCE)
    assert_below(result.dual_bound_nok, plain.objective_nok)
    assert result.verification is not None
    assert result.verification.passed


def assert_below(low: float | None, high: float | None) -> None:
    """Where both are there."""
    if low is not None and high is not None:
        assert low <= high + TOLERANCE * max(abs(high), 1.0)


def assert_between(result: SolveResult, optimum: float | None) -> None:
    """What an early end leaves: a bound that is true, and a plan that holds."""
    assert_below(result.dual_bound_nok, optimum)
    assert (result.plan is None) == (result.objective_nok is None)
    if result.plan is not None:
        assert_below(optimum, result.objective_nok)
        assert result.verification is not None
        assert result.verification.passed


@pytest.mark.parametrize(("seed", "capacities"), BOTH)
def test_same_optimum_as_the_plain_program(seed, capacities):
    instance, plain = plain_of(seed, capacities)
    reports: list[Progress] = []
    result = solve(instance, LOCATION, Watcher(on_progress=reports.append))
    assert_same(result, plain)
    for report in reports:
        assert_below(report.bound_nok, plain.objective_nok)
        assert_below(plain.objective_nok, report.incumbent_nok)


@pytest.mark.parametrize("capacities", [False, True])
def test_seeds_show_both_plans_and_infeasibility(capacities):
    outcomes = {plain_of(seed, capacities)[1].outcome for seed in range(30)}
    assert outcomes == {Outcome.OPTIMAL, Outcome.INFEASIBLE}


@pytest.mark.parametrize(("seed", "capacities"), SOME[::5])
def test_location_is_chosen_by_itself(seed, capacities):
    statistics = solve(random_instance(seed, capacities), EXACT).statistics
    assert statistics.strategy is Strategy.LOCATION
    assert statistics.strategy_reason == "ett år der bare valget av steder gjenstår"


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("length", [1, 2])
def test_cut_lists_are_made_longer_where_it_matters(monkeypatch, seed, length):
    instance, plain = plain_of(seed, False)
    monkeypatch.setattr(uncapacitated, "LEAST_LENGTH", length)
    monkeypatch.setattr(uncapacitated, "LISTS_PER_SHARE", 0)
    assert_same(solve(instance, LOCATION), plain)


@pytest.mark.parametrize("seed", range(40))
def test_small_problems_have_prices_too(monkeypatch, seed):
    instance, plain = plain_of(seed, True)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    assert_same(solve(instance, LOCATION), plain)


@pytest.mark.parametrize(("seed", "capacities"), SOME)
def test_a_point_that_is_no_vertex_does_as_well(monkeypatch, seed, capacities):
    instance, plain = plain_of(seed, capacities)
    monkeypatch.setattr(growing, "INTERIOR_ROWS", 0)
    assert_same(solve(instance, LOCATION), plain)


def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without subgradient steps more is left to the exact program."""
    for module in (uncapacitated, capacitated):
        true = module.raise_bound
        monkeypatch.setattr(
            module, "raise_bound", lambda *given, true=true: true(*given[:3], lambda _: True)
        )


@pytest.mark.parametrize(("seed", "capacities"), SOME)
def test_the_exact_program_alone(monkeypatch, seed, capacities):
    instance, plain = plain_of(seed, capacities)
    no_steps(monkeypatch)
    assert_same(solve(instance, LOCATION), plain)


class Stopper:
    """Asks for an end from the `after`-th question on."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked > self.after


def stopped(instance: SitingInstance) -> Iterator[SolveResult]:
    """Solves ended after ever more questions, until one ends by itself."""
    for number in range(40):
        stopper = Stopper(after=number if number < 10 else 10 + (number - 10) ** 2)
        yield solve(instance, LOCATION, Watcher(should_stop=stopper))
        if stopper.asked <= stopper.after:
            return


@pytest.mark.parametrize(("seed", "capacities"), UNCAPACITATED[:8] + CAPACITATED[:8])
def test_stopped_anywhere_it_has_a_true_bound(monkeypatch, seed, capacities):
    instance, plain = plain_of(seed, capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    for result in stopped(instance):
        assert result.outcome in {Outcome.DISMISSED, plain.outcome}
        assert_between(result, plain.objective_nok)


@pytest.mark.parametrize(("seed", "capacities"), SOME[::4])
def test_the_same_plan_each_time(monkeypatch, seed, capacities):
    instance = random_instance(seed, capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    first, second = solve(instance, LOCATION), solve(instance, LOCATION)
    assert first.plan == second.plan
    assert first.dual_bound_nok == second.dual_bound_nok


@cache
def region(capacities: bool) -> tuple[SitingInstance, float]:
    """Seventy places where everybody may build, and the optimum."""
    rng = Random(3)
    names = [f"{number:02}" for number in range(70)]
    at = {i: (rng.uniform(0, 30), rng.uniform(0, 30)) for i in names}
    made = instance(
        districts={i: district(rng.randint(1, 9)) for i in names},
        sites={j: {} for j in names},
        projects={
            f"k{j}": project(j, 60 if capacities else 1000, investment_nok=rng.randint(100, 200))
            for j in names
        },
        minutes={
            j: {i: round(abs(at[i][0] - at[j][0]) + abs(at[i][1] - at[j][1]), 1) for i in names}
            for j in names
        },
    )
    optimum = solve(made, EXACT).objective_nok
    assert optimum is not None
    return made, optimum


@pytest.mark.parametrize("capacities", [False, True])
@pytest.mark.parametrize("seconds", [1e-6, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15])
def test_out_of_time_it_has_a_true_bound(monkeypatch, capacities, seconds):
    made, optimum = region(capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    result = solve(made, replace(LOCATION, mip_gap=0, time_limit_s=seconds))
    assert result.outcome in {Outcome.FEASIBLE, Outcome.NO_PLAN, Outcome.OPTIMAL}
    assert_between(result, optimum)
    assert result.statistics.total_seconds < seconds + 1.5


@pytest.mark.parametrize("capacities", [False, True])
def test_no_report_of_a_region_passes_its_optimum(monkeypatch, capacities):
    made, optimum = region(capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    reports: list[Progress] = []
    result = solve(made, LOCATION, Watcher(on_progress=reports.append))
    assert result.objective_nok == pytest.approx(optimum, rel=TOLERANCE)
    bounds = [report.bound_nok for report in reports if report.bound_nok is not None]
    assert bounds == sorted(bounds)
    for report in reports:
        assert_below(report.bound_nok, optimum)
        assert_below(optimum, report.incumbent_nok)


@pytest.mark.parametrize("capacities", [False, True])
@pytest.mark.parametrize("after", [0, 1, 3, 8, 20, 50, 120, 300])
def test_a_region_stopped_anywhere_has_a_true_bound(monkeypatch, capacities, after):
    made, optimum = region(capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    result = solve(made, LOCATION, Watcher(should_stop=Stopper(after)))
    assert result.outcome in {Outcome.DISMISSED, Outcome.OPTIMAL}
    assert_between(result, optimum)


@pytest.mark.parametrize("capacities", [False, True])
def test_the_same_plan_of_a_region_each_time(monkeypatch, capacities):
    made, _ = region(capacities)
    monkeypatch.setattr(capacitated, "SMALL", 0)
    first, second = solve(made, LOCATION), solve(made, LOCATION)
    assert first.plan == second.plan
    assert first.dual_bound_nok == second.dual_bound_nok
