"""What would have to give way for a plan to exist."""

from dataclasses import dataclass
from fractions import Fraction

from solver.domain.plan import Plan
from solver.domain.result import Conflict, Outcome
from solver.domain.rules import RuleName


@dataclass(frozen=True)
class Relaxation:
    """How far a plan goes beyond a rule, in the rule's unit.

    `about` are the ids the rule names, as project, core or staff group; `year` None where the rule
    has none. `asked` is what the rule asks for and `given` what it may at most ask for instead:
    places, FTE, NOK, an opening year, a number or a share; None where the rule has no number.
    """

    rule: RuleName
    about: tuple[str, ...]
    year: int | None
    amount: Fraction
    price_nok: float
    asked: Fraction | None = None
    given: Fraction | None = None


@dataclass(frozen=True)
class Repair:
    """Relaxations that together make an instance feasible, and a plan's projects that show it.

    `proven`: no other repair that relaxes the same rules, or of the first of several no other at
    all, is cheaper. `minimal`: no part of its rules is enough, whatever the amounts. Of `plan`
    only the projects are to be used: who is served where may have been left open.
    """

    relaxations: tuple[Relaxation, ...]
    price_nok: float
    proven: bool
    minimal: bool
    plan: Plan

    @property
    def rules(self) -> frozenset[RuleName]:
        """The rules that are relaxed."""
        return frozenset(relaxation.rule for relaxation in self.relaxations)


@dataclass(frozen=True)
class Repairs:
    """The cheapest repair and others, by price; none when nothing has to give way.

    `complete` is False when time ran out, or somebody asked for an end, before as many as asked
    for were found or shown not to exist. `bound_nok` is a lower bound of every repair's price.
    """

    outcome: Outcome
    repairs: tuple[Repair, ...]
    bound_nok: float | None
    conflict: Conflict | None
    complete: bool
    unmet_place_year_nok: float
