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
from solver.domain.result import SolveOptions
from solver.engine import decomposition
from solver.engine.consequences import FirstStage, Forms
from solver.engine.ensemble import Ensemble, make_ensemble, ties_districts
from solver.engine.extract import round_integers
from solver.engine.futures_benders import FuturesBenders
from solver.engine.goals import Goal, aimed_at, with_margins
from solver.engine.guard import BASE_MB, KB_PER_NONZERO, NONZEROS_PER_ALLOCATION
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
    for the memory limit, TriviallyInfeasible when a row without variables does not hold.
    `decomposed` forces a way of solving; None: chosen by size and structure.
    """

    def __init__(
        self,
        instance: SitingInstance,
        futures: Sequence[Future],
        options: SolveOptions,
        *,
        decomposed: bool | None = None,
    ) -> None:
        self._options = options
        model, program = _first_stage(instance)
        self._stage = FirstStage(instance, model, program)
        self._ensemble = make_ensemble(self._stage, futures)
        room = self._ensemble.room
        program = program.with_rows(room.rows, -room.constants)
        tied = program.block is not None or any(ties_districts(f.instance) for f in futures)
        services = sum(
            ServiceBlock(scene, self._ensemble.transports[scene.transport]).columns
            for scene in self._ensemble.scenes
        )
        self.decomposed = not tied and services > FEW_COLUMNS if decomposed is None else decomposed
        if self.decomposed:
            self._benders = FuturesBenders(
                instance, model, program, self._stage, self._ensemble, options
            )
        else:
            _guard(services, options.memory_limit_mb)
            self._extensive = _Extensive(program, self._ensemble)

    def seek(
        self, goal: Goal, starts: Sequence[Decisions], journal: Journal, mip_gap: float
    ) -> Sought:
        """The best decisions by a goal, to a gap.

        `starts` are decisions that hold the rules of the scenario.
        """
        if self.decomposed:
            stop = self._benders.seek(goal, starts, journal, mip_gap)
            best, bound = self._benders.best, self._benders.bound
            if best is None:
                return Sought(stop, None, None, None, bound)
            decisions, costs = self._stage.decisions(best.x), best.costs
            return Sought(stop, decisions, costs, goal.value(costs), bound)
        return self._seek_whole(goal, starts, journal, mip_gap)

    def _seek_whole(
        self, goal: Goal, starts: Sequence[Decisions], journal: Journal, mip_gap: float
    ) -> Sought:
        program = self._extensive.aimed_at(goal)
        limits = HighsOptions(journal.seconds_left, mip_gap, self._options.threads)
        run = run_highs(program, limits, journal.note, journal.should_stop)
        points = [] if run.x is None else [round_integers(program, run.x)]
        points += [self._point(program, each) for each in starts]
        best: tuple[float, Floats, Floats] | None = None
        for x in points:
            try:
                costs = self._extensive.costs(x, journal.should_stop)
            except Halted:
                return Sought(Stop.INTERRUPTED, None, None, None, run.bound)
            if best is None or goal.value(costs) < best[0]:
                best = goal.value(costs), x, costs
        if best is None:
            return Sought(run.stop, None, None, None, run.bound)
        return Sought(run.stop, self._stage.decisions(best[1]), best[2], best[0], run.bound)

    def _point(self, program: Program, decisions: Decisions) -> Floats:
        """A point of the first stage with such decisions."""
        x = np.zeros(len(program.cost))
        for column, value in self._stage.values(decisions).items():
            x[column] = value
        return x


class _Extensive:
    """Everything in one program."""

    def __init__(self, program: Program, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._service = SceneService(ensemble)
        transports = ensemble.transports
        blocks = [ServiceBlock(scene, transports[scene.transport]) for scene in ensemble.scenes]
        whole = appended(program, blocks)
        self._costs = self._cost_forms(blocks)
        self._unit = max(each.dearest for each in transports)
        self._program = with_margins(whole, self._unit, self._costs)

    def aimed_at(self, goal: Goal) -> Program:
        """The program that minimises a goal."""
        decided = self._ensemble.decided
        return aimed_at(self._program, goal, self._unit, self._costs, decided)

    def costs(self, x: Floats, should_stop: Callable[[], bool]) -> Floats:
        """What the decisions in x cost in each future."""
        service = self._service.costs_nok(x, should_stop)
        costs: Floats = self._ensemble.decided.at(x) + self._ensemble.uses @ service
        return costs

    def _cost_forms(self, blocks: Sequence[ServiceBlock]) -> Forms:
        uses, decided = self._ensemble.uses, self._ensemble.decided
        of_scene = block_diag([each.cost.reshape(1, -1) for each in blocks])
        rows = csr_array(hstack([decided.rows, uses @ csr_array(of_scene)]))
        return Forms(rows, decided.constants)


def _first_stage(instance: SitingInstance) -> tuple[Any, Program]:
    """The rules of the scenario itself, with nothing to minimise.

    Where unmet need is not allowed and not everybody can reach every place, who is served where is
    part of them.
    """
    if instance.objective.unmet_place_year_nok is None and not decomposition.applies(instance):
        model = build_planning(instance)
        program = hand_over(model, AllocationBlock(instance))
    else:
        model = build_first_stage(instance)
        program = hand_over(model)
    return model, program.with_objective(np.zeros(len(program.cost)), 0.0)


def _guard(services: int, limit_mb: float) -> None:
    """Raise FormulationError when the extensive form would not fit in memory."""
    estimate = BASE_MB + services * NONZEROS_PER_ALLOCATION * KB_PER_NONZERO / 1000
    if estimate > limit_mb:
        raise FormulationError(
            "model_too_large",
            f"Programmet over alle framtidene ville trenge om lag {estimate:.0f} MB, og grensen er "
            f"{limit_mb:.0f} MB.",
        )
