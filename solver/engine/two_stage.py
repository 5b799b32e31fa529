"""The exact two-stage program over futures: decisions common, who is served where in each.

Decisions hold every rule of the scenario itself. In a future they lead to places, late ones where
a project is late; of these as many are used as can be staffed, everybody is served at least cost,
and who gets no place costs what a missing place does. So what decisions cost in a future is a
convex function of them, and the best decisions have a bound (Dantzig 1955; Birge and Louveaux 2011,
Introduction to Stochastic Programming, ch. 2).

A small ensemble is one program, the *extensive form*; so is one where nearness or the worst-off
district ties districts together, if it fits in memory. Others go by `engine.futures_benders`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, hstack

from solver.domain.errors import FormulationError
from solver.domain.futures import Decisions, Future
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Strategy
from solver.engine import decomposition
from solver.engine.consequences import FirstStage, Forms
from solver.engine.ensemble import Ensemble, make_ensemble, ties_districts
from solver.engine.extract import round_integers
from solver.engine.futures_benders import Considered, FuturesBenders
from solver.engine.goals import Goal, aimed_at, with_margins
from solver.engine.guard import (
    BASE_MB,
    KB_PER_NONZERO,
    NONZEROS_PER_ALLOCATION,
    count_allocations,
    estimate_mb,
    guard_memory,
)
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.scene_service import SceneService
from solver.engine.service_block import ServiceBlock, appended
from solver.engine.transport import Halted
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock
from solver.formulation.master import build_first_stage

Floats = NDArray[np.float64]

FEW_COLUMNS = 20_000  # of services: so many are one program
# Measured at peak on a county with 129 projects, 1950 scenes: what its cuts take.
KB_PER_SCENE = 260


@dataclass(frozen=True)
class Sought:
    """Why a search stopped, the best decisions with their cost in each future [NOK], and a bound.

    `value_nok` is their worth by the goal; `bound_nok` is that of no decisions less.
    """

    stop: Stop
    decisions: Decisions | None
    costs_nok: Floats | None
    value_nok: float | None
    bound_nok: float | None


class TwoStage:
    """The program of a scenario and its futures, to be solved for one goal after another.

    Every future's instance has a price on unmet need. Raises FormulationError when it is too large
    for the memory limit, TriviallyInfeasible when a row without variables does not hold, Halted
    when asked to stop while it is built. `decomposed` forces a way of solving; None: chosen by size
    and structure.
    """

    def __init__(
        self,
        instance: SitingInstance,
        futures: Sequence[Future],
        options: SolveOptions,
        should_stop: Callable[[], bool] = lambda: False,
        *,
        decomposed: bool | None = None,
    ) -> None:
        model, program = _first_stage(instance, options.memory_limit_mb)
        self._stage = FirstStage(instance, model, program)
        ensemble = make_ensemble(self._stage, futures, should_stop)
        program = program.with_rows(ensemble.room.rows, -ensemble.room.constants)
        tied = program.block is not None or any(ties_districts(f.instance) for f in futures)
        services = sum(
            ServiceBlock(scene, ensemble.transports[scene.transport]).columns
            for scene in ensemble.scenes
        )
        self.decomposed = not tied and services > FEW_COLUMNS if decomposed is None else decomposed
        self._method: FuturesBenders | _Extensive
        if self.decomposed:
            master_mb = estimate_mb(instance, count_allocations(instance), Strategy.DECOMPOSITION)
            scenes_mb = len(ensemble.scenes) * KB_PER_SCENE / 1000
            _guard(master_mb + scenes_mb, options.memory_limit_mb)
            self._method = FuturesBenders(instance, model, program, self._stage, ensemble, options)
        else:
            nonzeros = services * NONZEROS_PER_ALLOCATION
            _guard(BASE_MB + nonzeros * KB_PER_NONZERO / 1000, options.memory_limit_mb)
            self._method = _Extensive(program, self._stage, ensemble, options)

    def seek(
        self, goal: Goal, starts: Sequence[Decisions], journal: Journal, mip_gap: float
    ) -> Sought:
        """The best decisions by a goal, to a gap.

        `starts` are decisions that hold the rules of the scenario.
        """
        stop = self._method.seek(goal, starts, journal, mip_gap)
        best, bound = self._method.best, self._method.bound
        if best is None:
            return Sought(stop, None, None, None, bound)
        value = goal.value(best.costs)
        return Sought(stop, self._stage.decisions(best.x), best.costs, value, bound)


class _Extensive:
    """Everything in one program."""

    def __init__(
        self, program: Program, stage: FirstStage, ensemble: Ensemble, options: SolveOptions
    ) -> None:
        self._stage, self._ensemble, self._options = stage, ensemble, options
        self._service = SceneService(ensemble)
        transports = ensemble.transports
        blocks = [ServiceBlock(scene, transports[scene.transport]) for scene in ensemble.scenes]
        self._costs = self._cost_forms(blocks)
        self._unit = max(each.dearest for each in transports)
        self._program = with_margins(appended(program, blocks), self._unit, self._costs)
        self.best: Considered | None = None
        self.bound: float | None = None

    def seek(
        self, goal: Goal, starts: Sequence[Decisions], journal: Journal, mip_gap: float
    ) -> Stop:
        """Solve for a goal; `best` is the best of what is found and what was known."""
        program = aimed_at(self._program, goal, self._unit, self._costs, self._ensemble.decided)
        limits = HighsOptions(journal.seconds_left, mip_gap, self._options.threads)
        run = run_highs(program, limits, journal.note, journal.should_stop)
        self.best, self.bound = None, run.bound
        points = [] if run.x is None else [round_integers(program, run.x)]
        try:
            for x in [*points, *map(self._point, starts)]:
                considered = self._considered(x, journal.should_stop)
                if self.best is None or goal.value(considered.costs) < goal.value(self.best.costs):
                    self.best = considered
        except Halted:
            return Stop.INTERRUPTED
        return run.stop

    def _point(self, decisions: Decisions) -> Floats:
        """A point of the first stage with such decisions."""
        x = np.zeros(len(self._program.cost))
        for column, value in self._stage.values(decisions).items():
            x[column] = value
        return x

    def _considered(self, x: Floats, should_stop: Callable[[], bool]) -> Considered:
        """What the decisions in x cost in each future, recomputed scene by scene."""
        service = self._service.costs_nok(x, should_stop)
        return Considered(x, self._ensemble.decided.at(x) + self._ensemble.uses @ service)

    def _cost_forms(self, blocks: Sequence[ServiceBlock]) -> Forms:
        uses, decided = self._ensemble.uses, self._ensemble.decided
        of_scene = block_diag([each.cost.reshape(1, -1) for each in blocks])
        rows = csr_array(hstack([decided.rows, uses @ csr_array(of_scene)]))
        return Forms(rows, decided.constants)


def _first_stage(instance: SitingInstance, memory_limit_mb: float) -> tuple[Any, Program]:
    """The rules of the scenario itself, with nothing to minimise.

    Where unmet need is not allowed and not everybody can reach every place, who is served where is
    part of them.
    """
    if instance.objective.unmet_place_year_nok is None and not decomposition.applies(instance):
        guard_memory(instance, count_allocations(instance), memory_limit_mb)
        model = build_planning(instance)
        program = hand_over(model, AllocationBlock(instance))
    else:
        model = build_first_stage(instance)
        program = hand_over(model)
    return model, program.with_objective(np.zeros(len(program.cost)), 0.0)


def _guard(estimate_mb: float, limit_mb: float) -> None:
    """Raise FormulationError when the program would not fit in memory."""
    if estimate_mb > limit_mb:
        raise FormulationError(
            "model_too_large",
            f"Programmet over alle framtidene ville trenge om lag {estimate_mb:.0f} MB, og grensen "
            f"er {limit_mb:.0f} MB.",
        )
