"""Migrations, transactions and locks on both databases."""

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest
from alembic.config import main as alembic
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from app.db import Database, checked_url, migrate, migrating
from app.errors import DatabaseInUse
from app.repositories.runs import Hold, RunRepository
from app.services.work import Work
from models import Base, RunRow, RunStatus
from solver.domain.result import Progress


def tables(url: str) -> set[str]:
    engine = create_engine(checked_url(url))
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_up_check_and_down(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator does it: in the checkout, with the address in the environment."""
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", database_url)
    alembic(["upgrade", "head"])
    assert tables(database_url) == {*Base.metadata.tables, "alembic_version"}
    alembic(["check"])
    alembic(["downgrade", "base"])
    assert tables(database_url) == {"alembic_version"}


def test_many_processes_migrate_at_once(database_url: str) -> None:
    command = [sys.executable, "-c", "import sys, app.db; app.db.migrate(sys.argv[1])"]
    processes = [subprocess.Popen([*command, database_url]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    database = Database(database_url)
    assert database.migrated()
    database.dispose()


def test_an_old_database_is_known_as_such(database_url: str) -> None:
    database = Database(database_url)
    assert not database.migrated()
    database.dispose()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from app.db import migrate

left = [int(sys.argv[2])]

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.lstrip().upper().startswith("CREATE"):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""


@pytest.mark.parametrize("statement", [1, 6])
def test_a_migration_that_is_killed_leaves_nothing(sqlite_url: str, statement: int) -> None:
    command = [sys.executable, "-c", KILLED, sqlite_url, str(statement)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert tables(sqlite_url) == set()
    migrate(sqlite_url)
    assert "run" in tables(sqlite_url)


def test_a_migration_may_rebuild_a_table_that_others_refer_to(sqlite_url: str) -> None:
    """With foreign keys on, dropping the old table would delete the rows that refer to it."""
    migrate(sqlite_url)
    with migrating(sqlite_url) as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 0
    with pytest.raises(RuntimeError), migrating(sqlite_url) as connection:
        connection.execute(
            text("INSERT INTO incumbent (run_id, seq, seconds, objective_nok) VALUES ('x',1,1,1)")
        )
    with migrating(sqlite_url) as connection:
        assert connection.scalar(text("SELECT count(*) FROM incumbent")) == 0


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="databasen"):
        checked_url(url)


@pytest.fixture
def database(database_url: str) -> Database:
    migrate(database_url)
    return Database(database_url)


def a_run(run_id: str, status: RunStatus = RunStatus.ACCEPTED) -> RunRow:
    return RunRow(
        id=run_id,
        kind="solve",
        status=status,
        options={"time_limit_s": 1, "mip_gap": 0.1, "threads": 1},
        parameters={},
        scenario="{}",
        scenario_hash="",
        created=datetime.now(UTC),
    )


def a_plan(outcome: str) -> bytes:
    figures = {"objective_nok": 9.0, "dual_bound_nok": 8.0, "mip_gap": 0.1}
    return json.dumps({"outcome": outcome, **figures}).encode()


def add(database: Database, *rows: RunRow) -> None:
    with database.writing() as session:
        for row in rows:
            RunRepository(session).add(row)


def run(database: Database, run_id: str) -> RunRow:
    with database.reading() as session:
        row = RunRepository(session).get(run_id, RunRow.result)
        assert row is not None
        return row


def test_one_server_at_a_time(database: Database) -> None:
    other = Database(database.url)
    with database.sole_server(), pytest.raises(DatabaseInUse), other.sole_server():
        pass
    with other.sole_server():
        pass


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        RunRepository(session).add_incumbent("nobody", Progress(1.0, 1.0, 1.0, 0.0))


def test_an_exception_takes_everything_back(database: Database) -> None:
    with pytest.raises(IntegrityError):
        add(database, a_run("a"), a_run("a"))
    with database.reading() as session:
        assert RunRepository(session).get("a") is None


def test_each_run_is_taken_once(database: Database) -> None:
    add(database, *(a_run(f"{n:02}") for n in range(40)))
    work = Work(database, memory_limit_mb=1000)

    def take_all(_: int) -> list[str]:
        return [job.hold.run_id for job in iter(work.take, None)]

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take_all, range(8)))
    assert sorted(chain(*taken)) == [f"{n:02}" for n in range(40)]


def test_writers_wait_for_each_other(database: Database) -> None:
    """Read, then write: without the write lock at the start, updates would be lost or refused."""
    add(database, a_run("a"))
    barrier = threading.Barrier(8)

    def count_up(_: int) -> None:
        barrier.wait()
        for _ in range(10):
            with database.writing() as session:
                row = session.get_one(RunRow, "a", with_for_update=True)
                row.attempt += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(8)))
    assert run(database, "a").attempt == 80


def test_an_ended_run_never_changes(database: Database) -> None:
    work = Work(database, memory_limit_mb=1000)
    add(database, a_run("a"))
    job = work.take()
    assert job is not None
    work.succeed(job.hold, a_plan("optimal"), 1.0)
    work.succeed(job.hold, a_plan("feasible"), 2.0)
    work.fail(job.hold, "solver_crashed", "", 2.0)
    work.release(job.hold, 2.0)
    work.report(job.hold, Progress(9.0, 9.0, 9.0, 9.0), new_incumbent=True)
    work.take_up_orphans()
    with database.writing() as session:
        repository = RunRepository(session)
        assert not repository.dismiss("a", list(RunStatus)[:2], datetime.now(UTC))
        assert not repository.request_cancel("a")
        assert not repository.incumbents("a", 0, 10)
    row = run(database, "a")
    assert (row.status, row.outcome, row.seconds) == ("successful", "optimal", 1.0)
    assert row.result == a_plan("optimal").decode()
    assert (row.progress_incumbent_nok, row.progress_bound_nok) == (9.0, 8.0)


def test_a_worker_that_lost_its_run_writes_nothing(database: Database) -> None:
    work = Work(database, memory_limit_mb=1000)
    add(database, a_run("a"))
    first = work.take()
    work.take_up_orphans()
    second = work.take()
    assert first is not None
    assert second is not None
    assert (first.hold, second.hold) == (Hold("a", 1), Hold("a", 2))
    work.succeed(first.hold, a_plan("feasible"), 1.0)
    assert run(database, "a").status == "running"
    work.succeed(second.hold, a_plan("optimal"), 1.0)
    assert run(database, "a").outcome == "optimal"


def test_what_a_dead_process_left_is_settled(database: Database) -> None:
    new, tried, unwanted = (a_run(name) for name in ("new", "tried", "unwanted"))
    add(database, new, tried, unwanted)
    work = Work(database, memory_limit_mb=1000)
    for _ in range(3):
        work.take()
    with database.writing() as session:
        session.get_one(RunRow, "tried").attempt = 2
        assert RunRepository(session).request_cancel("unwanted")
    work.take_up_orphans()
    assert run(database, "new").status == "accepted"
    assert run(database, "tried").error_code == "interrupted"
    assert run(database, "unwanted").status == "dismissed"


def test_a_released_run_is_as_before(database: Database) -> None:
    work = Work(database, memory_limit_mb=1000)
    add(database, a_run("a"))
    job = work.take()
    assert job is not None
    work.release(job.hold, 1.0)
    row = run(database, "a")
    assert (row.status, row.attempt, row.started) == ("accepted", 0, None)


@pytest.mark.parametrize("end", ["succeed", "fail", "release"])
def test_a_wish_to_stop_prevails(database: Database, end: str) -> None:
    work = Work(database, memory_limit_mb=1000)
    add(database, a_run("a"))
    job = work.take()
    assert job is not None
    with database.writing() as session:
        RunRepository(session).request_cancel("a")
    if end == "succeed":
        work.succeed(job.hold, a_plan("dismissed"), 1.0)
    elif end == "fail":
        work.fail(job.hold, "dismissed", "", 1.0)
    else:
        work.release(job.hold, 1.0)
    row = run(database, "a")
    assert (row.status, row.outcome) == ("dismissed", "dismissed")
    assert (row.result is not None) == (end == "succeed")


def test_times_come_back_in_utc(database: Database) -> None:
    before = datetime.now(UTC)
    add(database, a_run("a"))
    created = run(database, "a").created
    assert created.tzinfo is not None
    assert created.utcoffset() == before.utcoffset()
    assert before <= created <= datetime.now(UTC)
