"""The durable queue: everything that knows DBOS.

Every run is a workflow of the run's id, in one queue, in the same database as the run; so is every
call for help with the parts of a run, by an id that begins with the run's. DBOS remembers who was
given it; what the run says and who may write to it is in our own tables.
DBOS is one per process, so this is too.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSClient, WorkflowStatus, WorkflowStatusString
from sqlalchemy import bindparam, delete, update
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
HELP = 40  # after every run of the tenant: it goes to places that would else be empty
_CALL = ":"  # between the run's id and the call's
# Asks the database nothing as nobody waits for a message, and delays the end by as much.
NOTHING_TO_LISTEN_FOR_S = 0.1
# Losses are counted with the run, where a planner sees them; this only has to be more.
MOST_RECOVERIES = 1000
# More than there are: a queue has partitions only while it has a limit for them.
NO_CEILING = 1_000_000

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


def run_of_call(workflow_id: str) -> str | None:
    """The run that a workflow is a call for help with; None when it is a run."""
    run_id, found, _ = workflow_id.partition(_CALL)
    return run_id if found else None


class Turns:
    """Round robin between tenants, as one worker sees it."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}  # the turn at which a tenant was last served

    def next_of(
        self, waiting: Collection[str], under_way: Mapping[str, int], ceiling: int
    ) -> str | None:
        """Of the tenants that wait the one with the fewest runs under way, and of such the one
        served longest ago; None when all have as many under way as they may.
        """
        may = [tenant for tenant in waiting if under_way.get(tenant, 0) < ceiling]
        if not may:
            return None
        tenant = min(may, key=lambda one: (under_way.get(one, 0), self._last.get(one, 0), one))
        self._last[tenant] = max(self._last.values(), default=0) + 1
        return tenant


