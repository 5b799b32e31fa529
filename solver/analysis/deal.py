"""Who works on which of many items: this process, or a crew of others.

Here the items are begun in order. Once it shows that the rest takes long, or at once where that is
expected, all that is not begun is offered to the crew, and from then on a part belongs to whoever
took it: this process asks for its next ones as others do, a little before it needs them. One that
nobody else comes for is done here.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Generic, TypeVar

from solver.domain.crew import Crew, Json, News, Part

Item = TypeVar("Item")
Result = TypeVar("Result")

# Another process needs some two seconds to begin: what is done sooner is not worth offering.
OFFER_AFTER_S = 2.0
WORTH_OFFERING_S = 4.0
AHEAD_S = 1.0  # so much work is asked for before it is needed
LONG_S = 10.0  # so long an item is not kept waiting here while another might take it
ASK_AGAIN_S = 1.0  # when nothing waits: what another one took may come back


@dataclass(frozen=True)
class Portable(Generic[Item, Result]):
    """How items of one kind of `work` are told to another process, and their results to this one.

    `told` and `answered` give JSON values, `heard` makes the result of what was `answered`.
    """

    work: str
    told: Callable[[Item], dict[str, Json]]
    answered: Callable[[Result], Json]
    heard: Callable[[Json], Result]


@dataclass(frozen=True)
class Sharing(Generic[Item, Result]):
    """A crew, and how it is told of the items; one thread may take so many `seconds` for each."""

    crew: Crew
    portable: Portable[Item, Result]
    seconds: float

    def part(self, item: Item) -> Part:
        """An item as the crew is told of it."""
        what = {"work": self.portable.work, **self.portable.told(item)}
        text = json.dumps(what, sort_keys=True, allow_nan=False)
        return Part(hashlib.sha256(text.encode()).hexdigest(), what, self.seconds)


class Deal(Generic[Item, Result]):
    """Gives out the items of one piece of work, and gathers the results in `results`, in order.

    Each is expected to take one of the workers here so many `seconds`; 0 where nobody knows.
    """

    def __init__(
        self,
        items: Sequence[Item],
        workers: int,
        sharing: Sharing[Item, Result] | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.results: list[Result | None] = [None] * len(items)
        self._items, self._workers, self._sharing = items, workers, sharing
        self._expected_pace = seconds / workers
        self._here = deque(range(len(items)))
        self._begun: set[int] = set()
        self._finished: set[int] = set()
        self._parts: dict[int, Part] = {}
        self._places: dict[str, int] = {}  # by the id of the part
        self._away: set[int] = set()
        self._asking = self._offered = False
        self._ask_next = 0.0
        self._heard = 0
        self._recall()
        self._recalled, self._since = frozenset(self._finished), monotonic()

    @property
    def left(self) -> int:
        """How many items are not done."""
        return len(self._items) - len(self._finished)

    @property
    def waiting(self) -> bool:
        """Whether something is still to begin, here or elsewhere."""
        return bool(self._here or self._away)

    def next(self) -> int | None:
        """The place of an item to begin here now; None when there is none, or none yet."""
        if not self._here:
            return None
        place = self._here.popleft()
        self._begun.add(place)
        return place

    def finish(self, place: int, result: Result | None) -> None:
        """An item was done here; None where it was stopped on the way."""
        self._begun.discard(place)
        self._settle(place, result)
        if self._offered and self._sharing is not None and result is not None:
            answer = self._sharing.portable.answered(result)
            self._sharing.crew.tell(self._parts[place], answer)

    def tend(self) -> int:
        """Offer, ask and hear what there is; how many items were done elsewhere meanwhile."""
        if self._sharing is None:
            return 0
        if not self._offered and self._is_worth_offering():
            self._offer(self._sharing)
        if self._offered:
            for news in self._sharing.crew.news():
                self._take_in(news, self._sharing)
            self._ask(self._sharing)
        heard, self._heard = self._heard, 0
        return heard

    def close(self) -> None:
        """Nothing more is needed."""
        if self._offered and self._sharing is not None:
            self._sharing.crew.close()

    def _recall(self) -> None:
        """What an earlier attempt found."""
        if self._sharing is None:
            return
        for place, item in enumerate(self._items):
            part = self._sharing.part(item)
            self._parts[place], self._places[part.id] = part, place
            answer = self._sharing.crew.known(part.id)
            if answer is not None:
                self._settle(place, self._sharing.portable.heard(answer))
                self._here.remove(place)
                self._heard += 1

    def _is_worth_offering(self) -> bool:
        waiting, seconds = len(self._here), monotonic() - self._since
        if waiting < 2 or waiting <= self._workers - len(self._begun):
            return False
        pace = self._expected_pace if seconds < OFFER_AFTER_S else self._pace(seconds)
        return waiting * pace >= WORTH_OFFERING_S

    def _pace(self, seconds: float) -> float:
        """Seconds that pass from one item to the next."""
        finished = len(self._finished - self._recalled)
        return seconds / finished if finished else max(seconds, self._expected_pace)

    def _offer(self, sharing: Sharing[Item, Result]) -> None:
        self._away = set(self._here)
        self._here.clear()
        self._offered = True
        sharing.crew.offer([self._parts[place] for place in sorted(self._away)])
        for place in sorted(self._finished - self._recalled):
            result = self.results[place]
            if result is not None:
                sharing.crew.tell(self._parts[place], sharing.portable.answered(result))

    def _take_in(self, news: News, sharing: Sharing[Item, Result]) -> None:
        for part_id, answer in news.done.items():
            place = self._places.get(part_id)  # None: of an earlier piece of work
            if place is not None and place in self._away:
                self._away.discard(place)
                self._settle(place, sharing.portable.heard(answer))
                self._heard += 1
        if news.mine is not None:
            self._asking = False
            given = [self._places.get(part_id) for part_id in news.mine]
            mine = [place for place in given if place is not None and place in self._away]
            self._away.difference_update(mine)
            self._here.extend(mine)
            if not mine:
                self._ask_next = monotonic() + ASK_AGAIN_S

    def _ask(self, sharing: Sharing[Item, Result]) -> None:
        """For what is soon to be begun here."""
        now = monotonic()
        each = self._pace(now - self._since)
        ahead = min(ceil(AHEAD_S / each), len(self._items)) if each else self._workers
        if each * self._workers > LONG_S:
            ahead = 0
        lacking = self._workers - len(self._begun) + ahead - len(self._here)
        if self._away and lacking > 0 and not self._asking and now >= self._ask_next:
            sharing.crew.ask(lacking)
            self._asking = True

    def _settle(self, place: int, result: Result | None) -> None:
        self.results[place] = result
        self._finished.add(place)
