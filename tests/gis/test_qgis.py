"""QGIS is the judge: what we serve and write opens, plays, and looks as it should."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from geodata import bundled
from geodata.exporters import write_geopackage, write_project
from geodata.layers import MAP_LAYERS, TITLES
from geodata.qgis.project import live as live_data
from geodata.travel import travel_minutes
from tests.robustness.server import serving

from .conftest import Qgis, Service

KEPT = Path(__file__).with_name("images")
TOWN = [573_500.0, 6_771_500.0, 582_500.0, 6_778_500.0]
"""The town of Lillehammer in UTM 32."""
SAME = 0.005
"""Share of the picture that may look otherwise: names, of which QGIS may place two either way."""
GEOMETRY = {
    "sites": "Point",
    "projects": "Point",
    "districts": "MultiPolygon",
    "cores": "Point",
    "places": "Point",
    "allocation": "LineString",
    "district_years": "MultiPolygon",
}
PLAYED = ("projects", "places", "allocation", "district_years")
"""The layers that have dates."""
TYPES = {"string": "String", "integer": "Integer", "number": "Real", "boolean": "Boolean"}


def live(address: str) -> list[list[str]]:
    return [
        [name, f"url='{address}' typename='{name}' restrictToRequestBBOX='1'", "OAPIF"]
        for name in MAP_LAYERS
    ]


@pytest.mark.parametrize("follows", [True, False])
def test_every_collection_opens_whole(service: Service, qgis: Qgis, follows: bool):
    box = [10.45, 61.10, 10.48, 61.12]
    address = service.scenario if follows else service.run
    found = qgis("layers", sources=live(address), box=box)
    for name in MAP_LAYERS:
        layer, items = found[name], f"/ogc/runs/{service.run_id}/collections/{name}/items"
        expected = service.get(items, limit=10_000).json()["features"]
        assert layer["valid"], name
        assert layer["crs"] == "EPSG:4326"
        assert layer["geometry"] == GEOMETRY[name]
        assert layer["same_again"], name
        properties = {feature["id"]: feature["properties"] for feature in expected}
        assert {row["id"]: {k: row[k] for k in row if k != "id"} for row in layer["features"]} == (
            properties
        )
        bbox = ",".join(map(str, box))
        assert layer["in_box"] == service.get(items, bbox=bbox, limit=1).json()["numberMatched"]


def test_types_are_those_of_the_schema(service: Service, qgis: Qgis):
    found = qgis("layers", sources=live(service.run))
    for name in MAP_LAYERS:
        schema = service.get(f"/ogc/runs/{service.run_id}/collections/{name}/schema").json()
        for column, told in schema["properties"].items():
            if column != "geometry":
                kind = "Date" if told.get("format") == "date" else TYPES[told["type"]]
                assert found[name]["fields"][column] == kind, (name, column)


def test_14000_districts_come_each_once(service: Service, qgis: Qgis):
    address = f"{service.address}/ogc/scenarios/{service.county}"
    districts = next(each for each in live(address) if each[0] == "districts")
    rows = qgis("layers", sources=[districts])["districts"]["features"]
    assert sorted(row["id"] for row in rows) == [f"k{n:05}" for n in range(14_000)]
    assert all(row["title"] == f"Krets {int(row['id'][1:])}" for row in rows)


def test_a_key_opens_a_guarded_service(qgis: Qgis, tmp_path: Path):
    key = subprocess.run(
        [sys.executable, "-m", "app.cli", "keys", "create", "QGIS", "--scope", "read"],
        env={**os.environ, "FLERKJERNE_DATABASE_URL": f"sqlite:///{tmp_path / 'test.db'}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with serving(tmp_path, require_login=True) as server:
        address = f"{server.address}/ogc/scenarios/lillehammer"
        assert httpx.get(address).status_code == 401
        source = as_in_a_project(address, "plan123")
        found = qgis("guarded", sources=source, configuration="plan123", key=key)
        without = qgis("layers", sources=as_in_a_project(address, None))
    assert {layer["valid"] for layer in found.values()} == {True}
    assert len(found["districts"]["features"]) == 60
    assert {layer["valid"] for layer in without.values()} == {False}


def as_in_a_project(address: str, authentication: str | None) -> list[list[str]]:
    data = live_data(address, authentication)
    return [[name, data.source(name), data.provider] for name in ("sites", "districts")]


def made_plan(scenario: dict[str, Any]) -> dict[str, Any]:
    """A plan that no solver made, so that pictures of it stay: everybody goes to the nearest.

    New places of two types at one site, one site with new places alone, a project that closes.
    """
    years = range(scenario["years"]["first"], scenario["years"]["last"] + 1)
    projects = {
        "sore-al-nybygg": {"opens": 2030, "closes": None, "places": {}},
        "gartnerhagen-1-etasje": {"opens": 2026, "closes": None, "places": {}},
        "royslimoen-hdo": {"opens": 2033, "closes": None, "places": {}},
        "helsehus-midlertidig": {"opens": 2027, "closes": 2030, "places": {}},
    }
    new = {"sore-al": 40, "gartnerhagen": 15, "royslimoen-bydelssenter": 32, "helsehus": 12}
    for key, decided in projects.items():
        spec = scenario["projects"][key]
        lasts = [y for y in years if decided["opens"] <= y < (decided["closes"] or 9999)]
        care_type = spec["care_types"][0]
        decided["places"] = {care_type: {str(y): new[spec["site"]] for y in lasts}}
    sites = {}
    for site, spec in scenario["sites"].items():
        standing = {p: max(n.values()) for p, n in (spec.get("places") or {}).items()}
        sites[site] = {"places": {p: {str(y): n for y in years} for p, n in standing.items()}}
    for key, decided in projects.items():
        places = sites[scenario["projects"][key]["site"]]["places"]
        for care_type, added in decided["places"].items():
            counted = places.setdefault(care_type, dict.fromkeys(map(str, years), 0))
            for year, n in added.items():
                counted[year] += n
    return {"projects": projects, "sites": sites, **_journeys(scenario, sites, years)}


def _journeys(scenario: dict[str, Any], sites: dict[str, Any], years: range) -> dict[str, Any]:
    names = list(scenario["districts"])
    open_sites = [s for s in sites if sites[s]["places"] and scenario["sites"][s].get("location")]
    minutes = travel_minutes(scenario, open_sites, names)
    districts: dict[str, Any] = {}
    allocation = []
    for i, district in enumerate(names):
        nearest = int(minutes[:, i].argmin())
        far = float(minutes[nearest, i])
        figures = {"need": 5.0 + i % 7, "unmet": 0.0, "mean_minutes": far if i % 9 else None}
        districts[district] = {str(year): figures for year in years}
        allocation += [
            {
                "year": year,
                "district": district,
                "need": "hdo",
                "site": open_sites[nearest],
                "care_type": next(iter(sites[open_sites[nearest]]["places"])),
                "places": figures["need"],
                "minutes": far,
            }
            for year in years
            if i % 9
        ]
    return {"districts": districts, "allocation": allocation}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plan.gpkg and plan.qgz."""
    folder = tmp_path_factory.mktemp("package")
    scenario = bundled.load("lillehammer")
    write_geopackage(folder / "plan.gpkg", scenario, made_plan(scenario))
    write_project(folder / "plan.qgz", scenario, folder / "plan.gpkg")
    return folder


