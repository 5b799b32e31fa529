"""The answer of kind `stress`: one plan against many futures."""

from typing import Literal

from app.schemas.answers.base import Answer
from app.schemas.answers.base import Outcome as PlanOutcome
from app.schemas.base import Document
from app.schemas.plan import Plan

Family = Literal["own", "population", "life_years", "staff", "delay"]


class BrokenRule(Document):
    """A rule that the plan does not keep in a future."""

    code: str
    """Of the rule, as in docs/formulation.md."""
    claim: str
    where: list[str]
    """Ids of what it is about."""
    year: int | None
    amount: float
    """Too much or too little."""
    unit: Literal["places", "fte", "nok", "years", "count"]


class FutureAnswer(Document):
    """The plan in one future, everybody served at least cost."""

    title: str
    family: Family
    weight: float
    concerns_plan: bool
    """False: a delay of a project that the plan does not open."""
    breaks: list[BrokenRule]
    missing_places: dict[str, float]
    """By year: unmet need or what the coverage target lacks, whichever is more; places that cannot
    be staffed are counted among the unmet where there is no other room."""
    cost_nok: float
    """The objective, and places missing beyond unmet need at their price."""
    extra_cost_nok: float
    """More than in the scenario as planned."""
    regret_nok: float | None
    """More than the best of the plans compared, in this future; null where none were."""
    own_plan: PlanOutcome | None
    """What became of the search for the cheapest plan of this future alone; null: not made."""
    own_plan_cost_nok: float | None
    """What that plan costs, every rule of the future kept; null where there is none."""


class BreakSummary(Document):
    """How often one rule breaks in one year."""

    code: str
    claim: str
    where: list[str]
    year: int | None
    futures: int
    """In how many of the futures that concern the plan."""
    of_futures: int
    worst_amount: float
    unit: Literal["places", "fte", "nok", "years", "count"]
    worst_in: str


class ComparedPlan(Document):
    """A plan over all futures."""

    cheapest_in: str | None
    """The future it was made for; null: the plan that is stressed."""
    opened: dict[str, int]
    adoptable: bool
    """In the scenario itself it breaks no rule but those on need, coverage, staff and nearness."""
    cost_as_planned_nok: float
    expected_cost_nok: float
    largest_regret_nok: float
    largest_regret_in: str
    breaks: int
    """Futures in which some rule breaks."""


class StressAnswer(Answer):
    """Where and when one plan breaks, by how much, how often; and which plan stands best."""

    plan: Plan | None
    """The scenario's cheapest plan, where none was given."""
    breaks_as_planned: list[BrokenRule]
    """In the scenario itself."""
    futures: dict[str, FutureAnswer]
    not_reached: list[str]
    """Futures there was no time for."""
    breaks: list[BreakSummary]
    compared_in: list[str]
    """Futures that the plans were compared in: all, unless time ran out."""
    plans: list[ComparedPlan]
    """Those compared; the plan that is stressed first."""
    least_expected_cost: int | None
    """Position in `plans`; null where nothing was compared."""
    least_regret: int | None
