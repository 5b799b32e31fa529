import pytest

from app.services import room
from app.services.room import Room


class Queue:
    """Of so many, and how often it was counted."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.counted: list[int] = []

    def count(self, most: int) -> int:
        self.counted.append(most)
        return min(self.waiting, most)


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def takes(kept: Room, queue: Queue, most: int, number: int = 1, name: str = "q") -> bool:
    taken = kept.take(name, number, most, queue.count)
    queue.waiting += number if taken else 0
    return taken


def test_as_many_as_there_is_room_for_and_not_one_more() -> None:
    kept, queue = Room(Clock()), Queue(7)
    assert [takes(kept, queue, 10) for _ in range(5)] == [True, True, True, False, False]
    assert queue.waiting == 10


def test_one_count_for_many_and_none_is_counted_further_than_matters() -> None:
    kept, queue = Room(Clock()), Queue(0)
    assert all(takes(kept, queue, 100) for _ in range(100))
    assert queue.counted == [100]


def test_nobody_is_refused_by_what_was_counted_for_another() -> None:
    kept, queue = Room(Clock()), Queue(2)
    assert not takes(kept, queue, 2)
    queue.waiting -= 1
    assert takes(kept, queue, 2)


def test_all_of_a_batch_or_none() -> None:
    kept, queue = Room(Clock()), Queue(0)
    assert not takes(kept, queue, 3, 4)
    assert takes(kept, queue, 3, 2)
    assert not takes(kept, queue, 3, 2)
    assert takes(kept, queue, 3, 1)


def test_what_others_let_in_is_seen_after_a_second() -> None:
    clock, queue = Clock(), Queue(0)
    kept = Room(clock)
    assert takes(kept, queue, 10)
    queue.waiting = 10
    clock.at += room.GOOD_FOR_S + 0.001
    assert not takes(kept, queue, 10)


def test_a_count_that_took_long_is_good_for_who_it_was_made_for() -> None:
    clock, queue = Clock(), Queue(0)

    def slow(most: int) -> int:
        clock.at += 10 * room.GOOD_FOR_S
        return queue.count(most)

    assert Room(clock).take("q", 1, 1, slow)


def test_each_queue_is_counted_for_itself() -> None:
    kept, full, empty = Room(Clock()), Queue(1), Queue(0)
    assert not takes(kept, full, 1, name="full")
    assert takes(kept, empty, 1, name="empty")


def test_who_is_forgotten_is_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, queues = Room(Clock()), [Queue(0) for _ in range(3)]
    monkeypatch.setattr(room, "MOST_QUEUES", 2)
    for number, queue in enumerate(queues):
        takes(kept, queue, 9, name=str(number))
    takes(kept, queues[2], 9, name="2")
    takes(kept, queues[0], 9, name="0")
    assert [len(queue.counted) for queue in queues] == [2, 1, 1]
