"""What every analysis' result document says of itself, and its check against its own schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.schemas.answers.base import Answer
from app.schemas.scenario import Scenario
from app.services.plan_document import options_used, provenance
from solver.analysis.session import Session
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome


def make_answer(
    schema: type[Answer],
    found: Mapping[str, Any],
    *,
    text: Sequence[str],
    outcome: Outcome,
    session: Session,
    scenario: Scenario,
    instance: SitingInstance,
) -> dict[str, Any]:
    """The document of an analysis: what it found, in figures and in words."""
    document = {
        "outcome": outcome.value,
        "text": list(text),
        **found,
        "statistics": {
            "solves": session.solves,
            "total_seconds": session.seconds,
            "options": options_used(session.options),
        },
        "provenance": provenance(scenario, instance),
    }
    schema.model_validate(document)
    return document
