"""Two to six plans side by side. Every list `runs` is in the order in which they were named."""

from app.schemas.answers.difference import NokInterval, Verdict
from app.schemas.base import Document, Identifier
from app.schemas.plan import EquityFigures, Minutes, Nok, YearKey


class ComparedRun(Document):
    """A plan that is compared."""

    name: str
    """Id of the run; on the command line what was written there."""
    title: str
    """Of the scenario."""
    scenario_hash: str
    outcome: str
    price_year: int | None
    objective_nok: Nok
    """Over the plan's own years, as its scenario weighs."""
    mip_gap: float | None
    cost_nok: Nok
    """Capital, operation and unmet need over the common years: present value in the first of them,
    unweighted."""
    travel_nok: Nok
    """Likewise."""
    investment_nok: Nok
    """Sum over the common years, undiscounted, net of grants."""


class OptimaApart(Document):
    """The best plan of a scenario against the best of the first, all costs as both weigh them."""

    interval: NokInterval
    verdict: Verdict
    """undecided: the difference is smaller than the two gaps."""


class ComparedYear(Document):
    """Key figures of one plan in a year."""

    need: float
    unmet: float
    places: int
    places_counted: int
    coverage_ratio: float | None
    coverage_target: float | None
    fte: dict[Identifier, float]
    fte_available: dict[Identifier, float | None]
    investment_nok: Nok
    capital_nok: Nok
    operating_nok: Nok
    travel_nok: Nok
    mean_minutes: Minutes | None
    max_minutes: Minutes | None
    equity: EquityFigures | None
    """Null when nobody is served."""


class Opened(Document):
    """A project in one plan."""

    opens: int
    closes: int | None
    """First year in which a temporary project is gone; null: it stays."""
    places: int
    """Of all care types, in the last year in use."""


class ComparedProject(Document):
    """A project that at least one plan opens."""

    title: str
    site: Identifier
    runs: list[Opened | None]


class ComparedDistrict(Document):
    """How a district fares in `district_year`."""

    title: str
    minutes: list[Minutes | None]
    """Mean one way, by run; null where nobody is served."""
    change: list[Minutes | None]
    """Against the first run."""


class GainsAndLosses(Document):
    """Districts whose journeys become shorter or longer than in the first run, most first."""

    gains: list[Identifier]
    losses: list[Identifier]


class Reached(Document):
    """How far one plan answers to a goal."""

    value: float | None
    text: str
    met: bool | None
    """Null where the scenario has no rule that asks for it."""


class Goal(Document):
    """A goal of the municipality's plans, and the rule of the scenario that it answers to."""

    goal: str
    rule: str | None
    rule_text: str
    runs: list[Reached]


class Comparison(Document):
    """Plans side by side, in the years they have in common."""

    runs: list[ComparedRun]
    years: dict[YearKey, list[ComparedYear]]
    optima: list[OptimaApart | None]
    """By run; null of the first, and where years, price years or objectives are not the same."""
    projects: dict[Identifier, ComparedProject]
    district_year: YearKey
    """The year of `districts` and `winners`."""
    districts: dict[Identifier, ComparedDistrict]
    winners: list[GainsAndLosses]
    """By run; of the first one empty."""
    goals: list[Goal]
    text: list[str]
    """Each plan against the first, in Norwegian."""
