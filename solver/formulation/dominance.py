r"""V3: of projects at one site that can stand in for each other, the better one opens first.

Two projects *can stand in for each other* when they are at the same site, with the same care
types, step, lifetime, years available, removed places, and the same lists of what they exclude
and require, and neither is named by policies or by any project. k is *as good as* l when it may
open whenever l may, is allowed by ownership, has no larger least and no smaller largest size, and
costs and staffs no more by any figure. They are *equal* when each is as good as the other.

Proof. (a) k and l are equal and l opens before k, or k never: let them change roles, opening years
and sizes alike. (b) k is as good as l, l opens and k never does: let k open in its place, in the
same year with the same sizes. In both cases every row holds as before, whatever other rows there
are, and the cost is no higher:

- places at the site, by care type and year, are what they were, so are removals and the number of
  opened projects: C2, C8, C9, C14, C15, C16, travel and unmet need do not notice; C3 and C7 hold
  as k's sizes and years include l's, C4 as trajectories are moved whole, a temporary one's end with
  it; C5 and C6 name neither of the two and are the same for both;
- staff and operating cost of a year, C10 and C13, fall or stay, by the figures;
- so does the investment of a year, C11, C12: openings and growth are never negative (a place of a
  temporary project, which does go, costs no investment), and a figure that is no higher times what
  is not negative is no higher, also where grants make a place worth less than nothing; so does the
  capital cost, as the lifetime is the same.

All rows together. Let better projects and, of equal ones, those of a smaller id come first. Each
exchange gives the first project whose opening it changes an earlier one, so the list of opening
years falls in lexicographic order; there are finitely many, and where no exchange is left all the
rows hold. So every plan has one of no higher cost that they do not cut off.

Years before the last cannot be asked for in (b): with both open, the worse one may have to be the
earlier, under a year's ceiling on investment, and cannot always take over the other's sizes.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import pyomo.environ as pyo

from solver.domain.instance import Project, SitingInstance
from solver.formulation.constraints.projects import forbidden_projects
from solver.formulation.parameters import Parameters


class Pair(NamedTuple):
    """Two projects that can stand in for each other, and whether they are equal."""

    better: str
    other: str
    equal: bool


def equal_projects_open_in_order(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""V3 — of equal projects none opens before one with a smaller id.

    Formula: $y_{lt} \le y_{kt} \quad \forall t$, k and l equal, k the smaller id
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: by exchange, see the module; symmetry by ordering as in Sherali and Smith 2001. Cuts off
        plans, but for each it leaves one that costs no more.
    Absent: without equal projects, and for a pair with a third project between the two.
    """
    pairs = [(k, other) for k, other, equal in comparable_pairs(par.instance) if equal]
    model.equal_projects_open_in_order = pyo.Constraint(
        pairs,
        par.sets.YEARS,
        rule=lambda m, k, other, t: m.open[other, t] - m.open[k, t] <= 0,
        doc="V3",
    )


def better_project_opens_too(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""V3 — a project opens only where each better one does, sooner or later.

    Formula: $y_{lT} \le y_{kT}$, k better than l, T the last year
    Symbols: y = open ∈ {0,1}.
    Units: 1 ≤ 1.
    Source: by exchange, see the module. Cuts off plans, but for each it leaves one that costs no
        more.
    Absent: without such pairs, and for a pair with a third project between the two.
    """
    pairs = [(k, other) for k, other, equal in comparable_pairs(par.instance) if not equal]
    last = par.sets.YEARS[-1]
    model.better_project_opens_too = pyo.Constraint(
        pairs, rule=lambda m, k, other: m.open[other, last] - m.open[k, last] <= 0, doc="V3"
    )


def comparable_pairs(instance: SitingInstance) -> Iterator[Pair]:
    """The pairs of V3, those left out that follow from others.

    None where plans must differ from some known ones: the copy is then another plan.
    """
    if instance.policies.unlike:
        return
    alike: dict[tuple[object, ...], list[str]] = {}
    left_out = _named(instance).union(forbidden_projects(instance))
    for k, project in instance.projects.items():
        if k not in left_out:
            alike.setdefault(_kind(project), []).append(k)
    for group in alike.values():
        yield from _covering_pairs({k: _burden(instance, instance.projects[k]) for k in group})


def _covering_pairs(burden: dict[str, tuple[float, ...]]) -> Iterator[Pair]:
    """Pairs with none between; a burden that is nowhere larger is the better."""
    before: dict[str, set[str]] = {}  # what is as good, for each; ids break ties
    for other in sorted(burden, key=lambda k: (burden[k], k)):
        as_good = [
            k
            for k in before
            if all(mine <= its for mine, its in zip(burden[k], burden[other], strict=True))
        ]
        covered: set[str] = set()
        for k in reversed(as_good):
            if k not in covered:
                yield Pair(k, other, equal=burden[k] == burden[other])
                covered |= before[k]
        before[other] = set(as_good)


def _named(instance: SitingInstance) -> set[str]:
    """Projects that a policy or another project names."""
    policies = instance.policies
    links = (chain(project.excludes, project.requires) for project in instance.projects.values())
    return {*policies.required_projects, *policies.forbidden_projects, *chain.from_iterable(links)}


def _kind(project: Project) -> tuple[object, ...]:
    """What must be the same for one project to stand in for another."""
    return (
        project.site,
        frozenset(project.care_types),
        project.step,
        project.lifetime_years,
        project.available_years,
        frozenset(project.removes.items()),
        frozenset(project.excludes),
        frozenset(project.requires),
    )


def _burden(instance: SitingInstance, project: Project) -> tuple[float, ...]:
    """Figures of which each is the better the lower it is; years within the period."""
    first, last = instance.years[0], instance.years[-1]
    latest = last if project.latest is None else min(project.latest, last)
    return (
        max(project.earliest, first),
        -latest,
        project.min_places,
        -(project.max_places // project.step * project.step),
        project.investment_nok,
        project.net_investment_per_place_nok,
        project.operating_cost_nok,
        *(project.fte.get(group, 0.0) for group in instance.staff_groups),
    )