def test_the_package_opens_with_its_styles_and_names(package: Path, qgis: Qgis):
    sources = [[name, f"{package}/plan.gpkg|layername={name}", "ogr"] for name in MAP_LAYERS]
    found = qgis("layers", sources=sources)
    for name in MAP_LAYERS:
        layer = found[name]
        assert (layer["valid"], layer["crs"], layer["styled"]) == (True, "EPSG:25832", True)
        assert layer["geometry"] == GEOMETRY[name]
        assert layer["renderer"] in ("RuleRenderer", "pointDisplacement")
        assert layer["played"] == (name in PLAYED)
        assert layer["title"] == "Lillehammer 2026–2040"
    assert found["places"]["titles"]["places_new"] == "Nye plasser"
    assert found["places"]["fields"]["from_date"] == "Date"
    assert found["projects"]["fields"]["opens"] == "Integer64"


def test_sources_are_in_the_package(package: Path, qgis: Qgis):
    source = ["sources", f"{package}/plan.gpkg|layername=sources", "ogr"]
    rows = qgis("layers", sources=[source])["sources"]["features"]
    told = bundled.load("lillehammer")["sources"]
    assert {row["pointer"]: row["status"] for row in rows} == {
        pointer: source["status"] for pointer, source in told.items()
    }


def project_of(service: Service, folder: Path, source: str) -> Path:
    path = folder / "plan.qgz"
    path.write_bytes(service.get(f"/v1/runs/{service.run_id}/plan.qgz", source=source).content)
    gpkg = service.get(f"/v1/runs/{service.run_id}/plan.gpkg").content
    (folder / "plan.gpkg").write_bytes(gpkg)
    return path


