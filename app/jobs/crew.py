"""The crew as a solving process sees it: messages to the worker that started it, and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import TypeAdapter

from app.jobs.mailbox import Mailbox
from solver.domain.crew import News, Part

TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Answered:
    """A part and its answer."""

    part: Part
    answer: Any


@dataclass(frozen=True)
class Said:
    """What the solving process says of its parts: at least one of these."""

    offer: tuple[Part, ...] = ()
    ask: int = 0
    answers: tuple[Answered, ...] = ()
    close: bool = False


@dataclass(frozen=True)
class Heard:
    """What it hears: answers by id, and, when it has asked, the ids of its own parts."""

    answers: dict[str, Any] = field(default_factory=dict)
    mine: tuple[str, ...] | None = None


SAID, HEARD = TypeAdapter(Said), TypeAdapter(Heard)


def mailboxes(folder: Path) -> tuple[Mailbox, Mailbox]:
    """Of what the solving process says, and of what it hears."""
    return Mailbox(folder, "said"), Mailbox(folder, "heard")


class CrewByMail:
    """Implements `Crew`. What earlier attempts found is there when it begins."""

    def __init__(self, folder: Path) -> None:
        self._said, self._heard = mailboxes(folder)
        self._known: dict[str, Any] = {}
        self._answers: list[Answered] = []
        self._tell_next = 0.0
        for _ in self.news():
            pass

    def known(self, part_id: str) -> Any | None:
        """The answer to a part, when it was found before."""
        return self._known.get(part_id)

    def offer(self, parts: Sequence[Part]) -> None:
        """Let others take these."""
        self._say(Said(offer=tuple(parts)))

    def ask(self, number: int) -> None:
        """Ask for so many that nobody has taken."""
        self._say(Said(ask=number))

    def tell(self, part: Part, answer: Any) -> None:
        """A part was done here; said now and then, with others."""
        self._known[part.id] = answer
        self._answers.append(Answered(part, answer))
        if monotonic() >= self._tell_next:
            self._tell()

    def news(self) -> Iterator[News]:
        """What has come since."""
        while (message := self._heard.first()) is not None:
            heard = HEARD.validate_json(message)
            self._heard.drop()
            self._known |= heard.answers
            yield News(heard.answers, heard.mine)

    def close(self) -> None:
        """Nothing more is needed."""
        self._tell()
        self._say(Said(close=True))

    def _tell(self) -> None:
        if self._answers:
            self._say(Said(answers=tuple(self._answers)))
            self._answers.clear()
        self._tell_next = monotonic() + TELL_EVERY_S

    def _say(self, said: Said) -> None:
        self._said.put(SAID.dump_json(said))
