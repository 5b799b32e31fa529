"""One stress on one worker and on several: `python -m tests.benchmarks.parts --workers 1 2`.

Each worker is a process with one place, the run has one thread, and PostgreSQL is started here.
Says how long each took, who answered how many parts, and where the answers differ. With `--naps 56`
nothing is computed: so many parts sleep for a second each, and only the sharing is measured.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from fastapi.testclient import TestClient

from geodata import bundled
from tests.integration.killloop import Postgres
from tests.integration.processes import COMMAND, FAKE, api_of, rows, until

OTHERWISE = {"statistics", "provenance"}  # seconds, and when
PLACES = "SELECT id, worker_id IS NULL FROM part WHERE result IS NOT NULL"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--scenario", default="lillehammer")
    parser.add_argument("--gap", type=float, default=0.02)
    parser.add_argument("--limit", type=float, default=3600)
    parser.add_argument("--naps", type=int, default=0)
    chosen = parser.parse_args()
    options = {"threads": 1, "mip_gap": chosen.gap, "time_limit_s": chosen.limit}
    scenario = chosen.scenario
    if chosen.naps:
        town = bundled.load("lillehammer-2018")
        scenario = {**town, "title": f"share_naps:{chosen.naps}:1"}
    asked = {"scenario": scenario, "kind": "stress", "options": options}
    answers = []
    for number in chosen.workers:
        seconds, shared, parts, answer = _stressed(number, asked, fake=bool(chosen.naps))
        print(
            f"{number} workers: {seconds:.0f} s, {shared:.0f} of them with parts to share,"
            f" {answer['outcome']}, {dict(parts)}",
            flush=True,
        )
        answers.append(
            {k: v for k, v in answer.items() if k not in ("statistics", "provenance", "plan")}
        )
    for number, answer in zip(chosen.workers, answers, strict=True):
        others = list(_differences(answers[0], answer))
        print(f"{number} workers: {len(others)} values of the answer are other", *others[:5])


def _differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where two documents have other values."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one.keys() - OTHERWISE:
            yield from _differences(one[key], other[key], f"{at}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for n, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{at}/{n}")
    elif one != other:
        yield f"{at}: {one} {other}"[:200]


def _stressed(
    workers: int, asked: dict[str, Any], *, fake: bool
) -> tuple[float, float, Counter[str], dict[str, Any]]:
    """Seconds in all, and while parts were not answered; parts by who answered; the answer."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        server = Postgres(folder)
        stack.callback(server.end)
        client: TestClient = stack.enter_context(api_of(server.url))
        for _ in range(workers):
            stack.enter_context(_worker(server.url, fake=fake))
        until(lambda: len(rows(server.url, "SELECT 1 FROM worker")) == workers, seconds=60)
        started = time.monotonic()
        run = client.post("/v1/runs", json=asked).json()
        seen: dict[str, str] = {}
        shared, last = 0.0, started
        while (run := client.get(f"/v1/runs/{run['id']}").json())["ended"] is None:
            seen |= {part: "itself" if own else "helpers" for part, own in rows(server.url, PLACES)}
            if rows(server.url, "SELECT 1 FROM part WHERE result IS NULL LIMIT 1"):
                shared += time.monotonic() - last
            last = time.monotonic()
            time.sleep(0.5)
        seconds = time.monotonic() - started
        answer = client.get(f"/v1/runs/{run['id']}/result").json()
        return seconds, shared, Counter(seen.values()), answer


@contextmanager
def _worker(url: str, *, fake: bool) -> Iterator[None]:
    command = "import sys; from app import cli; sys.exit(cli.main(['worker']))"
    own = [sys.executable, "-c", command]
    environment = {**os.environ, "FLERKJERNE_DATABASE_URL": url, "FLERKJERNE_WORKERS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(FAKE), "worker"] if fake else own,
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as started:
        try:
            yield
        finally:
            started.terminate()


if __name__ == "__main__":
    main()
