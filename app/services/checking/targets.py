"""Targets and policies that are about cores have the cores they need."""

import re
from collections.abc import Iterator

from app.schemas.issues import pointer, shown
from app.schemas.scenario import Scenario
from app.schemas.series import YEAR_PATTERN
from solver.domain.errors import Issue


def core_coverage_has_cores(scenario: Scenario) -> Iterator[Issue]:
    """A coverage target per core is set in a scenario with cores."""
    if scenario.targets and scenario.targets.core_coverage and not scenario.cores:
        yield Issue(
            "/targets/core_coverage",
            "no_cores",
            "Målet gjelder dekning i kjernene, men scenariet har ingen kjerner.",
            "Legg til «cores», eller fjern målet.",
        )


def core_ids_are_no_years(scenario: Scenario) -> Iterator[Issue]:
    """With a coverage target per core, no core is called what could also be a year."""
    if not (scenario.targets and scenario.targets.core_coverage):
        return
    for core_id in scenario.cores or {}:
        if re.match(YEAR_PATTERN, core_id):
            yield Issue(
                pointer("cores", core_id),
                "bad_id",
                f"Kjernen {shown(core_id)} kan forveksles med et årstall i «core_coverage».",
                "Gi kjernen en annen id.",
            )


def enough_cores(scenario: Scenario) -> Iterator[Issue]:
    """There are as many cores as must have places."""
    least = scenario.policies.min_cores_with_places if scenario.policies else None
    there = len(scenario.cores or {})
    if least is not None and least > there:
        yield Issue(
            "/policies/min_cores_with_places",
            "too_few_cores",
            f"Minst {least} kjerner skal ha plasser, men scenariet har {there}.",
            f"Sett tallet til høyst {there}, eller legg til kjerner.",
        )
