"""Stored and bundled scenarios as resources, and the answer of a check."""

from datetime import datetime
from typing import Any

from app.schemas.base import Document, Text
from app.schemas.problem import ProblemIssue
from app.schemas.run import Resource


class ScenarioChange(Document):
    """A new scenario as a change of another."""

    based_on: Text
    """Id of a stored scenario, or name of a bundled one."""
    changes: dict[str, Any] | None = None
    """JSON Merge Patch (RFC 7396)."""


class ScenarioSummary(Resource):
    """A scenario without its document."""

    id: str
    title: str
    created: datetime | None
    """Null for a bundled scenario."""
    updated: datetime | None
    """Null for a bundled scenario."""


class ScenarioResource(ScenarioSummary):
    """A scenario with its document, as its author wrote it."""

    document: dict[str, Any]


class ScenarioList(Resource):
    """A page of stored scenarios, newest first."""

    items: list[ScenarioSummary]
    next: str | None
    """Address of the next page; null on the last."""


class ExampleList(Resource):
    """The bundled scenarios."""

    items: list[ScenarioSummary]


class ScenarioCheck(Resource):
    """Whether a scenario document can be used."""

    valid: bool
    issues: list[ProblemIssue]
