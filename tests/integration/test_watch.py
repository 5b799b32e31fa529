"""What a worker watches over goes on, whatever goes wrong with a part of it."""

import logging
from datetime import datetime

import pytest
from sqlalchemy import select

from app.db import Database
from app.jobs import watch as watching
from app.jobs.queue import DurableQueue
from app.services.parts import Parts
from app.services.work import TimeLimits, Work
from models import WorkerRow

from .processes import until


class Faulty(Work):
    """Cannot expire anything once it is broken."""

    broken = False
    tries = 0

    def expire(self) -> None:
        if self.broken:
            self.tries += 1
            raise RuntimeError("a fault that nobody foresaw")


def last_seen(database: Database) -> datetime:
    with database.reading() as session:
        return session.scalars(select(WorkerRow.seen)).one()


def test_a_duty_that_fails_does_not_silence_the_worker(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("LOOK_EVERY_S", "BEAT_EVERY_S", "SWEEP_EVERY_S"):
        monkeypatch.setattr(watching, name, 0.05)
    database = Database(sqlite_url)
    work = Faulty(database, 1000, TimeLimits(1000, 1000))
    parts, queue = Parts(database, 1000, 1000), DurableQueue(database, "w", 1)
    watch = watching.Watch(database, work, parts, queue, "w", dead_after_s=10, retention_days=None)
    watch.start()
    with caplog.at_level(logging.ERROR, "app.jobs.watch"):
        work.broken = True
        until(lambda: work.tries > 1)
        before = last_seen(database)
        until(lambda: last_seen(database) > before)
    assert watch.alive
    assert "the watch stumbled" in caplog.text
    work.broken = False
    watch.stop()
    database.dispose()
