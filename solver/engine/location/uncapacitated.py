"""Location without capacities: prices, exchanges, and the radius formulation for the rest."""

from contextlib import suppress

import numpy as np

from solver.domain.result import SolveOptions
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.location.assignment import Assignment
from solver.engine.location.interchange import Neighbourhood
from solver.engine.location.lagrangian import Step, Uncapacitated, raise_bound
from solver.engine.location.nearest import NearestLists, nearest_lists
from solver.engine.location.problem import Flags, Floats, LocationProblem
from solver.engine.location.radius import RadiusProgram
from solver.engine.location.record import Record
from solver.engine.transport import Halted

LEAST_LENGTH = 32  # candidates in a row's list, to begin with
LISTS_PER_SHARE = 5  # times candidates ÷ most: how far down the list the nearest open one may be
LOOK_EVERY = 5  # steps of the relaxation: how often its selection is tried as a plan
ROUNDS = 200  # of the radius formulation's relaxation


class UncapacitatedSearch:
    """Bounds and plans from all sides until the gap asked for is reached.

    Raises Halted when asked to stop before there is anything to search in.
    """

    def __init__(
        self, problem: LocationProblem, options: SolveOptions, journal: Journal, record: Record
    ) -> None:
        self._problem = problem
        self._options = options
        self._journal = journal
        self._record = record
        self._steps = 0
        self._prices, self._bound_of_prices = np.zeros(len(problem.weight)), 0.0
        self.nodes = 0
        self.radius: RadiusProgram | None = None
        self._prepare(_length(problem))
        fixed = problem.fixed_nok
        record.whole = self._lists.whole and bool(np.array_equal(fixed, np.round(fixed)))

    def run(self) -> Stop:
        """Search to the gap asked for, or until it must end."""
        record = self._record
        if not np.isfinite(self._lists.cost[:, 0]).all():
            return Stop.INFEASIBLE  # a row that nobody can serve
        fixed = float(self._problem.fixed_nok[self._problem.required].sum())
        record.bound(float(self._lists.cost[:, 0].sum()) + fixed)
        self._try(self._popular())
        self._by_prices()
        while not (record.is_close or record.must_end):
            stop = self._by_levels()
            if stop is not None:
                return stop
        return self._record.stop

    def assignment(self, is_open: Flags) -> Assignment:
        """Everybody from the nearest that is open or stands there, or unmet where that is less."""
        problem = self._problem
        facility = self._neighbourhood.serve(is_open).first
        rest = np.flatnonzero(facility == len(problem.candidates))
        standing, unmet = problem.nearest_standing(rest)
        facility[rest] += standing
        missing = np.zeros(len(facility))
        missing[rest[unmet]] = problem.weight[rest[unmet]]
        served = np.flatnonzero(missing == 0)
        return Assignment(served, facility[served], problem.weight[served], missing)

    @property
    def program(self) -> Program | None:
        """What was last solved of the radius formulation, None when it was not needed."""
        return None if self.radius is None else self.radius.whole(None)

    def _prepare(self, length: int) -> None:
        problem = self._problem
        self._lists = nearest_lists(problem, length, self._journal.should_stop)
        self._length = length
        self._neighbourhood = Neighbourhood(problem, self._lists)
        self._relaxation = Uncapacitated(
            self._lists, problem.fixed_nok, problem.required, problem.most
        )

    def _popular(self) -> Flags:
        """As many as may open, those that are nearest to most need."""
        problem, lists = self._problem, self._lists
        nearest = np.bincount(
            lists.site[:, 0], weights=problem.weight, minlength=lists.sentinel + 1
        )[:-1]
        order = np.lexsort((-nearest, ~problem.required))
        opened = np.zeros(lists.sentinel, dtype=bool)
        opened[order[: problem.most]] = True
        return opened

    def _try(self, is_open: Flags) -> None:
        """Improve a set by exchanges, and keep it when it is the best."""
        record = self._record
        better = self._neighbourhood.improve(is_open, lambda: not record.must_end)
        record.offer(better, self._neighbourhood.cost(better))

    def _by_prices(self) -> None:
        """The Lagrangian bound, and the sets that it suggests."""
        record = self._record

        def target(step: Step) -> float:
            self._steps += 1
            if self._steps % LOOK_EVERY == 0:
                chosen = step.selection.opened
                record.offer(chosen, self._neighbourhood.cost(chosen))
            return self._neighbourhood.finite(record.best_nok)

        def enough(bound: float) -> bool:
            record.bound(bound)
            return record.is_close or record.must_end

        dual = raise_bound(self._relaxation, self._first_prices(), target, enough)
        if not record.must_end:
            self._try(dual.step.selection.opened)
        record.learn(dual.step)
        self._prices, self._bound_of_prices = dual.prices, dual.step.bound

    def _first_prices(self) -> Floats:
        """What the row's share of the candidates costs: the one that may well be open."""
        problem, lists = self._problem, self._lists
        place = min(max(lists.sentinel // max(problem.most, 1), 1), lists.cost.shape[1] - 1)
        cost = lists.cost[:, place]
        return np.where(np.isfinite(cost), cost, lists.cost[:, 0])

    def _by_levels(self) -> Stop | None:
        """What is left, exactly; a Stop when that ends the search.

        First the relaxation, which settles more; then the rest as whole numbers.
        """
        record = self._record
        stop = self._relax(self._radius(self._lists))
        if stop is not None or record.is_close:
            return stop
        # A set that serves a row at α + x costs at least x more than the bound that α gives.
        slack = record.slack_nok(self._bound_of_prices)
        limit = self._prices + slack
        radius = self._radius(self._lists.below(limit))
        if np.isfinite(slack):
            radius.write(radius.levels_below(limit))
        return self._decide(radius)

    def _radius(self, lists: NearestLists) -> RadiusProgram:
        """The radius formulation of what is not settled, around the prices and the best set.

        A row's levels below its price are those that the relaxation pays for.
        """
        record, problem = self._record, self._problem
        must, may = record.must.copy(), record.may.copy()
        self._relaxation.settle(must, may)
        radius = RadiusProgram(
            lists.restricted(may),
            problem.fixed_nok,
            (must, may),
            problem.most,
            self._journal,
        )
        radius.write(radius.levels_below(self._prices))
        if record.best_open is not None:
            radius.write(radius.unserved_levels(record.best_open.astype(float)))
        self.radius = radius
        return radius

    def _relax(self, radius: RadiusProgram) -> Stop | None:
        """Solve the relaxation, level by level; settle and round on the way."""
        record, problem = self._record, self._problem
        tried: set[bytes] = set()
        for _ in range(ROUNDS):
            relaxed = radius.relax()
            if isinstance(relaxed, Stop):
                return self._record.without_point(relaxed)
            opened = relaxed.x[: len(problem.candidates)]
            self._prices = radius.prices(relaxed)
            step = self._relaxation.at_any(self._prices)
            self._bound_of_prices = step.bound
            record.learn(step)
            rounded = _largest(opened, problem.most)
            if rounded.tobytes() not in tried:
                tried.add(rounded.tobytes())
                self._try(rounded)
            if record.is_close:
                return None
            if record.must_end:
                return self._record.stop
            if not radius.write(radius.unserved_levels(opened)):
                self._look_further(radius, opened)
                return None
        return None

    def _look_further(self, radius: RadiusProgram, opened: Floats) -> bool:
        """Make longer lists when a point leaves a row unserved to the end of its cut list."""
        ends = radius.ends_unserved(opened)
        if ends:
            with suppress(Halted):  # the run ends for the same reason
                self._prepare(2 * self._length)
        return ends

    def _decide(self, radius: RadiusProgram) -> Stop | None:
        """Whole candidates; again while an answer leaves somebody unserved."""
        record = self._record
        while not record.must_end:
            limits = HighsOptions(
                self._journal.seconds_left,
                self._options.mip_gap,
                self._options.threads,
                heuristics=record.best_open is None,
            )
            run = run_highs(
                radius.whole(record.best_open),
                limits,
                lambda _, bound: record.bound(bound) if bound is not None else None,
                self._journal.should_stop,
            )
            self.nodes += run.nodes
            if run.stop is Stop.INFEASIBLE:
                return self._record.without_point(run.stop)
            if run.bound is not None:
                record.bound(run.bound)
            if run.x is None:
                return run.stop
            opened = run.x[: len(self._problem.candidates)] > 0.5
            self._try(opened)
            if record.is_close:
                return None
            point = opened.astype(float)
            if not radius.write(radius.unserved_levels(point)):
                return None if self._look_further(radius, point) else run.stop
        return self._record.stop


def _length(problem: LocationProblem) -> int:
    share = len(problem.candidates) // max(problem.most, 1)
    return max(LEAST_LENGTH, LISTS_PER_SHARE * share)


def _largest(share: Floats, most: int) -> Flags:
    """The candidates that are more than a little open, no more than allowed."""
    order = np.argsort(-share, kind="stable")[:most]
    opened = np.zeros(len(share), dtype=bool)
    opened[order[share[order] > 1e-6]] = True
    return opened
