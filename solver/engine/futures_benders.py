"""Benders decomposition over many futures: the master decides, the years of each stand beside it.

The L-shaped method (Van Slyke and Wets 1969) with a cut for every scene (Birge and Louveaux 1988),
otherwise as `engine.benders`: cuts at fractional points first, in closed form whatever prices come
from the solver. With staff a cut has a price of FTE, too: of 0 ≤ σ ≤ what an FTE that lacks costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csc_array, csr_array, hstack

from solver.domain.futures import Decisions
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions
from solver.engine.benders import ENFORCED, ENOUGH, LEAST
from solver.engine.consequences import FirstStage, Forms
from solver.engine.ensemble import Ensemble
from solver.engine.goals import Goal, aimed_at, with_margins
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.master_search import Cuts, MasterSearch, dot
from solver.engine.neighbourhoods import Layout
from solver.engine.scene_service import SceneService
from solver.engine.transport import Halted, ServedYear

Floats = NDArray[np.float64]

TIGHT = 1e-5  # of a unit: so close to a point a cut says something about it


@dataclass(frozen=True)
class Considered:
    """A whole plan: its point, what it costs in each future [NOK], and by scene the service."""

    x: Floats
    costs: Floats
    served: tuple[ServedYear, ...] = ()


class _GoalAim:
    """A goal as the aim of the search."""

    def __init__(self, goal: Goal, unit_nok: float, costs: Forms, decided: Forms) -> None:
        self.goal = goal
        self._unit, self._costs, self._decided = unit_nok, costs, decided

    def applied(self, program: Program) -> Program:
        """The master that minimises the goal."""
        return aimed_at(program, self.goal, self._unit, self._costs, self._decided)

    def value(self, candidate: Considered) -> float | None:
        """What the plan is worth by the goal."""
        return self.goal.value(candidate.costs)

    def needed(self, bound: float, served_nok: float) -> float:
        """The objective."""
        return abs(bound)

    def heard(self, candidate: Considered) -> None:
        """Nobody keeps it."""


class FuturesBenders(MasterSearch[tuple[ServedYear, ...], Considered]):
    """The master of a first stage with the service of every scene beside it."""

    def __init__(
        self,
        instance: SitingInstance,
        model: object,
        program: Program,
        stage: FirstStage,
        ensemble: Ensemble,
        options: SolveOptions,
    ) -> None:
        super().__init__(options)
        self._stage, self._ensemble = stage, ensemble
        self._first_layout = Layout.of(
            instance, model, {id(v): index for index, v in enumerate(program.columns)}
        )
        self._unit = max(each.dearest for each in ensemble.transports)
        self._service = SceneService(ensemble)
        blocks = [ensemble.transports[scene.transport].blocks for scene in ensemble.scenes]
        ends = np.cumsum([0, *blocks]) + stage.columns
        self._columns = [np.arange(a, b) for a, b in pairwise(ends)]
        self._costs = self._cost_forms(blocks)
        most = np.concatenate([self._most(index) for index in range(len(blocks))])
        wide = program.with_columns(np.zeros(len(most)), most)
        self.master = with_margins(wide, self._unit, self._costs)
        self._rules = self.master.matrix.shape[0]
        self._goal: Goal

    def seek(
        self, goal: Goal, starts: Sequence[Decisions], journal: Journal, mip_gap: float
    ) -> Stop:
        """Search for the best plan by a goal, from plans that are known. `best` is what it has."""
        self._goal, self._journal = goal, journal
        self._options = replace(self._options, mip_gap=mip_gap)
        self._aim = _GoalAim(goal, self._unit, self._costs, self._ensemble.decided)
        self.best, self.bound = None, None
        try:
            for decisions in starts:
                x = self._point(decisions)
                if x is not None:
                    self._consider(x)
            if self.best is not None:
                self._add(self._cuts(self.best.x, self.best.served))
        except Halted:
            return self._halted()
        return self.run(journal, self._aim, self.best)

    def _tighten_relaxation(self) -> Stop | None:
        """As for one scenario; then cuts that say nothing where the relaxation ended are left out.

        With every scene's cuts of every round the master would be three times as slow to solve.
        """
        stop = super()._tighten_relaxation()
        if self._relaxed is not None:
            at = csr_array(self.master.matrix) @ self._relaxed
            tight = at - self.master.row_lower < TIGHT
            tight[: self._rules] = True
            self.master = self.master.with_matrix(
                csc_array(csr_array(self.master.matrix)[tight]),
                self.master.row_lower[tight],
                self.master.row_upper[tight],
            )
        return stop

    def _point(self, decisions: Decisions) -> Floats | None:
        """A point of the master with such decisions; None where they break a rule."""
        lower, upper = self.master.lower.copy(), self.master.upper.copy()
        for column, value in self._stage.values(decisions).items():
            lower[column] = upper[column] = value
        run = run_highs(
            self.master.with_bounds(lower, upper), HighsOptions(self._journal.seconds_left)
        )
        return run.x

    def _cost_forms(self, blocks: Sequence[int]) -> Forms:
        """What each future costs over the columns of the first stage and the service's."""
        decided, uses = self._ensemble.decided, self._ensemble.uses
        of_scene = csr_array(block_diag([np.ones((1, count)) for count in blocks]))
        rows = hstack([decided.rows, self._unit * (uses @ of_scene)])
        return Forms(csr_array(rows), decided.constants)

    def _most(self, index: int) -> Floats:
        """The most the service of a scene can cost, per block, in units."""
        scene = self._ensemble.scenes[index]
        transport = self._ensemble.transports[scene.transport]
        need = np.bincount(transport.block_of_row, weights=scene.need, minlength=transport.blocks)
        lacking = abs(scene.fte.rows).sum(axis=1) + np.maximum(-scene.fte.constants, 0.0)
        staff = np.sum(transport.fte_price * lacking)
        most: Floats = (transport.unmet_price * need + staff) / self._unit
        return most

    def _layout(self) -> Layout:
        return self._first_layout.followed_by(len(self.master.cost) - self._stage.columns)

    def _serve(self, x: Floats) -> tuple[ServedYear, ...]:
        return self._service.serve(x, self._halts)

    def _candidate(self, x: Floats, served: tuple[ServedYear, ...]) -> Considered:
        service = np.array([year.cost for year in served])
        return Considered(x, self._ensemble.decided.at(x) + self._ensemble.uses @ service, served)

    def _tolerance(self, served: tuple[ServedYear, ...]) -> float:
        enough = max(ENOUGH * self._options.mip_gap, LEAST)
        return enough * self._aim.needed(self.bound or 0.0, 0.0)

    def _cuts(self, x: Floats, served: tuple[ServedYear, ...]) -> Cuts:
        """The cuts of every scene and block that x violates by what may matter."""
        enough = self._tolerance(served) / max(len(served), 1)
        weights = self._scene_weights()
        short = np.zeros(len(served))
        rows, bounds = [], []
        for index, year in enumerate(served):
            missing, cuts = self._scene_cuts(x, index, year)
            if missing * self._unit * weights[index] > enough:
                rows += [row for row, _ in cuts]
                bounds += [bound for _, bound in cuts]
                short[index] = missing * self._unit
        return Cuts(rows, bounds, self._goal.total(self._ensemble.uses @ short))

    def _scene_weights(self) -> Floats:
        """What a krone in a scene counts for at most."""
        uses = self._ensemble.uses
        if self._goal.best is None:
            weights: Floats = self._goal.weights @ uses
            return weights
        most: Floats = uses.max(axis=0).toarray().ravel()
        return most

    def _scene_cuts(
        self, x: Floats, index: int, year: ServedYear
    ) -> tuple[float, list[tuple[csr_array, float]]]:
        """Of a scene: by how much x pays too little, in units, and the cuts that say so."""
        scene, columns = self._ensemble.scenes[index], self._columns[index]
        transport = self._ensemble.transports[scene.transport]
        staff = np.minimum(year.staff_prices, transport.fte_price)
        paid = transport.prices_of_need(year.prices, staff) * scene.need
        limited = np.isfinite(scene.fte.constants)
        hired = np.where(limited, staff, 0.0)
        left = np.where(limited, scene.fte.constants, 0.0)
        cuts, short = [], 0.0
        for block, column in enumerate(columns):
            own = np.where(transport.block_of_pair == block, year.prices, 0.0)
            row = np.zeros(len(x))
            row[: self._stage.columns] = (
                scene.places.rows.T @ own + scene.fte.rows.T @ hired
            ) / self._unit
            row[column] = 1.0
            bound = np.sum(paid[transport.block_of_row == block])
            bound -= dot(own, scene.places.constants) + dot(hired, left)
            missing = bound / self._unit - dot(row, x)
            if missing > ENFORCED:
                cuts.append((csr_array(row.reshape(1, -1)), bound / self._unit))
                short += missing
        return short, cuts

    def _with_true_service(self, candidate: Considered) -> Floats:
        x = candidate.x.copy()
        for columns, year in zip(self._columns, candidate.served, strict=True):
            x[columns] = year.costs / self._unit
        if self._goal.best is not None:
            decided = self._ensemble.decided.at(x)[0]
            x[-2:] = decided, self._goal.value(candidate.costs) - self._goal.foresight_nok
            x[-2:] /= self._unit
        return x
