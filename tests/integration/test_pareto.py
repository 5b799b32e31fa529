"""The runs of kind `pareto` as their users meet them: on the command line and over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.schemas.answers.pareto import Front
from tests.component.test_pareto import town

Toy = dict[str, Any]


@pytest.fixture
def client(start: Any, sqlite_url: str) -> Any:
    with start(sqlite_url) as client:
        yield client


def test_the_front_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario, out = tmp_path / "town.json", tmp_path / "front.json"
    scenario.write_text(json.dumps(town()), encoding="utf-8")
    assert main(["pareto", str(scenario), "--points", "4", "--gap", "0", "--out", str(out)]) == 0
    answer = json.loads(out.read_bytes())
    Front.model_validate(answer)
    assert [(p["cost_nok"], p["travel_nok"]) for p in answer["points"]] == [
        (0, pytest.approx(44)),
        (5, pytest.approx(24)),
        (20, pytest.approx(8)),
    ]
    assert [point["knee"] for point in answer["points"]] == [False, True, False]
    assert all(point["plan"]["verification"]["passed"] for point in answer["points"])
    assert [set(point["plan"]["projects"]) for point in answer["points"]] == [set(), {"l"}, {"k"}]
    assert answer["complete"]
    printed = capsys.readouterr().out.replace("\n", " ")
    assert "Den rimeligste planen koster" in printed
    assert "alt imellom er prøvd og bevist" in printed


def test_an_infeasible_town_is_told_to_explain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = town()
    document["sites"]["s"], document["projects"] = {}, {}
    scenario = tmp_path / "town.json"
    scenario.write_text(json.dumps(document), encoding="utf-8")
    out = ["--out", str(tmp_path / "front.json")]
    assert main(["pareto", str(scenario), *out]) == 3
    assert "flerkjerne explain" in capsys.readouterr().out


def test_a_front_over_http_is_kept(client: TestClient) -> None:
    asked = {
        "scenario": town(),
        "kind": "pareto",
        "parameters": {"points": 2, "against": "worst_off"},
        "options": {"mip_gap": 0},
    }
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"}).json()
    assert (run["status"], run["kind"], run["outcome"]) == ("successful", "pareto", "optimal")
    assert run["parameters"] == {"points": 2, "against": "worst_off"}
    answer = client.get(f"/v1/runs/{run['id']}/result").json()
    minutes = [point["worst_off_minutes"] for point in answer["points"]]
    assert minutes == [pytest.approx(10), pytest.approx(1)]
    plan = client.get(f"/v1/runs/{run['id']}/plan")
    assert (plan.status_code, plan.json()["code"]) == (404, "not_a_plan")


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"points": 1}, "/parameters/points"),
        ({"points": 51}, "/parameters/points"),
        ({"points": "many"}, "/parameters/points"),
        ({"against": "beauty"}, "/parameters/against"),
        ({"steps": 3}, "/parameters/steps"),
    ],
)
def test_a_bad_request_is_told_where(client: TestClient, parameters: Toy, pointer: str) -> None:
    asked = {"scenario": town(), "kind": "pareto", "parameters": parameters}
    answer = client.post("/v1/runs", json=asked)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["issues"]] == [pointer]
