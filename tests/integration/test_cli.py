"""The command line: what it prints, what it writes, and its exit statuses."""

import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest

from app.cli import main
from app.schemas.merge_patch import merge_patch
from tests.unit.app.bad_scenarios import CASES, BadCase

FIGURE_8 = {
    "2018": {"0.16": (231, 29), "0.18": (259, 1), "0.2": (288, -28)},
    "2028": {"0.16": (330, -55), "0.18": (372, -97), "0.2": (413, -138)},
}
Printed = pytest.CaptureFixture[str]


def solved(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    out = tmp_path / "plan.json"
    status = main(["solve", *arguments, "--out", str(out)])
    return status, json.loads(out.read_bytes())


@pytest.fixture
def toy_file(tmp_path: Path, toy: dict[str, Any]) -> str:
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(toy), encoding="utf-8")
    return str(path)


def test_figure_8_of_the_municipality_s_plan(tmp_path: Path) -> None:
    status, plan = solved(tmp_path, "lillehammer-2018")
    assert status == 0
    assert plan["projects"] == {}
    figures = plan["years"]
    assert (figures["2018"]["places_counted"], figures["2028"]["places_counted"]) == (260, 275)
    assert round(100 * figures["2018"]["coverage_ratio"]) == 18
    assert round(100 * figures["2028"]["coverage_ratio"]) == 13
    shown = {
        year: {
            ratio: (at["target_places"], at["deviation_places"])
            for ratio, at in figures[year]["coverage_at"].items()
        }
        for year in FIGURE_8
    }
    assert shown == FIGURE_8


@pytest.mark.parametrize(("ratio", "places"), [(0.16, 330), (0.18, 372), (0.2, 413)])
def test_a_target_in_2028_opens_what_figure_8_lacks(
    tmp_path: Path, ratio: float, places: int
) -> None:
    change = f'targets.coverage.ratio={{"2028": {ratio}}}'
    status, plan = solved(tmp_path, "lillehammer-2018", "--set", change)
    assert status == 0
    assert plan["years"]["2028"]["coverage_target_places"] == places
    assert plan["years"]["2028"]["places_counted"] >= places
    assert plan["verification"]["passed"]


def test_frozen_staff_and_an_early_target_cannot_both_hold(tmp_path: Path, capsys: Printed) -> None:
    status, plan = solved(
        tmp_path,
        "lillehammer",
        "--set",
        "staffing.available_fte.all=271",
        "--set",
        'targets.coverage.ratio={"2028": 0.16}',
    )
    assert status == 3
    assert plan["outcome"] == "infeasible"
    assert plan["conflict"]["irreducible"]
    assert {rule["code"] for rule in plan["conflict"]["rules"]} == {"C8", "C10"}
    printed = capsys.readouterr().out
    assert "dekningsgraden" in printed
    assert "årsverk" in printed


def test_the_plan_goes_to_standard_output_and_the_rest_elsewhere(
    toy_file: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["solve", toy_file]) == 0
    out, err = capfdbinary.readouterr()
    assert json.loads(out)["outcome"] == "optimal"
    assert "Prosjekter som åpnes" in err.decode()


def test_a_strategy_is_forced_and_the_bound_confirmed(
    tmp_path: Path, toy_file: str, capsys: Printed
) -> None:
    status, plan = solved(tmp_path, toy_file, "--strategy", "decomposition", "--referee")
    assert status == 0
    assert plan["statistics"]["strategy"] == "decomposition"
    assert plan["statistics"]["options"]["strategy"] == "decomposition"
    assert plan["statistics"]["options"]["referee"] is True
    assert plan["bound_confirmation"]["status"] == "confirmed"
    assert plan["bound_confirmation"]["confirmed"] is True
    printed = capsys.readouterr().out
    assert "decomposition (valgt av brukeren)" in printed
    assert "bekreftet av en uavhengig løser, SCIP" in printed


def test_a_plan_says_that_nobody_was_asked(tmp_path: Path, toy_file: str, capsys: Printed) -> None:
    _, plan = solved(tmp_path, toy_file)
    assert plan["bound_confirmation"].pop("status") == "not_asked"
    assert plan["bound_confirmation"].pop("confirmed") is False
    assert set(plan["bound_confirmation"].values()) == {None}
    assert plan["statistics"]["options"]["strategy"] is None
    assert "--referee" in capsys.readouterr().out


def test_a_strategy_that_does_not_fit_is_the_callers_mistake(
    tmp_path: Path, toy: dict[str, Any], capsys: Printed
) -> None:
    toy["targets"] = {"within": {"minutes": 30, "share": 0.5}}  # ties the years' service together
    path = tmp_path / "tied.json"
    path.write_text(json.dumps(toy), encoding="utf-8")
    assert main(["solve", str(path), "--strategy", "decomposition"]) == 2
    assert "[strategy_not_applicable]" in capsys.readouterr().err


