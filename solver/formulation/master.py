"""The master problem of the decomposition: the whole plan, with the geography folded into one.

Who is served where costs little beside places and staff but makes almost all of the model. The
master therefore has one district with everybody's need, and for each year a variable for what
serving costs (travel and unmet need), held up from below by the one-district relaxation and by
cuts from the years' transportation problems (`engine.decomposition`). It is a relaxation: every
plan gives a point of the master with the same capital and operating cost, and serving costs no
less than what the cuts say. So its bound is a bound.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance, Travel
from solver.formulation.build import ALLOCATION, FAMILIES
from solver.formulation.difference import openings_differ
from solver.formulation.dominance import (
    better_project_opens_too,
    equal_projects_open_in_order,
)
from solver.formulation.expressions import add_expressions
from solver.formulation.parameters import Parameters, make_parameters
from solver.formulation.variables import add_variables

_REPLACED = ("investment_within_year_ceiling", "new_sites_serve_when_open")


def build_master(
    instance: SitingInstance, unit_nok: float, most: NDArray[np.float64]
) -> pyo.ConcreteModel:
    """The master of an instance.

    Its `service[b,t]` is what serving block b of the transportation problem costs in a year,
    weighted, in units of `unit_nok`: the most that serving or not serving one place can cost.
    `most` is the largest need of a year, per block.
    """
    par = make_parameters(one_district(instance))
    model = pyo.ConcreteModel()
    add_variables(model, par)
    add_expressions(model, par)
    for family in FAMILIES:
        for constraint in family.constraints:
            if constraint.__name__ not in _REPLACED:
                constraint(model, par)
    add_openings_and_growth(model, par)
    openings_differ(model, par)
    equal_projects_open_in_order(model, par)
    better_project_opens_too(model, par)
    _add_service_cost(model, par, unit_nok, most)
    return model


def build_first_stage(instance: SitingInstance) -> pyo.ConcreteModel:
    """Everything a plan of an instance decides, with every rule but those on who is served where.

    Where unmet need is not allowed everybody is served in one district, which says that there are
    places enough. Without an objective, and without V3: of two projects one can be the better in
    the scenario and the worse in a future.
    """
    par = make_parameters(one_district(instance))
    model = pyo.ConcreteModel()
    add_variables(model, par)
    add_expressions(model, par)
    must_serve = instance.objective.unmet_place_year_nok is None
    for family in FAMILIES:
        for constraint in family.constraints:
            if constraint.__name__ not in _REPLACED and (
                must_serve or constraint not in ALLOCATION
            ):
                constraint(model, par)
    add_openings_and_growth(model, par)
    openings_differ(model, par)
    model.objective = pyo.Objective(expr=0.0)
    return model


def one_district(instance: SitingInstance) -> SitingInstance:
    """Everybody in one place, from which every site is reached for nothing."""
    return replace(
        instance,
        districts=("all",),
        need=instance.need.sum(axis=0, keepdims=True),
        travel=Travel(np.zeros((len(instance.sites), 1)), None, 0.0),
    )


def add_openings_and_growth(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C11 over the opening year itself, V2 — a project opens with at least its smallest size.

    Formula: $s_{kt} = y_{kt} - y_{k,t-1}$, $q_{kpt} = q_{kp,t-1} + g_{kpt}$,
        $step_k \sum_p g_{kpt} \ge m_k s_{kt}$, and C11 with s and g.
    Symbols: s = opening ∈ {0,1}; g = growth [steps] ≥ 0; y = open; q = steps; m = min_places.
    Source: the differences are implied by the cumulative form; as variables of their own they let
        the solver see that two large projects do not fit under one year's ceiling, and branch on
        the year. Valid: q is 0 before the opening, so the first growth is the first size, C3.
    Absent: growth for temporary projects, which carry no investment per place.
    """
    projects, sets = par.instance.projects, par.sets
    lasting = [k for k in sets.PROJECTS if projects[k].available_years is None]
    grown = [(k, p) for k, p in sets.PROJECT_TYPES if projects[k].available_years is None]

    model.opening = pyo.Var(sets.PROJECTS, sets.YEARS, domain=pyo.Binary)
    model.growth = pyo.Var(
        grown,
        sets.YEARS,
        domain=pyo.Integers,
        bounds=lambda m, k, p, t: (0, m.steps[k, p, t].ub),
    )

    def steps_before(m: pyo.ConcreteModel, k: str, p: str, t: int) -> Any:
        earlier = par.previous(t)
        return 0 if earlier is None else m.steps[k, p, earlier]

    def added(m: pyo.ConcreteModel, k: str, t: int) -> Any:
        return projects[k].step * sum(m.growth[k, p, t] for p in projects[k].care_types)

    def investment(m: pyo.ConcreteModel, t: int) -> Any:
        per_place = sum(projects[k].net_investment_per_place_nok * added(m, k, t) for k in lasting)
        return per_place + sum(projects[k].investment_nok * m.opening[k, t] for k in sets.PROJECTS)

    model.opening_year = pyo.Constraint(
        sets.PROJECTS,
        sets.YEARS,
        rule=lambda m, k, t: m.opening[k, t] == m.open[k, t] - m.open_before[k, t],
    )
    model.growth_year = pyo.Constraint(
        grown,
        sets.YEARS,
        rule=lambda m, k, p, t: m.steps[k, p, t] == steps_before(m, k, p, t) + m.growth[k, p, t],
    )
    model.opens_with_minimum = pyo.Constraint(
        [k for k in lasting if projects[k].min_places > 0],
        sets.YEARS,
        rule=lambda m, k, t: added(m, k, t) - projects[k].min_places * m.opening[k, t] >= 0,
    )
    ceiling = dict(par.limited_years(par.instance.limits.investment_nok))
    model.investment_of_openings = pyo.Constraint(
        list(ceiling) if projects else [],
        rule=lambda m, t: investment(m, t) <= float(ceiling[t]),
    )


def _add_service_cost(
    model: pyo.ConcreteModel, par: Parameters, unit_nok: float, most: NDArray[np.float64]
) -> None:
    """service[b,t] in units of `unit_nok`, in all at least what one-district unmet need costs."""
    goal = par.instance.objective
    blocks = range(len(most))
    model.service = pyo.Var(
        blocks, par.sets.YEARS, bounds=lambda _, block, t: (0.0, float(most[block]))
    )
    model.service_in_all = pyo.Expression(
        par.sets.YEARS, rule=lambda m, t: sum(m.service[block, t] for block in blocks)
    )
    model.service_costs_unmet_need = pyo.Constraint(
        par.sets.YEARS if len(most) else (),
        rule=lambda m, t: unit_nok * m.service_in_all[t] - goal.cost_weight * m.unmet_cost[t] >= 0,
    )

    def present_value(m: pyo.ConcreteModel) -> Any:
        return sum(
            par.discount[t]
            * (goal.cost_weight * (m.capital[t] + m.operating[t]) + unit_nok * m.service_in_all[t])
            for t in par.sets.YEARS
        )

    model.objective = pyo.Objective(rule=present_value, sense=pyo.minimize)
