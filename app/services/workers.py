"""Use cases of workers: who is alive. Every method is one transaction."""

from collections.abc import Collection
from datetime import timedelta

from app.db import Database
from app.repositories import clock
from app.repositories.workers import WorkerRepository
from models import WorkerRow


class Workers:
    """The workers of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, worker_id: str, host: str, pid: int) -> bool:
        """This worker is alive; True when it was not known to be."""
        with self._database.writing() as session:
            repository, now = WorkerRepository(session), clock.now(session)
            known = repository.see(worker_id, now)
            if not known:
                repository.add(WorkerRow(id=worker_id, host=host, pid=pid, started=now, seen=now))
            return not known

    def leave(self, worker_id: str) -> None:
        """This worker has ended."""
        with self._database.writing() as session:
            WorkerRepository(session).remove([worker_id])

    def living(self, dead_after_s: float) -> set[str]:
        """Those seen lately; none on SQLite, where whoever asks is the only one."""
        if self._database.is_sqlite:
            return set()
        with self._database.reading() as session:
            since = clock.now(session) - timedelta(seconds=dead_after_s)
            return {row.id for row in WorkerRepository(session).all() if row.seen >= since}

    def bury(self, living: Collection[str]) -> None:
        """Forget all others."""
        with self._database.writing() as session:
            repository = WorkerRepository(session)
            repository.remove([row.id for row in repository.all() if row.id not in living])
