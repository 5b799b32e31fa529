"""What is costly to make, kept while there is room for it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SizedCache(Generic[Value]):
    """Values by key; the one not asked for longest is forgotten first.

    Who asks for what another is making waits for it. A value larger than all the room is given
    out and not kept.
    """

    def __init__(self, most_bytes: float, size: Callable[[Value], int]) -> None:
        self._most_bytes = most_bytes
        self._size = size
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._making: dict[Hashable, tuple[Lock, int]] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made when it is not there; what `make` raises is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            lock, waiting = self._making.get(key, (Lock(), 0))
            self._making[key] = lock, waiting + 1
        try:
            with lock:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                value = make()
                self._keep(key, value)
                return value
        finally:
            self._done(key)

    def peek(self, key: Hashable) -> Value | None:
        """The value of a key when it is there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._kept[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._most_bytes:
                _, forgotten = self._kept.popitem(last=False)
                self._bytes -= self._size(forgotten)

    def _done(self, key: Hashable) -> None:
        with self._lock:
            lock, waiting = self._making[key]
            if waiting == 1:
                del self._making[key]
            else:
                self._making[key] = lock, waiting - 1
