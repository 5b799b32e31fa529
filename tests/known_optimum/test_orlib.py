"""The classics of facility location, to their published optima."""

import pytest

from solver import SolveOptions, solve
from solver.domain.result import Outcome
from tests.known_optimum.orlib import CAP, PMED, available, capacitated, median
from tests.siting import Document, instance_of

OPTIONS = SolveOptions(time_limit_s=300, mip_gap=1e-6)


def check(document: Document, optimum: float) -> None:
    result = solve(instance_of(document), OPTIONS)
    assert result.outcome is Outcome.OPTIMAL
    assert result.objective_nok == pytest.approx(optimum, rel=1e-6)
    assert result.verification is not None
    assert result.verification.passed


@pytest.mark.parametrize("name", available(CAP))
def test_capacitated_facility_location(name):
    check(capacitated(name), CAP[name])


@pytest.mark.parametrize("name", available(PMED))
def test_p_median(name):
    check(median(name), PMED[name])
