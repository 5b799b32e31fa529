"""What a worker's thread does with a call for help: take parts of a run, and answer them."""

import logging
import threading
from uuid import uuid4

from app.errors import DATABASE_AWAY
from app.jobs.child import DETAILS, ChildResult, Failure, Limits, run_in_child
from app.jobs.patience import Patience
from app.jobs.queue import GivenBack
from app.jobs.watch import Standing, Watch
from app.services.parts import Parts, Share, answers_in
from solver.domain.result import Watcher

logger = logging.getLogger(__name__)


class NotNeeded(BaseException):
    """The run has ended, or others have the parts: nobody waits for the answers."""


class Helper:
    """Works on parts of runs for one worker, each share in the thread that calls."""

    def __init__(
        self,
        parts: Parts,
        watch: Watch,
        worker_id: str,
        limits: Limits,
        stopping: threading.Event,
    ) -> None:
        self._parts = parts
        self._watch = watch
        self._worker_id = worker_id
        self._limits = limits
        self._stopping = stopping
        self._insist = Patience(stopping).insist

    def __call__(self, run_id: str) -> None:
        """Take a share of a run's parts, if any wait, and answer them."""
        claim = str(uuid4())
        share = self._insist(lambda: self._parts.take(run_id, self._worker_id, claim))
        if share is None:
            return
        self._watch.hold(share.hold)
        try:
            self._answer(share)
        finally:
            self._watch.end(share.hold.run_id)

    def _answer(self, share: Share) -> None:
        try:
            result = self._work_on(share)
        except NotNeeded:
            self._insist(lambda: self._parts.let_go(share))
            return
        except GivenBack:
            self._give_back(share)
            raise
        answers = None if result.document is None else answers_in(result.document)
        if answers is None or len(answers) != len(share.part_ids):
            # The run's own process will meet the same, and knows what it means for the run.
            code = "answer_invalid" if result.failure is None else result.failure.code
            logger.error("parts of run %s could not be answered: %s", share.run_id, code)
            answers = [None] * len(share.part_ids)
        self._insist(lambda: self._parts.finish(share, answers))

    def _work_on(self, share: Share) -> ChildResult:
        def should_stop() -> bool:
            if self._watch.standing(share.hold) is not Standing.HELD:
                raise NotNeeded
            if self._stopping.is_set():
                raise GivenBack
            return False

        limits = self._limits.within(share.seconds_left)
        watcher = Watcher(should_stop=should_stop)
        try:
            return run_in_child(share.task, share.options, watcher=watcher, limits=limits)
        except Exception:  # a full disk, say: others may do better
            logger.exception("help with run %s could not be given", share.run_id)
            return ChildResult(None, Failure("internal_error", DETAILS["internal_error"]))

    def _give_back(self, share: Share) -> None:
        try:
            self._parts.let_go(share)
        except DATABASE_AWAY:
            logger.exception("parts of run %s are left for others to find", share.run_id)
