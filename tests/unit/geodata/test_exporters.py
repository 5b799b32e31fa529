import json
import subprocess
import sys
from math import nan

import pyogrio
import pytest

from geodata.exporters import write_geojson, write_geopackage
from geodata.layers import LAYERS, all_layers


def test_geojson_is_the_collection(tmp_path, scenario, plan):
    write_geojson(tmp_path / "plan.geojson", all_layers(scenario, plan))
    text = (tmp_path / "plan.geojson").read_text(encoding="utf-8")
    assert json.loads(text) == all_layers(scenario, plan)
    assert "Nybygg på Vestheim" in text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "plan.geojson"
    path.write_text("old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_geojson(path, {"type": "FeatureCollection", "features": [nan]})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_geopackage_replaces_the_old_one(tmp_path, scenario, plan):
    path = tmp_path / "plan.gpkg"
    write_geopackage(path, scenario, plan)
    write_geopackage(path, scenario, None)
    assert pyogrio.read_info(path, layer="allocation")["features"] == 0
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_plan_gives_the_same_rows(tmp_path, scenario, plan):
    def rows(path):
        write_geopackage(path, scenario, plan)
        return {name: pyogrio.read_dataframe(path, layer=name).to_csv() for name in LAYERS}

    assert rows(tmp_path / "a.gpkg") == rows(tmp_path / "b.gpkg")


def test_columns_are_the_same_with_and_without_rows(tmp_path, scenario, plan):
    def columns(path, plan):
        write_geopackage(path, scenario, plan)
        infos = [pyogrio.read_info(path, layer=name) for name in LAYERS]
        return [dict(zip(info["fields"], info["dtypes"], strict=True)) for info in infos]

    with_rows, without = columns(tmp_path / "a.gpkg", plan), columns(tmp_path / "b.gpkg", None)
    assert with_rows == without
    assert without[LAYERS.index("allocation")] == {
        "year": "int64",
        "from_date": "datetime64[D]",
        "to_date": "datetime64[D]",
        "district": "object",
        "district_title": "object",
        "need": "object",
        "site": "object",
        "site_title": "object",
        "care_type": "object",
        "care_type_title": "object",
        "places": "float64",
        "minutes": "float64",
    }


def test_care_types_that_differ_in_case_only_get_columns_of_their_own(tmp_path, scenario, plan):
    scenario["care_types"]["HDO"] = scenario["care_types"]["hdo"]
    write_geopackage(tmp_path / "plan.gpkg", scenario, plan)
    named = pyogrio.read_info(tmp_path / "plan.gpkg", layer="projects")["fields"]
    assert [n for n in named if "hdo" in n.lower()] == ["places_HDO", "places_hdo_2"]


def test_gdal_is_not_loaded_before_a_file_is_written():
    program = "import sys, geodata.exporters; print({'pyogrio', 'pandas'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "set()\n"
