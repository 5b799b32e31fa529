"""C3–C7: what a project is, when it may open, and which projects go together."""

import pyomo.environ as pyo

from solver.domain.instance import SitingInstance
from solver.formulation.parameters import Parameters


def places_at_least_minimum(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C3 — an active project has at least its smallest size.

    Formula: $m_k a_{kt} \le \sum_p q_{kpt} \quad \forall k,t$
    Symbols: m = Project.min_places; a = in_use ∈ {0,1}; q = places [places].
    Units: places ≤ places.
    Source: design §4.
    Absent: where the smallest size is zero.
    Elastic: never; physical.
    Price: none of use.
    """
    projects = par.instance.projects
    sized = [k for k in projects if projects[k].min_places > 0]

    def rule(m: pyo.ConcreteModel, k: str, t: int) -> object:
        return projects[k].min_places * m.in_use[k, t] - m.project_places[k, t] <= 0

    model.places_at_least_minimum = pyo.Constraint(sized, par.sets.YEARS, rule=rule, doc="C3")


def places_at_most_maximum(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C3 — only an active project has places, and no more than its largest size.

    Formula: $\sum_p q_{kpt} \le M_k a_{kt} \quad \forall k,t$, with $M_k$ rounded down to a step
    Symbols: M = Project.max_places; a = in_use ∈ {0,1}; q = places [places].
    Units: places ≤ places.
    Source: design §4.
    Absent: never.
    Elastic: never; physical.
    Price: NOK per place of room in the project, for the fixed set of open projects.
    """
    projects = par.instance.projects

    def rule(m: pyo.ConcreteModel, k: str, t: int) -> object:
        largest = projects[k].max_places // projects[k].step * projects[k].step
        return m.project_places[k, t] - largest * m.in_use[k, t] <= 0

    model.places_at_most_maximum = pyo.Constraint(
        par.sets.PROJECTS, par.sets.YEARS, rule=rule, doc="C3"
    )


def open_stays_open(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C4 — what is opened stays opened.

    Formula: $y_{k,t-1} \le y_{kt} \quad \forall k, t > first$
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4 (cumulative form).
    Absent: with a single year.
    Elastic: never; physical.
    Price: none of use.
    """

    def rule(m: pyo.ConcreteModel, k: str, t: int) -> object:
        return m.open_before[k, t] - m.open[k, t] <= 0

    model.open_stays_open = pyo.Constraint(
        par.sets.PROJECTS, par.sets.YEARS[1:], rule=rule, doc="C4"
    )


def places_do_not_shrink(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C4 — a project's places of a type do not shrink, until a temporary project closes.

    Formula: $q_{kp,t-1} - M_k (c_{kt} - c_{k,t-1}) \le q_{kpt} \quad \forall k,p, t > first$
    Symbols: q = places [places]; M = Project.max_places [places]; c = closed ∈ {0,1}, so that
        the bracket is 1 only in the year a temporary project closes.
    Units: places ≤ places.
    Source: design §4.
    Absent: with a single year.
    Elastic: never; physical.
    Price: none of use.
    """
    projects = par.instance.projects

    def rule(m: pyo.ConcreteModel, k: str, p: str, t: int) -> object:
        closes = m.closed[k, t] - m.closed[k, t - 1]
        return m.places[k, p, t - 1] - projects[k].max_places * closes - m.places[k, p, t] <= 0

    model.places_do_not_shrink = pyo.Constraint(
        par.sets.PROJECT_TYPES, par.sets.YEARS[1:], rule=rule, doc="C4"
    )


def excluded_projects_do_not_both_open(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C5 — of two projects that exclude each other at most one is ever opened.

    Formula: $y_{kT} + y_{lT} \le 1 \quad \forall \{k,l\}$, T the last year
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4; named by either of the two is enough.
    Absent: without pairs.
    Elastic: may be relaxed as a working assumption: «begge prosjektene åpnes».
    Price: none of use.
    """
    projects = par.instance.projects
    pairs = sorted({(min(k, q), max(k, q)) for k in projects for q in projects[k].excludes})
    last = par.sets.YEARS[-1]

    def rule(m: pyo.ConcreteModel, k: str, other: str) -> object:
        return m.open[k, last] + m.open[other, last] <= 1

    model.excluded_projects_do_not_both_open = pyo.Constraint(pairs, rule=rule, doc="C5")


def required_project_opens_first(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C6 — a project opens no earlier than each project it requires.

    Formula: $y_{kt} \le y_{lt} \quad \forall l \in requires(k), t$
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4.
    Absent: without requirements.
    Elastic: may be relaxed as a working assumption: «åpner uten prosjektet det bygger på».
    Price: none of use.
    """
    projects = par.instance.projects
    pairs = [(k, base) for k in projects for base in projects[k].requires]

    def rule(m: pyo.ConcreteModel, k: str, base: str, t: int) -> object:
        return m.open[k, t] - m.open[base, t] <= 0

    model.required_project_opens_first = pyo.Constraint(pairs, par.sets.YEARS, rule=rule, doc="C6")


def opens_no_earlier_than_possible(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C7 — a project does not open before its earliest year.

    Formula: $y_{kt} \le 0 \quad \forall k, t < earliest_k$
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4.
    Absent: where the earliest year is the first or before it.
    Elastic: in years: «åpner tidligere enn mulig».
    Price: none of use.
    """
    projects = par.instance.projects
    early = [(k, t) for k in projects for t in par.sets.YEARS if t < projects[k].earliest]

    def rule(m: pyo.ConcreteModel, k: str, t: int) -> object:
        return m.open[k, t] <= 0

    model.opens_no_earlier_than_possible = pyo.Constraint(early, rule=rule, doc="C7")


def opens_no_later_than_allowed(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C7 — a project not opened by its latest year is never opened.

    Formula: $y_{kt} \le y_{k,latest_k} \quad \forall k, t > latest_k$
        (0 when the latest year is before the first)
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4.
    Absent: without a latest year.
    Elastic: in years: «åpner senere enn tillatt».
    Price: none of use.
    """
    projects = par.instance.projects
    first = par.sets.YEARS[0]
    late = [
        (k, t)
        for k, project in projects.items()
        for t in par.sets.YEARS
        if project.latest is not None and t > project.latest
    ]

    def rule(m: pyo.ConcreteModel, k: str, t: int) -> object:
        latest = projects[k].latest
        opened_in_time = m.open[k, latest] if latest is not None and latest >= first else 0
        return m.open[k, t] - opened_in_time <= 0

    model.opens_no_later_than_allowed = pyo.Constraint(late, rule=rule, doc="C7")


def forbidden_project_never_opens(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C7 — a forbidden project, or one whose ownership is not allowed, never opens.

    Formula: $y_{kT} \le 0$, T the last year
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: design §4; ownership policy of the scenario.
    Absent: without forbidden projects and ownership policy.
    Elastic: adopted policy: «prosjektet tillates».
    Price: none of use.
    """
    last = par.sets.YEARS[-1]

    def rule(m: pyo.ConcreteModel, k: str) -> object:
        return m.open[k, last] <= 0

    model.forbidden_project_never_opens = pyo.Constraint(
        forbidden_projects(par.instance), rule=rule, doc="C7"
    )


def required_project_opens(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C7 — a required project opens within the period.

    Formula: $y_{kT} \ge 1$, T the last year
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≥ 1.
    Source: design §4.
    Absent: without required projects.
    Elastic: adopted policy: «prosjektet kreves ikke».
    Price: none of use.
    """
    last = par.sets.YEARS[-1]

    def rule(m: pyo.ConcreteModel, k: str) -> object:
        return m.open[k, last] >= 1

    model.required_project_opens = pyo.Constraint(
        sorted(par.instance.policies.required_projects), rule=rule, doc="C7"
    )


def forbidden_projects(instance: SitingInstance) -> list[str]:
    """Projects that policies rule out, by name or by ownership."""
    policies = instance.policies
    allowed = policies.allowed_ownership
    return [
        k
        for k, project in instance.projects.items()
        if k in policies.forbidden_projects
        or (allowed is not None and project.ownership not in allowed)
    ]
