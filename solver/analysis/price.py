"""What each rule of a scenario costs: the plan without it, or with it moved, beside the plan with.

A difference is of two optima, each known to lie between a bound and a plan. Moves that only allow
more, or only less, tell more than that: a plan of the stricter problem is one of the looser, so the
better plan is taken over where the search in the looser one found none as good, and the lower
bound of the looser problem holds in the stricter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from solver.analysis.difference import Difference, Direction, difference
from solver.analysis.session import Session
from solver.analysis.variants import Move, moves
from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, SolveResult, relative_gap
from solver.engine.shadow import ShadowPrice, shadow_prices
from solver.verify import verify


@dataclass(frozen=True)
class Priced:
    """A move, its plan and what sets it apart; None: not solved, or nothing to set apart."""

    move: Move
    result: SolveResult | None
    difference: Difference | None


@dataclass(frozen=True)
class Prices:
    """The plan with every rule, and what each move changes.

    `shadow_prices` are for the fixed set of open projects; None when they were not reached, or when
    there is no plan to fix.
    """

    base: SolveResult
    items: tuple[Priced, ...]
    shadow_prices: tuple[ShadowPrice, ...] | None
    outcome: Outcome


def prices(instance: SitingInstance, rules: tuple[str, ...] | None, session: Session) -> Prices:
    """Solve the instance and each move of some rules, of all when None."""
    chosen = list(moves(instance, rules))
    session.expect(len(chosen) + 1)
    base = session.solve(instance)
    if base.plan is None:
        return Prices(base, (), None, base.outcome)
    shadows = None
    if not session.over:
        seconds = session.seconds_left
        shadows = shadow_prices(instance, base, seconds, lambda: session.dismissed)
    solved = [(move, None if session.over else session.solve(move.instance)) for move in chosen]
    base = _best_known(instance, base, solved)
    items = tuple(_priced(move, base, result) for move, result in solved)
    return Prices(base, items, shadows, _outcome(base, items, session))


def _best_known(
    instance: SitingInstance, base: SolveResult, solved: Sequence[tuple[Move, SolveResult | None]]
) -> SolveResult:
    """The base with the best plan and bound that any of the moves knows for it."""
    for move, result in solved:
        if result is not None and move.direction is Direction.TIGHTENS:
            base = _taken_over(instance, base, result)
        if result is not None and move.direction is Direction.RELAXES:
            base = _bounded(base, result.dual_bound_nok)
    return base


def _priced(move: Move, base: SolveResult, result: SolveResult | None) -> Priced:
    if result is None:
        return Priced(move, None, None)
    if move.direction is Direction.RELAXES:
        result = _taken_over(move.instance, result, base)
    if result.plan is None:
        return Priced(move, result, None)
    if move.direction is Direction.TIGHTENS:
        result = _bounded(result, base.dual_bound_nok)
    return Priced(move, result, difference(base, result, move.direction))


def _taken_over(looser: SitingInstance, result: SolveResult, stricter: SolveResult) -> SolveResult:
    """The looser problem's result with the stricter one's plan, where that is the better.

    Raises VerificationFailed when the plan does not hold there: then it is no looser.
    """
    plan, cost = stricter.plan, stricter.objective_nok
    if plan is None or cost is None:
        return result
    if result.objective_nok is not None and result.objective_nok <= cost:
        return result
    verification, figures = verify(looser, plan)
    if not verification.passed:
        raise VerificationFailed("planen fra den strengere oppgaven holder ikke i den løsere")
    if result.outcome is Outcome.INFEASIBLE:
        raise VerificationFailed("løseren fant ingen plan der en er kjent")
    known = replace(
        result, plan=plan, figures=figures, objective_nok=cost, verification=verification
    )
    return _judged(known)


def _bounded(result: SolveResult, bound: float | None) -> SolveResult:
    """The result with a lower bound of a looser problem, where that is the higher."""
    own, cost = result.dual_bound_nok, result.objective_nok
    if bound is None or cost is None or (own is not None and own >= bound):
        return result
    return _judged(replace(result, dual_bound_nok=min(bound, cost)))


def _judged(result: SolveResult) -> SolveResult:
    """A result whose plan or bound has become another, with its gap and outcome anew."""
    gap = relative_gap(result.objective_nok, result.dual_bound_nok)
    unsettled = result.outcome in (Outcome.NO_PLAN, Outcome.FEASIBLE)
    proven = gap is not None and gap <= result.options.mip_gap
    settled = Outcome.OPTIMAL if proven else Outcome.FEASIBLE
    return replace(result, mip_gap=gap, outcome=settled if unsettled else result.outcome)


def _outcome(base: SolveResult, items: Sequence[Priced], session: Session) -> Outcome:
    """That a move has no plan is an answer; that it was not solved to the end is none."""
    results = [base, *(item.result for item in items if item.result is not None)]
    if session.dismissed or any(one.outcome is Outcome.DISMISSED for one in results):
        return Outcome.DISMISSED
    answered = all(one.outcome in (Outcome.OPTIMAL, Outcome.INFEASIBLE) for one in results)
    complete = answered and all(item.result is not None for item in items)
    return Outcome.OPTIMAL if complete else Outcome.FEASIBLE
