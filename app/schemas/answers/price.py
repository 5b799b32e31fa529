"""What each rule of a scenario costs."""

from typing import Any, Literal

from app.schemas.answers.base import Answer, Outcome
from app.schemas.answers.difference import PlanDifference, PlanKeyFigures
from app.schemas.base import Document, Identifier
from app.schemas.parameters import RuleName
from app.schemas.plan import Nok, YearKey


class RulePrice(Document):
    """One rule moved or taken away, and the plan with that change less the plan without it."""

    id: str
    """The same for the same change of the same scenario."""
    rule: RuleName
    code: str
    """Of the constraint, as in the formulation."""
    change: Literal["up", "down", "dropped"]
    """Coverage moves by one point, staff by five per cent, numbers by one."""
    subject: Identifier | None
    """The ownership, project, core, staff group or care type it is about, where there are many."""
    direction: Literal["relaxes", "tightens"]
    """Whether more plans are allowed, or fewer."""
    patch: dict[str, Any]
    """JSON Merge Patch of the scenario that makes the change."""
    outcome: Outcome | None
    """Null: there was no time to solve it."""
    difference: PlanDifference | None
    """Null without a plan."""
    text: str


class ShadowPriceItem(Document):
    """What one unit more of a rule would save, for the fixed set of open projects.

    Which projects are open, and in which year, is held as in the plan; sizes may vary continuously.
    The unit is a place (C2: more at a site, before its operation and staff; C8, C9, C14: fewer in a
    target), an FTE more (C10), or a krone more (C11, C12, C13). Of sites the ten highest.
    """

    code: str
    subject: list[Identifier]
    """A core, staff group or care type; of C2 a site and a care type."""
    by_year_nok: dict[YearKey, Nok]
    """Present value of one unit in that year; years in which it saves nothing are left out."""
    total_nok: Nok
    """Of one unit in every year."""
    text: str


class PriceAnswer(Answer):
    """The price of each rule."""

    figures: PlanKeyFigures | None
    """Of the plan that keeps every rule."""
    prices: list[RulePrice]
    shadow_prices: list[ShadowPriceItem] | None
    """For the fixed set of open projects. Null when they could not be computed."""
