"""One project at a time: its size, its money, and what it removes."""

from collections.abc import Iterator
from fractions import Fraction

from app.schemas.issues import pointer, shown
from app.schemas.scenario import ProjectSpec, Scenario
from geodata.series import exact, step
from solver.domain.errors import Issue


def sizes_are_possible(scenario: Scenario) -> Iterator[Issue]:
    """Some whole number of steps, above zero, lies between a project's least and largest size."""
    for project_id, project in _projects(scenario):
        here, size = ("projects", project_id, "places"), project.places
        least = size.min or 0
        if least > size.max:
            yield Issue(
                pointer(*here, "min"),
                "range_reversed",
                f"Minste størrelse ({least}) er over den største ({size.max}).",
                f"Sett «min» til høyst {size.max}, eller øk «max».",
            )
        elif size.max == 0:
            yield Issue(
                pointer(*here, "max"),
                "no_places",
                "Prosjektet kan ikke få noen plasser.",
                "Sett «max» til minst 1, eller ta bort prosjektet.",
            )
        elif _largest(project) < max(least, 1):
            yield Issue(
                pointer(*here, "step"),
                "no_step_fits",
                f"Ingen hele trinn på {size.step} gir mellom {least} og {size.max} plasser.",
                "Sett et mindre «step», eller øk «max».",
            )


def temporary_projects_are_rented(scenario: Scenario) -> Iterator[Issue]:
    """A project that closes again has no investment or grant per place."""
    for project_id, project in _projects(scenario):
        if project.available_years is None:
            continue
        for field in ("investment_per_place_nok", "grant_per_place_nok"):
            if getattr(project, field):
                yield Issue(
                    pointer("projects", project_id, field),
                    "temporary_per_place",
                    "Et midlertidig prosjekt kan ikke ha investering eller tilskudd per plass.",
                    "Sett beløpet til 0, og legg kostnaden i «investment_nok» eller driften.",
                )


def temporary_projects_end(scenario: Scenario) -> Iterator[Issue]:
    """A project of kind temporary says for how many years."""
    for project_id, project in _projects(scenario):
        if project.kind == "temporary" and project.available_years is None:
            yield Issue(
                pointer("projects", project_id, "available_years"),
                "missing_field",
                "Et midlertidig prosjekt mangler antall år det er tilgjengelig.",
                "Legg til «available_years», eller velg en annen «kind».",
            )


def grants_are_within_investment(scenario: Scenario) -> Iterator[Issue]:
    """At its largest a project's grants are not more than its whole investment."""
    for project_id, project in _projects(scenario):
        per_place = exact(project.investment_per_place_nok) - exact(
            project.grant_per_place_nok or 0
        )
        if exact(project.investment_nok) + per_place * _largest(project) < 0:
            yield Issue(
                pointer("projects", project_id, "grant_per_place_nok"),
                "grant_too_large",
                f"Med {_largest(project)} plasser er tilskuddet større enn hele investeringen.",
                "Sett ned tilskuddet per plass, eller rett investeringen.",
            )


def removed_places_stand_there(scenario: Scenario) -> Iterator[Issue]:
    """From the year it may open, a project removes no more places than its site has."""
    for project_id, project in _projects(scenario):
        if project.site not in scenario.sites:
            continue
        for care_type, removed in (project.removes or {}).items():
            shortfall = _first_shortfall(scenario, project, care_type, removed)
            if shortfall is not None:
                year, standing = shortfall
                yield Issue(
                    pointer("projects", project_id, "removes", care_type),
                    "removes_too_many",
                    f"Prosjektet fjerner {removed} plasser, men i {year} står det {standing} "
                    f"av typen {shown(care_type)} ved {shown(project.site)}.",
                    f"Sett tallet til høyst {standing}, eller rett «places» ved lokasjonen.",
                )


def _projects(scenario: Scenario) -> Iterator[tuple[str, ProjectSpec]]:
    yield from (scenario.projects or {}).items()


def _largest(project: ProjectSpec) -> int:
    """The largest whole number of steps within the project's size."""
    step_places = project.places.step or 1
    return project.places.max // step_places * step_places


def _first_shortfall(
    scenario: Scenario, project: ProjectSpec, care_type: str, removed: int
) -> tuple[int, int] | None:
    """The first year, from the earliest opening on, with fewer places than `removed`."""
    series = (scenario.sites[project.site].places or {}).get(care_type)
    earliest = (project.opens.earliest if project.opens else None) or scenario.years.first
    years = range(max(earliest, scenario.years.first), scenario.years.last + 1)
    for year, standing in zip(years, step(series, years), strict=True):
        if removed > (standing or Fraction(0)):
            return year, int(standing or 0)
    return None
