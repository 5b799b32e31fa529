"""GDAL, which QGIS reads with, finds the layers, their types and their place on the ground."""

import sqlite3
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from geodata.crs import PLANAR, WGS84, geodesic_km, project
from geodata.exporters import write_geojson, write_geopackage
from geodata.layers import LAYERS, MAP_LAYERS, all_layers, layer

HELSEHUS = [10.4702, 61.1148]
ON_THE_MERIDIAN = [9.0, 61.0]  # the central meridian of UTM zone 32: easting 500 000 m exactly
OUTLINE = [[10.4, 61.1], [10.4, 61.2], [10.6, 61.2], [10.6, 61.1], [10.4, 61.1]]
ISLAND = [[10.7, 61.1], [10.7, 61.12], [10.72, 61.12], [10.7, 61.1]]


@pytest.fixture
def scenario() -> dict[str, Any]:
    care_type = {"title": "HDO-plass", "serves": ["hdo"]}
    return {
        "title": "Leketøy",
        "years": {"first": 2026, "last": 2027},
        "care_types": {"hdo": care_type},
        "cores": {"sentrum": {"title": "Sentrum", "location": [10.46628, 61.11514]}},
        "districts": {
            "one": {
                "location": [10.5, 61.15],
                "geometry": {"type": "Polygon", "coordinates": [OUTLINE]},
                "population": {"80+": 12},
            },
            "two": {
                "location": [10.5, 61.25],
                "geometry": {"type": "MultiPolygon", "coordinates": [[OUTLINE], [ISLAND]]},
                "population": {"80+": 30.5},
            },
        },
        "sites": {
            "helsehus": {"title": "Lillehammer helsehus på Åsen", "location": HELSEHUS},
            "meridian": {"location": ON_THE_MERIDIAN, "places": {"hdo": 4}},
            "nowhere": {},
        },
        "projects": {
            name: {
                "title": name,
                "site": site,
                "care_types": ["hdo"],
                "places": {"min": 0, "max": 9},
                "investment_nok": 1e6,
                "investment_per_place_nok": 0,
            }
            for name, site in (("closed", "meridian"), ("opened", "helsehus"))
        },
        "need": {"basis": "coverage", "ratio": 0.2, "population": "80+", "mix": {"hdo": 1}},
    }


@pytest.fixture
def plan() -> dict[str, Any]:
    figures = {"need": 6, "unmet": 0, "mean_minutes": 3}
    return {
        "projects": {"opened": {"opens": 2027, "closes": None, "places": {"hdo": {"2027": 9}}}},
        "sites": {
            "helsehus": {"places": {"hdo": {"2026": 0, "2027": 9}}},
            "meridian": {"places": {"hdo": {"2026": 4, "2027": 4}}},
        },
        "districts": {
            "one": {"2026": {**figures, "mean_minutes": None}, "2027": figures},
            "two": {"2026": figures, "2027": figures},
        },
        "allocation": [
            {
                "year": 2027,
                "district": "one",
                "need": "hdo",
                "site": "helsehus",
                "care_type": "hdo",
                "places": 2,
                "minutes": 4,
            }
        ],
    }


@pytest.fixture
def geopackage(tmp_path, scenario, plan):
    write_geopackage(tmp_path / "plan.gpkg", scenario, plan)
    return tmp_path / "plan.gpkg"


def metres_apart(geometry: shapely.Point, location: list[float]) -> float:
    return 1000 * float(geodesic_km(shapely.get_coordinates(geometry)[0], np.array(location)))


GEOMETRY_TYPES = {
    "sites": "Point",
    "projects": "Point",
    "districts": "MultiPolygon",
    "cores": "Point",
    "places": "Point",
    "allocation": "LineString",
    "district_years": "MultiPolygon",
}


@pytest.mark.parametrize("with_plan", [True, False])
def test_a_geopackage_has_every_layer_with_its_type(tmp_path, scenario, plan, with_plan):
    path = tmp_path / "plan.gpkg"
    write_geopackage(path, scenario, plan if with_plan else None)
    listed = dict(pyogrio.list_layers(path))
    assert {name: listed.pop(name) for name in GEOMETRY_TYPES} == GEOMETRY_TYPES
    assert listed == {"layer_styles": None, "sources": None}
    for name in MAP_LAYERS:
        info = pyogrio.read_info(path, layer=name)
        assert info["crs"] == PLANAR
        features = layer(name, scenario, plan if with_plan else None)["features"]
        assert info["features"] == len(features)


