"""The search of a decomposition: a master program with cuts, its bound, and the best plan so far.

The master says what is decided, and bounds from below what follows from it; what follows exactly
is worked out beside it, for one plan at a time, and comes back as cuts. What that is, the years
of one scenario or of many futures, is for those who build on this.
"""

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from solver.domain.result import SolveOptions, relative_gap
from solver.engine.extract import round_integers
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, HighsRun, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.neighbourhoods import CYCLES, Layout, Neighbourhoods
from solver.engine.relaxation import Relaxation
from solver.engine.transport import Halted

Floats = NDArray[np.float64]
Served = TypeVar("Served")
Candidate = TypeVar("Candidate")
Wanted = TypeVar("Wanted", contravariant=True)

ROUNDS = 40  # of cuts at fractional points; each costs one linear program
MASTER_SHARE = 0.8  # of the gap asked for; the rest is for the cuts


class Aim(Protocol[Wanted]):
    """What a plan is wanted for: what is minimised, and what must hold beside the rules."""

    def applied(self, program: Program) -> Program:
        """The master with that objective and those rows."""

    def value(self, candidate: Wanted) -> float | None:
        """The objective of a whole plan; None when the plan does not hold."""

    def needed(self, bound: float, served_nok: float) -> float:
        """What the cost of serving must be known well against [NOK]."""

    def heard(self, candidate: Wanted) -> None:
        """A whole plan has been considered, whether it is the best or not."""


@dataclass(frozen=True)
class Cuts:
    """Rows · x ≥ bounds, and what the point they cut off pays too little for serving, in NOK."""

    rows: list[csr_array]
    bounds: list[float]
    short: float


@dataclass(frozen=True)
class Effort:
    """How much a search does.

    The search for plans has so many `cycles`. The master is solved until the gap is reached, once,
    whatever comes out, or not at all. `gap` asked for: None for that of the options. After `nodes`
    the master is given up.
    """

    cycles: int = CYCLES
    master: Literal["until proven", "once", "not"] = "until proven"
    gap: float | None = None
    nodes: int | None = None


WHOLE = Effort()


