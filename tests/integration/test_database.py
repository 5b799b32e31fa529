"""Migrations, transactions and locks on both databases."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.config import main as alembic
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.callers import DEFAULT_TENANT
from app.db import Database, checked_url, migrate, migrating
from app.errors import DatabaseInUse
from app.repositories.runs import Hold, RunRepository
from app.services.work import Job, TimeLimits, Work
from app.services.workers import Workers
from models import Base, Packed, RunRow, RunStatus
from solver.domain.result import Progress, SolveOptions


def tables(url: str) -> set[str]:
    engine = create_engine(checked_url(url))
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_up_check_and_down(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator does it: in the checkout, with the address in the environment."""
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", empty_database_url)
    alembic(["upgrade", "head"])
    assert tables(empty_database_url) == {*Base.metadata.tables, "alembic_version"}
    alembic(["check"])
    alembic(["downgrade", "base"])
    assert tables(empty_database_url) == {"alembic_version"}


def test_many_processes_migrate_at_once(empty_database_url: str) -> None:
    command = [sys.executable, "-c", "import sys, app.db; app.db.migrate(sys.argv[1])"]
    processes = [subprocess.Popen([*command, empty_database_url]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    database = Database(empty_database_url)
    assert database.migrated()
    database.dispose()


def test_an_old_database_is_known_as_such(empty_database_url: str) -> None:
    database = Database(empty_database_url)
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
def test_a_migration_that_is_killed_leaves_nothing(empty_sqlite_url: str, statement: int) -> None:
    command = [sys.executable, "-c", KILLED, empty_sqlite_url, str(statement)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert tables(empty_sqlite_url) == set()
    migrate(empty_sqlite_url)
    assert "run" in tables(empty_sqlite_url)


def test_a_migration_may_rebuild_a_table_that_others_refer_to(empty_sqlite_url: str) -> None:
    """With foreign keys on, dropping the old table would delete the rows that refer to it."""
    migrate(empty_sqlite_url)
    with migrating(empty_sqlite_url) as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 0
    with pytest.raises(RuntimeError), migrating(empty_sqlite_url) as connection:
        connection.execute(
            text("INSERT INTO incumbent (run_id, seq, seconds, objective_nok) VALUES ('x',1,1,1)")
        )
    with migrating(empty_sqlite_url) as connection:
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
        tenant=DEFAULT_TENANT,
        kind="solve",
        status=status,
        options={"time_limit_s": 1, "mip_gap": 0.1, "threads": 1},
        parameters={},
        scenario=Packed.of("{}"),
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


def test_one_process_at_a_time_writes_to_a_sqlite_file(sqlite_url: str) -> None:
    one, other = Database(sqlite_url), Database(sqlite_url)
    with one.serving(), pytest.raises(DatabaseInUse, match="PostgreSQL"), other.serving():
        pass
    with other.serving():
        pass


def test_many_processes_write_to_postgresql(postgresql_url: str) -> None:
    one, other = Database(postgresql_url), Database(postgresql_url)
    with one.serving(), other.serving():
        pass


def test_one_process_at_a_time_tidies_up(postgresql_url: str) -> None:
    one, other = Database(postgresql_url), Database(postgresql_url)
    with one.housekeeping() as first, other.housekeeping() as second:
        assert (first, second) == (True, False)
    with other.housekeeping() as ours:
        assert ours


def test_sqlite_tells_the_time_in_parts_of_a_second(sqlite_url: str) -> None:
    """An old one too: the queue asks for it under Python 3.12."""
    with Database(sqlite_url).reading() as session:
        told = session.scalars(text("SELECT unixepoch('subsec')")).one()
    assert told == pytest.approx(time.time(), abs=5)
    assert told != int(told)


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        RunRepository(session).add_incumbent("nobody", Progress(1.0, 1.0, 1.0, 0.0))


def test_an_exception_takes_everything_back(database: Database) -> None:
    with pytest.raises(IntegrityError):
        add(database, a_run("a"), a_run("a"))
    with database.reading() as session:
        assert RunRepository(session).get("a") is None


def worked_on(database: Database, queue_s: float = 1000, total_s: float = 1000) -> Work:
    return Work(database, memory_limit_mb=1000, limits=TimeLimits(queue_s, total_s))


def taken(work: Work, run_id: str, worker_id: str = "me") -> Job:
    job = work.take(run_id, worker_id)
    assert job is not None
    return job


def test_a_run_has_one_worker(database: Database) -> None:
    """The queue gives it to one; should it ever give it to many, the last is who may write."""
    add(database, a_run("a"))
    work = worked_on(database)
    barrier = threading.Barrier(2)

    def take(worker_id: str) -> Job:
        barrier.wait()
        return taken(work, "a", worker_id)

    with ThreadPoolExecutor(2) as pool:
        holds = {job.hold for job in pool.map(take, ["me", "you"])}
    assert holds == {Hold("a", 1), Hold("a", 2)}
    work.fail(Hold("a", 1), "solver_crashed", "", 1.0)
    assert run(database, "a").status == "running"


def test_taking_again_after_an_unknown_commit_is_the_same_hold(database: Database) -> None:
    add(database, a_run("a"))
    work = worked_on(database)
    assert taken(work, "a").hold == taken(work, "a").hold == Hold("a", 1)
    assert run(database, "a").losses == 0


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
    work = worked_on(database, queue_s=0, total_s=0)
    add(database, a_run("a"))
    job = taken(work, "a")
    work.succeed(job.hold, a_plan("optimal"), 1.0)
    work.succeed(job.hold, a_plan("feasible"), 2.0)
    work.fail(job.hold, "solver_crashed", "", 2.0)
    assert work.crash(job, "solver_crashed", "", 2.0) is None
    work.release(job.hold, 2.0)
    work.report(job.hold, Progress(9.0, 9.0, 9.0, 9.0), new_incumbent=True)
    work.lose(["a"])
    work.expire()
    assert work.take("a", "me") is None
    with database.writing() as session:
        repository = RunRepository(session)
        assert not repository.dismiss("a", list(RunStatus)[:2], datetime.now(UTC))
        assert not repository.request_cancel("a")
        assert not repository.incumbents("a", 0, 10)
    row = run(database, "a")
    assert (row.status, row.outcome, row.seconds) == ("successful", "optimal", 1.0)
    assert row.result == a_plan("optimal").decode()
    assert (row.progress_incumbent_nok, row.progress_bound_nok) == (9.0, 8.0)
    assert (row.attempt, row.losses, row.crashes) == (1, 0, 0)


@pytest.mark.parametrize("change", ["status = 'running', ended = NULL", "seconds = 2"])
def test_the_database_itself_keeps_ended_runs_as_they_are(database: Database, change: str) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    add(database, a_run("b"))
    work.succeed(taken(work, "a").hold, a_plan("optimal"), 1.0)
    with pytest.raises(DatabaseError, match="never changes"), database.writing() as session:
        session.execute(text(f"UPDATE run SET {change}"))
    with database.writing() as session:
        session.execute(text("UPDATE run SET losses = 1 WHERE id = 'b'"))
        session.execute(text("DELETE FROM run WHERE id = 'a'"))


def test_a_worker_that_lost_its_run_writes_nothing(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    first = taken(work, "a", "frozen")
    work.lose(["a"])
    second = taken(work, "a", "other")
    assert (first.hold, second.hold) == (Hold("a", 1), Hold("a", 2))
    work.succeed(first.hold, a_plan("feasible"), 1.0)
    work.release(first.hold, 1.0)
    assert work.crash(first, "solver_crashed", "", 1.0) is None
    assert work.held_by("frozen") == {}
    assert work.held_by("other") == {second.hold: False}
    work.succeed(second.hold, a_plan("optimal"), 1.0)
    assert run(database, "a").outcome == "optimal"
    assert run(database, "a").crashes == 0


def test_a_run_outlives_two_workers_and_not_three(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    for losses in (1, 2):
        taken(work, "a", f"worker {losses}")
        work.lose(["a"])
        row = run(database, "a")
        assert (row.status, row.worker_id, row.losses) == ("accepted", None, losses)
    taken(work, "a", "worker 3")
    work.lose(["a"])
    assert (run(database, "a").status, run(database, "a").error_code) == ("failed", "interrupted")


def test_a_lost_run_that_is_not_wanted_is_dismissed(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    taken(work, "a")
    with database.writing() as session:
        assert RunRepository(session).request_cancel("a")
    work.lose(["a"])
    assert run(database, "a").status == "dismissed"


def test_a_second_crash_is_the_last(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    first = replace(taken(work, "a"), options=SolveOptions(threads=4))
    for _ in range(2):  # as after an unknown commit
        again = work.crash(first, "solver_crashed", "Stanset.", 1.0)
    assert again is not None
    assert (again.hold, again.crashes, again.options.threads) == (first.hold, 1, 1)
    assert run(database, "a").status == "running"
    assert work.crash(again, "solver_killed", "Stanset.", 1.0) is None
    row = run(database, "a")
    assert (row.status, row.error_code, row.crashes) == ("failed", "solver_killed", 2)


def test_crashes_are_remembered_when_the_worker_dies_too(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    work.crash(taken(work, "a"), "solver_crashed", "", 1.0)
    work.lose(["a"])
    job = taken(work, "a", "other")
    assert (job.crashes, job.options.threads) == (1, 1)


def test_what_nobody_begins_in_time_is_failed(database: Database) -> None:
    old, tried, new = (a_run(name) for name in ("old", "tried", "new"))
    for row in (old, tried):
        row.created -= timedelta(hours=1)
    add(database, old, tried, new)
    work = worked_on(database, queue_s=600, total_s=7200)
    work.release(taken(work, "tried").hold, 1.0)
    work.expire()
    assert run(database, "old").error_code == "queue_time_exceeded"
    assert [run(database, name).status for name in ("tried", "new")] == ["accepted"] * 2
    worked_on(database, queue_s=600, total_s=1800).expire()
    assert run(database, "tried").error_code == "time_exceeded"


def test_time_in_all_counts_from_posting(database: Database) -> None:
    row = a_run("a")
    row.created -= timedelta(seconds=600)
    add(database, row)
    assert taken(worked_on(database, total_s=1000), "a").seconds_left == pytest.approx(400, abs=30)


def test_a_released_run_is_as_before(database: Database) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    work.release(taken(work, "a").hold, 1.0)
    row = run(database, "a")
    assert (row.status, row.losses, row.started, row.worker_id) == ("accepted", 0, None, None)


@pytest.mark.parametrize("end", ["succeed", "fail", "crash", "release"])
def test_a_wish_to_stop_prevails(database: Database, end: str) -> None:
    work = worked_on(database)
    add(database, a_run("a"))
    job = taken(work, "a")
    with database.writing() as session:
        RunRepository(session).request_cancel("a")
    assert work.held_by("me") == {job.hold: True}
    if end == "succeed":
        work.succeed(job.hold, a_plan("dismissed"), 1.0)
    elif end == "fail":
        work.fail(job.hold, "dismissed", "", 1.0)
    elif end == "crash":
        work.crash(job, "solver_crashed", "", 1.0)
    else:
        work.release(job.hold, 1.0)
    row = run(database, "a")
    assert (row.status, row.outcome) == ("dismissed", "dismissed")
    assert (row.result is not None) == (end == "succeed")


def test_a_worker_is_alive_while_it_is_seen(postgresql_url: str) -> None:
    migrate(postgresql_url)
    workers = Workers(Database(postgresql_url))
    assert workers.beat("me", "here", 1)
    assert not workers.beat("me", "here", 1)
    assert workers.living(10) == {"me"}
    time.sleep(0.3)
    workers.beat("you", "there", 2)
    assert workers.living(0.2) == {"you"}
    workers.bury({"you"})
    assert workers.beat("me", "here", 1), "it was taken for dead, and is back"
    workers.leave("you")
    assert workers.living(10) == {"me"}


def test_times_come_back_in_utc(database: Database) -> None:
    before = datetime.now(UTC)
    add(database, a_run("a"))
    created = run(database, "a").created
    assert created.tzinfo is not None
    assert created.utcoffset() == before.utcoffset()
    assert before <= created <= datetime.now(UTC)


def test_a_kept_connection_that_the_server_ended_is_replaced(postgresql_url: str) -> None:
    """Before anything is asked of it, and without asking."""
    database = Database(postgresql_url)
    pid = backend_of(database)
    assert backend_of(database) == pid, "one is kept"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 20000)", (pid,))  # and wait for it
    assert backend_of(database) != pid
    database.dispose()


def backend_of(database: Database) -> int:
    with database.reading() as session:
        pid: int = session.scalars(select(func.pg_backend_pid())).one()
    return pid
