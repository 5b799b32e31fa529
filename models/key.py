"""API keys."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Instant, Owned


class KeyRow(Owned, Base):
    """An API key, without its secret: only who was given it can know that."""

    __tablename__ = "api_key"
    __table_args__ = (Index(None, "tenant", "created", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    """What the key is for, in the words of who made it."""
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(40))
    """Names with spaces between."""
    created: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime] = mapped_column(Instant)
    last_used: Mapped[datetime | None] = mapped_column(Instant)
    """To the minute."""
    revoked: Mapped[datetime | None] = mapped_column(Instant)
