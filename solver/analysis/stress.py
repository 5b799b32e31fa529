"""One plan against many futures: where it breaks, what it costs, and which plan stands best.

Openings and sizes are decided once and the same in every future; who is served where is decided
when the future is known (two stages, as in Dantzig 1955, Linear programming under uncertainty).
A future is an instance, and in some a project opens later than planned.

Plans are compared over the futures by expected cost, or by the largest regret (Savage 1951, The
theory of statistical decision): what a plan costs more than the best plan in that future. The
plans compared are candidates: the plan itself and the cheapest plan of each future. The best of
them need not be the best of all plans, and the answer claims no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from solver import solve
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.domain.futures import Decisions, Delay, Future, late
from solver.domain.instance import Limits, Policies, Site, SitingInstance, Targets
from solver.domain.plan import Plan, PlanFigures
from solver.domain.result import Outcome, SolveOptions, SolveResult, Watcher
from solver.engine.extract import NOISE_PLACES
from solver.engine.transport import Halted, ServedYear, Transport
from solver.verify.books import ZERO, Books, target_places
from solver.verify.checks import CHECKS, TOLERANCE, Row
from solver.verify.figures import figures

UNITS = {
    **dict.fromkeys(("C1", "C2", "C3", "C4", "C8", "C9", "C14", "C16"), "places"),
    **dict.fromkeys(("C11", "C12", "C13"), "nok"),
    **dict.fromkeys(("C5", "C6", "C15"), "count"),
    "C7": "years",
    "C10": "fte",
}
POLICY_ON_PROJECTS = "påkrevde og forbudte prosjekter og eierformer"  # C7 too, in no years
# What a future may break without making the plan one that could not have been adopted.
SOFT = frozenset({"C1", "C8", "C9", "C10", "C16"})


@dataclass(frozen=True)
class Break:
    """A rule that does not hold: `amount` of `unit` too much or too little.

    `where` are the ids it is about, `year` is None where it is about no year.
    """

    code: str
    claim: str
    where: tuple[str, ...]
    year: int | None
    amount: float
    unit: str


@dataclass(frozen=True)
class Trial:
    """Decisions in a future, everybody served at least cost.

    `missing` are places missing by year: unmet need, or what the coverage target lacks, whichever
    is more. `cost_nok` is the objective, with places missing beyond unmet need at their price.
    """

    breaks: tuple[Break, ...]
    missing: Mapping[int, float]
    unmet: Mapping[int, float]
    cost_nok: float


@dataclass(frozen=True)
class Candidate:
    """Decisions to compare. `source`: the future they are cheapest in; None: the plan itself.

    `adoptable`: in the scenario itself they break no rule but those on what they reach.
    """

    source: str | None
    decisions: Decisions
    as_planned: Trial
    trials: Mapping[str, Trial]

    @property
    def adoptable(self) -> bool:
        """Whether it could be adopted today."""
        return all(one.code in SOFT for one in self.as_planned.breaks)


@dataclass(frozen=True)
class Comparison:
    """A candidate over the futures: expected cost, and the largest regret with its future."""

    candidate: Candidate
    expected_nok: float
    regret_nok: float
    regret_in: str


@dataclass(frozen=True)
class Stress:
    """What came out. `plan` was tried in `futures`, and `skipped` were not reached.

    `own` are the solves of each future by itself, where they were made. `comparisons` begins with
    the plan and is over the futures `compared_in`; `cheapest` and `safest` are positions in it.
    """

    base: SolveResult | None
    plan: Candidate | None
    futures: tuple[Future, ...]
    skipped: tuple[str, ...]
    own: Mapping[str, SolveResult]
    compared_in: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    cheapest: int | None
    safest: int | None


def stress_plan(
    instance: SitingInstance,
    futures: Sequence[Future],
    given: Decisions | None,
    missing_place_year_nok: float,
    session: Session,
) -> Stress:
    """Try a plan in every future, and then beside it the cheapest plan of each.

    Without `given` decisions the plan is the cheapest of the instance.
    """
    base = _cheapest(instance, session) if given is None else None
    if base is not None and base.plan is None:
        return _nothing(base, futures)
    decisions = given or _decisions(base)
    concerned = [future for future in futures if future.concerns(decisions)]
    session.expect(session.solves + len(concerned) + 2 * len(futures) + 2)
    trials = _Trials(instance, missing_place_year_nok, session)
    tried, (plan,) = trials.of([(None, decisions)], futures)
    if plan is None:
        return _nothing(base, futures)
    own = _own_plans(concerned, session)
    compared, others = tried, list[Candidate | None]()
    if chosen := list(_candidates(decisions, concerned, own)):
        compared, others = trials.of(chosen, tried)
    candidates = [plan, *(other for other in others if other is not None)]
    names = {future.name for future in tried}
    return _compared(
        Stress(
            base=base,
            plan=plan,
            futures=tuple(tried),
            skipped=tuple(future.name for future in futures if future.name not in names),
            own=own,
            compared_in=tuple(future.name for future in compared),
            comparisons=(),
            cheapest=None,
            safest=None,
        ),
        compared,
        candidates,
    )


def _nothing(base: SolveResult | None, futures: Sequence[Future]) -> Stress:
    """No plan to try, or no time to."""
    skipped = tuple(future.name for future in futures)
    return Stress(base, None, (), skipped, {}, (), (), None, None)


def _decisions(result: SolveResult | None) -> Decisions:
    assert result is not None
    assert result.plan is not None
    return Decisions(result.plan.opens, result.plan.places)


def _cheapest(instance: SitingInstance, session: Session) -> SolveResult:
    """The cheapest plan, in half of the time; with one thread, so that threads change no plan."""
    alone = replace(session.options, time_limit_s=session.seconds_left / 2, threads=1)
    return replace(solve(instance, alone, session.watcher()), options=session.options)


def _own_plans(futures: Sequence[Future], session: Session) -> dict[str, SolveResult]:
    """The cheapest plan of each future by itself; those there was time for."""
    instances = [future.instance for future in futures]
    results = work_on_all(_solve, instances, session, share=1 / 2)
    pairs = zip(futures, results, strict=True)
    return {future.name: result for future, result in pairs if result is not None}


def _solve(instance: SitingInstance, options: SolveOptions, watcher: Watcher) -> SolveResult:
    return solve(instance, replace(options, seek_conflict=False), watcher)


def _candidates(
    plan: Decisions, futures: Sequence[Future], own: Mapping[str, SolveResult]
) -> Iterator[tuple[str | None, Decisions]]:
    """Each plan of a future as it would be decided today, once, where it is another."""
    known = [plan]
    for future in futures:
        result = own.get(future.name)
        if result is not None and result.plan is not None:
            decisions = _decisions(result)
            if future.delay is not None:
                back = Delay(future.delay.project, -future.delay.years)
                decisions = late(decisions, back, future.instance.years)
            if decisions not in known:
                known.append(decisions)
                yield future.name, decisions


@dataclass(frozen=True)
class _Question:
    """Decisions to try in a future."""

    future: Future
    decisions: Sequence[Decisions]
    missing_place_year_nok: float


def _try_all(
    question: _Question, options: SolveOptions, watcher: Watcher
) -> list[Trial | None] | None:
    """A trial of each of the decisions the future concerns; None when asked to stop on the way."""
    future = question.future
    service = _Service(future.instance, options, watcher)
    try:
        return [
            _trial(service, question, each) if future.concerns(each) else None
            for each in question.decisions
        ]
    except Halted:
        return None


class _Trials:
    """Tries decisions in the scenario itself and in futures."""

    def __init__(self, instance: SitingInstance, price: float, session: Session) -> None:
        self._now = Future("", instance, 0.0)
        self._price = price
        self._session = session

    def of(
        self, chosen: Sequence[tuple[str | None, Decisions]], futures: Sequence[Future]
    ) -> tuple[list[Future], list[Candidate | None]]:
        """The futures that were reached, and what became of each of the chosen in them.

        In a future that does not concern a candidate it is as in the scenario. None: no time.
        """
        decisions = [each for _, each in chosen]
        asked = [_Question(each, decisions, self._price) for each in (self._now, *futures)]
        now, *answers = work_on_all(_try_all, asked, self._session)
        if now is None:
            return [], [None] * len(chosen)
        reached = [(f, trials) for f, trials in zip(futures, answers, strict=True) if trials]
        candidates: list[Candidate | None] = []
        for number, ((source, each), as_planned) in enumerate(zip(chosen, now, strict=True)):
            assert as_planned is not None  # the scenario concerns everybody
            trials = {f.name: answer[number] or as_planned for f, answer in reached}
            candidates.append(Candidate(source, each, as_planned, trials))
        return [future for future, _ in reached], candidates


def _compared(found: Stress, futures: Sequence[Future], candidates: Sequence[Candidate]) -> Stress:
    """The comparison of the candidates over futures that all were tried in."""
    if not futures:
        return found
    adoptable = [n for n, candidate in enumerate(candidates) if candidate.adoptable]
    best = {
        future.name: min(
            candidates[n].trials[future.name].cost_nok for n in adoptable or range(len(candidates))
        )
        for future in futures
    }
    comparisons = tuple(_comparison(candidate, futures, best) for candidate in candidates)
    return replace(
        found,
        comparisons=comparisons,
        cheapest=min(adoptable, key=lambda n: comparisons[n].expected_nok, default=None),
        safest=min(adoptable, key=lambda n: comparisons[n].regret_nok, default=None),
    )


def _comparison(
    candidate: Candidate, futures: Sequence[Future], best: Mapping[str, float]
) -> Comparison:
    weights = sum(future.weight for future in futures)
    cost = {f.name: candidate.trials[f.name].cost_nok for f in futures}
    expected = sum(f.weight * cost[f.name] for f in futures) / weights if weights else 0.0
    regret = {name: cost[name] - best[name] for name in cost}
    worst = max(regret, key=lambda name: regret[name], default="")
    return Comparison(candidate, expected, regret.get(worst, 0.0), worst)


def _trial(service: "_Service", question: _Question, decisions: Decisions) -> Trial:
    future = question.future
    if future.delay is not None:
        decisions = late(decisions, future.delay, future.instance.years)
    plan = service.plan(decisions)
    books = Books(future.instance, plan)
    found = figures(books)
    unmet = {t: sum(found.years[t].unmet.values()) for t in future.instance.years}
    missing = {t: max(unmet[t], float(_short(books, t))) for t in future.instance.years}
    beyond = sum(float(books.discount(t)) * (missing[t] - unmet[t]) for t in future.instance.years)
    price = future.instance.objective.cost_weight * question.missing_place_year_nok
    return Trial(
        breaks=tuple(_breaks(books)),
        missing=missing,
        unmet=unmet,
        cost_nok=_objective(future.instance, found, unmet, question) + price * beyond,
    )


def _objective(
    instance: SitingInstance, found: PlanFigures, unmet: Mapping[int, float], question: _Question
) -> float:
    """The plan's cost; unmet need that has no price in the scenario at that of a place missing."""
    goal, first = instance.objective, instance.years[0]
    if goal.unmet_place_year_nok is not None:
        return found.objective_nok
    lacking = sum(places / (1 + goal.discount_rate) ** (t - first) for t, places in unmet.items())
    return found.objective_nok + goal.cost_weight * question.missing_place_year_nok * lacking


