"""Layers of lines: how they are joined, and every way in which a file can be of no use."""

import sqlite3
from functools import partial

import numpy as np
import pytest
from shapely import LineString, MultiLineString, Point

from geodata.crs import project
from geodata.network.errors import NetworkInvalid
from geodata.network.lines import LineChoice, read_lines
from geodata.network.times import parts, road_times
from tests.roads import EAST, NORTH, A, B, C, D, E, walk, write_layer

LINES = [LineString([A, B, C]), LineString([B, D]), LineString([A, E])]
SPEEDS = LineChoice(speed_column="fart", oneway_column="envegs")


@pytest.fixture
def layer(tmp_path):
    return partial(write_layer, tmp_path / "veg.gpkg")


@pytest.fixture
def roads(layer):
    return layer(LINES, fart=[60, 60, 30], envegs=["B", "FT", "B"])


def minutes(network, start, end):
    return road_times(network, np.array([end]), np.array([start]), 100, 1e12).minutes[0, 0]


def test_times_from_a_layer(roads):
    go = partial(minutes, read_lines(roads, SPEEDS, "car"))
    assert go(A, C) == pytest.approx(2, abs=1e-5)
    assert go(A, D) == pytest.approx(2, abs=1e-5)  # b lies inside the first line
    assert go(D, A) == np.inf
    assert go(A, E) == pytest.approx(2, abs=1e-5)


def test_without_a_column_of_directions_every_line_goes_both_ways(roads):
    both = read_lines(roads, LineChoice(speed_column="fart"), "car")
    assert minutes(both, D, A) == pytest.approx(2, abs=1e-5)


def test_own_speed_on_foot_and_one_way_for_bicycles(roads):
    assert minutes(read_lines(roads, SPEEDS, "foot"), D, B) == pytest.approx(12, abs=1e-4)
    bicycle = read_lines(roads, SPEEDS, "bicycle")
    assert minutes(bicycle, B, D) == pytest.approx(4, abs=1e-4)
    assert minutes(bicycle, D, B) == np.inf


@pytest.mark.parametrize("crs", ["EPSG:25833", "EPSG:25832", "EPSG:5973"])
def test_other_coordinates(layer, crs):
    # EPSG:5973 is UTM zone 33 with heights, as NVDB has it.
    plane = "EPSG:25833" if crs == "EPSG:5973" else crs
    lines = project(np.array(LINES, dtype=object), target=plane)
    moved = layer(lines, crs=crs, fart=[60, 60, 30])
    network = read_lines(moved, LineChoice(speed_column="fart"), "car")
    assert minutes(network, A, D) == pytest.approx(2, abs=1e-5)


def test_heights_are_left_aside(layer):
    tall = [LineString([(*A, 100), (*B, 2000)])]
    network = read_lines(layer(tall, fart=[60]), LineChoice(speed_column="fart"), "car")
    assert network.forward == pytest.approx([1], abs=1e-6)


def test_a_line_of_several_parts(layer):
    both = layer([MultiLineString([[A, B], [D, E]])], geometry_type="MultiLineString", fart=[60])
    assert np.bincount(
        parts(read_lines(both, LineChoice(speed_column="fart"), "car"))
    ).tolist() == [1, 1]


def test_lines_that_only_cross_are_not_joined(layer):
    over = walk(A, EAST, 500)
    bridge = LineString([walk(over, NORTH + 180, 100), over, walk(over, NORTH, 100)])
    crossing = layer([LineString([A, over, B]), bridge], fart=[60, 60])
    assert np.bincount(
        parts(read_lines(crossing, LineChoice(speed_column="fart"), "car"))
    ).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("values", "there", "back"),
    [
        (["B", "both", ""], True, True),
        ([0, 0, 0], True, True),
        ([False, False, False], True, True),
        (["FT", "Ja", "yes"], True, False),
        ([1, 1, 1], True, False),
        ([1.0, 1.0, 1.0], True, False),
        ([True, True, True], True, False),
        (["TF", "mot", "-1"], False, True),
        ([-1, -1, -1], False, True),
    ],
)
def test_words_for_directions(layer, values, there, back):
    lines = [LineString([A, B]), LineString([B, C]), LineString([B, D])]
    network = read_lines(layer(lines, fart=[60, 60, 60], envegs=values), SPEEDS, "car")
    assert np.isfinite(network.forward).tolist() == [there] * 3
    assert np.isfinite(network.backward).tolist() == [back] * 3


def test_a_direction_that_is_missing_is_both(layer):
    values = np.array(["FT", None, "N"], dtype=object)
    network = read_lines(layer(LINES, fart=[60, 60, 60], envegs=values), SPEEDS, "car")
    assert np.isfinite(network.backward).tolist() == [False, False, True]  # two halves, and b–d


