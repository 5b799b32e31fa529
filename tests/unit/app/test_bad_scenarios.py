import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from app.schemas.issues import MAX_ISSUES
from app.schemas.jsontext import parse_json
from app.schemas.scenario import Scenario
from app.services.checking import CHECKS, read_scenario
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid

from .bad_scenarios import CASES, BadCase


def by_name(case: BadCase) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_bad_scenario_is_refused_where_it_is_wrong(case: BadCase) -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        read_scenario(case.text)
    issues = caught.value.issues
    assert (case.pointer, case.code) in [(issue.pointer, issue.code) for issue in issues]
    assert len(issues) <= MAX_ISSUES + 1
    for issue in issues:
        assert_printable(issue)


def assert_printable(issue: Issue) -> None:
    texts = [issue.pointer, issue.code, issue.message, issue.mend]
    assert all(text.isprintable() for text in texts)
    assert issue.code
    assert issue.message.endswith((".", "?"))
    assert issue.mend.endswith((".", "?"))
    assert all(len(text) < 600 for text in texts)
    json.dumps(texts, allow_nan=False).encode()


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    assert len(CASES) >= 300
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def readable() -> list[tuple[BadCase, Scenario]]:
    """The cases that only the cross-checks refuse."""
    return list(_readable())


def _readable() -> Iterator[tuple[BadCase, Scenario]]:
    for case in CASES:
        try:
            yield case, Scenario.model_validate(parse_json(case.text))
        except (DocumentInvalid, ValidationError):
            continue


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_cross_check_has_a_case(
    check: object, readable: list[tuple[BadCase, Scenario]]
) -> None:
    assert callable(check)
    assert any(
        (case.pointer, case.code) == (issue.pointer, issue.code)
        for case, scenario in readable
        for issue in check(scenario)
    )
