"""Municipalities nobody has prepared: made districts, figures of SSB, and a filled template."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from app.cli import main
from app.services.checking import check_scenario
from app.services.plan_document import scenario_hash
from app.services.spreadsheet.write import template
from geodata import bundled
from tests.imports.statistics import by_municipality, everybody
from tests.synthetic_districts import squares, write_geopackage

Document = dict[str, Any]
Rows = dict[str, list[list[Any]]]
UTM = {"5053": "EPSG:25832", "3440": "EPSG:25833", "5544": "EPSG:25835"}
WEIGHTS = [100, 300, 0, 250, 50, 300]

with (Path(__file__).parent / "municipalities.csv").open(encoding="utf-8") as file:
    MUNICIPALITIES = {
        row["kommunenummer"]: row
        for row in csv.DictReader(line for line in file if not line.startswith("#"))
    }


def filled(path: Path, fields: dict[str, Any], rows: Rows) -> Path:
    """The template with values of scenario fields and rows of other sheets."""
    book = load_workbook(io.BytesIO(template()))
    for row in book["Scenario"].iter_rows(min_row=2):
        if row[0].value in fields:
            row[2].value = fields[row[0].value]
    for sheet, given in rows.items():
        headings = [cell.value for cell in book[sheet][1]]
        extra = [heading for heading in given[0] if heading not in headings]
        for heading in extra:  # years
            book[sheet].cell(1, len(headings) + 1, heading)
            headings.append(heading)
        for number, values in enumerate(given[1:], start=2):
            for heading, value in zip(given[0], values, strict=True):
                book[sheet].cell(number, headings.index(heading) + 1, value)
    book.save(path)
    return path


def scenario_fields(code: str) -> dict[str, Any]:
    return {
        "title": f"Plasser i {MUNICIPALITIES[code]['kommunenavn']}",
        "municipality.code": code,
        "municipality.name": MUNICIPALITIES[code]["kommunenavn"],
        "years.first": 2026,
        "years.last": 2030,
        "need.basis": "dekningsgrad",
        "need.population": "80+",
        "travel.basis": "luftlinje",
        "travel.speed_kmh": 50,
        "travel.detour": 1.3,
        "objective.discount_rate": 0.04,
        "objective.unmet_place_year_nok": 2_000_000,
    }


def sheets(code: str) -> Rows:
    lon, lat = (float(MUNICIPALITIES[code][f"point_{axis}"]) for axis in ("lon", "lat"))
    return {
        "Plasstyper": [
            [
                *("Id", "Navn", "Dekker behov", "Teller i dekningsgraden"),
                "Driftskostnad (kr per plass og år)",
            ],
            ["sykehjem", "Sykehjemsplass", "pleie", "ja", 1_000_000],
        ],
        "Lokasjoner": [
            ["Id", "Navn", "Lengdegrad (grader)", "Breddegrad (grader)", "Eierform"],
            ["tunet", "Tunet", lon, lat, "kommunal"],
            ["øst", "Tomta i øst", lon + 0.1, lat, "kommunal"],
        ],
        "Plasser": [["Lokasjon", "Plasstype", 2026], ["tunet", "sykehjem", 40]],
        "Prosjekter": [
            [
                *("Id", "Navn", "Lokasjon", "Slag", "Plasstyper", "Største størrelse (plasser)"),
                *("Fast investering (kr)", "Investering per plass (kr per plass)", "Levetid (år)"),
            ],
            ["nytt", "Nytt i øst", "øst", "nybygg", "sykehjem", 60, 10_000_000, 3_000_000, 40],
        ],
        "Årsverk per plass": [
            ["Plasstype", "Personalgruppe", "Verdi"],
            ["sykehjem", "alle", 1],
        ],
        "Fordeling av behov": [["Behov", "Verdi"], ["pleie", 1]],
        "Tall over år": [["Felt", "Alle år"], ["need.ratio", 0.15]],
        "Kilder": [["Felt", "Status", "Merknad"], ["/sites/tunet/places", "dokumentert", "KOSTRA"]],
    }


@pytest.fixture(params=sorted(MUNICIPALITIES))
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def numbers(code: str) -> list[str]:
    return [f"{code}01{n:02}" for n in range(1, len(WEIGHTS) + 1)]


@pytest.fixture
def files(tmp_path: Path, code: str) -> dict[str, str]:
    """A municipality's files: districts and a neighbour's, weights, figures, template."""
    row = MUNICIPALITIES[code]
    neighbour = f"{int(code) + 1}0101"
    outlines = squares(float(row["point_lon"]), float(row["point_lat"]), 7, UTM[code])
    fields = {
        "grunnkretsnummer": [*numbers(code), neighbour],
        "grunnkretsnavn": [f"Krets {n}" for n in range(7)],
        "kommunenummer": [code] * 6 + [neighbour[:4]],
    }
    write_geopackage(tmp_path / "kretser.gpkg", fields, outlines, UTM[code])
    ages = {label: int(row[column]) for label, column in AGES.items()}
    years = {"2026": ages, "2030": {label: n + 25 for label, n in ages.items()}}
    weights = everybody({**dict(zip(numbers(code), WEIGHTS, strict=True)), neighbour: 9}, "2025")
    for name, document in (("kommune", by_municipality(code, years)), ("alle", weights)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    filled(tmp_path / "mal.xlsx", scenario_fields(code), sheets(code))
    names = ("kretser.gpkg", "kommune.json", "alle.json", "mal.xlsx")
    return {name.split(".")[0]: str(tmp_path / name) for name in names}


AGES = {"80-84 år": "p80_84", "85-89 år": "p85_89", "90 år eller eldre": "p90plus"}


def imported(tmp_path: Path, *arguments: str) -> tuple[int, Document, Document]:
    out, report = tmp_path / "scenario.json", tmp_path / "rapport.json"
    status = main(["import", *arguments, "--out", str(out), "--report", str(report)])
    return status, json.loads(out.read_bytes()), json.loads(report.read_bytes())


def everything(files: dict[str, str], code: str) -> list[str]:
    population = ["--population", files["kommune"], "--population", files["alle"]]
    districts = ["--districts", files["kretser"], "--municipality", code]
    return ["--template", files["mal"], *districts, *population]


def test_another_municipality_is_imported_and_solved(
    tmp_path: Path, code: str, files: dict[str, str]
) -> None:
    status, scenario, report = imported(tmp_path, *everything(files, code))
    assert (status, report["missing"], report["complete"]) == (0, [], True)
    assert list(scenario["districts"]) == numbers(code)
    people = {key: each["population"]["80+"] for key, each in scenario["districts"].items()}
    total = int(MUNICIPALITIES[code]["p80plus"])
    assert sum(round(100 * each["2026"]) for each in people.values()) == 100 * total
    assert sum(round(100 * each["2030"]) for each in people.values()) == 100 * (total + 75)
    assert people[numbers(code)[1]]["2026"] == pytest.approx(0.3 * total, abs=0.01)
    plan = tmp_path / "plan.json"
    limits = ["--gap", "0.01", "--time-limit", "60"]
    assert main(["solve", str(tmp_path / "scenario.json"), *limits, "--out", str(plan)]) == 0
    opened = json.loads(plan.read_bytes())["projects"]
    assert ("nytt" in opened) == (total * 0.15 > 40)


@pytest.mark.parametrize("code", ["5053"])
def test_the_report_says_what_was_taken_dropped_and_assumed(
    tmp_path: Path, code: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, scenario, report = imported(tmp_path, *everything(files, code))
    said = capsys.readouterr().out
    for part, words in (
        ("taken", "1 plasstyper, 2 lokasjoner, 1 prosjekter"),
        ("taken", "6 kretser fra «kretser.gpkg» (EPSG:25832"),
        ("dropped", "1 objekter i «kretser.gpkg» er i andre kommuner"),
        ("assumed", "et punkt inne i kretsen"),
        ("assumed", "etter alle innbyggere i 2025; alder per krets er ikke kjent"),
        ("assumed", "Uten kilde i arket «Kilder» i «mal.xlsx»: municipality, years"),
    ):
        assert any(words in line for line in report[part]), (part, words, report)
        assert words in said
    sources = scenario["sources"]
    assert sources["/sites/tunet/places"] == {"status": "documented", "note": "KOSTRA"}
    assert sources["/districts"]["status"] == "derived"
    assert sources[f"/districts/{code}0101/population/80+"]["status"] == "assumption"
    assert "/sites" not in sources


@pytest.mark.parametrize("code", ["3440"])
def test_what_is_needed_and_not_given_is_listed(
    tmp_path: Path, code: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """No figure is made up: each that lacks has its place, its words and its mend."""
    filled(tmp_path / "mal.xlsx", {"title": "Uferdig", "need.population": "80+"}, {})
    status, scenario, report = imported(tmp_path, *everything(files, code))
    assert (status, report["complete"]) == (2, False)
    lacking = {issue["pointer"] for issue in report["missing"]}
    assert {"/years", "/care_types", "/sites", "/travel", "/objective"} <= lacking
    assert all(issue["message"] and issue["mend"] for issue in report["missing"])
    assert "travel" not in scenario
    assert "Mangler eller må rettes:" in capsys.readouterr().out


@pytest.mark.parametrize("code", ["3440"])
def test_a_district_without_inhabitants_known_is_listed(
    tmp_path: Path, code: str, files: dict[str, str]
) -> None:
    years = {"2026": {"80 år eller eldre": 10}}
    part = by_municipality(numbers(code)[0], years)
    Path(files["kommune"]).write_text(json.dumps(part), encoding="utf-8")
    _, scenario, report = imported(tmp_path, *everything(files, code))
    assert scenario["districts"][numbers(code)[0]]["population"] == {"80+": {"2026": 10}}
    assert report["missing"][0]["code"] == "population_missing"
    assert "5 kretser" in report["missing"][0]["message"]


@pytest.mark.parametrize("code", ["3440"])
def test_a_bad_cell_stops_the_import_with_its_name(
    tmp_path: Path, code: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = sheets(code)
    given["Prosjekter"][1][3] = "slott"
    filled(tmp_path / "mal.xlsx", scenario_fields(code), given)
    out = tmp_path / "ikke.json"
    assert main(["import", *everything(files, code), "--out", str(out)]) == 2
    assert "/projects/nytt/kind: Ark «Prosjekter», celle D2" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("code", ["3440"])
def test_a_workbook_may_place_districts_in_cores_but_not_invent_them(
    tmp_path: Path, code: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sheets(code) | {"Kjerner": [["Id"], ["sentrum"]]}
    rows["Kretser"] = [["Id", "Kjerne"], [int(numbers(code)[0]), "sentrum"]]
    filled(tmp_path / "mal.xlsx", scenario_fields(code), rows)
    status, scenario, _ = imported(tmp_path, *everything(files, code))
    assert (status, scenario["districts"][numbers(code)[0]]["core"]) == (0, "sentrum")
    rows["Kretser"].append(["99990101", "sentrum"])
    filled(tmp_path / "mal.xlsx", scenario_fields(code), rows)
    capsys.readouterr()
    assert main(["import", *everything(files, code), "--out", str(tmp_path / "x.json")]) == 2
    assert "Ark «Kretser», celle A3: Kretsen «99990101» finnes ikke" in capsys.readouterr().err


@pytest.mark.parametrize("name", bundled.names())
def test_a_scenario_goes_out_as_a_workbook_and_comes_back(tmp_path: Path, name: str) -> None:
    book = tmp_path / "l.xlsx"
    assert main(["template", name, "--out", str(book)]) == 0
    status, scenario, _ = imported(tmp_path, "--template", str(book))
    given = check_scenario(bundled.load(name))
    assert (status, scenario_hash(check_scenario(scenario))) == (0, scenario_hash(given))


@pytest.mark.parametrize("code", ["5053"])
def test_new_districts_take_the_place_of_those_of_the_base(
    tmp_path: Path, code: str, files: dict[str, str]
) -> None:
    arguments = ["--districts", files["kretser"], "--municipality", code, "--no-geometry"]
    population = ["--population", files["kommune"], "--population", files["alle"]]
    status, scenario, report = imported(tmp_path, "--base", "lillehammer", *arguments, *population)
    assert (status, scenario["municipality"]) == (0, {"code": code})
    assert "Kommunen 3405 Lillehammer; kommune 5053 er valgt." in report["dropped"]
    assert list(scenario["districts"]) == numbers(code)
    assert all("geometry" not in each for each in scenario["districts"].values())
    assert not any(place.startswith("/districts/3405") for place in scenario["sources"])
