"""The short form of the history check, and that the checker sees what it should."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from .history import Event, play, violations

DONE, OTHER = ("successful", "2026-01-01T00:00:01Z"), ("failed", "2026-01-01T00:00:02Z")
OPEN_STILL = ("running", None)


def event(operation: str, began: float, code: int, seen: tuple[str, str | None] | None) -> Event:
    return Event("a", operation, began, began + 1, code, seen)


POSTED = event("post", 0, 202, ("accepted", None))
ENDED = event("read", 2, 200, DONE)


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (event("read", 4, 200, OTHER), "several ends"),
        (event("read", 4, 200, OPEN_STILL), "open after its end"),
        (event("read", 4, 404, None), "lost"),
        (event("cancel", 4, 200, DONE), "although its cancellation"),
    ],
)
def test_what_no_run_could_show_is_found(later: Event, told: str) -> None:
    (found,) = violations([POSTED, ENDED, later])
    assert told in found


@pytest.mark.parametrize(
    "later",
    [
        event("read", 4, 200, DONE),
        event("read", 2.5, 200, OPEN_STILL),  # asked at the same time
        event("cancel", 4, 409, None),
    ],
)
def test_what_a_run_may_show_is_none(later: Event) -> None:
    assert violations([POSTED, ENDED, later]) == []


def test_a_refused_cancellation_says_that_it_has_ended() -> None:
    refused, later = event("cancel", 2, 409, None), event("read", 4, 200, OPEN_STILL)
    assert violations([POSTED, refused, later]) != []


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_short_history(backend: str) -> None:
    assert "0 violations" in play(backend, operations=160, clients=4, seed=5, every_s=2.0)


def test_fifty_with_one_key_make_one_run(client: TestClient, toy: dict[str, Any]) -> None:
    body, headers = {"scenario": toy}, {"idempotency-key": "once"}
    with ThreadPoolExecutor(50) as pool:
        sent = [pool.submit(client.post, "/v1/runs", json=body, headers=headers) for _ in range(50)]
        answers = [one.result() for one in sent]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(client.get("/v1/runs").json()["items"]) == 1
