"""Queries on workers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import WorkerRow


class WorkerRepository:
    """Workers within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: WorkerRow) -> None:
        """Store a new one."""
        self._session.add(row)

    def see(self, worker_id: str, now: datetime) -> bool:
        """It is alive now; False when it is not among them."""
        seen = update(WorkerRow).where(WorkerRow.id == worker_id).values(seen=now)
        return self._session.execute(seen.returning(WorkerRow.id)).first() is not None

    def all(self) -> Sequence[WorkerRow]:
        """Every one, dead ones included until they are removed."""
        return self._session.scalars(select(WorkerRow).order_by(WorkerRow.id)).all()

    def remove(self, worker_ids: Sequence[str]) -> None:
        """These have ended."""
        self._session.execute(delete(WorkerRow).where(WorkerRow.id.in_(worker_ids)))
