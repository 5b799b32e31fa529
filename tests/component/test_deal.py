"""Who works on which items: in order here, offered when it takes long, answered once."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from solver.analysis import deal
from solver.analysis.deal import Portable
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.domain.crew import News, Part
from solver.domain.result import SolveOptions, Watcher

SQUARING: Portable[int, int] = Portable("square", lambda n: {"n": n}, str, int)


class OtherWorker:
    """A crew of one, that is as quick as it is asked for news."""

    def __init__(self, *, takes: int = 0, keeps: bool = False) -> None:
        self.takes, self.keeps = takes, keeps
        self.waiting: list[Part] = []
        self.told: dict[str, Any] = {}
        self.answered: dict[str, Any] = {}
        self.asked: list[int] = []
        self.closed = 0
        self.offers: list[Sequence[Part]] = []
        self._news: list[News] = []

    def known(self, part_id: str) -> Any | None:
        return self.answered.get(part_id)

    def offer(self, parts: Sequence[Part]) -> None:
        self.offers.append(parts)
        self.waiting = list(parts[self.takes :])
        if not self.keeps:
            done = {part.id: str(part.what["n"] ** 2) for part in parts[: self.takes]}
            self._news.append(News(done))

    def ask(self, number: int) -> None:
        self.asked.append(number)
        mine, self.waiting = self.waiting[:number], self.waiting[number:]
        self._news.append(News({}, [part.id for part in mine]))

    def tell(self, part: Part, answer: Any) -> None:
        assert part.id not in self.told
        self.told[part.id] = answer

    def news(self) -> Iterator[News]:
        while self._news:
            yield self._news.pop(0)

    def close(self) -> None:
        self.closed += 1


def square(number: int, _options: SolveOptions, _watcher: Watcher) -> int:
    return number * number


def squares(
    crew: OtherWorker,
    number: int = 8,
    threads: int = 1,
    seconds: float = 60,
    each: float | None = None,
) -> list[int | None]:
    options = SolveOptions(threads=threads, time_limit_s=seconds)
    session = Session(options, Watcher(crew=crew), parts=number)
    found = work_on_all(square, list(range(number)), session, portable=SQUARING, seconds=each)
    assert session.solves == sum(one is not None for one in found)
    return found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is offered before anything is begun."""
    monkeypatch.setattr(deal, "OFFER_AFTER_S", 0.0)
    monkeypatch.setattr(deal, "WORTH_OFFERING_S", 0.0)


def test_what_is_quickly_done_is_not_offered():
    crew = OtherWorker()
    assert squares(crew) == [n * n for n in range(8)]
    assert (crew.offers, crew.closed) == ([], 0)


def test_what_is_expected_to_take_long_is_offered_at_once():
    """And asked for only when it can be begun, so that others may take the rest."""
    crew = OtherWorker()
    assert squares(crew, number=3, each=60) == [0, 1, 4]
    assert [len(parts) for parts in crew.offers] == [3]
    assert crew.asked[0] == 1


@pytest.mark.parametrize(("number", "each"), [(2, 60), (8, 0.1)])
def test_nothing_is_offered_that_can_be_begun_here_or_is_soon_done(number: int, each: float):
    crew = OtherWorker()
    assert squares(crew, number=number, threads=2, each=each) == [n * n for n in range(number)]
    assert crew.offers == []


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("takes", [0, 3, 8])
def test_each_is_answered_once_whoever_does_it(at_once: None, takes: int, threads: int):
    crew = OtherWorker(takes=takes)
    assert squares(crew, threads=threads) == [n * n for n in range(8)]
    (offered,) = crew.offers
    assert len({part.id for part in offered}) == 8
    seconds = {part.seconds for part in offered}
    assert list(seconds) == [pytest.approx(60 * threads / 8, abs=1)]
    assert sorted(map(int, crew.told.values())) == [n * n for n in range(takes, 8)]
    assert crew.closed == 1


def test_what_an_earlier_attempt_found_is_not_done_again(at_once: None):
    earlier = OtherWorker(takes=0)
    squares(earlier)
    crew = OtherWorker()
    crew.answered = dict(list(earlier.told.items())[:5])
    assert squares(crew) == [n * n for n in range(8)]
    assert len(crew.told) == 3


def test_others_are_waited_for_until_the_time_is_up(at_once: None):
    crew = OtherWorker(takes=2, keeps=True)
    assert squares(crew, seconds=1) == [None, None, 4, 9, 16, 25, 36, 49]
    assert crew.closed == 1


def test_the_crew_is_told_when_work_fails_here(at_once: None):
    crew = OtherWorker()
    options = SolveOptions(time_limit_s=60)
    session = Session(options, Watcher(crew=crew), parts=2)
    with pytest.raises(ZeroDivisionError):
        work_on_all(divide, [1, 0], session, portable=SQUARING)
    assert crew.closed == 1


def divide(number: int, _options: SolveOptions, _watcher: Watcher) -> int:
    return 1 // number
