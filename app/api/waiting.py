"""Waiting for what others do, without holding a thread."""

from collections.abc import Callable
from typing import TypeVar

import anyio
from fastapi.concurrency import run_in_threadpool

Read = TypeVar("Read")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


async def wait_for(read: Callable[[], Read], done: Callable[[Read], bool], seconds: float) -> Read:
    """What is read when it is done, or after so long. Looks less often as time goes."""
    deadline = anyio.current_time() + seconds
    pause = FIRST_PAUSE_S
    while True:
        found = await run_in_threadpool(read)
        left = deadline - anyio.current_time()
        if done(found) or left <= 0:
            return found
        await anyio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE_S)
