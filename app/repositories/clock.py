"""The one clock that everybody who shares a database goes by."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, func, select
from sqlalchemy.orm import Session

BEGUN = "begun"
"""Where PostgreSQL's time is in the `info` of a session whose transaction has begun."""

_NOW = select(func.clock_timestamp(type_=DateTime(timezone=True)))


def now(session: Session) -> datetime:
    """The time of the database's machine; with SQLite that is this one."""
    if _is_sqlite(session):
        return datetime.now(UTC)
    return session.scalars(_NOW).one()


def begun(session: Session) -> datetime:
    """The same, when the transaction began, which it does here if not before; asks nothing."""
    if _is_sqlite(session):
        return datetime.now(UTC)
    session.connection()
    at: datetime = session.info[BEGUN]
    return at


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
