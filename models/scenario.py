"""Stored scenarios."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Instant, Owned


class ScenarioRow(Owned, Base):
    """A scenario document as its author wrote it; `version` counts changes, for the ETag."""

    __tablename__ = "scenario"
    __table_args__ = (Index(None, "tenant", "created", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    document: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    """JSON text."""
    created: Mapped[datetime] = mapped_column(Instant)
    updated: Mapped[datetime] = mapped_column(Instant)
