from math import pi

import numpy as np
import pytest
import shapely
from pyproj.exceptions import ProjError

from geodata.crs import PLANAR, WGS84, geodesic_km, project, project_coordinates

LILLEHAMMER = [10.46628, 61.11514]


def test_geodesic_of_a_degree_along_the_equator():
    km = geodesic_km(np.array([9.0, 0.0]), np.array([10.0, 0.0]))
    assert km == pytest.approx(6378.137 * pi / 180, rel=1e-12)


def test_geodesic_from_equator_to_pole_is_the_meridian_quadrant_of_grs80():
    assert geodesic_km(np.array([9.0, 0.0]), np.array([9.0, 90.0])) == pytest.approx(
        10001.965729, abs=1e-6
    )


def test_geodesics_of_all_pairs():
    start, end = np.zeros((2, 1, 2)), np.array([[[0.0, 0], [1, 0], [2, 0]]])
    assert geodesic_km(start, end).shape == (2, 3)


def test_on_the_central_meridian_utm_32_is_the_scaled_meridian_arc():
    arc_km = geodesic_km(np.array([9.0, 0.0]), np.array([9.0, 61.0]))
    easting, northing = project_coordinates(np.array([[9.0, 61.0]]))[0]
    assert easting == pytest.approx(500_000, abs=1e-3)
    assert northing == pytest.approx(0.9996 * 1000 * arc_km, abs=1e-3)


def test_there_and_back_again_and_missing_stays_missing():
    geometries = np.array([shapely.Point(LILLEHAMMER), None], dtype=object)
    there = project(geometries)
    back = project(there, PLANAR, WGS84)
    assert shapely.get_coordinates(back)[0] == pytest.approx(LILLEHAMMER, abs=1e-9)
    assert there[1] is None


def test_nothing_projects_to_nothing():
    assert len(project(np.array([], dtype=object))) == 0


def test_a_coordinate_without_a_place_is_an_error_and_not_infinity():
    with pytest.raises(ProjError):
        project_coordinates(np.array([[10.0, 95.0]]))
