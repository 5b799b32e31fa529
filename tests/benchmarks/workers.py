"""One worker against two at the same batch, and two of which one is killed on the way.

`python -m tests.benchmarks.workers --runs 40`

On PostgreSQL, with the true solver, one solve at a time in each worker. The first worker is that of
the server.
"""

import argparse
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from geodata import bundled
from tests.benchmarks.product import SEEN_S, serving, started
from tests.integration.killloop import Postgres
from tests.integration.processes import rows, until

GAP = 0.003
LONGEST_S = 1200.0


@contextmanager
def service(helpers: int) -> Iterator[tuple[httpx.Client, list[subprocess.Popen[bytes]]]]:
    """A database, a server and so many workers beside it, all at work."""
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="flerkjerne-workers-", ignore_cleanup_errors=True)
        )
        postgres = Postgres(folder)
        stack.callback(postgres.end)
        client = stack.enter_context(serving(postgres.url))
        added = [stack.enter_context(started(postgres.url, "worker")) for _ in range(helpers)]
        until(lambda: len(rows(postgres.url, "SELECT pid FROM worker")) == 1 + helpers, SEEN_S)
        yield client, added


def batch(number: int) -> dict[str, Any]:
    """As many different questions of the same size."""
    town = bundled.load("lillehammer")
    scenarios = [
        {**town, "title": f"Rente {n}", "objective": {**town["objective"], "discount_rate": rate}}
        for n, rate in ((n, 0.03 + 0.0005 * n) for n in range(number))
    ]
    return {"scenarios": scenarios, "options": {"mip_gap": GAP, "threads": 1}}


def seconds(number: int, *, helpers: int, kill: bool = False) -> tuple[float, dict[str, int]]:
    """From the post to the last end, and how the runs ended."""
    with service(helpers) as (client, added):
        begun = time.monotonic()
        answer = client.post("/v1/batches", json=batch(number))
        answer.raise_for_status()
        where = answer.headers["location"]
        if kill:
            until(lambda: done(client, where) >= number // 2, LONGEST_S)
            added[0].send_signal(signal.SIGKILL)
        until(lambda: done(client, where) == number, LONGEST_S)
        counts = client.get(where).json()["counts"]
        return time.monotonic() - begun, {key: value for key, value in counts.items() if value}


def done(client: httpx.Client, where: str) -> int:
    """Runs of a batch that have ended."""
    counts = client.get(where).json()["counts"]
    return sum(counts[status] for status in ("successful", "failed", "dismissed"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=40)
    number = parser.parse_args().runs
    one, ended = seconds(number, helpers=0)
    print(f"one worker: {one:.1f} s, {ended}", flush=True)
    two, ended = seconds(number, helpers=1)
    print(f"two: {two:.1f} s, {two / one:.2f} of it, {ended}", flush=True)
    killed, ended = seconds(number, helpers=1, kill=True)
    print(f"one of two killed half-way: {killed:.1f} s, {ended}")


if __name__ == "__main__":
    main()
