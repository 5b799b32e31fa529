"""The front of cost against another measure, by the augmented ε-constraint method.

Mavrotas (2009, Effective implementation of the ε-constraint method in multi-objective mathematical
programming problems): both ends are lexicographic, and between them cost is least under a ceiling
on the other measure, which itself has a little weight so that no plan is dominated by one of the
same cost. Ceilings are equally spaced; where what earlier searches found is already proven within
the gap asked for, nothing is solved.

Ceilings are searched under in rounds: quarters, sixteenths, then between neighbours. What a round
asks is fixed when it begins, each search is by itself, and what they find is taken in when all have
ended, so that the front is the same on any number of threads and workers.

Nobody is left without a place to shorten the journeys of others: no plan of the front has more
unmet need (in NOK of present value) than the cheapest plan.

In a large instance a proof under a ceiling is dear, and many ceilings would have the same plan.
There a plan with little weight on the other measure is proven (supported points, Aneja and Nair
1979, Bicriteria transportation problem), whose bound holds under every ceiling; plans are searched
for with more weight, and around each plan of the front by exchanging projects. To a narrow gap a
second weight is proven, and the far end is looked for. Ceilings are searched under where that
leaves too few points. Each point says by how much it can be beaten; those proven are told first.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from solver.analysis.parallel import work_on_all
from solver.analysis.points import SEEKING, Asked, Program, seek_alone
from solver.analysis.session import Session
from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import (
    Outcome,
    Progress,
    SolveResult,
    Termination,
    Watcher,
    relative_gap,
)
from solver.engine.handover import TriviallyInfeasible
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.master_search import WHOLE, Effort
from solver.engine.tradeoff import Amounts, Found, Measure, Seeking, Tradeoff
from solver.verify import verify

PIECES = 4  # that each round of ceilings divides what lies between those of the round before into
AUGMENTED = 1e-3  # of the slope between the ends: the weight of the other measure under a ceiling
EQUAL = 1e-9  # two ways of adding up the same plan
NEXT = 1e-5  # of a point's other measure: how far below it the next one is looked for
PROOF = 0.4  # of the time left, for one proof in a large instance: all points rest on it
# Weights in a large instance, as shares: a hundredth less of the other measure is worth so many
# hundredths of the cost. With little weight branching is quick, and finds what neighbourhoods of
# cheap plans do not hold.
FIRST = 0.05
LOOKED = (0.3, 1.0)
LAST = 0.065
NODES = 300  # of the master's tree, for one proof with a weight
FINER = 0.1  # of the gap asked for, at the last weight: what it leaves out all points leave out
EXPLORED = 6  # plans after each search, around which others are looked for
FURTHER = 20  # and at the end
NARROW = 1e-3  # up to this gap the far end is looked for; to a wider one, what is near the other
ROOT = Effort(cycles=0, master="once", gap=0.0, nodes=1)
LOOK = Effort(cycles=1, master="not")


@dataclass(frozen=True)
class FrontPoint:
    """A verified plan of the front, as the result of a solve.

    `cost` is in NOK of present value, `other` as its measure says. `gap` is by how much, relative
    to its cost, a plan with no more of the other measure could at most be cheaper; None when
    nothing is known.
    """

    result: SolveResult
    cost: float
    other: float
    gap: float | None


@dataclass(frozen=True)
class Front:
    """Points from the cheapest to the one with least of the other measure; none dominated.

    `complete`: there is no other point, each being proven. `knee` is the index of the point
    farthest from the straight line between the ends; None with fewer than three. `reaches_far`:
    the least of the other measure was looked for, as far as there was time.
    """

    points: tuple[FrontPoint, ...]
    outcome: Outcome
    complete: bool
    knee: int | None
    reaches_far: bool


def find_front(instance: SitingInstance, measure: Measure, points: int, session: Session) -> Front:
    """At most so many points (≥ 2) of the front of an instance."""
    try:
        return _Search(instance, measure, points, session).front()
    except TriviallyInfeasible:
        return _without_points(Outcome.INFEASIBLE)


def expected_solves(points: int) -> int:
    """How many searches a front of so many points takes about."""
    return points + 2 * len(LOOKED) + 5


def _anyone(_: Found) -> bool:
    return True


class _Search:
    """One front on its way."""

    def __init__(
        self, instance: SitingInstance, measure: Measure, points: int, session: Session
    ) -> None:
        self._instance = instance
        self._asked = points
        self._session = session
        self._gap = session.options.mip_gap
        self._tradeoff = Tradeoff(instance, measure, session.options)
        self._program = Program(instance, measure, session.options, self._tradeoff)
        self._reaches_far = not self._tradeoff.decomposed or self._gap <= NARROW
        self._weight = 0.0
        self._why = Outcome.NO_PLAN
        self._unmet = 0.0

    def front(self) -> Front:
        """Ends first, then what lies between; in a large instance what is easily found."""
        cheapest = self._seek(Seeking(cost=1.0))
        if cheapest is None:
            return _without_points(self._why)
        if self._tradeoff.decomposed:
            self._unmet = cheapest.unmet
            self._search_widely(cheapest)
            return self._chosen(complete=False)
        first = self._seek(Seeking(other=1.0, most_cost=cheapest.cost)) or cheapest
        self._unmet = first.unmet
        last = self._far_end(first)
        if _apart(first, last):
            self._weight = AUGMENTED * _slope(first, last)
            for round_ in _rounds(self._ceilings()):
                self._ask([ceiling for ceiling in round_ if not self._proven(ceiling)])
        return self._chosen(self._fill())

    def _far_end(self, first: Amounts) -> Amounts:
        least = self._seek(Seeking(other=1.0, most_unmet=self._unmet)) or first
        under = Seeking(cost=1.0, most_other=least.other, most_unmet=self._unmet)
        return self._seek(under) or least

    def _search_widely(self, cheapest: Amounts) -> None:
        """Plans by weight and by exchange, and bounds for all of the front."""
        if cheapest.other <= 0:
            self._reaches_far = True
            return
        unit = cheapest.cost / cheapest.other
        self._weigh(FIRST * unit, Effort(cycles=1, master="once", nodes=NODES))
        self._weigh(0.0, LOOK)
        self._explore(EXPLORED)
        if self._reaches_far:
            self._search_far(unit)
        elif not self._enough(self._holds):
            self._search_near(unit)
        front = [one.amounts for one in self._tradeoff.efficient(self._unmet)]
        if len(front) < self._asked and _apart(front[0], front[-1]):
            self._weight = AUGMENTED * _slope(front[0], front[-1])
            self._search_by_ceiling()

    def _search_far(self, unit: float) -> None:
        """To the shortest journeys, and a finer bound."""
        for share in LOOKED:
            self._weigh(share * unit, LOOK)
            self._explore(EXPLORED)
        if not self._session.over:
            self._seek(Seeking(other=1.0, most_unmet=self._unmet), LOOK)
        self._explore(EXPLORED)
        finer = FINER * self._gap
        self._weigh(LAST * unit, Effort(cycles=1, master="once", gap=finer, nodes=NODES))
        self._weigh(0.0, LOOK)  # near what was found last there may be a cheaper one
        self._explore(FURTHER)

    def _search_near(self, unit: float) -> None:
        """A bound without branching, and plans near those that it proves."""
        self._weigh(FIRST * unit, ROOT)
        for worth in (self._holds, _anyone):
            for _ in range(0, FURTHER, EXPLORED):
                if not self._enough(worth):
                    self._explore(EXPLORED, worth)

    def _enough(self, of: Callable[[Found], bool]) -> bool:
        """Whether there are as many of them as were asked for."""
        return sum(map(of, self._tradeoff.efficient(self._unmet))) >= self._asked

    def _holds(self, found: Found) -> bool:
        """Whether it is proven."""
        return self._within(self._gap_of(found, found.amounts.other))

    def _within(self, gap: float | None) -> bool:
        return gap is not None and gap <= self._gap + EQUAL

    def _weigh(self, weight: float, effort: Effort) -> None:
        """A plan on the front's convex hull."""
        if not self._session.over:
            self._seek(Seeking(1.0, weight, most_unmet=self._unmet), effort)

    def _explore(self, plans: int, worth: Callable[[Found], bool] = _anyone) -> None:
        if not self._session.over:
            journal = Journal(self._session.watcher(), self._session.share)
            self._tradeoff.explore(self._unmet, plans, journal, worth)

    def _search_by_ceiling(self) -> None:
        """In a large instance."""
        for ceiling in self._ceilings():
            if not self._proven(ceiling) and not self._session.over:
                self._seek(self._under(ceiling), LOOK)

    def _ceilings(self) -> list[float]:
        """Equally spaced between the ends, from the cheapest."""
        front = self._tradeoff.efficient(self._unmet)
        first, last = front[0].amounts.other, front[-1].amounts.other
        steps = self._asked - 1
        return [first + step * (last - first) / steps for step in range(1, steps)]

    def _ask(self, ceilings: Sequence[float]) -> bool:
        """Search under each by itself, on all workers; whether every search came to its end."""
        sought = [self._under(ceiling) for ceiling in ceilings]
        asked = [Asked(self._program, one, self._tradeoff.start(one)) for one in sought]
        share, seconds = self._session.share_of(len(asked)), self._session.seconds_each
        answers = work_on_all(seek_alone, asked, self._session, share, SEEKING, seconds)
        for one, reached in zip(sought, answers, strict=True):
            if reached is not None:
                self._tradeoff.take_in(one, reached)
        return all(reached is not None and reached.stop in _ENDED for reached in answers)

    def _fill(self) -> bool:
        """Look between the points known until there are enough; whether there is no other.

        The widest gaps first, as many as points are lacking: below their middle, then all of them.
        """
        ended = True
        looked: dict[tuple[float, float], int] = defaultdict(int)
        while not self._session.over:
            front = [one.amounts for one in self._tradeoff.efficient(self._unmet)]
            pairs = [(high.other, low.other) for high, low in pairwise(front)]
            open_ = [pair for pair in pairs if looked[pair] < len(_between(*pair))]
            if not open_:
                return ended
            if len(front) >= self._asked:
                return False
            open_.sort(key=lambda pair: pair[1] - pair[0])
            widest = open_[: self._asked - len(front)]
            ended &= self._ask([_between(*pair)[looked[pair]] for pair in widest])
            for pair in widest:
                looked[pair] += 1
        return False

    def _chosen(self, complete: bool) -> Front:
        front = self._tradeoff.efficient(self._unmet)
        few = _spread(front, self._asked, self._preferred(front))
        points = tuple(self._point(one) for one in few)
        if self._session.dismissed:
            outcome = Outcome.DISMISSED
        elif all(self._within(point.gap) for point in points):
            outcome = Outcome.OPTIMAL
        else:
            outcome = Outcome.FEASIBLE
        whole = complete and outcome is Outcome.OPTIMAL and len(few) == len(front)
        return Front(points, outcome, whole, _knee(points), self._reaches_far)

    def _preferred(self, front: Sequence[Found]) -> set[int]:
        """In a large instance the cheapest, those proven, and the far end if it was looked for."""
        if not self._tradeoff.decomposed:
            return set(range(len(front)))
        proven = {at for at, one in enumerate(front) if self._holds(one)}
        return {0} | proven | ({len(front) - 1} if self._reaches_far else set())

    def _point(self, found: Found) -> FrontPoint:
        gap = self._gap_of(found, found.amounts.other)
        result = self._result(found.plan(), proven=self._within(gap))
        return FrontPoint(result, found.amounts.cost, found.amounts.other, gap)

    def _result(self, plan: Plan, *, proven: bool) -> SolveResult:
        """The plan verified. Its bound is not one on the scenario's own objective, so none is told.

        Raises VerificationFailed when it does not hold.
        """
        verification, figures = verify(self._instance, plan)
        if not verification.passed:
            wrong = [check.claim for check in verification.checks if not check.passed]
            raise VerificationFailed("; ".join(wrong))
        return SolveResult(
            outcome=Outcome.OPTIMAL if proven else Outcome.FEASIBLE,
            termination=Termination.GAP_REACHED if proven else Termination.TIME_LIMIT,
            plan=plan,
            figures=figures,
            objective_nok=figures.objective_nok,
            dual_bound_nok=None,
            mip_gap=None,
            verification=verification,
            conflict=None,
            statistics=self._tradeoff.statistics(self._session.seconds),
            options=self._session.options,
        )

    def _gap_of(self, found: Found, ceiling: float) -> float | None:
        """By how much, relative to its cost, a plan under a ceiling could be cheaper."""
        least = Seeking(1.0, most_other=ceiling, most_unmet=self._unmet)
        cost, bound = found.amounts.cost, self._tradeoff.bound(least)
        return None if bound is None else relative_gap(cost, min(bound, cost))

    def _under(self, ceiling: float) -> Seeking:
        return Seeking(1.0, self._weight, most_other=ceiling, most_unmet=self._unmet)

    def _proven(self, ceiling: float) -> bool:
        best = self._tradeoff.known(self._under(ceiling)).best
        gap = None if best is None else self._gap_of(best, ceiling)
        return gap is not None and gap <= self._gap

    def _seek(self, seeking: Seeking, effort: Effort = WHOLE) -> Amounts | None:
        seconds = self._session.share
        if effort.master != "not" and self._tradeoff.decomposed:
            seconds = max(seconds, PROOF * self._session.seconds_left)
        watcher = self._session.watcher()
        if seeking.cost == 0:  # what is least is not money then
            watcher = _without_money(watcher)
        journal = Journal(watcher, seconds)
        sought = self._tradeoff.seek(seeking, journal, effort)
        self._why = _OUTCOMES.get(sought.stop, Outcome.NO_PLAN)
        return None if sought.best is None else sought.best.amounts


