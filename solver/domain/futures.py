"""What is decided once, and the futures it meets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.domain.instance import SitingInstance

Places = Mapping[tuple[str, str, int], int]


@dataclass(frozen=True)
class Decisions:
    """What is decided today: opening years, and places by (project, care type, year)."""

    opens: Mapping[str, int]
    places: Places


@dataclass(frozen=True)
class Delay:
    """A project opens, and grows, so many years later than planned."""

    project: str
    years: int


@dataclass(frozen=True)
class Future:
    """A future: its instance, how much it weighs, and a delay where it has one.

    With a delay the instance's earliest opening of that project is as much later.
    """

    name: str
    instance: SitingInstance
    weight: float
    delay: Delay | None = None

    def concerns(self, decisions: Decisions) -> bool:
        """Whether anything is other than in the scenario for such decisions."""
        return self.delay is None or self.delay.project in decisions.opens


def late(decisions: Decisions, delay: Delay, years: Sequence[int]) -> Decisions:
    """The decisions with one project late: all it does happens so many years after.

    What would open after the last year does not open. A negative delay is the way back: what an
    early project does in its last years goes on.
    """
    k, by = delay.project, delay.years
    if k not in decisions.opens:
        return decisions
    opens = {**decisions.opens, k: decisions.opens[k] + by}
    others = {at: places for at, places in decisions.places.items() if at[0] != k}
    if opens[k] > years[-1]:
        del opens[k]
        return Decisions(opens, others)
    types = sorted({p for project, p, _ in decisions.places if project == k})
    moved = {
        (k, p, t): decisions.places.get((k, p, min(t - by, years[-1])), 0)
        for p in types
        for t in years
        if t - by >= years[0]
    }
    return Decisions(opens, others | {at: places for at, places in moved.items() if places})
