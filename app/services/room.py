"""Room in a queue, without counting the queue for each who asks."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

GOOD_FOR_S = 1.0
MOST_QUEUES = 10_000  # remembered; the one counted longest ago is forgotten first

Count = Callable[[int], int]
"""How many wait; of more than so many it need not count on."""


class Room:
    """Counts a queue once in a while and takes off what was let in since.

    Nobody is refused but by a count made for them. Who comes while others are let in, here or
    through another process in the same second, may make it longer than it should be by as much.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._left: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def take(self, queue: str, number: int, most: int, count: Count) -> bool:
        """Let so many into a queue of at most so many; False when it has no room for them."""
        if self._taken(queue, number):
            return True
        counted_at, left = self._clock(), most - count(most)
        enough = left >= number
        with self._lock:
            self._left[queue] = left - number if enough else left, counted_at
            self._left.move_to_end(queue)
            if len(self._left) > MOST_QUEUES:
                self._left.popitem(last=False)
        return enough

    def _taken(self, queue: str, number: int) -> bool:
        with self._lock:
            left, counted_at = self._left.get(queue, (0, 0.0))
            if left < number or self._clock() - counted_at > GOOD_FOR_S:
                return False
            self._left[queue] = left - number, counted_at
            return True
