"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Document, Positive, Share

RunKind = Literal["solve", "alternatives"]
"""What a run computes."""


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


class AlternativesParameters(Document):
    """Plans that are nearly as good as the cheapest and open other projects."""

    n: Annotated[Positive, Field(le=20)] = 5
    """How many plans in all, the cheapest among them."""
    within: Share = 0.01
    """How much dearer than the cheapest a plan may be, as a share of its cost. A hundredth is about
    what separates plans that a council chooses between, as measured on the bundled scenario."""


PARAMETERS: Mapping[RunKind, type[Document]] = {
    "solve": NoParameters,
    "alternatives": AlternativesParameters,
}
