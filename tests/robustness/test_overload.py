"""Many times more requests than the service can answer: it says so, stays alive, and recovers."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from .server import Server, serving

CLIENTS = 400
SECONDS = 8
HEALTH_S = 0.5
SLACK = 6  # the clients take the same processors as the service
READ = b"GET /v1/scenarios/lillehammer HTTP/1.1\r\nHost: localhost\r\n\r\n"
WRITE_BODY = b'{"scenario": "lillehammer-2018"}'
WRITE = (
    b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(WRITE_BODY), WRITE_BODY)
)
ALLOWED = {
    (200, False): "read",
    (202, False): "accepted",
    (429, True): "too often",
    (503, True): "too much to do",
}
"""By status, and whether Retry-After says when to come back."""


async def _client(port: int, request: bytes, until: float, told: Counter[tuple[int, bool]]) -> None:
    """Asks again as soon as it is answered."""
    while time.monotonic() < until:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
            while time.monotonic() < until:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                told[int(head.split(b" ")[1]), b"\r\nretry-after: " in head] += 1
            writer.close()


async def _health(server: Server, until: float) -> list[float]:
    """Seconds that each answer took, of somebody who asks ten times a second."""
    took = []
    async with httpx.AsyncClient(base_url=server.address, timeout=60) as client:
        while time.monotonic() < until:
            started = time.monotonic()
            assert (await client.get("/healthz")).status_code == 200
            took.append(time.monotonic() - started)
            await asyncio.sleep(0.1)
    return took


async def _storm(server: Server) -> tuple[Counter[tuple[int, bool]], list[float]]:
    until = time.monotonic() + SECONDS
    told: Counter[tuple[int, bool]] = Counter()
    clients = [
        _client(server.port, WRITE if n % 10 == 0 else READ, until, told) for n in range(CLIENTS)
    ]
    *_, took = await asyncio.gather(*clients, _health(server, until))
    return told, took


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "refusal"), [(20, "too often"), (1e6, "too much to do")])
def test_overload_is_answered_with_429_or_503(tmp_path: Path, rate: float, refusal: str) -> None:
    rates = {"reads_per_s": rate, "writes_per_s": rate}
    with serving(tmp_path, max_time_limit_s=1, max_queue=20, **rates) as server:
        told, took = asyncio.run(_storm(server))
        health = sorted(took)[int(0.99 * (len(took) - 1))]
        named = {name: told.pop(kind, 0) for kind, name in ALLOWED.items()}
        print(f"\n{named} in {SECONDS} s, health p99 {1000 * health:.0f} ms")
        assert told == {}
        assert named["read"] > 0
        assert named[refusal] > 0
        assert health < HEALTH_S * SLACK
        time.sleep(5)
        started = time.monotonic()
        assert httpx.get(f"{server.address}/v1/scenarios").status_code == 200
        assert time.monotonic() - started < HEALTH_S * SLACK
        assert server.errors() == []
