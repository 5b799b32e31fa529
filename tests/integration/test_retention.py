"""Ended runs go when their time is over; what the audit log tells of them stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.callers import DEFAULT_TENANT
from app.db import Database, migrate
from app.jobs import watch
from app.jobs.queue import DurableQueue
from app.repositories.audit import verify
from app.services.work import TimeLimits, Work
from models import AuditRow, IdempotencyRow, IncumbentRow, Packed, RunRow, RunStatus

from .conftest import StartClient
from .processes import post, until


def ended(run_id: str, days_ago: float) -> RunRow:
    then = datetime.now(UTC) - timedelta(days=days_ago)
    return RunRow(
        id=run_id,
        tenant=DEFAULT_TENANT,
        kind="solve",
        status=RunStatus.FAILED,
        error_code="solver_crashed",
        options={},
        parameters={},
        scenario=Packed.of("{}"),
        scenario_hash="",
        created=then - timedelta(hours=1),
        ended=then,
    )


def test_only_what_has_ended_long_ago_goes(database_url: str) -> None:
    migrate(database_url)
    database = Database(database_url)
    now = datetime.now(UTC)
    waiting = ended("waiting", 40)
    waiting.status, waiting.error_code, waiting.ended = RunStatus.ACCEPTED, None, None
    with database.writing() as session:
        session.add_all([ended("old", 31), ended("new", 29), waiting])
        session.flush()
        session.add_all(
            IncumbentRow(run_id=run_id, seq=1, seconds=1.0, objective_nok=1.0)
            for run_id in ("old", "new")
        )
        session.add_all(
            IdempotencyRow(
                tenant=DEFAULT_TENANT,
                key=name,
                route="/",
                body_hash="",
                resource_id=name,
                created=now - timedelta(days=days),
            )
            for name, days in (("old", 31), ("new", 29))
        )
    work = Work(database, memory_limit_mb=1000, limits=TimeLimits(1000, 1000))
    assert work.forget(30) == ["old"]
    assert work.forget(30) == []
    with database.reading() as session:
        assert set(session.scalars(select(RunRow.id))) == {"new", "waiting"}
        assert session.scalars(select(IncumbentRow.run_id)).all() == ["new"]
        assert session.scalars(select(IdempotencyRow.key)).all() == ["new"]
        told = session.execute(select(AuditRow.action, AuditRow.subject, AuditRow.actor)).all()
        assert told == [("run.removed", "old", "worker")]
    database.dispose()


def test_a_batch_goes_as_a_whole(sqlite_url: str) -> None:
    migrate(sqlite_url)
    database = Database(sqlite_url)
    rows = {name: ended(name, days) for name, days in (("a", 40), ("b", 20), ("c", 40), ("d", 40))}
    for position, (name, batch) in enumerate({"a": "ab", "b": "ab", "c": "cd", "d": "cd"}.items()):
        rows[name].batch_id, rows[name].batch_position = batch, position % 2
    with database.writing() as session:
        session.add_all(rows.values())
    work = Work(database, memory_limit_mb=1000, limits=TimeLimits(1000, 1000))
    assert set(work.forget(30)) == {"c", "d"}
    assert set(work.forget(10)) == {"a", "b"}
    database.dispose()


def test_the_worker_removes_them(
    start: StartClient,
    database_url: str,
    fake_child: None,
    toy: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "FORGET_EVERY_S", 0.2)
    second = 1 / 86_400
    with start(database_url, retention_days=second) as client:
        run_id, stays = post(client, toy, "answer"), post(client, toy, "hang")
        until(lambda: is_gone(client, run_id))
        assert not is_gone(client, stays)
        database = Database(database_url)
        until(lambda: DurableQueue(database, "x", 1).known([run_id, stays]) == {stays})
    with database.reading() as session:
        told = session.scalars(select(AuditRow.action).where(AuditRow.subject == run_id)).all()
        assert told == ["run.accepted", "run.ended", "run.removed"]
        assert [chain.broken_at for chain in verify(session)] == [None]
    database.dispose()


def is_gone(client: TestClient, run_id: str) -> bool:
    return bool(client.get(f"/v1/runs/{run_id}").status_code == 404)


def test_without_the_setting_all_stay(
    start: StartClient, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(sqlite_url)
    database = Database(sqlite_url)
    with database.writing() as session:
        session.add(ended("old", 4000))
    looked: list[float] = []
    monkeypatch.setattr(watch, "FORGET_EVERY_S", 0.05)
    monkeypatch.setattr(Work, "forget", lambda _self, days: looked.append(days) or [])
    with start(sqlite_url) as client:
        until(lambda: client.get("/readyz").is_success)
    assert looked == []
    with database.reading() as session:
        assert session.scalars(select(func.count()).select_from(RunRow)).one() == 1
    database.dispose()
