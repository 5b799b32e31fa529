"""Location with capacities: a bound by prices, and one program for what it leaves open."""

from collections.abc import Iterator
from functools import cached_property
from math import inf

import numpy as np

from solver.domain.result import SolveOptions
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.location.assignment import Assignment
from solver.engine.location.growing import GrowingProgram, Relaxed, typical_nok
from solver.engine.location.lagrangian import Dual, Step, raise_bound
from solver.engine.location.problem import Flags, Floats, Integers, LocationProblem
from solver.engine.location.record import Record
from solver.engine.location.selection import select

SMALL = 5_000  # pairs: below, the program is solved before prices are found
LOOK_EVERY = 10  # steps of the relaxation: how often its selection is tried as a plan
ROUNDS = 30  # of links in the relaxation
FAILURES = 60  # exchanges in a row that were no better, until no more are tried
BROKEN = 1e-6  # how much of a row may be served without its link being broken


class Facilities:
    """Candidates and what stands there, as one: costs of whole rows [NOK], and places.

    `row_nok` is (rows, facilities), inf where a facility does not serve a row; `candidates` is
    how many come first, all the others are always open. `unmet_nok` (rows) is inf where all need
    must be met.
    """

    def __init__(self, problem: LocationProblem) -> None:
        rows = np.arange(len(problem.weight))
        weight = problem.weight[:, None]
        self.problem = problem
        self.candidates = len(problem.candidates)
        self.row_nok = np.hstack([problem.cost(rows), problem.cost_of_standing(rows)]) * weight
        self.places = np.concatenate([problem.capacity, problem.standing_places])
        self.fixed_nok = np.concatenate([problem.fixed_nok, np.zeros(len(problem.standing))])
        self.unmet_nok = problem.unmet_nok * problem.weight
        self.weight = problem.weight

    @cached_property
    def least(self) -> int:
        """How many candidates must open for their places to be enough."""
        missing = float(self.weight.sum() - self.places[self.candidates :].sum())
        if np.isfinite(self.problem.unmet_nok) or missing <= 0:
            return 0
        most = np.cumsum(np.sort(self.places[: self.candidates])[::-1])
        return int(np.searchsorted(most, missing * (1 - 1e-12))) + 1


class Capacitated:
    """The Lagrangian relaxation with capacities.

    A facility serves the rows that gain most per place until it is full: a continuous knapsack.
    No fewer candidates open than must for their places to be enough; that number is whole, which
    makes the bound stronger than the linear relaxation's.
    """

    def __init__(self, facilities: Facilities, required: Flags, most: int) -> None:
        self._all = facilities
        self._most = most
        self._must, self._may = required, np.ones(facilities.candidates, dtype=bool)
        self._ceiling = facilities.unmet_nok

    def settle(self, must: Flags, may: Flags) -> None:
        """Bound only the sets that open `must` and none but `may`."""
        self._must, self._may = must, may

    def at(self, prices: Floats) -> Step:
        """The bound at given prices."""
        everything = self._all
        gain = np.minimum(everything.row_nok - prices[:, None], 0.0)
        weight = everything.weight
        order = np.argsort(gain / weight[:, None], axis=0, kind="stable")
        taken = weight[order]
        before = np.cumsum(taken, axis=0) - taken
        share = np.clip((everything.places - before) / taken, 0.0, 1.0)
        ranked = np.take_along_axis(gain, order, axis=0)
        values = (ranked * share).sum(axis=0) + everything.fixed_nok
        number = everything.candidates
        standing = float(values[number:].sum())
        candidates = np.where(self._may, values[:number], inf)
        selection = select(candidates, self._must, everything.least, self._most)
        opened = np.append(selection.opened, np.ones(len(values) - number, dtype=bool))
        used = np.zeros_like(gain)
        np.put_along_axis(used, order, np.where(ranked < 0, share, 0.0), axis=0)
        unserved = 1.0 - used[:, opened].sum(axis=1)
        unserved[(unserved > 0) & (prices >= self._ceiling)] = 0.0
        bound = float(prices.sum()) + selection.value + standing
        return Step(bound, selection, unserved)

    def admissible(self, prices: Floats) -> Floats:
        """Prices that are not negative, and not above what unmet need costs."""
        return np.clip(prices, 0.0, self._ceiling)


