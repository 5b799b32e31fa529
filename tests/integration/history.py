"""Clients post, read, cancel and batch while processes are killed; afterwards their histories are
checked run by run.

`python -m tests.integration.history sqlite|postgresql --operations 10000 --seed 1`

To a client a run is a value that is written once: open until it has one end, which stays. A history
of such a value is linearizable exactly if all ends seen are the same, nobody who asks after an end
was seen sees the run open, and nobody who asks after it was made finds it missing.
"""

import argparse
import os
import random
import signal
import socket
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
import psutil

from geodata import bundled
from tests.integration.killloop import NAMED, OPEN, SHARING, Postgres, Stored
from tests.integration.processes import (
    DEAD_AFTER_S,
    answers,
    nothing_is_left,
    process,
    until,
    workflows,
)

OPERATIONS = {
    "read": 60,
    "cancel": 20,
    "post": 8,
    "post with parts": 1,
    "post again": 9,
    "batch": 2,
}
BEHAVIOURS = {"answer": 8, "work_a_while": 2, "abort": 1}
PATIENCE_S = 60.0
A_LOOK_S = 0.5  # at the queue takes one run off it, be it one that was dismissed while it waited
NO_LIMITS = {
    "heartbeat_timeout_s": DEAD_AFTER_S,
    "workers": 2,
    "max_queue": 1_000_000,
    "max_queued_per_tenant": 1_000_000,
    "reads_per_s": 1e6,
    "writes_per_s": 1e6,
}


@dataclass(frozen=True)
class Event:
    """What a client was told of a run, and between which two instants."""

    run_id: str
    operation: str
    began: float
    ended: float
    status_code: int
    seen: tuple[str, str | None] | None  # status and time of the end; None when not told

    @property
    def over(self) -> bool:
        """Whether it says that the run has ended."""
        told = self.seen is not None and self.seen[0] not in OPEN
        return told or (self.operation == "cancel" and self.status_code == 409)


def violations(events: list[Event]) -> list[str]:
    """What no single run could have shown; the events are of one run."""
    found = []
    ends = {event.seen for event in events if event.seen and event.seen[0] not in OPEN}
    if len(ends) > 1:
        found.append(f"several ends: {ends}")
    first_end = min((event.ended for event in events if event.over), default=float("inf"))
    made = min((event.ended for event in events if event.operation == "post"), default=0.0)
    for event in events:
        if event.began > first_end and event.seen and event.seen[0] in OPEN:
            found.append(f"open after its end: {event}")
        if event.began > made and event.status_code == 404:
            found.append(f"lost: {event}")
    cancelled = [e for e in events if e.operation == "cancel" and e.status_code == 200]
    if cancelled and {status for status, _ in ends} - {"dismissed"}:
        found.append(f"ended otherwise although its cancellation was taken: {ends}")
    return found


