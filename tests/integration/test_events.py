"""The events of a run: every state and every incumbent once, whoever solves it."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.api.v1 import runs
from app.services.runs import Runs
from tests.integration.gathered import during_the_first
from tests.integration.processes import api_of, post, server, workers

Toy = dict[str, Any]
Event = tuple[str | None, str, Any]


def parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Id, kind and data of each event."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            event[name] = value
        elif "event" in event:
            yield event["id"], event["event"], json.loads(event["data"])
            event = {}


def read(client: Any, run_id: str, after: str | None = None) -> list[Event]:
    headers = {} if after is None else {"last-event-id": after}
    with client.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        return list(parsed(answer.iter_lines()))


def states(events: list[Event]) -> list[str]:
    return [data["status"] for _, kind, data in events if kind == "state"]


def test_a_run_is_told_from_beginning_to_end(client: TestClient, toy: Toy) -> None:
    run_id = post(client, toy, "work_a_while")
    events = read(client, run_id)
    assert states(events) == ["accepted", "running", "successful"]
    assert events[-1][2] == {"status": "successful", "outcome": "optimal", "error": None}
    found = [data for _, kind, data in events if kind == "incumbent"]
    assert found == client.get(f"/v1/runs/{run_id}/incumbents").json()["items"]
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    progress = [data["seconds"] for _, kind, data in events if kind == "progress"]
    assert len(progress) > 1
    assert progress == sorted(progress)


def test_who_comes_back_misses_nothing(client: TestClient, toy: Toy) -> None:
    run_id = post(client, toy, "answer")
    events = [event for event in read(client, run_id) if event[1] != "progress"]
    for cut, (event_id, *_) in enumerate(events[:-1]):
        rest = [event for event in read(client, run_id, event_id) if event[1] != "progress"]
        assert events[: cut + 1] + rest == events
    ended = client.get(f"/v1/runs/{run_id}/events", headers={"last-event-id": events[-1][0]})
    assert (ended.status_code, ended.content) == (204, b"")


def test_a_failed_run_says_why(sqlite_client: TestClient, toy: Toy) -> None:
    events = read(sqlite_client, post(sqlite_client, toy, "fail_verification"))
    assert states(events) == ["accepted", "running", "failed"]
    assert events[-1][2]["error"]["code"] == "verification_failed"


def test_a_head_request_ends(sqlite_client: TestClient, toy: Toy) -> None:
    run_id = post(sqlite_client, toy, "hang")
    answer = sqlite_client.head(f"/v1/runs/{run_id}/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.parametrize(
    ("run_id", "after", "status"), [("nothing", "0.0", 404), ("nothing", "x", 422)]
)
def test_what_cannot_be_followed(
    sqlite_client: TestClient, run_id: str, after: str, status: int
) -> None:
    answer = sqlite_client.get(f"/v1/runs/{run_id}/events", headers={"last-event-id": after})
    assert answer.status_code == status


def test_a_silence_is_broken(
    sqlite_client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "COMMENT_EVERY_S", 0.05)
    run_id = post(sqlite_client, toy, "work_a_while")
    with sqlite_client.stream("GET", f"/v1/runs/{run_id}/events") as answer:
        assert ": still here" in answer.iter_lines()


def test_many_readers_are_one_look(
    client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = post(client, toy, "work_a_while")
    looks = client.app.state.services.feed.looks  # type: ignore[attr-defined]
    readers = [lambda: read(client, run_id)] * 20
    method = (Runs, "with_incumbents")
    sizes, told = during_the_first(monkeypatch, method, looks, readers)
    assert all(states(events)[-1] == "successful" for events in told)
    assert sizes == [1, 19]


def test_events_come_from_a_worker_elsewhere(postgresql_url: str, toy: Toy) -> None:
    with api_of(postgresql_url) as api, workers(postgresql_url, 1):
        run_id = post(api, toy, "work_a_while")
        assert states(read(api, run_id)) == ["accepted", "running", "successful"]


def test_the_server_stops_with_readers_there(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (served, client):
        run_id = post(client, toy, "hang")
        begun = threading.Barrier(51)

        def follow(_: int) -> list[str]:
            with (
                httpx.Client(base_url=client.base_url, timeout=30) as reader,
                reader.stream("GET", f"/v1/runs/{run_id}/events") as answer,
            ):
                events = parsed(answer.iter_lines())
                first = next(events)
                begun.wait(timeout=30)
                return [first[1], *(kind for _, kind, _ in events)]

        with ThreadPoolExecutor(50) as pool:
            told = pool.map(follow, range(50))
            begun.wait(timeout=30)
            asked = time.monotonic()
            served.send_signal(signal.SIGTERM)
            assert served.wait(timeout=20) == 0
            assert time.monotonic() - asked < 6
            assert all(kinds[0] == "state" for kinds in told), "the streams ended in order"
