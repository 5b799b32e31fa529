"""The runs `price` and `why_not` as their users meet them: on the command line and over HTTP."""

import json
import time
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.schemas.answers.price import PriceAnswer
from app.schemas.answers.why_not import WhyNotAnswer
from app.schemas.merge_patch import merge_patch
from app.schemas.parameters import RuleName
from app.services.checking import check_scenario
from app.services.solving import solve_scenario
from solver.analysis.variants import RULES
from solver.domain import rules
from solver.domain.result import SolveOptions
from tests.component import cases
from tests.component.test_price import COVERAGE
from tests.siting import project

Toy = dict[str, Any]
EXACT = ["--gap", "0"]
RULED_OUT = merge_patch(
    cases.RULED_OUT,
    {"projects": {"k": {"title": "K"}, "l": {"title": "L"}, "m": {"title": "M"}}},
)


@pytest.fixture
def client(start: Any, sqlite_url: str) -> Any:
    with start(sqlite_url) as client:
        yield client


def written(tmp_path: Path, document: Toy) -> str:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def told(tmp_path: Path, command: str, document: Toy, *more: str) -> tuple[int, Toy]:
    out = tmp_path / "answer.json"
    status = main([command, written(tmp_path, document), *more, *EXACT, "--out", str(out)])
    return status, json.loads(out.read_bytes())


def run(client: TestClient, scenario: Any, kind: str, parameters: Toy) -> Toy:
    asked = {
        "scenario": scenario,
        "kind": kind,
        "parameters": parameters,
        "options": {"mip_gap": 0},
    }
    answer = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"})
    assert answer.status_code == 200, answer.text
    ended: Toy = answer.json()
    return ended


def test_the_names_of_rules_are_those_of_the_solver() -> None:
    assert get_args(RuleName) == tuple(RULES)


def test_a_rule_has_one_name_whether_it_is_priced_or_relaxed() -> None:
    """The travel limit alone can be priced and never relaxed."""
    assert set(RULES) - {name.value for name in rules.RuleName} == {"travel_limit"}


def test_prices_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer = told(tmp_path, "price", RULED_OUT)
    assert status == 0
    PriceAnswer.model_validate(answer)
    assert answer["outcome"] == "optimal"
    assert answer["figures"]["objective_nok"] == 100
    assert answer["statistics"]["solves"] == 3
    private, k = answer["prices"]
    assert (private["id"], k["id"]) == (
        "allowed_ownership.dropped.private",
        "forbidden_projects.dropped.k",
    )
    assert (private["code"], private["direction"], private["outcome"]) == (
        "C7",
        "relaxes",
        "optimal",
    )
    assert private["difference"]["figures"]["objective_nok"] == -79
    assert private["difference"]["verdict"] == "cheaper"
    assert private["difference"]["interval"] == {"low_nok": -79, "high_nok": -79}
    assert private["difference"]["projects"] == [
        {
            "project": "l",
            "title": "L",
            "opens_before": None,
            "opens_after": 2026,
            "places_before": 0,
            "places_after": 1,
        }
    ]
    assert private["text"] == (
        "Med private prosjekter tillatt: koster 79 kr mindre (nåverdi), +1 plass i 2026 og "
        "−1,0 plassår udekket behov; «L» åpner i 2026."
    )
    for item, nok in ((private, 21), (k, 11)):
        patched = check_scenario(merge_patch(RULED_OUT, item["patch"]))
        assert solve_scenario(patched, SolveOptions(mip_gap=0))["objective_nok"] == nok
    printed = capsys.readouterr().out
    assert "Med alle reglene koster planen 100 kr i nåverdi, bevist best." in printed
    assert "for det faste settet av åpne prosjekter" in printed


def test_prices_of_some_rules(tmp_path: Path) -> None:
    _, answer = told(tmp_path, "price", RULED_OUT, "--rule", "allowed_ownership", "--rule", "staff")
    assert [item["rule"] for item in answer["prices"]] == ["allowed_ownership"]
    assert "Scenariet har ikke, eller har ikke mer å gå på i: staff." in answer["text"]