def _short(books: Books, year: int) -> Fraction:
    """Places the year lacks at least, whichever way they are counted.

    To the coverage target; or unmet need, with the places that stand empty for want of staff and
    are not spare: at least the FTE lacking ÷ the most FTE a place has.
    """
    instance = books.instance
    target = instance.targets.coverage
    asked = target_places(instance, target).get(year, 0) if target is not None else 0
    unmet = sum(books.unmet(year).values(), ZERO)
    serving = [p for p, care_type in instance.care_types.items() if care_type.serves]
    served = sum((Fraction(one.places) for one in books.journeys[year]), ZERO)
    spare = sum((Fraction(books.total(p, year)) for p in serving), ZERO) - served
    return max(Fraction(asked - books.counted(year)), unmet + max(_idle(books, year) - spare, ZERO))


def _idle(books: Books, year: int) -> Fraction:
    """Places that cannot be staffed, at least."""
    instance, idle = books.instance, ZERO
    for group, series in instance.limits.available_fte.items():
        available = series[year - books.first]
        per_place = max(c.fte_per_place.get(group, 0.0) for c in instance.care_types.values())
        if available is not None and per_place > 0:
            idle = max(idle, (books.fte(group, year) - available) / Fraction(per_place))
    return idle


def _breaks(books: Books) -> Iterator[Break]:
    """Every row of the verifier's that does not hold; unmet need that is not allowed by year."""
    unmet: dict[int | None, Break] = {}
    for code, claim, rows in CHECKS:
        for row in rows(books):
            if row.violation > TOLERANCE:
                one = _break(code, claim, row)
                if code != "C1":
                    yield one
                elif one.year in unmet:
                    before = unmet[one.year].amount
                    unmet[one.year] = replace(one, where=(), amount=before + one.amount)
                else:
                    unmet[one.year] = replace(one, where=())
    yield from unmet.values()


