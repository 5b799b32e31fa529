"""What goes into a solve beside the instance, and what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from solver.domain.crew import Crew
from solver.domain.plan import Plan, PlanFigures

REFEREE_SECONDS = 60.0  # what a referee gets at least, also when the search used up the time limit


class Outcome(StrEnum):
    """What we have."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no_plan"
    DISMISSED = "dismissed"


class Termination(StrEnum):
    """Why it stopped."""

    GAP_REACHED = "gap_reached"
    TIME_LIMIT = "time_limit"
    INFEASIBLE = "infeasible"
    DISMISSED = "dismissed"


class Strategy(StrEnum):
    """How an instance is solved."""

    PLAIN = "plain"  # the whole formulation in one program
    DECOMPOSITION = "decomposition"  # Benders: the plan in a master, the years' service beside it
    LOCATION = "location"  # one year of facility location: prices, exchanges, the rest exactly
    BY_YEAR = "by_year"  # nothing couples the years: each solved on its own


@dataclass(frozen=True)
class SolveOptions:
    """How long, how exact, with what. `mip_gap` is relative: |objective − bound| ÷ |objective|.

    `strategy` None: chosen by size and structure. `referee`: a second, independent solver is asked
    to confirm the bound. `seek_conflict`: of an infeasible instance, which can take as long as the
    solve; no use to those who only want to know that there is no plan.
    """

    time_limit_s: float = 300.0
    mip_gap: float = 0.001
    threads: int = 1
    memory_limit_mb: float = 8000.0
    strategy: Strategy | None = None
    referee: bool = False
    seek_conflict: bool = True

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From plain JSON values by name; what is not there has its default.

        Raises ValueError for a strategy that is none.
        """
        asked = values.get("strategy")
        return cls(**{**values, "strategy": None if asked is None else Strategy(asked)})

    @property
    def seconds_in_all(self) -> float:
        """How long the search and the referee may take together, one after the other."""
        return self.time_limit_s + (REFEREE_SECONDS if self.referee else 0.0)


@dataclass(frozen=True)
class Progress:
    """Where a solve stands; objective and bound in NOK, None while there is none.

    Of an analysis of many solves: where the solve number `part` of `parts` stands, counted from 1.
    """

    seconds: float
    incumbent_nok: float | None
    bound_nok: float | None
    gap: float | None
    part: int | None = None
    parts: int | None = None


@dataclass(frozen=True)
class Check:
    """One claim about a plan, recomputed: `worst` is the largest violation ÷ the row's scale."""

    code: str
    claim: str
    passed: bool
    rows: int
    worst: float
    where: str | None


@dataclass(frozen=True)
class Verification:
    """Every check of a plan; `passed` only when all did."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the plan holds in every check."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Rule:
    """A family of constraints, by its code and in a planner's words."""

    code: str
    text: str


@dataclass(frozen=True)
class Conflict:
    """Families of constraints that cannot hold together.

    `irreducible` is True only when the rest of the list, without any one of them, was shown to
    hold. The scenario may have other conflicts beside this one.
    """

    rules: tuple[Rule, ...]
    irreducible: bool


class ConfirmationStatus(StrEnum):
    """What became of a claim that a second solver was asked about."""

    CONFIRMED = "confirmed"
    UNDECIDED = "undecided"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class BoundConfirmation:
    """Whether a second, independent solver confirms what was proven.

    The claim is that no plan is cheaper than the dual bound or, of an infeasible instance, that
    there is no plan. `objective_nok` and `bound_nok` are the second solver's own best plan and
    bound, `seconds` what it took; None where it has none. `reason` says in Norwegian why a claim
    is undecided, or what confirmed it if no solver did.
    """

    status: ConfirmationStatus
    solver: str | None = None
    solver_version: str | None = None
    objective_nok: float | None = None
    bound_nok: float | None = None
    seconds: float | None = None
    reason: str | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the claim is confirmed."""
        return self.status is ConfirmationStatus.CONFIRMED


NOT_ASKED = BoundConfirmation(ConfirmationStatus.NOT_ASKED)


@dataclass(frozen=True)
class RunStatistics:
    """Measured facts of one solve; sizes are of the last program solved.

    `strategy_reason` says in Norwegian why that strategy was taken.
    """

    strategy: Strategy
    strategy_reason: str
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


@dataclass(frozen=True)
class SolveResult:
    """The answer: why it stopped apart from what we have. Money in NOK.

    `dual_bound_nok` may be there without a plan; everything about a plan is None without one.
    """

    outcome: Outcome
    termination: Termination
    plan: Plan | None
    figures: PlanFigures | None
    objective_nok: float | None
    dual_bound_nok: float | None
    mip_gap: float | None
    verification: Verification | None
    conflict: Conflict | None
    statistics: RunStatistics
    options: SolveOptions
    incumbents: tuple[Progress, ...] = ()
    confirmation: BoundConfirmation = NOT_ASKED


@dataclass(frozen=True)
class Watcher:
    """How a caller follows a solve and stops it; both are called from the solving thread.

    `crew`: others who may work on parts of it; None where there are none.
    """

    on_progress: Callable[[Progress], None] = field(default=lambda _progress: None)
    should_stop: Callable[[], bool] = field(default=lambda: False)
    crew: Crew | None = None


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """|objective − bound| ÷ |objective|; 0 when both are equal, None when it has no value."""
    if objective is None or bound is None:
        return None
    if objective == bound:
        return 0.0
    return abs(objective - bound) / abs(objective) if objective else None
