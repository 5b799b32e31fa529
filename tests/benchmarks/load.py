"""Reads, submits and readers of events at a constant rate, with a solve under way.

`python -m tests.benchmarks.load sqlite|postgresql --reads 200 --submits 20`

Open loop: requests are sent when due, whatever became of those before them, and the
time of each counts from when it was due, so queueing is in the figures. The generator runs on the
processors that the service runs on.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from geodata import bundled
from tests.benchmarks.product import serving
from tests.integration.killloop import Postgres

CONNECTIONS = 700
PATIENCE_S = 30.0
OVERLOAD, NORMAL_AGAIN_S = 4, 10.0
LONGEST_S = 3600
# What a client may ask in a second stays as it is by default.
ROOM_IN_THE_QUEUE = {"max_queue": 1_000_000, "max_queued_per_tenant": 1_000_000}


@dataclass
class Figures:
    """Seconds from due to answered, and statuses; 0 for none at all."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0

    def __str__(self) -> str:
        """For people."""
        ordered = sorted(self.seconds)
        p50, p99 = (1000 * ordered[int(len(ordered) * q)] for q in (0.5, 0.99))
        return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, {dict(sorted(self.statuses.items()))}"


class Load:
    """Requests to one service."""

    def __init__(self, client: aiohttp.ClientSession, body: Any, run_id: str) -> None:
        self._client = client
        self._body = body
        self._run_id = run_id
        self.events = 0

    async def at_rate(self, per_s: float, seconds: float, *, submit: bool) -> Figures:
        """So many a second, evenly, for so long."""
        figures, tasks, begun = Figures(), [], time.monotonic()
        for number in range(int(per_s * seconds)):
            due = begun + number / per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self._one(due, figures, submit=submit)))
        await asyncio.gather(*tasks)
        return figures

    async def _one(self, due: float, figures: Figures, *, submit: bool) -> None:
        try:
            async with self._asked(submit=submit) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            figures.statuses[0] += 1
            return
        figures.seconds.append(time.monotonic() - due)
        figures.statuses[answer.status] += 1
        if answer.status in (429, 503) and "retry-after" not in answer.headers:
            figures.without_retry_after += 1

    def _asked(self, *, submit: bool) -> Any:
        if submit:
            return self._client.post("/v1/runs", json=self._body)
        return self._client.get(f"/v1/runs/{self._run_id}")

    async def read_events(self) -> None:
        """Until it is cancelled."""
        endless = aiohttp.ClientTimeout()
        where = f"/v1/runs/{self._run_id}/events"
        async with self._client.get(where, timeout=endless) as stream:
            async for line in stream.content:
                self.events += line.startswith((b"data:", b":"))


async def measure(address: str, town: Any, chosen: argparse.Namespace) -> None:
    """Print the figures of the load, of four times as much, and of what follows."""
    long = {"scenario": "lillehammer", "options": {"mip_gap": 0, "time_limit_s": LONGEST_S}}
    async with aiohttp.ClientSession(
        address,
        timeout=aiohttp.ClientTimeout(PATIENCE_S),
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
    ) as client:
        run_id = (await _made(client, "/v1/runs", long))["id"]
        stored = await _made(client, "/v1/scenarios", town)
        load = Load(client, {"scenario": stored["id"]}, run_id)
        readers = [asyncio.create_task(load.read_events()) for _ in range(chosen.readers)]
        while load.events < chosen.readers:
            await asyncio.sleep(0.1)
        for name, times, seconds in (
            ("the load", 1, chosen.seconds),
            (f"{OVERLOAD} times", OVERLOAD, chosen.seconds / 3),
            (f"{NORMAL_AGAIN_S:g} s later", 1, chosen.seconds / 3),
        ):
            if name.endswith("later"):
                await asyncio.sleep(NORMAL_AGAIN_S)
            reads, submits = await asyncio.gather(
                load.at_rate(times * chosen.reads, seconds, submit=False),
                load.at_rate(times * chosen.submits, seconds, submit=True),
            )
            print(f"{name}: reads {reads}; submits {submits}", flush=True)
            assert reads.without_retry_after + submits.without_retry_after == 0
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        print(f"{chosen.readers} readers were told {load.events} events and signs of life")


async def _made(client: aiohttp.ClientSession, where: str, body: Any) -> Any:
    async with client.post(where, json=body) as answer:
        answer.raise_for_status()
        return await answer.json()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("backend", choices=("sqlite", "postgresql"))
    parser.add_argument("--reads", type=float, default=200.0, help="a second")
    parser.add_argument("--submits", type=float, default=20.0, help="a second")
    parser.add_argument("--readers", type=int, default=300, help="of events")
    parser.add_argument("--seconds", type=float, default=180.0)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="flerkjerne-load-", ignore_cleanup_errors=True)
        )
        url = f"sqlite:///{Path(folder, 'test.db')}"
        if chosen.backend == "postgresql":
            postgres = Postgres(folder)
            stack.callback(postgres.end)
            url = postgres.url
        client = stack.enter_context(serving(url, **ROOM_IN_THE_QUEUE))
        asyncio.run(measure(str(client.base_url), bundled.load("lillehammer-2018"), chosen))


if __name__ == "__main__":
    main()
