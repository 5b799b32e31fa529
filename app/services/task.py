"""What a run asks to be computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.schemas.parameters import RunKind


@dataclass(frozen=True)
class Task:
    """A kind of computation on a scenario document, with what that kind asks for beside it.

    With `parts` only these are asked for, of a run of a kind whose parts are shared.
    """

    document: Mapping[str, Any]
    kind: RunKind = "solve"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[Mapping[str, Any]] = ()


SHARED_KINDS: frozenset[RunKind] = frozenset({"pareto", "stress"})
"""Kinds with parts that do not depend on each other, which several workers may work on."""
