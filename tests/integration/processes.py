"""The service in processes of its own, to be killed, frozen and asked to end."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.db import Database, make_engine, migrate
from app.jobs.queue import DurableQueue
from app.main import create_app
from app.settings import Settings
from tests.local_client import local_client

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
def process(
    url: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process of its own, killed at the end."""
    asked = command(url, *arguments, **settings)
    asked["env"] = {**asked["env"], **(environment or {})}
    with subprocess.Popen(**asked, stdout=subprocess.DEVNULL) as started:
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def server(
    url: str, port: int | None = None, **settings: Any
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """API and worker, on a port that is free unless one is named."""
    port = free_port() if port is None else port
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


def workflows(url: str) -> dict[str, str]:
    """What the queue knows: the status of each run and call for help, by its id."""
    schema = "" if url.startswith("sqlite") else "dbos."
    return dict(_fetched(url, f"SELECT workflow_uuid, status FROM {schema}workflow_status"))


def nothing_is_left(url: str) -> bool:
    """Whether no part, claim on one, run or call for help waits or is under way."""
    open_still = {"ENQUEUED", "PENDING"} & set(workflows(url).values())
    return not open_still and not _fetched(url, "SELECT id, claim FROM part")


def _fetched(url: str, query: str) -> list[Any]:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def holder(url: str, run_id: str) -> int | None:
    """Process id of the worker that solves a run."""
    found = rows(
        url,
        "SELECT pid FROM worker JOIN run ON worker.id = worker_id"
        " WHERE run.id = %s AND status = 'running' AND progress_incumbent_nok IS NOT NULL",
        run_id,
    )
    return found[0][0] if found else None


def migrated(url: str) -> None:
    """Tables and queue, as a worker makes them when it starts."""
    migrate(url)
    database = Database(url)
    DurableQueue(database, "nobody", 1).migrate()
    database.dispose()


@contextmanager
def api_of(url: str) -> Iterator[TestClient]:
    """The API of a database whose workers are elsewhere."""
    migrated(url)
    app = create_app(Settings(database_url=url))
    yield local_client(app)
    app.state.services.database.dispose()
