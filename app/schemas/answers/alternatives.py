"""The answer of kind `alternatives`: plans nearly as good, and what they have in common."""

from typing import Literal

from app.schemas.answers.base import Answer
from app.schemas.base import Document
from app.schemas.plan import Plan


class AlternativePlan(Document):
    """A plan within the share of the cheapest plan's cost."""

    opened: dict[str, int]
    """Opening year by project."""
    objective_nok: float
    extra_cost_nok: float
    """More than the cheapest plan; less than nothing where that one is not proven to the krone."""
    extra_cost_share: float | None
    """Of the cheapest plan's cost; null where that is zero."""
    distance_to_cheapest: int
    """Projects that the cheapest plan opens and this one leaves out."""
    distance_to_nearest: int | None
    """The same, of the plan before it in the list where that is least; null of the cheapest."""
    farthest: bool
    """Proven: no plan within the share is farther from all those before it in the list."""
    plan: Plan


class ProjectShare(Document):
    """How many of the plans open a project."""

    title: str
    plans: int
    share: float


class ProjectWaiting(Document):
    """How long the opening of a project can wait without loss, which is less than the gap."""

    opens_in_cheapest: int
    latest_opening_year: int
    """The last year it can open in."""
    lead_years: int
    """From decision to opening: from the first year to the earliest the project may open in."""
    latest_decision_year: int
    """What must be decided by then: the latest opening less the lead time."""
    complete: bool
    """False: the search was cut short, and a later year may do as well."""
    one_year_later_possible: bool | None
    """Whether any plan opens it the year after or later; null where that was not found out, or
    where the period or the project's latest year ends."""
    one_year_later_costs_nok: float | None
    """More than the cheapest plan, of the best plan found that opens it the year after or later."""
    one_year_later_costs_at_least_nok: float | None
    """The same, of every such plan: proven."""


class NoRegretProject(Document):
    """A project that all plans in the list open."""

    title: str
    indispensable: bool | None
    """Whether every plan within the share opens it, those not in the list too: proven; null where
    that was not decided."""
    waiting: ProjectWaiting


class NoRegret(Document):
    """What the plans have in common, by project."""

    in_all: dict[str, NoRegretProject]
    in_most: dict[str, ProjectShare]
    """In more than half of the plans, not in all."""
    in_some: dict[str, ProjectShare]
    """In half of the plans or fewer."""
    in_none: dict[str, ProjectShare]


class AlternativesAnswer(Answer):
    """Up to n plans within a share of the cheapest plan's cost that differ in what they open."""

    limit_nok: float | None
    """What a plan may cost; null without a plan."""
    plans: list[AlternativePlan]
    """The cheapest first; each one after it is the cheapest of those farthest from all before."""
    ended: Literal["enough", "exhausted", "undecided", "stopped"]
    """Why there are no more: as many as asked for; proven that every plan within the share opens
    all that some plan in the list does; none found, not proven; stopped by time or by somebody."""
    no_regret: NoRegret
