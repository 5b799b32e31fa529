"""Runs outlive the process that solves them, and the database's absences."""

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.integration.processes import (
    api_of,
    has_found_something,
    holder,
    post,
    refusal,
    rows,
    run,
    server,
    until,
    workers,
)

Toy = dict[str, Any]


def test_a_killed_server_takes_its_run_up_again(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (served, client):
        run_id = post(client, toy, "hang")
        until(lambda: has_found_something(client, run_id))
        waiting = post(client, toy, "answer")
        started = run(client, run_id)["started"]
        (solver,) = psutil.Process(served.pid).children()
        served.kill()
        served.wait()
    until(lambda: not solver.is_running() or solver.status() == psutil.STATUS_ZOMBIE)
    with server(sqlite_url) as (served, client):
        until(lambda: run(client, run_id)["started"] not in (None, started))
        assert client.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"
        until(lambda: run(client, waiting)["status"] == "successful")


def test_a_server_that_is_asked_to_end_gives_its_run_back(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (served, client):
        run_id = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, run_id))
        asked = time.monotonic()
        served.terminate()
        assert served.wait(timeout=10) == 0
        assert time.monotonic() - asked < 6
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT id, status, losses FROM run").fetchall()
    assert rows == [(run_id, "accepted", 0)]


def test_a_run_goes_on_after_a_restart(
    start: Any, database_url: str, fake_child: None, toy: Toy
) -> None:
    with start(database_url) as client:
        run_id = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, run_id))
    with start(database_url) as client:
        until(lambda: run(client, run_id)["status"] == "running")
        dismissed = client.delete(f"/v1/runs/{run_id}").json()
        assert dismissed["status"] == "dismissed"
        items = client.get(f"/v1/runs/{run_id}/incumbents").json()["items"]
        assert [item["seq"] for item in items] == list(range(1, len(items) + 1))


def test_a_run_survives_the_loss_of_the_database(
    start: Any, postgresql: str, postgresql_url: str, fake_child: None, toy: Toy
) -> None:
    """Every connection is cut again and again while the child works and when it ends."""
    with start(postgresql_url) as client:
        run_id = post(client, toy, "work_a_while")
        until(lambda: has_found_something(client, run_id))
        name = psycopg.conninfo.conninfo_to_dict(postgresql_url)["dbname"]
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(postgresql, autocommit=True) as connection:
            for _ in range(20):
                connection.execute(cut, [name])
                time.sleep(0.1)
        until(lambda: client.get(f"/v1/runs/{run_id}").status_code == 200)
        until(lambda: run(client, run_id)["status"] == "successful")
        assert client.get(f"/v1/runs/{run_id}/plan").json()["outcome"] == "optimal"


def test_a_second_server_on_the_same_file_is_refused(
    start: Any, sqlite_url: str, sqlite_client: TestClient
) -> None:
    with pytest.raises(Exception, match="database_in_use"), start(sqlite_url):
        pass


def test_several_workers_solve_at_once(
    start: Any, sqlite_url: str, fake_child: None, toy: Toy
) -> None:
    with start(sqlite_url, workers=2) as client:
        ids = [post(client, toy, "work_until_stopped") for _ in range(2)]
        until(lambda: all(has_found_something(client, run_id) for run_id in ids))
        for run_id in ids:
            client.delete(f"/v1/runs/{run_id}")
        assert {run(client, run_id)["status"] for run_id in ids} == {"dismissed"}


@pytest.fixture
def api(postgresql_url: str) -> Iterator[TestClient]:
    with api_of(postgresql_url) as client:
        yield client


def test_a_dead_workers_run_goes_to_another(api: TestClient, postgresql_url: str, toy: Toy) -> None:
    with workers(postgresql_url, 3) as there:
        run_id = post(api, toy, "work_until_stopped")
        until(lambda: holder(postgresql_url, run_id))
        first = holder(postgresql_url, run_id)
        assert first is not None
        there[first].kill()
        until(lambda: holder(postgresql_url, run_id) not in (None, first), seconds=15)
        counted = rows(postgresql_url, "SELECT attempt, losses FROM run")
        assert counted == [(2, 1)], "one other took it, once"
        asked = time.monotonic()
        assert api.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"
        assert time.monotonic() - asked < 5
        assert api.get(f"/v1/runs/{run_id}/plan").json()["outcome"] == "dismissed"


def test_a_frozen_workers_run_goes_to_another_and_what_it_says_later_is_not_heard(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as there:
        run_id = post(api, toy, "work_until_stopped")
        until(lambda: holder(postgresql_url, run_id))
        first = holder(postgresql_url, run_id)
        assert first is not None
        (child,) = psutil.Process(first).children()
        there[first].send_signal(signal.SIGSTOP)
        until(lambda: holder(postgresql_url, run_id) not in (None, first), seconds=15)
        there[first].send_signal(signal.SIGCONT)
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
        assert holder(postgresql_url, run_id) not in (None, first)
        until(lambda: len(rows(postgresql_url, "SELECT pid FROM worker")) == 2)
        assert api.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"
        assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [(2, 1)]
        again = post(api, toy, "answer")
        until(lambda: run(api, again)["status"] == "successful")


def test_a_worker_that_is_asked_to_end_hands_its_run_to_another(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as there:
        run_id = post(api, toy, "work_until_stopped")
        until(lambda: holder(postgresql_url, run_id))
        first = holder(postgresql_url, run_id)
        assert first is not None
        there[first].terminate()
        assert there[first].wait(timeout=6) == 0
        until(lambda: holder(postgresql_url, run_id) not in (None, first))
        assert rows(postgresql_url, "SELECT losses FROM run") == [(0,)]


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_second_process_on_the_same_file_is_told_why_not(
    sqlite_client: TestClient, sqlite_url: str, name: str
) -> None:
    assert "PostgreSQL" in refusal(sqlite_url, name, port=0)


def test_a_port_that_is_taken_is_told(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port" in refusal(sqlite_url, "serve", port=taken.getsockname()[1])


def test_a_database_that_is_not_there_is_told() -> None:
    told = refusal("postgresql://nobody:secret@127.0.0.1:9/none", "worker")
    assert "FLERKJERNE_DATABASE_URL" in told
    assert "secret" not in told