def test_a_speed_that_is_missing_is_the_one_given(layer):
    some = layer(LINES, fart=[60.0, np.nan, 0.0])
    choice = LineChoice(speed_column="fart", default_kmh=30)
    assert minutes(read_lines(some, choice, "car"), B, D) == pytest.approx(2, abs=1e-5)
    with pytest.raises(NetworkInvalid, match="2 av 3 linjer mangler fart"):
        read_lines(some, LineChoice(speed_column="fart"), "car")


def test_a_speed_of_its_own_the_other_way(layer):
    # As in NVDB Ruteplan; what stands for a direction that is closed does not matter.
    lines = [LineString([A, B]), LineString([B, D])]
    made = layer(lines, speedfw=["60", "60"], speedbw=["30", None], oneway=["B", "FT"])
    choice = LineChoice(speed_column="speedfw", speed_back_column="speedbw", oneway_column="oneway")
    go = partial(minutes, read_lines(made, choice, "car"))
    assert go(A, B) == pytest.approx(1, abs=1e-5)
    assert go(B, A) == pytest.approx(2, abs=1e-5)
    assert go(B, D) == pytest.approx(1, abs=1e-5)
    assert go(D, B) == np.inf


def test_one_speed_for_all(roads):
    network = read_lines(roads, LineChoice(default_kmh=20), "car")
    assert minutes(network, A, B) == pytest.approx(3, abs=1e-5)


def test_speeds_as_text(layer):
    texts = layer(LINES, fart=["60", "60", "60"])
    assert minutes(read_lines(texts, LineChoice(speed_column="fart"), "car"), A, B) < 1.01


@pytest.mark.parametrize(
    ("choice", "code", "said"),
    [
        (LineChoice(), "speed_missing", "--speed-column"),
        (LineChoice(speed_column="Fat"), "column_missing", "Mente du «fart»?"),
        (LineChoice(speed_column="fart", oneway_column="xyz"), "column_missing", "--oneway-column"),
        (LineChoice(None, "fart", "xyz"), "column_missing", "--speed-back-column"),
        (LineChoice(speed_column="envegs"), "speed_not_a_number", "noe annet enn tall"),
        (LineChoice(speed_column="fart", oneway_column="fart"), "oneway_unknown", "30, 60"),
        (LineChoice(layer="vei", speed_column="fart"), "layer_missing", "Mente du «veg»?"),
    ],
)
def test_choices_of_no_use(roads, choice, code, said):
    with pytest.raises(NetworkInvalid) as raised:
        read_lines(roads, choice, "car")
    assert raised.value.code == code
    assert said in raised.value.detail


def read_with_default(path):
    return read_lines(path, LineChoice(default_kmh=50), "car")


def refused(path):
    with pytest.raises(NetworkInvalid) as raised:
        read_with_default(path)
    return raised.value.code


def test_several_layers_must_be_chosen_from(layer, roads):
    layer(LINES, layer="sti", fart=[1, 1, 1])
    assert refused(roads) == "layer_unclear"
    chosen = read_lines(roads, LineChoice(layer="sti", default_kmh=60), "car")
    assert minutes(chosen, A, B) == pytest.approx(1, abs=1e-5)


def test_a_layer_of_points_is_no_network(layer):
    assert refused(layer([Point(A)], geometry_type="Point", fart=[1])) == "layer_missing"


def test_an_empty_layer(layer):
    assert refused(layer([], fart=np.array([], dtype=float))) == "network_empty"


def test_lines_of_no_length(layer):
    assert refused(layer([LineString([A, A])], fart=[60])) == "network_empty"


def test_without_a_reference_system(layer):
    assert refused(layer(LINES, crs=None, fart=[60, 60, 60])) == "crs_missing"


def test_degrees_that_are_said_to_be_metres(layer):
    far = [LineString([(5e8, 5e8), (5e8, 6e8)])]
    assert refused(layer(far, crs="EPSG:25833", fart=[60])) == "crs_wrong"


def test_coordinates_that_are_no_numbers(layer):
    assert refused(layer([LineString([A, (np.nan, 61)])], fart=[60])) == "coordinates_invalid"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>",
        b'{"type": "FeatureCollection", "features": []}',
        b"SQLite format 3\x00" + bytes(100),
    ],
)
def test_what_is_no_geopackage_is_not_opened(tmp_path, content):
    path = tmp_path / "veg.gpkg"
    path.write_bytes(content)
    assert refused(path) == "network_unreadable"


def test_a_damaged_geopackage(roads):
    roads.write_bytes(roads.read_bytes()[:5000])
    assert refused(roads) == "network_unreadable"


def test_a_view_is_not_read(roads):
    with sqlite3.connect(roads) as database:
        database.executescript(
            "ALTER TABLE veg RENAME TO kilde; CREATE VIEW veg AS SELECT * FROM kilde"
        )
    database.close()
    assert refused(roads) == "layer_missing"
