"""The one way from a document to a checked scenario.

First the size, then the schema, then every cross-check in `CHECKS`; where the schema is broken,
those in `LOCAL_CHECKS` look at the rest. Refused is what contradicts itself or cannot be read. A
scenario that can only not be fulfilled is not refused: infeasible is an answer.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from pydantic import ValidationError

from app.schemas.issues import capped, issues_of, pointer
from app.schemas.jsontext import parse_json
from app.schemas.scenario import Scenario
from app.services.checking import (
    links,
    needs,
    objective,
    places,
    projects,
    references,
    rules,
    size,
    targets,
    travel,
    years,
)
from app.services.checking.mended import mended
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid

Check = Callable[[Scenario], Iterator[Issue]]

# These look at one place and at names elsewhere: they hold whatever else is wrong.
LOCAL_CHECKS: tuple[Check, ...] = (
    years.period_runs_forward,
    years.period_is_planable,
    years.projects_open_before_they_must,
    references.cores_exist,
    references.care_types_exist,
    references.sites_exist,
    references.districts_exist,
    references.projects_exist,
    references.lists_name_once,
    projects.sizes_are_possible,
    projects.temporary_projects_are_rented,
    projects.temporary_projects_end,
    projects.grants_are_within_investment,
    links.projects_do_not_name_themselves,
    links.requirements_have_no_cycle,
    places.locations_are_in_norway,
    places.outlines_are_valid,
    rules.physical_rules_have_no_price,
)
# These weigh several places against each other.
WEIGHING_CHECKS: tuple[Check, ...] = (
    size.pairs_are_manageable,
    size.need_is_manageable,
    references.populations_exist,
    references.needs_are_served,
    projects.removed_places_stand_there,
    links.requirements_are_compatible,
    links.required_projects_are_allowed,
    links.required_projects_are_compatible,
    needs.coverage_need_is_complete,
    needs.mix_is_at_most_all,
    travel.straight_line_has_speed,
    travel.straight_line_has_ends,
    travel.matrix_is_given,
    objective.kolm_pollak_has_aversion,
    objective.longest_journey_can_be_weighed,
    targets.core_coverage_has_cores,
    targets.core_ids_are_no_years,
    targets.enough_cores,
)
CHECKS = LOCAL_CHECKS + WEIGHING_CHECKS
MOST_TO_MEND = 50  # beyond this the document is something else


def read_scenario(data: bytes | str) -> Scenario:
    """The checked scenario that a JSON text holds.

    Raises `ScenarioInvalid` with every issue found.
    """
    try:
        document = parse_json(data)
    except DocumentInvalid as error:
        raise ScenarioInvalid(error.issues) from error
    return check_scenario(document)


def check_scenario(document: Any) -> Scenario:
    """The checked scenario that a document of plain JSON types, as `parse_json` gives it, is.

    Raises `ScenarioInvalid` with every issue found: those of the cross-checks or, when the schema
    is broken, those against it and what the local checks find elsewhere.
    """
    issues = size.too_many_values(document)
    if issues:
        raise ScenarioInvalid(issues)
    given = _without_nulls(document)
    try:
        scenario = Scenario.model_validate(given)
    except ValidationError as error:
        raise ScenarioInvalid(_issues_of_unreadable(given, error)) from error
    issues = capped(chain.from_iterable(check(scenario) for check in CHECKS))
    if issues:
        raise ScenarioInvalid(issues)
    return scenario


def _issues_of_unreadable(document: Any, error: ValidationError) -> list[Issue]:
    """Issues against the schema, and those of the local checks at places that are readable."""
    issues = issues_of(error, Scenario)
    if len(issues) > MOST_TO_MEND:
        return issues
    filled = mended(document, error)
    if filled is None:
        return issues
    scenario, faulty = filled
    wrong = tuple(pointer(*place[:2]) for place in faulty)  # a stand-in fits no neighbours
    found = chain.from_iterable(check(scenario) for check in LOCAL_CHECKS)
    return [*issues, *capped(issue for issue in found if not _about(issue.pointer, wrong))]


def _about(place: str, wrong: tuple[str, ...]) -> bool:
    """Whether a place is, holds or lies in one of the wrong entries."""
    return any(f"{place}/".startswith(f"{w}/") or w.startswith(f"{place}/") for w in wrong)


def _without_nulls(value: Any) -> Any:
    """Null means left out, in collections as in fields. Elements of lists are not fields."""
    if not isinstance(value, dict):
        return value
    return {
        key: _without_nulls(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if item is not None
    }
