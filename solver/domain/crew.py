"""Others who may work on parts of an analysis: what a part is, and what passes between."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = Any
"""What JSON can hold."""


@dataclass(frozen=True)
class Part:
    """Work that depends on no other part, told so that another process can do it.

    `id` is of `what` there is to do, so that an answer found once is known again. One thread may
    take so many `seconds`.
    """

    id: str
    what: Mapping[str, Json]
    seconds: float


@dataclass(frozen=True)
class News:
    """What has become of parts: `done` elsewhere, by id, and those that are now `mine` to do.

    `mine` is None where nothing was said of it, empty when no part waits.
    """

    done: Mapping[str, Json]
    mine: Sequence[str] | None = None


class Crew(Protocol):
    """Shares the parts of one analysis. Nothing here waits for anybody."""

    def known(self, part_id: str) -> Json | None:
        """The answer to a part, when an earlier attempt has found it."""

    def offer(self, parts: Sequence[Part]) -> None:
        """Let others take these; what is to be done here has to be asked for."""

    def ask(self, number: int) -> None:
        """Ask for so many of the offered parts that nobody has taken."""

    def tell(self, part: Part, answer: Json) -> None:
        """A part was done here."""

    def news(self) -> Iterator[News]:
        """What has come since it was asked last."""

    def close(self) -> None:
        """Nothing of what was offered is needed any more."""
