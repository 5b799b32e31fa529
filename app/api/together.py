"""Requests that ask the same thing of the database, done at once for all who ask at the same time.

A transaction costs more to begin and end than what most requests do in it, and what is done again
at once costs a fraction of what it did the first time. The more ask, the less each of them costs.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

GATHERED_S = 0.03
"""So long after a group of several has begun the next does not, so that it is several too. Who asks
again only when answered is alone, and waits for nobody."""


class Together(Generic[Asked, Answer]):
    """Groups of up to `most` requests, one group at a time of each kind that there is.

    Who comes while one is under way waits for the next: it begins after they came, so that nobody
    is told of less than was there when they asked.
    """

    def __init__(self, most: int) -> None:
        self.waiting = 0
        """Requests that are not yet answered."""
        self._most = most
        self._asked: dict[Hashable, deque[tuple[Asked, asyncio.Future[Answer | Exception]]]] = {}
        self._at_work: dict[Hashable, asyncio.Task[None]] = {}

    async def ask(
        self,
        kind: Hashable,
        do: Callable[[Sequence[Asked]], Sequence[Answer | Exception]],
        one: Asked,
    ) -> Answer:
        """What `do` gives for this one, or raises; it does the same for all of a kind."""
        answer: asyncio.Future[Answer | Exception] = asyncio.Future()
        self._asked.setdefault(kind, deque()).append((one, answer))
        if kind not in self._at_work:
            self._at_work[kind] = asyncio.create_task(self._do_all(kind, do))
        self.waiting += 1
        try:
            told = await asyncio.shield(answer)  # who hangs up does not end it for the others
        finally:
            self.waiting -= 1
        if isinstance(told, Exception):
            raise told
        return told

    async def _do_all(
        self, kind: Hashable, do: Callable[[Sequence[Asked]], Sequence[Answer | Exception]]
    ) -> None:
        asked, clock = self._asked[kind], asyncio.get_running_loop().time
        while asked:
            begun = clock()
            group = [asked.popleft() for _ in range(min(self._most, len(asked)))]
            answers: Sequence[Answer | Exception]
            try:
                answers = await run_in_threadpool(do, [one for one, _ in group])
            except Exception as error:  # theirs, who asked
                answers = [error] * len(group)
            for (_, future), answer in zip(group, answers, strict=True):
                future.set_result(answer)
            if len(group) > 1:
                await asyncio.sleep(begun + GATHERED_S - clock())
        del self._at_work[kind], self._asked[kind]
