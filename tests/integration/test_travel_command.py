"""`flerkjerne travel`: a matrix into a scenario, what it tells, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from shapely import LineString

from app.cli import main
from geodata.network import times as road_times
from tests.roads import EAST, NORTH, A, B, C, D, X, Y, walk, write_layer, write_pbf
from tests.travel_server import travel_server

Printed = pytest.CaptureFixture[str]
BESIDE_A = walk(A, NORTH + 180, 200)


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    """a — b — c at 60 km/h, and an island x — y."""
    return write_pbf(
        tmp_path / "veger.osm.pbf",
        {1: A, 2: B, 3: C, 4: X, 5: Y},
        [
            ([1, 2, 3], {"highway": "secondary", "maxspeed": "60"}),
            ([4, 5], {"highway": "service"}),
        ],
        "2026-11-01T20:21:00Z",
    )


@pytest.fixture
def town_file(tmp_path: Path, toy: dict[str, Any]) -> Path:
    """The town's site at c and another on the island; districts at, beside and far from roads."""
    (district,) = toy["districts"].values()
    (site,) = toy["sites"].values()
    toy["districts"] |= {
        "ved": {**district, "title": "Ved vegen", "location": list(A)},
        "bak": {**district, "title": "Bak vegen", "location": list(BESIDE_A)},
        "fjell": {**district, "title": "Fjellet", "location": list(walk(A, EAST + 90, 9000))},
    }
    toy["districts"] = {key: toy["districts"][key] for key in ("ved", "bak", "fjell")}
    name = next(iter(toy["sites"]))
    toy["sites"][name] = {**site, "location": list(C)}
    toy["sites"]["holme"] = {"title": "På holmen", "location": list(X)}
    toy["travel"] = {**toy["travel"], "access_minutes": 2}
    path = tmp_path / "by.json"
    path.write_text(json.dumps(toy), encoding="utf-8")
    return path


@pytest.fixture
def travel(tmp_path: Path, town_file: Path) -> Any:
    def run(*options: Any) -> tuple[int, dict[str, Any]]:
        out = tmp_path / "ut.json"
        out.unlink(missing_ok=True)
        status = main(
            ["travel", str(town_file), "--out", str(out), "--cache", str(tmp_path / "lager")]
            + [str(each) for each in options]
        )
        return status, json.loads(out.read_text("utf-8")) if out.exists() else {}

    return run


def test_a_matrix_into_a_scenario(travel: Any, roads: Path, toy: dict[str, Any]) -> None:
    status, scenario = travel("--network", roads)
    assert status == 0
    site = next(name for name in scenario["sites"] if name != "holme")
    assert scenario["travel"]["basis"] == "matrix"
    assert scenario["travel"]["minutes"] == {
        site: {
            "ved": pytest.approx(2 + 2, abs=0.01),
            "bak": pytest.approx(2 + 2 + 0.2 / 20 * 60, abs=0.01),
        },
        "holme": {},
    }
    assert scenario["travel"]["access_minutes"] == 2  # kept, should the basis be changed back
    source = scenario["sources"]["/travel/minutes"]
    assert source["publisher"] == "OpenStreetMap-bidragsytere"
    assert (source["licence"], source["year"], source["status"]) == ("ODbL 1.0", 2026, "derived")
    for part in ("veger.osm.pbf", "2026-11-01", "SHA-256", "med bil", "500 m", "2 minutter"):
        assert part in source["note"]


def test_the_scenario_can_be_solved(travel: Any, roads: Path, tmp_path: Path) -> None:
    travel("--network", roads)
    plan = tmp_path / "plan.json"
    reach = ["--set", "objective.unmet_place_year_nok=1000000"]
    assert main(["solve", str(tmp_path / "ut.json"), *reach, "--out", str(plan)]) == 0
    served = {each["district"] for each in json.loads(plan.read_bytes())["allocation"]}
    assert served <= {"ved", "bak"}


