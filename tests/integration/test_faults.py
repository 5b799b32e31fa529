"""What the machine does to the service: a full disk, a clock that jumps, a database that restarts,
an answer that is lost on the way. Which fault is tested where: docs/reliability.md.
"""

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.jobs import execution, patience

from .conftest import StartClient
from .killloop import Postgres
from .lossy_proxy import LossyProxy
from .processes import (
    DEAD_AFTER_S,
    api_of,
    has_found_something,
    holder,
    post,
    process,
    rows,
    run,
    server,
    until,
    workers,
)

Toy = dict[str, Any]
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
assert FAKETIME or not os.environ.get("FLERKJERNE_CI"), "faketime is missing: see .ci/faketime"
needs_faketime = pytest.mark.skipif(
    FAKETIME is None, reason="needs faketime, of the system's packages"
)


@contextmanager
def nothing_can_be_written(pid: int) -> Iterator[None]:
    """No file of this process can grow, as on a full disk."""
    served = psutil.Process(pid)
    before = served.rlimit(psutil.RLIMIT_FSIZE)
    served.rlimit(psutil.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        served.rlimit(psutil.RLIMIT_FSIZE, before)


def test_with_a_full_disk_reads_work_and_afterwards_everything(sqlite_url: str, toy: Toy) -> None:
    with server(sqlite_url) as (served, client):
        under_way = post(client, toy, "work_a_while")
        until(lambda: has_found_something(client, under_way))
        waiting = post(client, toy, "answer")
        with nothing_can_be_written(served.pid):
            for _ in range(5):
                refused = client.post("/v1/runs", json={"scenario": toy})
                assert refused.status_code == 503
                assert refused.headers["retry-after"]
                assert client.get(f"/v1/runs/{under_way}").status_code == 200
                assert client.get("/healthz").status_code == 200
                time.sleep(0.5)
        later = post(client, toy, "answer")
        for run_id in (under_way, waiting, later):
            until(lambda run_id=run_id: run(client, run_id)["status"] == "successful")
        assert len(client.get("/v1/runs").json()["items"]) == 3


def test_a_run_waits_for_room_in_the_job_folder(
    start: StartClient,
    sqlite_url: str,
    fake_child: None,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solve, refusals = execution.run_in_child, [errno.ENOSPC] * 3

    def solve_when_there_is_room(*arguments: Any, **named: Any) -> Any:
        if refusals:
            raise OSError(refusals.pop(), "no room")
        return solve(*arguments, **named)

    monkeypatch.setattr(execution, "run_in_child", solve_when_there_is_room)
    monkeypatch.setattr(patience, "RETRY_S", 0.1)
    with start(sqlite_url) as client:
        run_id = post(client, toy, "answer")
        until(lambda: run(client, run_id)["status"] == "successful")
        assert refusals == []


def test_a_result_waits_for_room_in_the_spool(
    start: StartClient,
    sqlite_url: str,
    fake_child: None,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database is away and the disk is full: it is written when the database is back."""
    succeed, absences = execution.Work.succeed, [1]

    def succeed_when_it_is_back(*arguments: Any) -> None:
        if absences:
            absences.pop()
            raise execution.DATABASE_AWAY[0]("COMMIT", None, Exception("gone"))
        succeed(*arguments)

    def full(*_arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(execution.Work, "succeed", succeed_when_it_is_back)
    monkeypatch.setattr(execution.Spool, "put", full)
    monkeypatch.setattr(patience, "RETRY_S", 0.1)
    with start(sqlite_url) as client:
        run_id = post(client, toy, "answer")
        until(lambda: run(client, run_id)["status"] == "successful")
        assert absences == []


def with_clock(faketime: dict[str, str]) -> dict[str, str]:
    """Environment of a process whose wall clock is not the machine's; its monotonic one is."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME_DONT_FAKE_MONOTONIC": "1", **faketime}


@contextmanager
def worker_with_another_clock(url: str, shift: str) -> Iterator[int]:
    """Its process id, once it is seen."""
    there = len(rows(url, "SELECT pid FROM worker"))
    environment = with_clock({"FAKETIME": shift})
    with process(
        url, "worker", heartbeat_timeout_s=DEAD_AFTER_S, environment=environment
    ) as started:
        until(lambda: len(rows(url, "SELECT pid FROM worker")) == there + 1)
        yield started.pid


@needs_faketime
@pytest.mark.parametrize("shift", ["+1d", pytest.param("-1d", marks=pytest.mark.slow)])
def test_a_wrong_clock_neither_takes_nor_keeps_runs(
    postgresql_url: str, toy: Toy, shift: str
) -> None:
    with (
        api_of(postgresql_url) as api,
        workers(postgresql_url, 1) as right,
    ):
        run_id = post(api, toy, "work_until_stopped")
        until(lambda: holder(postgresql_url, run_id))
        with worker_with_another_clock(postgresql_url, shift) as wrong:
            time.sleep(2 * DEAD_AFTER_S)
            assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [(1, 0)]
            (living,) = right.values()
            living.kill()
            until(lambda: holder(postgresql_url, run_id) == wrong, seconds=15)
            time.sleep(DEAD_AFTER_S)
            assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [(2, 1)]
            assert api.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"


@needs_faketime
@pytest.mark.parametrize("shift", [pytest.param("+20h", marks=pytest.mark.slow), "-1d"])
def test_a_clock_that_jumps_ends_no_run(
    sqlite_url: str, toy: Toy, tmp_path: Path, shift: str
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = with_clock({"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"})
    with server(sqlite_url, environment=environment) as (_, client):
        under_way = post(client, toy, "work_until_stopped")
        until(lambda: has_found_something(client, under_way))
        waiting = post(client, toy, "answer")
        clock.write_text(shift)
        time.sleep(2 * DEAD_AFTER_S)
        assert run(client, under_way)["status"] == "running"
        assert run(client, waiting)["status"] == "accepted"
        now = datetime.fromisoformat(run(client, post(client, toy, "answer"))["created"])
        assert abs(now - datetime.now(UTC)) > timedelta(hours=10), "the clock did not jump"
        assert client.delete(f"/v1/runs/{under_way}").json()["status"] == "dismissed"
        until(lambda: run(client, waiting)["status"] == "successful")


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server of one's own, to be stopped."""
    with tempfile.TemporaryDirectory(prefix="flerkjerne-pg-", ignore_cleanup_errors=True) as name:
        started = Postgres(name)
        yield started
        started.end()


def test_a_database_that_restarts_is_503_at_most(postgres: Postgres, toy: Toy) -> None:
    """Connections that were kept are found to be dead before a request meets them."""
    with server(postgres.url) as (_, client):
        run_id = post(client, toy, "answer")
        with ThreadPoolExecutor(10) as pool:
            for _ in range(2):
                list(pool.map(lambda _: client.get("/v1/runs"), range(20)))  # the pool is full
                postgres.stop_at_once(0)
                told = list(pool.map(lambda _: client.get("/v1/runs"), range(20)))
                assert {answer.status_code for answer in told} <= {200, 503}
                assert all("retry-after" in one.headers for one in told if one.status_code == 503)
                until(lambda: client.get(f"/v1/runs/{run_id}").status_code == 200, seconds=10)
                again = list(pool.map(lambda _: client.get("/v1/runs"), range(20)))
                assert {answer.status_code for answer in again} == {200}


def test_commits_whose_answers_are_lost_on_the_way_happen_once(
    start: StartClient, postgresql_url: str, fake_child: None, toy: Toy
) -> None:
    """Whichever COMMIT of taking in, claiming, solving and ending it is."""
    with LossyProxy(postgresql_url) as proxy, start(proxy.url) as client:
        for number in range(12):
            proxy.lose_answer_to_commit(number % 6)
            headers = {"idempotency-key": f"key-{number}"}
            answers = []

            def accepted(headers: Toy = headers, answers: list[Any] = answers) -> bool:
                answers.append(client.post("/v1/runs", json={"scenario": toy}, headers=headers))
                assert answers[-1].status_code in (202, 503)
                return bool(answers[-1].status_code == 202)

            until(accepted)
            run_id = answers[-1].json()["id"]
            until(lambda run_id=run_id: status_of(client, run_id) == "successful", seconds=30)
        assert proxy.lost >= 10
        assert len(client.get("/v1/runs").json()["items"]) == 12
    counted = rows(postgresql_url, "SELECT count(*), min(losses), max(losses) FROM run")
    assert counted == [(12, 0, 0)]


def status_of(client: Any, run_id: str) -> str | None:
    answer = client.get(f"/v1/runs/{run_id}")
    assert answer.status_code in (200, 503)
    status: str | None = answer.json().get("status") if answer.status_code == 200 else None
    return status
