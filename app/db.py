"""The database: engine, transactions, migrations. SQLite in a file, or PostgreSQL.

On SQLite every writer starts with BEGIN IMMEDIATE and holds a lock of this process, and one
process at a time serves a file: a transaction that reads first and writes later loses its turn
under load, the busy handler is not fair, and SQLite before 3.51.3 can lose pages when two
connections write and checkpoint at once.
"""

import fcntl
import select as readiness
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError, DisconnectionError
from sqlalchemy.pool import NullPool

from alembic import command
from app.callers import SYSTEM, Caller
from app.errors import DATABASE_AWAY, DatabaseCorrupt, DatabaseInUse
from app.repositories.audit import write_noted
from app.sessions import TENANT_SETTING, CallerSession

SAFE_SQLITE = (3, 51, 3)

# Any two numbers, but the same in every version: they name our advisory locks in PostgreSQL.
MIGRATION_LOCK, HOUSEKEEPING_LOCK = 7_243_001, 7_243_003


# A server that has vanished without a word is noticed in seconds, not in the system's two hours.
_GIVE_UP = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A table that a migration holds: 503 and Retry-After, not a request that hangs.
_WAIT_NO_LONGER = {"options": "-c lock_timeout=4000"}


_ONE_INSTANT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def checked_url(url: str) -> str:
    """The URL with its driver named; ValueError unless it is a SQLite file or PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("databasens adresse kan ikke leses") from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite").render_as_string(hide_password=False)
    raise ValueError("databasen må være en SQLite-fil eller PostgreSQL")


def make_engine(url: str) -> Engine:
    """Engine for the service; a connection with the option `writing` takes SQLite's write lock."""
    parsed = make_url(checked_url(url))
    sqlite = parsed.get_backend_name() == "sqlite"
    own_options = {} if "options" in parsed.query else _WAIT_NO_LONGER
    # Parameters are whole documents: an error that shows them would put them in the log.
    engine = create_engine(
        parsed,
        pool_size=20,
        max_overflow=30,
        hide_parameters=True,
        connect_args={} if sqlite else _GIVE_UP | own_options,
    )
    if sqlite:
        _prepare_sqlite(engine, foreign_keys=True)
    else:
        event.listen(engine, "checkout", _still_there)
    return engine


