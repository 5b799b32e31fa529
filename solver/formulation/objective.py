"""The objective: discounted cost and travel."""

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters


def add_objective(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Minimise discounted cost plus travel.

    Formula: $\sum_t \delta_t [ w_{cost} (capital_t + operating_t + unmet_t)
        + w_{travel} travel_t ]$

    Symbols: δ_t = par.discount [1], w = instance.objective weights [1], the four parts [NOK/year].
    Units: NOK, present value of the first year.
    Source: design §4; yearly costs are taken at the start of the year.
    """
    goal = par.instance.objective

    def present_value(m: pyo.ConcreteModel) -> object:
        return sum(
            par.discount[t]
            * (
                goal.cost_weight * (m.capital[t] + m.operating[t] + m.unmet_cost[t])
                + goal.travel_weight * m.travel_cost[t]
            )
            for t in par.sets.YEARS
        )

    model.objective = pyo.Objective(rule=present_value, sense=pyo.minimize)


def add_planning_objective(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Minimise capital and operation alone; unmet need and travel cost what `allocation` says."""
    weight = par.instance.objective.cost_weight

    def present_value(m: pyo.ConcreteModel) -> object:
        return sum(
            par.discount[t] * (weight * (m.capital[t] + m.operating[t])) for t in par.sets.YEARS
        )

    model.objective = pyo.Objective(rule=present_value, sense=pyo.minimize)
