"""C1, C2: every need is met or counted as unmet, and nobody is placed where there is no place."""

import pyomo.environ as pyo

from solver.formulation.constraints.rows import impossible_row
from solver.formulation.parameters import Parameters
from solver.formulation.service_arrays import (
    largest_projects,
    places_may_be_short,
    positions,
)
from solver.formulation.sets import givers, reachable


def need_is_allocated_or_unmet(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C1 — every need is allocated or unmet.

    Formula: $\sum_{j,p} x_{injpt} + u_{int} = d_{int} \quad \forall i,n,t$
    Symbols: x = allocate [places]; u = unmet [places]; d = par.need [places].
    Units: places = places.
    Source: design §4; demand balance of the capacitated facility location problem.
    Absent: never; without a price on unmet need u is left out and all need must be allocated.
    Elastic: u itself, in places and years: «udekket behov».
    Price: NOK per place and year of need.
    """
    servers: dict[tuple[str, str, int], list[tuple[str, str]]] = {d: [] for d in par.sets.DEMANDS}
    for i, n, j, p, t in par.sets.ALLOCATIONS:
        servers[i, n, t].append((j, p))

    def rule(m: pyo.ConcreteModel, i: str, n: str, t: int) -> object:
        met = [m.allocate[i, n, j, p, t] for j, p in servers[i, n, t]]
        if (i, n, t) in m.unmet:
            met.append(m.unmet[i, n, t])
        return sum(met) == par.need[i, n, t] if met else impossible_row(m)

    model.need_is_allocated_or_unmet = pyo.Constraint(par.sets.DEMANDS, rule=rule, doc="C1")


def allocation_within_places(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C2 — allocation stays within the places at the site.

    Formula: $\sum_{i,n} x_{injpt} \le E_{jpt} - \sum_k r_{kp} y_{kt} + \sum_k q_{kpt}
        \quad \forall j,p,t$
    Symbols: x = allocate; E = par.existing; r = Project.removes; y = open; q = places [places].
    Units: places ≤ places.
    Source: design §4.
    Absent: where nobody can be allocated, and where everybody within reach has room in places that
        no project can take: x ≤ d gives the row.
    Elastic: never; physical.
    Price: NOK per place and year at the site, for the fixed set of open projects.
    """
    users: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
    for i, n, j, p, t in par.sets.ALLOCATIONS:
        users.setdefault((j, p, t), []).append((i, n))

    def rule(m: pyo.ConcreteModel, j: str, p: str, t: int) -> object:
        used = sum(m.allocate[i, n, j, p, t] for i, n in users[j, p, t])
        return used - m.places_at[j, p, t] <= 0

    instance = par.instance
    site, care_type = positions(instance.sites), positions(instance.care_types)
    short = places_may_be_short(instance, reachable(instance))
    rows = [
        (j, p, t)
        for j, p, t in sorted(users)
        if short[site[j], care_type[p], t - instance.years[0]]
    ]
    model.allocation_within_places = pyo.Constraint(rows, rule=rule, doc="C2")


def removals_within_existing(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C2 — projects remove no more places than stand at the site.

    Formula: $\sum_k r_{kp} y_{kt} \le E_{jpt} \quad \forall j,p,t$
    Symbols: r = Project.removes; y = open; E = par.existing [places].
    Units: places ≤ places.
    Source: design §3 ("removes is not more than what stands there"), for several projects at once.
    Absent: where at most one project removes places of the type at the site (checked as input).
    Elastic: never; physical.
    Price: none of use; couples only binaries.
    """
    removing = _rival_removals(par)

    def rule(m: pyo.ConcreteModel, j: str, p: str, t: int) -> object:
        projects = par.instance.projects
        lost = sum(projects[k].removes[p] * m.open[k, t] for k in removing[j, p])
        return lost <= par.existing.get((j, p, t), 0)

    model.removals_within_existing = pyo.Constraint(
        list(removing), par.sets.YEARS, rule=rule, doc="C2"
    )


def _rival_removals(par: Parameters) -> dict[tuple[str, str], list[str]]:
    removing: dict[tuple[str, str], list[str]] = {}
    for k, project in par.instance.projects.items():
        for p, places in project.removes.items():
            if places > 0:
                removing.setdefault((project.site, p), []).append(k)
    return {key: rivals for key, rivals in removing.items() if len(rivals) > 1}


def new_sites_serve_when_open(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""V1 — a site without places of its own serves a district only when a project is open there.

    Formula: $x_{injpt} \le d_{int} \sum_{k \in K_{jp}} a_{kt} \quad$ where $E_{jpt} = 0$
    Symbols: x = allocate; d = par.need [places]; a = in_use ∈ {0,1}; K = projects at the site.
    Units: places ≤ places.
    Source: the strong (disaggregated) link of facility location, Krarup and Pruzan 1983. Valid:
        x ≤ d by C1; if no project is active at the site C2 and C3 give x = 0, otherwise the right
        side is at least d.
    Absent: where the site has places of its own, and where d is no less than the largest project
        there: C2 and C3 give the row.
    Elastic: never; implied by C1–C3, it only tightens the relaxation.
    Price: none; redundant for integers.
    """
    instance = par.instance
    site, care_type = positions(instance.sites), positions(instance.care_types)
    largest = largest_projects(instance)
    links = [
        (i, n, j, p, t)
        for i, n, j, p, t in par.sets.ALLOCATIONS
        if par.existing.get((j, p, t), 0) == 0
        and par.need[i, n, t] < largest[site[j], care_type[p]]
    ]
    giving = givers(instance)

    def rule(m: pyo.ConcreteModel, i: str, n: str, j: str, p: str, t: int) -> object:
        opened = sum(m.in_use[k, t] for k in giving[j, p])
        return m.allocate[i, n, j, p, t] - par.need[i, n, t] * opened <= 0

    model.new_sites_serve_when_open = pyo.Constraint(links, rule=rule, doc="V1")
