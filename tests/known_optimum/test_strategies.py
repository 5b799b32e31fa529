"""Every strategy that applies gives the plain program's optimum, on thousands of scenarios."""

from dataclasses import replace

import pytest

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.errors import StrategyNotApplicable
from solver.domain.result import Progress, SolveResult, Strategy
from tests.random_locations import random_location
from tests.random_scenarios import random_scenario, random_scenario_with_twins
from tests.siting import instance_of

EXACT = SolveOptions(time_limit_s=60, mip_gap=1e-7)
SCENARIOS = 1000
LOCATIONS = 250
AT_ONCE = 50
TOLERANCE = 1e-6

pytestmark = pytest.mark.slow


def check(instance: SitingInstance) -> set[Strategy]:
    """Strategies that apply beside the plain program, each with the same outcome and optimum."""
    plain = solve(instance, replace(EXACT, strategy=Strategy.PLAIN))
    applied = set()
    for strategy in set(Strategy) - {Strategy.PLAIN}:
        reports: list[Progress] = []
        watcher = Watcher(on_progress=reports.append)
        try:
            result = solve(instance, replace(EXACT, strategy=strategy), watcher)
        except StrategyNotApplicable:
            continue
        applied.add(strategy)
        assert result.outcome == plain.outcome, strategy
        if plain.objective_nok is not None:
            assert_optimal(result, plain.objective_nok, reports)
    return applied


def assert_optimal(result: SolveResult, optimum: float, reports: list[Progress]) -> None:
    """In the end, and no report on the way beyond it."""
    assert result.objective_nok == pytest.approx(optimum, rel=TOLERANCE, abs=TOLERANCE)
    assert result.dual_bound_nok == pytest.approx(optimum, rel=TOLERANCE, abs=TOLERANCE)
    assert result.verification is not None
    assert result.verification.passed
    slack = TOLERANCE * max(abs(optimum), 1.0)
    for report in reports:
        assert report.bound_nok is None or report.bound_nok <= optimum + slack
        assert report.incumbent_nok is None or report.incumbent_nok >= optimum - slack


@pytest.mark.parametrize("draw", [random_scenario, random_scenario_with_twins])
@pytest.mark.parametrize("first", range(0, SCENARIOS, AT_ONCE))
def test_random_scenarios(first, draw):
    seen = set()
    for seed in range(first, first + AT_ONCE):
        seen |= check(instance_of(draw(seed)))
    assert Strategy.DECOMPOSITION in seen


@pytest.mark.parametrize("first", range(0, LOCATIONS, AT_ONCE))
@pytest.mark.parametrize("unlimited", [1.0, 0.2])
def test_random_locations(unlimited, first):
    seen = set()
    for seed in range(1_000 + first, 1_000 + first + AT_ONCE):
        seen |= check(instance_of(random_location(seed, unlimited)))
    assert Strategy.LOCATION in seen
