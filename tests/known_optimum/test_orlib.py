"""The classics of facility location, to their published optima."""

import pytest

from solver import SolveOptions, solve
from solver.domain.result import Outcome, Strategy
from tests.known_optimum.orlib import CAP, CAPB, PMED, available, capacitated, median
from tests.siting import Document, instance_of

OPTIONS = SolveOptions(time_limit_s=300, mip_gap=1e-6)


def check(document: Document, optimum: float) -> None:
    result = solve(instance_of(document), OPTIONS)
    assert result.statistics.strategy is Strategy.LOCATION
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective_nok == pytest.approx(optimum, rel=1e-6)
    assert result.verification is not None
    assert result.verification.passed


@pytest.mark.parametrize("name", available(CAP))
def test_capacitated_facility_location(name):
    check(capacitated(name), CAP[name])


@pytest.mark.skipif(not available(["capb"]), reason="the instances are not there")
@pytest.mark.parametrize(
    "capacity",
    [each if each == 5000 else pytest.param(each, marks=pytest.mark.slow) for each in CAPB],
)
def test_large_capacitated_facility_location(capacity):
    check(capacitated("capb", capacity), CAPB[capacity])


@pytest.mark.parametrize("name", available(PMED))
def test_p_median(name):
    check(median(name), PMED[name])