@pytest.mark.parametrize("source", ["run", "scenario", "package"])
def test_the_project_opens(service: Service, qgis: Qgis, tmp_path: Path, source: str):
    found = qgis("project", path=str(project_of(service, tmp_path, source)))
    layers = found["layers"]
    background = layers.pop("Kartverket, gråtone")
    assert not background["shown"]  # nothing is asked of others unless a planner wants it
    assert set(layers) == set(TITLES.values())
    assert {layer["valid"] for layer in layers.values()} == {True}
    crs = "EPSG:25832" if source == "package" else "EPSG:4326"
    assert {layer["crs"] for layer in layers.values()} == {crs}
    assert {title for title, layer in layers.items() if layer["played"]} == {
        TITLES[name] for name in PLAYED
    }
    assert [title for title, layer in layers.items() if not layer["shown"]] == ["Kretser"]
    assert found["groups"] == ["Planen", "Steder", "Hvem som betjenes hvor", "Kretser"]
    assert (found["title"], found["crs"]) == ("Lillehammer 2026–2040", "EPSG:25832")
    assert (found["frames"], found["mode"], found["first"]) == (15, 1, "2026-01-01T00:00:00Z")
    assert found["layouts"] == ["Plan, A3"]


def shown(qgis: Qgis, path: Path | str, width: int = 150) -> NDArray[np.float64]:
    small = qgis("pixels", path=str(path), width=width)
    raw = np.frombuffer(base64.b64decode(small["rgb"]), dtype=np.uint8)
    return raw.reshape(small["height"], width, 3).astype(float)


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Share of the small pixels that differ to the eye."""
    assert one.shape == other.shape
    return float((np.abs(one - other).max(axis=2) > 40).mean())


@pytest.mark.parametrize("year", [2026, 2040])
def test_the_map_looks_as_it_did(package: Path, qgis: Qgis, tmp_path: Path, year: int):
    (path,) = qgis(
        "maps", path=str(package / "plan.qgz"), extent=TOWN, years=[year], folder=str(tmp_path)
    )
    found, kept = shown(qgis, path), shown(qgis, KEPT / f"plan-{year}.png")
    assert apart(found, kept) < SAME, f"look at {path}, and keep it if it is right"
    assert found.std() > 20  # not blank


def test_years_differ_and_no_year_is_the_last(package: Path, qgis: Qgis, tmp_path: Path):
    paths = qgis(
        "maps",
        path=str(package / "plan.qgz"),
        extent=TOWN,
        years=[2026, 2040, None],
        folder=str(tmp_path),
    )
    first, last, unplayed = (shown(qgis, path) for path in paths)
    assert apart(first, last) > SAME
    # Projects have no year of their own: those that have closed are back while nothing is played.
    assert apart(last, unplayed) < SAME


def test_the_service_looks_as_its_package(service: Service, qgis: Qgis, tmp_path: Path):
    def picture(source: str, name: str) -> Any:
        folder = tmp_path / name
        folder.mkdir()
        path = str(project_of(service, folder, source))
        (drawn,) = qgis("maps", path=path, extent=TOWN, years=[2035], folder=str(folder))
        return shown(qgis, drawn)

    from_package = picture("package", "package")
    # On a busy machine QGIS may draw before all of a service's layers have come.
    tries = (picture("run", f"run-{number}") for number in range(3))
    assert any(apart(each, from_package) < SAME for each in tries)
    assert from_package.std() > 20


def test_the_sheet_prints(package: Path, qgis: Qgis, tmp_path: Path):
    path = qgis("sheet", path=str(package / "plan.qgz"), image=str(tmp_path / "sheet.png"))
    found, kept = shown(qgis, path), shown(qgis, KEPT / "sheet.png")
    assert apart(found, kept) < SAME, f"look at {path}, and keep it if it is right"


def test_a_project_is_the_same_bytes_each_time(service: Service):
    address = f"/v1/runs/{service.run_id}/plan.qgz"
    first, second = (service.get(address, source="scenario") for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    other = service.get(address, source="package")
    assert other.headers["etag"] != first.headers["etag"]
