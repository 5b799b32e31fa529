"""What a worker's thread does with a run: take it, solve it in a child, hand over the result."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from app.errors import DATABASE_AWAY
from app.jobs.child import DETAILS, ChildResult, Failure, Limits, run_in_child
from app.jobs.exchange import Exchange
from app.jobs.helping import Helper
from app.jobs.patience import Patience
from app.jobs.queue import DurableQueue, GivenBack, run_of_call
from app.jobs.spool import Spool, Spooled
from app.jobs.watch import Standing, Watch
from app.repositories.runs import Hold
from app.services.parts import Parts
from app.services.task import SHARED_KINDS
from app.services.work import Job, Work
from solver.domain.result import Progress, Watcher

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5  # progress
# An incumbent is kept when the last one kept is older than this, or than this share of the time
# solved so far, whichever is longer: early ones come fast and tell most, and an hour has some 500.
KEEP_EVERY_S, KEEP_EVERY_SHARE = 0.5, 0.01
# A disk is full, which somebody will see to.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# The child died and may not the next time.
CRASHES = frozenset({"solver_crashed", "solver_killed"})


class Executor:
    """Carries out runs for one worker, each in the thread that calls."""

    def __init__(
        self,
        work: Work,
        parts: Parts,
        queue: DurableQueue,
        watch: Watch,
        spool: Spool,
        worker_id: str,
        limits: Limits,
        stopping: threading.Event,
    ) -> None:
        self._work = work
        self._parts = parts
        self._queue = queue
        self._watch = watch
        self._spool = spool
        self._worker_id = worker_id
        self._limits = limits
        self._stopping = stopping
        self._help = Helper(parts, watch, worker_id, limits, stopping)
        self._patience = Patience(stopping)
        self._insist = self._patience.insist

    def __call__(self, workflow_id: str) -> None:
        """Carry out a run to its end, or answer a call for help with one.

        GivenBack when that is no longer this worker's to do.
        """
        self._watch.begin(workflow_id)
        try:
            helped = run_of_call(workflow_id)
            if helped is not None:
                self._help(helped)
            else:
                self._carry_out(workflow_id)
        finally:
            self._watch.end(workflow_id)

    def hand_over_spooled(self) -> None:
        """What an earlier process of this machine solved while the database was away."""
        for spooled in self._spool.left():
            self._settle(spooled)
            self._spool.drop(spooled.hold)

    def _carry_out(self, run_id: str) -> None:
        job = self._insist(lambda: self._work.take(run_id, self._worker_id))
        while job is not None:
            job = self._attempt(job)

    def _attempt(self, job: Job) -> Job | None:
        """Solve once; the job to solve again when the child died, None when the run has ended."""
        self._watch.hold(job.hold)
        started = time.monotonic()
        try:
            result = self._solve(job)
        except GivenBack:
            self._give_back(job.hold, time.monotonic() - started)
            raise
        seconds = time.monotonic() - started
        failure = result.failure
        if failure is not None and failure.code in CRASHES:
            return self._insist(
                lambda: self._work.crash(job, failure.code, failure.detail, seconds)
            )
        self._hand_over(Spooled(job.hold, result, seconds))
        return None

    def _solve(self, job: Job) -> ChildResult:
        reporter = _Reporter(self._work, job.hold)

        def should_stop() -> bool:
            standing = self._watch.standing(job.hold)
            if standing is Standing.LOST or (
                self._stopping.is_set() and standing is not Standing.UNWANTED
            ):
                raise GivenBack
            reporter.catch_up()
            return standing is Standing.UNWANTED

        def solve() -> ChildResult:
            with self._exchange(job) as exchange:
                return self._solve_in_child(job, reporter, should_stop, exchange)

        try:
            result = self._when_there_is_room(solve, should_stop)
        except Exception:  # whatever it was, the worker goes on to the next run
            logger.exception("run %s could not be carried out", job.hold.run_id)
            return ChildResult(None, Failure("internal_error", DETAILS["internal_error"]))
        reporter.catch_up(at_once=True)
        return result

    def _solve_in_child(
        self,
        job: Job,
        reporter: "_Reporter",
        should_stop: Callable[[], bool],
        exchange: Exchange | None,
    ) -> ChildResult:
        if exchange is not None:
            self._insist(exchange.begin)

        def should_stop_or_tend() -> bool:
            if exchange is not None:
                exchange.tend()
            return should_stop()

        result = run_in_child(
            job.task,
            job.options,
            watcher=Watcher(reporter, should_stop_or_tend),
            limits=self._limits.within(job.seconds_left),
            crew=None if exchange is None else exchange.folder,
        )
        if exchange is not None:
            exchange.tend()
        return result

    @contextmanager
    def _exchange(self, job: Job) -> Iterator[Exchange | None]:
        """Where the parts of a run are shared."""
        if job.task.kind not in SHARED_KINDS:
            yield None
            return
        with TemporaryDirectory(prefix="flerkjerne-", dir=self._limits.folder) as folder:
            yield Exchange(self._parts, self._queue, job.hold, Path(folder))

    def _when_there_is_room(
        self, solve: Callable[[], ChildResult], should_stop: Callable[[], bool]
    ) -> ChildResult:
        """In the folder of jobs; GivenBack when that is no longer to be waited for."""
        while True:
            try:
                return solve()
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                logger.exception("there is no room in the folder of jobs")
            if should_stop():
                raise GivenBack
            self._patience.wait()

    def _give_back(self, hold: Hold, seconds: float) -> None:
        try:
            self._work.release(hold, seconds)
        except DATABASE_AWAY:
            logger.exception("run %s is left for others to find", hold.run_id)

    def _hand_over(self, spooled: Spooled) -> None:
        """Write the result, now or, from the spool, when the database is back."""
        try:
            self._settle(spooled)
        except DATABASE_AWAY:
            logger.exception("the database is away: run %s is spooled", spooled.hold.run_id)
            self._put_in_spool(spooled)
            self._patience.wait()
            self._insist(lambda: self._settle(spooled))
            self._spool.drop(spooled.hold)

    def _put_in_spool(self, spooled: Spooled) -> None:
        try:
            self._spool.put(spooled)
        except OSError:  # this process still has it
            logger.exception("run %s could not be spooled", spooled.hold.run_id)

    def _settle(self, spooled: Spooled) -> None:
        hold, result, seconds = spooled.hold, spooled.result, spooled.seconds
        failure = result.failure
        if result.document is not None:
            try:
                self._work.succeed(hold, result.document, seconds)
            except ValidationError:
                logger.exception("the result of run %s is none", hold.run_id)
                failure = Failure("answer_invalid", DETAILS["answer_invalid"])
        if failure is not None:
            self._work.fail(hold, failure.code, failure.detail, seconds)


class _Reporter:
    """Writes progress: the newest now and then, and the incumbents that are kept."""

    def __init__(self, work: Work, hold: Hold) -> None:
        self._work = work
        self._hold = hold
        self._started = time.monotonic()
        self._newest: Progress | None = None
        self._shown: Progress | None = None
        self._kept: float | None = None  # an incumbent
        self._next_shown = self._next_kept = 0.0

    def __call__(self, progress: Progress) -> None:
        self._newest = progress
        self.catch_up()

    def catch_up(self, *, at_once: bool = False) -> None:
        """Write what is due."""
        newest, now = self._newest, time.monotonic()
        if newest is None:
            return
        new = newest.incumbent_nok is not None and newest.incumbent_nok != self._kept
        keep = new and (at_once or now >= self._next_kept)
        show = newest != self._shown and (at_once or now >= self._next_shown)
        if keep or show:
            self._write(newest, keep=keep)

    def _write(self, newest: Progress, *, keep: bool) -> None:
        now = time.monotonic()
        self._next_shown = now + REPORT_EVERY_S
        if keep:
            share = KEEP_EVERY_SHARE * (now - self._started)
            self._next_kept = now + max(KEEP_EVERY_S, share)
        try:
            self._work.report(self._hold, newest, new_incumbent=keep)
        except DATABASE_AWAY:
            logger.warning("progress of run %s was not written", self._hold.run_id)
            return
        self._shown = newest
        if keep:
            self._kept = newest.incumbent_nok
