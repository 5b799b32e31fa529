"""`/v1/batches` on both databases, with a child that does as the scenario's title says."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

Json = dict[str, Any]


def batch_of(toy: Json, *titles: str, **more: Any) -> Json:
    return {"scenarios": [{**toy, "title": title} for title in titles], **more}


def post(client: TestClient, body: Json) -> Json:
    answer = client.post("/v1/batches", json=body)
    assert answer.status_code == 202, answer.text
    batch: Json = answer.json()
    assert answer.headers["location"] == f"/v1/batches/{batch['id']}"
    return batch


def until(client: TestClient, batch_id: str, *statuses: str) -> Json:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        batch: Json = client.get(f"/v1/batches/{batch_id}").json()
        if batch["status"] in statuses:
            return batch
        time.sleep(0.05)
    raise AssertionError(f"still {batch['status']}")


def test_a_batch_from_post_to_plans(client: TestClient, toy: Json) -> None:
    scenario_id = client.post("/v1/scenarios", json=toy).json()["id"]
    body = batch_of(toy, "answer", "answer", options={"mip_gap": 0.01}, priority="low")
    body["scenarios"].insert(1, scenario_id)
    batch = post(client, body)
    assert batch["counts"] == {
        **dict.fromkeys(("running", "successful", "failed", "dismissed"), 0),
        "accepted": 3,
    }
    done = until(client, batch["id"], "successful")
    assert done["counts"]["successful"] == 3
    assert done["ended"] == max(run["ended"] for run in done["runs"])
    assert [run["scenario_id"] for run in done["runs"]] == [None, scenario_id, None]
    assert {run["batch_id"] for run in done["runs"]} == {batch["id"]}
    assert {(run["priority"], run["options"]["mip_gap"]) for run in done["runs"]} == {("low", 0.01)}
    (compare,) = [link["href"] for link in done["links"] if link["rel"] == "compare"]
    assert all(run["id"] in compare for run in done["runs"])
    assert client.get(f"/v1/runs/{done['runs'][0]['id']}/plan").status_code == 200


def test_one_that_fails_is_told_and_the_others_go_on(client: TestClient, toy: Json) -> None:
    batch = post(client, batch_of(toy, "answer", "fail_verification", "answer"))
    done = until(client, batch["id"], "failed")
    assert [run["status"] for run in done["runs"]] == ["successful", "failed", "successful"]


def test_all_or_none(client: TestClient, toy: Json) -> None:
    body = batch_of(toy, "a", "b", "c")
    del body["scenarios"][1]["sites"]
    body["scenarios"][2] = "lillehamer"
    answer = client.post("/v1/batches", json=body)
    assert answer.status_code == 422
    pointers = {issue["pointer"].split("/")[2] for issue in answer.json()["issues"]}
    assert pointers == {"1", "2"}
    assert client.get("/v1/runs").json()["items"] == []


def test_bad_batches_are_refused_with_their_places(client: TestClient, toy: Json) -> None:
    for body, pointer in (
        ({"scenarios": []}, "/scenarios"),
        ({"scenarios": ["lillehammer"] * 101}, "/scenarios"),
        ({}, "/scenarios"),
        ({"scenarios": [7]}, "/scenarios/0"),
        (batch_of(toy, "a", kind="pareto", parameters={"points": 0}), "/parameters/points"),
        (batch_of(toy, "a", options={"time_limit_s": 1e5}), "/options/time_limit_s"),
        (batch_of(toy, "a", kind="why_not", parameters={"project": "no"}), "/parameters/project"),
    ):
        answer = client.post("/v1/batches", json=body)
        assert answer.status_code == 422
        assert [issue["pointer"] for issue in answer.json()["issues"]] == [pointer]


@pytest.mark.parametrize(
    ("setting", "status"), [("max_queue", 503), ("max_queued_per_tenant", 429)]
)
def test_the_queue_has_room_for_all_or_takes_none(
    start: Any, database_url: str, toy: Json, setting: str, status: int
) -> None:
    with start(database_url, **{setting: 3}) as client:
        full = client.post("/v1/batches", json=batch_of(toy, *"abcd"))
        assert full.status_code == status
        assert int(full.headers["retry-after"]) > 0
        assert client.get("/v1/runs").json()["items"] == []


def test_dismissed_together(client: TestClient, toy: Json) -> None:
    batch = post(client, batch_of(toy, "work_until_stopped", "answer", "answer"))
    until(client, batch["id"], "running")
    answer = client.delete(f"/v1/batches/{batch['id']}")
    assert answer.status_code == 200
    done = answer.json()
    assert done["status"] == "dismissed"
    assert done["counts"]["dismissed"] == 3
    assert [run["started"] is None for run in done["runs"]] == [False, True, True]
    again = client.delete(f"/v1/batches/{batch['id']}")
    assert (again.status_code, again.json()["code"]) == (409, "batch_ended")


def test_one_key_one_batch(client: TestClient, toy: Json) -> None:
    headers = {"idempotency-key": "k"}
    body = batch_of(toy, "a", "b")
    ids = {client.post("/v1/batches", json=body, headers=headers).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert len(client.get("/v1/runs").json()["items"]) == 2
    other = client.post("/v1/batches", json=batch_of(toy, "c"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_list_by_pages(client: TestClient, toy: Json) -> None:
    posted = [post(client, batch_of(toy, "a", "b"))["id"] for _ in range(3)]
    client.post("/v1/runs", json={"scenario": toy})
    first = client.get("/v1/batches?limit=2").json()
    rest = client.get(first["next"]).json()
    listed = [batch["id"] for batch in first["items"] + rest["items"]]
    assert sorted(listed) == sorted(posted)
    assert rest["next"] is None
    assert all(len(batch["runs"]) == 2 for batch in first["items"])


def test_what_is_not_there(client: TestClient) -> None:
    for answer in (client.get("/v1/batches/no"), client.delete("/v1/batches/no")):
        assert (answer.status_code, answer.json()["code"]) == (404, "batch_not_found")