def _break(code: str, claim: str, row: Row) -> Break:
    year = row.where[-1] if row.where and isinstance(row.where[-1], int) else None
    where = row.where if year is None else row.where[:-1]
    unit = "count" if claim == POLICY_ON_PROJECTS else UNITS[code]
    return Break(code, claim, tuple(map(str, where)), year, float(row.excess), unit)


class _Service:
    """Who is served where in a future, for given decisions."""

    def __init__(self, instance: SitingInstance, options: SolveOptions, watcher: Watcher) -> None:
        self._instance = instance
        self._options = options
        self._watcher = watcher
        self._transport = Transport(instance)
        self._known: dict[tuple[int, tuple[int, ...]], ServedYear] = {}

    def plan(self, decisions: Decisions) -> Plan:
        """The decisions with everybody served at least cost. Raises Halted when asked to stop.

        A nearness target is kept where it can be; elsewhere the cheapest service tells by how much
        it breaks. The worst-off district is weighed where it must be.
        """
        bare = Plan(decisions.opens, decisions.places, {}, {})
        stock = Books(self._instance, bare).stock
        if self._instance.targets.within is not None or self._instance.weighs_worst_off:
            near = solve(
                _standing(self._instance, stock),
                replace(self._options, seek_conflict=False),
                Watcher(should_stop=self._watcher.should_stop),
            )
            if near.outcome is Outcome.DISMISSED:
                raise Halted
            if near.plan is not None:
                return replace(bare, allocation=near.plan.allocation, unmet=near.plan.unmet)
        return self._cheapest(bare, stock)

    def _cheapest(self, bare: Plan, stock: Mapping[tuple[str, int], Mapping[str, int]]) -> Plan:
        instance, transport = self._instance, self._transport
        rows = [(i, n) for i in instance.districts for n in instance.needs]
        allocation: dict[tuple[str, str, str, str, int], float] = {}
        unmet: dict[tuple[str, str, int], float] = {}
        for index, t in enumerate(instance.years):
            served = self._year(index, tuple(max(stock[p, t][j], 0) for j, p in transport.pairs))
            allocation |= {
                (*link, t): places
                for link, places in transport.allocation(served)
                if places > NOISE_PLACES
            }
            unmet |= {
                (*row, t): missing
                for row, missing in zip(rows, served.unmet.tolist(), strict=True)
                if missing > NOISE_PLACES
            }
        return replace(bare, allocation=allocation, unmet=unmet)

    def _year(self, index: int, places: tuple[int, ...]) -> ServedYear:
        if (index, places) not in self._known:
            there = np.array(places, dtype=float)
            self._known[index, places] = self._transport.solve(
                self._transport.need(index), there, self._watcher.should_stop
            )
        return self._known[index, places]


def _standing(
    instance: SitingInstance, stock: Mapping[tuple[str, int], Mapping[str, int]]
) -> SitingInstance:
    """The instance in which the places of a plan stand, and only nearness is asked."""
    sites = {
        j: Site(
            site.core,
            {p: tuple(max(stock[p, t][j], 0) for t in instance.years) for p in instance.care_types},
        )
        for j, site in instance.sites.items()
    }
    never = (None,) * len(instance.years)
    return replace(
        instance,
        sites=sites,
        projects={},
        targets=Targets(None, {}, instance.targets.within),
        limits=Limits({}, never, None, never),
        policies=Policies(None, None, None, (), (), ()),
    )
