"""Which strategy an instance is solved by, and why: by its structure and size, or as asked."""

from collections.abc import Callable
from dataclasses import dataclass

from solver.domain.errors import StrategyNotApplicable
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Strategy
from solver.engine import decomposition
from solver.engine.by_year import separable, solve_by_year
from solver.engine.decomposition import solve_decomposed
from solver.engine.found import Found
from solver.engine.journal import Journal
from solver.engine.location.problem import recognise
from solver.engine.location.search import solve_location
from solver.engine.plain import solve_plain

Solver = Callable[[SitingInstance, SolveOptions, Journal], Found]

SOLVERS: dict[Strategy, Solver] = {
    Strategy.PLAIN: solve_plain,
    Strategy.DECOMPOSITION: solve_decomposed,
    Strategy.LOCATION: solve_location,
    Strategy.BY_YEAR: solve_by_year,
}


@dataclass(frozen=True)
class Choice:
    """A strategy, and in Norwegian why it was taken."""

    strategy: Strategy
    reason: str

    @property
    def solver(self) -> Solver:
        """What carries the strategy out."""
        return SOLVERS[self.strategy]


def choose(instance: SitingInstance, allocations: int, asked: Strategy | None) -> Choice:
    """The strategy for an instance with so many allocation variables.

    Raises StrategyNotApplicable when the one asked for does not apply.
    """
    if asked is not None:
        if not _applies(instance, asked):
            raise StrategyNotApplicable(asked)
        return Choice(asked, "valgt av brukeren")
    if recognise(instance) is not None:
        return Choice(Strategy.LOCATION, "ett år der bare valget av steder gjenstår")
    if separable(instance):
        return Choice(Strategy.BY_YEAR, "ingen prosjekter kan åpne, så hvert år står for seg")
    if decomposition.fits(instance, allocations):
        return Choice(Strategy.DECOMPOSITION, "flere år, mye geografi og billig reise")
    return Choice(Strategy.PLAIN, "lite nok til å løses i ett")


def _applies(instance: SitingInstance, strategy: Strategy) -> bool:
    if strategy is Strategy.DECOMPOSITION:
        return decomposition.applies(instance)
    if strategy is Strategy.LOCATION:
        return recognise(instance) is not None
    if strategy is Strategy.BY_YEAR:
        return separable(instance)
    return True
