"""Why a project is in the plan, or not, and what it takes to change that."""

from typing import Any, Literal

from app.schemas.answers.base import Answer, Outcome
from app.schemas.answers.difference import PlanDifference, PlanKeyFigures
from app.schemas.base import Document, Identifier
from app.schemas.parameters import Forced
from app.schemas.plan import Nok


class BreakEvenPoint(Document):
    """How far a price of the project may move before the answer changes; it pays below, not above.

    With the price moved so far, a plan with the project and one without cost the same.
    """

    price: Literal["investment", "operating"]
    """investment: fixed and net per place alike; operating: the fixed cost per year in use."""
    change: float | None
    """Share of the investment, or NOK per year; negative: cheaper than today. Null: the project
    does not pay even when it is free to build."""
    low: float | None
    """Up to this change it pays, whatever the gaps hide; null: not known."""
    high: float | None
    """From this change on it does not, whatever the gaps hide; null: not known."""
    change_nok: Nok | None
    """The change in undiscounted NOK: of `investment_nok`, or per year."""
    investment_nok: Nok
    """Of the project, undiscounted and net of grants, at today's price, in the plan that pays at
    the break-even."""
    complete: bool
    """False: time ran out; the project pays at `change`, and perhaps above it."""


class WhyNotAnswer(Answer):
    """The difference that one project makes."""

    project: Identifier
    force: Forced
    """What was forced: what was asked, or the opposite of the plan."""
    opens: int | None
    """The year it was forced to open in."""
    chosen: bool
    """The plan already does what was asked; then both are the same plan."""
    lifted: list[str]
    """Policies that gave way for this project alone."""
    patch: dict[str, Any]
    """JSON Merge Patch of the scenario that forces the project so."""
    figures: PlanKeyFigures | None
    """Of the plan as it is."""
    forced_outcome: Outcome | None
    """Null: there was no time to solve it."""
    forced_figures: PlanKeyFigures | None
    difference: PlanDifference | None
    """The forced plan less the plan as it is."""
    break_evens: list[BreakEvenPoint]
