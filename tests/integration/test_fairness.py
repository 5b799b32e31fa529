"""No tenant holds up another."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.db import Database, migrate

from .conftest import StartClient
from .processes import has_found_something, post, run, until
from .test_access import bearer, make_key

Toy = dict[str, Any]


class Tenant:
    """One of several, by its key."""

    def __init__(self, client: TestClient, key: str) -> None:
        self._client = client
        self._key = bearer(key)

    def post(self, *arguments: Any, **named: Any) -> Any:
        return self._client.post(*arguments, headers=self._key, **named)

    def get(self, address: str) -> Any:
        return self._client.get(address, headers=self._key)

    def delete(self, address: str) -> Any:
        return self._client.delete(address, headers=self._key)


@contextmanager
def two_tenants(start: StartClient, url: str, **settings: Any) -> Iterator[tuple[Tenant, Tenant]]:
    migrate(url)
    database = Database(url)
    keys = [make_key(database, name) for name in ("busy", "other")]
    database.dispose()
    with start(url, require_login=True, **settings) as client:
        yield Tenant(client, keys[0]), Tenant(client, keys[1])


def test_twenty_runs_do_not_hold_up_anothers_first(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    with two_tenants(start, database_url) as (busy, other):
        under_way = post(busy, toy, "work_until_stopped")
        until(lambda: has_found_something(busy, under_way))
        waiting = [post(busy, toy, "answer") for _ in range(19)]
        first = post(other, toy, "answer")
        busy.delete(f"/v1/runs/{under_way}")
        until(lambda: run(other, first)["status"] == "successful")
        begun = [at for run_id in waiting if (at := run(busy, run_id)["started"])]
        assert not [at for at in begun if at < run(other, first)["started"]]


def test_a_tenant_has_no_more_under_way_than_it_may(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    with two_tenants(start, database_url, workers=4) as (busy, other):
        one = post(other, toy, "work_until_stopped")
        mine = [post(busy, toy, "work_until_stopped") for _ in range(3)]
        until(lambda: has_found_something(other, one))
        until(lambda: statuses(busy, mine).count("running") == 2)
        time.sleep(1)  # five looks
        assert sorted(statuses(busy, mine)) == ["accepted", "running", "running"]
        busy.delete(f"/v1/runs/{mine[statuses(busy, mine).index('running')]}")
        until(lambda: sorted(statuses(busy, mine)) == ["dismissed", "running", "running"])


def test_a_tenant_that_is_alone_has_every_worker(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    with start(database_url, workers=3) as client:
        mine = [post(client, toy, "work_until_stopped") for _ in range(3)]
        until(lambda: statuses(client, mine) == ["running"] * 3)


def test_a_tenant_whose_queue_is_full_is_told_and_another_is_not(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    with two_tenants(start, database_url, max_queued_per_tenant=1) as (busy, other):
        under_way = post(busy, toy, "work_until_stopped")
        until(lambda: has_found_something(busy, under_way))
        post(busy, toy, "answer")
        refused = busy.post("/v1/runs", json={"scenario": toy})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waiting")
        assert int(refused.headers["retry-after"]) > 0
        post(other, toy, "answer")


@pytest.mark.parametrize("workers", [1, 2])
def test_turns_are_taken_whatever_the_priority(
    start: StartClient, sqlite_url: str, fake_child: None, toy: Toy, workers: int
) -> None:
    with two_tenants(start, sqlite_url, workers=workers) as (busy, other):
        under_way = [post(busy, toy, "work_until_stopped") for _ in range(workers)]
        until(lambda: all(has_found_something(busy, run_id) for run_id in under_way))
        body = {"scenario": toy, "priority": "high"}
        urgent = [busy.post("/v1/runs", json=body).json()["id"] for _ in range(3)]
        first = post(other, toy, "answer")
        for run_id in under_way:
            busy.delete(f"/v1/runs/{run_id}")
        until(lambda: run(other, first)["status"] == "successful")
        begun = [at for run_id in urgent if (at := run(busy, run_id)["started"])]
        assert len([at for at in begun if at < run(other, first)["started"]]) < workers


def statuses(client: Any, run_ids: list[str]) -> list[str]:
    return [run(client, run_id)["status"] for run_id in run_ids]
