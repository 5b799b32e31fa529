"""A server that is killed while its events are read (fault 15), or upgraded while runs are posted
(fault 16).
"""

import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .processes import command, free_port, has_found_something, post, refusal, server, until
from .test_events import Event, parsed, states

Toy = dict[str, Any]
KILLS_OF_A_RUN = 2  # a third would be the last that a run outlives
ENDED = ("successful", "failed", "dismissed")


class Reader:
    """Reads the events of a run to its end, however often the line breaks."""

    def __init__(self, client: httpx.Client, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        self.events: list[Event] = []
        self.breaks = 0

    def read(self) -> list[Event]:
        """All that was told."""
        deadline = time.monotonic() + 120
        while not self._has_ended:
            assert time.monotonic() < deadline, self.events
            try:
                self._read_on()
            except httpx.TransportError:
                self.breaks += 1
                time.sleep(0.1)
        return self.events

    @property
    def _has_ended(self) -> bool:
        told = states(self.events)
        return bool(told) and told[-1] in ENDED

    def _read_on(self) -> None:
        last = {"last-event-id": str(self.events[-1][0])} if self.events else {}
        path = f"/v1/runs/{self._run_id}/events"
        with self._client.stream("GET", path, headers=last) as answer:
            assert answer.status_code in (200, 503)
            if answer.status_code == 200:
                for event in parsed(answer.iter_lines()):
                    self.events.append(event)


def many_at(port: int) -> httpx.Client:
    """A client with as many connections as it is asked for."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        timeout=30,
        limits=httpx.Limits(max_connections=None),
    )


def lasting(events: list[Event]) -> tuple[list[str], list[int]]:
    """States and incumbents, which come once and are kept; who comes late may hear of several
    states before the incumbents between them.
    """
    return states(events), [data["seq"] for _, kind, data in events if kind == "incumbent"]


def killed_while_read(url: str, toy: Toy, kills: int, readers: int) -> int:
    """Kills the server so often, with so many who read; how often a line broke under them."""
    port, breaks = free_port(), 0
    with ThreadPoolExecutor(readers) as pool, many_at(port) as lines:
        for _ in range(kills // KILLS_OF_A_RUN):
            run_id = ""
            for kill in range(KILLS_OF_A_RUN + 1):
                with server(url, port, heartbeat_timeout_s=3) as (served, client):
                    if kill == 0:
                        run_id = post(client, toy, "work_until_stopped")
                        all_readers = [Reader(lines, run_id) for _ in range(readers)]
                        reading = [pool.submit(reader.read) for reader in all_readers]
                    until(lambda: has_found_something(client, run_id), seconds=60)  # noqa: B023
                    until(lambda: all(reader.events for reader in all_readers), seconds=60)  # noqa: B023
                    if kill < KILLS_OF_A_RUN:
                        served.kill()
                        served.wait()
                    else:
                        assert client.delete(f"/v1/runs/{run_id}").json()["status"] == "dismissed"
                        told = [lasting(one.result(timeout=60)) for one in reading]
            breaks += sum(reader.breaks for reader in all_readers)
            assert all(one == told[0] for one in told), "two were told different things"
            statuses, incumbents = told[0]
            in_turn = [("accepted", "running")[number % 2] for number in range(len(statuses) - 1)]
            assert statuses[:-1] == in_turn
            assert statuses[-1] == "dismissed"
            assert incumbents == list(range(1, len(incumbents) + 1)), "missed, or told twice"
    return breaks


def test_who_reads_while_the_server_is_killed_misses_nothing(sqlite_url: str, toy: Toy) -> None:
    assert killed_while_read(sqlite_url, toy, kills=2, readers=5) >= 5


@pytest.mark.slow
def test_fifty_read_while_the_server_is_killed_twenty_times(database_url: str, toy: Toy) -> None:
    breaks = killed_while_read(database_url, toy, kills=20, readers=50)
    print(f"\n20 kills, 50 readers: {breaks} broken lines")
    assert breaks >= 20 * 50


class Poster:
    """Posts runs at a constant rate, each with a key and again until it is taken in."""

    def __init__(self, port: int, toy: Toy, per_s: float) -> None:
        self._client, self._toy, self._every_s = many_at(port), toy, 1 / per_s
        self._begun: list[Future[str]] = []
        self._pool = ThreadPoolExecutor(20)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._begin)
        self.refused = 0
        self._thread.start()

    def end(self) -> list[str]:
        """The ids of all that was posted."""
        self._ended.set()
        self._thread.join()
        self._pool.shutdown()
        self._client.close()
        return [one.result() for one in self._begun]

    def _begin(self) -> None:
        while not self._ended.wait(self._every_s):
            self._begun.append(self._pool.submit(self._insist, f"key-{len(self._begun)}"))

    def _insist(self, key: str) -> str:
        body, headers = {"scenario": {**self._toy, "title": "hang"}}, {"idempotency-key": key}
        deadline = time.monotonic() + 90
        while True:
            assert time.monotonic() < deadline
            try:
                answer = self._client.post("/v1/runs", json=body, headers=headers)
            except httpx.TransportError:
                self.refused += 1
            else:
                if answer.status_code == 202:
                    run_id: str = answer.json()["id"]
                    return run_id
                assert answer.status_code == 503
                self.refused += 1
            time.sleep(0.2)


def upgraded_under_posts(url: str, toy: Toy, per_s: float, seconds: float) -> None:
    """A SQLite file is upgraded between two servers, while runs are posted again and again."""
    port = free_port()
    room = {"max_queued_per_tenant": 10_000, "max_queue": 10_000, "writes_per_s": 1000}
    with server(url, port, **room) as (served, client):
        poster = Poster(port, toy, per_s)
        time.sleep(seconds)
        assert refusal(url, "db", "upgrade").endswith("[database_in_use]")
        served.terminate()
        assert served.wait(timeout=20) == 0
    away = time.monotonic()
    upgrade = subprocess.run(**command(url, "db", "upgrade"), stdout=subprocess.DEVNULL)
    assert upgrade.returncode == 0
    with server(url, port, **room) as (_, client):
        away = time.monotonic() - away
        time.sleep(seconds)
        ids = poster.end()
        assert all(client.get(f"/v1/runs/{one}").is_success for one in ids)
        assert len(set(ids)) == len(ids) == count(client), "a key is a run, and a run has a key"
    print(f"\n{len(ids)} runs at {per_s:g}/s, away {away:.1f} s, {poster.refused} tries in vain")


def count(client: httpx.Client) -> int:
    number, address = 0, "/v1/runs?limit=100"
    while address:
        page = client.get(address).json()
        number, address = number + len(page["items"]), page["next"]
    return number


def test_a_sqlite_file_is_upgraded_between_two_servers(sqlite_url: str, toy: Toy) -> None:
    upgraded_under_posts(sqlite_url, toy, per_s=4, seconds=0.5)


@pytest.mark.slow
def test_a_sqlite_file_is_upgraded_under_twenty_posts_a_second(sqlite_url: str, toy: Toy) -> None:
    upgraded_under_posts(sqlite_url, toy, per_s=20, seconds=15)
