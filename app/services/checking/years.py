"""The planning period, and years that must follow each other."""

from collections.abc import Iterator

from app.schemas.issues import pointer
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

MAX_YEARS = 60


def period_runs_forward(scenario: Scenario) -> Iterator[Issue]:
    """The first planning year is not after the last."""
    years = scenario.years
    if years.first > years.last:
        yield Issue(
            "/years/last",
            "years_reversed",
            f"Siste år ({years.last}) er før første år ({years.first}).",
            f"Sett «last» til {years.first} eller senere.",
        )


def period_is_planable(scenario: Scenario) -> Iterator[Issue]:
    """The planning period is at most 60 years."""
    years = scenario.years
    if years.last - years.first >= MAX_YEARS:
        yield Issue(
            "/years/last",
            "too_many_years",
            f"Perioden {years.first}–{years.last} er lengre enn {MAX_YEARS} år.",
            f"Sett «last» til {years.first + MAX_YEARS - 1} eller tidligere.",
        )


def projects_open_before_they_must(scenario: Scenario) -> Iterator[Issue]:
    """A project's earliest opening year is not after its latest."""
    for project_id, project in (scenario.projects or {}).items():
        opens = project.opens
        if opens is None or opens.earliest is None or opens.latest is None:
            continue
        if opens.earliest > opens.latest:
            yield Issue(
                pointer("projects", project_id, "opens", "latest"),
                "years_reversed",
                f"Siste åpningsår ({opens.latest}) er før det tidligste ({opens.earliest}).",
                f"Sett «latest» til {opens.earliest} eller senere, eller til null.",
            )
