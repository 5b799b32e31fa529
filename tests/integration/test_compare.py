"""Comparing as its users do: on the command line and over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.schemas.comparison import Comparison
from tests.siting import Y1
from tests.unit.app.test_comparison import town

WAIT = {"prefer": "wait=60"}


@pytest.fixture
def client(start: Any, sqlite_url: str) -> Any:
    with start(sqlite_url) as client:
        yield client


def posted(client: TestClient, document: Any, **more: Any) -> str:
    run = client.post("/v1/runs", json={"scenario": document, **more}, headers=WAIT).json()
    assert run["status"] == "successful"
    return str(run["id"])


def test_two_runs_over_http(client: TestClient) -> None:
    ids = [posted(client, town()), posted(client, town(forbidden_projects=["l"]))]
    answer = client.get("/v1/compare", params={"run": ids})
    assert answer.status_code == 200
    Comparison.model_validate(answer.json())
    assert [run["name"] for run in answer.json()["runs"]] == ids
    layer = client.get("/v1/compare.geojson", params={"run": ids})
    assert layer.headers["content-type"] == "application/geo+json"
    assert {f["properties"]["layer"] for f in layer.json()["features"]} == {
        "districts",
        "projects",
    }


def test_what_cannot_be_compared_over_http(client: TestClient) -> None:
    run = posted(client, town())
    front = posted(client, town(), kind="pareto", parameters={"points": 2})
    without = posted(client, town(forbidden_projects=["k", "l"], min_cores_with_places=2))
    for ids, status, code in (
        ([run], 422, "compare_two_to_six"),
        ([f"nobody-{n}" for n in range(7)], 422, "compare_two_to_six"),
        ([run, run], 422, "compare_two_to_six"),
        ([run, "nobody"], 404, "run_not_found"),
        ([run, front], 404, "not_a_plan"),
        ([run, without], 422, "no_plan"),
    ):
        for address in ("/v1/compare", "/v1/compare.geojson"):
            answer = client.get(address, params={"run": ids})
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/v1/compare").status_code == 422
    missing = client.get("/v1/compare", params={"run": [run, "nobody"]}).json()
    assert "nobody" in missing["detail"]


def test_the_year_of_the_map_is_that_asked_for(client: TestClient) -> None:
    ids = [posted(client, town()), posted(client, town(forbidden_projects=["l"]))]
    for address in ("/v1/compare", "/v1/compare.geojson"):
        known = client.get(address, params={"run": ids, "year": Y1})
        assert known.status_code == 200
        answer = client.get(address, params={"run": ids, "year": 1900})
        assert (answer.status_code, answer.json()["code"]) == (422, "year_outside")


def test_a_scenario_without_a_plan_ends_as_its_solve_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, nothing = tmp_path / "here.json", tmp_path / "nothing.json"
    here.write_text(json.dumps(town()), encoding="utf-8")
    nothing.write_text(json.dumps(town(forbidden_projects=["k", "l"])), encoding="utf-8")
    assert main(["compare", str(here), str(nothing)]) == 3
    assert "Ingen plan oppfyller alle kravene" in capsys.readouterr().err


def test_scenarios_and_plans_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near, cheap = tmp_path / "near.json", tmp_path / "cheap.json"
    near.write_text(json.dumps(town(forbidden_projects=["l"])), encoding="utf-8")
    cheap.write_text(json.dumps(town()), encoding="utf-8")
    plan, out, layer = (tmp_path / name for name in ("plan.json", "both.json", "map.geojson"))
    assert main(["solve", str(near), "--out", str(plan)]) == 0
    written = ["--out", str(out), "--geojson", str(layer)]
    assert main(["compare", f"{near}={plan}", str(cheap), *written]) == 0
    comparison = json.loads(out.read_bytes())
    Comparison.model_validate(comparison)
    assert len(json.loads(layer.read_bytes())["features"]) == 3
    assert "Målene i kommunens planer" in capsys.readouterr().out
    assert main(["compare", f"{cheap}={plan}", str(near)]) == 2
    assert "plan_of_another_scenario" in capsys.readouterr().err
    assert main(["compare", f"{near}={near}", str(cheap)]) == 2


def test_nothing_is_solved_before_all_that_is_named_has_been_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def solve(*_: Any, **__: Any) -> Any:
        pytest.fail("solved")

    monkeypatch.setattr("app.cli.run_in_child", solve)
    here = tmp_path / "here.json"
    here.write_text(json.dumps(town()), encoding="utf-8")
    for named, code in (
        ([str(here)], "compare_two_to_six"),
        ([str(here)] * 2, "compare_two_to_six"),
        ([f"{here}={n}" for n in range(7)], "compare_two_to_six"),
        ([str(here), "nowhere"], "scenario_not_found"),
        ([str(here), f"{here}={here}"], "no_plan"),
    ):
        assert main(["compare", *named]) == 2
        assert f"[{code}]" in capsys.readouterr().err
