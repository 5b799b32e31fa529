"""The durable queue: everything that knows DBOS.

Every run is a workflow of the run's id, in one queue, in the same database as the run. DBOS
remembers who was given it; what the run says and who may write to it is in our own tables.
DBOS is one per process, so this is too.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, DBOSClient, WorkflowStatusString
from sqlalchemy.orm import Session

from app.db import Database
from models import Priority, RunRow

APPLICATION, QUEUE, WORKFLOW, SCHEMA = "flerkjerne", "runs", "run", "dbos"
# What a workflow of ours is; a worker takes no other. Raised only when `execute` can no longer
# carry out what an older version queued.
PROTOCOL = "1"
POLL_S = 0.2
# The least is first. None of them is DBOS's own default, 0, which would go before all.
PRIORITIES = {Priority.HIGH: 10, Priority.NORMAL: 20, Priority.LOW: 30}
# Asks the database nothing as nobody waits for a message, and delays the end by as much.
NOTHING_TO_LISTEN_FOR_S = 0.1
# Losses are counted with the run, where a planner sees them; this only has to be more.
MOST_RECOVERIES = 1000

_ONE_PER_PROCESS = threading.Lock()


class GivenBack(BaseException):
    """Ends a workflow whose run is not this worker's to end; the queue still has it.

    No `Exception`: DBOS would record that as the workflow's outcome.
    """


@dataclass(frozen=True)
class Claim:
    """A run that the queue has given to a worker."""

    run_id: str
    worker_id: str


class DurableQueue:
    """The queue of one database, and this worker's side of it."""

    def __init__(self, database: Database, worker_id: str, workers: int) -> None:
        self._database = database
        self._worker_id = worker_id
        self._workers = workers
        self._client = DBOSClient(
            system_database_engine=database.writer,
            dbos_system_schema=SCHEMA,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def migrate(self) -> None:
        """Bring the queue's own tables to the newest version."""
        DBOS.migrate(self._database.url, schema=SCHEMA)
        # More than one at a time only where a worker's own setting says so, see `launch`.
        self._client.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_S)

    def enqueue(self, session: Session, run: RunRow) -> None:
        """Queue a run within the transaction that stores it."""
        self._client.enqueue_in_transaction(
            session,
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": run.id,
                "priority": PRIORITIES[Priority(run.priority)],
                "app_version": PROTOCOL,
            },
        )

    def launch(self, execute: Callable[[str], None]) -> None:
        """Begin to call `execute` with the ids of runs, each in a thread of its own."""

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_RECOVERIES)
        def run() -> None:
            assert DBOS.workflow_id is not None
            execute(DBOS.workflow_id)

        if not _ONE_PER_PROCESS.acquire(blocking=False):
            raise RuntimeError("another job engine is at work in this process")
        instance = DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database.writer,
                "dbos_system_schema": SCHEMA,
                "application_version": PROTOCOL,
                "executor_id": self._worker_id,
                "run_migrations": False,
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": NOTHING_TO_LISTEN_FOR_S,
                "log_level": "ERROR",  # it warns ten times a second while the database is away
            }
        )
        DBOS.launch()
        self._take_as_many_as_we_may(instance)

    def _take_as_many_as_we_may(self, instance: DBOS) -> None:
        """DBOS keeps one concurrency for all workers; each machine has its own."""
        system_database = instance._sys_db
        read = system_database.get_queue

        def get_queue(*args: Any, **named: Any) -> Any:
            queue = read(*args, **named)
            if queue is not None:
                queue._worker_concurrency = self._workers
            return queue

        system_database.get_queue = get_queue  # type: ignore[method-assign]

    def stop(self) -> None:
        """Call `execute` no more; calls under way go on, but how they end is not recorded."""
        DBOS.destroy(destroy_registry=True)
        _ONE_PER_PROCESS.release()

    def claims(self) -> list[Claim]:
        """What the queue has given to workers, dead ones included."""
        pending = self._client.list_workflows(
            status=WorkflowStatusString.PENDING.value,
            queue_name=QUEUE,
            load_input=False,
            load_output=False,
        )
        return [Claim(one.workflow_id, one.executor_id or "") for one in pending]

    def known(self, run_ids: Collection[str]) -> set[str]:
        """Those of these runs that the queue has heard of."""
        if not run_ids:
            return set()
        found = self._client.list_workflows(
            workflow_ids=list(run_ids), load_input=False, load_output=False
        )
        return {one.workflow_id for one in found}

    def requeue(self, run_ids: Sequence[str]) -> None:
        """Let these be given to a worker again, whoever had them."""
        if run_ids:
            self._client.resume_workflows(list(run_ids), queue_name=QUEUE)

    def forget(self, run_ids: Sequence[str]) -> None:
        """These have ended, and their runs are gone."""
        if run_ids:
            self._client.delete_workflows(list(run_ids))
