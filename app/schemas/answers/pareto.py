"""The result of kind `pareto`: plans between least cost and least of another measure."""

from typing import Literal

from app.schemas.answers.base import Answer
from app.schemas.base import Document
from app.schemas.plan import Nok, Plan


class FrontPoint(Document):
    """A plan of the front; no other point beats it in both measures."""

    cost_nok: Nok
    """Capital, operation and unmet need: present value, unweighted."""
    travel_nok: Nok
    """Journeys: present value, unweighted."""
    fte_years: float
    """FTE of all staff groups, summed over the years."""
    worst_off_minutes: float | None
    """Minutes of the worst-off district per place it needs, a missing place counted as its longest
    journey; mean over the years. Null unless that is what cost is traded for."""
    gap: float | None
    """By how much, relative to its cost, a plan with no more of the other measure could at most be
    cheaper; null when nothing is known."""
    knee: bool
    """Beyond it, giving up one measure begins to cost much of the other."""
    plan: Plan


class Front(Answer):
    """Cost against another measure."""

    against: Literal["travel", "fte", "worst_off"]
    """The measure that cost is traded for: `travel_nok`, `fte_years` or `worst_off_minutes` of the
    points."""
    complete: bool
    """There is no other point: each is proven, and so are the spaces between them."""
    points: list[FrontPoint]
    """From the cheapest to the one with least of the other measure."""
