"""Years solved apart where nothing couples them: where no project can open.

What stands in a year then follows from the scenario alone, and every rule but one speaks of one
year at a time. The one is C14, which compares with the first year; it asks nothing of a decision
here, so it is looked at before.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from solver.domain.instance import CoverageTarget, SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions
from solver.engine.found import Found
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.plain import solve_plain
from solver.formulation.constraints.projects import forbidden_projects

T = TypeVar("T")


def separable(instance: SitingInstance) -> bool:
    """Whether there are several years and no project that may open in any of them."""
    ruled_out = set(forbidden_projects(instance))
    nothing_opens = all(
        k in ruled_out
        or project.earliest > instance.years[-1]
        or (project.latest is not None and project.latest < instance.years[0])
        for k, project in instance.projects.items()
    )
    decided = instance.policies.required_projects or instance.policies.unlike
    return len(instance.years) > 1 and nothing_opens and not decided and _nothing_falls(instance)


def solve_by_year(instance: SitingInstance, options: SolveOptions, journal: Journal) -> Found:
    """Solve each year on its own, to the gap asked for in each."""
    journal.built()
    founds: list[Found] = []
    for index in range(len(instance.years)):
        found = solve_plain(_one_year(instance, index), options, Journal.within(journal))
        if found.plan is None:
            journal.searched()
            return replace(found, objective_nok=None, bound_nok=None)
        founds.append(found)
    journal.searched()
    found = _together(instance, founds)
    journal.note(found.objective_nok, found.bound_nok)
    return found


def _nothing_falls(instance: SitingInstance) -> bool:
    """C14 — whether places of kept care types never fall below the first year's number."""
    return all(
        sum(places) >= sum(series[0] for series in standing)
        for p in instance.policies.keep_places
        for standing in [[s.places[p] for s in instance.sites.values() if p in s.places]]
        for places in zip(*standing, strict=True)
    )


def _one_year(instance: SitingInstance, index: int) -> SitingInstance:
    """The instance of one year alone."""
    targets, limits, policies = instance.targets, instance.limits, instance.policies
    is_last = index == len(instance.years) - 1
    return replace(
        instance,
        years=_only(instance.years, index),
        projects={},
        need=instance.need[:, :, index : index + 1],
        sites={
            j: replace(site, places={p: _only(each, index) for p, each in site.places.items()})
            for j, site in instance.sites.items()
        },
        population={g: _only(people, index) for g, people in instance.population.items()},
        targets=replace(
            targets,
            coverage=None if targets.coverage is None else _target(targets.coverage, index),
            core_coverage={g: _target(one, index) for g, one in targets.core_coverage.items()},
            within=None
            if targets.within is None
            else replace(targets.within, share=_only(targets.within.share, index)),
        ),
        limits=replace(
            limits,
            available_fte={e: _only(fte, index) for e, fte in limits.available_fte.items()},
            investment_nok=_only(limits.investment_nok, index),
            operating_nok=_only(limits.operating_nok, index),
        ),
        policies=replace(
            policies,
            keep_places=(),
            forbidden_projects=(),
            min_cores_with_places=policies.min_cores_with_places if is_last else None,
        ),
    )


def _only(series: Sequence[T], index: int) -> tuple[T, ...]:
    return (series[index],)


def _target(target: CoverageTarget, index: int) -> CoverageTarget:
    return CoverageTarget(_only(target.ratio, index), _only(target.population, index))


def _together(instance: SitingInstance, founds: Sequence[Found]) -> Found:
    """One answer: plans side by side, costs and bounds as present values."""
    rate, first = instance.objective.discount_rate, instance.years[0]
    plans = [found.plan for found in founds if found.plan is not None]

    def present(amounts: Sequence[float | None]) -> float | None:
        years = zip(instance.years, amounts, strict=True)
        values = [(1 + rate) ** (first - t) * nok for t, nok in years if nok is not None]
        return sum(values) if len(values) == len(amounts) else None

    stops = [found.stop for found in founds if found.stop is not Stop.GAP_REACHED]
    return Found(
        stop=stops[0] if stops else Stop.GAP_REACHED,
        plan=Plan(
            opens={},
            places={},
            allocation={link: n for plan in plans for link, n in plan.allocation.items()},
            unmet={row: n for plan in plans for row, n in plan.unmet.items()},
        ),
        objective_nok=present([found.objective_nok for found in founds]),
        bound_nok=present([found.bound_nok for found in founds]),
        nodes=sum(found.nodes for found in founds),
        program=founds[-1].program,
    )