class MasterSearch(ABC, Generic[Served, Candidate]):
    """The master program with its cuts, the bound, and the best plan so far."""

    master: Program
    _journal: Journal
    _aim: Aim[Candidate]
    _gap: float  # asked for
    _nodes: int | None  # after which the master is given up
    _relaxed: Floats | None  # the optimum of the last relaxation that was solved

    def __init__(self, options: SolveOptions) -> None:
        self._options = options
        self.best: Candidate | None = None
        self.bound: float | None = None
        self.nodes = 0

    def run(
        self,
        journal: Journal,
        aim: Aim[Candidate],
        start: Candidate | None = None,
        bound: float | None = None,
        *,
        effort: Effort = WHOLE,
    ) -> Stop:
        """Relaxation first, then plans of our own, then the master's, until the gap is reached.

        Every cut of earlier runs is kept. `start` is a plan that holds for the aim, and `bound`
        one that is known already.
        """
        self._journal, self._aim, self._nodes = journal, aim, effort.nodes
        self._gap = self._options.mip_gap if effort.gap is None else effort.gap
        self.best, self.bound = start, bound
        try:
            stop = self._tighten_relaxation() or self._search(effort.cycles)
            while stop is None and effort.master != "not":
                run = self._solve_master()
                stop = self._learn(run)
                if effort.master == "once":
                    break
        except Halted:
            return self._halted()
        return stop or Stop.NODE_LIMIT

    @property
    def program(self) -> Program:
        """The master as it is solved now."""
        return self._aim.applied(self.master)

    @property
    def best_nok(self) -> float | None:
        """What the best plan is worth by the aim."""
        return self._aim.value(self.best) if self.best is not None else None

    @abstractmethod
    def _layout(self) -> Layout:
        """Which year and project every column of the master belongs to."""

    @abstractmethod
    def _serve(self, x: Floats) -> Served:
        """What follows from the decisions in x. Raises Halted when asked to stop on the way."""

    @abstractmethod
    def _cuts(self, x: Floats, served: Served) -> Cuts:
        """Cuts that x violates, from what follows from it."""

    @abstractmethod
    def _tolerance(self, served: Served) -> float:
        """How much of the cost of serving the cuts may leave out [NOK]."""

    @abstractmethod
    def _candidate(self, x: Floats, served: Served) -> Candidate:
        """A whole plan and what follows from it."""

    @abstractmethod
    def _with_true_service(self, candidate: Candidate) -> Floats:
        """A point of the master that pays for serving what it costs."""

    def _halts(self) -> bool:
        return self._journal.out_of_time or self._journal.should_stop()

    def _halted(self) -> Stop:
        """Why a search was halted."""
        return Stop.INTERRUPTED if self._journal.should_stop() else Stop.TIME_LIMIT

    def _add(self, cuts: Cuts) -> None:
        if cuts.rows:
            self.master = self.master.with_rows(vstack(cuts.rows), np.array(cuts.bounds))

    def _tighten_relaxation(self) -> Stop | None:
        """Cut at fractional points until a round finds little; a Stop when it is over already."""
        relaxation = Relaxation(self.program)
        self._relaxed = None
        for _ in range(ROUNDS):
            found = relaxation.solve(self._halts)
            if found is None:
                return Stop.INFEASIBLE
            self._raise_bound(found.bound)
            self._relaxed = found.x
            served = self._serve(found.x)
            cuts = self._cuts(found.x, served)
            if cuts.rows:
                relaxation.add(csr_array(vstack(cuts.rows)), np.array(cuts.bounds))
            self._add(cuts)
            if cuts.short <= self._tolerance(served):
                return None
        return None

    def _search(self, cycles: int) -> Stop | None:
        """Plans by our own heuristics; a Stop when one is as good as was asked for."""
        search = Neighbourhoods(self._layout(), self._gap, cycles)
        for x in search.plans(self._current_program, self._solve_part):
            cuts = self._cuts(x, self._consider(x))
            self._add(cuts)
            self._journal.note(self.best_nok, self.bound)
            if self._gap_reached:
                return Stop.GAP_REACHED
        return None

    def _current_program(self) -> Program:
        """The master with its cuts, and the best plan to start from."""
        if self.best is None:
            return self.program
        return replace(self.program, start=self._with_true_service(self.best))

    def _solve_part(self, program: Program, options: HighsOptions) -> HighsRun:
        """Solve a part of the master. Raises Halted when asked to stop."""
        left, threads = self._journal.seconds_left, self._options.threads
        limited = replace(options, time_limit_s=left, threads=threads)
        run = run_highs(program, limited, should_stop=self._journal.should_stop)
        if run.stop in (Stop.INTERRUPTED, Stop.TIME_LIMIT):
            raise Halted
        return run

    def _solve_master(self) -> HighsRun:
        def note(_incumbent: float | None, bound: float | None) -> None:
            self._raise_bound(bound)

        limits = HighsOptions(
            self._journal.seconds_left,
            MASTER_SHARE * self._gap,
            self._options.threads,
            heuristics=self.best is None,
            max_nodes=self._nodes,
        )
        stops = self._journal.should_stop
        return run_highs(self._current_program(), limits, note, stops, self._consider_quietly)

    def _learn(self, run: HighsRun) -> Stop | None:
        """Take the master's answer; None when it must be asked again with new cuts."""
        self.nodes += run.nodes
        self._raise_bound(run.bound)
        if run.stop is not Stop.GAP_REACHED or run.x is None:
            return run.stop
        served = self._consider(run.x)
        self._journal.note(self.best_nok, self.bound)
        if self._gap_reached:
            return Stop.GAP_REACHED
        if self._journal.out_of_time:
            return Stop.TIME_LIMIT
        cuts = self._cuts(run.x, served)
        self._add(cuts)
        return None if cuts.rows else Stop.GAP_REACHED

    def _raise_bound(self, bound: float | None) -> None:
        """Take a bound in NOK into account, and tell."""
        if bound is not None:
            self.bound = bound if self.bound is None else max(self.bound, bound)
        self._journal.note(self.best_nok, self.bound)

    def _consider_quietly(self, x: Floats) -> None:
        """Consider a plan where nothing may be raised: inside HiGHS."""
        with suppress(Halted):
            self._consider(x)

    def _consider(self, x: Floats) -> Served:
        """Serve everybody with the places of a whole plan, and keep it when it is the best."""
        whole = round_integers(self.master, x)
        served = self._serve(whole)
        self._keep(self._candidate(whole, served))
        return served

    def _keep(self, candidate: Candidate) -> None:
        """Keep a plan when it is the best that holds."""
        self._aim.heard(candidate)
        value, best = self._aim.value(candidate), self.best_nok
        if value is not None and (best is None or value < best):
            self.best = candidate

    @property
    def _gap_reached(self) -> bool:
        gap = relative_gap(self.best_nok, self.bound)
        return gap is not None and gap <= self._gap


def dot(a: Floats, b: Floats) -> float:
    """a · b, added in the same order whatever the number of threads a linear algebra library has.

    The search branches on the last bit: a different sum is a different plan among equals.
    """
    return float(np.sum(a * b))
