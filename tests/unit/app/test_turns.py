"""Whose run is next."""

from app.jobs.queue import NO_CEILING, Turns


def test_tenants_take_turns() -> None:
    turns = Turns()
    waiting = ["a", "b", "c"]
    served = [turns.next_of(waiting, {}, NO_CEILING) for _ in range(6)]
    assert served == ["a", "b", "c", "a", "b", "c"]


def test_who_comes_new_is_next() -> None:
    turns = Turns()
    for _ in range(5):
        turns.next_of(["a", "b"], {}, NO_CEILING)
    assert turns.next_of(["a", "b", "new"], {}, NO_CEILING) == "new"


def test_who_has_fewest_under_way_goes_first() -> None:
    turns = Turns()
    assert turns.next_of(["a"], {}, 2) == "a"
    assert turns.next_of(["a", "b"], {"b": 1}, 2) == "a"


def test_nobody_has_more_under_way_than_they_may() -> None:
    assert Turns().next_of(["a", "b"], {"a": 2, "b": 3}, 2) is None
    assert Turns().next_of(["a", "b"], {"a": 2, "b": 1}, 2) == "b"
