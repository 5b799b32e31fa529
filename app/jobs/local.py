"""A job engine of threads in this process, each solving one run at a time in a child."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from app.db import Database
from app.errors import DATABASE_AWAY
from app.jobs.child import DETAILS, ChildResult, Failure, Limits, run_in_child
from app.repositories.runs import Hold
from app.services.work import Job, Work
from app.settings import Settings
from solver.domain.result import Progress, Watcher

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

NICENESS = 10  # the server answers first
LOOK_EVERY_S = 1.0  # for runs that nobody told us about
RETRY_S = 1.0  # while the database is away
REPORT_EVERY_S = 0.5  # progress without a new incumbent


class LocalJobEngine:
    """Implements `JobEngine` for a database that no other process serves.

    The thread that starts a child waits for it, so that the child dies with this process.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._work = Work(database, settings.memory_limit_mb)
        self._limits = Limits(niceness=NICENESS, folder=settings.job_folder)
        self._news: SimpleQueue[str] = SimpleQueue()
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()
        self._held = ExitStack()
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(1, settings.workers + 1)
        ]

    @property
    def alive(self) -> bool:
        """Whether every worker is there."""
        return all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Begin to take runs; DatabaseInUse when another process does so on this database."""
        if self._limits.folder is not None:
            self._limits.folder.mkdir(parents=True, exist_ok=True)
        self._held.enter_context(self._database.sole_server())
        self._work.take_up_orphans()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the children, give their runs back, and wait for that."""
        self._stopping.set()
        for _ in self._threads:
            self._news.put("")  # wakes one that waits
        for thread in self._threads:
            thread.join()
        self._held.close()

    def submit(self, run_id: str) -> None:
        """Wake a worker."""
        self._news.put(run_id)

    def cancel(self, run_id: str) -> None:
        """Let the worker that solves this run stop its child."""
        self._cancelled.add(run_id)

    def _run(self) -> None:
        while not self._stopping.is_set():
            job = self._insist(self._work.take)
            if job is not None:
                self._solve(job)
            else:
                self._wait_for_news()

    def _wait_for_news(self) -> None:
        with suppress(Empty):
            self._news.get(timeout=LOOK_EVERY_S)

    def _solve(self, job: Job) -> None:
        started = time.monotonic()
        try:
            result = run_in_child(
                job.task, job.options, limits=self._limits, watcher=self._watcher(job.hold)
            )
        except Exception:  # whatever it was, the worker goes on to the next run
            logger.exception("run %s could not be carried out", job.hold.run_id)
            result = ChildResult(None, Failure("internal_error", DETAILS["internal_error"]))
        seconds = time.monotonic() - started
        self._insist(lambda: self._settle(job.hold, result, seconds))
        self._cancelled.discard(job.hold.run_id)

    def _settle(self, hold: Hold, result: ChildResult, seconds: float) -> None:
        if self._stopping.is_set() and hold.run_id not in self._cancelled:
            self._work.release(hold, seconds)
        elif result.document is not None:
            self._work.succeed(hold, result.document, seconds)
        elif result.failure is not None:
            self._work.fail(hold, result.failure.code, result.failure.detail, seconds)

    def _watcher(self, hold: Hold) -> Watcher:
        def should_stop() -> bool:
            return self._stopping.is_set() or hold.run_id in self._cancelled

        return Watcher(_Reporter(self._work, hold), should_stop)

    def _insist(self, write: Callable[[], Result]) -> Result | None:
        """Until the database takes it; None when the engine stops before that."""
        while True:
            try:
                return write()
            except DATABASE_AWAY:
                logger.exception("the database is away")
                if self._stopping.wait(RETRY_S):
                    return None


class _Reporter:
    """Writes progress: every new incumbent, and now and then what else has moved."""

    def __init__(self, work: Work, hold: Hold) -> None:
        self._work = work
        self._hold = hold
        self._incumbent_nok: float | None = None
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        new = progress.incumbent_nok is not None and progress.incumbent_nok != self._incumbent_nok
        if not new and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT_EVERY_S
        try:
            self._work.report(self._hold, progress, new_incumbent=new)
        except DATABASE_AWAY:
            logger.exception("progress of run %s was not written", self._hold.run_id)
        else:
            self._incumbent_nok = progress.incumbent_nok
