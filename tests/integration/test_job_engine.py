"""Runs outlive the process that solves them, and the database's absences."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from fastapi.testclient import TestClient

from app.db import Database, migrate
from app.jobs.queue import DurableQueue
from app.main import create_app
from app.settings import Settings

Toy = dict[str, Any]

COMMAND = """
import sys
from app import cli
from app.jobs import child

child.COMMAND = (sys.executable, sys.argv[1])
sys.exit(cli.main(sys.argv[2:]))
"""
FAKE = Path(__file__).with_name("fake_child.py")
DEAD_AFTER_S = 3


def command(url: str, *arguments: str, **settings: Any) -> dict[str, Any]:
    """How to start a command with the fake child, for subprocess."""
    named = {f"FLERKJERNE_{name.upper()}": str(value) for name, value in settings.items()}
    return {
        "args": [sys.executable, "-c", COMMAND, str(FAKE), *arguments],
        "env": {**os.environ, "FLERKJERNE_DATABASE_URL": url, **named},
    }


@contextmanager
def process(url: str, *arguments: str, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process of its own, killed at the end."""
    with subprocess.Popen(**command(url, *arguments, **settings)) as started:
        try:
            yield started
        finally:
            started.kill()


def refusal(url: str, *arguments: str, **settings: Any) -> str:
    """The one line in which a command says why it does not start."""
    ended = subprocess.run(
        **command(url, *arguments, **settings), capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    return line


@contextmanager
def server(url: str, **settings: Any) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """API and worker."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        process(url, "serve", "--port", str(port), **settings) as started,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        until(lambda: answers(client))
        yield started, client


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def until(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
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


@contextmanager
def workers(url: str, number: int) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """Workers without API on PostgreSQL, by process id, once all are seen."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(process(url, "worker", heartbeat_timeout_s=DEAD_AFTER_S))
            for _ in range(number)
        ]
        until(lambda: len(rows(url, "SELECT pid FROM worker")) == number)
        yield {one.pid: one for one in started}


def rows(url: str, query: str, *values: Any) -> list[Any]:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute(query, values).fetchall()
    except psycopg.errors.UndefinedTable:
        return []


def holder(url: str, run_id: str) -> int | None:
    """Process id of the worker that solves a run."""
    found = rows(
        url,
        "SELECT pid FROM worker JOIN run ON worker.id = worker_id"
        " WHERE run.id = %s AND status = 'running' AND progress_incumbent_nok IS NOT NULL",
        run_id,
    )
    return found[0][0] if found else None


@pytest.fixture
def api(postgresql_url: str) -> TestClient:
    """The API of a database whose workers are elsewhere."""
    migrate(postgresql_url)
    DurableQueue(Database(postgresql_url), "nobody", 1).migrate()
    return TestClient(create_app(Settings(database_url=postgresql_url)))


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
