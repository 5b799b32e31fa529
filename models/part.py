"""Parts of a run that several workers may work on."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PartRow(Base):
    """Work that depends on no other part of its run; gone when the run has ended.

    It waits while it has neither `claim` nor `result`. A claim is somebody's right to answer it: a
    helper that takes some parts has a new one each time, and the run's own process that of its
    attempt. `worker_id` is the worker that helps or has helped with it; None where the run's own
    process does it. `failures` counts helpers that died or failed with it.
    """

    __tablename__ = "part"
    __table_args__ = (Index(None, "worker_id"),)

    run_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of `what`, so that what was answered once is known again."""
    position: Mapped[int]
    """Its turn within the run."""
    what: Mapped[str] = mapped_column(Text)
    """What there is to do, as JSON text."""
    seconds: Mapped[float]
    """How long one thread may take."""
    claim: Mapped[str | None] = mapped_column(String(64))
    worker_id: Mapped[str | None] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(default=0)
    result: Mapped[str | None] = mapped_column(Text)
    """The answer, as JSON text."""
