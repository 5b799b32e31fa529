"""C14, C15: kept care types, number of projects, number of cores."""

import pyomo.environ as pyo

from solver.formulation.constraints.rows import row_at_least, row_at_most
from solver.formulation.parameters import Parameters


def kept_types_do_not_fall(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C14 — places of a kept care type never fall below the number that stands in the first year.

    Formula: $P_{pt} \ge \sum_j E_{jp,first} \quad \forall p\ kept, t$
    Symbols: P = places_total; E = par.existing [places].
    Units: places ≥ places.
    Source: design §4.
    Absent: without kept care types.
    Elastic: in places and year: «plasser færre enn i dag».
    Price: NOK per place kept, for the fixed set of open projects.
    """
    first = par.sets.YEARS[0]

    def rule(m: pyo.ConcreteModel, p: str, t: int) -> object:
        today = sum(par.existing.get((j, p, first), 0) for j in par.instance.sites)
        return row_at_least(m, m.places_total[p, t], today)

    model.kept_types_do_not_fall = pyo.Constraint(
        sorted(par.instance.policies.keep_places), par.sets.YEARS, rule=rule, doc="C14"
    )


def projects_at_most(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C15 — no more projects are opened than allowed.

    Formula: $\sum_k y_{kT} \le N$, T the last year
    Symbols: y = open ∈ {0,1}; N = Policies.max_projects [projects].
    Units: projects ≤ projects.
    Source: design §4; the p of the p-median problem.
    Absent: without the policy.
    Elastic: in projects: «prosjekter over det tillatte antallet».
    Price: none of use.
    """
    most = par.instance.policies.max_projects
    last = par.sets.YEARS[-1]

    def rule(m: pyo.ConcreteModel) -> object:
        if most is None:
            return pyo.Constraint.Skip
        return row_at_most(m, sum(m.open[k, last] for k in par.sets.PROJECTS), most)

    model.projects_at_most = pyo.Constraint(rule=rule, doc="C15")


def core_counts_only_with_places(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C15 — a core has places only when a counted place stands in it in the last year.

    Formula: $w_g \le \sum_{j \in g, p\,counted} P_{jpT} \quad \forall g$
    Symbols: w = core_has_places ∈ {0,1}; P = places_at [places]; T the last year.
    Units: places ≤ places.
    Source: design §4.
    Absent: without the policy.
    Elastic: never; defines w.
    Price: none of use.
    """
    last = par.sets.YEARS[-1]

    def rule(m: pyo.ConcreteModel, g: str) -> object:
        return m.core_has_places[g] - m.counted_in_core[g, last] <= 0

    cores = par.instance.cores if par.instance.policies.min_cores_with_places is not None else ()
    model.core_counts_only_with_places = pyo.Constraint(cores, rule=rule, doc="C15")


def cores_with_places_at_least(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C15 — enough cores have places in the last year.

    Formula: $\sum_g w_g \ge G$
    Symbols: w = core_has_places ∈ {0,1}; G = Policies.min_cores_with_places [cores].
    Units: cores ≥ cores.
    Source: design §4.
    Absent: without the policy.
    Elastic: in cores: «kjerner færre enn politikken krever».
    Price: none of use.
    """
    least = par.instance.policies.min_cores_with_places

    def rule(m: pyo.ConcreteModel) -> object:
        if least is None:
            return pyo.Constraint.Skip
        return row_at_least(m, sum(m.core_has_places[g] for g in par.instance.cores), least)

    model.cores_with_places_at_least = pyo.Constraint(rule=rule, doc="C15")
