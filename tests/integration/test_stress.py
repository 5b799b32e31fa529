"""Kind `stress` as its users meet it: the command line, and a run over HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.schemas.answers.stress import StressAnswer
from app.schemas.parameters import StressParameters
from app.services.checking import check_scenario
from app.services.futures import planned_futures
from app.services.instances import make_instance
from geodata import bundled

Toy = dict[str, Any]
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def held(toy: Toy) -> Toy:
    """A target of 10 % now and 20 % of 100 inhabitants in the end, and staff for 20 places."""
    return {
        **toy,
        "targets": {"coverage": {"ratio": {"2026": 0.1, "2028": 0.2}, "population": "80+"}},
        "staffing": {"available_fte": {"all": 18}},
    }


@pytest.fixture
def held_file(tmp_path: Path, held: Toy) -> str:
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    return str(path)


def asked(tmp_path: Path, *arguments: str) -> tuple[int, Toy]:
    out = tmp_path / "answer.json"
    given = ["--threads", "1", "--gap", "0", *arguments, "--out", str(out)]
    return main(["stress", *given]), json.loads(out.read_bytes())


def test_the_best_plan_can_be_stressed_in_its_turn(tmp_path: Path, held_file: str) -> None:
    _, answer = asked(tmp_path, held_file)
    best = tmp_path / "best.json"
    best.write_text(json.dumps({"projects": answer["expected"]["projects"]}), encoding="utf-8")
    status, again = asked(tmp_path, held_file, "--plan", str(best))
    assert (status, again["expected"]["plan"], again["expected"]["otherwise"]) == (0, 0, [])
    assert again["expected"]["value_nok"] == pytest.approx(answer["expected"]["value_nok"])


def written(tmp_path: Path, parameters: Toy) -> str:
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps(parameters), encoding="utf-8")
    return str(path)


def test_the_ordinary_futures(tmp_path: Path, held_file: str, capsys: Printed) -> None:
    """Need grows by 5 a year from 10, so the project opens in 2027; it needs all the staff."""
    status, answer = asked(tmp_path, held_file)
    assert status == 0
    StressAnswer.model_validate(answer)
    assert list(answer["futures"]) == ["staff:0.9", "delay:1:nybygg", "delay:2:nybygg"]
    assert answer["breaks_as_planned"] == []
    late = answer["futures"]["delay:2:nybygg"]
    assert [(b["code"], b["year"], b["amount"]) for b in late["breaks"]] == [("C8", 2028, 10.0)]
    assert late["missing_places"] == {"2026": 0.0, "2027": 5.0, "2028": 10.0}
    fewer = answer["futures"]["staff:0.9"]["breaks"]
    assert [(b["year"], round(b["amount"], 6)) for b in fewer] == [(2028, 1.8)]
    (coverage, *_) = [b for b in answer["breaks"] if b["code"] == "C8"]
    assert (coverage["futures"], coverage["of_futures"]) == (2, 3)
    expected, regret = answer["expected"], answer["regret"]
    assert (expected["proven"], regret["proven"], answer["outcome"]) == (True, True, "optimal")
    (change,) = expected["otherwise"]
    assert (change["planned_opens"], change["opens"]) == (2027, 2026)
    assert expected["projects"]["nybygg"]["opens"] == 2026
    assert expected["value_nok"] < answer["plans"][0]["expected_cost_nok"]
    assert expected["lower_bound_nok"] == pytest.approx(expected["value_nok"])
    text = " ".join(capsys.readouterr().out.split())
    assert "I 3 av dem brytes minst ett krav" in text
    assert "i 2026 (planlagt i 2027)" in text
    assert "constant_mortality_totals" in text


def test_a_plan_from_a_file_and_futures_of_ones_own(tmp_path: Path, held_file: str) -> None:
    plan = tmp_path / "plan.json"
    assert main(["solve", held_file, "--gap", "0", "--out", str(plan)]) == 0
    dearer = {"projects": {"nybygg": {"investment_nok": 20000000}}}
    futures = {"dyrt": {"title": "Dyrere bygg", "patch": dearer, "weight": 2}}
    parameters = written(tmp_path, {"futures": futures})
    status, answer = asked(tmp_path, held_file, "--plan", str(plan), "--parameters", parameters)
    assert (status, answer["plan"], list(answer["futures"])) == (0, None, ["dyrt"])
    assert answer["futures"]["dyrt"]["extra_cost_nok"] > 0
    assert answer["futures"]["dyrt"]["weight"] == 2
    solved = json.loads(plan.read_bytes())
    assert answer["plans"][0]["cost_as_planned_nok"] == pytest.approx(solved["objective_nok"])


PLANNED = {"opens": 2027, "places": {"hdo": {"2027": 5}}}
BAD = [
    ({"futures": {}}, "/parameters/futures"),
    (
        {"futures": {"x": {"title": "X", "patch": {"years": 3}}}},
        "/parameters/futures/x/patch/years",
    ),
    (
        {"futures": {"x": {"title": "X", "patch": {"years": {"last": 2029}}}}},
        "/parameters/futures/x/patch/years",
    ),
    (
        {"futures": {"x": {"title": "X", "patch": {"projects": None}}}},
        "/parameters/futures/x/patch/projects",
    ),
    ({"futures": {"x": {"title": "X"}}}, "/parameters/futures/x/patch"),
    ({"plan": {"nybyg": PLANNED}}, "/parameters/plan/nybyg"),
    ({"plan": {"nybygg": {**PLANNED, "opens": 2025}}}, "/parameters/plan/nybygg/opens"),
    (
        {"plan": {"nybygg": {"opens": 2027, "places": {"hd": {"2027": 5}}}}},
        "/parameters/plan/nybygg/places/hd",
    ),
    (
        {"plan": {"nybygg": {"opens": 2027, "places": {"hdo": {"2037": 5}}}}},
        "/parameters/plan/nybygg/places/hdo/2037",
    ),
    ({"delays_years": [0]}, "/parameters/delays_years/0"),
    ({"missing_place_year_nok": 1000}, "/parameters/missing_place_year_nok"),
    ({"added_life_years_needing_care": [0.5]}, "/parameters/added_life_years_needing_care"),
]


@pytest.mark.parametrize(("parameters", "pointer"), BAD)
def test_bad_requests_over_http(
    sqlite_client: Any, held: Toy, parameters: Toy, pointer: str
) -> None:
    body = {"scenario": held, "kind": "stress", "parameters": parameters}
    answer = sqlite_client.post("/v1/runs", json=body)
    assert answer.status_code == 422
    assert pointer in [issue["pointer"] for issue in answer.json()["issues"]]


def test_what_the_scenario_must_say(sqlite_client: Any, toy: Toy) -> None:
    """No price on a place missing, no limit on staff, nobody counted."""
    objective = {"discount_rate": 0.04}
    body = {"scenario": {**toy, "objective": objective}, "kind": "stress"}
    body["parameters"] = {"staff_factors": [0.9], "population_factors": [1.1]}
    answer = sqlite_client.post("/v1/runs", json=body)
    assert {issue["pointer"] for issue in answer.json()["issues"]} == {
        "/parameters/missing_place_year_nok",
        "/parameters/staff_factors",
        "/parameters/population_factors",
    }


def test_a_file_that_is_no_plan(tmp_path: Path, held_file: str, capsys: Printed) -> None:
    assert main(["stress", held_file, "--plan", written(tmp_path, {})]) == 2
    assert "plandokument" in capsys.readouterr().err


def test_a_run_over_http(start: Any, sqlite_url: str, held: Toy) -> None:
    with start(sqlite_url) as client:
        body = {"scenario": held, "kind": "stress", "options": {"threads": 2}}
        run = client.post("/v1/runs", json=body, headers={"prefer": "wait=60"}).json()
        assert (run["status"], run["outcome"]) == ("successful", "optimal")
        answer = client.get(f"/v1/runs/{run['id']}/result").json()
    assert set(answer["futures"]) == {"staff:0.9", "delay:1:nybygg", "delay:2:nybygg"}
    assert answer["plans"][answer["expected"]["plan"]]["opened"] == {"nybygg": 2026}


def instances(document: Toy, **parameters: Any) -> Toy:
    """{future: instance}, of futures that have a document."""
    scenario = check_scenario(document)
    futures = planned_futures(scenario, StressParameters.model_validate(parameters))
    return {
        future.name: make_instance(check_scenario(future.document))
        for future in futures
        if future.document is not None
    }


def test_more_people_need_more_places(held: Toy) -> None:
    """120 and then 150 inhabitants where there are 100: 1.2 and 1.5 times 10 and 20 places."""
    totals = {"2026": 120, "2028": 150}
    made = instances(held, population_totals={"flere": totals}, population_factors=[0.5])
    more, half = made["population:flere"], made["population:0.5"]
    assert more.need[0, 0].tolist() == pytest.approx([12, 15 * 1.35, 30])
    assert list(map(float, more.population["80+"])) == [120, 135, 150]
    assert half.need[0, 0].tolist() == [5, 7.5, 10]
    assert list(map(float, half.population["80+"])) == [50, 50, 50]


def test_some_of_the_added_life_years_need_care(held: Toy) -> None:
    """Of 100, 20 would not be there in 2028 if lives were no longer: need of 80 + share × 20."""
    mortality = {"2026": 100, "2028": 80}
    made = instances(held, constant_mortality_totals=mortality)
    names = ["0.000", "0.333", "0.400", "0.500", "1.000"]
    last = [made[f"life_years:{name}"].need[0, 0, 2] for name in names]
    assert last == pytest.approx([16, 20 * (0.8 + 0.2 / 3), 17.6, 18, 20])
    assert all(float(one.population["80+"][2]) == 100 for one in made.values())


def test_lillehammer_has_another_cohort_variant() -> None:
    assert bundled.population_variants("lillehammer-2018") == {}
    variants = bundled.population_variants("lillehammer")
    assert set(variants) == {"lillehammer_ratios"}
    assert variants["lillehammer_ratios"]["2041"] == 2613
    made = instances(bundled.load("lillehammer"), population_totals=variants)
    people = made["population:lillehammer_ratios"].population["80+"]
    assert float(people[-1]) == pytest.approx(2431 + (2613 - 2431) * 4 / 5)
    assert float(people[0]) == pytest.approx(1838)