_ENDED = (Stop.GAP_REACHED, Stop.INFEASIBLE)
_OUTCOMES = {Stop.INFEASIBLE: Outcome.INFEASIBLE, Stop.INTERRUPTED: Outcome.DISMISSED}


def _without_points(outcome: Outcome) -> Front:
    return Front((), outcome, complete=False, knee=None, reaches_far=False)


def _without_money(watcher: Watcher) -> Watcher:
    def tell(progress: Progress) -> None:
        watcher.on_progress(replace(progress, incumbent_nok=None, bound_nok=None, gap=None))

    return Watcher(tell, watcher.should_stop)


def _apart(first: Amounts, last: Amounts) -> bool:
    """Whether something can lie between two plans."""
    return last.other < first.other and last.cost > first.cost


def _slope(low: Amounts, high: Amounts) -> float:
    """What one unit less of the other measure costs between two points [NOK per unit]."""
    return (high.cost - low.cost) / (low.other - high.other)


def _between(high: float, low: float) -> list[float]:
    """Ceilings under which to look for a point strictly between two: the last one finds any."""
    middle, below = (high + low) / 2, high - NEXT * abs(high)
    return [middle, below] if below > middle else [middle]


def _rounds(ceilings: Sequence[float]) -> Iterator[list[float]]:
    """Those that divide all into equal pieces, then those that divide the pieces, to the last."""
    pieces = [ceilings]
    while pieces := [piece for piece in pieces if piece]:
        divided = [_divided(piece) for piece in pieces]
        yield [piece[at] for piece, places in zip(pieces, divided, strict=True) for at in places]
        pieces = [
            piece[before + 1 : at]
            for piece, places in zip(pieces, divided, strict=True)
            for before, at in pairwise([-1, *places, len(piece)])
        ]


