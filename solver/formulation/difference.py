"""What makes a plan another plan than one that is known: rows an analysis asks for."""

import pyomo.environ as pyo

from solver.formulation.constraints.rows import row_at_least
from solver.formulation.parameters import Parameters


def openings_differ(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""Differences — enough projects are opened in one of two plans only.

    Formula: $\sum_{k \in S} (1 - y_{kT}) + \sum_{k \notin S} y_{kT} \ge D \quad \forall (S, D)$,
        T the last year
    Symbols: y = open ∈ {0,1}; S = Unlike.opened; D = Unlike.least [projects].
    Units: projects ≥ projects.
    Source: the Hamming distance of binary vectors; with D = 1 the cut that leaves one of them out.
    Absent: in every scenario; only `analysis.alternatives` asks for it. It is no family: nothing a
        scenario says, so nothing that can be in conflict there.
    """
    last = par.sets.YEARS[-1]
    unlike = par.instance.policies.unlike

    def rule(m: pyo.ConcreteModel, index: int) -> object:
        known = unlike[index]
        opened = set(known.opened)
        differing = sum(
            1 - m.open[k, last] if k in opened else m.open[k, last] for k in par.sets.PROJECTS
        )
        return row_at_least(m, differing, known.least)

    model.openings_differ = pyo.Constraint(range(len(unlike)), rule=rule)
