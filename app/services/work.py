"""Use cases of runs, as workers see them. Every method is one transaction.

A worker may write to a run only while it holds it: what it says after the run was dismissed,
or was given to another worker, has no effect.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.db import Database
from app.repositories.runs import Hold, RunRepository
from app.services.runs import options_of
from models import RunRow
from solver.domain.result import Progress, SolveOptions

MAX_ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """A run that a worker has taken."""

    hold: Hold
    document: dict[str, Any]
    options: SolveOptions


class Work:
    """The queue of accepted runs of one database."""

    def __init__(self, database: Database, memory_limit_mb: float) -> None:
        self._database = database
        self._memory_limit_mb = memory_limit_mb

    def take_up_orphans(self) -> None:
        """Settle what a dead process left running; the caller must be the only server."""
        with self._database.writing() as session:
            RunRepository(session).take_up_orphans(MAX_ATTEMPTS, datetime.now(UTC))

    def take(self) -> Job | None:
        """The oldest accepted run, now running and ours; None when none waits."""
        with self._database.writing() as session:
            row = RunRepository(session).take_oldest(datetime.now(UTC))
            return None if row is None else self._job(row)

    def report(self, hold: Hold, progress: Progress, *, new_incumbent: bool) -> None:
        """Write where a solve stands."""
        with self._database.writing() as session:
            repository = RunRepository(session)
            if repository.report(hold, progress) and new_incumbent:
                repository.add_incumbent(hold.run_id, progress)

    def succeed(self, hold: Hold, plan: bytes, seconds: float) -> None:
        """End with a plan document; dismissed if somebody asked for that meanwhile."""
        text = plan.decode()
        document = json.loads(text)
        final = Progress(
            seconds, document["objective_nok"], document["dual_bound_nok"], document["mip_gap"]
        )
        with self._database.writing() as session:
            RunRepository(session).succeed(
                hold, text, document["outcome"], final=final, now=datetime.now(UTC)
            )

    def fail(self, hold: Hold, code: str, detail: str, seconds: float) -> None:
        """End without a plan; dismissed if somebody asked for that meanwhile."""
        now = datetime.now(UTC)
        with self._database.writing() as session:
            repository = RunRepository(session)
            if not repository.dismiss_if_asked(hold, now=now, seconds=seconds):
                repository.fail(hold, code, detail, now=now, seconds=seconds)

    def release(self, hold: Hold, seconds: float) -> None:
        """Give a run back as if never taken, or end it if somebody asked for that meanwhile."""
        now = datetime.now(UTC)
        with self._database.writing() as session:
            repository = RunRepository(session)
            if not repository.dismiss_if_asked(hold, now=now, seconds=seconds):
                repository.release(hold)

    def _job(self, row: RunRow) -> Job:
        options = replace(options_of(row), memory_limit_mb=self._memory_limit_mb)
        return Job(Hold(row.id, row.attempt), json.loads(row.scenario), options)
