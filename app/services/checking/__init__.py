"""The one way from a document to a checked scenario.

First the size, then the schema, then every cross-check in `CHECKS`; each step collects all it
finds. Refused is what contradicts itself or cannot be read. A scenario that can only not be
fulfilled is not refused: infeasible is an answer.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from pydantic import ValidationError

from app.schemas.issues import capped, issues_of
from app.schemas.jsontext import parse_json
from app.schemas.scenario import Scenario
from app.services.checking import (
    links,
    needs,
    places,
    projects,
    references,
    size,
    targets,
    travel,
    years,
)
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid

Check = Callable[[Scenario], Iterator[Issue]]

CHECKS: tuple[Check, ...] = (
    size.pairs_are_manageable,
    size.need_is_manageable,
    years.period_runs_forward,
    years.period_is_planable,
    years.projects_open_before_they_must,
    references.cores_exist,
    references.care_types_exist,
    references.sites_exist,
    references.districts_exist,
    references.projects_exist,
    references.populations_exist,
    references.needs_are_served,
    references.lists_name_once,
    projects.sizes_are_possible,
    projects.temporary_projects_are_rented,
    projects.temporary_projects_end,
    projects.grants_are_within_investment,
    projects.removed_places_stand_there,
    links.projects_do_not_name_themselves,
    links.requirements_have_no_cycle,
    links.requirements_are_compatible,
    links.required_projects_are_allowed,
    links.required_projects_are_compatible,
    needs.coverage_need_is_complete,
    needs.mix_is_at_most_all,
    travel.straight_line_has_speed,
    travel.straight_line_has_ends,
    travel.matrix_is_given,
    targets.core_coverage_has_cores,
    targets.core_ids_are_no_years,
    targets.enough_cores,
    places.locations_are_in_norway,
    places.outlines_are_valid,
)


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

    Raises `ScenarioInvalid` with every issue found: those against the schema, or, when there are
    none, those of the cross-checks.
    """
    issues = size.too_many_values(document)
    if issues:
        raise ScenarioInvalid(issues)
    try:
        scenario = Scenario.model_validate(_without_nulls(document))
    except ValidationError as error:
        raise ScenarioInvalid(issues_of(error, Scenario)) from error
    issues = capped(chain.from_iterable(check(scenario) for check in CHECKS))
    if issues:
        raise ScenarioInvalid(issues)
    return scenario


def _without_nulls(value: Any) -> Any:
    """Null means left out, in collections as in fields. Elements of lists are not fields."""
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(item) for key, item in value.items() if item is not None}
