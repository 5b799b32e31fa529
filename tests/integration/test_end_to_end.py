"""A scenario posted over HTTP gives the plan that the library gives, and files that others read."""

import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.schemas.answers.repair import RepairAnswer
from app.schemas.merge_patch import merge_patch
from app.schemas.plan import Plan
from app.services.analyses import answer as answer_task
from app.services.checking import check_scenario
from app.services.plan_document import dump
from app.services.solving import solve_scenario
from app.services.task import Task
from geodata import bundled
from solver.domain.result import SolveOptions, Watcher

Toy = dict[str, Any]


@pytest.fixture
def client(start: Any, sqlite_url: str) -> Any:
    with start(sqlite_url) as client:
        yield client


def solved(client: TestClient, scenario: Any) -> Toy:
    asked = {"scenario": scenario, "options": {"mip_gap": 1e-6}}
    answer = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"})
    assert answer.status_code == 200
    run: Toy = answer.json()
    return run


def test_the_same_plan_over_http_and_from_the_library(client: TestClient, toy: Toy) -> None:
    run = solved(client, toy)
    assert (run["status"], run["outcome"], run["error"]) == ("successful", "optimal", None)
    content = client.get(f"/v1/runs/{run['id']}/plan").content
    plan = json.loads(content)
    Plan.model_validate(plan)
    assert plan["verification"]["passed"]
    assert plan["projects"]["nybygg"]["places"]["hdo"]["2028"] == 10
    assert run["scenario_hash"] == plan["provenance"]["scenario_hash"]
    assert run["progress"]["incumbent_nok"] == plan["objective_nok"]
    assert run["progress"]["gap"] == plan["mip_gap"]
    options = SolveOptions(mip_gap=1e-6)
    own = json.loads(dump(solve_scenario(check_scenario(toy), options, Watcher())))
    assert without_times(plan) == without_times(own)


def without_times(plan: Toy) -> str:
    return json.dumps({key: value for key, value in plan.items() if key != "statistics"})


def test_layers_and_geopackage(client: TestClient, toy: Toy, tmp_path: Path) -> None:
    address = f"/v1/runs/{solved(client, toy)['id']}"
    every = client.get(f"{address}/plan.geojson")
    assert every.headers["content-type"] == "application/geo+json"
    layers = {feature["properties"]["layer"] for feature in every.json()["features"]}
    assert layers >= {"sites", "projects", "districts", "places", "allocation"}
    lines = client.get(f"{address}/plan.geojson?layer=allocation&year=2028").json()["features"]
    assert [line["geometry"]["type"] for line in lines] == ["LineString"]
    answer = client.get(f"{address}/plan.gpkg")
    assert answer.headers["content-type"] == "application/geopackage+sqlite3"
    file = tmp_path / "plan.gpkg"
    file.write_bytes(answer.content)
    assert "sites" in pyogrio.list_layers(file)[:, 0]
    assert pyogrio.read_info(file, layer="sites")["crs"] == "EPSG:25832"


