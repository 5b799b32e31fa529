"""Kind `alternatives` as its users meet it: the command line, and a run over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.schemas.answers.alternatives import AlternativesAnswer

Toy = dict[str, Any]
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def two_ways(toy: Toy) -> Toy:
    """Two projects that do the same, of which the second costs 1 mill. kr more."""
    nybygg = toy["projects"]["nybygg"]
    dearer = {**nybygg, "title": "Påbygg", "investment_nok": nybygg["investment_nok"] + 1_000_000}
    return {**toy, "projects": {"nybygg": nybygg, "pabygg": dearer}}


@pytest.fixture
def two_ways_file(tmp_path: Path, two_ways: Toy) -> str:
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(two_ways), encoding="utf-8")
    return str(path)


def asked(tmp_path: Path, *arguments: str) -> tuple[int, Toy]:
    out = tmp_path / "answer.json"
    status = main(["alternatives", *arguments, "--gap", "0", "--out", str(out)])
    return status, json.loads(out.read_bytes())


def words(printed: Printed) -> str:
    """What was printed, however its lines were broken."""
    return " ".join(printed.readouterr().out.split())


def test_two_plans_and_nothing_in_common(
    tmp_path: Path, two_ways_file: str, capsys: Printed
) -> None:
    status, answer = asked(tmp_path, two_ways_file, "--plans", "2", "--within", "0.01")
    assert status == 0
    AlternativesAnswer.model_validate(answer)
    assert [list(plan["opened"]) for plan in answer["plans"]] == [["nybygg"], ["pabygg"]]
    first, second = answer["plans"]
    assert (first["distance_to_nearest"], second["distance_to_nearest"]) == (None, 1)
    assert 0 < second["extra_cost_share"] <= 0.01
    assert second["plan"]["verification"]["passed"]
    assert second["plan"]["provenance"] == first["plan"]["provenance"] == answer["provenance"]
    assert answer["no_regret"]["in_all"] == {}
    assert set(answer["no_regret"]["in_some"]) == {"nybygg", "pabygg"}
    assert answer["outcome"] == "optimal"
    assert "«Påbygg»; lar være «Nybygg»" in words(capsys)


def test_one_plan_and_when_it_must_be_decided(
    tmp_path: Path, two_ways_file: str, capsys: Printed
) -> None:
    """Need grows from 10 to 15 in 2027 and 20 in 2028, and a place missing costs 2 mill. kr."""
    status, answer = asked(tmp_path, two_ways_file, "--within", "0")
    assert (status, answer["ended"]) == (0, "exhausted")
    (project,) = answer["no_regret"]["in_all"].values()
    waiting = project["waiting"]
    assert project["indispensable"]
    assert (waiting["latest_opening_year"], waiting["latest_decision_year"]) == (2027, 2027)
    assert waiting["one_year_later_costs_nok"] > 0
    text = words(capsys)
    assert "må da vedtas i 2027" in text
    assert "Flere finnes ikke" in text


def test_an_infeasible_scenario_says_what_to_do(
    tmp_path: Path, two_ways_file: str, capsys: Printed
) -> None:
    changes = ["--set", "objective.unmet_place_year_nok=null", "--set", "projects={}"]
    status, answer = asked(tmp_path, two_ways_file, *changes)
    assert (status, answer["plans"], answer["limit_nok"]) == (3, [], None)
    assert "flerkjerne explain" in words(capsys)


@pytest.mark.parametrize(
    ("option", "value", "pointer"),
    [("--plans", "0", "/parameters/n"), ("--within", "2", "/parameters/within")],
)
def test_bad_requests_on_the_command_line(
    two_ways_file: str, option: str, value: str, pointer: str, capsys: Printed
) -> None:
    assert main(["alternatives", two_ways_file, option, value]) == 2
    assert pointer in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"n": 0}, "/parameters/n"),
        ({"n": 21}, "/parameters/n"),
        ({"n": 1.5}, "/parameters/n"),
        ({"within": -0.1}, "/parameters/within"),
        ({"share": 0.1}, "/parameters/share"),
    ],
)
def test_bad_requests_over_http(
    sqlite_client: Any, two_ways: Toy, parameters: Toy, pointer: str
) -> None:
    body = {"scenario": two_ways, "kind": "alternatives", "parameters": parameters}
    answer = sqlite_client.post("/v1/runs", json=body)
    assert answer.status_code == 422
    assert pointer in [issue["pointer"] for issue in answer.json()["issues"]]


def test_a_run_over_http(start: Any, sqlite_url: str, two_ways: Toy) -> None:
    with start(sqlite_url) as client:
        body = {"scenario": two_ways, "kind": "alternatives", "parameters": {"n": 2}}
        run = client.post("/v1/runs", json=body, headers={"prefer": "wait=30"}).json()
        assert (run["status"], run["outcome"]) == ("successful", "optimal")
        assert run["parameters"] == {"n": 2, "within": 0.01}
        answer = client.get(f"/v1/runs/{run['id']}/result").json()
    assert [list(plan["opened"]) for plan in answer["plans"]] == [["nybygg"], ["pabygg"]]
