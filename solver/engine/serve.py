"""Who is served where when the projects are given: a plan made whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.engine.extract import extract_plan
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock


def serve(
    instance: SitingInstance,
    opens: Mapping[str, int],
    places: Mapping[tuple[str, str, int], int],
    seconds: float,
) -> Plan | None:
    """A plan with these openings {project: year} and places {(project, care type, year): places}.

    Nobody is served where unmet need is allowed: any other service can be chosen later. None when
    there is no plan with them, or none was found within `seconds`.
    """
    if instance.objective.unmet_place_year_nok is not None:
        return Plan(opens, places, {}, _need(instance))
    model = build_planning(instance)
    for (k, t), variable in model.open.items():
        _fix(variable, float(k in opens and opens[k] <= t))
    for (k, p, t), variable in model.steps.items():
        _fix(variable, places.get((k, p, t), 0) / instance.projects[k].step)
    try:
        program = hand_over(model, AllocationBlock(instance))
    except TriviallyInfeasible:
        return None
    run = run_highs(program, HighsOptions(seconds, mip_gap=1.0))
    return None if run.x is None else extract_plan(instance, model, program, run.x)


def _fix(variable: Any, value: float) -> None:
    """Bounds, so that the variable keeps its column."""
    variable.setlb(value)
    variable.setub(value)


def _need(instance: SitingInstance) -> dict[tuple[str, str, int], float]:
    return {
        (instance.districts[i], instance.needs[n], instance.years[t]): float(instance.need[i, n, t])
        for i, n, t in np.argwhere(instance.need > 0)
    }
