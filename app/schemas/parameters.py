"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from app.schemas.base import Document, whole

RunKind = Literal["solve", "repair", "pareto"]
"""What a run computes."""


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


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
    "pareto": ParetoParameters,
}
