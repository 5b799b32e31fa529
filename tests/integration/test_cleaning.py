"""Nothing is left for ever of what has ended: neither records of the queue nor folders."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from app.db import Database
from app.jobs import watch
from app.jobs.folders import PREFIX, YOUNG_S, WorkerFolder, remove_left
from app.jobs.queue import DurableQueue

from .conftest import StartClient
from .processes import has_found_something, post, run, server, until

Toy = dict[str, Any]


def test_the_queue_keeps_no_record_of_what_has_long_ended(
    start: StartClient,
    database_url: str,
    fake_child: None,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "FORGET_EVERY_S", 0.2)
    monkeypatch.setattr(watch, "RECORDS_KEPT_S", 0.0)
    database = Database(database_url)
    with start(database_url) as client:
        ended, stays = post(client, toy, "answer"), post(client, toy, "hang")
        until(lambda: DurableQueue(database, "x", 1).known([ended, stays]) == {stays})
        assert run(client, ended)["status"] == "successful"
        assert client.get(f"/v1/runs/{ended}/plan").status_code == 200
    database.dispose()


def test_a_young_record_is_kept(
    start: StartClient, sqlite_url: str, fake_child: None, toy: Toy
) -> None:
    database = Database(sqlite_url)
    with start(sqlite_url) as client:
        ended = post(client, toy, "answer")
        queue = DurableQueue(database, "x", 1)
        until(lambda: queue.ended(0, 10) == [ended])
        assert queue.ended(60, 10) == []
    database.dispose()


def aged(folder: Path) -> None:
    then = time.time() - 2 * YOUNG_S
    os.utime(folder, (then, then))


def test_a_folder_is_left_by_the_dead_alone(tmp_path: Path) -> None:
    living, dead, young = WorkerFolder(tmp_path), tmp_path / f"{PREFIX}a", tmp_path / f"{PREFIX}b"
    (dead / "flerkjerne-job").mkdir(parents=True)
    (dead / "flerkjerne-job" / "job.json").write_text("{}")
    young.mkdir()
    (tmp_path / "spool").mkdir()
    for folder in (living.path, dead, tmp_path / "spool"):
        aged(folder)
    remove_left(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {living.path.name, young.name, "spool"}
    living.remove()
    assert not living.path.exists()


def test_a_killed_servers_folder_goes_with_the_next_start(
    sqlite_url: str, toy: Toy, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    with server(sqlite_url, job_folder=jobs) as (served, client):
        run_id = post(client, toy, "hang")
        until(lambda: has_found_something(client, run_id))
        (left,) = jobs.glob(f"{PREFIX}*")
        served.kill()
        served.wait()
    aged(left)
    with server(sqlite_url, job_folder=jobs) as (served, client):
        (own,) = jobs.glob(f"{PREFIX}*")
        assert own != left
        served.terminate()
        served.wait(10)
    assert list(jobs.glob(f"{PREFIX}*")) == []
