"""Reads that are asked for at the same time are one; nobody is told of less than there was."""

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any

import pytest

from app.api.middleware.rates import Shedding
from app.api.together import ReadTogether
from app.errors import NotFound


class Database:
    """Stands for `Runs`: reads what is there when a read begins, and ends when it is let go."""

    def __init__(self, tenant: str = "nord") -> None:
        self.tenant = tenant
        self.there: dict[str, Any] = {}
        self.reads: list[set[str]] = []
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def several(self, run_ids: Collection[str]) -> Mapping[str, Any]:
        self.reads.append(set(run_ids))
        error, found = self.error, {i: self.there[i] for i in run_ids if i in self.there}
        assert self.go_on.wait(20)
        if error is not None:
            raise error
        return found

    async def begun(self, number: int) -> None:
        while len(self.reads) < number:
            await asyncio.sleep(0.001)


def looped(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(test())

    run.__name__ = test.__name__
    return run


@looped
async def test_those_who_ask_during_a_read_are_the_next_one() -> None:
    database, together = Database(), ReadTogether()
    database.there = {"a": "old", "b": "b"}
    database.go_on.clear()
    first = asyncio.create_task(together.run(database, "a"))
    await database.begun(1)
    database.there["a"] = "new"
    later = [asyncio.create_task(together.run(database, one)) for one in "abab"]
    await asyncio.sleep(0)
    database.go_on.set()
    assert await first == "old"
    assert await asyncio.gather(*later) == ["new", "b", "new", "b"]
    assert database.reads == [{"a"}, {"a", "b"}]


@looped
async def test_one_that_is_not_there_is_told_to_who_asked_for_it() -> None:
    database, together = Database(), ReadTogether()
    database.there = {"a": "a"}
    found = await asyncio.gather(
        together.run(database, "a"), together.run(database, "x"), return_exceptions=True
    )
    assert found[0] == "a"
    assert isinstance(found[1], NotFound)


@looped
async def test_an_error_is_of_those_who_were_read_for() -> None:
    database, together = Database(), ReadTogether()
    database.there = {"a": "a"}
    database.error = ZeroDivisionError()
    found = await asyncio.gather(
        together.run(database, "a"), together.run(database, "a"), return_exceptions=True
    )
    assert found == [database.error, database.error]
    database.error = None
    assert await together.run(database, "a") == "a"


@looped
async def test_who_hangs_up_leaves_the_others_their_answer() -> None:
    database, together = Database(), ReadTogether()
    database.there = {"a": "a"}
    database.go_on.clear()
    gone, stays = (asyncio.create_task(together.run(database, "a")) for _ in range(2))
    await database.begun(1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    database.go_on.set()
    assert await stays == "a"


@looped
async def test_no_tenant_waits_for_another() -> None:
    nord, sor, together = Database("nord"), Database("sor"), ReadTogether()
    nord.there, sor.there = {"a": "nord's"}, {"a": "sor's"}
    nord.go_on.clear()
    slow = asyncio.create_task(together.run(nord, "a"))
    await nord.begun(1)
    assert await together.run(sor, "a") == "sor's"
    nord.go_on.set()
    assert await slow == "nord's"


@looped
async def test_beyond_so_many_that_wait_one_is_told_to_come_later() -> None:
    database, together = Database(), ReadTogether()
    database.there = {"a": "a"}
    database.go_on.clear()
    waiting = [asyncio.create_task(together.run(database, "a")) for _ in range(2)]
    await database.begun(1)
    shedding = Shedding(answers_200, most_waiting=2, together=together)
    assert await status_of(shedding, "/v1/runs/a") == 503
    assert await status_of(shedding, "/healthz") == 200
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert await status_of(shedding, "/v1/runs/a") == 200
    database.go_on.set()
    assert await waiting[1] == "a"
    assert together.waiting == 0


async def answers_200(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def status_of(app: Any, path: str) -> int:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app(scope, None, send)
    status: int = told[0]["status"]
    return status
