"""How fast runs are taken in and begun: `python -m tests.benchmarks.jobs DATABASE_URL`.

The solving process is the tests' own, so that nothing is measured but the service and its queue.
The database must be empty.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from app.jobs import child
from app.main import create_app
from app.settings import Settings
from geodata import bundled
from tests.local_client import local_client

FAKE = Path(__file__).parents[1] / "integration" / "fake_child.py"
BEGUN, POSTED = 20, 200


def main(url: str) -> None:
    child.COMMAND = (sys.executable, str(FAKE))
    town = bundled.load("lillehammer-2018")
    settings = Settings(database_url=url, max_queued_per_tenant=10 * POSTED)
    with local_client(create_app(settings)) as client:
        lags = [_lag(client, {**town, "title": "answer"}) for _ in range(BEGUN)]
        print(f"posted to begun: {_spread(lags)}")
        bodies = [{**town, "title": "hang"}] * POSTED
        for clients in (1, 8):
            started = time.monotonic()
            with ThreadPoolExecutor(clients) as pool:
                taken = list(pool.map(partial(_post, client), bodies))
            rate = POSTED / (time.monotonic() - started)
            print(f"{clients} clients: {rate:.0f} posts/s, each {_spread(taken)}")


def _lag(client: TestClient, town: dict[str, Any]) -> float:
    asked = {"scenario": town}
    run = client.post("/v1/runs", json=asked, headers={"prefer": "wait=30"}).json()
    created, started = (datetime.fromisoformat(run[name]) for name in ("created", "started"))
    return (started - created).total_seconds()


def _post(client: TestClient, town: dict[str, Any]) -> float:
    started = time.monotonic()
    assert client.post("/v1/runs", json={"scenario": town}).status_code == 202
    return time.monotonic() - started


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    half, most = ordered[len(ordered) // 2], ordered[int(0.99 * len(ordered))]
    return f"p50 {1000 * half:.0f} ms, p99 {1000 * most:.0f} ms"


if __name__ == "__main__":
    main(sys.argv[1])
