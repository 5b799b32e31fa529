"""Checks what a kind of run asks for beside the scenario, against the scenario."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from app.schemas.base import Document
from app.schemas.issues import issues_of
from app.schemas.parameters import PARAMETERS, RunKind
from app.schemas.scenario import Scenario
from app.services.checking.forced import check_why_not
from app.services.futures import stress_is_possible
from solver.domain.errors import DocumentInvalid, Issue

Checking = Callable[[Scenario, Any], Iterator[Issue]]

# What has nothing to look up in the scenario needs no check of its own.
CHECKING: Mapping[RunKind, Checking] = {
    "why_not": check_why_not,
    "stress": stress_is_possible,
}


def check_parameters(kind: RunKind, given: Mapping[str, Any], scenario: Scenario) -> Document:
    """The parameters, every default in its place. Raises DocumentInvalid; pointers start there."""
    asked = PARAMETERS[kind]
    try:
        parameters = asked.model_validate(given)
    except ValidationError as error:
        raise DocumentInvalid(_below(issues_of(error, asked))) from error
    check = CHECKING.get(kind)
    issues = list(check(scenario, parameters)) if check is not None else []
    if issues:
        raise DocumentInvalid(_below(issues))
    return parameters


def _below(issues: list[Issue]) -> list[Issue]:
    return [replace(issue, pointer=f"/parameters{issue.pointer}") for issue in issues]
