"""The corpus of bad requests against the service as it runs: no 5xx, every error a problem.

The ordinary suite sends every so many of each family; `make test-robustness` sends all.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.unit.app.bad_scenarios.toy import TOY

from .corpus import FAMILIES, RUN, STORED, Ask
from .server import Answer, Server, serving

SLOWEST_S = 1.0
SLACK = 15  # on a machine that does much else
MEMORY_MB = 200
EVERY = {"texts": 9, "values": 13, "mass_assignment": 15, "headers": 5}  # else 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    rates = {"reads_per_s": 1e6, "writes_per_s": 1e6, "max_time_limit_s": 2}
    with serving(tmp_path_factory.mktemp("corpus"), **rates) as server:
        yield server


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, str]:
    """Ids of a scenario and of a solved run."""
    scenario = httpx.post(f"{server.address}/v1/scenarios", json=TOY).json()["id"]
    asked = {"scenario": "lillehammer-2018"}
    run = httpx.post(
        f"{server.address}/v1/runs", json=asked, headers={"prefer": "wait=60"}, timeout=90
    ).json()
    assert run["status"] == "successful"
    return {STORED: scenario, RUN: run["id"]}


@pytest.mark.parametrize("family", FAMILIES)
def test_some(server: Server, known: dict[str, str], family: str) -> None:
    send(server, known, list(FAMILIES[family]())[:: EVERY.get(family, 4)])


@pytest.mark.slow
def test_all_leave_the_memory_as_it_was(server: Server, known: dict[str, str]) -> None:
    asks = [ask for family in FAMILIES.values() for ask in family()]
    assert len({(ask.method, ask.path, ask.body, *ask.headers.items()) for ask in asks}) >= 4000
    before = server.memory_mb
    slowest = send(server, known, asks)
    print(f"\n{len(asks)} requests, slowest {slowest}, {server.memory_mb - before:+.0f} MB")
    assert server.memory_mb - before < MEMORY_MB


def send(server: Server, known: Mapping[str, str], asks: list[Ask]) -> list[tuple[float, str]]:
    """Send them one by one and judge the answers; the three that took longest."""
    seconds, wrong = [], []
    for ask in asks:
        started = time.monotonic()
        answer = server.ask(ask.method, _filled(ask.path, known), ask.headers, ask.body)
        seconds.append((round(time.monotonic() - started, 2), ask.name))
        wrong += [f"{ask.name}: {fault}" for fault in faults(ask, answer)]
    assert not wrong, "\n".join(wrong[:30])
    assert server.errors() == []
    slowest = sorted(seconds, reverse=True)[:3]
    assert slowest[0][0] < SLOWEST_S * SLACK, slowest
    return slowest


def _filled(path: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        path = path.replace(name, value)
    return path


def faults(ask: Ask, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer."""
    status = answer.status
    if status >= 500 or ask.refused not in (None, status >= 400):
        yield f"{status} {answer.body[:200]!r}"
    elif status >= 400 and ask.method != "HEAD":
        yield from problem_faults(status, answer.content_type, answer.body)


def problem_faults(status: int, content_type: str, content: bytes) -> Iterator[str]:
    """What is wrong with a problem document."""
    if content_type != "application/problem+json":
        yield f"{status} as {content_type}"
        return
    told: dict[str, Any] = json.loads(content)
    if told["status"] != status or not (told["code"] and told["title"] and told["detail"]):
        yield f"{status} with {told}"
    for issue in told["issues"]:
        if not (issue["code"] and issue["message"] and issue["mend"]):
            yield f"an issue without words: {issue}"
        if issue["pointer"] and not issue["pointer"].startswith("/"):
            yield f"no pointer: {issue['pointer']}"
