"""Queries that count runs, for operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import RunRow, RunStatus


@dataclass(frozen=True)
class Spread:
    """How a measure is spread: how many are at most each bound, how many in all, and their sum."""

    at_most: Sequence[int]
    count: int
    total: float


class FigureRepository:
    """Figures of all runs within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_status(self) -> dict[str, int]:
        """Number of runs by status; a status without any is left out."""
        query = select(RunRow.status, func.count()).group_by(RunRow.status)
        return dict(self._session.execute(query).all())

    def by_outcome(self) -> dict[tuple[str, str], int]:
        """Number of runs by kind and outcome, of those that have one."""
        query = (
            select(RunRow.kind, RunRow.outcome, func.count())
            .where(RunRow.outcome.is_not(None))
            .group_by(RunRow.kind, RunRow.outcome)
        )
        found = self._session.execute(query)
        return {(kind, str(outcome)): count for kind, outcome, count in found}

    def by_error(self) -> dict[str, int]:
        """Number of failed runs by the code of their error."""
        query = (
            select(RunRow.error_code, func.count())
            .where(RunRow.error_code.is_not(None))
            .group_by(RunRow.error_code)
        )
        return {str(code): count for code, count in self._session.execute(query)}

    def oldest_waiting(self) -> datetime | None:
        """When the run was accepted that has waited longest; None when none waits."""
        query = select(func.min(RunRow.created)).where(RunRow.status == RunStatus.ACCEPTED)
        return self._session.scalars(query).one()

    def spread(
        self, column: InstrumentedAttribute[float | None], bounds: Sequence[float]
    ) -> dict[str, Spread]:
        """How a column is spread over ended runs, by kind."""
        within = [func.sum(case((column <= bound, 1), else_=0)) for bound in bounds]
        query = (
            select(RunRow.kind, func.count(), func.sum(column), *within)
            .where(RunRow.ended.is_not(None), column.is_not(None))
            .group_by(RunRow.kind)
        )
        return {
            kind: Spread(at_most, count, total)
            for kind, count, total, *at_most in self._session.execute(query)
        }
