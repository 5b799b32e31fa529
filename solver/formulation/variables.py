"""Variables, all with finite bounds; integers with integral bounds."""

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters
from solver.formulation.sets import longest_minutes


def add_variables(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Add every decision variable."""
    add_planning_variables(model, par)
    add_service_variables(model, par)


def add_planning_variables(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Add what is decided about projects.

    Symbols: $y_{kt}$ = open[k,t] ∈ {0,1}, opened in or before t; $s_{kpt}$ = steps[k,p,t], whole
    steps of places; $w_g$ = core_has_places[g] ∈ {0,1}, only where a number of cores is asked for;
    $W_t$ = worst_off_minutes[t] [min], only where the worst-off district is weighed and somebody
    is in need; nothing = 0, for rows that nothing can satisfy.
    """
    instance, sets = par.instance, par.sets
    model.nothing = pyo.Var(bounds=(0, 0))
    model.open = pyo.Var(sets.PROJECTS, sets.YEARS, domain=pyo.Binary)
    model.steps = pyo.Var(
        sets.PROJECT_TYPES,
        sets.YEARS,
        domain=pyo.Integers,
        bounds=lambda _, k, p, t: (0, instance.projects[k].max_places // instance.projects[k].step),
    )
    asked = instance.policies.min_cores_with_places is not None
    model.core_has_places = pyo.Var(instance.cores if asked else (), domain=pyo.Binary)
    weighed = sorted(par.weighed_need)
    longest = float(longest_minutes(instance).max(initial=0.0)) if weighed else 0.0
    model.worst_off_minutes = pyo.Var(weighed, bounds=(0.0, longest))


def add_service_variables(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Add who is served where.

    Symbols: $x_{injpt}$ = allocate[i,n,j,p,t] and $u_{int}$ = unmet[i,n,t] [places], the latter
    only where unmet need has a price.
    """
    sets = par.sets
    model.allocate = pyo.Var(
        sets.ALLOCATIONS, bounds=lambda _, i, n, j, p, t: (0.0, par.need[i, n, t])
    )
    priced = par.instance.objective.unmet_place_year_nok is not None
    model.unmet = pyo.Var(
        sets.DEMANDS if priced else (), bounds=lambda _, i, n, t: (0.0, par.need[i, n, t])
    )
