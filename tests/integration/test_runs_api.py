"""`/v1/runs` on both databases, with a child that does as the scenario's title says."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.schemas.run import RunResource
from app.schemas.scenario import Scenario
from app.services import acceptance
from app.services.checking import check_scenario
from models import RunStatus

Toy = dict[str, Any]
WAIT = {"prefer": "wait=30"}


def post(client: TestClient, toy: Toy, title: str, headers: dict[str, str] = WAIT) -> Toy:
    answer = client.post("/v1/runs", json={"scenario": {**toy, "title": title}}, headers=headers)
    assert answer.status_code in (200, 202)
    run: Toy = answer.json()
    return run


def until(client: TestClient, run_id: str, *statuses: str) -> Toy:
    """The run once it has one of the statuses and, when running, has found something."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        run: Toy = client.get(f"/v1/runs/{run_id}").json()
        found = run["status"] != "running" or run["progress"]["incumbent_nok"] is not None
        if run["status"] in statuses and found:
            return run
        time.sleep(0.05)
    raise AssertionError(f"still {run['status']}")


def test_a_run_from_post_to_plan(client: TestClient, toy: Toy) -> None:
    scenario_id = client.post("/v1/scenarios", json=toy).json()["id"]
    asked = {"scenario": scenario_id, "options": {"time_limit_s": 60, "mip_gap": 0.01}}
    answer = client.post("/v1/runs", json=asked, headers=WAIT)
    run = answer.json()
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=30"
    assert answer.headers["location"] == f"/v1/runs/{run['id']}"
    assert set(run) == {
        *("id", "status", "kind", "scenario_id", "batch_id", "scenario_hash", "outcome", "created"),
        *("started", "ended", "progress", "options", "error", "links"),
        *("parameters", "priority"),
    }
    assert (run["status"], run["kind"], run["outcome"]) == ("successful", "solve", "optimal")
    assert run["scenario_id"] == scenario_id
    assert run["options"] == {
        "time_limit_s": 60,
        "mip_gap": 0.01,
        "threads": 1,
        "strategy": None,
        "referee": False,
    }
    assert run["created"] <= run["started"] <= run["ended"]
    assert run["progress"].pop("seconds") > 0
    assert run["progress"] == {
        "incumbent_nok": 95.0,
        "bound_nok": 95.0,
        "gap": 0.0,
        "part": None,
        "parts": None,
    }
    assert (
        client.get(answer.headers["location"]).json() == client.get(run["links"][0]["href"]).json()
    )
    for link in run["links"]:
        read = client.get(link["href"])
        assert read.status_code == 200
        assert read.headers["content-type"] == link["type"]
    plan = client.get(f"/v1/runs/{run['id']}/plan")
    assert plan.json()["outcome"] == run["outcome"]


def test_strategy_and_referee_reach_the_child(sqlite_client: TestClient, toy: Toy) -> None:
    options = {"strategy": "plain", "referee": True}
    asked = {"scenario": {**toy, "title": "tell_options"}, "options": options}
    run = sqlite_client.post("/v1/runs", json=asked, headers=WAIT).json()
    assert run["options"] == options | {"time_limit_s": 300, "mip_gap": 0.001, "threads": 1}
    told = sqlite_client.get(f"/v1/runs/{run['id']}/plan").json()["options"]
    assert told == run["options"] | {"memory_limit_mb": 8000, "seek_conflict": True}


def test_a_run_stored_before_an_option_came_has_its_default(
    start: Any, sqlite_url: str, fake_child: None, toy: Toy
) -> None:
    with start(sqlite_url) as client:
        run = post(client, toy, "work_until_stopped", headers={})
        with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
            connection.execute(
                "UPDATE run SET options = ?", ['{"time_limit_s": 5, "mip_gap": 0, "threads": 2}']
            )
        assert client.get(f"/v1/runs/{run['id']}").json()["options"] == {
            "time_limit_s": 5,
            "mip_gap": 0,
            "threads": 2,
            "strategy": None,
            "referee": False,
        }


def test_a_run_keeps_its_own_copy_of_the_scenario(client: TestClient, toy: Toy) -> None:
    address = client.post("/v1/scenarios", json=toy).headers["location"]
    asked = {"scenario": address.rpartition("/")[2]}
    first = client.post("/v1/runs", json=asked, headers=WAIT).json()
    client.patch(address, json={"sites": {"helsehus": {"title": "Nytt navn"}}})
    second = client.post("/v1/runs", json=asked, headers=WAIT).json()
    client.delete(address)
    assert first["scenario_hash"] != second["scenario_hash"]
    for run, title in ((first, "Helsehuset"), (second, "Nytt navn")):
        sites = client.get(f"/v1/runs/{run['id']}/plan.geojson?layer=sites").json()
        assert sites["features"][0]["properties"]["title"] == title


def test_without_a_wish_to_wait_the_answer_comes_at_once(client: TestClient, toy: Toy) -> None:
    answer = client.post("/v1/runs", json={"scenario": "lillehammer-2018"})
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers
    assert answer.json()["scenario_id"] == "lillehammer-2018"


