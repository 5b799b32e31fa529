"""Idempotency keys: the same POST twice makes one resource."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import IdempotencyRow


class IdempotencyRepository:
    """Idempotency keys within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, key: str, route: str) -> IdempotencyRow | None:
        """The row of this key, None when it is new."""
        query = select(IdempotencyRow).where(
            IdempotencyRow.key == key, IdempotencyRow.route == route
        )
        return self._session.scalars(query).one_or_none()

    def claim(
        self, key: str, route: str, *, body_hash: str, resource_id: str, now: datetime
    ) -> IdempotencyRow:
        """The row of this key: a new one for `resource_id`, or the one that was there first.

        A transaction that is about to store the same key is waited for.
        """
        row = IdempotencyRow(
            key=key, route=route, body_hash=body_hash, resource_id=resource_id, created=now
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:
            first = self.get(key, route)
            assert first is not None
            return first
        return row

    def remove(self, before: datetime) -> None:
        """Forget keys that came before an instant."""
        self._session.execute(delete(IdempotencyRow).where(IdempotencyRow.created < before))
