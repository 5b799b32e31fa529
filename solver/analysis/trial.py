"""What becomes of decisions in a future."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """A rule that does not hold: `amount` of `unit` too much or too little.

    `where` are the ids it is about, `year` is None where it is about no year.
    """

    code: str
    claim: str
    where: tuple[str, ...]
    year: int | None
    amount: float
    unit: str


@dataclass(frozen=True)
class Trial:
    """Decisions in a future, everybody served at least cost.

    `unmet` are places by year that somebody needs and does not get, `missing` those or what the
    coverage target lacks, whichever is more. `cost_nok` is the objective, each unmet place at its
    price, and FTE that lack even with every place empty at that of the places they would staff. A
    target that is missed costs nothing beside that.
    """

    breaks: tuple[Break, ...]
    missing: Mapping[int, float]
    unmet: Mapping[int, float]
    cost_nok: float
