"""A checked scenario to its plan document: where schemas, geodata and solver meet."""

from typing import Any

from app.schemas.scenario import Scenario
from app.services.instances import make_instance
from app.services.plan_document import make_plan
from solver import SolveOptions, Watcher, solve


def solve_scenario(
    scenario: Scenario, options: SolveOptions | None = None, watcher: Watcher | None = None
) -> dict[str, Any]:
    """Solve a scenario and give the plan document.

    Raises GeodataError when travel times cannot be computed, FormulationError when the problem is
    too large, EngineError when the solver breaks down or its answer does not verify.
    """
    instance = make_instance(scenario)
    return make_plan(scenario, instance, solve(instance, options, watcher))
