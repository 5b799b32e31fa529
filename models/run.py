"""Runs and the incumbents found on the way."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from models.base import Base, Instant, Owned
from models.packed import Packed, PackedText


class RunStatus(StrEnum):
    """Statuses of OGC API – Processes; the last three never change."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


class Priority(StrEnum):
    """Which of the waiting runs goes first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class RunRow(Owned, Base):
    """One computation, with its own copy of the scenario it was asked about.

    `attempt` counts how often a worker took it and never falls: a worker may write only while
    the attempt is still its own. `worker_id` is the worker that has it or, when ended, had it;
    None while it waits. `losses` counts workers that died or froze with it, `crashes` solving
    processes that did. `progress_*` are those of the newest incumbent and bound, and which solve
    of how many that is; `seconds` is time solved so far and, when ended, in all.
    """

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint(
            f"status IN ({', '.join(repr(s.value) for s in RunStatus)})", name="status_known"
        ),
        CheckConstraint(
            "(status IN ('accepted', 'running')) = (ended IS NULL)", name="ended_when_over"
        ),
        CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="error_when_failed"),
        CheckConstraint(
            "status <> 'successful' OR result IS NOT NULL", name="result_when_successful"
        ),
        Index(None, "tenant", "created", "id"),
        CheckConstraint(
            f"priority IN ({', '.join(repr(p.value) for p in Priority)})", name="priority_known"
        ),
        Index(None, "status", "created", "id"),
        Index(None, "worker_id"),
        CheckConstraint("(batch_id IS NULL) = (batch_position IS NULL)", name="place_in_batch"),
        Index(None, "batch_id", "batch_position"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    scenario_id: Mapped[str | None] = mapped_column(String(100))
    """Of the stored or bundled scenario it was asked about; no foreign key: that one may go."""
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the kind asks for beside the scenario."""
    scenario: Mapped[Packed] = mapped_column(PackedText, deferred=True, deferred_raiseload=True)
    scenario_hash: Mapped[str] = mapped_column(String(64))
    batch_id: Mapped[str | None] = mapped_column(String(64))
    """The batch it was posted in; a batch is its runs and nothing else."""
    batch_position: Mapped[int | None]
    """Which of the batch's scenarios it is about, from 0."""
    created: Mapped[datetime] = mapped_column(Instant)
    started: Mapped[datetime | None] = mapped_column(Instant)
    ended: Mapped[datetime | None] = mapped_column(Instant)
    priority: Mapped[str] = mapped_column(String(10), default=Priority.NORMAL)
    attempt: Mapped[int] = mapped_column(default=0)
    worker_id: Mapped[str | None] = mapped_column(String(64))
    losses: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_detail: Mapped[str | None] = mapped_column(Text)
    progress_incumbent_nok: Mapped[float | None]
    progress_bound_nok: Mapped[float | None]
    progress_gap: Mapped[float | None]
    progress_part: Mapped[int | None]
    progress_parts: Mapped[int | None]
    seconds: Mapped[float | None]
    result: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    """The document that answers the run, byte for byte as it was made: of kind solve the plan."""
    has_result: Mapped[bool] = column_property(result.is_not(None), expire_on_flush=False)


class IncumbentRow(Base):
    """A better plan found on the way, numbered from 1 within its run."""

    __tablename__ = "incumbent"

    run_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("run.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[float]
    objective_nok: Mapped[float]
    bound_nok: Mapped[float | None]
    gap: Mapped[float | None]
