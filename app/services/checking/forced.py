"""What is asked of a project in a run of kind `why_not` can be asked in this scenario."""

from collections.abc import Iterator

from app.schemas.issues import did_you_mean, shown
from app.schemas.merge_patch import merge_patch
from app.schemas.parameters import WhyNotParameters
from app.schemas.scenario import Scenario
from app.services.checking import check_scenario
from app.services.patches import patch_of_force
from solver.analysis.why_not import Force
from solver.domain.errors import DocumentInvalid, Issue


def check_why_not(scenario: Scenario, parameters: WhyNotParameters) -> Iterator[Issue]:
    """The project exists, and the year is one of the scenario's, in which it could stand there."""
    projects = scenario.projects or {}
    if parameters.project not in projects:
        yield Issue(
            "/project",
            "unknown_id",
            f"Prosjektet {shown(parameters.project)} finnes ikke.",
            f"{did_you_mean(parameters.project, projects)}Bruk en id som står under «projects».",
        )
    if parameters.opens is None:
        return
    years = scenario.years
    if parameters.force == "out":
        yield Issue(
            "/opens",
            "opens_when_out",
            "Et prosjekt som skal holdes ute, kan ikke åpne i et bestemt år.",
            "Ta bort året, eller be om at prosjektet skal med.",
        )
    elif not years.first <= parameters.opens <= years.last:
        yield Issue(
            "/opens",
            "year_outside",
            f"Året {parameters.opens} er utenfor perioden {years.first}–{years.last}.",
            "Velg et år i perioden.",
        )
    elif parameters.project in projects:
        yield from _possible_then(scenario, parameters.project, parameters.opens)


def _possible_then(scenario: Scenario, k: str, opens: int) -> Iterator[Issue]:
    """The scenario with the project in that year contradicts itself nowhere."""
    patch = patch_of_force(scenario, k, Force.IN, opens)
    try:
        check_scenario(merge_patch(scenario.plain(), patch))
    except DocumentInvalid as error:
        for issue in error.issues:
            yield Issue(
                "/opens",
                "cannot_open_then",
                f"Prosjektet kan ikke åpne i {opens}: {issue.message}",
                f"Velg et annet år, eller endre scenariet. {issue.mend}",
            )