def test_a_wait_that_is_too_short(client: TestClient, toy: Toy) -> None:
    headers = {"prefer": "respond-async, wait=1"}
    body = {"scenario": {**toy, "title": "work_until_stopped"}}
    answer = client.post("/v1/runs", json=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    plan = client.get(f"{answer.headers['location']}/plan")
    assert (plan.status_code, plan.json()["code"]) == (404, "plan_not_ready")


def test_incumbents(client: TestClient, toy: Toy) -> None:
    address = f"/v1/runs/{post(client, toy, 'answer')['id']}/incumbents"
    first = {"seq": 1, "seconds": 0.2, "incumbent_nok": 100.0, "bound_nok": 90.0, "gap": 0.1}
    second = {"seq": 2, "seconds": 0.3, "incumbent_nok": 95.0, "bound_nok": 95.0, "gap": 0.0}
    assert client.get(address).json() == {"items": [first, second], "next": None}
    assert client.get(f"{address}?after=1").json()["items"] == [second]
    page = client.get(f"{address}?limit=1").json()
    assert page["items"] == [first]
    assert client.get(page["next"]).json()["items"] == [second]


def test_delete_stops_a_running_child_and_keeps_its_plan(client: TestClient, toy: Toy) -> None:
    run_id = post(client, toy, "work_until_stopped", headers={})["id"]
    until(client, run_id, "running")
    run = client.delete(f"/v1/runs/{run_id}").json()
    assert (run["status"], run["outcome"], run["error"]) == ("dismissed", "dismissed", None)
    assert run["ended"] is not None
    assert client.get(f"/v1/runs/{run_id}/plan").json()["outcome"] == "dismissed"
    again = client.delete(f"/v1/runs/{run_id}")
    assert (again.status_code, again.json()["code"]) == (409, "run_ended")


def test_delete_stops_a_child_that_resists_within_5_s(sqlite_client: TestClient, toy: Toy) -> None:
    run_id = post(sqlite_client, toy, "hang_unmoved", headers={})["id"]
    until(sqlite_client, run_id, "running")
    started = time.monotonic()
    answer = sqlite_client.delete(f"/v1/runs/{run_id}")
    assert time.monotonic() - started < 5
    assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")
    plan = sqlite_client.get(f"/v1/runs/{run_id}/plan")
    assert (plan.status_code, plan.json()["code"]) == (404, "no_plan")


def test_delete_of_a_run_that_waits(client: TestClient, toy: Toy) -> None:
    running = post(client, toy, "work_until_stopped", headers={})["id"]
    until(client, running, "running")
    waiting = post(client, toy, "answer", headers={})["id"]
    run = client.delete(f"/v1/runs/{waiting}").json()
    assert (run["status"], run["started"]) == ("dismissed", None)
    client.delete(f"/v1/runs/{running}")
    assert client.get(f"/v1/runs/{waiting}").json() == run


def test_delete_after_the_end_changes_nothing(client: TestClient, toy: Toy) -> None:
    run = post(client, toy, "answer")
    assert client.delete(f"/v1/runs/{run['id']}").status_code == 409
    assert client.get(f"/v1/runs/{run['id']}").json() == run


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("segfault", "solver_crashed"),
        ("be_killed", "solver_killed"),
        ("answer_nonsense", "answer_invalid"),
        ("answer_no_text", "answer_invalid"),
        ("answer_infinity", "answer_invalid"),
        ("fail_strangely", "answer_invalid"),
        ("eat_memory", "out_of_memory"),
        ("raise_unforeseen", "internal_error"),
        ("fail_verification", "verification_failed"),
    ],
)
def test_a_child_that_fails_is_a_failed_run(
    start: Any, sqlite_url: str, fake_child: None, toy: Toy, behaviour: str, code: str
) -> None:
    with start(sqlite_url, memory_limit_mb=200) as client:
        run = post(client, toy, behaviour)
        assert run["status"] == "failed"
        assert run["outcome"] is None
        assert run["error"]["code"] == code
        assert "secret" not in run["error"]["detail"]
        assert client.get(f"/v1/runs/{run['id']}/plan").json()["code"] == "no_plan"
        assert post(client, toy, "answer")["status"] == "successful"


def test_a_child_that_crashes_once_is_started_again(sqlite_client: TestClient, toy: Toy) -> None:
    run = post(sqlite_client, toy, "crash_the_first_time")
    assert (run["status"], run["outcome"]) == ("successful", "optimal")


def test_the_api_answers_while_a_child_works(client: TestClient, toy: Toy) -> None:
    run_id = post(client, toy, "work_until_stopped", headers={})["id"]
    until(client, run_id, "running")
    started = time.monotonic()
    for _ in range(20):
        assert client.get("/v1/runs").status_code == 200
    assert time.monotonic() - started < 2


def test_runs_are_solved_in_the_order_they_came(client: TestClient, toy: Toy) -> None:
    ids = [post(client, toy, "answer", headers={})["id"] for _ in range(4)]
    runs = [until(client, run_id, "successful") for run_id in ids]
    started = [run["started"] for run in runs]
    assert started == sorted(started)
    assert [run["id"] for run in client.get("/v1/runs").json()["items"]] == ids[::-1]


