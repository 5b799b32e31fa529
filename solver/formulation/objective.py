"""The objective: discounted cost, travel and inequality of travel."""

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters


def add_objective(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Minimise discounted cost plus travel, and inequality of travel where it is weighed.

    Formula: $\sum_t \delta_t [ w_{cost} (capital_t + operating_t + unmet_t)
        + w_{travel} travel_t + w_{KP} kp_t + w_{worst} worst_t ]$, with
        $kp_t = v \sum (e^{\kappa \tau_{ij}} - 1) / \kappa \; x_{injpt}$ and
        $worst_t = v D_t W_t$

    Symbols: δ_t = par.discount [1], w = instance.objective weights [1], the parts [NOK/year];
        v = Travel.nok_per_minute; κ = inequality_aversion_per_minute [1/min]; τ = par.minutes
        [min]; x = allocate [places]; D = par.weighed_need, all need of the year [places];
        W = worst_off_minutes [min].
    Units: NOK, present value of the first year.
    Source: design §4; yearly costs are taken at the start of the year. kp: Horton, Logan, Murrell,
        Skipper and Speakman 2024, arXiv:2401.15452. worst: decision 0010, as if everybody
        travelled as far as those of the worst-off district.
    """
    goal = par.instance.objective

    def present_value(m: pyo.ConcreteModel) -> object:
        return sum(
            par.discount[t]
            * (
                goal.cost_weight * (m.capital[t] + m.operating[t] + m.unmet_cost[t])
                + goal.travel_weight * m.travel_cost[t]
                + goal.kolm_pollak_weight * m.kolm_pollak_cost[t]
                + goal.worst_off_weight * m.worst_off_cost[t]
            )
            for t in par.sets.YEARS
        )

    model.objective = pyo.Objective(rule=present_value, sense=pyo.minimize)


def add_planning_objective(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Minimise capital, operation and the worst-off district's minutes.

    Unmet need and journeys cost what `allocation` says.
    """
    goal = par.instance.objective

    def present_value(m: pyo.ConcreteModel) -> object:
        return sum(
            par.discount[t]
            * (
                goal.cost_weight * (m.capital[t] + m.operating[t])
                + goal.worst_off_weight * m.worst_off_cost[t]
            )
            for t in par.sets.YEARS
        )

    model.objective = pyo.Objective(rule=present_value, sense=pyo.minimize)