def test_what_a_client_has_is_not_sent_again(client: TestClient, toy: Toy) -> None:
    address = f"/v1/runs/{solved(client, toy)['id']}"
    tags = {}
    for what in ("result", "plan", "plan.geojson", "plan.geojson?year=2028", "plan.gpkg"):
        first = client.get(f"{address}/{what}")
        tags[what] = first.headers["etag"]
        for known in (tags[what], f'"x", {tags[what]}', "*"):
            again = client.get(f"{address}/{what}", headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert "content-type" not in again.headers
        other = client.get(f"{address}/{what}", headers={"if-none-match": '"x"'})
        assert other.status_code == 200
        if what != "plan.gpkg":
            assert other.content == first.content
    assert tags["plan"] == tags["result"]
    assert len(set(tags.values())) == 4
    assert tags["plan.gpkg"].startswith('W/"')


def test_the_bound_is_confirmed_over_http(client: TestClient, toy: Toy) -> None:
    asked = {"scenario": toy, "options": {"referee": True, "strategy": "plain"}}
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"}).json()
    assert (run["status"], run["outcome"]) == ("successful", "optimal")
    plan = client.get(f"/v1/runs/{run['id']}/plan").json()
    assert plan["bound_confirmation"]["confirmed"] is True
    assert plan["statistics"]["strategy_reason"] == "valgt av brukeren"


def test_a_strategy_that_does_not_fit_is_a_failed_run(client: TestClient, toy: Toy) -> None:
    toy["targets"] = {"within": {"minutes": 30, "share": 0.5}}  # ties the years' service together
    asked = {"scenario": toy, "options": {"strategy": "decomposition"}}
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"}).json()
    assert (run["status"], run["error"]["code"]) == ("failed", "strategy_not_applicable")
    assert "decomposition" in run["error"]["detail"]


def test_an_infeasible_scenario_is_a_successful_run(client: TestClient, toy: Toy) -> None:
    toy["objective"]["unmet_place_year_nok"] = None
    toy["staffing"] = {"available_fte": {"all": 9}}
    run = solved(client, toy)
    assert (run["status"], run["outcome"]) == ("successful", "infeasible")
    plan = client.get(f"/v1/runs/{run['id']}/plan").json()
    assert plan["outcome"] == "infeasible"
    assert "C10" in [rule["code"] for rule in plan["conflict"]["rules"]]
    assert client.get(f"/v1/runs/{run['id']}/plan.geojson").status_code == 200


def test_a_problem_too_large_for_the_memory_is_a_failed_run(
    start: Any, sqlite_url: str, toy: Toy
) -> None:
    toy["districts"] = {f"d{n}": toy["districts"]["nord"] for n in range(300)}
    toy["sites"] |= {f"s{n}": toy["sites"]["helsehus"] for n in range(300)}
    toy["years"]["last"] = 2060
    with start(sqlite_url, memory_limit_mb=300) as client:
        run = solved(client, toy)
    assert (run["status"], run["error"]["code"]) == ("failed", "model_too_large")


def test_one_plan_through_every_door(client: TestClient, tmp_path: Path) -> None:
    """A bundled scenario with a change: over HTTP, from the command line twice, and in Python."""
    changes = {"targets": {"coverage": {"ratio": {"2028": 0.16}}}}
    made = client.post("/v1/scenarios", json={"based_on": "lillehammer-2018", "changes": changes})
    run = client.post(
        "/v1/runs", json={"scenario": made.json()["id"]}, headers={"prefer": "wait=60"}
    ).json()
    plans = [client.get(f"/v1/runs/{run['id']}/plan").json()]
    for number in range(2):
        path = tmp_path / f"{number}.json"
        change = 'targets.coverage.ratio={"2028": 0.16}'
        assert main(["solve", "lillehammer-2018", "--set", change, "--out", str(path)]) == 0
        plans.append(json.loads(path.read_bytes()))
    scenario = check_scenario(merge_patch(bundled.load("lillehammer-2018"), changes))
    plans.append(json.loads(dump(solve_scenario(scenario))))
    assert plans[0]["years"]["2028"]["places_counted"] >= 330
    assert len({without_times(plan) for plan in plans}) == 1


def test_a_repair_over_http_and_the_run_of_its_patch(client: TestClient, toy: Toy) -> None:
    toy["staffing"] = {"available_fte": {"all": {"2026": 9}}}
    toy["targets"] = {"coverage": {"ratio": {"2027": 0.15}, "population": "80+"}}
    asked = {"scenario": toy, "kind": "repair", "parameters": {"alternatives": 1}}
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait=60"}).json()
    assert (run["status"], run["kind"], run["outcome"]) == ("successful", "repair", "optimal")
    answer = client.get(f"/v1/runs/{run['id']}/result").json()
    RepairAnswer.model_validate(answer)
    first, second = answer["repairs"]
    assert {one["name"] for one in first["relaxations"]} == {"staff"}
    assert {one["name"] for one in second["relaxations"]} == {"coverage"}
    for repair in (first, second):
        patched = solved(client, merge_patch(toy, repair["patch"]))
        assert patched["outcome"] == "optimal"


@pytest.mark.slow
@pytest.mark.parametrize("fte", [260, 271, 301])
def test_lillehammer_with_staff_frozen_and_the_target_from_2028(fte: float) -> None:
    document = bundled.load("lillehammer")
    document["staffing"]["available_fte"]["all"] = {"2026": fte}
    document["targets"]["coverage"]["ratio"] = {"2028": 0.16}
    options = SolveOptions(time_limit_s=60, threads=2)
    answer = answer_task(Task(document, "repair", {"alternatives": 3}), options, Watcher())
    assert answer["statistics"]["total_seconds"] < 65
    repairs = answer["repairs"]
    assert [{one["name"] for one in repair["relaxations"]} for repair in repairs[:2]] == [
        {"staff"},
        {"coverage"},
    ]
    for repair in repairs:
        patched = check_scenario(merge_patch(document, repair["patch"]))
        plan = solve_scenario(patched, SolveOptions(time_limit_s=60, mip_gap=0.05), Watcher())
        assert plan["outcome"] == "optimal"
