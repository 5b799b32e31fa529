"""What is asked at the same time is done at once; nobody is told of less than there was."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from app.api.middleware.rates import Shedding
from app.api.together import GATHERED_S, Together
from app.errors import NotFound


class Database:
    """Reads what is there when a read begins, and ends when it is let go."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.reads: list[list[str]] = []
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def read(self, asked: Sequence[str]) -> Sequence[Any]:
        self.reads.append(list(asked))
        error, found = self.error, [self.there.get(one) or NotFound("no", one) for one in asked]
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
async def test_those_who_ask_meanwhile_are_the_next_group() -> None:
    database, together = Database(), Together[str, Any](10)
    database.there = {"a": "old", "b": "b"}
    database.go_on.clear()
    first = asyncio.create_task(together.ask("nord", database.read, "a"))
    await database.begun(1)
    database.there["a"] = "new"
    later = [asyncio.create_task(together.ask("nord", database.read, one)) for one in "abab"]
    await asyncio.sleep(0)
    database.go_on.set()
    assert await first == "old"
    assert await asyncio.gather(*later) == ["new", "b", "new", "b"]
    assert database.reads == [["a"], ["a", "b", "a", "b"]]


@looped
async def test_a_group_has_so_many_at_the_most() -> None:
    database, together = Database(), Together[str, Any](2)
    database.there = {one: one for one in "abcde"}
    asked = [together.ask("nord", database.read, one) for one in "abcde"]
    assert await asyncio.gather(*asked) == list("abcde")
    assert database.reads == [["a", "b"], ["c", "d"], ["e"]]


@looped
async def test_after_a_group_of_several_others_gather_and_after_one_alone_none_waits() -> None:
    database, together = Database(), Together[str, Any](10)
    database.there = {one: one for one in "abc"}
    clock = asyncio.get_running_loop().time
    begun = clock()
    await asyncio.gather(*(together.ask("nord", database.read, one) for one in "ab"))
    await together.ask("nord", database.read, "c")
    assert clock() - begun >= GATHERED_S
    assert database.reads == [["a", "b"], ["c"]]
    await together.ask("nord", database.read, "a")
    await asyncio.sleep(0)
    assert not together._at_work, "who comes next begins at once"


@looped
async def test_what_is_wrong_with_one_is_told_to_who_asked_for_it() -> None:
    database, together = Database(), Together[str, Any](10)
    database.there = {"a": "a"}
    found = await asyncio.gather(
        *(together.ask("nord", database.read, one) for one in "ax"), return_exceptions=True
    )
    assert found[0] == "a"
    assert isinstance(found[1], NotFound)


@looped
async def test_an_error_is_of_those_who_were_of_the_group() -> None:
    database, together = Database(), Together[str, Any](10)
    database.there = {"a": "a"}
    database.error = ZeroDivisionError()
    found = await asyncio.gather(
        *(together.ask("nord", database.read, "a") for _ in range(2)), return_exceptions=True
    )
    assert found == [database.error, database.error]
    database.error = None
    assert await together.ask("nord", database.read, "a") == "a"


@looped
async def test_who_hangs_up_leaves_the_others_their_answer() -> None:
    database, together = Database(), Together[str, Any](10)
    database.there = {"a": "a"}
    database.go_on.clear()
    gone, stays = (asyncio.create_task(together.ask("nord", database.read, "a")) for _ in range(2))
    await database.begun(1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    database.go_on.set()
    assert await stays == "a"


@looped
async def test_no_tenant_waits_for_another() -> None:
    nord, sor, together = Database(), Database(), Together[str, Any](10)
    nord.there, sor.there = {"a": "nord's"}, {"a": "sor's"}
    nord.go_on.clear()
    slow = asyncio.create_task(together.ask("nord", nord.read, "a"))
    await nord.begun(1)
    assert await together.ask("sor", sor.read, "a") == "sor's"
    nord.go_on.set()
    assert await slow == "nord's"


@looped
async def test_beyond_so_many_that_wait_one_is_told_to_come_later() -> None:
    database, reads, submits = Database(), Together[str, Any](10), Together[str, Any](10)
    database.there = {"a": "a"}
    database.go_on.clear()
    waiting = [
        asyncio.create_task(together.ask("nord", database.read, "a"))
        for together in (reads, submits)
    ]
    await database.begun(2)
    shedding = Shedding(answers_200, most_waiting=2, together=(reads, submits))
    assert await status_of(shedding, "/v1/runs/a") == 503
    assert await status_of(shedding, "/healthz") == 200
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert await status_of(shedding, "/v1/runs/a") == 200
    database.go_on.set()
    assert await waiting[1] == "a"
    assert (reads.waiting, submits.waiting) == (0, 0)


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
