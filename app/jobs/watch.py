"""A worker's eye on the database: its heartbeat, its holds, and what others left behind.

Everything here goes by the database's clock or by this process's monotonic one, so that a worker
whose wall clock jumps neither dies nor lives for ever.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial

from app.db import Database
from app.errors import DATABASE_AWAY
from app.jobs.queue import Claim, DurableQueue
from app.repositories.runs import Hold
from app.services.parts import Parts
from app.services.work import FORGOTTEN_AT_ONCE, Work
from app.services.workers import Workers

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 1.0
SWEEP_EVERY_S = 2.0
FORGET_EVERY_S = 60.0
# Of the queue, on runs that have ended: for whoever looks into what went wrong just now.
RECORDS_KEPT_S = 3600.0
DRAIN_S = 3.0  # a thread sees in a tenth of a second that it must stop, then kills its child


class Standing(Enum):
    """What a worker may do with a run it took."""

    HELD = "held"
    UNWANTED = "unwanted"  # somebody asked for it to stop
    LOST = "lost"  # somebody else has it, or it has ended


class Watch:
    """The thread of one worker that looks after it while others solve.

    `dead_after_s`: a worker not seen for so long is dead, and its runs go to others.
    `retention_days`: after which ended runs are removed; never when None.
    """

    def __init__(
        self,
        database: Database,
        work: Work,
        parts: Parts,
        queue: DurableQueue,
        worker_id: str,
        dead_after_s: float,
        retention_days: float | None,
    ) -> None:
        self._database = database
        self._work = work
        self._parts = parts
        self._queue = queue
        self._workers = Workers(database)
        self._worker_id = worker_id
        self._dead_after_s = dead_after_s
        self._retention_days = retention_days
        self._holds: dict[Hold, Standing] = {}
        self._busy: set[str] = set()
        self._strays: set[Claim] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._away = False
        self._patient_until = 0.0
        self._last_beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether somebody is watching."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Say that this worker is there, tidy up once, and go on doing so."""
        self._beat()
        self._patient_until = 0.0  # who was not seen before we came is dead
        self._sweep()
        self._thread.start()

    def stop(self) -> None:
        """Wait for the threads, which were told to stop, and say that this worker is gone."""
        until = time.monotonic() + DRAIN_S
        while self._busy and time.monotonic() < until:
            time.sleep(0.02)
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        try:
            self._queue.requeue([c.run_id for c in self._queue.claims() if self._is_mine(c)])
            self._workers.leave(self._worker_id)
        except DATABASE_AWAY:
            logger.exception("the database is away; others will find out that this worker is gone")

    def look_now(self) -> None:
        """Something has changed in the database."""
        self._wake.set()

    def begin(self, run_id: str) -> None:
        """This worker's thread is at a run, or answers a call for help."""
        with self._lock:
            self._busy.add(run_id)

    def hold(self, hold: Hold) -> None:
        """It has taken the run, or parts of one."""
        with self._lock:
            self._holds[hold] = Standing.HELD

    def end(self, run_id: str) -> None:
        """It is done with it."""
        with self._lock:
            self._busy.discard(run_id)
            self._holds = {h: s for h, s in self._holds.items() if h.run_id != run_id}

    def standing(self, hold: Hold) -> Standing:
        """As it was at the last look."""
        with self._lock:
            return self._holds.get(hold, Standing.LOST)

    def _run(self) -> None:
        due: dict[Callable[[], None], float] = {
            self._look: LOOK_EVERY_S,
            self._beat: BEAT_EVERY_S,
            self._sweep: SWEEP_EVERY_S,
            self._forget: FORGET_EVERY_S,
        }
        next_time = dict.fromkeys(due, 0.0)
        while not self._stopping.is_set():
            self._wake.wait(LOOK_EVERY_S)
            woken = self._wake.is_set()
            self._wake.clear()
            for duty, seconds in due.items():
                if time.monotonic() >= next_time[duty] or (woken and duty == self._look):
                    self._perform(duty)
                    next_time[duty] = time.monotonic() + seconds

    def _perform(self, duty: Callable[[], None]) -> None:
        """Whatever goes wrong, the next time may go right; this worker must not fall silent."""
        try:
            duty()
        except DATABASE_AWAY:
            if not self._away:
                logger.exception("the database is away")
            self._away = True
            self._be_patient()
        except Exception:
            logger.exception("the watch stumbled")
        else:
            if self._away and duty != self._look:  # which asks nothing while nothing is held
                logger.warning("the database is back")
                self._away = False

    def _be_patient(self) -> None:
        """Take nobody for dead yet who may only have been frozen or cut off as we were."""
        self._patient_until = time.monotonic() + self._dead_after_s

    def _look(self) -> None:
        with self._lock:
            known = set(self._holds)
        if not known:
            return
        there = self._work.held_by(self._worker_id) | self._parts.held_by(self._worker_id)
        with self._lock:
            for hold in known & set(self._holds):
                if hold not in there:
                    self._holds[hold] = Standing.LOST
                elif there[hold]:
                    self._holds[hold] = Standing.UNWANTED

    def _beat(self) -> None:
        new = self._workers.beat(self._worker_id, socket.gethostname(), os.getpid())
        late = time.monotonic() - self._last_beat > self._dead_after_s / 2
        if new or late:
            self._be_patient()
        self._last_beat = time.monotonic()

    def _sweep(self) -> None:
        claims = self._queue.claims()
        self._take_up_strays(claims)
        with self._database.housekeeping() as ours:
            if ours:
                self._work.expire()
                if time.monotonic() >= self._patient_until:
                    self._take_from_the_dead()

    def _forget(self) -> None:
        with self._database.housekeeping() as ours:
            if ours:
                self._until_none_is_left(self._records_of_ended)
            if ours and self._retention_days is not None:
                self._until_none_is_left(partial(self._work.forget, self._retention_days))

    def _until_none_is_left(self, some: Callable[[], Sequence[str]]) -> None:
        while not self._stopping.is_set() and (gone := some()):
            self._queue.forget(gone)

    def _records_of_ended(self) -> Sequence[str]:
        return self._work.over(self._queue.ended(RECORDS_KEPT_S, FORGOTTEN_AT_ONCE))

    def _take_from_the_dead(self) -> None:
        """Cut off half-way, it is done again: what is not queued anew is still the dead one's."""
        living = self._workers.living(self._dead_after_s) | {self._worker_id}
        lost = [c.run_id for c in self._queue.claims() if c.worker_id not in living]
        if lost:
            logger.warning("runs of workers that are gone wait again: %s", ", ".join(lost))
        self._work.lose(lost)
        self._parts.lose(living)
        self._queue.requeue(lost)
        self._workers.bury(living)

    def _take_up_strays(self, claims: list[Claim]) -> None:
        """What the queue says is ours and no thread of ours is at, twice in a row.

        So it is after a claim whose commit was not answered.
        """
        with self._lock:
            strays = {c for c in claims if self._is_mine(c) and c.run_id not in self._busy}
        again = strays & self._strays
        self._queue.requeue([claim.run_id for claim in again])
        self._strays = strays - again

    def _is_mine(self, claim: Claim) -> bool:
        return claim.worker_id == self._worker_id
