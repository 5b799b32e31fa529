"""Queries on API keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.orm import Session

from app.repositories.audit import note
from app.repositories.cursor import Cursor
from models import KeyRow


class KeyRepository:
    """API keys within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: KeyRow) -> None:
        """Store a new one."""
        self._session.add(row)
        expires = row.expires.isoformat()
        note(
            self._session,
            row.tenant,
            "key.created",
            row.id,
            name=row.name,
            scopes=row.scopes,
            expires=expires,
        )

    def get(self, key_id: str) -> KeyRow | None:
        """One; None when there is none."""
        return self._session.get(KeyRow, key_id)

    def page(self, after: Cursor | None, limit: int) -> list[KeyRow]:
        """Up to `limit`, newest first, beyond the cursor."""
        query = select(KeyRow).order_by(KeyRow.created.desc(), KeyRow.id.desc())
        if after is not None:
            query = query.where(tuple_(KeyRow.created, KeyRow.id) < tuple_(*after))
        return list(self._session.scalars(query.limit(limit)))

    def all(self) -> Sequence[KeyRow]:
        """Every one, by tenant and then from the oldest to the newest."""
        return self._session.scalars(
            select(KeyRow).order_by(KeyRow.tenant, KeyRow.created, KeyRow.id)
        ).all()

    def usable(self, now: datetime) -> bool:
        """Whether somebody can log in with one of them."""
        query = select(KeyRow.id).where(KeyRow.revoked.is_(None), KeyRow.expires > now).limit(1)
        return self._session.scalars(query).first() is not None

    def revoke(self, row: KeyRow, now: datetime) -> None:
        """End one; one that has been revoked stays as it is."""
        if row.revoked is None:
            row.revoked = now
            note(self._session, row.tenant, "key.revoked", row.id, name=row.name)

    def used(self, key_id: str, now: datetime, since: datetime) -> None:
        """It was used now, unless somebody else has said so since an instant."""
        before = or_(KeyRow.last_used.is_(None), KeyRow.last_used < since)
        self._session.execute(
            update(KeyRow).where(KeyRow.id == key_id, before).values(last_used=now)
        )
