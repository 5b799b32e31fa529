"""What every analysis answers beside its own figures."""

from typing import Literal

from app.schemas.base import Document
from app.schemas.plan import OptionsUsed, Provenance

Outcome = Literal["optimal", "feasible", "infeasible", "no_plan", "dismissed"]


class Effort(Document):
    """What the analysis took, and what it was held to."""

    solves: int
    """Solves of whole scenarios, a solve that was cut short included."""
    total_seconds: float
    options: OptionsUsed
    """The time limit is for the whole analysis, the gap for each of its plans."""


class Answer(Document):
    """An analysis of a scenario."""

    outcome: Outcome
    """optimal: every plan it rests on is proven within the gap; feasible: time was up before that;
    infeasible, no_plan: there is no plan to analyse; dismissed: stopped by somebody."""
    text: list[str]
    """The answer in Norwegian, for planners: nothing that its numbers do not say."""
    statistics: Effort
    provenance: Provenance
