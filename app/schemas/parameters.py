"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from app.schemas.base import Document, Identifier, Year, whole

RunKind = Literal["solve", "repair", "price", "why_not", "pareto"]
"""What a run computes."""

RuleName = Literal[
    "coverage",
    "core_coverage",
    "within",
    "staff",
    "investment",
    "investment_total",
    "operating",
    "travel_limit",
    "ownership",
    "required_projects",
    "forbidden_projects",
    "max_projects",
    "min_cores",
    "keep_places",
]
"""A rule that has a price: `solver.analysis.variants.RULES`."""
Forced = Literal["in", "out"]


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


class PriceParameters(Document):
    """Which rules are priced."""

    rules: Annotated[list[RuleName], Field(min_length=1)] | None = None
    """Null: every rule that the scenario has."""


class WhyNotParameters(Document):
    """Which project is forced, and how."""

    project: Identifier
    force: Forced | None = None
    """Null: in when `opens` is given, else the opposite of what the plan does."""
    opens: Year | None = None
    """The year it must open in, whatever the project says of its own earliest and latest year."""


class RepairParameters(Document):
    """How many other ways out are sought beside the cheapest repair."""

    alternatives: Annotated[int, Field(ge=0, le=10), BeforeValidator(whole)] = 3


class ParetoParameters(Document):
    """How many plans between the ends of a front, and what cost is traded for."""

    points: Annotated[int, Field(ge=2, le=50), BeforeValidator(whole)] = 10
    against: Literal["travel", "fte"] = "travel"


PARAMETERS: Mapping[RunKind, type[Document]] = {
    "solve": NoParameters,
    "repair": RepairParameters,
    "price": PriceParameters,
    "why_not": WhyNotParameters,
    "pareto": ParetoParameters,
}
