"""The limits of the queue hold to the run, and what a submit asks does not grow with the queue."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, insert

from app.callers import DEFAULT_TENANT
from app.db import Database
from app.repositories.runs import RunRepository
from app.services import room
from models import Packed, RunRow, RunStatus

from .conftest import StartClient
from .processes import has_found_something, post, until
from .test_fairness import two_tenants

Toy = dict[str, Any]
SETTINGS = {"max_queue": (503, "queue_full"), "max_queued_per_tenant": (429, "too_many_waiting")}


def put_in_line(url: str, number: int) -> None:
    """Runs that wait and that no queue knows, so that nobody takes them."""
    shared = {
        "tenant": DEFAULT_TENANT,
        "kind": "solve",
        "status": RunStatus.ACCEPTED,
        "options": {},
        "parameters": {},
        "scenario": Packed.of("{}"),
        "scenario_hash": "",
        "created": datetime.now(UTC),
    }
    database = Database(url)
    with database.writing() as session:
        session.execute(insert(RunRow), [shared | {"id": f"w{n}"} for n in range(number)])
    database.dispose()


@contextmanager
def statements() -> Iterator[list[str]]:
    """What requests ask of the database meanwhile; what the worker asks has threads of its own."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread().name.startswith("AnyIO"):
            seen.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def refused(client: Any, toy: Toy, setting: str) -> bool:
    answer = client.post("/v1/runs", json={"scenario": toy})
    status, code = SETTINGS[setting]
    if answer.status_code == 202:
        return False
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert int(answer.headers["retry-after"]) > 0
    return True


@pytest.mark.parametrize("setting", SETTINGS)
def test_as_many_wait_as_may_and_not_one_more(
    start: StartClient, database_url: str, fake_child: None, toy: Toy, setting: str
) -> None:
    with start(database_url, **{setting: 3}) as client:
        under_way = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, under_way))
        waiting = [post(client, toy, "answer") for _ in range(3)]
        assert refused(client, toy, setting)
        client.delete(f"/v1/runs/{waiting[0]}")
        assert not refused(client, toy, setting), "as soon as there is room"
        assert refused(client, toy, setting)


def test_another_tenants_queue_is_none_of_ones_own(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    with two_tenants(start, database_url, max_queued_per_tenant=2, max_queue=5) as (busy, other):
        under_way = post(busy, toy, "work_until_stopped")
        until(lambda: has_found_something(busy, under_way))
        for tenant in (busy, other):
            for _ in range(2):
                post(tenant, toy, "answer")
            assert refused(tenant, toy, "max_queued_per_tenant")


def test_a_count_ends_where_it_no_longer_matters(database_url: str) -> None:
    put_in_line(database_url, 7)
    database = Database(database_url)
    with database.reading() as session:
        assert [RunRepository(session).waiting(most) for most in (6, 7, 8)] == [6, 7, 7]
    database.dispose()


def asked_by_a_submit(client: TestClient, scenario: str) -> list[str]:
    with statements() as seen:
        assert client.post("/v1/runs", json={"scenario": scenario}).status_code == 202
    return seen


def test_what_a_submit_asks_does_not_grow_with_the_queue(
    start: StartClient,
    database_url: str,
    fake_child: None,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with start(database_url, max_queue=9000, max_queued_per_tenant=9000) as client:
        under_way = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, under_way))
        scenario = client.post("/v1/scenarios", json=toy).json()["id"]
        monkeypatch.setattr(room, "GOOD_FOR_S", 0.0)
        asked_by_a_submit(client, scenario)  # checks the scenario, which is then known
        short = asked_by_a_submit(client, scenario)
        put_in_line(database_url, 1000)
        assert asked_by_a_submit(client, scenario) == short
        counts = [one for one in short if "count(" in one]
        assert len(counts) == 2, "of all and of the tenant's"
        assert all("LIMIT" in one for one in counts)
        monkeypatch.setattr(room, "GOOD_FOR_S", 3600.0)
        asked_by_a_submit(client, scenario)
        assert not [one for one in asked_by_a_submit(client, scenario) if "count(" in one]


def test_what_is_answered_to_a_submit_is_what_is_read(client: TestClient, toy: Toy) -> None:
    under_way = post(client, toy, "work_until_stopped")
    until(lambda: has_found_something(client, under_way))
    made = client.post("/v1/runs", json={"scenario": toy, "priority": "low"}).json()
    assert client.get(f"/v1/runs/{made['id']}").json() == made
