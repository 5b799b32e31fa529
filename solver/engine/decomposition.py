"""When the decomposition applies and when it pays, and a solve by it (`benders`)."""

import numpy as np

from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions
from solver.engine.benders import Benders
from solver.engine.found import Found
from solver.engine.handover import TriviallyInfeasible
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.formulation.sets import reachable

LEAST_ALLOCATIONS = 2_000  # below, one program is as fast
# Of what running a place costs. Measured on Lillehammer with dearer travel and on made regions:
# from 0.005 to 0.2 it gains much, at 0.8 one program is ahead.
SMALL_TRAVEL = 0.5


def fits(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition applies, and pays for so many allocation variables."""
    return applies(instance) and pays(instance, allocations)


def applies(instance: SitingInstance) -> bool:
    """Whether the subproblems stand alone and can serve what the master thinks can be served.

    A nearness target ties their districts together, and so does a price on the worst-off one.
    Without a price on unmet need every site must be within reach of everybody.
    """
    in_reach = bool(np.isfinite(instance.travel.minutes).all())
    free = in_reach and instance.travel.limit_minutes is None
    can_serve = free or instance.objective.unmet_place_year_nok is not None
    tied = instance.targets.within is not None or instance.weighs_worst_off
    return can_serve and not tied


def pays(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition is the faster: several years, much geography, cheap travel.

    Where travel costs as much as places do, the master without geography says too little, and one
    program does better.
    """
    minutes = instance.travel.minutes[reachable(instance)]
    travel = float(instance.journey_nok(minutes).mean()) if minutes.size else 0.0
    serving = [c.operating_cost_nok for c in instance.care_types.values() if c.serves]
    place = instance.objective.cost_weight * min(serving, default=0.0)
    many = len(instance.years) > 1 and allocations >= LEAST_ALLOCATIONS
    return many and travel <= SMALL_TRAVEL * place


def solve_decomposed(instance: SitingInstance, options: SolveOptions, journal: Journal) -> Found:
    """Solve by Benders decomposition to the gap asked for."""
    try:
        benders = Benders(instance, options, journal)
    except TriviallyInfeasible:
        journal.built()
        return Found(Stop.INFEASIBLE, None, None, None, 0, None)
    journal.built()
    stop = benders.run()
    journal.searched()
    best = benders.best
    return Found(
        stop=stop,
        plan=benders.plan(best) if best is not None else None,
        objective_nok=benders.best_nok,
        bound_nok=benders.bound,
        nodes=benders.nodes,
        program=benders.master,
    )