def test_what_is_told(travel: Any, roads: Path, tmp_path: Path, capsys: Printed) -> None:
    travel("--network", roads)
    told = capsys.readouterr()
    assert "Lenger enn 500 m fra veg, og kan ikke nås: kretsen Fjellet." in told.err
    assert "På en løsrevet del av vegnettet: lokasjonen På holmen." in told.err
    assert "4 av dem (66,7 %) kan ikke nås" in told.out
    assert "Når ingen lokasjon: Fjellet." in told.out
    assert "0 av 3" in told.out
    assert "2 av 3" in told.out
    assert main(["travel", str(tmp_path / "ut.json"), "--inspect"]) == 0
    assert capsys.readouterr().out == told.out


def test_the_matrix_is_kept(
    travel: Any, roads: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = travel("--network", roads)
    assert "mellomlageret" not in capsys.readouterr().err
    searched = []
    shortest = road_times.shortest_minutes
    monkeypatch.setattr(
        road_times,
        "shortest_minutes",
        lambda *given: searched.append(given) or shortest(*given),
    )
    _, second = travel("--network", roads)
    assert "mellomlageret" in capsys.readouterr().err
    assert (first, searched) == (second, [])
    travel("--network", roads, "--snap-limit", 400)
    travel("--network", roads, "--mode", "foot")
    assert len(searched) == 2


def test_on_foot(travel: Any, roads: Path) -> None:
    _, scenario = travel("--network", roads, "--mode", "foot")
    site = next(name for name in scenario["sites"] if name != "holme")
    assert scenario["travel"]["minutes"][site]["ved"] == pytest.approx(24 + 2, abs=0.01)
    assert "til fots" in scenario["sources"]["/travel/minutes"]["note"]


def test_a_layer_of_lines(travel: Any, tmp_path: Path) -> None:
    lines = [LineString([A, B]), LineString([B, C])]
    layer = write_layer(tmp_path / "elveg.gpkg", lines, fart=[60, 30], retning=["FT", "FT"])
    status, scenario = travel(
        *("--network", layer, "--speed-column", "fart", "--oneway-column", "retning"),
        *("--publisher", "Kartverket", "--licence", "NLOD 2.0", "--data-date", "2025-06-01"),
    )
    assert status == 0
    site = next(name for name in scenario["sites"] if name != "holme")
    assert scenario["travel"]["minutes"][site]["ved"] == pytest.approx(1 + 2 + 2, abs=0.01)
    source = scenario["sources"]["/travel/minutes"]
    assert (source["publisher"], source["licence"], source["year"]) == (
        *("Kartverket", "NLOD 2.0"),
        2025,
    )
    assert "«fart»" in source["note"]


@pytest.mark.parametrize("kind", ["osrm", "valhalla"])
def test_a_service(travel: Any, kind: str) -> None:
    with travel_server() as server:
        url = server.url.replace("http://", "http://me:secret@")
        status, scenario = travel("--service-url", url, "--service", kind)
    assert status == 0
    site = next(name for name in scenario["sites"] if name != "holme")
    # two kilometres at a kilometre a minute, 30 m at both ends, and access
    expected = 2 + 2 * 0.03 / 20 * 60 + 2
    assert scenario["travel"]["minutes"][site]["ved"] == pytest.approx(expected, abs=0.02)
    source = scenario["sources"]["/travel/minutes"]
    assert source["url"] == server.url
    assert "secret" not in json.dumps(scenario)


def test_a_service_that_fails(travel: Any, capsys: Printed) -> None:
    with travel_server() as server:
        server.failures += [(400, {}, b"no")]
        status, scenario = travel("--service-url", server.url)
    assert (status, scenario) == (1, {})
    assert "svarer 400" in capsys.readouterr().err


def file_of(tmp_path: Path, name: str, content: bytes = b"") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("finnes-ikke.osm.pbf", "network_not_found"),
        ("tom.osm.pbf", "network_unreadable"),
        ("tom.gpkg", "network_unreadable"),
        ("veger.geojson", "network_format"),
        ("/vsicurl/http://127.0.0.1:1/a.gpkg", "network_not_found"),
    ],
)
def test_files_of_no_use(
    travel: Any, tmp_path: Path, capsys: Printed, name: str, code: str
) -> None:
    if not name.startswith(("finnes-ikke", "/")):
        file_of(tmp_path, name)
    assert travel("--network", tmp_path / name) == (2, {})
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert len(said.splitlines()) == 1


