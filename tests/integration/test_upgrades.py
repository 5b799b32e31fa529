"""An upgrade is there as a whole or not at all, and a service beside it answers."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.config import main as alembic
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import undefer

from app.db import Database, checked_url, migrate
from models import Packed, RunRow, RunStatus

from .processes import post, server

KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from app.db import migrate

left = [int(sys.argv[2])]
CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *rest):
    if statement.lstrip().upper().startswith(CHANGES):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
print(int(sys.argv[2]) - left[0])
"""
OLD = "0003"
INSTANT = "'2026-01-01 12:00:00.000000'"
ROWS = (
    f"INSERT INTO scenario VALUES ('a', 'Tittel', 1, '{{}}', {INSTANT}, {INSTANT})",
    "INSERT INTO run (id, kind, status, options, parameters, scenario, scenario_hash, created,"
    " attempt, cancel_requested, priority, losses, crashes) VALUES"
    f" ('r', 'solve', 'accepted', '{{}}', '{{}}', '{{}}', '', {INSTANT}, 0, false, 'normal', 0, 0)",
    "INSERT INTO incumbent (run_id, seq, seconds, objective_nok) VALUES ('r', 1, 1, 1)",
    f"INSERT INTO idempotency_key VALUES ('k', '/', '', 'a', {INSTANT})",
)


def filled(url: str) -> None:
    """With a row in each table, as an older version left them."""
    migrate(url, OLD)
    engine = create_engine(checked_url(url))
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement))
    engine.dispose()


def counts(url: str) -> list[Any]:
    engine = create_engine(checked_url(url))
    with engine.connect() as connection:
        found = [
            connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("scenario", "run", "incumbent", "idempotency_key")
        ]
        found.append(connection.scalar(text("SELECT version_num FROM alembic_version")))
    engine.dispose()
    return found


def killed_at(url: str, statement: int) -> bool:
    command = [sys.executable, "-c", KILLED, url, str(statement)]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == -signal.SIGKILL


def goes_through(url: str, statements: range) -> int:
    """Kills an upgrade after each of these; the first that there was none of."""
    for statement in statements:
        if not killed_at(url, statement):
            return statement
        assert counts(url) == [1, 1, 1, 1, OLD], f"after statement {statement}"
    return statements.stop


def test_an_upgrade_that_is_killed_leaves_the_old(empty_database_url: str) -> None:
    filled(empty_database_url)
    goes_through(empty_database_url, range(3, 30, 9))
    migrate(empty_database_url)
    assert counts(empty_database_url)[:4] == [1, 1, 1, 1]


@pytest.mark.slow
def test_an_upgrade_killed_after_each_statement(empty_database_url: str) -> None:
    filled(empty_database_url)
    assert goes_through(empty_database_url, range(1, 1000)) > 20
    assert counts(empty_database_url)[:4] == [1, 1, 1, 1]
    database = Database(empty_database_url)
    assert database.migrated()
    database.dispose()


def test_the_scenarios_of_runs_stay_what_they_were(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up, with one that was not packed, and down, with one that is; of a run that has ended too."""
    url = empty_database_url
    filled(url)
    migrate(url)
    database, packed = Database(url), Packed.of('{"title":"Ærfugl"}')
    with database.writing() as session:
        old = session.scalars(select(RunRow).options(undefer(RunRow.scenario))).one()
        assert old.scenario.text == "{}"
        told = {column: getattr(old, column) for column in ("kind", "options", "parameters")}
        new = RunRow(
            **told,
            id="n",
            scenario=packed,
            scenario_hash="",
            tenant=old.tenant,
            created=old.created,
        )
        new.status, new.outcome, new.ended = RunStatus.DISMISSED, "dismissed", old.created
        session.add(new)
    with pytest.raises(DBAPIError, match="never changes"), database.writing() as session:
        session.execute(text("UPDATE run SET losses = 1 WHERE id = 'n'"))
    database.dispose()
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", url)
    alembic(["downgrade", "0010"])
    engine = create_engine(checked_url(url))
    with engine.connect() as connection:
        plain = connection.execute(text("SELECT id, scenario FROM run ORDER BY id")).all()
    assert [tuple(row) for row in plain] == [("n", packed.text), ("r", "{}")]
    with pytest.raises(DBAPIError, match="never changes"), engine.begin() as connection:
        connection.execute(text("UPDATE run SET losses = 1 WHERE id = 'n'"))
    engine.dispose()
    migrate(url)
    with Database(url).reading() as session:
        again = session.scalars(select(RunRow.scenario).order_by(RunRow.id)).all()
    assert [one.text for one in again] == [packed.text, "{}"]


def test_a_service_beside_an_upgrade_answers_in_time(
    postgresql_url: str, toy: dict[str, Any]
) -> None:
    """A table that is held long makes requests wait some seconds, not for ever; none is lost."""
    accepted, seen = [], []
    with server(postgresql_url) as (_, client):
        accepted.append(post(client, toy, "hang"))
        done = threading.Event()

        def upgrade() -> None:
            with psycopg.connect(postgresql_url) as connection:
                connection.execute("LOCK TABLE run IN ACCESS EXCLUSIVE MODE")
                time.sleep(5)
            done.set()

        thread = threading.Thread(target=upgrade)
        thread.start()
        body = {"scenario": {**toy, "title": "hang"}}
        while not done.is_set():
            started = time.monotonic()
            answer = client.post("/v1/runs", json=body)
            seen.append((answer.status_code, time.monotonic() - started))
            if answer.status_code == 202:
                accepted.append(answer.json()["id"])
            else:
                assert answer.headers["retry-after"]
        thread.join()
        accepted.append(post(client, toy, "hang"))
        assert {status for status, _ in seen} <= {202, 503}
        assert 503 in {status for status, _ in seen}
        assert max(seconds for _, seconds in seen) < 7
        assert all(client.get(f"/v1/runs/{run_id}").is_success for run_id in accepted)
