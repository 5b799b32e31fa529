from math import inf

import numpy as np
import pytest
from pyproj import Geod

from geodata.travel import travel_minutes
from solver.domain.errors import GeodataError


def places(*locations):
    return {str(index): {"location": location} for index, location in enumerate(locations)}


def straight_line(sites, districts, **travel):
    scenario = {
        "travel": {"basis": "straight_line", "speed_kmh": 60, **travel},
        "sites": places(*sites),
        "districts": places(*districts),
    }
    return travel_minutes(scenario, list(scenario["sites"]), list(scenario["districts"]))


def barrier(*line, minutes=20.0):
    return {"title": "Mjøsa", "line": list(line), "penalty_minutes": minutes}


def test_straight_line_by_hand():
    # One degree along the equator is 6378.137 · π / 180 = 111.31949 km.
    minutes = straight_line([[9, 0]], [[10, 0]], speed_kmh=60, detour=1.5, access_minutes=2)
    assert minutes == pytest.approx(np.array([[2 + 1.5 * 111.3194908]]), abs=1e-6)


def test_detour_none_is_one_and_access_none_is_zero():
    minutes = straight_line([[9, 0]], [[10, 0], [9, 0]], detour=None, access_minutes=None)
    assert minutes == pytest.approx(np.array([[111.3194908, 0]]), abs=1e-6)


def test_all_pairs_agree_with_one_at_a_time():
    draw = np.random.default_rng(7)
    sites, districts = (
        draw.uniform([10.2, 61.0], [10.7, 61.3], size=(n, 2)).tolist() for n in (7, 40)
    )
    ellipsoid = Geod(ellps="GRS80")
    one_at_a_time = [
        [3 + 60 * 1.3 * ellipsoid.inv(*site, *district)[2] / 1000 / 45 for district in districts]
        for site in sites
    ]
    minutes = straight_line(sites, districts, speed_kmh=45, detour=1.3, access_minutes=3)
    assert minutes == pytest.approx(np.array(one_at_a_time), rel=1e-12)


WEST, EAST = [10.40, 61.10], [10.50, 61.10]
NORTH_SOUTH = ([10.45, 61.0], [10.45, 61.2])


@pytest.mark.parametrize(
    ("line", "times"),
    [
        pytest.param(NORTH_SOUTH, 1, id="crossed"),
        pytest.param(([10.45, 61.2], [10.45, 61.3]), 0, id="ends north of the segment"),
        pytest.param(([10.39, 61.0], [10.39, 61.2]), 0, id="behind the site"),
        pytest.param(
            ([10.45, 61.0], [10.46, 61.2], [10.47, 61.0]),
            0,
            id="crossed twice: back on the same side",
        ),
        pytest.param((EAST, [10.6, 61.2]), 1, id="begins at the district"),
        pytest.param(
            ([10.41, 61.2], [10.41, 61.11], [10.49, 61.11], [10.49, 61.2]), 0, id="beside"
        ),
    ],
)
def test_a_barrier_costs_once_when_the_segment_ends_on_its_other_side(line, times):
    free = straight_line([WEST], [EAST])
    assert straight_line([WEST], [EAST], barriers={"mjosa": barrier(*line)}) == pytest.approx(
        free + 20 * times
    )


def test_barriers_meet_some_pairs_and_add_up():
    barriers = {
        "mjosa": barrier(*NORTH_SOUTH, minutes=20.0),
        "lagen": barrier([10.47, 61.0], [10.47, 61.2], minutes=3.0),
    }
    middle = [10.46, 61.11]
    free = straight_line([WEST, EAST], [WEST, middle, EAST])
    with_barriers = straight_line([WEST, EAST], [WEST, middle, EAST], barriers=barriers)
    assert with_barriers - free == pytest.approx(np.array([[0, 20, 23], [23, 3, 0]]))


def test_a_diagonal_beside_a_segment_is_not_a_crossing():
    # The boxes of the two overlap; the lines do not.
    line = ([10.40, 61.105], [10.495, 61.2])
    assert straight_line([WEST], [[10.5, 61.19]], barriers={"l": barrier(*line)}) == pytest.approx(
        straight_line([WEST], [[10.5, 61.19]])
    )


def test_matrix_leaves_out_what_cannot_be_reached():
    scenario = {
        "travel": {"basis": "matrix", "minutes": {"a": {"x": 5, "y": 0}, "c": {"y": 2.5}}},
        "sites": {"a": {}, "b": {}, "c": {}},
        "districts": {"x": {}, "y": {}},
    }
    minutes = travel_minutes(scenario, ["a", "b", "c"], ["y", "x"])
    assert minutes.tolist() == [[0, 5], [inf, inf], [2.5, inf]]
    assert minutes.dtype == np.float64


@pytest.mark.parametrize(
    ("sites", "districts", "named"),
    [([None], [EAST], "Lokasjonen «0»"), ([WEST], [EAST, None], "Kretsen «1»")],
)
def test_a_missing_location_is_named(sites, districts, named):
    with pytest.raises(GeodataError, match=named) as raised:
        straight_line(sites, districts)
    assert raised.value.code == "location_missing"
