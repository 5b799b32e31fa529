"""Backups while the service runs, restored into either database; damage found at the start."""

import gzip
import hashlib
import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import cli
from app.db import Database, migrate
from app.repositories.audit import verify
from app.services.backup import BackupUnusable, backup, count_rows, restore
from models import IdempotencyRow, RunRow, ScenarioRow

from .processes import post, refusal, server, until

Toy = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, other_postgresql_url: str) -> str:
    """Address of a second, empty database of each kind."""
    return other_postgresql_url if request.param == "postgresql" else f"sqlite:///{tmp_path}/new.db"


def rows(database: Database) -> dict[str, list[Any]]:
    """All columns of what is backed up, by table."""
    with database.snapshot() as connection:
        return {
            row.__tablename__: sorted(map(str, connection.execute(select(row.__table__))))
            for row in (ScenarioRow, IdempotencyRow)
        }


def test_a_backup_under_load_has_all_that_was_acknowledged(
    database_url: str, empty_url: str, tmp_path: Path, toy: Toy
) -> None:
    acknowledged: list[str] = []
    path = tmp_path / "backup.jsonl.gz"
    with server(database_url, max_queued_per_tenant=1000) as (_, client):
        made = client.post("/v1/scenarios", json=toy, headers={"idempotency-key": "k"})
        assert made.status_code == 201
        running = post(client, toy, "hang")
        until(lambda: client.get(f"/v1/runs/{running}").json()["status"] == "running")
        stop = threading.Event()
        poster = threading.Thread(target=keep_posting, args=(client, toy, acknowledged, stop))
        poster.start()
        until(lambda: len(acknowledged) >= 10)
        before = list(acknowledged)
        old = Database(database_url)
        backup(old, path)
        assert poster.is_alive(), "the service went on meanwhile"
        stop.set()
        poster.join()
    new = Database(empty_url)
    counted = restore(new, path)
    assert counted["run"] >= len(before) + 1
    assert counted == {name: n for name, n in count_rows(new).items() if n}
    assert rows(new) == rows(old)
    with new.reading() as session:
        restored = {row.id: row for row in session.scalars(select(RunRow))}
        assert {*before, running} <= restored.keys()
        assert {row.status for row in restored.values()} == {"accepted"}
        assert restored[running].worker_id is None
        assert restored[running].attempt >= 1, "its events go on where they were"
        assert [chain.broken_at for chain in verify(session)] == [None]
    with old.reading() as session:
        originals = {row.id: row for row in session.scalars(select(RunRow))}
        assert all(originals[i].created == row.created for i, row in restored.items())
    assert new.damage(thorough=True) is None
    for database in (old, new):
        database.dispose()


def keep_posting(
    client: httpx.Client, toy: Toy, acknowledged: list[str], stop: threading.Event
) -> None:
    while not stop.wait(0.05):  # at most 20 a second
        acknowledged.append(post(client, toy, "hang"))


def test_what_is_restored_is_solved(
    sqlite_url: str, tmp_path: Path, toy: Toy, other_postgresql_url: str
) -> None:
    path = tmp_path / "backup.jsonl.gz"
    with server(sqlite_url, workers=1) as (_, client):
        post(client, toy, "hang")
        waiting = post(client, toy, "answer")
    old, new = Database(sqlite_url), Database(other_postgresql_url)
    backup(old, path)
    restore(new, path)
    with server(other_postgresql_url, workers=2) as (_, client):
        until(lambda: client.get(f"/v1/runs/{waiting}").json()["status"] == "successful")
    for database in (old, new):
        database.dispose()


@pytest.fixture
def kept(sqlite_url: str, tmp_path: Path) -> Path:
    """A backup of a database without rows."""
    migrate(sqlite_url)
    database = Database(sqlite_url)
    path = tmp_path / "backup.jsonl.gz"
    backup(database, path)
    database.dispose()
    return path


def damaged(path: Path, how: str) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    if how == "cut short":
        path.write_bytes(path.read_bytes()[:-20])
    elif how == "last line gone":
        path.write_bytes(gzip.compress(b"".join(lines[:-1])))
    elif how == "a line changed":
        path.write_bytes(gzip.compress(b"".join([lines[0].replace(b"20", b"21"), *lines[1:]])))
    elif how == "something else":
        path.write_bytes(gzip.compress(b"[]\n"))
    else:
        path.write_bytes(b"SQLite format 3\x00")


