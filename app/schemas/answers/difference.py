"""What sets one plan apart from another of the same years: the second less the first."""

from typing import Literal

from app.schemas.base import Document, Identifier
from app.schemas.plan import Minutes, Nok

Verdict = Literal["dearer", "cheaper", "equal", "undecided"]


class PlanKeyFigures(Document):
    """What a plan comes to over its years; of a difference, the second's less the first's.

    Present values in the first year, except where said. Null: one of the plans has no such figure.
    """

    objective_nok: Nok
    """All costs, weighted as the scenario weighs them."""
    capital_nok: Nok
    operating_nok: Nok
    unmet_nok: Nok
    travel_nok: Nok
    equity_nok: Nok
    """What the weights on inequality add, weighted."""
    investment_nok: Nok
    """Sum over the years, undiscounted, net of grants."""
    fte: dict[Identifier, float]
    """In the last year, by staff group."""
    fte_mean: dict[Identifier, float]
    """Mean over the years, by staff group."""
    places: dict[Identifier, int]
    """In the last year, by care type."""
    places_counted: int
    """In the last year, of types that count towards coverage."""
    unmet_place_years: float
    mean_minutes: Minutes | None
    """One way, over all served place-years."""
    max_minutes: Minutes | None
    coverage_ratio: float | None
    """In the last year, as are the three below."""
    share_within_10_minutes: float | None
    worst_off_minutes: Minutes | None
    """Mean minutes of the district that travels longest."""
    gini: float | None
    """Of minutes; 0 where all travel equally far."""


class NokInterval(Document):
    """Where a difference of two optima lies, whatever the gaps hide; null: no bound is known."""

    low_nok: Nok | None
    high_nok: Nok | None


class ProjectChange(Document):
    """A project that the two plans treat differently."""

    project: Identifier
    title: str
    opens_before: int | None
    """Null: not opened by the first plan."""
    opens_after: int | None
    places_before: int
    """At its largest."""
    places_after: int


class PlanDifference(Document):
    """What the second plan has more than the first."""

    figures: PlanKeyFigures
    """Of the two plans that were found."""
    interval: NokInterval
    """Of the present value of the two best plans there are."""
    verdict: Verdict
    """Of the second; undecided: the difference is smaller than the two gaps."""
    projects: list[ProjectChange]
