"""What operators want to know of all runs together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.db import Database
from app.repositories.figures import FigureRepository, Spread
from models import RunRow, RunStatus

SECONDS_BOUNDS = (1, 3, 10, 30, 100, 300, 1000, 3600)
GAP_BOUNDS = (1e-6, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 1)


@dataclass(frozen=True)
class RunFigures:
    """Runs by status, outcome and error; the queue's age; how solve times and gaps are spread."""

    by_status: Mapping[str, int]
    by_outcome: Mapping[tuple[str, str], int]
    by_error: Mapping[str, int]
    oldest_waiting_s: float
    """0 when none waits."""
    seconds: Mapping[str, Spread]
    """By kind, over `SECONDS_BOUNDS`."""
    gaps: Mapping[str, Spread]
    """By kind, over `GAP_BOUNDS`; relative."""


def run_figures(database: Database) -> RunFigures:
    """The figures as they are now, in one transaction."""
    with database.reading() as session:
        repository = FigureRepository(session)
        counted, oldest = repository.by_status(), repository.oldest_waiting()
        return RunFigures(
            by_status={status.value: counted.get(status, 0) for status in RunStatus},
            by_outcome=repository.by_outcome(),
            by_error=repository.by_error(),
            oldest_waiting_s=0.0 if oldest is None else _seconds_since(oldest),
            seconds=repository.spread(RunRow.seconds, SECONDS_BOUNDS),
            gaps=repository.spread(RunRow.progress_gap, GAP_BOUNDS),
        )


def _seconds_since(instant: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - instant).total_seconds())
