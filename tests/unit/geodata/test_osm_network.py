"""OpenStreetMap: what tags mean, and networks from a file made here."""

from datetime import date
from functools import partial

import numpy as np
import pytest

from geodata.network.errors import NetworkInvalid
from geodata.network.osm import osm_date, read_osm
from geodata.network.osm_tags import way_speeds
from geodata.network.profiles import FERRY_KMH
from geodata.network.times import parts, road_times
from tests.roads import EAST, NORTH, A, B, C, D, E, X, Y, walk, write_pbf

NODES = {1: A, 2: B, 3: C, 4: D, 5: E, 6: X, 7: Y}
WAYS = [
    ([1, 2, 3], {"highway": "residential", "maxspeed": "60"}),  # a crossing in the middle
    ([2, 4], {"highway": "primary", "maxspeed": "60", "oneway": "yes"}),
    ([5, 4], {"highway": "footway"}),
    ([1, 5], {"highway": "track"}),
    ([6, 7], {"highway": "unclassified"}),
    ([1, 6], {"waterway": "river"}),
]


def speeds(mode="car", kilometres=1.0, **tags):
    return way_speeds(
        {key.replace("__", ":"): value for key, value in tags.items()}, mode, lambda: kilometres
    )


@pytest.fixture
def pbf(tmp_path):
    return write_pbf(tmp_path / "a.osm.pbf", NODES, WAYS, "2026-11-01T20:21:00Z")


def minutes(network, start, end):
    return road_times(network, np.array([end]), np.array([start]), 100, 1e12).minutes[0, 0]


def test_times_from_a_file(pbf):
    go = partial(minutes, read_osm(pbf, "car"))
    assert go(A, C) == pytest.approx(2, abs=1e-5)
    assert go(A, D) == pytest.approx(2, abs=1e-5)
    assert go(D, A) == np.inf  # the only road to d is one-way
    assert go(A, E) == np.inf  # tracks and footways are not for cars
    assert go(A, X) == np.inf


def test_on_foot_one_way_streets_and_paths_are_open(pbf):
    go = partial(minutes, read_osm(pbf, "foot"))
    assert go(D, B) == pytest.approx(12, abs=1e-4)  # 1 km at 5 km/h
    assert go(E, D) == pytest.approx(12, abs=0.05)
    assert go(A, X) == np.inf


def test_parts_of_the_file(pbf):
    assert np.bincount(parts(read_osm(pbf, "bicycle"))).tolist() == [5, 1]


def test_a_way_that_an_extract_has_cut_is_kept_as_far_as_it_goes(tmp_path):
    cut = write_pbf(
        tmp_path / "cut.osm.pbf", NODES, [([1, 2, 99, 98, 3, 4, 97], {"highway": "service"})]
    )
    network = read_osm(cut, "car")
    assert (network.nodes, len(network.start)) == (4, 2)


def test_ways_that_only_pass_are_not_joined(tmp_path):
    over = walk(A, EAST, 500)
    crossing = {11: walk(over, NORTH + 180, 100), 12: over, 13: walk(over, NORTH, 100)}
    bridge = write_pbf(
        tmp_path / "bridge.osm.pbf",
        NODES | crossing,
        [([1, 2], {"highway": "service"}), ([11, 12, 13], {"highway": "service"})],
    )
    assert np.bincount(parts(read_osm(bridge, "car"))).tolist() == [1, 1]


def test_the_date_of_the_extract(pbf, tmp_path):
    assert osm_date(pbf) == date(2026, 11, 1)
    assert osm_date(write_pbf(tmp_path / "undated.osm.pbf", NODES, WAYS)) is None


def test_a_ferry_keeps_its_time(tmp_path):
    ferry = write_pbf(
        tmp_path / "ferry.osm.pbf", NODES, [([1, 2, 3], {"route": "ferry", "duration": "00:20"})]
    )
    assert minutes(read_osm(ferry, "car"), A, C) == pytest.approx(20, abs=1e-4)


def test_no_pbf_is_said_so(tmp_path):
    other = tmp_path / "a.osm.pbf"
    other.write_bytes(b"<osm version='0.6'/>")
    with pytest.raises(NetworkInvalid, match="kan ikke leses som OSM PBF") as raised:
        read_osm(other, "car")
    assert raised.value.code == "network_unreadable"


def test_no_ways_are_said_so(tmp_path):
    empty = write_pbf(tmp_path / "a.osm.pbf", NODES, [([1, 2], {"highway": "footway"})])
    with pytest.raises(NetworkInvalid) as raised:
        read_osm(empty, "car")
    assert raised.value.code == "network_empty"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "trunk"}, (80, 80)),
        ({"highway": "trunk", "maxspeed": "70"}, (70, 70)),
        ({"highway": "trunk", "maxspeed": "70 km/h"}, (70, 70)),
        ({"highway": "trunk", "maxspeed": "50 mph"}, (80.4672, 80.4672)),
        ({"highway": "trunk", "maxspeed": "NO:urban"}, (50, 50)),
        ({"highway": "trunk", "maxspeed": "signals"}, (80, 80)),
        ({"highway": "trunk", "maxspeed": "0"}, (80, 80)),
        ({"highway": "trunk", "maxspeed__backward": "40"}, (80, 40)),
        ({"highway": "motorway"}, (100, 0)),
        ({"highway": "motorway", "oneway": "no"}, (100, 100)),
        ({"highway": "residential", "junction": "roundabout"}, (30, 0)),
        ({"highway": "residential", "oneway": "-1"}, (0, 30)),
        ({"highway": "residential", "access": "private"}, None),
        ({"highway": "residential", "access": "private", "motor_vehicle": "yes"}, (30, 30)),
        ({"highway": "residential", "motor_vehicle": "no", "motorcar": "destination"}, (30, 30)),
        ({"highway": "cycleway"}, None),
        ({"highway": "construction"}, None),
        ({"route": "bus"}, None),
        ({"route": "ferry"}, (FERRY_KMH, FERRY_KMH)),
        ({"route": "ferry", "duration": "30"}, (4, 4)),
        ({"route": "ferry", "duration": "01:00:00"}, (2, 2)),
        ({"route": "ferry", "duration": "0"}, (FERRY_KMH, FERRY_KMH)),
        ({"route": "ferry", "motor_vehicle": "no"}, None),
    ],
)
def test_speeds_by_car(tags, expected):
    found = speeds(kilometres=2.0, **tags)
    assert found == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("mode", "tags", "expected"),
    [
        ("bicycle", {"highway": "cycleway"}, (15, 15)),
        ("bicycle", {"highway": "residential", "oneway": "yes"}, (15, 0)),
        ("bicycle", {"highway": "residential", "oneway": "yes", "oneway__bicycle": "no"}, (15, 15)),
        ("bicycle", {"highway": "residential", "oneway": "yes", "cycleway": "opposite"}, (15, 15)),
        ("bicycle", {"highway": "primary", "bicycle": "use_sidepath"}, None),
        ("bicycle", {"highway": "steps"}, None),
        ("bicycle", {"highway": "trunk", "motorroad": "yes"}, None),
        ("foot", {"highway": "steps"}, (5, 5)),
        ("foot", {"highway": "motorway"}, None),
        ("foot", {"highway": "residential", "oneway": "yes", "maxspeed": "80"}, (5, 5)),
        ("foot", {"highway": "footway", "oneway__foot": "yes"}, (5, 0)),
        ("foot", {"highway": "track", "access": "no", "foot": "yes"}, (5, 5)),
    ],
)
def test_speeds_by_bicycle_and_on_foot(mode, tags, expected):
    assert speeds(mode, **tags) == expected
