"""A backup: every row of our own tables at one instant, as lines of JSON in a gzip file.

One format for both databases, so that a service can move from one to the other. The first line says
of which revision the tables are, the last how many rows there must be and the SHA-256 of all before
it. The job queue's own tables, the workers and the parts of runs under way are left out: a restored
run waits, begins anew, and the queue is told of it at the next start.
"""

import base64
import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    true,
    update,
)

from app.db import Database, migrate, migrating, revision_of
from models import Base, PartRow, RunRow, RunStatus, WorkerRow
from solver.domain.errors import InputError

FORMAT = 1
_BYTES = "base64"  # what stands for bytes, in a column that holds no JSON
ROWS_AT_A_TIME = 20  # some hold a scenario of 20 MB
_LEFT_OUT = (WorkerRow.__table__, PartRow.__table__)
_TABLES = [table.name for table in Base.metadata.sorted_tables if table not in _LEFT_OUT]


class BackupUnusable(InputError):
    """The file is no whole backup, or none for this database."""

    def __init__(self, detail: str) -> None:
        super().__init__("backup_unusable", detail)


def backup(database: Database, path: Path) -> Mapping[str, int]:
    """Write a backup while the service runs; the number of rows by table.

    Raises BackupUnusable when the file is there already, for none is overwritten, and when there is
    nothing to write.
    """
    if path.exists():
        raise BackupUnusable(f"«{path}» finnes allerede. Velg et annet navn.")
    draft = path.with_name(f"{path.name}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb") as lines, database.snapshot() as connection:
            counted = _write(connection, lines)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return counted


def _write(connection: Connection, lines: gzip.GzipFile) -> Mapping[str, int]:
    digest, counted, revision = hashlib.sha256(), Counter[str](), revision_of(connection)
    if revision is None:
        raise BackupUnusable("Databasen har ingen tabeller å kopiere.")

    def write(content: Mapping[str, Any]) -> None:
        line = json.dumps(content, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        digest.update(line)
        lines.write(line)

    write(
        {
            "flerkjerne": "backup",
            "format": FORMAT,
            "version": version("flerkjerne"),
            "revision": revision,
            "made": datetime.now(UTC).isoformat(),
        }
    )
    for table in _reflected(connection):
        rows = connection.execution_options(yield_per=ROWS_AT_A_TIME).execute(select(table))
        for row in rows.mappings():
            write({"table": table.name, "row": {k: _to_json(v) for k, v in row.items()}})
            counted[table.name] += 1
    write({"rows": counted, "sha256": digest.hexdigest()})
    return counted


def restore(database: Database, path: Path) -> Mapping[str, int]:
    """Fill an empty database; the number of rows by table. What was running waits again.

    All rows or none. Raises BackupUnusable for a damaged file, one of a newer version, and a
    database that is not empty.
    """
    revision, expected = _checked(path)
    _require_empty(database, revision)
    migrate(database.url, revision)
    with migrating(database.url) as connection:
        tables = {table.name: table for table in _reflected(connection)}
        counted = Counter[str]()
        for content in _rows(path):
            table = tables[content["table"]]
            connection.execute(insert(table), _from_json(table, content["row"], connection))
            counted[table.name] += 1
        if counted != expected:
            raise BackupUnusable("Filen har ikke de radene den skal ha.")
        _let_wait(connection, tables[RunRow.__tablename__])
    migrate(database.url)
    return counted


def _checked(path: Path) -> tuple[str, Counter[str]]:
    """Its revision and the rows it should have, when the file is whole."""
    digest, first, last = hashlib.sha256(), None, b""
    try:
        with gzip.open(path) as lines:
            for line in lines:
                first = first or line
                digest.update(last)
                last = line
        head, end = json.loads(first or b""), json.loads(last)
        whole = end["sha256"] == digest.hexdigest()
        is_ours = (head["flerkjerne"], head["format"]) == ("backup", FORMAT)
        revision, expected = head["revision"], Counter(end["rows"])
    except (EOFError, gzip.BadGzipFile, ValueError, KeyError, TypeError) as error:
        raise BackupUnusable(f"«{path}» er ikke en hel sikkerhetskopi.") from error
    if not whole or not is_ours:
        raise BackupUnusable(f"«{path}» er ikke en hel sikkerhetskopi.")
    return revision, expected


def _require_empty(database: Database, revision: str) -> None:
    if not database.knows(revision):
        raise BackupUnusable(
            "Sikkerhetskopien er fra en nyere versjon. Oppgrader flerkjerne først."
        )
    with database.snapshot() as connection:
        present = revision_of(connection)
        tables = _reflected(connection) if present is not None else []
        filled = any(connection.scalar(select(true()).select_from(t).limit(1)) for t in tables)
    if filled or present not in (None, revision):
        raise BackupUnusable("Databasen er ikke tom. Gjenopprett i en ny, tom database.")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) as lines:
        for line in lines:
            content = json.loads(line)
            if "table" in content:
                yield content


def _reflected(connection: Connection) -> list[Table]:
    """Our tables as they are in this database, which may be of an older version."""
    there = set(inspect(connection).get_table_names())
    names = [name for name in _TABLES if name in there]
    metadata = MetaData()
    metadata.reflect(connection, only=names)
    return [metadata.tables[name] for name in names]


def _let_wait(connection: Connection, run: Table) -> None:
    connection.execute(
        update(run)
        .where(run.c.status == RunStatus.RUNNING)
        .values(status=RunStatus.ACCEPTED, worker_id=None, started=None)
    )


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _from_json(table: Table, row: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    sqlite = connection.dialect.name == "sqlite"

    def value_of(name: str, value: Any) -> Any:
        kind = table.c[name].type
        if isinstance(value, dict) and not isinstance(kind, JSON):
            return base64.b64decode(value[_BYTES])
        if value is None or not isinstance(kind, DateTime):
            return value
        instant = datetime.fromisoformat(value)
        return instant.replace(tzinfo=None) if sqlite else instant

    return {name: value_of(name, value) for name, value in row.items()}


def count_rows(database: Database) -> Mapping[str, int]:
    """The number of rows by table."""
    with database.snapshot() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in _reflected(connection)
        }
