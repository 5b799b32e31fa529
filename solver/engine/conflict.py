"""Which families of constraints cannot hold together, by deletion."""

from time import monotonic

import pyomo.environ as pyo

from solver.domain.errors import EngineError
from solver.domain.result import Conflict, Rule
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.formulation import FAMILIES, Family


def find_conflict(model: pyo.ConcreteModel, seconds: float) -> Conflict:
    """A conflict set of an infeasible model, at family level. Uses the model up.

    Deletion filter (Chinneck, Feasibility and Infeasibility in Optimization, 2008, ch. 6) over
    families: each family that can be left out with the rest still infeasible is left out. What
    remains is irreducible when every answer on the way was proven; within `seconds` in all, an
    answer that did not come counts as "needed" and takes that claim away. What remains is solved
    once more without presolve: HiGHS has called feasible models infeasible. Raises EngineError
    `infeasible_not_confirmed` when that second look finds a plan.
    """
    deadline = monotonic() + seconds
    model.objective.set_value(0)
    needed: list[Rule] = []
    proven = True
    for family in _wishes_with_rows(model):
        _switch(model, family, on=False)
        infeasible = _is_infeasible(model, deadline - monotonic())
        if not infeasible:
            needed.append(Rule(family.code, family.title))
            _switch(model, family, on=True)
        proven = proven and infeasible is not None
    confirmed = _is_infeasible(model, deadline - monotonic(), presolve=False)
    if confirmed is False:
        raise EngineError(
            "infeasible_not_confirmed",
            "løseren kalte scenariet umulig, men fant en løsning da den regnet uten forenkling",
        )
    return Conflict(rules=tuple(needed), irreducible=proven and confirmed is not None)


def _wishes_with_rows(model: pyo.ConcreteModel) -> list[Family]:
    return [
        family
        for family in FAMILIES
        if not family.physical and any(len(rows) for rows in family.components(model))
    ]


def _switch(model: pyo.ConcreteModel, family: Family, *, on: bool) -> None:
    for rows in family.components(model):
        if on:
            rows.activate()
        else:
            rows.deactivate()


def _is_infeasible(
    model: pyo.ConcreteModel, seconds: float, *, presolve: bool = True
) -> bool | None:
    """Whether no plan satisfies the active rows; None when time ran out first."""
    if seconds <= 0:
        return None
    try:
        program = hand_over(model)
    except TriviallyInfeasible:
        return True
    run = run_highs(program, HighsOptions(seconds, mip_gap=1.0, presolve=presolve))
    if run.stop is Stop.INFEASIBLE:
        return True
    return None if run.x is None else False
