"""Queries on stored scenarios."""

import hashlib
from collections.abc import Collection, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, undefer

from app.repositories.audit import note
from app.repositories.cursor import Cursor
from models import ScenarioRow


class ScenarioRepository:
    """Stored scenarios within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ScenarioRow) -> None:
        """Store a new one."""
        self._session.add(row)
        self._note("created", row)

    def changed(self, row: ScenarioRow) -> None:
        """One that has another document now."""
        self._note("changed", row)

    def get(self, scenario_id: str, *, to_change: bool = False) -> ScenarioRow | None:
        """One with its document; `to_change` keeps it from others until the transaction ends."""
        document = undefer(ScenarioRow.document)
        return self._session.get(
            ScenarioRow, scenario_id, options=[document], with_for_update=to_change or None
        )

    def head(self, scenario_id: str) -> ScenarioRow | None:
        """One without its document; None when there is none."""
        return self._session.get(ScenarioRow, scenario_id)

    def heads(self, scenario_ids: Collection[str]) -> Sequence[ScenarioRow]:
        """Those of these that there are, likewise."""
        return self._session.scalars(
            select(ScenarioRow).where(ScenarioRow.id.in_(scenario_ids))
        ).all()

    def page(self, after: Cursor | None, limit: int) -> list[ScenarioRow]:
        """Up to `limit` without documents, newest first, beyond the cursor."""
        query = select(ScenarioRow).order_by(ScenarioRow.created.desc(), ScenarioRow.id.desc())
        if after is not None:
            query = query.where(tuple_(ScenarioRow.created, ScenarioRow.id) < tuple_(*after))
        return list(self._session.scalars(query.limit(limit)))

    def remove(self, row: ScenarioRow) -> None:
        """Delete one."""
        self._session.delete(row)
        self._note("deleted", row)

    def _note(self, what: str, row: ScenarioRow) -> None:
        told = {"version": row.version, "sha256": hashlib.sha256(row.document.encode()).hexdigest()}
        note(self._session, row.tenant, f"scenario.{what}", row.id, **told)
