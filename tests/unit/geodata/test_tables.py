from datetime import date

import numpy as np
import pytest
import shapely

from geodata.crs import CRSS, PLANAR, project
from geodata.layers import MAP_LAYERS, layer
from geodata.tables import table

BY_CODE = {crs.uri.rsplit("/", 1)[1]: crs for crs in CRSS}


@pytest.mark.parametrize("name", MAP_LAYERS)
@pytest.mark.parametrize("with_plan", [True, False])
def test_a_table_has_the_features_of_the_layer(scenario, plan, name, with_plan):
    given = plan if with_plan else None
    read = table(name, scenario, given)
    features = {f["id"]: f["properties"] for f in layer(name, scenario, given)["features"]}
    assert sorted(read.ids) == sorted(features)
    for index, key in enumerate(read.ids):
        for column, value in features[key].items():
            kept = read.columns[column]
            assert bool(kept.missing[index]) == (value is None)
            if value is not None:
                assert kept.values[index] == (
                    np.datetime64(value) if kept.field.kind is date else value
                )


def test_values_are_written_with_their_types(scenario, plan):
    districts = table("districts", scenario, plan)
    where = np.array([districts.ids.index("land"), districts.ids.index("by")])
    assert districts.columns["title"].texts(where) == ['"land"', '"Byen"']
    assert districts.columns["need_places_2026"].texts(where) == ["8.0", "16.0"]
    assert districts.columns["mean_minutes_2026"].texts(where) == ["null", "1.5"]
    projects = table("projects", scenario, plan)
    assert projects.columns["from_date"].texts(np.array([0])) == ['"2027-01-01"']
    assert projects.columns["opened"].texts(np.array([0])) == ["true"]
    assert projects.columns["closes"].texts(np.array([0])) == ["null"]
    assert projects.columns["opens"].texts(np.array([0])) == ["2027.0"]
    assert projects.columns["places"].texts(np.array([0])) == ["9"]


def test_the_first_features_tell_every_property(scenario, plan):
    scenario["projects"] |= {
        f"a{n}": {**scenario["projects"]["nybygg"], "kind": None} for n in range(20)
    }
    projects = table("projects", scenario, plan)
    assert projects.ids[0] == "nybygg"  # the only one that opens, and that is of a kind
    assert projects.ids[1:] == sorted(projects.ids[1:])


def test_districts_without_outlines_make_all_of_them_points(scenario, plan):
    districts = table("district_years", scenario, plan)
    assert districts.geometry_type == "Point"
    assert len(districts.shapes) == 2  # not one a year
    scenario["districts"]["land"]["geometry"] = scenario["districts"]["by"]["geometry"]
    assert table("districts", scenario, plan).geometry_type == "MultiPolygon"


def test_axes_are_those_of_the_system(scenario, plan):
    sites = table("sites", scenario, plan)
    index = sites.which[sites.ids.index("helsehus")]
    expected = shapely.get_coordinates(project(sites.shapes, target=PLANAR))[index]
    found = {code: sites.placed(crs).shapes[index] for code, crs in BY_CODE.items()}
    assert (found["CRS84"].x, found["CRS84"].y) == (10.47, 61.115)
    assert (found["4326"].x, found["4326"].y) == (61.115, 10.47)
    assert shapely.get_coordinates(found["25832"])[0] == pytest.approx(expected, abs=0.01)
    assert found["25833"].x < 300_000 < found["25832"].x
    assert found["3857"].x == pytest.approx(10.47 * 20037508.342789 / 180, abs=0.01)


def test_what_has_no_place_stays_without_one(scenario, plan):
    cores = table("cores", scenario, plan)
    for crs in CRSS:
        placed = cores.placed(crs)
        assert placed.shapes[cores.which[cores.ids.index("vest")]] is None
    assert len(table("allocation", scenario, None)) == 0
    assert len(table("allocation", scenario, None).placed(CRSS[2]).bounds) == 0
