"""The answer of kind `stress`: one plan against many futures."""

from typing import Literal

from app.schemas.answers.base import Answer
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
    """By year: unmet need or what the coverage target lacks, whichever is more. What cannot be
    staffed stands empty."""
    cost_nok: float
    """The objective, with each place that somebody lacks at its price. A target missed costs
    nothing beside that."""
    extra_cost_nok: float
    """More than in the scenario as planned."""
    regret_nok: float | None
    """More than the best plan known in this future; null where no plans were compared."""
    own_plan_cost_nok: float | None
    """What the best plan found for this future alone costs there, of those that could be adopted
    today; null where it was not sought."""
    own_plan_bound_nok: float | None
    """No such plan costs less; null where that is not known."""


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
    """The future it was made for; null: the plan that is stressed, or one sought over all futures
    (`expected`, `regret`)."""
    opened: dict[str, int]
    adoptable: bool
    """It breaks no rule of the scenario itself, and can be carried out in every future."""
    cost_as_planned_nok: float
    expected_cost_nok: float
    largest_regret_nok: float
    largest_regret_in: str
    breaks: int
    """Futures in which some rule breaks."""


class Decided(Document):
    """A project in a plan; such a mapping can be given as `plan`."""

    opens: int
    places: dict[str, dict[str, int]]
    """{care type: {year: places}}."""


class Otherwise(Document):
    """A project that is decided otherwise than in the plan that is stressed; null: not opened."""

    project: str
    planned_opens: int | None
    planned_places: int
    """The most it has in any year."""
    opens: int | None
    places: int


class BestPlan(Document):
    """The best plan found over all futures, of those that could be adopted today."""

    plan: int
    """Position in `plans`."""
    value_nok: float
    """Its expected cost, or its largest regret counted from the best plan known in each future."""
    most_nok: float | None
    """Expected cost: the same. Regret: counted from what no plan goes below in each future; null
    where that is not known of all."""
    lower_bound_nok: float
    """No plan that could be adopted today has less."""
    gap: float | None
    """What lies between `most_nok` and the bound, as a share of the plan's expected cost."""
    proven: bool
    """The gap is within the one asked for."""
    projects: dict[str, Decided]
    otherwise: list[Otherwise]


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
    plans: list[ComparedPlan]
    """Those that were tried in all of `futures`; the plan that is stressed first."""
    least_expected_cost: int | None
    """Position in `plans`; null where nothing was compared."""
    least_regret: int | None
    expected: BestPlan | None
    """Least expected cost of all plans, by the weights; null where there was no time, or no room in
    memory for the program."""
    regret: BestPlan | None
    """Least largest regret of all plans."""
