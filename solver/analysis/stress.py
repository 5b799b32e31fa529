"""One plan against many futures: where it breaks, what it costs, and which plan stands best.

Openings and sizes are decided once and the same in every future; who is served where is decided
when the future is known (two stages, as in Dantzig 1955, Linear programming under uncertainty).
A future is an instance, and in some a project opens later than planned.

Best are the plans that minimise expected cost, or the largest regret (Savage 1951, The theory of
statistical decision): what a plan costs more than the best plan in that future. Both are sought
among all plans that could be adopted today, by `engine.two_stage`, and come with a bound. What the
program says of a plan counts only when trying it says the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from solver import solve
from solver.analysis.over_futures import (
    Foresight,
    Search,
    new_decisions,
    require_same,
    sound_bound,
)
from solver.analysis.session import LEAST_SECONDS, Session
from solver.analysis.trials import Candidate, Trials
from solver.domain.errors import VerificationFailed
from solver.domain.futures import Decisions, Future
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveResult

Floats = NDArray[np.float64]

# Trying the plans that are found takes about so many times as long as trying the first; but so much
# of the time that is left is not kept for it, since it may be the first that is best.
TRIALS_KEPT = 1.5
MOST_KEPT = 0.4


@dataclass(frozen=True)
class Best:
    """The best plan by expected cost or largest regret: position `place` of the comparisons.

    `value_nok` is its expected cost or regret as compared, and `bound_nok` what no plan goes below.
    Regret is counted from the best plan known in each future; from the best there can be it is
    `most_nok`, None where nobody knows. `gap` is what lies between that and the bound, as a share
    of what the plan is expected to cost.
    """

    place: int
    value_nok: float
    most_nok: float | None
    bound_nok: float
    gap: float | None


@dataclass(frozen=True)
class Comparison:
    """A candidate over the futures: expected cost, and the largest regret with its future.

    Regret is counted from the best plan known in each future. `source` is the future the plan is
    cheapest in; None for the plan that is stressed and those sought over all futures.
    """

    source: str | None
    candidate: Candidate
    expected_nok: float
    regret_nok: float
    regret_in: str


@dataclass(frozen=True)
class Stress:
    """What came out. `plan` was tried in `futures`, and `skipped` were not reached.

    `foresight` is by future, where there was time; `best_known` what each future costs at least, of
    the plans that are known, from which regret is counted [NOK]. `comparisons` begins with the plan
    and has those that were tried in all `futures`, of `candidates` that were found; `cheapest` and
    `safest` are positions in it. `expected` and `regret` are None where they were not reached;
    `too_large` says why, when that is the reason.
    """

    base: SolveResult | None
    plan: Candidate | None = None
    futures: tuple[Future, ...] = ()
    skipped: tuple[str, ...] = ()
    foresight: Mapping[str, Foresight] = field(default_factory=dict)
    best_known: Mapping[str, float] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    candidates: int = 0
    cheapest: int | None = None
    safest: int | None = None
    expected: Best | None = None
    regret: Best | None = None
    too_large: str | None = None


def stress_plan(
    instance: SitingInstance,
    futures: Sequence[Future],
    given: Decisions | None,
    missing_place_year_nok: float,
    session: Session,
) -> Stress:
    """Try a plan in every future, and then beside it the best plans over them.

    Without `given` decisions the plan is the cheapest of the instance. Raises VerificationFailed
    when a plan that was found is another than the solver says.
    """
    names = tuple(future.name for future in futures)
    base = _cheapest(instance, session) if given is None else None
    if base is not None and base.plan is None:
        return Stress(base, skipped=names)
    decisions = given or _decisions(base)
    session.expect(session.solves + 3 * len(futures) + 4)
    trials, before = Trials(instance, missing_place_year_nok, session), session.seconds
    tried, plans = trials.of([decisions], futures)
    if not plans:
        return Stress(base, skipped=names)
    reached = {future.name for future in tried}
    found = Stress(
        base=base,
        plan=plans[0],
        futures=tuple(tried),
        skipped=tuple(name for name in names if name not in reached),
    )
    seconds = session.seconds - before
    search = Search(instance, missing_place_year_nok, tried, plans[0], session)
    search.run(keeping=min(TRIALS_KEPT * seconds, MOST_KEPT * session.seconds_left))
    return _Judgement(found, search, trials, session, seconds).judged()


def _decisions(result: SolveResult | None) -> Decisions:
    assert result is not None
    assert result.plan is not None
    return Decisions(result.plan.opens, result.plan.places)


def _cheapest(instance: SitingInstance, session: Session) -> SolveResult:
    """The cheapest plan, in half of the time; with one thread, so that threads change no plan."""
    alone = replace(session.options, time_limit_s=session.seconds_left / 2, threads=1)
    return replace(solve(instance, alone, session.watcher()), options=session.options)


class _Judgement:
    """What was found, tried and compared; trying a plan takes so many `seconds`."""

    def __init__(
        self, found: Stress, search: Search, trials: Trials, session: Session, seconds: float
    ) -> None:
        assert found.plan is not None
        self._found, self._search = found, search
        self._trials, self._session, self._seconds = trials, session, seconds
        self._plan = found.plan

    def judged(self) -> Stress:
        """The comparison of those that were tried in every future, and which of them are best."""
        search = self._search
        sought = new_decisions([self._plan.decisions], (search.expected, search.regret))
        others = new_decisions([self._plan.decisions, *sought], search.foresight.values())
        candidates = [self._plan, *self._tried(sought)]
        self._require_as_claimed(candidates)
        count = int(self._session.seconds_left // max(self._seconds, LEAST_SECONDS))
        candidates += self._tried(others[:count])
        found = replace(
            self._found,
            foresight=search.foresight,
            too_large=search.too_large,
            candidates=1 + len(sought) + len(others),
        )
        return self._compared(found, candidates) if found.futures else found

    def _tried(self, chosen: Sequence[Decisions]) -> list[Candidate]:
        """What became of the chosen; none where a future was not reached."""
        if not chosen:
            return []
        reached, candidates = self._trials.of(chosen, self._found.futures)
        return candidates if len(reached) == len(self._found.futures) else []

    def _require_as_claimed(self, candidates: Sequence[Candidate]) -> None:
        """Raise VerificationFailed when trying a plan says other than the program that found it."""
        for sought in (self._search.expected, self._search.regret):
            for tried in candidates:
                if sought is not None and sought.decisions == tried.decisions:
                    assert sought.costs_nok is not None  # of decisions there are
                    self._require_costs(tried, sought.costs_nok)

    def _require_costs(self, tried: Candidate, claimed: Floats) -> None:
        if not tried.adoptable:
            raise VerificationFailed("planen over framtidene bryter et krav i scenariet")
        for future, cost in zip(self._found.futures, claimed, strict=True):
            require_same(future.name, tried.trials[future.name].cost_nok, cost)

    def _compared(self, found: Stress, candidates: Sequence[Candidate]) -> Stress:
        best = self._best_known(candidates)
        comparisons = self._comparisons(candidates, best)
        adoptable = [n for n, candidate in enumerate(candidates) if candidate.adoptable]
        cheapest = min(adoptable, key=lambda n: comparisons[n].expected_nok, default=None)
        safest = min(adoptable, key=lambda n: comparisons[n].regret_nok, default=None)
        found = replace(
            found,
            best_known=best,
            comparisons=tuple(comparisons),
            cheapest=cheapest,
            safest=safest,
        )
        if cheapest is None or safest is None:
            return found
        return replace(
            found,
            expected=self._expected(cheapest, comparisons[cheapest]),
            regret=self._regret(safest, comparisons[safest]),
        )

    def _comparisons(
        self, candidates: Sequence[Candidate], best: Mapping[str, float]
    ) -> list[Comparison]:
        futures = self._found.futures
        weights = sum(future.weight for future in futures)
        comparisons = []
        for one in candidates:
            cost = {f.name: one.trials[f.name].cost_nok for f in futures}
            expected = sum(f.weight * cost[f.name] for f in futures) / weights
            regret = {name: cost[name] - best[name] for name in cost}
            worst = max(regret, key=lambda name: regret[name])
            source = self._source(one.decisions)
            comparisons.append(Comparison(source, one, expected, regret[worst], worst))
        return comparisons

    def _best_known(self, candidates: Sequence[Candidate]) -> dict[str, float]:
        """The least cost of each future, of plans that could be adopted where there are any."""
        compared = [each for each in candidates if each.adoptable]
        best = {}
        for future in self._found.futures:
            own = self._search.foresight.get(future.name)
            costs = [each.trials[future.name].cost_nok for each in compared]
            if own is not None and own.cost_nok is not None:
                costs.append(own.cost_nok)
            every = [each.trials[future.name].cost_nok for each in candidates]
            best[future.name] = min(costs or every)
        return best

    def _source(self, decisions: Decisions) -> str | None:
        """The future a plan was found for; None for those that are for all of them."""
        search = self._search
        for one in (self._plan, search.expected, search.regret):
            if one is not None and one.decisions == decisions:
                return None
        own = search.foresight.items()
        return next(name for name, foresight in own if foresight.decisions == decisions)

    def _expected(self, place: int, best: Comparison) -> Best | None:
        sought = self._search.expected
        if sought is None or sought.bound_nok is None:
            return None
        bound = sound_bound(sought.bound_nok, best.expected_nok, best.expected_nok)
        gap = (best.expected_nok - bound) / abs(best.expected_nok) if best.expected_nok else 0.0
        return Best(place, best.expected_nok, best.expected_nok, bound, gap)

    def _regret(self, place: int, best: Comparison) -> Best | None:
        sought, goal = self._search.regret, self._search.regret_goal
        if sought is None or goal is None or sought.bound_nok is None:
            return None
        scale = abs(best.expected_nok)
        least = max(sought.bound_nok - goal.foresight_nok, 0.0)
        bound = sound_bound(least, best.regret_nok, scale)
        most = self._most_regret(best.candidate)
        gap = None if most is None else (most - bound) / scale if scale else 0.0
        return Best(place, best.regret_nok, most, bound, gap)

    def _most_regret(self, candidate: Candidate) -> float | None:
        """The largest regret there can be, counted from what no plan goes below in each future."""
        regrets = []
        for name, trial in candidate.trials.items():
            own = self._search.foresight.get(name)
            if own is None or own.bound_nok is None:
                return None
            regrets.append(trial.cost_nok - min(own.bound_nok, trial.cost_nok))
        return max(regrets)
