"""Which events a reader has still to be told."""

import pytest

from app.services.run_events import Event, Place, State, events_after, state_number
from models import IncumbentRow, RunRow, RunStatus


def a_run(status: RunStatus, attempt: int, worker_id: str | None = None) -> RunRow:
    return RunRow(status=status, attempt=attempt, worker_id=worker_id, seconds=1.0)


def incumbents(number: int) -> list[IncumbentRow]:
    return [IncumbentRow(seq=seq) for seq in range(1, number + 1)]


def told(events: list[Event]) -> list[str]:
    return [
        event.about.status if isinstance(event.about, State) else f"{event.kind} {event.place}"
        for event in events
    ]


LIFE = [
    (a_run(RunStatus.ACCEPTED, 0), 0),
    (a_run(RunStatus.RUNNING, 1, "a"), 1),
    (a_run(RunStatus.ACCEPTED, 1), 2),
    (a_run(RunStatus.RUNNING, 2, "b"), 3),
    (a_run(RunStatus.SUCCESSFUL, 2, "b"), 4),
]


@pytest.mark.parametrize(("row", "number"), LIFE)
def test_states_are_numbered_as_they_come(row: RunRow, number: int) -> None:
    assert state_number(row) == number


def test_a_run_dismissed_while_it_waits_was_never_solved() -> None:
    row = a_run(RunStatus.DISMISSED, 0)
    assert told(list(events_after(Place(), row, [], moved=False))) == ["accepted", "dismissed"]
    row = a_run(RunStatus.FAILED, 1)
    names = told(list(events_after(Place(), row, [], moved=False)))
    assert names == ["accepted", "running", "accepted", "failed"]


def test_who_comes_late_is_told_everything_with_the_end_last() -> None:
    events = list(events_after(Place(), LIFE[-1][0], incumbents(2), moved=True))
    assert told(events) == [
        *("accepted", "running", "accepted", "running"),
        *("incumbent 3.1", "incumbent 3.2", "progress 3.2", "successful"),
    ]


@pytest.mark.parametrize("cut", range(8))
def test_who_comes_back_is_told_the_rest(cut: int) -> None:
    """Wherever the line was cut, what was told before and after is everything, once."""
    row, found = LIFE[-1][0], incumbents(2)
    everything = list(events_after(Place(), row, found, moved=True))
    last = Place.of(str(everything[cut].place))
    rest = list(events_after(last, row, found, moved=False))
    assert told(everything[: cut + 1] + rest) == [
        name for i, name in enumerate(told(everything)) if i <= cut or "progress" not in name
    ]


def test_each_look_tells_what_is_new() -> None:
    place, names = Place(), []
    for (row, _), number in zip(LIFE, (0, 1, 1, 1, 2), strict=True):
        for event in events_after(place, row, incumbents(number), moved=False):
            place = event.place
            names += told([event])
    assert names == [
        *("accepted", "running", "incumbent 1.1", "accepted", "running"),
        *("incumbent 3.2", "successful"),
    ]