def _still_there(connection: psycopg.Connection, _record: Any, _fairy: Any) -> None:
    """Let a kept connection be replaced that the server has ended.

    What a server says to one that asks nothing is that it is over: it is there to be read. To ask
    costs a round trip each time, and tells no more of a server that is away without a word.
    """
    said = readiness.poll()
    said.register(connection.fileno(), readiness.POLLIN)
    if said.poll(0):
        raise DisconnectionError


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """Take transactions into our own hands and set what each connection forgets."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        if sqlite3.sqlite_version_info < _KNOWS_SUBSEC:
            connection.create_function("unixepoch", 1, _unixepoch)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


# DBOS asks for unixepoch('subsec') under Python 3.12, whatever SQLite there is.
_KNOWS_SUBSEC = (3, 42)


def _unixepoch(modifier: str) -> float | None:
    """What a newer SQLite answers to this one question."""
    return time.time() if modifier == "subsec" else None


class Database:
    """Transactions on one database."""

    def __init__(self, url: str) -> None:
        self.url = checked_url(url)
        self._reader = make_engine(self.url)
        self._writer = self._reader.execution_options(writing=True)
        self._turn: AbstractContextManager[Any] = (
            threading.Lock() if self.is_sqlite else nullcontext()
        )

    @property
    def writer(self) -> Engine:
        """Engine whose transactions may write, for a library that opens its own."""
        return self._writer

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, not PostgreSQL."""
        return self._reader.dialect.name == "sqlite"

    def of(self, caller: Caller) -> "CallersDatabase":
        """Transactions in which a caller meets their tenant's rows only."""
        return CallersDatabase(self, caller)

    @contextmanager
    def reading(self, caller: Caller = SYSTEM) -> Iterator[CallerSession]:
        """One transaction that only reads; without a caller the service's own, over all tenants."""
        with (
            CallerSession(self._reader, caller=caller, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def writing(self, caller: Caller = SYSTEM) -> Iterator[CallerSession]:
        """One transaction that writes: committed at the end, rolled back by an exception."""
        with (
            self._turn,
            CallerSession(self._writer, caller=caller, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
            write_noted(session, caller.actor)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One transaction that reads everything of everybody as it is at one instant."""
        options = {} if self.is_sqlite else _ONE_INSTANT
        with self._reader.connect().execution_options(**options) as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(select(func.set_config(TENANT_SETTING, SYSTEM.tenant, True)))
            yield connection

    def migrated(self) -> bool:
        """Whether the tables are those of this version of the software."""
        newest = ScriptDirectory.from_config(_alembic_config(self.url)).get_current_head()
        with self._reader.connect() as connection:
            return revision_of(connection) == newest

    def knows(self, revision: str | None) -> bool:
        """Whether tables of this revision can be brought to those of this version."""
        scripts = ScriptDirectory.from_config(_alembic_config(self.url))
        return revision in {script.revision for script in scripts.walk_revisions()}

    def damage(self, *, thorough: bool = False) -> str | None:
        """What SQLite finds damaged in its file, if anything; PostgreSQL looks for itself."""
        if not self.is_sqlite:
            return None
        try:
            with self._reader.connect() as connection:
                check = "integrity_check" if thorough else "quick_check"
                found = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar_one()
        except (DatabaseError, sqlite3.DatabaseError) as error:
            if isinstance(error, DATABASE_AWAY):
                raise
            return str(getattr(error, "orig", error))
        return None if found == "ok" else " ".join(str(found).split())

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Write from this process for some time.

        Raises DatabaseInUse when another one has the SQLite file, DatabaseCorrupt when the file is
        damaged. On PostgreSQL any number of processes may.
        """
        with ExitStack() as stack:
            if self.is_sqlite and not self._hold_file(stack):
                raise DatabaseInUse
            damage = self.damage()
            if damage is not None:
                raise DatabaseCorrupt(self.url, damage)
            yield

    def _hold_file(self, stack: ExitStack) -> bool:
        path = Path(f"{make_url(self.url).database}-server")
        file = stack.enter_context(path.open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def housekeeping(self) -> Iterator[bool]:
        """Whether this process may tidy up after others until the end; one at a time may."""
        if self.is_sqlite:
            yield True
            return
        with self._reader.connect() as connection, connection.begin():
            yield bool(connection.scalar(select(func.pg_try_advisory_xact_lock(HOUSEKEEPING_LOCK))))

    def dispose(self) -> None:
        """Close every connection."""
        self._reader.dispose()


@dataclass(frozen=True)
class CallersDatabase:
    """One caller's transactions. What serves callers has this and no other way to the database."""

    _database: Database
    caller: Caller

    def reading(self) -> AbstractContextManager[CallerSession]:
        """One transaction that only reads."""
        return self._database.reading(self.caller)

    def writing(self) -> AbstractContextManager[CallerSession]:
        """One transaction that writes: committed at the end, rolled back by an exception."""
        return self._database.writing(self.caller)


def migrate(url: str, revision: str = "head") -> None:
    """Bring the tables to a version, the newest by default.

    Waits for another process that is at it; newer tables stay as they are.
    """
    command.upgrade(_alembic_config(url), revision)


def revision_of(connection: Connection) -> str | None:
    """Of which version the tables are; None when there are none."""
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """The one transaction in which alembic works; used by alembic/env.py.

    SQLite's foreign keys are off, or rebuilding a table would delete the rows that refer to it;
    they are checked before the commit instead. PostgreSQL gives up after 5 s on a table that a
    running server holds.
    """
    engine = create_engine(checked_url(url), poolclass=NullPool)
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        _prepare_sqlite(engine, foreign_keys=False)
    with engine.execution_options(writing=True).connect() as connection, connection.begin():
        if not sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
            connection.execute(select(func.set_config(TENANT_SETTING, SYSTEM.tenant, True)))
        yield connection
        if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("a migration left rows that refer to nothing")


def _alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def _migrations() -> Path:
    """The folder of migrations: beside the packages in a checkout, else where wheels put data."""
    checkout = Path(__file__).parents[1] / "alembic"
    installed = Path(sys.prefix, "share", "flerkjerne", "alembic")
    return checkout if (checkout / "env.py").is_file() else installed


def sqlite_warning() -> str | None:
    """What an operator should know about this SQLite, if anything."""
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return None
    return (
        f"SQLite {sqlite3.sqlite_version} har en kjent feil som kan miste data når to prosesser "
        "skriver samtidig; bruk 3.51.3 eller nyere, eller PostgreSQL"
    )
