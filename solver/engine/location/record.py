"""What a search for locations knows so far: the best set, the bound, and what is settled."""

from math import ceil, inf

import numpy as np

from solver.domain.result import SolveOptions, relative_gap
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.location.lagrangian import Step
from solver.engine.location.problem import Flags, LocationProblem

WHOLE = 1e-7  # of the bound: what it may be too high by before it is rounded up
ROUNDING = 1e-9  # of the cost: two ways of adding up the same set


class Record:
    """The best set of candidates and its cost, the bound [NOK], and which candidates are settled.

    `must` are open and `may` can be open in every set that is better than the best one. Where
    `whole`, every set costs a whole number of NOK: a bound may be rounded up.
    """

    def __init__(self, problem: LocationProblem, options: SolveOptions, journal: Journal) -> None:
        self._offset = problem.offset_nok
        self._wanted_gap = options.mip_gap
        self._journal = journal
        self.best_open: Flags | None = None
        self.best_nok = inf
        self.bound_nok = -inf
        self.whole = False
        self.must = problem.required.copy()
        self.may = np.ones(len(problem.candidates), dtype=bool)

    def offer(self, is_open: Flags, cost_nok: float) -> None:
        """Keep a set when it is the best so far."""
        if cost_nok < self.best_nok:
            self.best_open, self.best_nok = is_open.copy(), cost_nok
            self._note()

    def bound(self, bound_nok: float) -> None:
        """Take a bound on every set that is better than the best one: on all with it."""
        if self.whole:
            bound_nok = ceil(bound_nok - WHOLE * max(abs(bound_nok), 1.0))
        bound_nok = min(bound_nok, self.best_nok)
        if bound_nok > self.bound_nok:
            self.bound_nok = bound_nok
            self._note()

    def learn(self, step: Step) -> None:
        """Take a relaxation's bound, and settle what no better set can have otherwise.

        Where turning a candidate around raises the bound above the best cost, it is settled.
        """
        self.bound(step.bound)
        if self.best_open is not None:
            settled = step.selection.change > self.slack_nok(step.bound)
            self.must |= settled & step.selection.opened
            self.may &= ~settled | step.selection.opened

    def slack_nok(self, bound_nok: float) -> float:
        """How far the best cost is above a bound, a little more; inf without a best set."""
        return self.best_nok - bound_nok + ROUNDING * abs(self.best_nok)

    @property
    def is_close(self) -> bool:
        """Whether the gap asked for is reached."""
        gap = relative_gap(self.objective_nok, self.total_bound_nok)
        return gap is not None and gap <= self._wanted_gap

    @property
    def must_end(self) -> bool:
        """Whether the caller or the clock ends the search."""
        return self._journal.out_of_time or self._journal.should_stop()

    @property
    def stop(self) -> Stop:
        """Why the search ends where it stands."""
        if self.is_close:
            return Stop.GAP_REACHED
        return Stop.INTERRUPTED if self._journal.should_stop() else Stop.TIME_LIMIT

    def without_point(self, stop: Stop) -> Stop | None:
        """Why a program of what is left gave no point.

        Nothing is left that is better than the best set, or there is no set at all.
        """
        if stop is not Stop.INFEASIBLE or self.best_open is None:
            return stop
        self.bound(self.best_nok)
        return Stop.GAP_REACHED

    @property
    def objective_nok(self) -> float | None:
        """Cost of the best set with what stands there anyway."""
        return None if self.best_open is None else self.best_nok + self._offset

    @property
    def total_bound_nok(self) -> float | None:
        """The bound with what stands there anyway."""
        return self.bound_nok + self._offset if np.isfinite(self.bound_nok) else None

    def _note(self) -> None:
        self._journal.note(self.objective_nok, self.total_bound_nok)