class _Program:
    """The candidates left, who is served where, and the links that have been needed so far.

    Columns are the candidates, the pairs (row, facility) as shares of the row, and what is unmet
    of each row where that is allowed. Rows: everybody is served, nobody beyond the places there
    are, and together at least as many places as are needed.
    """

    def __init__(self, facilities: Facilities, must: Flags, may: Flags, journal: Journal) -> None:
        number = facilities.candidates
        standing = np.ones(len(facilities.places) - number, dtype=bool)
        usable = np.isfinite(facilities.row_nok) & np.append(may, standing)
        self.row, self.facility = np.nonzero(usable)
        self._facilities = facilities
        self._linked = self.facility >= number
        cost = facilities.row_nok[self.row, self.facility]
        unmet = facilities.unmet_nok[np.isfinite(facilities.unmet_nok)]
        self.program = GrowingProgram(typical_nok([cost, facilities.fixed_nok, unmet]), journal)
        fixed = facilities.fixed_nok[:number]
        candidates = self.program.add_columns(fixed, np.ones(number))
        self.program.bound_columns(candidates, must.astype(float), may.astype(float))
        self._pair = self.program.add_columns(cost, np.ones(len(cost)))
        self._unmet = self.program.add_columns(unmet, np.ones(len(unmet)))
        self._everybody_is_served()
        self._places_are_enough()

    def _everybody_is_served(self) -> None:
        """Σ x + u = 1 per row."""
        rows = len(self._facilities.weight)
        row = np.concatenate([self.row, np.arange(len(self._unmet))])
        column = np.concatenate([self._pair, self._unmet])
        self.program.add_rows(row, column, np.ones(len(row)), np.ones((rows, 2)))

    def _places_are_enough(self) -> None:
        """Σ w x ≤ C y per facility; at most so many open, and places enough in all."""
        everything, number = self._facilities, self._facilities.candidates
        candidates = np.arange(number)
        places = everything.places
        row = np.concatenate([self.facility, candidates])
        column = np.concatenate([self._pair, candidates])
        value = np.concatenate([everything.weight[self.row], -places[:number]])
        bounds = np.full((len(places), 2), -inf)
        bounds[:, 1] = np.append(np.zeros(number), places[number:])
        self.program.add_rows(row, column, value, bounds)
        zeros = np.zeros(number, dtype=np.int64)
        most, least = everything.problem.most, everything.least
        if most < number or least:
            counts = np.array([[least, most]], dtype=float)
            self.program.add_rows(zeros, candidates, np.ones(number), counts)
        if least:
            missing = everything.weight.sum() - places[number:].sum()
            self.program.add_rows(zeros, candidates, places[:number], np.array([[missing, inf]]))

    def link(self, x: Floats) -> int:
        """Write x ≤ y for pairs that break it; how many."""
        opened = np.append(x[: self._facilities.candidates], np.ones(len(self._facilities.places)))
        broken = x[self._pair] > opened[self.facility] + BROKEN
        return self._write_links(np.flatnonzero(broken & ~self._linked))

    def link_all(self) -> None:
        """Write x ≤ y for every pair."""
        self._write_links(np.flatnonzero(~self._linked))

    def _write_links(self, pairs: Integers) -> int:
        if len(pairs):
            number = np.arange(len(pairs))
            self.program.add_rows(
                np.concatenate([number, number]),
                np.concatenate([self._pair[pairs], self.facility[pairs]]),
                np.concatenate([np.ones(len(pairs)), -np.ones(len(pairs))]),
                np.column_stack([np.full(len(pairs), -inf), np.zeros(len(pairs))]),
            )
            self._linked[pairs] = True
        return len(pairs)

    def assignment(self, x: Floats) -> Assignment:
        """Who is served where in a point."""
        weight = self._facilities.weight
        unmet = np.zeros(len(weight))
        unmet[: len(self._unmet)] = x[self._unmet] * weight[: len(self._unmet)]
        return Assignment(self.row, self.facility, x[self._pair] * weight[self.row], unmet)

    def point(self, is_open: Flags, assignment: Assignment) -> Floats:
        """The point of a set and an assignment."""
        weight = self._facilities.weight
        x = np.zeros(self.program.columns)
        x[: len(is_open)] = is_open
        share = np.zeros_like(self._facilities.row_nok)
        np.add.at(
            share,
            (assignment.row, assignment.facility),
            assignment.places / weight[assignment.row],
        )
        x[self._pair] = share[self.row, self.facility]
        x[self._unmet] = (assignment.unmet / weight)[: len(self._unmet)]
        return x