def test_no_plan_without_the_means(tmp_path: Path) -> None:
    tight = merge_patch(COVERAGE, {"projects": {"k": {"places": {"max": 2}}}})
    status, answer = told(tmp_path, "price", tight)
    assert status == 0
    up = answer["prices"][0]
    assert (up["id"], up["outcome"], up["difference"]) == ("coverage.up", "infeasible", None)
    assert up["text"] == (
        "Ett prosentpoeng høyere dekningsmål: det finnes ingen plan; dette kan ikke oppfylles "
        "samtidig: dekningsgraden (C8)."
    )
    shadow = answer["shadow_prices"][0]
    assert (shadow["code"], shadow["subject"], shadow["by_year_nok"]) == ("C8", [], {"2026": 3})
    impossible = merge_patch(COVERAGE, {"targets": {"coverage": {"ratio": 1}}})
    for command in (["price"], ["whynot"]):
        more = ["k"] if command == ["whynot"] else []
        status, answer = told(tmp_path, *command, impossible, *more)
        assert (status, answer["outcome"], answer["figures"]) == (3, "infeasible", None)
        assert "flerkjerne explain" in answer["text"][0]


def test_why_not_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer = told(tmp_path, "whynot", RULED_OUT, "m")
    assert status == 0
    WhyNotAnswer.model_validate(answer)
    assert (answer["force"], answer["chosen"], answer["lifted"]) == ("in", False, [])
    assert (answer["figures"]["objective_nok"], answer["forced_outcome"]) == (100, "optimal")
    assert answer["difference"]["figures"]["objective_nok"] == 31
    assert {even["price"]: even["change_nok"] for even in answer["break_evens"]} == {
        "investment": pytest.approx(-31),
        "operating": pytest.approx(-31),
    }
    patched = check_scenario(merge_patch(RULED_OUT, answer["patch"]))
    assert solve_scenario(patched, SolveOptions(mip_gap=0))["objective_nok"] == 131
    printed = " ".join(capsys.readouterr().out.split())
    assert "«M» åpner ikke i den." in printed
    assert "Hvis «M» må åpne: koster 31 kr mer (nåverdi)" in printed
    assert "Investeringen må bli 23,8 % lavere (31 kr av 130 kr)" in printed
    assert "må bli 31 kr lavere i året (mer enn den er i dag, altså et årlig tilskudd)" in printed


def test_why_not_says_which_rule_gives_way(tmp_path: Path) -> None:
    _, forbidden = told(tmp_path, "whynot", RULED_OUT, "k")
    assert "Forbudet mot prosjektet er da satt til side." in forbidden["text"]
    # Another private project, cheaper still, is not let in with l.
    two = merge_patch(
        RULED_OUT, {"projects": {"n": project("u", 1, investment_nok=1, ownership="private")}}
    )
    _, private = told(tmp_path, "whynot", two, "l", "--force", "in")
    assert "Eierformen er da tillatt for dette prosjektet, ikke for andre." in private["text"]
    patched = check_scenario(merge_patch(two, private["patch"]))
    plan = solve_scenario(patched, SolveOptions(mip_gap=0))
    assert (list(plan["projects"]), plan["objective_nok"]) == (["l"], 21)


def test_another_year_on_the_command_line(tmp_path: Path, toy: Toy) -> None:
    _, answer = told(tmp_path, "whynot", toy, "nybygg", "--opens", "2026")
    assert (answer["force"], answer["opens"]) == ("in", 2026)
    assert answer["forced_outcome"] == "optimal"
    (change,) = answer["difference"]["projects"]
    assert (change["project"], change["opens_after"]) == ("nybygg", 2026)
    assert answer["difference"]["figures"]["objective_nok"] > 0
    assert "Prisendringene under gjelder bare når det åpner i 2026." in answer["text"]


def test_bad_input_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, RULED_OUT)
    assert main(["whynot", file, "kk", "--opens", "2030"]) == 2
    printed = capsys.readouterr().err
    assert "/parameters/project: Prosjektet «kk» finnes ikke. Mente du «k»?" in printed
    assert "/parameters/opens: Året 2030 er utenfor perioden 2026–2026." in printed
    assert main(["whynot", file, "k", "--force", "out", "--opens", "2026"]) == 2
    assert "[opens_when_out]" in capsys.readouterr().err
    with pytest.raises(SystemExit) as error:
        main(["price", file, "--rule", "dekning"])
    assert error.value.code == 2
    assert "min_cores" in capsys.readouterr().err