def _divided(piece: Sequence[float]) -> list[int]:
    """The places at which it falls into equal pieces."""
    return sorted({(len(piece) + 1) * n // PIECES - 1 for n in range(1, PIECES)} - {-1})


def _spread(front: list[Found], most: int, preferred: set[int]) -> list[Found]:
    """At most so many of the front, those preferred before others.

    Where too many are preferred: their ends, and the cheapest under equally spaced ceilings. Where
    several ceilings have the same one, or too few are preferred, the widest gaps are filled.
    """
    everyone = set(range(len(front)))
    few = preferred if len(preferred) >= most else everyone
    taken = preferred or everyone
    if len(taken) > most:
        taken = _under_ceilings(front, sorted(taken), most)
    while len(taken) < min(most, len(front)):
        taken = taken | {_loneliest(front, few, taken)}
    return [front[index] for index in sorted(taken)]


def _under_ceilings(front: list[Found], of: list[int], most: int) -> set[int]:
    """Some: the ends, and the cheapest under equally spaced ceilings."""
    high, low = front[of[0]].amounts.other, front[of[-1]].amounts.other
    ceilings = (high + step * (low - high) / (most - 1) for step in range(1, most - 1))
    under = {next(i for i in of if front[i].amounts.other <= ceiling) for ceiling in ceilings}
    return {of[0], of[-1]} | under


def _loneliest(front: Sequence[Found], of: set[int], taken: set[int]) -> int:
    """The one of some left out that is farthest from those taken, in the other measure."""

    def distance(index: int) -> float:
        mine = front[index].amounts.other
        return min(abs(mine - front[one].amounts.other) for one in taken)

    return max(sorted(of - taken), key=distance)


def _knee(points: Sequence[FrontPoint]) -> int | None:
    """The point farthest below the line between the ends, both measures counted from 0 to 1.

    Das (1999, On characterizing the “knee” of the Pareto curve): where giving up either measure
    begins to cost much of the other.
    """
    if len(points) < 3:
        return None
    first, last = points[0], points[-1]

    def below(point: FrontPoint) -> float:
        dearer = (point.cost - first.cost) / (last.cost - first.cost)
        more = (point.other - last.other) / (first.other - last.other)
        return 1.0 - dearer - more

    best = max(range(1, len(points) - 1), key=lambda index: below(points[index]))
    return best if below(points[best]) > 0 else None
