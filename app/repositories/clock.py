"""The one clock that everybody who shares a database goes by."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, func, select
from sqlalchemy.orm import Session


def now(session: Session) -> datetime:
    """The time of the database's machine; with SQLite that is this one."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    return session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()