@dataclass
class Known:
    """What the clients know together: runs by key, and every event."""

    runs: dict[str, list[str]] = field(default_factory=dict)
    bodies: dict[str, tuple[str, Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Service:
    """A server on one port that is shot at, and started again."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = str(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self._port}"
        self._url = url
        self._stack = stack
        self.start()

    def start(self) -> None:
        """Until it is ready."""
        self._process = self._stack.enter_context(
            process(self._url, "serve", "--port", self._port, **NO_LIMITS)
        )
        with httpx.Client(base_url=self.address, timeout=PATIENCE_S) as client:
            until(lambda: answers(client), seconds=PATIENCE_S)

    def kill(self) -> None:
        """And start it again."""
        self._process.kill()
        self._process.wait()
        self.start()

    def kill_a_child(self, chance: random.Random) -> None:
        """If there is one."""
        children = psutil.Process(self._process.pid).children()
        if children:
            chance.choice(children).send_signal(signal.SIGKILL)


class Client(threading.Thread):
    """One of several, each with dice of its own."""

    def __init__(self, name: str, address: str, known: Known, seed: str, operations: int) -> None:
        super().__init__(name=name)
        self._client = httpx.Client(base_url=address, timeout=PATIENCE_S)
        self._known = known
        self._random = random.Random(seed)
        self._operations = operations
        self._town = bundled.load("lillehammer-2018")
        self._stored = Stored(
            lambda town: self._insist(lambda: self._client.post("/v1/scenarios", json=town))
        )

    def run(self) -> None:
        """Every operation; what goes wrong is told in `problems`."""
        try:
            for number in range(self._operations):
                self._operate(number)
        except Exception as error:
            self._known.problems.append(f"{self.name}: {error!r}")

    def _operate(self, number: int) -> None:
        (operation,) = self._random.choices(list(OPERATIONS), list(OPERATIONS.values()))
        with self._known.lock:
            keys = sorted(self._known.runs)
        if operation in ("post", "post with parts", "batch") or not keys:
            self._post(f"{self.name}-{number}", operation)
        elif operation == "post again":
            self._send_post(self._random.choice(keys))
        else:
            run_id = self._random.choice(self._known.runs[self._random.choice(keys)])
            self._ask(operation, run_id)

    def _post(self, key: str, operation: str) -> None:
        self._known.bodies[key] = self._body(operation)
        self._send_post(key)

    def _body(self, operation: str) -> tuple[str, Any]:
        """Of a post, and where it goes."""
        if operation == "post with parts":
            return "/v1/runs", {"scenario": {**self._town, "title": SHARING}, "kind": "stress"}
        drawn = self._random.choices(list(BEHAVIOURS), list(BEHAVIOURS.values()), k=3)
        towns = [{**self._town, "title": title} for title in drawn]
        if operation == "batch":
            return "/v1/batches", {"scenarios": towns}
        named = self._random.random() < NAMED
        return "/v1/runs", {"scenario": self._stored(towns[0]) if named else towns[0]}

    def _send_post(self, key: str) -> None:
        path, body = self._known.bodies[key]
        began = time.monotonic()
        answer = self._insist(
            lambda: self._client.post(path, json=body, headers={"idempotency-key": key})
        )
        ended = time.monotonic()
        assert answer.status_code == 202, answer.text
        told = answer.json()
        runs = told.get("runs", [told])
        ids = [run["id"] for run in runs]
        with self._known.lock:
            before = self._known.runs.setdefault(key, ids)
            if before != ids:
                self._known.problems.append(f"key {key} made {before} and {ids}")
            for run in runs:
                self._known.events.append(Event(run["id"], "post", began, ended, 202, _seen(run)))

    def _ask(self, operation: str, run_id: str) -> None:
        method = "DELETE" if operation == "cancel" else "GET"
        began = time.monotonic()
        answer = self._insist(lambda: self._client.request(method, f"/v1/runs/{run_id}"))
        ended = time.monotonic()
        seen = _seen(answer.json()) if answer.status_code == 200 else None
        with self._known.lock:
            self._known.events.append(
                Event(run_id, operation, began, ended, answer.status_code, seen)
            )

    def _insist(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        """Until it is answered; 503 and a broken connection are no answers."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = send()
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                assert answer.status_code < 500, answer.text
                return answer
            assert time.monotonic() < deadline, "no answer"
            time.sleep(0.1)


def _seen(run: dict[str, Any]) -> tuple[str, str | None]:
    return run["status"], run["ended"]


def record(
    url: str, postgres: Postgres | None, operations: int, clients: int, seed: int, every_s: float
) -> str:
    """Play it, check it, and say what it was; AssertionError with all violations."""
    known, chance, shots = Known(), random.Random(seed), Counter[str]()
    with ExitStack() as stack:
        service = Service(url, stack)
        players = [
            Client(f"client-{n}", service.address, known, f"{seed}-{n}", operations // clients)
            for n in range(clients)
        ]
        for player in players:
            player.start()
        shoot: dict[str, Callable[[], None]] = {
            "server": service.kill,
            "child": lambda: service.kill_a_child(chance),
        }
        if postgres is not None:
            shoot["connections"] = postgres.cut_connections
        while any(player.is_alive() for player in players):
            time.sleep(chance.uniform(0, 2 * every_s))
            name = chance.choice(list(shoot))
            shots[name] += 1
            shoot[name]()
        _end_all(service.address, known)
        made = sum(map(len, known.runs.values()))
        until(lambda: nothing_is_left(url), seconds=PATIENCE_S + A_LOOK_S * made)
        calls = sum(":" in each for each in workflows(url))
    by_run: dict[str, list[Event]] = {}
    for event in known.events:
        by_run.setdefault(event.run_id, []).append(event)
    found = known.problems + [one for events in by_run.values() for one in violations(events)]
    assert not found, "\n".join(found)
    counts = Counter(event.operation for event in known.events)
    ends = Counter(
        next(e.seen[0] for e in events if e.seen and e.seen[0] not in OPEN)
        for events in by_run.values()
    )
    return (
        f"{operations} operations by {clients} clients, {len(known.events)} events {dict(counts)};"
        f" {len(by_run)} runs {dict(ends)}, {calls} calls for help were answered;"
        f" shots {dict(shots)}; 0 violations"
    )


def _end_all(address: str, known: Known) -> None:
    """Ask for every run to stop, and see how each has ended, once more than they did."""
    last = Client("last", address, known, "last", 0)
    run_ids = sorted({run_id for ids in known.runs.values() for run_id in ids})
    for run_id in run_ids:
        last._ask("cancel", run_id)
    for run_id in run_ids:
        deadline = time.monotonic() + PATIENCE_S
        last._ask("read", run_id)
        while not known.events[-1].over:
            assert time.monotonic() < deadline, f"stuck: {run_id}"
            time.sleep(0.1)
            last._ask("read", run_id)
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        number, page = 0, "/v1/runs?limit=100"
        while page:
            told = client.get(page).json()
            number, page = number + len(told["items"]), told["next"]
    if number != len(run_ids):
        known.problems.append(f"{number} runs, {len(run_ids)} were told of")


def play(backend: str, operations: int, clients: int, seed: int, every_s: float) -> str:
    """On a database of its own, gone afterwards."""
    print(f"{backend}, {operations} operations, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(
        prefix="flerkjerne-history-", ignore_cleanup_errors=True
    ) as name:
        if backend == "sqlite":
            url = f"sqlite:///{Path(name, 'test.db')}"
            return record(url, None, operations, clients, seed, every_s)
        postgres = Postgres(name)
        try:
            return record(postgres.url, postgres, operations, clients, seed, every_s)
        finally:
            postgres.end()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("backend", choices=("sqlite", "postgresql"))
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument(
        "--every", type=float, default=5.0, help="seconds between shots, on average"
    )
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    chosen = parser.parse_args()
    print(play(chosen.backend, chosen.operations, chosen.clients, chosen.seed, chosen.every))


if __name__ == "__main__":
    main()
