"""What is read off a run, and that every form of a location problem is the same problem."""

from functools import partial
from time import monotonic

import numpy as np
import pytest

from geodata.network.times import road_times
from tests.benchmarks.instances.towns import towns_instance
from tests.benchmarks.measure import Measured, Moment, Run, Series, alternately, apart
from tests.benchmarks.ours import hand_over_ours, solve_ours
from tests.benchmarks.peers.raw import hand_over_raw, solve_raw
from tests.benchmarks.roads import arcs, by_scipy, network, streets
from tests.siting import district, instance, project

RUN = Run(
    seconds=9,
    proven=False,
    objective=100,
    bound=99.5,
    moments=(
        Moment(1, None, 50),
        Moment(2, 110, 50),
        Moment(3, None, 99),
        Moment(4, 100, 98),
        Moment(9, 100, 99.5),
    ),
)
LIMITED = partial(
    instance,
    districts={"a": district(3), "b": district(2), "c": district(4)},
    sites={"s": {}, "u": {}, "v": {}},
    projects={
        "k": project("s", 5, investment_nok=20),
        "l": project("u", 6, investment_nok=30),
        "m": project("v", 9, investment_nok=45),
    },
    minutes={
        "s": {"a": 1, "b": 4, "c": 9},
        "u": {"a": 7, "b": 2, "c": 2},
        "v": {"a": 5, "b": 5, "c": 3},
    },
)
UNMET = partial(
    instance,
    districts={"a": district(3), "b": district(2), "c": district(4)},
    sites={"s": {}, "u": {}},
    projects={"k": project("s", 9), "l": project("u", 9)},
    minutes={"s": {"a": 1, "b": 4}, "u": {"c": 2}},
    policies={"max_projects": 1},
    unmet_nok=6,
)


def fail() -> None:
    raise ValueError


def seconds_of_two() -> float:
    return 2.0


def test_a_gap_is_that_of_the_best_so_far():
    assert RUN.first_plan == 2
    assert RUN.seconds_to(0.5) == 3
    assert RUN.seconds_to(0.01) == 4
    assert RUN.seconds_to(0.001) is None
    assert RUN.gap == pytest.approx(0.005)


def test_a_median_needs_every_figure():
    series = Series([Measured(RUN, 10.0), Measured(RUN, 12.0)])
    assert series.median_of(lambda run: run.seconds) == 9
    assert series.median_of(lambda run: run.seconds_to(0.001)) is None
    assert series.peak_mb == 12


def test_a_failure_is_a_row_and_is_not_repeated():
    found = alternately({"good": seconds_of_two, "bad": fail}, 2, lambda took: took > 1)
    assert found["good"].values == [2.0, 2.0]
    assert found["bad"].failure == "ValueError"
    assert len(found["bad"].done) == 1


def test_a_process_is_weighed():
    weighed = apart(seconds_of_two)
    assert weighed.peak_mb is not None
    assert 10 < weighed.peak_mb < 1000


@pytest.mark.parametrize(
    ("make", "least"),
    [(LIMITED, 65), (UNMET, 35), (partial(towns_instance, 30, 6, 2, seed=3), None)],
)
def test_every_form_has_the_same_optimum(make, least):
    ours = solve_ours(make, 10, 1e-6)
    for strong in (False, True):
        peer = solve_raw(make, 10, 1e-6, strong)
        assert peer.proven
        assert peer.objective == pytest.approx(ours.objective)
    assert least is None or ours.objective == pytest.approx(least)


def test_both_hand_over_a_link_for_every_pair():
    make = partial(towns_instance, 30, 6, 2, seed=3)
    ours, raw = hand_over_ours(make), hand_over_raw(make)
    assert raw.variables == 6 + 180
    assert ours.variables >= raw.variables
    assert raw.rows == 30 + 180 + 2


def test_a_matrix_of_the_size_promised_is_dijkstra_s_and_in_time():
    """100 000 roads, 1 000 districts and 100 sites, an island among them: less than 20 seconds."""
    given, made = arcs(), streets()
    start = monotonic()
    times = road_times(network(made), made.nodes[given.sites], made.nodes[given.districts], 1, 1e12)
    assert monotonic() - start < 20
    expected = by_scipy().minutes
    assert np.isinf(expected).any()
    assert times.minutes == pytest.approx(expected, rel=1e-9, abs=1e-9)
