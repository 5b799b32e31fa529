"""Statement 1, 2, 3 … of every write fails, until none does: nothing is lost, nothing is twice.

To the database a process that is killed before it commits is a connection that breaks, which is
what happens here; one killed after it is an answer that never came.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from app.api.dependencies import ServicesForCaller
from app.callers import ANYBODY
from app.db import Database
from app.errors import DATABASE_AWAY
from app.jobs.queue import DurableQueue
from app.main import create_app
from app.repositories.runs import RunRepository
from app.services.idempotency import KeyedPost
from app.services.submissions import Submission
from app.services.work import Job, TimeLimits, Work
from app.settings import Settings
from models import RunRow
from tests.integration.processes import migrated
from tests.integration.test_database import a_plan
from tests.integration.test_job_queue import a_run, store
from tests.local_client import local_client

Toy = dict[str, Any]
GONE = OperationalError("", None, psycopg.OperationalError("the server is gone"))


class Fault:
    """Breaks statement number `at`, or forgets to answer commit number `at`."""

    def __init__(self, database: Database, kind: str, at: int) -> None:
        self._engine = database.writer
        self._kind = kind
        self._left = at
        self.fired = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Once, between here and the end."""
        dialect = self._engine.dialect
        commit = dialect.do_commit

        def commit_without_answer(connection: Any) -> None:
            commit(connection)
            self._count_down()

        if self._kind == "answer":
            dialect.do_commit = commit_without_answer  # type: ignore[method-assign]
        else:
            event.listen(self._engine, "before_cursor_execute", self._break)
        try:
            yield
        finally:
            if self._kind == "answer":
                dialect.do_commit = commit  # type: ignore[method-assign]
            else:
                event.remove(self._engine, "before_cursor_execute", self._break)

    def _break(self, *_arguments: Any) -> None:
        self._count_down()

    def _count_down(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.fired = True
            raise GONE


class Service:
    """A database with its queue and its API, and nobody at work."""

    def __init__(self, url: str) -> None:
        migrated(url)
        app = create_app(Settings(database_url=url))
        self.api = local_client(app)
        self.database: Database = app.state.services.database
        self.submissions = ServicesForCaller(app.state.services, ANYBODY).submissions
        self.queue = DurableQueue(self.database, "me", 1)
        self.work = Work(self.database, 1000, TimeLimits(1000, 1000))

    def stored(self) -> str:
        """A new run, accepted."""
        row = a_run(str(uuid4()))
        store(self.database, self.queue, row)
        return row.id

    def taken(self) -> Job:
        """A new run, held."""
        job = self.work.take(self.stored(), "me")
        assert job is not None
        return job

    def ids(self) -> set[str]:
        """Of every run."""
        with self.database.reading() as session:
            return set(session.scalars(select(RunRow.id)))

    def run(self, run_id: str) -> RunRow:
        """As it is."""
        with self.database.reading() as session:
            row = RunRepository(session).get(run_id)
            assert row is not None
            return row


@pytest.fixture(params=["statement", "answer"])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = Service(database_url)
    yield service
    service.database.dispose()


def again(write: Callable[[], Any]) -> Any:
    """As a worker does it."""
    while True:
        try:
            return write()
        except DATABASE_AWAY:
            continue


def sweep(service: Service, kind: str, once: Callable[[Callable[[], Any]], None]) -> None:
    """`once(armed)` for every place where the write can fail, and once where it does not."""
    for at in count(1):
        fault = Fault(service.database, kind, at)
        once(fault.armed)
        if not fault.fired:
            assert at > 1, "no fault was ever met"
            return


def test_submit(service: Service, kind: str, toy: Toy) -> None:
    def once(armed: Callable[[], Any]) -> None:
        before = service.ids()
        headers = {"idempotency-key": str(uuid4())}

        def post() -> Any:
            return service.api.post("/v1/runs", json={"scenario": toy}, headers=headers)

        with armed():
            answer = post()
            while answer.status_code == 503:
                answer = post()
        assert answer.status_code == 202
        after = service.ids()
        assert after - before == {answer.json()["id"]}
        assert service.queue.known(after) == after

    sweep(service, kind, once)


def test_submits_together(service: Service, kind: str, toy: Toy) -> None:
    """Each comes again after a fault, as over HTTP; one of them had come before."""
    body = {"scenario": service.api.post("/v1/scenarios", json=toy).json()["id"]}
    service.submissions.check(Submission(body))
    first = service.submissions.alone(Submission(body, KeyedPost("first", "/v1/runs", b"")))

    def once(armed: Callable[[], Any]) -> None:
        before = service.ids()
        keys = ["first", *(str(uuid4()) for _ in range(3))]
        asked = [Submission(body, KeyedPost(key, "/v1/runs", b"")) for key in keys]
        with armed():
            taken = [row.id for row in again(lambda: service.submissions.several(asked))]
        assert taken[0] == first.id
        assert len(set(taken)) == len(keys)
        assert service.ids() - before == set(taken[1:])
        assert service.queue.known(service.ids()) == service.ids()

    sweep(service, kind, once)


def test_claim(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        run_id = service.stored()
        with armed():
            job = again(lambda: service.work.take(run_id, "me"))
        row = service.run(run_id)
        assert (row.status, row.attempt, row.losses) == ("running", job.hold.attempt, 0)
        assert row.attempt == 1

    sweep(service, kind, once)


def test_finish(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        job = service.taken()
        with armed():
            again(lambda: service.work.succeed(job.hold, a_plan("optimal"), 1.0))
        row = service.run(job.hold.run_id)
        assert (row.status, row.outcome, row.has_result) == ("successful", "optimal", True)

    sweep(service, kind, once)


def test_fail(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        job = service.taken()
        with armed():
            again(lambda: service.work.fail(job.hold, "out_of_memory", "Fullt.", 1.0))
        row = service.run(job.hold.run_id)
        assert (row.status, row.error_code) == ("failed", "out_of_memory")

    sweep(service, kind, once)


def test_crash(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        job = service.taken()
        with armed():
            second = again(lambda: service.work.crash(job, "solver_crashed", "Stanset.", 1.0))
        row = service.run(job.hold.run_id)
        assert (row.status, row.crashes, second.crashes) == ("running", 1, 1)

    sweep(service, kind, once)


def test_release(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        job = service.taken()
        with armed():
            again(lambda: service.work.release(job.hold, 1.0))
        row = service.run(job.hold.run_id)
        assert (row.status, row.losses, row.attempt) == ("accepted", 0, 1)

    sweep(service, kind, once)


def test_loss(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        job = service.taken()
        with armed():
            again(lambda: service.work.lose([job.hold.run_id]))
        row = service.run(job.hold.run_id)
        assert (row.status, row.losses) == ("accepted", 1)

    sweep(service, kind, once)


def test_dismiss(service: Service, kind: str) -> None:
    def once(armed: Callable[[], Any]) -> None:
        run_id = service.stored()
        with armed():
            answer = service.api.delete(f"/v1/runs/{run_id}")
            while answer.status_code == 503:
                answer = service.api.delete(f"/v1/runs/{run_id}")
        assert answer.status_code in (200, 409), "409: the first was heard, and not answered"
        assert service.run(run_id).status == "dismissed"
        assert service.work.take(run_id, "me") is None

    sweep(service, kind, once)
