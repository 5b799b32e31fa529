"""Every kind of run, from a task to its result document; one file per kind beside `solve`.

Heavy to import: the process that solves does so, the server does not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.schemas.parameters import PARAMETERS, RunKind
from app.schemas.scenario import Scenario
from app.services.analyses import alternatives, pareto, price, repair, stress, why_not
from app.services.checking import check_scenario
from app.services.solving import solve_scenario
from app.services.task import Task
from solver.domain.result import SolveOptions, Watcher

Document = dict[str, Any]
Answering = Callable[[Scenario, Any, SolveOptions, Watcher], Document]


def _solve(
    scenario: Scenario, _parameters: object, options: SolveOptions, watcher: Watcher
) -> Document:
    return solve_scenario(scenario, options, watcher)


ANSWERING: Mapping[RunKind, Answering] = {
    "solve": _solve,
    "repair": repair.answer,
    "price": price.answer,
    "why_not": why_not.answer,
    "alternatives": alternatives.answer,
    "pareto": pareto.answer,
    "stress": stress.answer,
}

AnsweringParts = Callable[
    [Scenario, Any, Sequence[Mapping[str, Any]], SolveOptions, Watcher], list[Any]
]

ANSWERING_PARTS: Mapping[RunKind, AnsweringParts] = {
    "pareto": pareto.answer_parts,
    "stress": stress.answer_parts,
}


def answer(task: Task, options: SolveOptions, watcher: Watcher) -> Document:
    """The result document of a task that has been checked; of parts their `answers`, in order."""
    scenario = check_scenario(dict(task.document))
    parameters = PARAMETERS[task.kind].model_validate(task.parameters)
    if task.parts:
        answers = ANSWERING_PARTS[task.kind](scenario, parameters, task.parts, options, watcher)
        return {"answers": answers}
    return ANSWERING[task.kind](scenario, parameters, options, watcher)
