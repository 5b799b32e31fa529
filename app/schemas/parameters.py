"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Document

RunKind = Literal["solve", "pareto"]
"""What a run computes."""


class ParetoParameters(Document):
    """How many plans between the ends of a front, and what cost is traded for."""

    points: Annotated[int, Field(ge=2, le=50)] = 10
    against: Literal["travel", "fte"] = "travel"


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


PARAMETERS: Mapping[RunKind, type[Document]] = {
    "solve": NoParameters,
    "pareto": ParetoParameters,
}
