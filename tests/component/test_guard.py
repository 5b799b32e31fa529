"""A model that would not fit in memory is refused before anything is built."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from solver import SitingInstance, SolveOptions, solve
from solver.domain.errors import FormulationError
from solver.domain.instance import Site
from solver.domain.result import Outcome, Strategy
from solver.engine import benders, plain
from solver.engine.guard import estimate_mb
from tests.siting import Y2, district, instance, project, site

SITES = 1000
PAIRS = 2_000_000


def nation() -> SitingInstance:
    """Two million pairs of site and district over fifteen years, and nothing to open."""
    small = instance(
        2040,
        districts={"a": district(1)},
        sites={"s": site(1)},
        projects={"k": project("s", 10)},
        minutes={"s": {"a": 5}},
    )
    districts = tuple(f"d{number:06}" for number in range(PAIRS // SITES))
    places = {"p": (1,) * len(small.years)}
    return replace(
        small,
        districts=districts,
        sites={f"s{number:04}": Site(None, places) for number in range(SITES)},
        need=np.ones((len(districts), 1, len(small.years))),
        projects={},
        travel=replace(small.travel, minutes=np.full((SITES, len(districts)), 5.0)),
    )


@pytest.fixture
def _nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object) -> None:
        raise AssertionError("it was built")

    monkeypatch.setattr(plain, "build_planning", build)
    monkeypatch.setattr(plain, "AllocationBlock", build)
    monkeypatch.setattr(benders, "build_master", build)


@pytest.mark.usefixtures("_nothing_is_built")
def test_too_large_a_model_is_refused_without_taking_memory():
    country = nation()
    tracemalloc.start()
    try:
        with pytest.raises(FormulationError) as refusal:
            solve(country)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal.value.code == "model_too_large"
    # 2 million pairs × 4 nonzeros × 2.2 kB, a year at a time, and 200 MB to begin with.
    assert "17800 MB" in refusal.value.detail
    assert peak < 50e6


def test_each_strategy_needs_memory_of_its_own():
    country = nation()
    pairs = PAIRS
    plain_mb = estimate_mb(country, 15 * pairs, Strategy.PLAIN)
    assert estimate_mb(country, 15 * pairs, Strategy.DECOMPOSITION) < plain_mb / 15
    assert estimate_mb(country, 15 * pairs, Strategy.LOCATION) < plain_mb / 100
    assert estimate_mb(country, 15 * pairs, Strategy.BY_YEAR) < plain_mb / 14


def test_capacities_make_location_dearer():
    def town(size: int) -> SitingInstance:
        return instance(
            districts={"a": district(9)},
            sites={"s": {}},
            projects={"k": project("s", size)},
            minutes={"s": {"a": 5}},
        )

    binding, free = (estimate_mb(town(n), 1_000_000, Strategy.LOCATION) for n in (8, 9))
    assert free == pytest.approx(200 + 70, abs=1)
    assert binding == pytest.approx(200 + 2600, abs=1)


def test_conflict_is_not_sought_in_a_program_that_does_not_fit():
    town = instance(
        Y2,
        districts={"a": district(9)},
        sites={"s": site(1)},
        minutes={"s": {"a": 5}},
    )
    options = SolveOptions(strategy=Strategy.DECOMPOSITION, memory_limit_mb=200.015)
    assert (
        estimate_mb(town, 2, Strategy.DECOMPOSITION)
        < 200.015
        < estimate_mb(town, 2, Strategy.PLAIN)
    )
    result = solve(town, options)
    assert result.outcome is Outcome.INFEASIBLE
    assert result.conflict is None


def test_limit_is_the_callers():
    town = instance(districts={"a": district(1)}, sites={"s": site(1)}, minutes={"s": {"a": 5}})
    assert solve(town, SolveOptions(memory_limit_mb=201)).plan is not None
    with pytest.raises(FormulationError, match="model_too_large"):
        solve(town, SolveOptions(memory_limit_mb=200))
