"""Two to six plans side by side. Every list `runs` is in the order in which they were named."""

from app.schemas.base import Document, Identifier
from app.schemas.plan import Minutes, Nok, YearKey


class ComparedRun(Document):
    """A plan that is compared."""

    name: str
    """Id of the run; on the command line what was written there."""
    title: str
    """Of the scenario."""
    scenario_hash: str
    outcome: str
    objective_nok: Nok
    mip_gap: float | None
    cost_nok: Nok
    """Capital, operation and unmet need: present value, unweighted."""
    travel_nok: Nok
    investment_nok: Nok
    """Sum over the plan's own years, undiscounted, net of grants."""


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


class Opened(Document):
    """A project in one plan."""

    opens: int
    places: int
    """Of all care types, in the last year in use."""


class ComparedProject(Document):
    """A project that at least one plan opens."""

    title: str
    site: Identifier
    runs: list[Opened | None]


class ComparedDistrict(Document):
    """How a district fares in the last common year."""

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
    projects: dict[Identifier, ComparedProject]
    districts: dict[Identifier, ComparedDistrict]
    winners: list[GainsAndLosses]
    """By run; of the first one empty."""
    goals: list[Goal]
    text: list[str]
    """Each plan against the first, in Norwegian."""
