"""What each kind of run asks for beside the scenario; what is left out has the default named."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from app.schemas.base import (
    Amount,
    Count,
    Document,
    Identifier,
    Positive,
    Share,
    Text,
    Year,
    whole,
)
from app.schemas.series import YearKey

RunKind = Literal["solve", "repair", "price", "why_not", "alternatives", "pareto", "stress"]
"""What a run computes."""

RuleName = Literal[
    "coverage",
    "core_coverage",
    "within",
    "staff",
    "investment_year",
    "investment_total",
    "operating",
    "travel_limit",
    "allowed_ownership",
    "required_projects",
    "forbidden_projects",
    "max_projects",
    "min_cores",
    "keep_places",
]
"""A rule that has a price: `solver.analysis.variants.RULES`."""
Forced = Literal["in", "out"]


class NoParameters(Document):
    """The kind asks for nothing beside the scenario."""


class PriceParameters(Document):
    """Which rules are priced."""

    rules: Annotated[list[RuleName], Field(min_length=1)] | None = None
    """Null: every rule that the scenario has."""


class WhyNotParameters(Document):
    """Which project is forced, and how."""

    project: Identifier
    force: Forced | None = None
    """Null: in when `opens` is given, else the opposite of what the plan does."""
    opens: Year | None = None
    """The year it must open in, whatever the project says of its own earliest and latest year."""


class RepairParameters(Document):
    """How many other ways out are sought beside the cheapest repair."""

    alternatives: Annotated[int, Field(ge=0, le=10), BeforeValidator(whole)] = 3


class ParetoParameters(Document):
    """How many plans between the ends of a front, and what cost is traded for."""

    points: Annotated[int, Field(ge=2, le=50), BeforeValidator(whole)] = 10
    against: Literal["travel", "fte", "worst_off"] = "travel"


class AlternativesParameters(Document):
    """Plans that are nearly as good as the cheapest and open other projects."""

    n: Annotated[Positive, Field(le=20)] = 5
    """How many plans in all, the cheapest among them."""
    within: Share = 0.01
    """How much dearer than the cheapest a plan may be, as a share of its cost. Within a hundredth
    there are plans for the bundled scenario that leave out half of what the cheapest opens."""


Factor = Annotated[float, Field(ge=0, le=10)]
Totals = Annotated[dict[YearKey, Amount], Field(min_length=1)]


class DecidedProject(Document):
    """A project as it stands in a plan document."""

    opens: Year
    places: dict[Identifier, dict[YearKey, Count]]
    """{care type: {year: places}}."""
    title: str | None = None
    """This and what follows may stand, as in a plan document, and are not read."""
    site: str | None = None
    closes: int | None = None


class FutureSpec(Document):
    """A future of one's own."""

    title: Text
    patch: dict[str, Any]
    """JSON Merge Patch (RFC 7396) on the scenario; years and projects stay the same."""
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Next to the other futures, in the expected cost."""


class StressParameters(Document):
    """One plan against many futures.

    Without any `futures` each family left out has its default; with them, only families that are
    named are there beside them.
    """

    plan: dict[Identifier, DecidedProject] | None = None
    """`projects` of a plan document; null: the scenario's cheapest plan."""
    futures: dict[Identifier, FutureSpec] | None = None
    population_totals: dict[Identifier, Totals] | None = None
    """{variant: {year: inhabitants}}: other projections of the population that need is counted
    from, in the whole municipality, linear series. Default: none."""
    population_factors: list[Factor] | None = None
    """So many times the population. Default: none, as no source says how uncertain it is."""
    constant_mortality_totals: Totals | None = None
    """{year: inhabitants} of the same population if lives did not grow longer; the rest of it is
    added life years. Default: none, and then that family of futures is left out."""
    added_life_years_needing_care: list[Share] | None = None
    """How much of the added life years need care. Default: 0, 1/3, 2/5, 1/2 and 1, as counted with
    in Denmark and the OECD, in Sweden, in Norway, in the EU and IMF, and at most."""
    staff_factors: list[Factor] | None = None
    """So many times the FTE available. Default: 0.9, where the scenario limits FTE."""
    delays_years: list[Annotated[Positive, Field(le=50)]] | None = None
    """Each project so many years late. Default: 1 and 2."""
    missing_place_year_nok: Amount | None = None
    """What a place missing costs a year, to weigh plans by, where the scenario has none on unmet
    need; it must be given there, and nowhere else."""


PARAMETERS: Mapping[RunKind, type[Document]] = {
    "solve": NoParameters,
    "repair": RepairParameters,
    "price": PriceParameters,
    "why_not": WhyNotParameters,
    "alternatives": AlternativesParameters,
    "pareto": ParetoParameters,
    "stress": StressParameters,
}
