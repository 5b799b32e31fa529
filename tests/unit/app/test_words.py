"""Numbers and lists as planners read them."""

from typing import get_args

import pytest

from app.schemas.base import RuleClassText, RuleNameText
from app.services.words import first_listed, kroner, listed, short, years_listed
from solver.domain.rules import RULES, RuleClass, RuleName


@pytest.mark.parametrize(
    ("value", "said"), [(12.0, "12"), (12.5, "12,5"), (1234.25, "1 234,25"), (100.0, "100")]
)
def test_no_more_decimals_than_needed(value: float, said: str) -> None:
    assert short(value, 2) == said


@pytest.mark.parametrize(
    ("nok", "said"), [(9.5, "9,5 kr"), (23_000_000, "23,0 mill. kr"), (99_999, "99 999 kr")]
)
def test_kroner(nok: float, said: str) -> None:
    assert kroner(nok) == said


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a og b"), (list("abc"), "a, b og c")]
)
def test_a_list(words: list[str], said: str) -> None:
    assert listed(words) == said


@pytest.mark.parametrize(
    ("years", "said"),
    [
        ([2030], "2030"),
        ([2028, 2029, 2030, 2033], "2028–2030 og 2033"),
        ([2033, 2030, 2035], "2030, 2033 og 2035"),
    ],
)
def test_years(years: list[int], said: str) -> None:
    assert years_listed(years) == said


def test_the_schema_names_every_rule_and_class() -> None:
    assert set(get_args(RuleNameText)) == {rule.value for rule in RuleName} == set(RULES)
    assert set(get_args(RuleClassText)) == {each.value for each in RuleClass}


def test_of_many_the_first_ten() -> None:
    words = [str(number) for number in range(12)]
    assert first_listed(words[:10]) == "0, 1, 2, 3, 4, 5, 6, 7, 8 og 9"
    assert first_listed(words) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 og 2 til"
