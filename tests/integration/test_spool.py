"""A result that the database cannot take waits, outlives its process, and is written once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.db import Database, migrate
from app.jobs import patience
from app.jobs.child import Limits
from app.jobs.execution import Executor
from app.jobs.queue import DurableQueue, GivenBack
from app.jobs.spool import Spool, Spooled
from app.jobs.watch import Watch
from app.repositories.runs import RunRepository
from app.services.parts import Parts
from app.services.work import TimeLimits, Work
from models import Packed, RunRow, RunStatus
from tests.integration.test_job_queue import a_run


class Away(Work):
    """Of a database that is there until a solve has ended, and then so many times is not."""

    absences = 0

    def succeed(self, *arguments: Any) -> None:
        if self.absences:
            self.absences -= 1
            raise OperationalError("COMMIT", None, Exception("the server is gone"))
        super().succeed(*arguments)


class Worker:
    """One worker without its queue and its watch's thread."""

    def __init__(self, database: Database, folder: Path, name: str) -> None:
        self.stopping = threading.Event()
        self.work = Away(database, 1000, TimeLimits(1000, 1000))
        self.spool = Spool(folder / "spool")
        parts, queue = Parts(database, 1000, 1000), DurableQueue(database, name, 1)
        watch = Watch(
            database,
            self.work,
            parts,
            queue,
            name,
            dead_after_s=10,
            retention_days=None,
        )
        limits = Limits(folder=folder)
        self.execute = Executor(
            self.work, parts, queue, watch, self.spool, name, limits, self.stopping
        )


@pytest.fixture
def database(
    sqlite_url: str, fake_child: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    monkeypatch.setattr(patience, "RETRY_S", 0.05)
    migrate(sqlite_url)
    database = Database(sqlite_url)
    row = a_run("a")
    row.scenario = Packed.of('{"title": "answer"}')
    with database.writing() as session:
        RunRepository(session).add(row)
    yield database
    database.dispose()


@pytest.fixture
def stopped(database: Database, tmp_path: Path) -> Worker:
    """A worker that solved the run and was asked to stop while the database was away."""
    worker = Worker(database, tmp_path, "me")
    worker.work.absences = 1000
    put = worker.spool.put

    def put_and_stop(spooled: Spooled) -> None:
        put(spooled)
        worker.stopping.set()

    worker.spool.put = put_and_stop  # type: ignore[method-assign]
    with pytest.raises(GivenBack):
        worker.execute("a")
    return worker


def run(database: Database) -> RunRow:
    with database.reading() as session:
        row = RunRepository(session).get("a", RunRow.result)
        assert row is not None
        return row


def test_it_is_written_when_the_database_is_back(database: Database, tmp_path: Path) -> None:
    worker = Worker(database, tmp_path, "me")
    worker.work.absences = 3
    worker.execute("a")
    assert run(database).status == RunStatus.SUCCESSFUL
    assert list(worker.spool.left()) == []


def test_it_outlives_the_process(database: Database, stopped: Worker, tmp_path: Path) -> None:
    (spooled,) = stopped.spool.left()
    assert run(database).status == RunStatus.RUNNING
    next_one = Worker(database, tmp_path, "next")
    next_one.execute.hand_over_spooled()
    row = run(database)
    assert (row.status, row.outcome, row.attempt) == ("successful", "optimal", 1)
    assert row.result is not None
    assert row.result.encode() == spooled.result.document
    assert list(next_one.spool.left()) == []


def test_it_comes_too_late(database: Database, stopped: Worker, tmp_path: Path) -> None:
    stopped.work.lose(["a"])
    other = stopped.work.take("a", "other")
    assert other is not None
    next_one = Worker(database, tmp_path, "next")
    next_one.execute.hand_over_spooled()
    assert (run(database).status, run(database).attempt) == ("running", other.hold.attempt)
    assert list(next_one.spool.left()) == []
