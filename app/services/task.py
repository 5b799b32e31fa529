"""What a run asks to be computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.schemas.parameters import RunKind


@dataclass(frozen=True)
class Task:
    """A kind of computation on a scenario document, with what that kind asks for beside it."""

    document: Mapping[str, Any]
    kind: RunKind = "solve"
    parameters: Mapping[str, Any] = field(default_factory=dict)
