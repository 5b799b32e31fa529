"""The futures a plan is stressed by: documents made from the scenario's, and their names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.schemas.issues import did_you_mean, pointer, shown
from app.schemas.merge_patch import merge_patch
from app.schemas.parameters import DecidedProject, StressParameters
from app.schemas.scenario import Scenario
from app.services.checking import check_scenario
from app.services.words import number, percent
from geodata.need import population
from geodata.series import exact, linear, step
from solver.domain.errors import Issue, ScenarioInvalid

Json = dict[str, Any]

# How much of the added life years bring need for care: Kommunedelplan helse og omsorg 2018–2028 for
# Lillehammer, ch. 2.1: Denmark and OECD 0, Sweden 1/3, Norway 2/5, EU and IMF 1/2, all of it 1.
LIFE_YEAR_SHARES = (0.0, 1 / 3, 2 / 5, 1 / 2, 1.0)
STAFF_FACTORS = (0.9,)
DELAYS_YEARS = (1, 2)


@dataclass(frozen=True)
class PlannedFuture:
    """A future to be: its document, or a project and how many years late it is."""

    name: str
    family: str
    title: str
    weight: float = 1.0
    document: Json | None = None
    late: tuple[str, int] | None = None


def stress_is_possible(scenario: Scenario, parameters: StressParameters) -> Iterator[Issue]:
    """What is wrong with the parameters beside this scenario."""
    yield from _plan_fits(scenario, parameters.plan or {})
    yield from _futures_fit(scenario, parameters)
    yield from _families_fit(scenario, parameters)
    if (
        parameters.missing_place_year_nok is None
        and scenario.objective.unmet_place_year_nok is None
    ):
        yield Issue(
            "/missing_place_year_nok",
            "price_needed",
            "Scenariet tillater ikke udekket behov og har ingen pris på en plass som mangler.",
            "Oppgi hva en manglende plass koster i året, så planer kan veies mot hverandre.",
        )
    if (
        parameters.missing_place_year_nok is not None
        and scenario.objective.unmet_place_year_nok is not None
    ):
        yield Issue(
            "/missing_place_year_nok",
            "price_known",
            "Scenariet har selv en pris på en plass som mangler, og den gjelder i framtidene også.",
            "Utelat feltet, eller endre prisen i scenariet eller i en framtid.",
        )
    if not any(True for _ in _planned(scenario, parameters)):
        yield Issue(
            "/futures",
            "no_futures",
            "Det er ingen framtider å prøve planen i.",
            "Oppgi minst én framtid, eller utelat feltet for å få de vanlige.",
        )


def planned_futures(scenario: Scenario, parameters: StressParameters) -> list[PlannedFuture]:
    """The futures of checked parameters, in a fixed order."""
    return list(_planned(scenario, parameters))


def _plan_fits(scenario: Scenario, plan: Mapping[str, DecidedProject]) -> Iterator[Issue]:
    projects = scenario.projects or {}
    years = range(scenario.years.first, scenario.years.last + 1)
    for k, given in plan.items():
        if k not in projects:
            yield Issue(
                pointer("plan", k),
                "unknown_project",
                f"Scenariet har ikke noe prosjekt {shown(k)}.",
                f"{did_you_mean(k, projects)}Bruk planen til det samme scenariet.",
            )
            continue
        if given.opens not in years:
            yield _outside(("plan", k, "opens"), given.opens, years)
        for p, series in given.places.items():
            if p not in projects[k].care_types:
                guess = did_you_mean(p, projects[k].care_types)
                yield Issue(
                    pointer("plan", k, "places", p),
                    "unknown_care_type",
                    f"Prosjektet {shown(k)} har ikke plasstypen {shown(p)}.",
                    f"{guess}Bruk planen til det samme scenariet.",
                )
            for year in series:
                if int(year) not in years:
                    yield _outside(("plan", k, "places", p, year), int(year), years)


def _outside(place: tuple[str, ...], year: int, years: range) -> Issue:
    return Issue(
        pointer(*place),
        "outside_period",
        f"{year} er utenfor perioden {years[0]}–{years[-1]}.",
        "Bruk planen til det samme scenariet.",
    )


def _futures_fit(scenario: Scenario, parameters: StressParameters) -> Iterator[Issue]:
    """Each patched document is a scenario of the same years and projects."""
    plain = scenario.plain()
    for name, future in (parameters.futures or {}).items():
        here = ("futures", name, "patch")
        try:
            patched = check_scenario(merge_patch(plain, future.patch))
        except ScenarioInvalid as error:
            for issue in error.issues:
                yield Issue(pointer(*here) + issue.pointer, issue.code, issue.message, issue.mend)
            continue
        same_projects = set(patched.projects or {}) == set(scenario.projects or {})
        for same, field in (
            (patched.years == scenario.years, "years"),
            (same_projects, "projects"),
        ):
            if not same:
                yield Issue(
                    pointer(*here, field),
                    "future_out_of_frame",
                    "En framtid kan ikke ha andre år eller andre prosjekter enn scenariet.",
                    "Endre tallene, ikke hvilke år og prosjekter som finnes.",
                )


def _families_fit(scenario: Scenario, parameters: StressParameters) -> Iterator[Issue]:
    scaled = {
        "population_totals": parameters.population_totals,
        "population_factors": parameters.population_factors,
        "constant_mortality_totals": parameters.constant_mortality_totals,
    }
    for field, given in scaled.items():
        if given and (_group(scenario) is None or not all(_totals(scenario))):
            yield Issue(
                pointer(field),
                "no_population",
                "Scenariet sier ikke hvilke innbyggere behovet eller dekningsgraden regnes av.",
                "Oppgi need.population eller targets.coverage.population, med innbyggere hvert år.",
            )
    if parameters.staff_factors and not _available_fte(scenario):
        yield Issue(
            "/staff_factors",
            "no_staffing",
            "Scenariet setter ingen grense for årsverk, så det er ingenting å gange.",
            "Oppgi staffing.available_fte i scenariet, eller utelat feltet.",
        )
    if parameters.added_life_years_needing_care and not parameters.constant_mortality_totals:
        yield Issue(
            "/added_life_years_needing_care",
            "no_added_life_years",
            "Det går ikke fram hvor mange av innbyggerne som kommer av at folk lever lenger.",
            "Oppgi innbyggertallet uten lengre liv i «constant_mortality_totals».",
        )


def _planned(scenario: Scenario, parameters: StressParameters) -> Iterator[PlannedFuture]:
    plain = scenario.plain()
    for name, future in sorted((parameters.futures or {}).items()):
        document = merge_patch(plain, future.patch)
        yield PlannedFuture(name, "own", future.title, future.weight, document)
    yield from _populations(scenario, parameters)
    yield from _life_years(scenario, parameters)
    yield from _staff(scenario, parameters)
    default = () if parameters.futures is not None else DELAYS_YEARS
    for by in parameters.delays_years if parameters.delays_years is not None else default:
        for k, project in sorted((scenario.projects or {}).items()):
            title = f"«{project.title}» {by} år for sent"
            yield PlannedFuture(f"delay:{by}:{k}", "delay", title, late=(k, by))


def _populations(scenario: Scenario, parameters: StressParameters) -> Iterator[PlannedFuture]:
    years = _years(scenario)
    if _group(scenario) is None:
        return
    for name, series in sorted((parameters.population_totals or {}).items()):
        factors = _relative(linear(series, years), _totals(scenario))
        document = _with_people(scenario, factors)
        title = f"Innbyggere etter «{name}»"
        yield PlannedFuture(f"population:{name}", "population", title, document=document)
    for factor in parameters.population_factors or ():
        document = _with_people(scenario, [exact(factor)] * len(years))
        title = f"{number(factor, 2)} ganger så mange innbyggere"
        yield PlannedFuture(f"population:{factor}", "population", title, document=document)


def _life_years(scenario: Scenario, parameters: StressParameters) -> Iterator[PlannedFuture]:
    """Need of those who would live anyway, and of a share of those whose lives grew longer."""
    if not parameters.constant_mortality_totals or _group(scenario) is None:
        return
    given = parameters.added_life_years_needing_care
    shares = LIFE_YEAR_SHARES if given is None else given
    everybody = _totals(scenario)
    anyway = linear(parameters.constant_mortality_totals, _years(scenario))
    for share in shares:
        needing = [a + exact(share) * (e - a) for a, e in zip(anyway, everybody, strict=True)]
        document = _with_need(scenario, _relative(needing, everybody))
        title = f"{percent(share, 0)} av de ekstra leveårene gir behov"
        yield PlannedFuture(f"life_years:{share:.3f}", "life_years", title, document=document)


def _staff(scenario: Scenario, parameters: StressParameters) -> Iterator[PlannedFuture]:
    available = _available_fte(scenario)
    default = () if parameters.futures is not None or not available else STAFF_FACTORS
    given = parameters.staff_factors
    for factor in default if given is None else given:
        scaled = {group: _times(series, factor) for group, series in available.items()}
        patch = {"staffing": {"available_fte": scaled}}
        document = merge_patch(scenario.plain(), patch)
        title = f"{percent(factor, 0)} av årsverkene"
        yield PlannedFuture(f"staff:{factor}", "staff", title, document=document)


def _available_fte(scenario: Scenario) -> Mapping[str, Any]:
    return (scenario.staffing.available_fte if scenario.staffing is not None else None) or {}


def _times(series: Any, factor: float) -> Any:
    if isinstance(series, Mapping):
        return {year: _times(value, factor) for year, value in series.items()}
    return float(exact(series) * exact(factor))


def _years(scenario: Scenario) -> range:
    return range(scenario.years.first, scenario.years.last + 1)


def _group(scenario: Scenario) -> str | None:
    """The population that need is counted from, or else the coverage ratio."""
    coverage = scenario.targets.coverage if scenario.targets is not None else None
    return scenario.need.population or (coverage.population if coverage is not None else None)


def _totals(scenario: Scenario) -> Sequence[Fraction]:
    """Inhabitants of the group in the whole municipality, per year."""
    group = _group(scenario) or ""
    people = population(scenario.model_dump(), sorted(scenario.districts), group, _years(scenario))
    return [sum(year, Fraction(0)) for year in zip(*people, strict=True)]


def _relative(numbers: Sequence[Fraction], to: Sequence[Fraction]) -> list[Fraction]:
    return [a / b if b else Fraction(1) for a, b in zip(numbers, to, strict=True)]


def _with_people(scenario: Scenario, factors: Sequence[Fraction]) -> Json:
    """So many times the group's inhabitants in every district, and the need that follows them."""
    group = _group(scenario)
    assert group is not None
    people = {
        i: {"population": {group: _scaled(linear(series, _years(scenario)), scenario, factors)}}
        for i, district in scenario.districts.items()
        for series in [(district.population or {}).get(group)]
        if series is not None
    }
    document: Json = merge_patch(scenario.plain(), {"districts": people})
    if scenario.need.basis == "explicit":
        document = _with_explicit_need(scenario, document, factors)
    return document


def _with_need(scenario: Scenario, factors: Sequence[Fraction]) -> Json:
    """So many times the need of every district; as many inhabitants."""
    if scenario.need.basis == "explicit":
        return _with_explicit_need(scenario, scenario.plain(), factors)
    ratios = step(scenario.need.ratio, _years(scenario))
    asked = [ratio or Fraction(0) for ratio in ratios]
    document: Json = scenario.plain()
    return {**document, "need": {**document["need"], "ratio": _scaled(asked, scenario, factors)}}


def _with_explicit_need(scenario: Scenario, document: Json, factors: Sequence[Fraction]) -> Json:
    need = {
        i: {
            "need": {
                n: _scaled(linear(series, _years(scenario)), scenario, factors)
                for n, series in (district.need or {}).items()
            }
        }
        for i, district in scenario.districts.items()
    }
    changed: Json = merge_patch(document, {"districts": need})
    return changed


def _scaled(
    values: Sequence[Fraction], scenario: Scenario, factors: Sequence[Fraction]
) -> dict[str, float]:
    """A series with a value for every year of the period."""
    years = _years(scenario)
    return {str(t): float(v * f) for t, v, f in zip(years, values, factors, strict=True)}
