"""Use cases of runs, as workers see them. Every method is one transaction.

A worker may write to a run only while it holds it: what it says after the run was dismissed,
or was given to another worker, has no effect.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from app.db import Database
from app.repositories.runs import Hold, RunRepository
from app.schemas.parameters import RunKind
from app.services.runs import options_of
from app.services.task import Task
from models import RunRow
from solver.domain.result import Progress, SolveOptions

MAX_ATTEMPTS = 2
# Of a plan; other results have a proof for each of their plans.
_PROVEN = ("objective_nok", "dual_bound_nok", "mip_gap")


@dataclass(frozen=True)
class Job:
    """A run that a worker has taken."""

    hold: Hold
    task: Task
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

    def succeed(self, hold: Hold, result: bytes, seconds: float) -> None:
        """End with a result document; dismissed if somebody asked for that meanwhile."""
        text = result.decode()
        document = json.loads(text)
        final = Progress(seconds, *(document.get(name) for name in _PROVEN))
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
        task = Task(json.loads(row.scenario), cast(RunKind, row.kind), row.parameters)
        return Job(Hold(row.id, row.attempt), task, options)