class DurableQueue:
    """The queue of one database, and this worker's side of it."""

    def __init__(self, database: Database, worker_id: str, workers: int) -> None:
        self._database = database
        self._worker_id = worker_id
        self._workers = workers
        self._turns = Turns()
        self._client = DBOSClient(
            system_database_engine=database.writer,
            dbos_system_schema=SCHEMA,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        queued = self._client._sys_db.tables.workflow_status
        self._put_in_order = (
            update(queued)
            .where(queued.c.workflow_uuid == bindparam("workflow"))
            .values(created_at=bindparam("at_ms"))
        )

    def migrate(self) -> None:
        """Bring the queue's own tables to the newest version."""
        DBOS.migrate(self._database.url, schema=SCHEMA)
        # The limits are a worker's own, see `launch`.
        self._client.register_queue(
            QUEUE,
            worker_concurrency=1,
            partition_concurrency=NO_CEILING,
            polling_interval_sec=POLL_S,
        )

    def enqueue(self, session: Session, runs: Sequence[RunRow]) -> None:
        """Queue runs within the transaction that stores them."""
        for run in runs:
            self._enqueue(session, run, run.id, PRIORITIES[Priority(run.priority)])
        self._keep_in_order(session, {run.id: run for run in runs})

    def call(self, session: Session, run: RunRow, names: Sequence[str]) -> list[str]:
        """Call for help with the parts of a run, once for each name; the ids of the calls."""
        calls = [f"{run.id}{_CALL}{name}" for name in names]
        for one in calls:
            self._enqueue(session, run, one, HELP)
        self._keep_in_order(session, dict.fromkeys(calls, run))
        return calls

    def withdraw(self, session: Session, calls: Sequence[str]) -> None:
        """Those of these calls that nobody has heard are needed no more."""
        system_database = self._client._sys_db
        queued = system_database.tables.workflow_status
        session.execute(
            delete(queued).where(
                queued.c.workflow_uuid.in_(calls),
                queued.c.status == WorkflowStatusString.ENQUEUED.value,
            ),
            execution_options={"schema_translate_map": {queued.schema: system_database.schema}},
        )

    def _enqueue(self, session: Session, run: RunRow, workflow_id: str, priority: int) -> None:
        self._client.enqueue_in_transaction(
            session,
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": workflow_id,
                "priority": priority,
                "queue_partition_key": run.tenant,
                "app_version": PROTOCOL,
            },
        )

    def _keep_in_order(self, session: Session, queued: Mapping[str, RunRow]) -> None:
        """First come, first served: DBOS's own time is the same for all runs of a transaction, and
        on some SQLite for all of a second. `queued` are the runs of workflows.
        """
        at_ms = [
            {
                "workflow": workflow_id,
                "at_ms": int(run.created.timestamp() * 1000) + (run.batch_position or 0),
            }
            for workflow_id, run in queued.items()
        ]
        if at_ms:
            session.connection().execute(self._put_in_order, at_ms)

    def launch(
        self, execute: Callable[[str], None], most_of_a_tenant: Callable[[], int | None]
    ) -> None:
        """Begin to call `execute` with the ids of runs and of calls, each in a thread of its own.

        `most_of_a_tenant` says how many runs of a tenant may be under way on all workers; None
        when there is no limit.
        """

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
        self._take_in_turn(instance, most_of_a_tenant)

    def _take_in_turn(self, instance: DBOS, most_of_a_tenant: Callable[[], int | None]) -> None:
        """Take one run at each look, of the tenant whose turn it is.

        DBOS keeps one concurrency for all workers, where each machine has its own, and draws lots
        between partitions, so that a tenant may wait long; of one there is nothing to draw.
        """
        system_database = instance._sys_db
        read, waiting = system_database.get_queue, system_database.get_queue_partitions
        latest: Any = None

        def get_queue(*args: Any, **named: Any) -> Any:
            nonlocal latest
            latest = read(*args, **named)
            if latest is not None:
                here = instance._active_workflows_set.count_for_queue(QUEUE)
                latest._worker_concurrency = min(self._workers, here + 1)
            return latest

        def get_queue_partitions(queue_name: str) -> list[str]:
            tenants = waiting(queue_name)
            if not tenants:
                return []
            ceiling = most_of_a_tenant() or NO_CEILING
            latest._partition_concurrency = ceiling
            tenant = self._turns.next_of(tenants, self._under_way(), ceiling)
            return [] if tenant is None else [tenant]

        system_database.get_queue = get_queue  # type: ignore[method-assign]
        system_database.get_queue_partitions = get_queue_partitions  # type: ignore[method-assign]

    def stop(self) -> None:
        """Call `execute` no more; calls under way go on, but how they end is not recorded."""
        DBOS.destroy(destroy_registry=True)
        _ONE_PER_PROCESS.release()

    def claims(self) -> list[Claim]:
        """What the queue has given to workers, dead ones included."""
        return [Claim(one.workflow_id, one.executor_id or "") for one in self._given()]

    def _under_way(self) -> Counter[str]:
        """How many runs of each tenant the queue has given to workers."""
        return Counter(one.queue_partition_key or "" for one in self._given())

    def _given(self) -> list[WorkflowStatus]:
        return self._client.list_workflows(
            status=WorkflowStatusString.PENDING.value,
            queue_name=QUEUE,
            load_input=False,
            load_output=False,
        )

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

    def ended(self, seconds_ago: float, limit: int) -> list[str]:
        """Up to `limit` runs that the queue was done with so long ago, and keeps a record of."""
        before = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        found = self._client.list_workflows(
            status=[WorkflowStatusString.SUCCESS.value, WorkflowStatusString.ERROR.value],
            queue_name=QUEUE,
            completed_before=before.isoformat(),
            limit=limit,
            load_input=False,
            load_output=False,
        )
        return [one.workflow_id for one in found]

    def forget(self, run_ids: Sequence[str]) -> None:
        """Keep no record of these; what became of them is in our own tables."""
        if run_ids:
            self._client.delete_workflows(list(run_ids))
