"""Which families of constraints cannot hold together, by deletion."""

from collections.abc import Callable, Collection
from dataclasses import replace
from time import monotonic

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from solver.domain.errors import EngineError
from solver.domain.instance import SitingInstance
from solver.domain.result import Conflict, Rule
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.formulation import FAMILIES, Family, build_planning
from solver.formulation.allocation import AllocationBlock

CONFLICT_SECONDS = 60.0


def find_conflict(
    instance: SitingInstance,
    seconds: float,
    should_stop: Callable[[], bool] = lambda: False,
) -> Conflict:
    """A conflict set of an infeasible instance, at family level.

    Deletion filter (Chinneck, Feasibility and Infeasibility in Optimization, 2008, ch. 6) over
    families: each family that can be left out with the rest still infeasible is left out. What
    remains is irreducible when every answer on the way was proven; an answer that did not come
    within `seconds` in all, or before `should_stop`, counts as "needed" and takes that claim away.
    What remains is solved once more without presolve: HiGHS has called feasible models infeasible.
    Raises EngineError `infeasible_not_confirmed` when that second look finds a plan.
    """
    deadline = monotonic() + seconds
    program = _without_cost(instance)
    left_out: set[str] = set()
    needed: list[Rule] = []
    proven = True

    def infeasible_without(codes: Collection[str], *, presolve: bool = True) -> bool | None:
        seconds_left = deadline - monotonic()
        return _is_infeasible(program, codes, seconds_left, should_stop, presolve=presolve)

    for family in _wishes_with_rows(program):
        infeasible = infeasible_without({*left_out, family.code})
        if infeasible:
            left_out.add(family.code)
        else:
            needed.append(Rule(family.code, family.title))
        proven = proven and infeasible is not None
    confirmed = infeasible_without(left_out, presolve=False)
    if confirmed is False:
        raise EngineError(
            "infeasible_not_confirmed",
            "løseren kalte scenariet umulig, men fant en løsning da den regnet uten forenkling",
        )
    return Conflict(rules=tuple(needed), irreducible=proven and confirmed is not None)


def _without_cost(instance: SitingInstance) -> Program:
    """The instance's program, where every plan is as good as another."""
    model = build_planning(instance)
    _spell_out_constants(model)
    program = hand_over(model, AllocationBlock(instance))
    return replace(program, cost=np.zeros_like(program.cost))


def _spell_out_constants(model: pyo.ConcreteModel) -> None:
    """Make every row without variables that does not hold a row that nothing satisfies."""
    for row in model.component_data_objects(pyo.Constraint, active=True):
        lower, body, upper = row.to_bounded_expression()
        linear = generate_standard_repn(body)
        low = lower is None or lower <= linear.constant
        high = upper is None or upper >= linear.constant
        if linear.is_constant() and not (low and high):
            row.set_value(model.nothing >= 1)


def _wishes_with_rows(program: Program) -> list[Family]:
    asked = set(program.family.tolist())
    return [f for index, f in enumerate(FAMILIES) if not f.physical and index in asked]


def _is_infeasible(
    program: Program,
    left_out: Collection[str],
    seconds: float,
    should_stop: Callable[[], bool],
    *,
    presolve: bool = True,
) -> bool | None:
    """Whether no plan satisfies the families left; None when it was stopped first."""
    if seconds <= 0 or should_stop():
        return None
    run = run_highs(
        program.without_families(left_out),
        HighsOptions(seconds, mip_gap=1.0, presolve=presolve),
        should_stop=should_stop,
    )
    if run.stop is Stop.INFEASIBLE:
        return True
    return None if run.x is None else False
