"""What an Idempotency-Key stands for."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Instant, Owned


class IdempotencyRow(Owned, Base):
    """A key that a client sent with a POST, and the resource that the POST made."""

    __tablename__ = "idempotency_key"

    tenant: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    route: Mapped[str] = mapped_column(String(100), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    resource_id: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Instant)
