"""From a checked scenario to the siting instance the solver takes."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from app.schemas.scenario import ProjectSpec, Scenario
from geodata.need import need_places, needs_named, population
from geodata.series import exact, step
from geodata.travel import travel_minutes
from solver.domain.instance import (
    CareType,
    CoverageTarget,
    Limits,
    Objective,
    Ownership,
    PerYear,
    Policies,
    Project,
    Site,
    SitingInstance,
    Targets,
    Travel,
    WithinTarget,
)

Years = tuple[int, ...]
People = Mapping[str, Sequence[Sequence[Fraction]]]  # group, district, year


def make_instance(scenario: Scenario) -> SitingInstance:
    """Lay a scenario out by year, with travel times and need; every collection sorted by id.

    Raises GeodataError when travel times cannot be computed.
    """
    document = scenario.model_dump()
    years = tuple(range(scenario.years.first, scenario.years.last + 1))
    districts = tuple(sorted(scenario.districts))
    sites = tuple(sorted(scenario.sites))
    needs = needs_named(document)
    people = {g: population(document, districts, g, years) for g in _groups(scenario)}
    return SitingInstance(
        years=years,
        care_types=_care_types(scenario),
        needs=needs,
        cores=tuple(sorted(scenario.cores or {})),
        districts=districts,
        sites={j: _site(scenario, j, years) for j in sites},
        projects={k: _project(p, years) for k, p in sorted((scenario.projects or {}).items())},
        need=need_places(document, districts, needs, years),
        travel=_travel(scenario, document, sites, districts),
        population={group: _total(each) for group, each in people.items()},
        targets=_targets(scenario, people, years),
        limits=_limits(scenario, years),
        policies=_policies(scenario),
        objective=_objective(scenario),
        district_cores=_district_cores(scenario),
    )


def _district_cores(scenario: Scenario) -> dict[str, str]:
    districts = sorted(scenario.districts.items())
    return {i: district.core for i, district in districts if district.core is not None}


def _groups(scenario: Scenario) -> list[str]:
    districts = scenario.districts.values()
    return sorted({group for district in districts for group in district.population or {}})


def _total(by_district: Sequence[Sequence[Fraction]]) -> tuple[Fraction, ...]:
    return tuple(sum(year, Fraction(0)) for year in zip(*by_district, strict=True))


def _care_types(scenario: Scenario) -> dict[str, CareType]:
    return {
        p: CareType(
            serves=tuple(sorted(given.serves)),
            counts_towards_coverage=given.counts_towards_coverage,
            operating_cost_nok=given.operating_cost_nok,
            fte_per_place=dict(sorted(given.fte_per_place.items())),
        )
        for p, given in sorted(scenario.care_types.items())
    }


def _site(scenario: Scenario, site: str, years: Years) -> Site:
    given = scenario.sites[site]
    return Site(
        core=given.core,
        places={
            p: tuple(int(places or 0) for places in step(series, years))
            for p, series in sorted((given.places or {}).items())
        },
    )


def _project(given: ProjectSpec, years: Years) -> Project:
    opens = given.opens
    earliest = opens.earliest if opens is not None and opens.earliest is not None else years[0]
    return Project(
        site=given.site,
        ownership=Ownership(given.ownership or "municipal"),
        care_types=tuple(sorted(given.care_types)),
        min_places=given.places.min or 0,
        max_places=given.places.max,
        step=given.places.step or 1,
        investment_nok=given.investment_nok,
        net_investment_per_place_nok=float(
            exact(given.investment_per_place_nok) - exact(given.grant_per_place_nok or 0)
        ),
        lifetime_years=given.lifetime_years,
        operating_cost_nok=given.operating_cost_nok or 0.0,
        fte=dict(sorted((given.fte or {}).items())),
        earliest=earliest,
        latest=opens.latest if opens is not None else None,
        available_years=given.available_years,
        removes=dict(sorted((given.removes or {}).items())),
        excludes=tuple(sorted(given.excludes or ())),
        requires=tuple(sorted(given.requires or ())),
    )


def _travel(
    scenario: Scenario, document: Mapping[str, Any], sites: Sequence[str], districts: Sequence[str]
) -> Travel:
    given = scenario.travel
    visits = exact(given.visits_per_place_year or 0)
    value = exact(given.value_of_time_nok_per_hour or 0)
    return Travel(
        minutes=travel_minutes(document, sites, districts),
        limit_minutes=given.limit_minutes,
        nok_per_minute=float(2 * visits * value / 60),
    )


def _targets(scenario: Scenario, people: People, years: Years) -> Targets:
    within = scenario.targets.within if scenario.targets is not None else None
    return Targets(
        coverage=_coverage(scenario, people, years),
        core_coverage=_core_coverage(scenario, people, years),
        within=None if within is None else WithinTarget(within.minutes, step(within.share, years)),
    )


def _coverage(scenario: Scenario, people: People, years: Years) -> CoverageTarget | None:
    """The target; without one, the population that need is counted from still gives a ratio."""
    given = scenario.targets.coverage if scenario.targets is not None else None
    if given is not None:
        return CoverageTarget(step(given.ratio, years), _total(people[given.population]))
    group = scenario.need.population
    if group is None or group not in people:
        return None
    return CoverageTarget(step(None, years), _total(people[group]))


def _core_coverage(scenario: Scenario, people: People, years: Years) -> dict[str, CoverageTarget]:
    given = scenario.targets.core_coverage if scenario.targets is not None else None
    if given is None:
        return {}
    districts = sorted(scenario.districts)
    each = dict(zip(districts, people[given.population], strict=True))
    nobody = [Fraction(0)] * len(years)
    ratios = given.by_core(sorted(scenario.cores or {}))
    return {
        core: CoverageTarget(
            step(ratio, years),
            _total([nobody] + [each[i] for i in districts if scenario.districts[i].core == core]),
        )
        for core, ratio in ratios.items()
    }


def _limits(scenario: Scenario, years: Years) -> Limits:
    staffing, budget = scenario.staffing, scenario.budget
    available = (staffing.available_fte if staffing is not None else None) or {}
    none: PerYear = (None,) * len(years)
    return Limits(
        available_fte={group: step(fte, years) for group, fte in sorted(available.items())},
        investment_nok=step(budget.investment_nok, years) if budget is not None else none,
        investment_total_nok=budget.investment_total_nok if budget is not None else None,
        operating_nok=step(budget.operating_nok, years) if budget is not None else none,
    )


def _policies(scenario: Scenario) -> Policies:
    given = scenario.policies
    if given is None:
        return Policies(None, None, None, (), (), ())
    owners = given.allowed_ownership
    return Policies(
        allowed_ownership=None if owners is None else frozenset(map(Ownership, owners)),
        max_projects=given.max_projects,
        min_cores_with_places=given.min_cores_with_places,
        required_projects=tuple(sorted(set(given.required_projects or ()))),
        forbidden_projects=tuple(sorted(set(given.forbidden_projects or ()))),
        keep_places=tuple(sorted(set(given.keep_places or ()))),
    )


def _objective(scenario: Scenario) -> Objective:
    given = scenario.objective
    weights = given.weights
    cost = weights.cost if weights is not None else None
    travel = weights.travel if weights is not None else None
    return Objective(
        discount_rate=given.discount_rate or 0.0,
        unmet_place_year_nok=given.unmet_place_year_nok,
        cost_weight=1.0 if cost is None else cost,
        travel_weight=1.0 if travel is None else travel,
        worst_off_weight=(weights.worst_off or 0.0) if weights is not None else 0.0,
        kolm_pollak_weight=(weights.kolm_pollak or 0.0) if weights is not None else 0.0,
        inequality_aversion_per_minute=given.inequality_aversion_per_minute,
    )