@pytest.mark.parametrize(
    "how", ["cut short", "last line gone", "a line changed", "something else", "not gzip"]
)
def test_a_damaged_backup_is_refused(kept: Path, tmp_path: Path, how: str) -> None:
    damaged(kept, how)
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(BackupUnusable, match="hel"):
        restore(database, kept)
    with database.snapshot() as connection:
        assert not connection.dialect.get_table_names(connection)
    database.dispose()


def test_a_backup_of_a_newer_version_is_refused(kept: Path, tmp_path: Path) -> None:
    lines = gzip.decompress(kept.read_bytes()).splitlines(keepends=True)
    head = {**json.loads(lines[0]), "revision": "9999"}
    first = json.dumps(head).encode() + b"\n"
    end = {**json.loads(lines[-1]), "sha256": hashlib.sha256(first).hexdigest()}
    kept.write_bytes(gzip.compress(first + json.dumps(end).encode() + b"\n"))
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(BackupUnusable, match="nyere"):
        restore(database, kept)
    database.dispose()


def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    old, new = (Database(f"sqlite:///{tmp_path / name}.db") for name in ("old", "new"))
    migrate(old.url, "0003")
    with old.writer.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO scenario VALUES ('a', 'Tittel', 1, '{}', '2026-01-01 12:00:00.000000',"
            " '2026-01-01 12:00:00.000000')"
        )
    backup(old, tmp_path / "backup")
    assert restore(new, tmp_path / "backup") == {"scenario": 1}
    assert new.migrated()
    with new.reading() as session:
        row = session.get_one(ScenarioRow, "a")
        assert (row.tenant, row.created.isoformat()) == ("default", "2026-01-01T12:00:00+00:00")
    for database in (old, new):
        database.dispose()


def test_only_an_empty_database_is_filled(kept: Path, database_url: str, toy: Toy) -> None:
    with server(database_url) as (_, client):
        client.post("/v1/scenarios", json=toy)
    database = Database(database_url)
    with pytest.raises(BackupUnusable, match="ikke tom"):
        restore(database, kept)
    database.dispose()


def test_no_file_is_overwritten(kept: Path, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(BackupUnusable, match="finnes allerede"):
        backup(database, kept)
    database.dispose()
    assert kept.stat().st_mode & 0o077 == 0, "it holds everything, so nobody else reads it"


@pytest.mark.parametrize("how", ["a page", "the head", "another file", "cut short"])
def test_a_damaged_file_stops_the_start(sqlite_url: str, how: str) -> None:
    migrate(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    if how == "a page":
        content[3 * 4096 : 30 * 4096] = b"\xa5" * (27 * 4096)
    elif how == "the head":
        content[0:100] = b"\0" * 100
    elif how == "another file":
        content = bytearray(b"id;tittel\n" * 1000)
    else:
        content = content[: len(content) // 2]
    path.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    line = refusal(sqlite_url, "serve", "--port", "0")
    assert line.endswith("[database_corrupt]")
    assert path.name in line


def test_the_commands(
    empty_database_url: str,
    empty_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(tmp_path / "backup")
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", empty_database_url)
    assert cli.main(["db", "check"]) == 1
    assert cli.main(["db", "backup", path]) == 2
    assert cli.main(["db", "upgrade"]) == 0
    assert cli.main(["db", "check"]) == 0
    assert cli.main(["keys", "create", "QGIS", "--tenant", "nord", "--scope", "read"]) == 0
    key = capsys.readouterr().out.splitlines()[-1]
    assert cli.main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert key.partition(".")[2] not in listed
    key_id = listed.split("\t")[0]
    assert key.startswith(f"flk_{key_id}.")
    assert cli.main(["keys", "revoke", key_id]) == 0
    assert cli.main(["keys", "revoke", "nobody's"]) == 1
    assert cli.main(["keys", "create", ""]) == 2
    assert cli.main(["db", "verify-audit"]) == 0
    assert cli.main(["db", "backup", path]) == 0
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", empty_url)
    assert cli.main(["db", "restore", path]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("nord\t2\t")
    assert cli.main(["db", "restore", path]) == 2
    with Database(empty_url).writer.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(
            "DROP TRIGGER audit_entry_no_update"
            if sqlite
            else "ALTER TABLE audit_entry DISABLE TRIGGER ALL"
        )
        connection.exec_driver_sql("UPDATE audit_entry SET actor = 'x' WHERE seq = 2")
    assert cli.main(["db", "verify-audit"]) == 1
    assert "linje 2" in capsys.readouterr().err


def test_who_writes_to_sqlite_waits_for_the_service_to_end(sqlite_url: str) -> None:
    with server(sqlite_url):
        for arguments in (["keys", "create", "x"], ["db", "upgrade"]):
            assert refusal(sqlite_url, *arguments).endswith("[database_in_use]")
