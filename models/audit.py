"""The audit log."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Instant, Owned


class AuditRow(Owned, Base):
    """A change that was made: who did what to which, and when.

    Numbered from 1 within its tenant. `hash` is over the entry and the hash of the one before it
    (`app.repositories.audit`); triggers refuse every other change than a new entry.
    """

    __tablename__ = "audit_entry"

    tenant: Mapped[str] = mapped_column(String(100), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(300))
    request_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100))
    """Id of the scenario, run or key."""
    detail: Mapped[str] = mapped_column(Text)
    """What more there is to know, as JSON text."""
    hash: Mapped[str] = mapped_column(String(64))
