"""Parts of one run on several workers: all answered once, whoever dies, and all ended together."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.db import Database
from app.jobs.crew import CrewByMail
from app.jobs.exchange import Exchange
from app.jobs.queue import DurableQueue
from app.services.analyses import answer
from app.services.parts import Parts
from app.services.plan_document import dump
from app.services.task import Task
from app.services.work import TimeLimits, Work
from solver.analysis.pareto import expected_solves
from solver.domain.crew import Part
from solver.domain.result import SolveOptions, Watcher
from tests.component.test_parts import without_times
from tests.streets import street

from .conftest import StartClient
from .fake_child import NAPS
from .processes import (
    DEAD_AFTER_S,
    api_of,
    nothing_is_left,
    process,
    rows,
    run,
    until,
    workers,
    workflows,
)

Toy = dict[str, Any]
SQUARES = [n * n for n in range(NAPS)]


def stress(client: Any, toy: Toy, title: str = "share_naps") -> str:
    asked = {"scenario": {**toy, "title": title}, "kind": "stress", "options": {"threads": 1}}
    answer = client.post("/v1/runs", json=asked)
    assert answer.status_code == 202, answer.text
    run_id: str = answer.json()["id"]
    return run_id


def result(client: Any, run_id: str) -> Toy:
    until(lambda: run(client, run_id)["ended"], seconds=60)
    assert run(client, run_id)["status"] == "successful"
    document: Toy = client.get(f"/v1/runs/{run_id}/result").json()
    return document


def test_one_worker_alone_does_it_all(
    start: StartClient, database_url: str, fake_child: None, toy: Toy
) -> None:
    """In the one place that it has; nobody answers the calls."""
    with start(database_url, workers=1) as client:
        run_id = stress(client, toy)
        until(lambda: (run(client, run_id)["progress"]["part"] or 0) > NAPS / 2)
        assert run(client, run_id)["progress"]["parts"] == NAPS
        assert result(client, run_id)["squares"] == SQUARES
        assert [each["id"] for each in client.get("/v1/runs").json()["items"]] == [run_id]


def test_parts_that_helpers_fail_with_are_left_to_the_run(
    start: StartClient, sqlite_url: str, fake_child: None, toy: Toy
) -> None:
    with start(sqlite_url, workers=2) as client:
        assert result(client, stress(client, toy, "help_nobody"))["squares"] == SQUARES


def test_a_run_whose_process_crashed_keeps_what_was_found(
    start: StartClient, sqlite_url: str, fake_child: None, toy: Toy
) -> None:
    with start(sqlite_url, workers=2) as client:
        found = result(client, stress(client, toy, "share_naps_and_crash"))
        assert found["squares"] == SQUARES
        assert 4 <= found["known"] < NAPS


def test_each_process_of_an_attempt_calls_for_help_itself(
    database_url: str, toy: Toy, tmp_path: Path
) -> None:
    """The first has ended without taking its calls back; they may have been answered."""
    offered = [Part(f"part-{n}", {"n": n}, 1.0) for n in range(3)]
    with api_of(database_url) as client:
        run_id = stress(client, toy)
        database = Database(database_url)
        job = Work(database, 1000, TimeLimits(1000, 1000)).take(run_id, "worker")
        assert job is not None
        parts, queue = Parts(database, 1000, 1000), DurableQueue(database, "worker", 1)
        for called in (3, 6):
            folder = Path(mkdtemp(dir=tmp_path))
            exchange = Exchange(parts, queue, job.hold, folder)
            exchange.begin()
            CrewByMail(folder).offer(offered)
            exchange.tend()
            calls = [each for each in workflows(database_url) if each.startswith(f"{run_id}:")]
            assert len(calls) == called
        database.dispose()


@pytest.fixture
def api(postgresql_url: str) -> Iterator[TestClient]:
    with api_of(postgresql_url) as client:
        yield client


HELPERS = (
    "SELECT DISTINCT pid FROM part JOIN worker ON worker.id = part.worker_id"
    " WHERE run_id = %s AND part.result IS {}"
)


def helping(url: str, run_id: str) -> set[int]:
    """Process ids of the workers that work on parts of a run."""
    return {pid for (pid,) in rows(url, HELPERS.format("NULL"), run_id)}


def have_helped(url: str, run_id: str) -> set[int]:
    return {pid for (pid,) in rows(url, HELPERS.format("NOT NULL"), run_id)}


def at_it(url: str, run_id: str) -> int:
    ((pid,),) = rows(
        url, "SELECT pid FROM worker JOIN run ON worker.id = worker_id WHERE run.id = %s", run_id
    )
    return int(pid)


def answered(url: str, run_id: str) -> int:
    query = "SELECT count(*) FROM part WHERE run_id = %s AND result IS NOT NULL"
    return int(rows(url, query, run_id)[0][0])


def helped(api: TestClient, url: str, toy: Toy) -> tuple[str, int]:
    """A run, and the worker that helps with it."""
    run_id = stress(api, toy)
    until(lambda: helping(url, run_id))
    (helper,) = helping(url, run_id)
    return run_id, helper


def test_two_workers_share_the_parts(api: TestClient, postgresql_url: str, toy: Toy) -> None:
    with workers(postgresql_url, 2) as living:
        run_id = stress(api, toy)
        until(lambda: have_helped(postgresql_url, run_id))
        pids = have_helped(postgresql_url, run_id) | {at_it(postgresql_url, run_id)}
        assert pids == set(living)
        assert result(api, run_id)["squares"] == SQUARES
        until(lambda: nothing_is_left(postgresql_url))


def test_a_helper_that_dies_costs_its_own_parts(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as living:
        run_id, helper = helped(api, postgresql_url, toy)
        living[helper].kill()
        found = result(api, run_id)
        assert (found["squares"], found["known"]) == (SQUARES, 0)
        assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [(1, 0)]


def test_another_worker_takes_the_run_over_with_what_was_found(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as living:
        run_id = stress(api, toy)
        until(lambda: have_helped(postgresql_url, run_id))
        known = answered(postgresql_url, run_id)
        living[at_it(postgresql_url, run_id)].kill()
        found = result(api, run_id)
        assert found["squares"] == SQUARES
        assert known <= found["known"] <= NAPS
        assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [(2, 1)]


@pytest.mark.slow
def test_a_frozen_helper_is_not_waited_for_nor_heard(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as living:
        run_id, helper = helped(api, postgresql_url, toy)
        living[helper].send_signal(signal.SIGSTOP)
        assert result(api, run_id)["squares"] == SQUARES
        living[helper].send_signal(signal.SIGCONT)
        until(lambda: nothing_is_left(postgresql_url), seconds=3 * DEAD_AFTER_S + 20)


@pytest.mark.slow
def test_a_helper_that_is_asked_to_end_gives_its_parts_back(
    api: TestClient, postgresql_url: str, toy: Toy
) -> None:
    with workers(postgresql_url, 2) as living:
        run_id, helper = helped(api, postgresql_url, toy)
        living[helper].terminate()
        until(lambda: not helping(postgresql_url, run_id), seconds=6)
        assert rows(postgresql_url, "SELECT 1 FROM part WHERE failures > 0") == []
        assert result(api, run_id)["squares"] == SQUARES


def test_all_parts_end_with_the_run(api: TestClient, postgresql_url: str, toy: Toy) -> None:
    with workers(postgresql_url, 2):
        run_id = stress(api, toy)
        until(lambda: helping(postgresql_url, run_id))
        assert api.delete(f"/v1/runs/{run_id}").status_code == 200
        until(lambda: run(api, run_id)["status"] == "dismissed", seconds=5)
        until(lambda: nothing_is_left(postgresql_url), seconds=5)


FRONT = {
    "scenario": {**street(6), "title": "slow_front"},
    "kind": "pareto",
    "parameters": {"points": 14, "against": "travel"},
    "options": {"threads": 1, "mip_gap": 0},
}


def front(client: Any) -> str:
    answer = client.post("/v1/runs", json=FRONT)
    assert answer.status_code == 202, answer.text
    run_id: str = answer.json()["id"]
    return run_id


@pytest.fixture(scope="module")
def front_alone() -> Toy:
    """As one process has it that nobody helps."""
    task = Task(FRONT["scenario"], "pareto", FRONT["parameters"])
    document = answer(task, SolveOptions(mip_gap=0), Watcher())
    alone: Toy = without_times(json.loads(dump(document)))
    assert len(alone["points"]) == 14
    return alone


@pytest.mark.parametrize("dies", ["helper", pytest.param("run", marks=pytest.mark.slow)])
def test_a_front_is_the_same_whoever_sought_its_points(
    api: TestClient, postgresql_url: str, front_alone: Toy, dies: str
) -> None:
    with workers(postgresql_url, 2) as living:
        run_id = front(api)
        until(lambda: have_helped(postgresql_url, run_id), seconds=60)
        own, (helper,) = at_it(postgresql_url, run_id), have_helped(postgresql_url, run_id)
        assert {own, helper} == set(living)
        living[{"helper": helper, "run": own}[dies]].kill()
        assert without_times(result(api, run_id)) == front_alone
        attempt = (2, 1) if dies == "run" else (1, 0)
        assert rows(postgresql_url, "SELECT attempt, losses FROM run") == [attempt]
        until(lambda: nothing_is_left(postgresql_url), seconds=3 * DEAD_AFTER_S)


def test_all_points_end_with_the_run(api: TestClient, postgresql_url: str) -> None:
    with workers(postgresql_url, 2):
        run_id = front(api)
        until(lambda: helping(postgresql_url, run_id), seconds=60)
        progress = run(api, run_id)["progress"]
        assert 4 <= progress["part"] < progress["parts"] == expected_solves(14)
        assert api.delete(f"/v1/runs/{run_id}").status_code == 200
        until(lambda: run(api, run_id)["status"] == "dismissed", seconds=5)
        until(lambda: nothing_is_left(postgresql_url), seconds=5)


@pytest.mark.slow
def test_a_worker_that_comes_late_helps(api: TestClient, postgresql_url: str, toy: Toy) -> None:
    with workers(postgresql_url, 1):
        run_id = stress(api, toy)
        until(lambda: answered(postgresql_url, run_id) > 2)
        with process(postgresql_url, "worker", heartbeat_timeout_s=DEAD_AFTER_S):
            until(lambda: helping(postgresql_url, run_id))
            assert result(api, run_id)["squares"] == SQUARES
