"""Sessions in which a caller meets what is their tenant's, and nothing else.

The conditions are added here, to every query, change and new row, so that no repository can forget
them. On PostgreSQL the tenant is told to the database as well, whose row-level security is the
second wall.
"""

from datetime import UTC
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, event, select
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    with_loader_criteria,
)
from sqlalchemy.sql.base import ExecutableOption

from app.callers import EVERY_TENANT, Caller
from app.repositories import clock
from models import IncumbentRow, Owned, PartRow, RunRow

TENANT_SETTING = "flerkjerne.tenant"

# As text: on its way through the expression language it took as long as the query that follows.
_TELL = f"SELECT set_config('{TENANT_SETTING}', %s, true), clock_timestamp()"


class CallerSession(Session):
    """A session of one caller; the service itself meets everybody's."""

    def __init__(self, *arguments: Any, caller: Caller, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.caller = caller


@event.listens_for(CallerSession, "after_begin")
def _tell_database(
    session: CallerSession, transaction: SessionTransaction, connection: Connection
) -> None:
    if connection.dialect.name == "postgresql" and not transaction.nested:
        told = connection.exec_driver_sql(_TELL, (session.caller.tenant,)).one()
        session.info[clock.BEGUN] = told[1].astimezone(UTC)


@event.listens_for(CallerSession, "do_orm_execute")
def _only_what_is_theirs(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, CallerSession)
    tenant = session.caller.tenant
    if tenant == EVERY_TENANT or state.is_column_load:
        return
    state.statement = state.statement.options(*_theirs(tenant))


@lru_cache(maxsize=1000)
def _theirs(tenant: str) -> tuple[ExecutableOption, ...]:
    """The conditions of one tenant, kept: to make them took a tenth of a submit."""
    return (
        with_loader_criteria(Owned, lambda row: row.tenant == tenant, include_aliases=True),
        with_loader_criteria(
            IncumbentRow,
            lambda row: row.run_id.in_(select(RunRow.id).where(RunRow.tenant == tenant)),
            include_aliases=True,
        ),
        with_loader_criteria(
            PartRow,
            lambda row: row.run_id.in_(select(RunRow.id).where(RunRow.tenant == tenant)),
            include_aliases=True,
        ),
    )


@event.listens_for(CallerSession, "before_attach")
def _make_it_theirs(session: CallerSession, row: Any) -> None:
    tenant = session.caller.tenant
    if isinstance(row, Owned) and tenant != EVERY_TENANT:
        if row.tenant not in (None, tenant):
            raise RuntimeError("a row of another tenant")
        row.tenant = tenant