def test_a_higher_priority_goes_first(client: TestClient, toy: Toy) -> None:
    first = post(client, toy, "work_until_stopped", headers={})["id"]
    until(client, first, "running")
    ids = {}
    for priority in ("low", "normal", "high"):
        body = {"scenario": toy, "priority": priority}
        run = client.post("/v1/runs", json=body).json()
        assert run["priority"] == priority
        ids[priority] = run["id"]
    client.delete(f"/v1/runs/{first}")
    started = {p: until(client, run_id, "successful")["started"] for p, run_id in ids.items()}
    assert started["high"] < started["normal"] < started["low"]


def test_a_key_makes_one_run_however_many_send_it(client: TestClient, toy: Toy) -> None:
    headers = {"idempotency-key": "once", **WAIT}
    body = {"scenario": toy}
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: client.post("/v1/runs", json=body, headers=headers), range(20))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(client.get("/v1/runs").json()["items"]) == 1
    other = client.post("/v1/runs", json={"scenario": "lillehammer"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_post_sent_again_gets_its_run_though_the_scenario_is_gone(
    client: TestClient, toy: Toy
) -> None:
    address = client.post("/v1/scenarios", json=toy).headers["location"]
    headers = {"idempotency-key": "once", **WAIT}
    body = {"scenario": address.rpartition("/")[2]}
    first = client.post("/v1/runs", json=body, headers=headers)
    client.delete(address)
    assert client.post("/v1/runs", json=body, headers=headers).json() == first.json()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/scenario"),
        ({"scenario": 3}, "/scenario"),
        ({"scenario": "nowhere"}, "/scenario"),
        ({"scenario": "\u0000"}, "/scenario"),
        ({"scenario": {}}, "/scenario/years"),
        ({"scenario": "lillehammer", "kind": "guess"}, "/kind"),
        ({"scenario": "lillehammer", "priority": "urgent"}, "/priority"),
        ({"scenario": "lillehammer", "options": {"time_limit_s": 0}}, "/options/time_limit_s"),
        ({"scenario": "lillehammer", "options": {"time_limit_s": 4000}}, "/options/time_limit_s"),
        ({"scenario": "lillehammer", "options": {"mip_gap": 2}}, "/options/mip_gap"),
        ({"scenario": "lillehammer", "options": {"threads": 1.5}}, "/options/threads"),
        ({"scenario": "lillehammer", "options": {"strategy": "guess"}}, "/options/strategy"),
        ({"scenario": "lillehammer", "options": {"referee": "yes"}}, "/options/referee"),
        (
            {"scenario": "lillehammer", "kind": "repair", "parameters": {"alternatives": 11}},
            "/parameters/alternatives",
        ),
        ({"scenario": "lillehammer", "status": "successful"}, "/status"),
    ],
)
def test_a_bad_request_is_told_where(sqlite_client: TestClient, body: Toy, pointer: str) -> None:
    answer = sqlite_client.post("/v1/runs", json=body)
    assert answer.status_code == 422
    assert pointer in [issue["pointer"] for issue in answer.json()["issues"]]


@pytest.mark.parametrize("query", ["layer=roads", "layer=sites&year=1999", "year=x"])
def test_unknown_layers_and_years(sqlite_client: TestClient, toy: Toy, query: str) -> None:
    run = post(sqlite_client, toy, "answer")
    answer = sqlite_client.get(f"/v1/runs/{run['id']}/plan.geojson?{query}")
    assert answer.status_code == 422
    assert query.rpartition("=")[2] in answer.text or "year" in answer.text


def test_a_full_queue_refuses(start: Any, sqlite_url: str, fake_child: None, toy: Toy) -> None:
    with start(sqlite_url, max_queue=1) as client:
        running = post(client, toy, "work_until_stopped", headers={})["id"]
        until(client, running, "running")
        headers = {"idempotency-key": "waiting"}
        waiting = post(client, toy, "answer", headers=headers)
        answer = client.post("/v1/runs", json={"scenario": toy})
        assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
        assert answer.headers["retry-after"]
        assert post(client, toy, "answer", headers=headers)["id"] == waiting["id"]


def test_statuses_of_table_and_resource_agree() -> None:
    schema = RunResource.model_json_schema()["properties"]["status"]
    assert schema["enum"] == [status.value for status in RunStatus]


def test_a_named_scenario_is_checked_once_for_each_version(
    client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counting(document: Any) -> Scenario:
        checked.append(document["title"])
        return check_scenario(document)

    monkeypatch.setattr(acceptance, "check_scenario", counting)
    made = client.post("/v1/scenarios", json={**toy, "title": "first"}).json()["id"]
    for _ in range(2):
        assert client.post("/v1/runs", json={"scenario": made}).status_code == 202
    assert client.patch(f"/v1/scenarios/{made}", json={"title": "second"}).is_success
    run = client.post("/v1/runs", json={"scenario": made}).json()["id"]
    assert client.get(f"/v1/runs/{run}/scenario").json()["title"] == "second"
    assert checked == ["first", "second"]
