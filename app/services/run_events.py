"""What happened to a run, as numbered events that can be read again from any of them.

Nothing is kept for this beside the run and its incumbents: the states that a run went through
follow from how often it was taken and where it is now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.repositories.runs import OPEN
from models import IncumbentRow, RunRow, RunStatus


@dataclass(frozen=True)
class Place:
    """How far a reader is: the last state and the last incumbent it knows."""

    state: int = -1
    seq: int = 0

    def __str__(self) -> str:
        """As the id of an event."""
        return f"{self.state}.{self.seq}"

    @classmethod
    def of(cls, event_id: str) -> "Place":
        """The place after the event of this id, which must be one of ours."""
        state, _, seq = event_id.partition(".")
        return cls(int(state), int(seq))


@dataclass(frozen=True)
class State:
    """The run came to this status; the row as it is now when that is its present one."""

    status: str
    row: RunRow | None


@dataclass(frozen=True)
class Event:
    """Something that happened, and the place of one who knows it."""

    kind: Literal["state", "incumbent", "progress"]
    place: Place
    about: State | IncumbentRow | RunRow


def state_number(row: RunRow) -> int:
    """Which of its states a run is in, from 0: it waits in even ones and is solved in odd ones.

    The last may be either: it follows the one in which the run ended.
    """
    if row.status == RunStatus.RUNNING:
        return 2 * row.attempt - 1
    waiting = 2 * row.attempt
    ended_waiting = row.status not in OPEN and row.worker_id is None
    return waiting + 1 if ended_waiting else waiting


def events_after(
    place: Place, row: RunRow, incumbents: Sequence[IncumbentRow], *, moved: bool
) -> Iterator[Event]:
    """What one who is at a place does not know yet; an end comes last.

    `incumbents` are the run's, in order; `moved`: it has got on since the reader was told.
    """
    now = state_number(row)
    ended = row.status not in OPEN
    for number in range(place.state + 1, now if ended else now + 1):
        place = Place(number, place.seq)
        status = RunStatus.RUNNING if number % 2 else RunStatus.ACCEPTED
        yield Event("state", place, State(status, row if number == now else None))
    for incumbent in incumbents:
        if incumbent.seq > place.seq:
            place = Place(place.state, incumbent.seq)
            yield Event("incumbent", place, incumbent)
    if moved and row.seconds is not None:
        yield Event("progress", place, row)
    if ended and place.state < now:
        yield Event("state", Place(now, place.seq), State(row.status, row))
