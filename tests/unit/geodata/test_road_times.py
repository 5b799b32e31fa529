"""Shortest times on a made network, by hand."""

from math import inf

import numpy as np
import pytest

from geodata.network.graph import Vertices, make_network
from geodata.network.times import NOWHERE, Snapped, parts, road_times, shortest_minutes, snap
from tests.roads import EAST, NORTH, ROADS, A, B, C, D, E, X, Y, network, walk

FAST = 1e12  # km/h: nothing is added off the road


def minutes(start, end, roads=ROADS, limit=500, off_road_kmh=FAST):
    times = road_times(
        network(roads), np.array([end]), np.array([start]), limit, off_road_kmh=off_road_kmh
    )
    return times.minutes[0, 0]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (A, B, 1),
        (A, C, 3),  # two speeds
        (B, D, 1),
        (D, B, 3),  # against the one-way street: round the square
        (A, D, 2),  # a tie: by B and by E
        (A, A, 0),
        (X, Y, 1),
    ],
)
def test_times_by_hand(start, end, expected):
    assert minutes(start, end) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("start", "end"), [(A, X), (Y, C)])
def test_an_island_is_unreachable_and_no_huge_number(start, end):
    assert minutes(start, end) == inf


def test_a_point_on_a_link_goes_from_where_it_is():
    quarter, middle = walk(A, EAST, 250), walk(A, EAST, 500)
    assert minutes(quarter, B) == pytest.approx(0.75, abs=1e-4)
    assert minutes(middle, quarter) == pytest.approx(0.25, abs=1e-4)


def test_on_one_link_a_one_way_street_is_not_driven_backwards():
    low, high = walk(B, NORTH, 250), walk(B, NORTH, 750)
    assert minutes(low, high) == pytest.approx(0.5, abs=1e-4)
    # to d, round by e and a to b, and up again
    assert minutes(high, low) == pytest.approx(0.25 + 3 + 0.25, abs=1e-4)
    assert minutes(low, low) == pytest.approx(0, abs=1e-9)


def test_a_point_at_a_node_may_leave_by_every_road():
    assert minutes(walk(D, NORTH, 50), E) == pytest.approx(1, abs=1e-3)


def test_the_way_to_the_road_is_a_straight_line_at_its_own_speed():
    beside = walk(walk(A, EAST, 500), NORTH + 180, 300)
    assert minutes(beside, B, off_road_kmh=20) == pytest.approx(0.5 + 0.3 / 20 * 60, abs=1e-3)


def test_the_snap_limit_is_in_metres_on_the_ground():
    beside = walk(walk(A, EAST, 500), NORTH + 180, 300)
    assert minutes(beside, B, limit=299.5) == inf
    assert minutes(beside, B, limit=300.5) < inf


def test_the_limit_holds_far_from_the_zone_of_the_coordinates():
    # In Vardø a metre is 1.08 m in EPSG:25832.
    vardo = (31.1, 70.37)
    roads = [(vardo, walk(vardo, EAST, 1000), 60, 60)]
    start, end = walk(vardo, NORTH, 480), walk(vardo, EAST, 1000)
    assert minutes(start, end, roads, limit=485) == pytest.approx(1, abs=0.01)
    assert minutes(start, end, roads, limit=475) == inf


def test_of_parallel_links_the_faster_counts():
    assert minutes(A, B, [(A, B, 60, 60), (A, B, 30, 30)]) == pytest.approx(1, abs=1e-6)


def test_of_links_as_near_the_first_is_taken():
    ends = snap(network(), np.array([B]), 10)
    assert ends.link[0] == 0
    assert ends.fraction[0] == 1


def test_distances_to_the_road_are_told():
    far = walk(A, NORTH + 180, 2000)
    times = road_times(network(), np.array([A, far]), np.array([far, C]), 500, 20)
    assert times.site_metres == pytest.approx([0, inf], abs=1e-3)
    assert times.district_metres == pytest.approx([inf, 0], abs=1e-3)
    assert np.isfinite(times.minutes).tolist() == [[False, True], [False, False]]


def test_who_is_on_an_island_is_told():
    far = walk(A, NORTH + 180, 2000)
    times = road_times(network(), np.array([A, X]), np.array([Y, far, C]), 500, 20)
    assert times.site_detached.tolist() == [False, True]
    assert times.district_detached.tolist() == [True, False, False]


def test_lines_are_split_where_they_are_joined():
    # One line from a to c with b in the middle; another from b to d: joined at b alone.
    lonlat = np.array([A, B, C, B, D])
    vertices = Vertices(
        np.array([0, 0, 0, 1, 1]),
        lonlat,
        np.array([0, 1, 2, 1, 3]),
        np.array([False, True, False, True, False]),
    )
    joined = make_network(vertices, np.array([60.0, 60.0]), np.array([60.0, 60.0]))
    assert (joined.nodes, len(joined.start)) == (4, 3)
    assert joined.forward == pytest.approx([1, 1, 1], abs=1e-6)


def test_links_without_length_or_direction_are_left_out():
    left = network([(A, B, 60, 60), (B, D, 0, 0), (A, A, 60, 60)])
    assert (left.nodes, len(left.start)) == (2, 1)


def test_parts_tell_islands():
    assert np.bincount(parts(network())).tolist() == [5, 1]


def test_more_sites_than_are_sought_at_a_time():
    rng = np.random.default_rng(3)
    start, end = rng.integers(0, 200, (2, 600))
    positions = np.column_stack((rng.uniform(10, 10.5, 200), rng.uniform(61, 61.3, 200)))
    roads = [
        (tuple(positions[u]), tuple(positions[v]), 50, 50) for u, v in zip(start, end, strict=True)
    ]
    made = network(roads)
    ends = Snapped(np.arange(150), np.full(150, 0.5), np.zeros(150))
    at_once = shortest_minutes(made, ends, 100)
    for row in (0, 63, 64, 99):
        alone = Snapped(*(np.r_[each[row], each[100:]] for each in ends))
        assert at_once[row] == pytest.approx(shortest_minutes(made, alone, 1)[0])


def test_nothing_on_the_network_is_no_way():
    ends = Snapped(np.full(3, NOWHERE), np.zeros(3), np.full(3, inf))
    assert shortest_minutes(network(), ends, 1).tolist() == [[inf, inf]]


def test_the_square_closes():
    assert minutes(E, D) == pytest.approx(1, abs=1e-6)
