"""Runs outlive the process that solves them, and the database's absences."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from fastapi.testclient import TestClient

Toy = dict[str, Any]

SERVER = """
import sys
from app.jobs import child
from app.main import serve
from app.settings import Settings

child.COMMAND = (sys.executable, sys.argv[1])
serve(Settings())
"""


@contextmanager
def server(url: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server in a process of its own, with the fake child."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"FLERKJERNE_DATABASE_URL": url, "FLERKJERNE_PORT": str(port)}
    fake = Path(__file__).with_name("fake_child.py")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(fake)], env={**os.environ, **settings}
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            until(lambda: answers(client))
            yield process, client
    finally:
        process.kill()
        process.wait()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def post(client: Any, toy: Toy, title: str) -> str:
    answer = client.post("/v1/runs", json={"scenario": {**toy, "title": title}})
    assert answer.status_code == 202
    run_id: str = answer.json()["id"]
    return run_id


def run(client: Any, run_id: str) -> Toy:
    resource: Toy = client.get(f"/v1/runs/{run_id}").json()
    return resource


def has_found_something(client: Any, run_id: str) -> bool:
    return run(client, run_id)["progress"]["incumbent_nok"] is not None


def test_a_killed_server_takes_its_run_up_again(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (process, client):
        run_id = post(client, toy, "hang")
        until(lambda: has_found_something(client, run_id))
        waiting = post(client, toy, "answer")
        started = run(client, run_id)["started"]
        (solver,) = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
    until(lambda: not solver.is_running() or solver.status() == psutil.STATUS_ZOMBIE)
    with server(sqlite_url) as (process, client):
        until(lambda: run(client, run_id)["started"] not in (None, started))
        assert client.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"
        until(lambda: run(client, waiting)["status"] == "successful")


def test_a_server_that_is_asked_to_end_gives_its_run_back(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (process, client):
        run_id = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, run_id))
        asked = time.monotonic()
        process.terminate()
        process.wait(timeout=10)
        assert time.monotonic() - asked < 6
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT id, status, attempt FROM run").fetchall()
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


def test_a_second_server_on_the_same_database_is_refused(
    start: Any, database_url: str, client: TestClient
) -> None:
    with pytest.raises(Exception, match="database_in_use"), start(database_url):
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
