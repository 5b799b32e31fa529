"""A run and its place in the queue: both or neither."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.callers import DEFAULT_TENANT
from app.db import Database, migrate
from app.jobs.queue import DurableQueue
from app.repositories.runs import RunRepository
from app.services.work import TimeLimits, Work
from models import Packed, RunRow, RunStatus


@pytest.fixture
def database(database_url: str) -> Database:
    migrate(database_url)
    return Database(database_url)


@pytest.fixture
def queue(database: Database) -> DurableQueue:
    queue = DurableQueue(database, "me", workers=1)
    queue.migrate()
    return queue


def a_run(run_id: str) -> RunRow:
    return RunRow(
        id=run_id,
        tenant=DEFAULT_TENANT,
        kind="solve",
        status=RunStatus.ACCEPTED,
        priority="normal",
        options={"time_limit_s": 1, "mip_gap": 0.1, "threads": 1},
        parameters={},
        scenario=Packed.of("{}"),
        scenario_hash="",
        created=datetime.now(UTC),
    )


def store(database: Database, queue: DurableQueue, row: RunRow) -> None:
    with database.writing() as session:
        queue.enqueue(session, [row])
        RunRepository(session).add(row)


def stored(database: Database, run_id: str) -> Any:
    with database.reading() as session:
        return RunRepository(session).get(run_id)


def test_both_are_there(database: Database, queue: DurableQueue) -> None:
    store(database, queue, a_run("a"))
    assert queue.known(["a", "b"]) == {"a"}
    assert stored(database, "a") is not None


def test_neither_is_there(database: Database, queue: DurableQueue) -> None:
    unstorable = a_run("a")
    unstorable.status = RunStatus.FAILED  # and no error: the table refuses it
    with pytest.raises(IntegrityError):
        store(database, queue, unstorable)
    assert queue.known(["a"]) == set()
    assert stored(database, "a") is None


def test_what_is_queued_twice_is_queued_once(database: Database, queue: DurableQueue) -> None:
    store(database, queue, a_run("a"))
    with database.writing() as session:
        queue.enqueue(session, [a_run("a")])
    assert queue.known(["a"]) == {"a"}


def test_a_run_that_the_queue_has_not_heard_of_is_queued(
    database: Database, queue: DurableQueue
) -> None:
    """As after an upgrade from a version without the queue."""
    ended = a_run("ended")
    ended.status, ended.outcome, ended.ended = RunStatus.DISMISSED, "dismissed", ended.created
    with database.writing() as session:
        RunRepository(session).add(a_run("old"))
        RunRepository(session).add(ended)
    store(database, queue, a_run("new"))
    work = Work(database, memory_limit_mb=1000, limits=TimeLimits(1000, 1000))
    work.requeue(queue.enqueue, queue.known)
    work.requeue(queue.enqueue, queue.known)
    assert queue.known(["old", "new", "ended"]) == {"old", "new"}
