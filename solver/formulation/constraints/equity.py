"""E1: the worst-off district, where it is weighed."""

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters


def no_district_fares_worse_than_the_worst(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""E1 — no district fares worse, in minutes per place it needs, than the worst-off one.

    Formula: $\sum_{n,j,p} \tau_{ij} x_{injpt} + \bar\tau_i \sum_n u_{int} \le d_{it} W_t
        \quad \forall i,t$
    Symbols: τ = par.minutes [min]; x = allocate, u = unmet [places]; τ̄ = par.longest_minutes, the
        longest journey the district may make [min]; $d_{it} = \sum_n d_{int}$ = par.district_need
        [places]; W = worst_off_minutes [min].
    Units: place-minutes ≤ place-minutes.
    Source: decision 0010; the minimax (centre) objective, Hakimi 1964, over districts' means. A
        place missing counts as the longest journey: else the worst off would be helped by getting
        no place at all.
    Absent: where the worst-off district has no weight or a minute no price, and for districts
        without need or that travel nowhere: the left side is then zero.
    Elastic: never; W is as large as it must be, and costs by the objective.
    Price: NOK per place-minute of the district; over the districts of a year they share what W
        costs among those that are worst off.
    """
    journeys: dict[tuple[str, int], list[tuple[str, str, str, str, int]]] = {}
    for pair in par.sets.ALLOCATIONS:
        if par.minutes[pair[2], pair[0]] > 0:
            journeys.setdefault((pair[0], pair[4]), []).append(pair)
    missing: dict[tuple[str, int], list[tuple[str, str, int]]] = {}
    for index in model.unmet:
        if par.longest_minutes[index[0]] > 0:
            missing.setdefault((index[0], index[2]), []).append(index)
    rows = sorted(row for row in journeys.keys() | missing.keys() if row[1] in par.weighed_need)

    def rule(m: pyo.ConcreteModel, i: str, t: int) -> object:
        travelled = sum(par.minutes[a[2], i] * m.allocate[a] for a in journeys.get((i, t), ()))
        left_out = par.longest_minutes[i] * sum(m.unmet[u] for u in missing.get((i, t), ()))
        return travelled + left_out - par.district_need[i, t] * m.worst_off_minutes[t] <= 0

    model.no_district_fares_worse_than_the_worst = pyo.Constraint(rows, rule=rule, doc="E1")
