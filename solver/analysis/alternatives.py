"""Plans that are nearly as good and open other projects, and what they have in common.

Modelling to generate alternatives: Brill, Chang and Hopkins (1982, Modeling to generate
alternatives: the HSJ approach and an illustration using a problem in land use planning, Management
Science 28(3), hop, skip and jump); DeCarolis (2011, Using modeling to generate alternatives (MGA)
to expand our thinking on energy futures, Energy Economics 33(2)). As in HSJ a plan is far from a
known one by what it leaves out of it: what it opens beside does not count, or plans would be filled
with what is of no use. The next plan is the one that is farthest from the nearest of those found,
and the cheapest of those as far.

How far one can go within a share of the optimum's cost is found by bisection over the distance: the
least cost of a plan at least D projects away from all others does not fall as D grows. So each
question is an ordinary solve of the instance with a few more rows, and its answer a verified plan
with a bound of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, inf, log2

from solver.analysis.session import Session
from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance, Unlike
from solver.domain.result import Outcome, SolveOptions, SolveResult, Watcher, relative_gap
from solver.verify import verify

TOLERANCE = 1e-9  # of the cost: two ways of adding up the same plan

Opened = frozenset[str]


class Ended(StrEnum):
    """Why there are no more plans."""

    ENOUGH = "enough"  # as many as were asked for
    EXHAUSTED = "exhausted"  # proven: all plans within the share open all that some plan found does
    UNDECIDED = "undecided"  # none was found, and the gap leaves room for one
    STOPPED = "stopped"  # out of time, or dismissed


@dataclass(frozen=True)
class Alternative:
    """A plan within the share.

    `nearest` is how many projects of a plan before it are left out, for the plan where that is
    least; None of the first. `farthest`: proven that no plan within the share is farther from
    those before it.
    """

    result: SolveResult
    nearest: int | None
    farthest: bool

    @property
    def opens(self) -> Mapping[str, int]:
        """Opening year by project."""
        assert self.result.plan is not None
        return self.result.plan.opens

    @property
    def opened(self) -> Opened:
        """What is opened."""
        return frozenset(self.opens)


@dataclass(frozen=True)
class Waiting:
    """How long the opening of a project can wait.

    `latest_opening` is the last year it can open in with no loss beyond the gap; to open then it
    must be decided in `latest_decision`. `later` is that it opens the year after or later still:
    None where it was not solved, or cannot be asked. `complete`: the search came to its end.
    """

    latest_opening: int
    latest_decision: int
    later: SolveResult | None
    complete: bool


@dataclass(frozen=True)
class NoRegret:
    """A project that every plan opens.

    `indispensable`: whether every plan within the share opens it, not only those found; None where
    that is not decided.
    """

    project: str
    indispensable: bool | None
    waiting: Waiting


@dataclass(frozen=True)
class Alternatives:
    """What the search found; `plans` begins with the base and is empty without a base plan."""

    base: SolveResult
    limit_nok: float | None
    plans: tuple[Alternative, ...]
    ended: Ended
    no_regret: tuple[NoRegret, ...]

    def share(self, project: str) -> float:
        """The share of the plans that open a project."""
        return sum(project in plan.opened for plan in self.plans) / len(self.plans)


def find_alternatives(
    instance: SitingInstance, number: int, within: float, session: Session
) -> Alternatives:
    """Up to `number` plans of at most (1 + within) × the base's cost, the base among them."""
    base = _without_idle(instance, session.solve(instance))
    if base.plan is None:
        none = Ended.EXHAUSTED if base.outcome is Outcome.INFEASIBLE else Ended.STOPPED
        return Alternatives(base, None, (), none, ())
    search = _Search(instance, base, within, session)
    ended = search.fill(number)
    return Alternatives(base, search.limit, tuple(search.plans), ended, tuple(search.no_regret()))


def make_session(options: SolveOptions, watcher: Watcher) -> Session:
    """A session for alternatives: that no plan exists is enough to know."""
    return Session(replace(options, seek_conflict=False), watcher, parts=2)


