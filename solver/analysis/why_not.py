"""Why a project is in the plan or not: the plan with the opposite, and where the answer turns.

The break-even is where a plan with the project and one without it cost the same, as one price of
the project is moved: a share of its investment, or its fixed operating cost per year. Moving the
price up makes every plan with the project dearer and, by the ceilings, allows fewer of them, while
plans without it stay as they are. So there is one point, and it is found by going up: the best
known plan with the project pays until its own cost reaches that of the best plan without, or until
it breaks a ceiling; there the problem is solved anew, and a better plan pays further. Each step
has another plan, so the steps end. Without ceilings this is Dinkelbach's method (1967, On
nonlinear fractional programming).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf, isinf

from solver.analysis.difference import Bounds, Difference, Direction, difference
from solver.analysis.session import Session
from solver.analysis.variants import without
from solver.domain.instance import Ownership, Project, SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import Outcome, SolveResult
from solver.verify.books import Books, annuity

TOLERANCE = 1e-9  # of the cost: two ways of adding up the same plan
# Of the whole price: how far past a broken ceiling the problem is solved again. So exact is a
# break-even that a ceiling decides.
PAST_CEILING = 1e-4
EXPECTED_SOLVES = 8
FREE = -1.0  # all of the investment taken away


class Force(StrEnum):
    """What is asked of the project."""

    IN = "in"
    OUT = "out"


class Price(StrEnum):
    """Which price of the project is moved."""

    INVESTMENT = "investment"  # as a share of fixed and net per-place investment
    OPERATING = "operating"  # NOK per year in use


@dataclass(frozen=True)
class BreakEven:
    """How far a price may move before the answer changes; below it the project pays, above not.

    `change` is a share of the investment (−0.2: a fifth cheaper), or NOK per year in use; 0 is the
    price as it is. None when the project does not pay even free of investment. The point for the
    true optima lies in `interval`, as far as that is known. `investment_nok` is the project's
    undiscounted net investment in the plan that pays there, `change_nok` the change in NOK, of that
    sum or per year. `complete` is False when time ran out on the way: then the project pays at
    `change`, and perhaps above it.

    Where today's price leaves no plan with the project, operating cost is followed up from none at
    all, not from a subsidy.
    """

    price: Price
    change: float | None
    interval: Bounds
    change_nok: float | None
    investment_nok: float
    complete: bool


@dataclass(frozen=True)
class WhyNot:
    """The plan as it is, the plan with the project forced, and what it takes to change the answer.

    `chosen` is whether the plan as it is does what was asked; then `forced` is that same plan.
    `lifted` are the policies that had to give way for the project alone.
    """

    force: Force
    opens: int | None
    base: SolveResult
    forced: SolveResult | None
    chosen: bool
    difference: Difference | None
    break_evens: tuple[BreakEven, ...]
    lifted: tuple[str, ...]
    outcome: Outcome


def forced_in(instance: SitingInstance, k: str, opens: int | None) -> SitingInstance:
    """The instance in which a project must open, in one year where that is given.

    What policies say against it gives way for this project alone: it is no longer forbidden, and
    its ownership is allowed while others of that ownership, so far shut out by it, are forbidden.
    The given year holds whatever the project says of its own earliest and latest.
    """
    policies, project = instance.policies, instance.projects[k]
    forbidden, allowed = without(policies.forbidden_projects, k), policies.allowed_ownership
    if allowed is not None and project.ownership not in allowed:
        allowed = allowed | {project.ownership}
        others = others_of(instance.projects, k, project.ownership)
        forbidden = tuple(sorted({*forbidden, *others}))
    pinned = project if opens is None else replace(project, earliest=opens, latest=opens)
    return replace(
        instance,
        projects={**instance.projects, k: pinned},
        policies=replace(
            policies,
            allowed_ownership=allowed,
            forbidden_projects=forbidden,
            required_projects=tuple(sorted({*policies.required_projects, k})),
        ),
    )


def forced_out(instance: SitingInstance, k: str) -> SitingInstance:
    """The instance in which a project never opens; that it was required gives way."""
    policies = instance.policies
    return replace(
        instance,
        policies=replace(
            policies,
            required_projects=without(policies.required_projects, k),
            forbidden_projects=tuple(sorted({*policies.forbidden_projects, k})),
        ),
    )


def others_of(projects: Mapping[str, Project], k: str, owner: Ownership) -> list[str]:
    """The other projects of an ownership."""
    return [q for q, project in projects.items() if q != k and project.ownership == owner]


def lifted_policies(instance: SitingInstance, k: str, force: Force) -> tuple[str, ...]:
    """Names of the policies that give way when a project is forced."""
    policies, owner = instance.policies, instance.projects[k].ownership
    if force is Force.OUT:
        return ("required_projects",) if k in policies.required_projects else ()
    allowed = policies.allowed_ownership
    banned = allowed is not None and owner not in allowed
    named = k in policies.forbidden_projects
    return (
        *(("forbidden_projects",) if named else ()),
        *(("allowed_ownership",) if banned else ()),
    )


def why_not(
    instance: SitingInstance, k: str, force: Force | None, opens: int | None, session: Session
) -> WhyNot:
    """Solve the instance as it is and with a project forced in, out, or into a year.

    `force` None: in when a year is given, else the opposite of what the plan does.
    """
    session.expect(EXPECTED_SOLVES)
    base = session.solve(instance)
    force = force or _opposite(base.plan, k, opens)
    lifted = lifted_policies(instance, k, force)
    if base.plan is None:
        return WhyNot(force, opens, base, None, False, None, (), lifted, base.outcome)
    chosen = _does(base.plan, k, force, opens)
    inside, outside = forced_in(instance, k, opens), forced_out(instance, k)
    forced: SolveResult | None = base
    if not chosen:
        forced = _solved(inside if force is Force.IN else outside, session)
    apart = None
    if forced is not None and forced.plan is not None:
        apart = difference(base, forced, _direction(instance, k, opens, lifted))
    other, complete = forced, True
    evens: tuple[BreakEven, ...] = ()
    if opens is None or not chosen:
        has_it = chosen == (force is Force.IN)
        other = _solved(outside if has_it else inside, session) if chosen else forced
        with_it, without_it = (base, other) if has_it else (other, base)
        evens, complete = _break_evens(inside, k, with_it, without_it, session)
    outcome = _outcome([base, forced, other], complete, session)
    return WhyNot(force, opens, base, forced, chosen, apart, evens, lifted, outcome)


def _opposite(plan: Plan | None, k: str, opens: int | None) -> Force:
    opened = plan is not None and k in plan.opens
    return Force.OUT if opened and opens is None else Force.IN


def _does(plan: Plan, k: str, force: Force, opens: int | None) -> bool:
    """Whether a plan does what is asked."""
    if force is Force.OUT:
        return k not in plan.opens
    return k in plan.opens and opens in (None, plan.opens[k])


def _solved(instance: SitingInstance, session: Session) -> SolveResult | None:
    return None if session.over else session.solve(instance)


def _direction(
    instance: SitingInstance, k: str, opens: int | None, lifted: tuple[str, ...]
) -> Direction:
    """To force is to allow less, unless a rule had to give way for it."""
    project = instance.projects[k]
    latest = instance.years[-1] if project.latest is None else project.latest
    possible = opens is None or project.earliest <= opens <= latest
    return Direction.TIGHTENS if possible and not lifted else Direction.NEITHER


def _outcome(results: Sequence[SolveResult | None], complete: bool, session: Session) -> Outcome:
    """That the project cannot be forced is an answer; what was not solved to the end is none."""
    outcomes = [Outcome.NO_PLAN if result is None else result.outcome for result in results]
    if session.dismissed or Outcome.DISMISSED in outcomes:
        return Outcome.DISMISSED
    settled = all(one in (Outcome.OPTIMAL, Outcome.INFEASIBLE) for one in outcomes)
    return Outcome.OPTIMAL if settled and complete else Outcome.FEASIBLE


def _break_evens(
    inside: SitingInstance,
    k: str,
    with_it: SolveResult | None,
    without_it: SolveResult | None,
    session: Session,
) -> tuple[tuple[BreakEven, ...], bool]:
    """Of each price that the cost of the project depends on; none without a plan to do without it.

    With the project there may be no plan at today's price: a ceiling may leave no room for it.
    Also whether every search came to its end.
    """
    if with_it is None or without_it is None or without_it.plan is None:
        return (), True
    if with_it.plan is None and with_it.outcome is not Outcome.INFEASIBLE:
        return (), True
    searches = [_Search(inside, k, price, with_it, without_it, session) for price in Price]
    evens = tuple(even for search in searches if (even := search.run()) is not None)
    return evens, all(search.complete for search in searches)


@dataclass(frozen=True)
class _Line:
    """What a plan with the project costs, as its price moves: `at_zero_nok` + `slope` · change.

    The plan keeps within the ceilings up to a change of `ceiling`.
    """

    at_zero_nok: float
    slope: float
    ceiling: float
    investment_nok: float

    def reach(self, limit_nok: float) -> float:
        """The highest change at which the plan costs no more than the limit."""
        spare = limit_nok - self.at_zero_nok
        if self.slope <= 0:
            return self.ceiling if spare >= 0 else -inf
        return min(spare / self.slope, self.ceiling)


class _Search:
    """For the point where the project stops paying, as one of its prices rises.

    `complete` says whether every solve it rests on was ended.
    """

    def __init__(
        self,
        inside: SitingInstance,
        k: str,
        price: Price,
        with_it: SolveResult,
        without_it: SolveResult,
        session: Session,
    ) -> None:
        assert without_it.objective_nok is not None
        self._inside, self._k, self._price, self._session = inside, k, price, session
        self._with_it = with_it
        self._limit = without_it.objective_nok
        self._least = without_it.dual_bound_nok
        self._same = TOLERANCE * max(abs(self._limit), 1.0)
        # (change, no plan with the project is cheaper there); inf: there is none.
        self._bounds = [(0.0, _bound(with_it))]
        self.complete = True

    def run(self) -> BreakEven | None:
        """The break-even; None when none is known, or no cost depends on the price."""
        best = None if self._with_it.plan is None else self._line(self._with_it, 0.0)
        at = -inf if best is None else best.reach(self._limit)
        if best is None or (at < FREE and self._price is Price.INVESTMENT):
            free = self._solve(self._free)
            if free is None or free.plan is None:
                return None
            best = self._line(free, self._free)
            if not self._pays(free):
                return self._never(best)
            at = best.reach(self._limit)
        if isinf(at):
            return None
        best, at = self._climb(best, at)
        low = -inf if self._least is None else best.reach(self._least)
        nok = at * (best.investment_nok if self._price is Price.INVESTMENT else 1.0)
        interval = Bounds(low if self._possible(low) else None, self._high(best, at))
        return BreakEven(self._price, at, interval, nok, best.investment_nok, self.complete)

    @property
    def _free(self) -> float:
        """The change that takes all of the price away."""
        own = self._inside.projects[self._k].operating_cost_nok
        return FREE if self._price is Price.INVESTMENT else -own

    def _climb(self, best: _Line, at: float) -> tuple[_Line, float]:
        """To the plan that pays furthest, and how far; from one that pays so far."""
        while True:
            past = PAST_CEILING * (1 + abs(at)) if at == best.ceiling else 0.0
            result = self._solve(at + past)
            if result is None or not self._pays(result, better=not past):
                return best, at
            line = self._line(result, at + past)
            reach = line.reach(self._limit)
            if isinf(reach) or reach <= at:
                return best, at
            best, at = line, reach

    def _never(self, best: _Line) -> BreakEven | None:
        """The project does not pay even when it is free to build."""
        if best.slope <= 0 or self._price is not Price.INVESTMENT:
            return None
        unknown = Bounds(None, None)
        return BreakEven(self._price, None, unknown, None, best.investment_nok, self.complete)

    def _high(self, best: _Line, at: float) -> float | None:
        """The least change at which the project surely does not pay; None: not known."""
        _, bound = self._bounds[-1]
        further = at + 2 * max(self._limit - bound, 0.0) / best.slope if best.slope > 0 else inf
        if further < self._surely_not():  # nearer than what is known
            self._solve(further)
        sure = self._surely_not()
        return None if isinf(sure) else max(sure, at)

    def _surely_not(self) -> float:
        sure = (change for change, bound in self._bounds if bound >= self._limit - self._same)
        return min(sure, default=inf)

    def _possible(self, change: float) -> bool:
        return not isinf(change) and (self._price is not Price.INVESTMENT or change >= FREE)

    def _pays(self, result: SolveResult, *, better: bool = False) -> bool:
        """Whether a plan with the project costs no more than one without; `better`: less."""
        cost = result.objective_nok
        return cost is not None and cost <= self._limit + (-self._same if better else self._same)

    def _solve(self, change: float) -> SolveResult | None:
        """With the project at another price; None when there was no time for it."""
        result = _solved(_repriced(self._inside, self._k, self._price, change), self._session)
        answered = result is not None and result.outcome in (Outcome.OPTIMAL, Outcome.INFEASIBLE)
        self.complete = self.complete and answered
        if result is not None:
            self._bounds.append((change, _bound(result)))
        return result

    def _line(self, result: SolveResult, change: float) -> _Line:
        """What a plan found at one price costs at every price."""
        assert result.plan is not None
        assert result.figures is not None
        books = Books(self._inside, result.plan)
        paid = _paid(books, self._k)
        years, weight = self._inside.years, self._inside.objective.cost_weight
        discounts = [float(books.discount(t)) for t in years]
        if self._price is Price.INVESTMENT:
            per_year = [paid.capital_nok[t] for t in years]
            ceiling = _investment_ceiling(self._inside, books, paid.investment_nok)
        else:
            per_year = [float(books.is_active(self._k, t)) for t in years]
            ceiling = _operating_ceiling(self._inside, books, self._k)
        slope = weight * sum(d * nok for d, nok in zip(discounts, per_year, strict=True))
        at_zero = result.figures.objective_nok - slope * change
        return _Line(at_zero, slope, ceiling, sum(paid.investment_nok.values()))


def _bound(result: SolveResult) -> float:
    """No plan is cheaper; inf when there is none, −inf when nothing is known."""
    if result.outcome is Outcome.INFEASIBLE:
        return inf
    return -inf if result.dual_bound_nok is None else result.dual_bound_nok


@dataclass(frozen=True)
class _Paid:
    """What a plan pays for a project at its ordinary price, by year [NOK]."""

    investment_nok: Mapping[int, float]
    capital_nok: Mapping[int, float]


def _paid(books: Books, k: str) -> _Paid:
    project, instance = books.instance.projects[k], books.instance
    charge = float(annuity(instance.objective.discount_rate, project.lifetime_years))
    fixed, per_place = project.investment_nok, _priced_per_place(project)
    investment, capital = {}, {}
    for t in instance.years:
        grown = books.project_places(k, t) - books.project_places(k, t - 1)
        investment[t] = fixed * (books.plan.opens.get(k) == t) + per_place * grown
        in_use = books.is_active(k, t)
        capital[t] = charge * (fixed * in_use + per_place * books.project_places(k, t))
    return _Paid(investment, capital)


def _priced_per_place(project: Project) -> float:
    """What moves with the price of investment: a grant above the cost of a place does not."""
    return max(project.net_investment_per_place_nok, 0.0)


def _investment_ceiling(instance: SitingInstance, books: Books, own: Mapping[int, float]) -> float:
    """The highest change at which a plan keeps within the ceilings on investment."""
    spent = {t: float(books.investment_nok(t)) for t in instance.years}
    limits = dict(zip(instance.years, instance.limits.investment_nok, strict=True))
    spare = [(float(b) - spent[t], own[t]) for t, b in limits.items() if b is not None]
    if instance.limits.investment_total_nok is not None:
        in_all = instance.limits.investment_total_nok - sum(spent.values())
        spare.append((in_all, sum(own.values())))
    return min((left / nok for left, nok in spare if nok > 0), default=inf)


def _operating_ceiling(instance: SitingInstance, books: Books, k: str) -> float:
    """The highest change at which a plan keeps within the ceilings on operating cost."""
    limits = zip(instance.years, instance.limits.operating_nok, strict=True)
    return min(
        (
            float(limit - books.operating_nok(t))
            for t, limit in limits
            if limit is not None and books.is_active(k, t)
        ),
        default=inf,
    )


def _repriced(instance: SitingInstance, k: str, price: Price, change: float) -> SitingInstance:
    """The instance with one price of a project moved."""
    project = instance.projects[k]
    if price is Price.INVESTMENT:
        moved = replace(
            project,
            investment_nok=project.investment_nok * (1 + change),
            net_investment_per_place_nok=project.net_investment_per_place_nok
            + change * _priced_per_place(project),
        )
    else:
        moved = replace(project, operating_cost_nok=project.operating_cost_nok + change)
    return replace(instance, projects={**instance.projects, k: moved})