class CapacitatedSearch:
    """Bounds and plans by prices first, then what they leave open as one program."""

    def __init__(
        self, problem: LocationProblem, options: SolveOptions, journal: Journal, record: Record
    ) -> None:
        self._problem = problem
        self._options = options
        self._journal = journal
        self._record = record
        self._facilities = Facilities(problem)
        self._relaxation = Capacitated(self._facilities, problem.required, problem.most)
        self._assigned: dict[bytes, tuple[float, Assignment] | None] = {}
        self._steps = 0
        self.nodes = 0
        self.program: Program | None = None

    def run(self) -> Stop:
        """Search to the gap asked for, or until it must end."""
        record, everything = self._record, self._facilities
        reached = np.isfinite(everything.row_nok).any(axis=1) | np.isfinite(everything.unmet_nok)
        if not reached.all() or everything.least > self._problem.most:
            return Stop.INFEASIBLE
        if everything.row_nok.size > SMALL:
            self._by_prices()
        if record.is_close or record.must_end:
            return self._record.stop
        return self._exactly()

    def assignment(self, is_open: Flags) -> Assignment:
        """Everybody served at least cost from an open set that was offered."""
        known = self._assigned[is_open.tobytes()]
        assert known is not None
        return known[1]

    def _try(self, is_open: Flags) -> None:
        """Serve everybody from an open set at least cost, and keep it when it is the best."""
        key = is_open.tobytes()
        if key not in self._assigned:
            self._assigned[key] = self._assign(is_open)
        known = self._assigned[key]
        if known is not None:
            self._record.offer(is_open, known[0])

    def _assign(self, is_open: Flags) -> tuple[float, Assignment] | None:
        """The transportation problem of an open set; None when its places are not enough."""
        transport = _Program(self._facilities, is_open, is_open, self._journal)
        relaxed = transport.program.relax(exact=True)
        if isinstance(relaxed, Stop):
            return None
        x = np.clip(relaxed.x, 0.0, 1.0)
        return float(np.sum(transport.program.cost * x)), transport.assignment(x)

    def _roomiest(self) -> Flags:
        """As many as may open, those with most places."""
        order = np.lexsort((-self._problem.capacity, ~self._problem.required))
        opened = np.zeros(len(order), dtype=bool)
        opened[order[: self._problem.most]] = True
        return opened

    def _by_prices(self) -> None:
        """The Lagrangian bound, and the sets that it suggests."""
        record = self._record
        self._try(self._roomiest())
        finite = np.where(np.isfinite(self._facilities.row_nok), self._facilities.row_nok, 0.0)
        nothing = float(finite.max(axis=1).sum() + self._facilities.fixed_nok.sum())

        def target(step: Step) -> float:
            self._steps += 1
            if self._steps % LOOK_EVERY == 0:
                self._try(step.selection.opened)
            return min(record.best_nok, nothing)

        def enough(bound: float) -> bool:
            record.bound(bound)
            return record.is_close or record.must_end

        cheapest = np.sort(self._facilities.row_nok, axis=1)[:, :2]
        first = np.where(np.isfinite(cheapest[:, -1]), cheapest[:, -1], 0.0)
        dual: Dual = raise_bound(self._relaxation, first, target, enough)
        self._try(dual.step.selection.opened)
        self._exchange(dual.step.selection.values)
        record.learn(dual.step)

    def _exchange(self, values: Floats) -> None:
        """Exchange candidates of the best set, those first that the prices think least dear.

        Each exchange is judged by its transportation problem; the search ends when so many in a
        row were no better.
        """
        record, failures = self._record, 0
        while record.best_open is not None and failures < FAILURES and not record.must_end:
            untried = (
                one
                for one in _neighbours(record.best_open, values, self._problem)
                if one.tobytes() not in self._assigned
            )
            neighbour = next(untried, None)
            if neighbour is None:
                break
            before = record.best_nok
            self._try(neighbour)
            failures = 0 if record.best_nok < before else failures + 1

    def _exactly(self) -> Stop:
        """The program of what is not settled: relaxed, then whole where it must be."""
        record = self._record
        stop = self._relax(self._left())
        if stop is not None or record.is_close:
            return stop or Stop.GAP_REACHED
        return self._decide(self._left())

    def _left(self) -> _Program:
        """The program of what is not settled."""
        must, may = self._record.must.copy(), self._record.may.copy()
        self._relaxation.settle(must, may)
        return _Program(self._facilities, must, may, self._journal)

    def _relax(self, left: _Program) -> Stop | None:
        """Solve the relaxation, with links as it breaks them; settle and round on the way."""
        record, large = self._record, self._facilities.row_nok.size > SMALL
        for _ in range(ROUNDS):
            relaxed = left.program.relax()
            if isinstance(relaxed, Stop):
                return record.without_point(relaxed)
            if record.must_end:
                return record.stop
            broken = left.link(relaxed.x)
            if not broken:
                self._try(self._rounded(relaxed.x[: self._facilities.candidates]))
            if large or not broken:
                self._learn(left, relaxed)
            if not broken:
                break
        return None

    def _learn(self, left: _Program, relaxed: Relaxed) -> None:
        """The Lagrangian bound at the relaxation's prices, and what it settles."""
        prices = relaxed.row_price[: len(self._problem.weight)] * left.program.unit_nok
        self._record.learn(self._relaxation.at(self._relaxation.admissible(prices)))

    def _rounded(self, share: Floats) -> Flags:
        """The most open candidates, as few as have places enough."""
        opened = (share > 0.5) | self._record.must
        order = np.argsort(-share, kind="stable")
        missing = self._facilities.least - int(opened.sum())
        if missing > 0:
            opened[order[~opened[order]][:missing]] = True
        return opened

    def _decide(self, left: _Program) -> Stop:
        """Whole candidates, all links written, begun from the best set."""
        record = self._record
        left.link_all()
        integer = np.arange(left.program.columns) < self._facilities.candidates
        start = None
        if record.best_open is not None:
            start = left.point(record.best_open, self.assignment(record.best_open))
        self.program = left.program.whole(integer, 0.0, start)
        limits = HighsOptions(
            self._journal.seconds_left,
            self._options.mip_gap,
            self._options.threads,
            heuristics=record.best_open is None,
            presolve=False,
        )
        run = run_highs(
            self.program,
            limits,
            lambda _, bound: record.bound(bound) if bound is not None else None,
            self._journal.should_stop,
            lambda x: self._try(x[integer] > 0.5),
        )
        self.nodes += run.nodes
        if run.stop is Stop.INFEASIBLE:
            return self._record.without_point(run.stop) or Stop.GAP_REACHED
        if run.x is not None:
            self._try(run.x[integer] > 0.5)
        if run.bound is not None:
            record.bound(run.bound)
        return run.stop


def _neighbours(is_open: Flags, values: Floats, problem: LocationProblem) -> Iterator[Flags]:
    """Sets with one candidate in, one out, or both, by what the prices say that they cost."""
    nobody = len(is_open)
    entering = np.append(np.flatnonzero(~is_open & np.isfinite(values)), nobody)
    leaving = np.append(np.flatnonzero(is_open & ~problem.required), nobody)
    worth = np.append(values, 0.0)
    dearer = worth[entering][:, None] - worth[leaving][None, :]
    if is_open.sum() >= problem.most:
        dearer[:-1, -1] = inf
    dearer[-1, -1] = inf
    for index in np.argsort(dearer, axis=None, kind="stable"):
        if np.isinf(dearer.flat[index]):
            return
        enters, leaves = np.unravel_index(index, dearer.shape)
        moved = np.append(is_open, False)
        moved[leaving[leaves]] = False
        moved[entering[enters]] = True
        yield moved[:-1]