def test_an_unknown_strategy_is_told_with_those_there_are(capsys: Printed) -> None:
    with pytest.raises(SystemExit) as end:
        main(["solve", "lillehammer", "--strategy", "guess"])
    assert end.value.code == 2
    assert "decomposition" in capsys.readouterr().err


def test_layers_as_files(tmp_path: Path, toy_file: str) -> None:
    geojson, gpkg = tmp_path / "a.geojson", tmp_path / "a.gpkg"
    status, _ = solved(tmp_path, toy_file, "--geojson", str(geojson), "--gpkg", str(gpkg))
    assert status == 0
    assert json.loads(geojson.read_bytes())["type"] == "FeatureCollection"
    assert pyogrio.read_info(gpkg, layer="sites")["crs"] == "EPSG:25832"


def test_no_time_gives_no_plan(tmp_path: Path) -> None:
    status, plan = solved(tmp_path, "lillehammer", "--time-limit", "0.001", "--gap", "0")
    assert (status, plan["outcome"]) in [(4, "no_plan"), (0, "feasible")]
    assert plan["termination"] == "time_limit"


def test_a_bundled_scenario_is_written_out_and_valid(tmp_path: Path, capsys: Printed) -> None:
    assert main(["example", "lillehammer-2018"]) == 0
    path = tmp_path / "example.json"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["validate", str(path)]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["solve", "lillehamer"], "lillehamer"),
        (["example", "gausdal"], "lillehammer-2018"),
        (["validate", "lillehammer", "--set", "title"], "="),
        (["validate", "lillehammer", "--set", "title=Ny tittel"], "/title:"),
        (["validate", "lillehammer", "--set", 'projects."a.b".title=x'], "/projects/a.b/title:"),
        (["solve", "lillehammer", "--out", "no/such/folder/plan.json"], "no/such/folder"),
        (["explain", "lillehammer", "--alternatives", "11"], "/parameters/alternatives:"),
        (["serve", "--port", "70000"], "FLERKJERNE_"),
    ],
)
def test_a_bad_word_is_told_with_its_mend(arguments: list[str], said: str, capsys: Printed) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_scenario_names_the_place(case: BadCase, tmp_path: Path, capsys: Printed) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(case.text)
    assert main(["validate", str(path)]) == 2
    printed = capsys.readouterr().err
    assert f"{case.pointer or '/'}:" in printed
    assert f"[{case.code}]" in printed


def test_explain_says_what_must_give_way_and_its_patch_works(
    toy_file: str, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "repair.json"
    few = ["--set", 'staffing.available_fte.all={"2026": 9}']
    few += ["--set", 'targets.coverage={"ratio": {"2027": 0.15}, "population": "80+"}']
    assert main(["solve", toy_file, *few, "--out", str(tmp_path / "plan.json")]) == 3
    capsys.readouterr()
    assert main(["explain", toy_file, *few, "--out", str(out)]) == 0
    assert "Årsverk: 4,5 årsverk færre enn planen trenger i 2027–2028." in capsys.readouterr().out
    answer = json.loads(out.read_bytes())
    repair = answer["repairs"][0]
    assert [(one["rule"], one["year"], one["amount"]) for one in repair["relaxations"]] == [
        ("C10", 2027, 4.5),
        ("C10", 2028, 4.5),
    ]
    assert [rule["code"] for rule in answer["conflict"]["rules"]] == ["C8", "C10"]
    patched = tmp_path / "patched.json"
    document = json.loads(Path(toy_file).read_bytes())
    document["targets"] = {"coverage": {"ratio": {"2027": 0.15}, "population": "80+"}}
    document["staffing"] = {"available_fte": {"all": {"2026": 9}}}
    patched.write_text(json.dumps(merge_patch(document, repair["patch"])), encoding="utf-8")
    assert main(["solve", str(patched), "--out", str(tmp_path / "plan.json")]) == 0


def test_explain_of_a_feasible_scenario_is_no_failure(
    toy_file: str, tmp_path: Path, capsys: Printed
) -> None:
    out = tmp_path / "repair.json"
    assert main(["explain", toy_file, "--out", str(out)]) == 0
    assert "ingenting må gi etter" in capsys.readouterr().out
    answer = json.loads(out.read_bytes())
    assert (answer["repairs"], answer["conflict"]) == ([], None)


def test_explain_where_nothing_may_give_way(toy_file: str, tmp_path: Path) -> None:
    physical = ["--set", 'staffing.available_fte.all={"2026": 4}']
    physical += ["--set", 'rules.staff={"class": "physical"}']
    out = tmp_path / "repair.json"
    assert main(["explain", toy_file, *physical, "--out", str(out)]) == 3
    assert json.loads(out.read_bytes())["repairs"] == []
