"""Requests that come while another of their kind is under way."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from app.api.together import Together

Answer = TypeVar("Answer")
PATIENCE_S = 20


def during_the_first(
    patch: pytest.MonkeyPatch,
    method: tuple[type, str],
    together: Together[Any, Any],
    asks: Sequence[Callable[[], Answer]],
) -> tuple[list[int], list[Answer]]:
    """Ask the first, hold it in the method that answers a group until all wait, and let it go.

    How many were in each group, and the answers.
    """
    sizes: list[int] = []
    do, begun, go_on = getattr(*method), threading.Event(), threading.Event()

    def held(self: Any, group: Sequence[Any]) -> Any:
        sizes.append(len(group))
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return do(self, group)

    patch.setattr(*method, held)
    with ThreadPoolExecutor(len(asks)) as pool:
        first = pool.submit(asks[0])
        assert begun.wait(PATIENCE_S)
        others = [pool.submit(ask) for ask in asks[1:]]
        deadline = time.monotonic() + PATIENCE_S
        while together.waiting < len(asks) and time.monotonic() < deadline:
            time.sleep(0.001)
        go_on.set()
        return sizes, [first.result(), *(other.result() for other in others)]
