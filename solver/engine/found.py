"""What a strategy hands back: decisions not yet verified, and a bound."""

from dataclasses import dataclass

from solver.domain.plan import Plan
from solver.engine.handover import Program
from solver.engine.highs import Stop


@dataclass(frozen=True)
class Found:
    """Why the search stopped, and what it has; money in NOK.

    `objective_nok` is what the strategy believes the plan costs; `program` is the last one solved,
    None when a row without variables already failed.
    """

    stop: Stop
    plan: Plan | None
    objective_nok: float | None
    bound_nok: float | None
    nodes: int
    program: Program | None
