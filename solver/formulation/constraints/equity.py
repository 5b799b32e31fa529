"""E1: the worst-off district, where it is weighed."""

import pyomo.environ as pyo

from solver.formulation.parameters import Parameters


def no_district_travels_longer_than_the_worst(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""E1 — no district travels longer, per place it needs, than the worst-off one.

    Formula: $\sum_{n,j,p} \tau_{ij} x_{injpt} \le d_{it} W_t \quad \forall i,t$
    Symbols: τ = par.minutes [min]; x = allocate [places]; $d_{it} = \sum_n d_{int}$ = par.need
        [places]; W = worst_off_minutes [min].
    Units: place-minutes ≤ place-minutes.
    Source: decision 0010; the minimax (centre) objective, Hakimi 1964, over districts' means.
    Absent: where the worst-off district has no weight or a minute no price, and for districts that
        cannot travel at all: the left side is then zero.
    Elastic: never; W is as large as it must be, and costs by the objective.
    Price: NOK per place-minute of the district; over all districts of a year they share what W
        costs among those that are worst off.
    """
    journeys: dict[tuple[str, int], list[tuple[str, str, str, str, int]]] = {}
    for pair in par.sets.ALLOCATIONS:
        if pair[4] in par.weighed_need:
            journeys.setdefault((pair[0], pair[4]), []).append(pair)
    travelling = [
        (i, t)
        for (i, t), pairs in sorted(journeys.items())
        if any(par.minutes[j, i] > 0 for _, _, j, _, _ in pairs)
    ]

    def rule(m: pyo.ConcreteModel, i: str, t: int) -> object:
        travelled = sum(par.minutes[pair[2], i] * m.allocate[pair] for pair in journeys[i, t])
        return travelled - par.district_need[i, t] * m.worst_off_minutes[t] <= 0

    model.no_district_travels_longer_than_the_worst = pyo.Constraint(
        travelling, rule=rule, doc="E1"
    )