def test_layers_have_norwegian_titles(geopackage):
    with sqlite3.connect(geopackage) as database:
        titles = dict(database.execute("SELECT table_name, identifier FROM gpkg_contents"))
    assert titles["districts"] == "Kretser"
    assert titles["places"] == "Plasser per lokasjon og år"
    assert set(titles) == {*MAP_LAYERS, "layer_styles", "sources"}


def test_sites_lie_where_they_should(geopackage):
    sites = pyogrio.read_dataframe(geopackage, layer="sites").set_index("site")
    assert sites.geometry["meridian"].x == pytest.approx(500_000, abs=0.1)
    assert sites.geometry["nowhere"] is None
    back = project(np.array([sites.geometry["helsehus"]], dtype=object), PLANAR, WGS84)
    assert metres_apart(back[0], HELSEHUS) < 0.1
    assert sites.title["helsehus"] == "Lillehammer helsehus på Åsen"


def test_outlines_lie_where_they_should_and_keep_their_area(geopackage):
    districts = pyogrio.read_dataframe(geopackage, layer="districts").set_index("district")
    outline = districts.geometry["one"]
    back = project(np.array([outline.centroid], dtype=object), PLANAR, WGS84)
    assert metres_apart(back[0], [10.5, 61.15]) < 20
    # 0.2° × 0.1° at latitude 61.15 on a sphere of the ellipsoid's radii there, in square metres.
    latitude = np.radians(61.15)
    curve = 1 - 0.00669438 * np.sin(latitude) ** 2
    east = 6378137 / np.sqrt(curve) * np.cos(latitude) * np.radians(0.2)
    north = 6378137 * (1 - 0.00669438) / curve**1.5 * np.radians(0.1)
    assert outline.area == pytest.approx(east * north, rel=1e-3)


def test_lines_go_from_district_to_site(geopackage):
    line = pyogrio.read_dataframe(geopackage, layer="allocation").geometry[0]
    back = project(np.array([line], dtype=object), PLANAR, WGS84)[0]
    assert metres_apart(shapely.get_point(back, 0), [10.5, 61.15]) < 0.1
    assert metres_apart(shapely.get_point(back, -1), HELSEHUS) < 0.1


def test_unknown_is_null_and_not_zero(geopackage):
    projects = pyogrio.read_dataframe(geopackage, layer="projects").set_index("project")
    assert projects.opened.to_dict() == {"closed": False, "opened": True}
    assert projects.opens["opened"] == 2027
    assert np.isnan(projects.opens["closed"])
    districts = pyogrio.read_dataframe(geopackage, layer="districts").set_index("district")
    assert np.isnan(districts.mean_minutes_2026["one"])
    assert districts.unmet_places_2026["one"] == 0
    assert districts.core["one"] is None


@pytest.mark.parametrize("without_outline", [["two"], ["one", "two"]])
def test_districts_are_points_when_not_all_have_outlines(tmp_path, scenario, plan, without_outline):
    for district in without_outline:
        scenario["districts"][district]["geometry"] = None
    write_geopackage(tmp_path / "plan.gpkg", scenario, plan)
    assert dict(pyogrio.list_layers(tmp_path / "plan.gpkg"))["districts"] == "Point"
    geometries = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="districts").geometry
    assert geometries[0].geom_type == "Point"


@pytest.mark.parametrize("name", MAP_LAYERS)
def test_geojson_layers_are_read_in_wgs84_with_their_types(tmp_path, scenario, plan, name):
    path = tmp_path / f"{name}.geojson"
    collection = layer(name, scenario, plan)
    write_geojson(path, collection)
    info = pyogrio.read_info(path)
    assert info["crs"] == WGS84
    assert info["features"] == len(collection["features"])
    assert list(info["total_bounds"]) == collection["bbox"]


def test_geojson_types_survive(tmp_path, scenario, plan):
    write_geojson(tmp_path / "places.geojson", layer("places", scenario, plan))
    places = pyogrio.read_info(tmp_path / "places.geojson")
    kinds = dict(zip(places["fields"], places["dtypes"], strict=True))
    assert kinds["from_date"] == "datetime64[D]"
    assert kinds["places_hdo"] == "int32"


def test_one_file_with_every_layer_keeps_figures_as_numbers(tmp_path, scenario, plan):
    write_geojson(tmp_path / "plan.geojson", all_layers(scenario, plan, 2027))
    table = pyogrio.read_dataframe(tmp_path / "plan.geojson")
    assert set(table.layer) == set(LAYERS)
    districts = table[table.layer == "districts"]
    assert districts.need_places.tolist() == [6.0, 6.0]
    assert districts["population_80+"].tolist() == [12.0, 30.5]
    assert table[table.layer == "allocation"].need.tolist() == ["hdo"]
