"""Use cases of runs, as workers see them. Every method is one transaction.

A worker may write to a run only while it holds it: what it says after the run was dismissed,
or was given to another worker, has no effect. That is also what makes every write safe to send
again when nobody knows whether it was committed.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from app.db import Database
from app.repositories import clock
from app.repositories.idempotency import IdempotencyRepository
from app.repositories.runs import OPEN, Hold, RunRepository
from app.schemas.parameters import RunKind
from app.schemas.run import AnswerHead
from app.services.acceptance import Enqueue
from app.services.runs import options_of
from app.services.task import Task
from models import RunRow, RunStatus
from solver.domain.result import Progress, SolveOptions

MAX_LOSSES = 2  # a third worker that dies with the same run is the run's fault
MAX_CRASHES = 2  # a second solving process that dies with it is, too
FORGOTTEN_AT_ONCE = 100
# Of a plan; other results have a proof for each of their plans.
EXPIRED = {
    "queue_time_exceeded": "Ingen rakk å begynne på kjøringen innen fristen. Send den på nytt.",
    "time_exceeded": "Kjøringen ble ikke ferdig innen fristen og måtte stanses.",
}
_PROVEN = ("objective_nok", "dual_bound_nok", "mip_gap")


@dataclass(frozen=True)
class Job:
    """A run that a worker has taken, and how long it may still take, retries included.

    `crashes`: how often a process that solved it has died.
    """

    hold: Hold
    task: Task
    options: SolveOptions
    crashes: int
    seconds_left: float


@dataclass(frozen=True)
class TimeLimits:
    """Seconds from posting to the first start, and from posting to the end."""

    queue_s: float
    total_s: float


class Work:
    """The runs of one database that wait, and those that one worker solves."""

    def __init__(self, database: Database, memory_limit_mb: float, limits: TimeLimits) -> None:
        self._database = database
        self._memory_limit_mb = memory_limit_mb
        self._limits = limits

    def take(self, run_id: str, worker_id: str) -> Job | None:
        """A run that the queue gave to this worker, now its own; None when that has ended.

        Whoever else had it has lost it. Asked again after an unknown commit, it is the same hold.
        """
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            row = repository.lock(run_id)
            if row is not None and row.status == RunStatus.RUNNING and row.worker_id != worker_id:
                repository.lose([run_id], MAX_LOSSES, now)
                session.refresh(row)
            if row is not None and row.status == RunStatus.ACCEPTED:
                row.status, row.worker_id, row.started = RunStatus.RUNNING, worker_id, now
                row.attempt += 1
            if row is None or row.status != RunStatus.RUNNING:
                return None
            return self._job(row, now)

    def report(self, hold: Hold, progress: Progress, *, new_incumbent: bool) -> None:
        """Write where a solve stands."""
        with self._database.writing() as session:
            repository = RunRepository(session)
            if repository.report(hold, progress) and new_incumbent:
                repository.add_incumbent(hold.run_id, progress)

    def succeed(self, hold: Hold, result: bytes, seconds: float) -> None:
        """End with a result document; dismissed if somebody asked for that meanwhile.

        Raises pydantic's ValidationError when it is none.
        """
        head = AnswerHead.model_validate_json(result)
        final = Progress(seconds, head.objective_nok, head.dual_bound_nok, head.mip_gap)
        with self._database.writing() as session:
            RunRepository(session).succeed(
                hold, result.decode(), head.outcome, final=final, now=clock.now(session)
            )

    def fail(self, hold: Hold, code: str, detail: str, seconds: float) -> None:
        """End without a plan; dismissed if somebody asked for that meanwhile."""
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            if not repository.dismiss_if_asked(hold, now=now, seconds=seconds):
                repository.fail(hold, code, detail, now=now, seconds=seconds)

    def crash(self, job: Job, code: str, detail: str, seconds: float) -> Job | None:
        """Its process died: the run once more, with less; None when that was once too often.

        Dismissed if somebody asked for that meanwhile.
        """
        hold, crashes = job.hold, job.crashes + 1
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            if repository.dismiss_if_asked(hold, now=now, seconds=seconds):
                return None
            held = repository.count_crashes(hold, crashes)
            if crashes >= MAX_CRASHES:
                repository.fail(hold, code, detail, now=now, seconds=seconds)
                return None
        if not held:
            return None
        left = job.seconds_left - seconds
        return replace(job, options=_with_less(job.options), crashes=crashes, seconds_left=left)

    def release(self, hold: Hold, seconds: float) -> None:
        """Give a run back as if never taken, or end it if somebody asked for that meanwhile."""
        with self._database.writing() as session:
            repository = RunRepository(session)
            if not repository.dismiss_if_asked(hold, now=clock.now(session), seconds=seconds):
                repository.release(hold)

    def lose(self, run_ids: Sequence[str]) -> None:
        """Take these from workers that are gone."""
        with self._database.writing() as session:
            RunRepository(session).lose(run_ids, MAX_LOSSES, clock.now(session))

    def held_by(self, worker_id: str) -> dict[Hold, bool]:
        """What a worker holds, and whether somebody asked for it to stop."""
        with self._database.reading() as session:
            rows = RunRepository(session).held_by(worker_id).values()
            return {Hold(row.id, row.attempt): row.cancel_requested for row in rows}

    def expire(self) -> None:
        """Fail what has waited too long."""
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            for code, seconds, untried in (
                ("queue_time_exceeded", self._limits.queue_s, True),
                ("time_exceeded", self._limits.total_s, False),
            ):
                before = now - timedelta(seconds=seconds)
                repository.expire(code, EXPIRED[code], before=before, untried=untried, now=now)

    def waiting(self, most: int) -> int:
        """How many runs wait, of everybody, counted up to so many."""
        with self._database.reading() as session:
            return RunRepository(session).waiting(most)

    def several_tenants(self) -> bool:
        """Whether runs of more than one tenant are kept here."""
        with self._database.reading() as session:
            return RunRepository(session).several_tenants()

    def forget(self, days: float) -> Sequence[str]:
        """Remove some of the runs that ended so many days ago, and keys that old; the runs' ids.

        With them go their incumbents. What the audit log tells of them stays.
        """
        with self._database.writing() as session:
            before = clock.now(session) - timedelta(days=days)
            IdempotencyRepository(session).remove(before)
            return RunRepository(session).remove_ended(before, FORGOTTEN_AT_ONCE)

    def over(self, run_ids: Sequence[str]) -> list[str]:
        """Those of these that have ended or are gone."""
        with self._database.reading() as session:
            rows = RunRepository(session).several(run_ids)
            open_ones = {row.id for row in rows if row.status in OPEN}
        return [run_id for run_id in run_ids if run_id not in open_ones]

    def requeue(self, enqueue: Enqueue, known: Callable[[list[str]], Collection[str]]) -> None:
        """Queue what has not ended and is not in the queue, as after an upgrade or a restore.

        Each look and each run is a transaction; a run that is queued twice is queued once.
        """
        with self._database.reading() as session:
            rows = RunRepository(session).open()
        queued = known([row.id for row in rows])
        for row in rows:
            if row.id not in queued:
                with self._database.writing() as session:
                    enqueue(session, [row])

    def _job(self, row: RunRow, now: datetime) -> Job:
        options = replace(options_of(row), memory_limit_mb=self._memory_limit_mb)
        return Job(
            hold=Hold(row.id, row.attempt),
            task=Task(json.loads(row.scenario.text), cast(RunKind, row.kind), row.parameters),
            options=options if row.crashes == 0 else _with_less(options),
            crashes=row.crashes,
            seconds_left=self._limits.total_s - (now - row.created).total_seconds(),
        )


def _with_less(options: SolveOptions) -> SolveOptions:
    """What most often helps one that was killed or crashed: one thread needs the least memory."""
    return replace(options, threads=1)