class _Search:
    """The plans found so far, and the questions to the solver."""

    def __init__(
        self, instance: SitingInstance, base: SolveResult, within: float, session: Session
    ) -> None:
        assert base.plan is not None
        self._instance = instance
        self._base = base
        self._session = session
        self.limit = self._above(within)
        self.plans = [Alternative(base, None, farthest=True)]

    def fill(self, number: int) -> Ended:
        """Add plans until there are so many or no more; why it ended."""
        most = len(self.plans[0].opened)
        for missing in range(number - 1, 0, -1):
            self._expect(missing * _questions(most) + len(self.plans[0].opened))
            found, proven = self._farthest(most)
            if found is None:
                if self._session.over:
                    return Ended.STOPPED
                return Ended.EXHAUSTED if proven else Ended.UNDECIDED
            self.plans.append(found)
            if proven and found.nearest is not None:
                most = found.nearest  # a plan more to differ from: none can be farther than this
        return Ended.ENOUGH

    def no_regret(self) -> list[NoRegret]:
        """Each project that all plans open."""
        common = sorted(frozenset.intersection(*(plan.opened for plan in self.plans)))
        each = 1 + _questions(len(self._instance.years))
        answers = []
        for index, k in enumerate(common):
            self._expect((len(common) - index) * each)
            answers.append(NoRegret(k, self._indispensable(k), self._waiting(k)))
        return answers

    def _farthest(self, most: int) -> tuple[Alternative | None, bool]:
        """The plan within the share that is farthest from all others, at most `most` projects.

        Beside it whether no other is farther, which is proven or not.
        """
        best, low, high, proven = None, 0, most, True
        while low < high:
            if self._session.over:
                return best, False
            middle = (low + high + 1) // 2
            result = self._solve(self._apart(middle), self.limit)
            if self._affords(result, self.limit):
                best = Alternative(result, self._nearest(result, middle), farthest=False)
                low = max(middle, best.nearest or 0)
            else:
                high = middle - 1
                proven = proven and self._rules_out(result, self.limit)
        return (None if best is None else replace(best, farthest=proven)), proven

    def _apart(self, least: int) -> SitingInstance:
        """The instance whose plans are at least so far from all found."""
        unlike = tuple(Unlike(tuple(sorted(plan.opened)), least) for plan in self.plans)
        return _with_policies(self._instance, unlike=unlike)

    def _nearest(self, result: SolveResult, least: int) -> int:
        """What a plan leaves out of the nearest found. Raises VerificationFailed when too few."""
        assert result.plan is not None
        nearest = min(len(plan.opened - result.plan.opens.keys()) for plan in self.plans)
        if nearest < least:
            raise VerificationFailed(f"planen utelater {nearest} prosjekter, ikke {least}")
        return nearest

    def _indispensable(self, k: str) -> bool | None:
        """Whether every plan within the share opens k; None when not decided."""
        if k in self._instance.policies.required_projects:
            return True
        if self._session.over:
            return None
        forbidden = (*self._instance.policies.forbidden_projects, k)
        without = _with_policies(self._instance, forbidden_projects=forbidden)
        result = self._solve(without, self.limit)
        if self._affords(result, self.limit):
            return False
        return True if self._rules_out(result, self.limit) else None

    def _waiting(self, k: str) -> Waiting:
        """How long k can wait: steps that double until there is a loss, then bisection.

        The cost of the best plan in which k opens in a year or later does not fall with the year.
        """
        years, project = self._instance.years, self._instance.projects[k]
        last = years[-1] if project.latest is None else min(project.latest, years[-1])
        free = self._above(self._base.options.mip_gap)
        low = max(plan.opens[k] for plan in self.plans if self._affords(plan.result, free))
        lost: dict[int, SolveResult] = {}
        high, step = last, 1
        while low < high and not self._session.over:
            year = min(low + step, high) if not lost else (low + high + 1) // 2
            result = self._solve(self._no_earlier(k, year))
            if self._affords(result, free):
                assert result.plan is not None
                low, step = max(year, result.plan.opens[k]), 2 * step
            else:
                lost[year], high = result, year - 1
        complete = low == high and not self._unproven(lost, free)
        decision = years[0] + low - max(project.earliest, years[0])
        return Waiting(low, decision, lost.get(low + 1), complete)

    def _unproven(self, lost: Mapping[int, SolveResult], free: float) -> bool:
        """Whether some question on the way ended by the clock without a plan within the gap."""
        decided = (Outcome.OPTIMAL, Outcome.INFEASIBLE)
        return any(
            one.outcome not in decided and not self._rules_out(one, free) for one in lost.values()
        )

    def _no_earlier(self, k: str, year: int) -> SitingInstance:
        """The instance in which k opens, in a year or later."""
        required = tuple(sorted({*self._instance.policies.required_projects, k}))
        projects = {
            **self._instance.projects,
            k: replace(self._instance.projects[k], earliest=year),
        }
        return _with_policies(
            replace(self._instance, projects=projects), required_projects=required
        )

    def _solve(self, instance: SitingInstance, limit: float = inf) -> SolveResult:
        return _without_idle(instance, self._session.solve(instance, limit))

    def _expect(self, more: int) -> None:
        self._session.expect(self._session.solves + more)

    def _above(self, share: float) -> float:
        """The base's cost and so much more, and what two ways of adding up may differ by."""
        assert self._base.objective_nok is not None
        cost = self._base.objective_nok
        return cost + (share + TOLERANCE) * abs(cost)

    def _affords(self, result: SolveResult, limit: float) -> bool:
        return result.objective_nok is not None and result.objective_nok <= limit

    def _rules_out(self, result: SolveResult, limit: float) -> bool:
        """Whether it is proven that no plan costs as little as the limit."""
        if result.outcome is Outcome.INFEASIBLE:
            return True
        return result.dual_bound_nok is not None and result.dual_bound_nok > limit


