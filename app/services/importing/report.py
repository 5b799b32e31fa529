"""What an import took, dropped, assumed and still lacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from solver.domain.errors import Issue


@dataclass
class Report:
    """Lines for planners, in the order the import went."""

    taken: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    missing: list[Issue] = field(default_factory=list)
    """What the scenario needs and no input gives, or gives wrongly: it cannot be solved yet."""

    def document(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "complete": not self.missing,
            "taken": self.taken,
            "dropped": self.dropped,
            "assumed": self.assumed,
            "missing": [
                {"pointer": i.pointer, "code": i.code, "message": i.message, "mend": i.mend}
                for i in self.missing
            ],
        }

    def lines(self) -> Iterator[str]:
        """The report in words."""
        yield from _part("Tatt med", self.taken)
        yield from _part("Utelatt", self.dropped)
        yield from _part("Antatt eller avledet", self.assumed)
        needed = [f"{i.pointer or '/'}: {i.message} {i.mend}" for i in self.missing]
        yield from _part("Mangler eller må rettes", needed)
        if self.missing:
            yield "Scenariet er ikke ferdig: fyll ut det som mangler, og importer på nytt."
        else:
            yield "Scenariet er gyldig og kan løses."


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{title}:"
    yield from (f"  - {line}" for line in lines or ["ingenting"])


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f" og {len(names) - most} til" if len(names) > most else ""
    return ", ".join(names[:most]) + more
