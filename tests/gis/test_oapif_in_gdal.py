"""GDAL's driver for OGC API – Features reads every collection whole, and where it lies."""

from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from geodata import bundled
from geodata.crs import PLANAR, project
from geodata.layers import MAP_LAYERS
from geodata.tables import Table, table

from .conftest import Service

UTM33 = "EPSG:25833"


def read(address: str, layer: str, **options: Any) -> Any:
    return pyogrio.read_dataframe(f"OAPIF:{address}", layer=layer, **options)


@pytest.fixture(scope="module")
def tables(service: Service) -> dict[str, Table]:
    """The layers made here of the run's own documents."""
    plan = service.get(f"/v1/runs/{service.run_id}/plan").json()
    scenario = bundled.load("lillehammer")
    return {name: table(name, scenario, plan) for name in MAP_LAYERS}


@pytest.mark.parametrize("name", MAP_LAYERS)
def test_every_feature_comes_with_its_values(service, tables, name):
    expected = tables[name]
    found = read(service.run, name).set_index("id")
    assert sorted(found.index) == sorted(expected.ids)
    for column, kept in expected.columns.items():
        values = found[column].reindex(expected.ids)
        assert values.isna().tolist() == kept.missing.tolist(), column
        if kept.field.kind is float:
            assert values[~kept.missing].tolist() == kept.values[~kept.missing].tolist()
        if kept.field.kind is str:
            assert values[~kept.missing].tolist() == kept.values[~kept.missing].tolist()


@pytest.mark.parametrize("code", [PLANAR, UTM33])
@pytest.mark.parametrize("name", MAP_LAYERS)
def test_projected_features_lie_where_our_own_do(service, tables, name, code):
    expected = tables[name]
    found = read(service.run, name, CRS=code)
    assert found.crs.to_string() == code
    own = project(expected.shapes, target=code)[expected.which]
    theirs = found.set_index("id").geometry.reindex(expected.ids).to_numpy()
    distance = shapely.hausdorff_distance(own, theirs)
    assert np.nanmax(distance) < 0.1
    assert {one.geom_type for one in theirs if one is not None} == {expected.geometry_type}


@pytest.mark.parametrize("name", MAP_LAYERS)
def test_boxes_and_types_are_the_same_by_the_scenario_s_address(service, tables, name):
    box = (10.45, 61.10, 10.48, 61.12)
    found = set(read(service.scenario, name, bbox=box)["id"])
    shapes = tables[name].shapes[tables[name].which]
    touching = shapely.intersects(shapes, shapely.box(*box))
    assert found == {key for key, hit in zip(tables[name].ids, touching, strict=True) if hit}
    assert 0 < len(found) < len(tables[name])


def test_the_root_has_the_same_features(service, tables):
    found = read(f"{service.address}/ogc", f"run-{service.run_id}.sites")
    assert sorted(found["id"]) == sorted(tables["sites"].ids)


def test_14000_districts_come_each_once(service):
    address = f"{service.address}/ogc/scenarios/{service.county}"
    found = read(address, "districts")
    assert found["id"].tolist() == [f"k{n:05}" for n in range(14_000)]
    assert found.geometry.is_valid.all()
    assert (found.geometry.geom_type == "MultiPolygon").all()