def test_prices_over_http(client: TestClient) -> None:
    ended = run(client, RULED_OUT, "price", {"rules": ["allowed_ownership"]})
    assert (ended["status"], ended["outcome"]) == ("successful", "optimal")
    assert ended["parameters"] == {"rules": ["allowed_ownership"]}
    assert (ended["progress"]["part"], ended["progress"]["parts"]) in ((None, None), (2, 2))
    answer = client.get(f"/v1/runs/{ended['id']}/result").json()
    PriceAnswer.model_validate(answer)
    assert [item["difference"]["figures"]["objective_nok"] for item in answer["prices"]] == [-79]


def test_why_not_over_http(client: TestClient) -> None:
    ended = run(client, RULED_OUT, "why_not", {"project": "m"})
    assert ended["outcome"] == "optimal"
    answer = client.get(f"/v1/runs/{ended['id']}/result").json()
    WhyNotAnswer.model_validate(answer)
    assert answer["difference"]["figures"]["objective_nok"] == 31


BAD = {
    "unknown rule": ("price", {"rules": ["dekning"]}, "/rules/0", "bad_value"),
    "no rule": ("price", {"rules": []}, "/rules", "too_short"),
    "no project": ("why_not", {}, "/project", "missing_field"),
    "unknown project": ("why_not", {"project": "x"}, "/project", "unknown_id"),
    "unknown force": ("why_not", {"project": "k", "force": "up"}, "/force", "bad_value"),
    "a year as text": ("why_not", {"project": "k", "opens": "2026"}, "/opens", "wrong_type"),
    "a year outside": ("why_not", {"project": "k", "opens": 2031}, "/opens", "year_outside"),
    "out in a year": (
        "why_not",
        {"project": "k", "force": "out", "opens": 2026},
        "/opens",
        "opens_when_out",
    ),
    "unknown field": ("why_not", {"project": "k", "year": 2026}, "/year", "unknown_field"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_point_at_the_mistake(client: TestClient, name: str) -> None:
    kind, parameters, pointer, code = BAD[name]
    asked = {"scenario": RULED_OUT, "kind": kind, "parameters": parameters}
    answer = client.post("/v1/runs", json=asked)
    assert answer.status_code == 422
    (issue,) = answer.json()["issues"]
    assert (issue["pointer"], issue["code"]) == (f"/parameters{pointer}", code)
    assert issue["mend"]


def test_a_year_in_which_it_could_not_stand_there(client: TestClient) -> None:
    """k takes two places that are there from 2027 on alone."""
    document = merge_patch(
        cases.NOT_YET,
        {
            "sites": {"s": {"places": {"p": {"2026": 1, "2027": 3}}}},
            "projects": {"k": {"removes": {"p": 2}}},
        },
    )
    asked = {
        "scenario": document,
        "kind": "why_not",
        "parameters": {"project": "k", "opens": 2026},
    }
    answer = client.post("/v1/runs", json=asked)
    assert answer.status_code == 422
    (issue,) = answer.json()["issues"]
    assert (issue["pointer"], issue["code"]) == ("/parameters/opens", "cannot_open_then")
    assert "i 2026 står det 1" in issue["message"]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("price", {}), ("why_not", {"project": "helsehus-f3"})],
)
def test_a_dismissed_run_ends_at_once(client: TestClient, kind: str, parameters: Toy) -> None:
    asked = {
        "scenario": "lillehammer",
        "kind": kind,
        "parameters": parameters,
        "options": {"mip_gap": 0},
    }
    address = client.post("/v1/runs", json=asked).headers["location"]
    deadline = time.monotonic() + 60
    while client.get(address).json()["progress"]["part"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    progress = client.get(address).json()["progress"]
    assert progress["part"] == 1
    assert progress["parts"] >= 8
    begun = time.monotonic()
    client.delete(address)
    while client.get(address).json()["status"] != "dismissed":
        assert time.monotonic() < begun + 10
        time.sleep(0.05)
