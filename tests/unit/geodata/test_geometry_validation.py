from math import inf, nan, tau

import numpy as np
import pytest

from geodata.validation import (
    MAX_RINGS,
    MAX_VERTICES,
    Budget,
    geometry_problem,
    location_problem,
)

SQUARE = [[10.4, 61.0], [10.5, 61.0], [10.5, 61.1], [10.4, 61.1], [10.4, 61.0]]
HOLE = [[10.42, 61.02], [10.42, 61.04], [10.44, 61.04], [10.42, 61.02]]
OTHER = [[11.4, 61.0], [11.5, 61.0], [11.5, 61.1], [11.4, 61.0]]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(10.466, 61.115), (4.5, 61.9), (31.1, 70.4), (15.6, 78.2), (8, 58)],
    ids=["Lillehammer", "Bremanger", "Vardø", "Longyearbyen", "whole numbers"],
)
def test_positions_in_norway(lon, lat):
    assert location_problem(lon, lat) is None


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (61.115, 10.466, "axes_swapped"),
        (78.2, 15.6, "axes_swapped"),
        (579_000.0, 6_776_000.0, "coordinates_in_metres"),
        (6_776_000.0, 579_000.0, "coordinates_in_metres"),
        (255_000.0, 6_785_000.0, "coordinates_in_metres"),
        (-10.466, 61.115, "outside_norway"),
        (0, 0, "outside_norway"),
        (2.35, 48.85, "outside_norway"),
        (190.0, 61.0, "outside_norway"),
        (nan, 61.0, "not_a_coordinate"),
        (10.0, inf, "not_a_coordinate"),
        (1e308, 1e308, "not_a_coordinate"),
        (10**4000, 61, "not_a_coordinate"),
        ("10.4", 61.0, "not_a_coordinate"),
        (True, 61.0, "not_a_coordinate"),
        (None, None, "not_a_coordinate"),
        ([10.4], {}, "not_a_coordinate"),
    ],
)
def test_positions_refused(lon, lat, code):
    assert location_problem(lon, lat).code == code


def test_swapped_axes_are_mended_by_swapping():
    problem = location_problem(61.115, 10.466)
    assert "[61.115, 10.466]" in problem.message
    assert "[10.466, 61.115]" in problem.mend


def polygon(*rings, **members):
    return {"type": "Polygon", "coordinates": list(rings), **members}


def multi(*polygons):
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "geometry",
    [
        polygon(SQUARE),
        polygon(SQUARE[::-1]),
        polygon(SQUARE, HOLE),
        polygon([tuple(position) for position in SQUARE]),
        polygon(SQUARE, bbox=[10.4, 61.0, 10.5, 61.1]),
        polygon([SQUARE[0], *SQUARE]),
        multi([SQUARE, HOLE], [OTHER]),
    ],
    ids=["square", "clockwise", "hole", "tuples", "bbox", "repeated vertex", "multi"],
)
def test_outlines_accepted(geometry):
    assert geometry_problem(geometry, Budget()) is None


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        pytest.param(
            polygon(SQUARE, crs={"type": "name", "properties": {"name": "EPSG:25833"}}),
            "geometry_crs",
            id="old crs",
        ),
        pytest.param({}, "geometry_type", id="empty object"),
        pytest.param({"type": "Point", "coordinates": [10, 61]}, "geometry_type", id="point"),
        pytest.param({"type": ["Polygon"], "coordinates": []}, "geometry_type", id="type a list"),
        pytest.param({"type": "Feature", "geometry": {}}, "geometry_type", id="feature"),
        pytest.param(
            {"type": "GeometryCollection", "geometries": []}, "geometry_type", id="collection"
        ),
        pytest.param({"type": "Polygon"}, "geometry_structure", id="no coordinates"),
        pytest.param(polygon(), "geometry_structure", id="no rings"),
        pytest.param(polygon([]), "geometry_structure", id="empty ring"),
        pytest.param(multi([SQUARE], []), "geometry_structure", id="empty polygon"),
        pytest.param(polygon(SQUARE, "ring"), "geometry_structure", id="ring a text"),
        pytest.param({"type": "Polygon", "coordinates": 7}, "geometry_structure", id="a number"),
        pytest.param(
            {"type": "Polygon", "coordinates": {"0": SQUARE}}, "geometry_structure", id="object"
        ),
        pytest.param(multi(SQUARE), "geometry_position", id="one level too few"),
        pytest.param(polygon([SQUARE]), "geometry_position", id="one level too many"),
        pytest.param(polygon(nested(100_000)), "geometry_position", id="100 000 levels"),
        pytest.param(polygon([[*p, 0.0] for p in SQUARE]), "geometry_position", id="altitude"),
        pytest.param(polygon([10.4, 61.0, 10.5, 61.0]), "geometry_position", id="flat list"),
        pytest.param(polygon([[nan, 61.0], *SQUARE]), "not_a_coordinate", id="NaN"),
        pytest.param(polygon([["10.4", 61.0], *SQUARE]), "not_a_coordinate", id="text"),
        pytest.param(polygon([[10.4, [61.0]], *SQUARE]), "not_a_coordinate", id="list in position"),
        pytest.param(polygon([p[::-1] for p in SQUARE]), "axes_swapped", id="swapped"),
        pytest.param(
            polygon([[p[0] * 5e4, p[1] * 1e5] for p in SQUARE]),
            "coordinates_in_metres",
            id="metres",
        ),
        pytest.param(polygon(SQUARE, [[0, 0]] * 4), "outside_norway", id="hole at 0, 0"),
        pytest.param(polygon(SQUARE[:-1]), "geometry_ring_open", id="open ring"),
        pytest.param(polygon(SQUARE[:2] + SQUARE[:1]), "geometry_ring_short", id="two corners"),
        pytest.param(polygon([[10.4, 61.0]] * 5), "geometry_invalid", id="no extent"),
        pytest.param(
            polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]),
            "geometry_invalid",
            id="bow-tie",
        ),
        pytest.param(polygon(SQUARE, OTHER), "geometry_invalid", id="hole outside"),
        pytest.param(multi([SQUARE], [SQUARE]), "geometry_invalid", id="the same twice"),
    ],
)
def test_outlines_refused(geometry, code):
    problem = geometry_problem(geometry, Budget())
    assert problem.code == code
    assert problem.message.endswith(".")
    assert problem.mend.endswith(".")


