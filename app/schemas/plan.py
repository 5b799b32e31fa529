"""The plan document: the answer to a scenario, with every figure recomputed by the verifier."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Document, Identifier, StrategyName

YearKey = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
Nok = float
Minutes = float


class PlannedProject(Document):
    """A project that is opened."""

    title: str
    site: Identifier
    opens: int
    closes: int | None
    """First year in which a temporary project is gone."""
    places: dict[Identifier, dict[YearKey, int]]
    """{care type: {year: places}}, every year in use."""


class CoverageAt(Document):
    """What a reference coverage ratio would ask for, and how far from it the plan is."""

    target_places: int
    deviation_places: int


class WorstOffDistrict(Document):
    """The district whose served places travel longest on average; ties to the first id."""

    district: Identifier
    mean_minutes: Minutes


class EquityFigures(Document):
    """How the journeys of a year are spread over served places."""

    share_within_10_minutes: float
    """Of served places; «10-minuttersbyen»."""
    share_within_10_minutes_by_core: dict[Identifier, float | None]
    """By the core of the district; null: nobody of its districts is served."""
    worst_off_district: WorstOffDistrict
    gini: float
    """Of minutes: 0 where all travel equally far, near 1 where few travel all the way."""
    kolm_pollak_minutes: Minutes
    """Equally-distributed equivalent: if everybody travelled so long, it would be as bad. Never
    below the mean. Aversion ε = 1, scaled by the year's own journeys (Logan et al. 2021).
    """


class YearKeyFigures(Document):
    """Key figures of a year; money undiscounted, in real NOK of the price year."""

    need: dict[Identifier, float]
    """By kind of need."""
    served: dict[Identifier, float]
    """Places in use, by care type."""
    unmet: dict[Identifier, float]
    """By kind of need."""
    places: dict[Identifier, int]
    """By care type."""
    places_counted: int
    population: dict[Identifier, float]
    coverage_ratio: float | None
    """Counted places ÷ the target's population."""
    coverage_target: float | None
    coverage_target_places: int | None
    """Target × population, rounded half up to a whole place."""
    coverage_at: dict[str, CoverageAt]
    """By the target's reference ratios."""
    fte: dict[Identifier, float]
    fte_available: dict[Identifier, float | None]
    investment_nok: Nok
    """Net of grants, in the year of opening or growth."""
    capital_nok: Nok
    operating_nok: Nok
    unmet_nok: Nok
    travel_nok: Nok
    equity_nok: Nok
    """What the weights `worst_off` and `kolm_pollak` add to the objective, weighted."""
    mean_minutes: Minutes | None
    max_minutes: Minutes | None
    share_within: float | None
    equity: EquityFigures | None
    """Null when nobody is served."""


class PlannedSite(Document):
    """Places at a site: existing less removed plus projects'."""

    places: dict[Identifier, dict[YearKey, int]]


class DistrictYear(Document):
    """How a district fares in a year."""

    need: float
    unmet: float
    mean_minutes: Minutes | None


class Allocated(Document):
    """How many places of a site a district uses."""

    year: int
    district: Identifier
    need: Identifier
    site: Identifier
    care_type: Identifier
    places: float
    minutes: Minutes
    """One way."""


class Totals(Document):
    """Present values in the first year (NOK), except where said."""

    capital_nok: Nok
    operating_nok: Nok
    unmet_nok: Nok
    travel_nok: Nok
    equity_nok: Nok
    """Weighted, unlike the others."""
    investment_nok: Nok
    """Sum over the years, undiscounted, net of grants."""
    projects: int
    """Number of projects opened."""


class RuleConflict(Document):
    """A family of constraints in a conflict."""

    code: str
    text: str


class ConflictSet(Document):
    """Rules that cannot hold together; irreducible when the list was proven to be no longer than
    it must be. The scenario may have other conflicts beside this one.
    """

    irreducible: bool
    rules: list[RuleConflict]


class CheckResult(Document):
    """One claim about the plan, recomputed from the scenario's data."""

    code: str
    claim: str
    passed: bool
    rows: int
    worst: float
    """Largest violation ÷ the row's own scale."""
    where: str | None


class VerificationReport(Document):
    """Every check; `passed` only when all did."""

    passed: bool
    checks: list[CheckResult]


class BoundConfirmation(Document):
    """Whether a second, independent solver confirms what was proven: that no plan is cheaper than
    `dual_bound_nok` or, when the scenario is infeasible, that there is no plan.
    """

    confirmed: bool
    status: Literal["confirmed", "undecided", "not_asked"]
    solver: str | None
    """Null when none had to be run."""
    solver_version: str | None
    objective_nok: Nok | None
    """Of the second solver's own best plan; it need not look for one as good as ours."""
    bound_nok: Nok | None
    """The second solver's own bound."""
    seconds: float | None
    reason: str | None
    """Why the proof is not confirmed though that was asked for, or what confirmed it if no solver
    did; in Norwegian."""


class OptionsUsed(Document):
    """Options of the solve."""

    time_limit_s: float
    mip_gap: float
    threads: int
    strategy: StrategyName | None
    """The one asked for; null: chosen by size and structure."""
    referee: bool


class Statistics(Document):
    """Measured facts of the solve; sizes are of the last program solved."""

    strategy: StrategyName
    strategy_reason: str
    """Why this strategy was taken, in Norwegian."""
    build_seconds: float
    solve_seconds: float
    total_seconds: float
    variables: int
    constraints: int
    nonzeros: int
    nodes: int
    peak_memory_mb: float
    solver: str
    solver_version: str
    threads: int
    options: OptionsUsed


class Provenance(Document):
    """What the plan was made from and with."""

    scenario_hash: str
    """SHA-256 of the checked scenario document."""
    data_hash: str
    """SHA-256 of the numbers the solver was given, travel times and need included."""
    software_version: str


class Plan(Document):
    """The answer to a scenario."""

    outcome: Literal["optimal", "feasible", "infeasible", "no_plan", "dismissed"]
    termination: Literal["gap_reached", "time_limit", "infeasible", "dismissed"]
    objective_nok: Nok | None
    dual_bound_nok: Nok | None
    mip_gap: float | None
    """|objective − bound| ÷ |objective|."""
    gap_nok: Nok | None
    projects: dict[Identifier, PlannedProject]
    years: dict[YearKey, YearKeyFigures]
    sites: dict[Identifier, PlannedSite]
    districts: dict[Identifier, dict[YearKey, DistrictYear]]
    allocation: list[Allocated]
    totals: Totals | None
    conflict: ConflictSet | None
    verification: VerificationReport | None
    bound_confirmation: BoundConfirmation
    statistics: Statistics
    provenance: Provenance