def test_a_network_elsewhere(travel: Any, tmp_path: Path, capsys: Printed) -> None:
    far = [LineString([(5.3, 60.4), (5.31, 60.4)])]
    layer = write_layer(tmp_path / "bergen.gpkg", far, fart=[50])
    assert travel("--network", layer, "--speed-column", "fart") == (2, {})
    assert "øk --snap-limit. [beyond_snap_limit]" in capsys.readouterr().err


def test_a_network_that_does_not_hang_together(
    travel: Any, tmp_path: Path, capsys: Printed
) -> None:
    apart = [LineString([A, walk(A, EAST, 900)]), LineString([B, C])]
    layer = write_layer(tmp_path / "brutt.gpkg", apart, fart=[50, 50])
    assert travel("--network", layer, "--speed-column", "fart") == (2, {})
    assert "[nothing_reached]" in capsys.readouterr().err


def test_columns_of_no_use(travel: Any, tmp_path: Path, capsys: Printed) -> None:
    layer = write_layer(tmp_path / "v.gpkg", [LineString([A, D])], fartsgrense=[50])
    assert travel("--network", layer, "--speed-column", "fartgrense") == (2, {})
    assert "Mente du «fartsgrense»?" in capsys.readouterr().err


def test_places_without_position(
    tmp_path: Path, town_file: Path, roads: Path, capsys: Printed
) -> None:
    without = ["--set", "districts.ved.location=null", "--set", "sites.holme.location=null"]
    matrix = ["--set", 'travel={"basis": "matrix", "minutes": {"holme": {"ved": 1}}}']
    assert main(["travel", str(town_file), *without, *matrix, "--network", str(roads)]) == 2
    said = capsys.readouterr().err
    assert "/districts/ved/location" in said
    assert "/sites/holme/location" in said


def test_a_straight_line_is_no_matrix(capsys: Printed) -> None:
    assert main(["travel", "lillehammer", "--inspect"]) == 2
    assert "[no_matrix]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--inspect", "--network", "a.gpkg"],
        ["--network", "a.gpkg", "--snap-limit", "0"],
        ["--network", "a.gpkg", "--snap-limit", "nan"],
        ["--network", "a.gpkg", "--default-speed", "900"],
        ["--network", "a.gpkg", "--mode", "buss"],
        ["--network", "a.gpkg", "--data-date", "i fjor"],
    ],
)
def test_options_of_no_use(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["travel", "lillehammer", *options])
    assert stopped.value.code == 2


def test_a_matrix_without_positions_and_speed(
    tmp_path: Path, toy: dict[str, Any], capsys: Printed
) -> None:
    (district,), (site,) = toy["districts"], toy["sites"]
    toy["travel"] = {"basis": "matrix", "minutes": {site: {district: 7}}}
    toy["sites"][site].pop("location", None)
    path = file_of(tmp_path, "uten.json", json.dumps(toy).encode())
    assert main(["travel", str(path), "--inspect"]) == 0
    said = capsys.readouterr().out
    assert "Kretser: 1. Lokasjoner: 1. Par: 1, og 0 av dem (0,0 %) kan ikke nås." in said
    assert "Kilden er ikke oppgitt." in said
    assert "Lengst fra" not in said


def test_differences_from_the_matrix_s_own_speed(
    tmp_path: Path, toy: dict[str, Any], capsys: Printed
) -> None:
    (district,), (site,) = toy["districts"], toy["sites"]
    toy["districts"][district]["location"], toy["sites"][site]["location"] = list(A), list(C)
    toy["travel"] = {"basis": "matrix", "minutes": {site: {district: 3}}}
    path = file_of(tmp_path, "uten.json", json.dumps(toy).encode())
    assert main(["travel", str(path), "--inspect"]) == 0
    assert "midtfart, 40 km/t" in capsys.readouterr().out


def test_a_matrix_can_be_piped(
    town_file: Path, roads: Path, tmp_path: Path, capfdbinary: Any
) -> None:
    cache = str(tmp_path / "lager")
    assert main(["travel", str(town_file), "--network", str(roads), "--cache", cache]) == 0
    document = json.loads(capfdbinary.readouterr().out)
    assert document["travel"]["minutes"]["holme"] == {}