def circle(vertices):
    angles = np.linspace(0, tau, vertices)
    ring = np.column_stack([10.5 + 0.1 * np.cos(angles), 61 + 0.1 * np.sin(angles)]).tolist()
    return [*ring[:-1], ring[0]]


@pytest.mark.parametrize(
    ("geometry", "accepted"),
    [
        pytest.param(polygon(circle(MAX_VERTICES)), True, id="as many vertices as allowed"),
        pytest.param(polygon(circle(MAX_VERTICES + 1)), False, id="a vertex more"),
        pytest.param(polygon(*[SQUARE] * (MAX_RINGS + 1)), False, id="a ring too many"),
    ],
)
def test_size_is_bounded(geometry, accepted):
    problem = geometry_problem(geometry, Budget())
    assert (None if problem is None else problem.code) == (
        None if accepted else "geometry_too_large"
    )


def test_shapely_never_sees_a_large_outline(monkeypatch):
    monkeypatch.setattr("geodata.validation.shape", None)
    problem = geometry_problem(polygon(*[HOLE] * (MAX_RINGS + 1)), Budget())
    assert problem.code == "geometry_too_large"


def test_invalid_says_why_and_where():
    bow_tie = polygon([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]])
    assert "Self-intersection[10.45 61.05]" in geometry_problem(bow_tie, Budget()).message


def test_a_wrong_ring_is_named_by_its_number():
    assert "Ring 2 " in geometry_problem(polygon(SQUARE, HOLE[:-1] + OTHER[:1]), Budget()).message


def star(spikes, reach=0.4):
    angles = np.linspace(0, tau, 2 * spikes + 1)[:-1]
    radii = np.where(np.arange(2 * spikes) % 2, reach, 1e-6)
    ring = np.column_stack([10.5 + radii * np.cos(angles), 61 + radii * np.sin(angles)]).tolist()
    return [*ring, ring[0]]


def test_what_takes_long_to_check_is_refused_unchecked(monkeypatch):
    """Seeing that a star of 24 500 spikes is valid takes 9 seconds."""
    assert geometry_problem(polygon(star(1000)), Budget()) is None
    monkeypatch.setattr("geodata.validation.shape", None)
    assert geometry_problem(polygon(star(24_500)), Budget()).code == "geometry_too_complex"


def test_outlines_of_one_document_share_a_budget():
    budget = Budget()
    problems = [geometry_problem(polygon(star(2500)), budget) for _ in range(20)]
    codes = [None if problem is None else problem.code for problem in problems]
    assert codes[0] is None
    assert codes[-1] == "geometry_too_complex"
    assert geometry_problem(polygon(SQUARE), budget) is None


def test_many_small_districts_are_within_the_budget():
    budget = Budget()
    for _ in range(2000):
        assert geometry_problem(polygon(circle(200)), budget) is None
