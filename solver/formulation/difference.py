"""What makes a plan another plan than one that is known: rows an analysis asks for."""

import pyomo.environ as pyo

from solver.formulation.constraints.rows import row_at_least
from solver.formulation.parameters import Parameters


def openings_differ(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Differences — enough of what a known plan opens is left out.

    Formula: $\sum_{k \in S} (1 - y_{kT}) \ge D \quad \forall (S, D)$, T the last year
    Symbols: y = open ∈ {0,1}; S = Unlike.opened; D = Unlike.least [projects].
    Units: projects ≥ projects.
    Source: Brill, Chang and Hopkins 1982, who minimise the sum of what is in known plans. What is
        opened beside them does not count, or plans would be filled with projects of no use.
    Absent: in every scenario; only `analysis.alternatives` asks for it. It is no family: nothing a
        scenario says, so nothing that can be in conflict there.
    """
    last = par.sets.YEARS[-1]
    unlike = par.instance.policies.unlike

    def rule(m: pyo.ConcreteModel, index: int) -> object:
        known = unlike[index]
        return row_at_least(m, sum(1 - m.open[k, last] for k in known.opened), known.least)

    model.openings_differ = pyo.Constraint(range(len(unlike)), rule=rule)
