"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Literal

from app.schemas.base import Document

RunKind = Literal["solve"]
"""What a run computes."""


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


PARAMETERS: Mapping[RunKind, type[Document]] = {
    "solve": NoParameters,
}