def _questions(size: int) -> int:
    """How many questions a bisection over so many may take."""
    return ceil(log2(size + 1))


def _with_policies(instance: SitingInstance, **policies: object) -> SitingInstance:
    changed = replace(instance.policies, **policies)  # type: ignore[arg-type]
    return replace(instance, policies=changed)


def _without_idle(instance: SitingInstance, result: SolveResult) -> SolveResult:
    """The result without projects that its plan opens with no places, for nothing.

    Where that costs nothing, opened or not is the same to the solver. One that something rests on,
    as another project or places it removes, stays: without it the plan fails a check or costs more.
    """
    if result.plan is None:
        return result
    filled = {k for (k, _, _), places in result.plan.places.items() if places}
    for k in sorted(result.plan.opens.keys() - filled):
        assert result.plan is not None
        assert result.objective_nok is not None
        opens = {other: year for other, year in result.plan.opens.items() if other != k}
        plan = replace(result.plan, opens=opens)
        verification, figures = verify(instance, plan)
        if verification.passed and figures.objective_nok <= result.objective_nok:
            result = replace(
                result,
                plan=plan,
                figures=figures,
                verification=verification,
                objective_nok=figures.objective_nok,
                mip_gap=relative_gap(figures.objective_nok, result.dual_bound_nok),
            )
    return result


def outcome_of(found: Alternatives, session: Session) -> Outcome:
    """optimal: every plan is proven within the gap and nothing was left undecided by the clock."""
    if found.base.plan is None:
        return found.base.outcome
    if session.dismissed:
        return Outcome.DISMISSED
    results: Sequence[SolveResult] = [plan.result for plan in found.plans]
    proven = all(result.outcome is Outcome.OPTIMAL for result in results)
    complete = found.ended is not Ended.STOPPED and all(
        one.waiting.complete for one in found.no_regret
    )
    return Outcome.OPTIMAL if proven and complete else Outcome.FEASIBLE
