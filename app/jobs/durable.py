"""The job engine: the durable queue, a watch, and threads that each solve one run in a child."""

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from app.db import Database
from app.jobs.child import Limits
from app.jobs.execution import Executor
from app.jobs.folders import WorkerFolder, remove_left
from app.jobs.queue import DurableQueue
from app.jobs.spool import Spool
from app.jobs.watch import Watch
from app.services.parts import Parts
from app.services.work import TimeLimits, Work
from app.settings import Settings
from models import RunRow

NICENESS = 10  # the server answers first


class DurableJobEngine:
    """Implements `JobEngine` with one worker in this process; others may share the database.

    Runs outlive it: what it is solving when it stops, or is killed, waits again.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._worker_id = str(uuid4())
        self._stopping = threading.Event()
        limits = TimeLimits(settings.max_queue_s, settings.max_total_s)
        self._work = Work(database, settings.memory_limit_mb, limits)
        self._parts = Parts(database, settings.memory_limit_mb, settings.max_total_s)
        self._queue = DurableQueue(database, self._worker_id, settings.workers)
        self._watch = Watch(
            database,
            self._work,
            self._parts,
            self._queue,
            self._worker_id,
            dead_after_s=settings.heartbeat_timeout_s,
            retention_days=settings.retention_days,
        )
        self._folder: WorkerFolder | None = None

    @property
    def alive(self) -> bool:
        """Whether this worker looks after its runs."""
        return self._watch.alive

    def start(self) -> None:
        """Make the queue ready, take up what is left of earlier processes, and begin."""
        self._queue.migrate()
        executor = self._executor()
        executor.hand_over_spooled()
        self._work.requeue(self._queue.enqueue, self._queue.known)
        self._watch.start()
        self._queue.launch(executor, self._most_of_a_tenant)

    def begin_to_stop(self) -> None:
        """End the children; their runs wait again."""
        self._stopping.set()

    def stop(self) -> None:
        """Wait until every run is given back."""
        self.begin_to_stop()
        self._queue.stop()
        self._watch.stop()
        if self._folder is not None:
            self._folder.remove()

    def enqueue(self, session: Session, runs: Sequence[RunRow]) -> None:
        """Queue new runs within the transaction that stores them."""
        self._queue.enqueue(session, runs)

    def waiting(self, most: int) -> int:
        """How many runs wait, of everybody, counted up to so many."""
        return self._work.waiting(most)

    def cancel(self, _run_id: str) -> None:
        """Look for what is cancelled; a run of another worker is seen there a moment later."""
        self._watch.look_now()

    def _most_of_a_tenant(self) -> int | None:
        """Of runs under way; a tenant that is alone may use every worker."""
        alone = not self._work.several_tenants()
        return None if alone else self._settings.max_running_per_tenant

    def _executor(self) -> Executor:
        """Solves in a folder that goes with this worker; results wait where it was told."""
        kept = self._settings.job_folder
        parent = kept or Path(tempfile.gettempdir())
        self._folder = WorkerFolder(parent)
        remove_left(parent)
        limits = Limits(niceness=NICENESS, folder=self._folder.path)
        spool = Spool((kept or self._folder.path) / "spool")
        return Executor(
            self._work,
            self._parts,
            self._queue,
            self._watch,
            spool,
            self._worker_id,
            limits,
            self._stopping,
        )
