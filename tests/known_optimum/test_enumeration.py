"""A few hundred random scenarios with every rule, against trying everything."""

from dataclasses import replace

import pytest

from solver import SolveOptions, solve
from solver.domain.result import Outcome, SolveResult, Strategy, Termination
from solver.engine import decomposition
from tests.examples import some
from tests.known_optimum.enumeration import Enumeration
from tests.random_scenarios import random_scenario
from tests.referee import Referee
from tests.siting import Y1, Y2, Document, district, instance_of, project, scenario, site

MOST_COMBINATIONS = 3000
SCENARIOS = 320
EXACT = SolveOptions(time_limit_s=20, mip_gap=0)


def small_scenario(seed: int) -> Document:
    """The seed's first scenario that has few enough combinations to try."""
    while True:
        document = random_scenario(seed)
        if Enumeration(document).combinations <= MOST_COMBINATIONS:
            return document
        seed += SCENARIOS


def decomposable_scenario(seed: int) -> Document:
    """The seed's first small scenario, without a nearness target, that can be decomposed."""
    while True:
        document = small_scenario(seed)
        document["targets"].pop("within", None)
        if decomposition.applies(instance_of(document)) and document["years"]["last"] > Y1:
            return document
        seed += SCENARIOS


def assert_same_as_enumeration(document: Document, result: SolveResult) -> None:
    optimum = Enumeration(document).optimum()
    if optimum is None:
        assert result.outcome is Outcome.INFEASIBLE
        assert result.plan is None
        assert result.conflict is not None
        assert result.conflict.rules
        return
    assert result.termination is Termination.GAP_REACHED
    assert result.objective_nok == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    assert result.dual_bound_nok == pytest.approx(optimum, rel=1e-6, abs=1e-6)
    assert result.verification is not None
    assert result.verification.passed
    assert result.plan is not None
    referee = Referee(document, result.plan)
    assert referee.broken() == set()
    assert referee.cost() == pytest.approx(optimum, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", some(range(SCENARIOS), 160))
def test_solve_finds_what_enumeration_finds(seed):
    document = small_scenario(seed)
    assert_same_as_enumeration(document, solve(instance_of(document), EXACT))


@pytest.mark.parametrize("seed", some(range(100, 180), 40))
def test_decomposition_finds_what_enumeration_finds(seed):
    """At an exact gap, too: a cut that the master cannot keep more exactly ends the search."""
    document = decomposable_scenario(seed)
    result = solve(instance_of(document), replace(EXACT, strategy=Strategy.DECOMPOSITION))
    assert result.statistics.strategy is Strategy.DECOMPOSITION
    assert_same_as_enumeration(document, result)


@pytest.fixture
def toy() -> Document:
    return scenario(
        Y2,
        districts={"a": district(2)},
        sites={"s": site(1)},
        projects={"k": project("s", 1, investment_nok=10, opens={"earliest": Y2})},
        minutes={"s": {"a": 1}},
        unmet_nok=60,
        objective={"discount_rate": 0.04},
    )


def test_enumeration_knows_a_scenario_worked_by_hand(toy):
    """One is missing at 60; then k opens, whose 10 cost 10.40 a year later, for 2 who travel."""
    assert Enumeration(toy).optimum() == pytest.approx(1 + 60 + (10.40 + 2) / 1.04)


def test_enumeration_knows_when_nothing_is_possible(toy):
    toy["objective"]["unmet_place_year_nok"] = None
    assert Enumeration(toy).optimum() is None
