"""Named expressions that constraints, objective and reports share."""

from typing import Any

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters
from solver.formulation.sets import givers


def add_expressions(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Add every expression, in the order in which they build on each other."""
    add_planning_expressions(model, par)
    add_service_costs(model, par)


def add_planning_expressions(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Add the expressions of projects and places, and what they cost."""
    _add_project_state(model, par)
    _add_places(model, par)
    _add_resources(model, par)
    _add_planning_costs(model, par)


def _add_project_state(model: pyo.ConcreteModel, par: Parameters) -> None:
    """open_before[k,t] = open[k,t−1]; closed[k,t]: a temporary project's time is over; in_use"""
    projects, sets = par.instance.projects, par.sets

    def before(m: pyo.ConcreteModel, k: str, t: int) -> Any:
        earlier = par.previous(t)
        return 0 if earlier is None else m.open[k, earlier]

    def closed(m: pyo.ConcreteModel, k: str, t: int) -> Any:
        years = projects[k].available_years
        opened_by = par.previous(t, years) if years is not None else None
        return 0 if opened_by is None else m.open[k, opened_by]

    model.open_before = pyo.Expression(sets.PROJECTS, sets.YEARS, rule=before)
    model.closed = pyo.Expression(sets.PROJECTS, sets.YEARS, rule=closed)
    model.in_use = pyo.Expression(
        sets.PROJECTS, sets.YEARS, rule=lambda m, k, t: m.open[k, t] - m.closed[k, t]
    )


def _add_places(model: pyo.ConcreteModel, par: Parameters) -> None:
    """places[k,p,t] of projects; remaining[j,p,t] of the existing; places_at[j,p,t] in all."""
    instance, sets = par.instance, par.sets
    projects = instance.projects
    removing: dict[tuple[str, str], list[str]] = {pair: [] for pair in sets.SITE_TYPES}
    for k, project in projects.items():
        for p in project.removes:
            removing.setdefault((project.site, p), []).append(k)
    giving = givers(instance)

    model.places = pyo.Expression(
        sets.PROJECT_TYPES,
        sets.YEARS,
        rule=lambda m, k, p, t: projects[k].step * m.steps[k, p, t],
    )
    model.project_places = pyo.Expression(
        sets.PROJECTS,
        sets.YEARS,
        rule=lambda m, k, t: sum(m.places[k, p, t] for p in projects[k].care_types),
    )
    model.remaining = pyo.Expression(
        sets.SITE_TYPES,
        sets.YEARS,
        rule=lambda m, j, p, t: (
            par.existing.get((j, p, t), 0)
            - sum(projects[k].removes[p] * m.open[k, t] for k in removing[j, p])
        ),
    )
    model.places_at = pyo.Expression(
        sets.SITE_TYPES,
        sets.YEARS,
        rule=lambda m, j, p, t: (
            m.remaining[j, p, t] + sum(m.places[k, p, t] for k in giving.get((j, p), ()))
        ),
    )
    model.places_total = pyo.Expression(
        list(instance.care_types),
        sets.YEARS,
        rule=lambda m, p, t: sum(m.places_at[j, q, t] for j, q in sets.SITE_TYPES if q == p),
    )
    counted = [(j, p) for j, p in sets.SITE_TYPES if p in par.counted_types]
    model.counted_in_core = pyo.Expression(
        instance.cores,
        sets.YEARS,
        rule=lambda m, g, t: sum(
            m.places_at[j, p, t] for j, p in counted if instance.sites[j].core == g
        ),
    )


def _add_resources(model: pyo.ConcreteModel, par: Parameters) -> None:
    """fte[e,t] used, and net investment[t] in NOK in the year of opening or growth."""
    instance, sets = par.instance, par.sets
    projects, types = instance.projects, instance.care_types

    def fte(m: pyo.ConcreteModel, e: str, t: int) -> Any:
        per_place = sum(c.fte_per_place.get(e, 0) * m.places_total[p, t] for p, c in types.items())
        fixed = sum(project.fte.get(e, 0) * m.in_use[k, t] for k, project in projects.items())
        return per_place + fixed

    def grown(m: pyo.ConcreteModel, k: str, t: int) -> Any:
        earlier = par.previous(t)
        before = 0 if earlier is None else m.project_places[k, earlier]
        return m.project_places[k, t] - before

    def investment(m: pyo.ConcreteModel, t: int) -> Any:
        return sum(
            project.investment_nok * (m.open[k, t] - m.open_before[k, t])
            + project.net_investment_per_place_nok * grown(m, k, t)
            for k, project in projects.items()
        )

    model.fte = pyo.Expression(instance.staff_groups, sets.YEARS, rule=fte)
    model.investment = pyo.Expression(sets.YEARS, rule=investment)


def _add_planning_costs(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Capital, operation and the worst-off district per year, undiscounted, in NOK."""
    instance, sets = par.instance, par.sets
    projects, types = instance.projects, instance.care_types

    def capital(m: pyo.ConcreteModel, t: int) -> Any:
        return sum(
            par.annuity[k]
            * (
                project.investment_nok * m.in_use[k, t]
                + project.net_investment_per_place_nok * m.project_places[k, t]
            )
            for k, project in projects.items()
        )

    def operating(m: pyo.ConcreteModel, t: int) -> Any:
        per_place = sum(c.operating_cost_nok * m.places_total[p, t] for p, c in types.items())
        fixed = sum(q.operating_cost_nok * m.in_use[k, t] for k, q in projects.items())
        return per_place + fixed

    model.capital = pyo.Expression(sets.YEARS, rule=capital)

    def worst_off(m: pyo.ConcreteModel, t: int) -> Any:
        if t not in par.weighed_need:
            return 0
        return instance.travel.nok_per_minute * par.weighed_need[t] * m.worst_off_minutes[t]

    model.operating = pyo.Expression(sets.YEARS, rule=operating)
    model.worst_off_cost = pyo.Expression(sets.YEARS, rule=worst_off)


def add_service_costs(model: pyo.ConcreteModel, par: Parameters) -> None:
    """Add unmet need, travel and what Kolm and Pollak add, per year, undiscounted, in NOK."""
    instance, sets = par.instance, par.sets
    rate = instance.travel.nok_per_minute
    unmet_price = instance.objective.unmet_place_year_nok or 0.0
    demands: dict[int, list[tuple[str, str, int]]] = {t: [] for t in sets.YEARS}
    for index in sets.DEMANDS:
        demands[index[2]].append(index)
    journeys: dict[int, list[tuple[str, str, str, str, int]]] = {t: [] for t in sets.YEARS}
    for pair in sets.ALLOCATIONS:
        journeys[pair[4]].append(pair)

    def unmet(m: pyo.ConcreteModel, t: int) -> Any:
        return sum(unmet_price * m.unmet[index] for index in demands[t] if index in m.unmet)

    def travel(m: pyo.ConcreteModel, t: int) -> Any:
        return sum(rate * par.minutes[a[2], a[0]] * m.allocate[a] for a in journeys[t])

    def kolm_pollak(m: pyo.ConcreteModel, t: int) -> Any:
        if not instance.objective.kolm_pollak_weight:
            return 0
        return sum(rate * par.felt_minutes[a[2], a[0]] * m.allocate[a] for a in journeys[t])

    model.unmet_cost = pyo.Expression(sets.YEARS, rule=unmet)
    model.travel_cost = pyo.Expression(sets.YEARS, rule=travel)
    model.kolm_pollak_cost = pyo.Expression(sets.YEARS, rule=kolm_pollak)
