"""A wish to stop a run meets its start or its end: one of them holds, and stays (fault 14)."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.callers import ANYBODY
from app.db import Database
from app.errors import Conflict
from app.repositories.runs import OPEN
from app.services.runs import Runs
from app.services.work import Job
from tests.integration.test_database import a_plan, a_run, add, run, worked_on

MOMENTS = ("claim", "end")
LATE_S = (0, 0, 0.001, 0.004, 0.02)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


class Race:
    """One run, a worker that takes it and ends it, and a caller who wants it stopped."""

    def __init__(self, database: Database, run_id: str, moment: str) -> None:
        self._database, self._run_id, self._moment = database, run_id, moment
        self._work = worked_on(database)
        self._runs = Runs(database.of(ANYBODY))
        self._barrier = Barrier(2)
        add(database, a_run(run_id))

    def held(self, pool: ThreadPoolExecutor) -> str:
        """How it ended; AssertionError when that is no way to end."""
        job = self._work.take(self._run_id, "me") if self._moment == "end" else None
        worked = pool.submit(self._worker, job)
        asked = pool.submit(self._caller)
        started, refused = worked.result(timeout=60), asked.result(timeout=60)
        row = run(self._database, self._run_id)
        assert row.status not in OPEN
        if refused:
            assert (row.status, row.result is not None) == ("successful", True)
        else:
            assert row.status == "dismissed"
        if not started:
            assert (row.attempt, row.result) == (0, None), "it was dismissed before, and ran"
        before = (row.status, row.ended, row.result)
        with pytest.raises(Conflict):
            self._runs.ask_to_stop(self._run_id)
        self._work.expire()
        row = run(self._database, self._run_id)
        assert (row.status, row.ended, row.result) == before
        return "kept" if refused else "stopped" if started else "never begun"

    def _worker(self, job: Job | None) -> bool:
        """Whether the run was begun."""
        self._meet()
        job = job or self._work.take(self._run_id, "me")
        if job is None:
            return False
        stopped = self._work.held_by("me").get(job.hold)
        self._work.succeed(job.hold, a_plan("dismissed" if stopped else "optimal"), 1.0)
        return True

    def _caller(self) -> bool:
        """Whether it was told that the run has ended."""
        self._meet()
        try:
            if self._runs.ask_to_stop(self._run_id):
                self._runs.dismiss(self._run_id)
        except Conflict:
            return True
        return False

    def _meet(self) -> None:
        self._barrier.wait(timeout=60)
        time.sleep(random.choice(LATE_S))


def raced(database: Database, rounds: int) -> Counter[str]:
    """So many rounds, the moments in turn."""
    ends: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            moment = MOMENTS[number % len(MOMENTS)]
            ends[f"{moment}: {Race(database, f'r{number}', moment).held(pool)}"] += 1
    print(f"\n{rounds} rounds: {dict(sorted(ends.items()))}")
    return ends


def test_one_of_them_holds(database: Database) -> None:
    assert raced(database, 30).total() == 30


@pytest.mark.slow
def test_one_of_them_holds_a_thousand_times(database: Database) -> None:
    ends = raced(database, 1000)
    assert {end.partition(": ")[2] for end in ends} == {"kept", "stopped", "never begun"}
