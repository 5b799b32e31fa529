from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, ValidationError

from app.schemas.base import Document
from app.schemas.issues import MAX_ECHO, capped, did_you_mean, issues_of, pointer, shown
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

from .bad_scenarios.toy import put, toy


def issues(document: Any) -> list[Issue]:
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(document)
    return issues_of(caught.value, Scenario)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), ""),
        (("a", 0, "b"), "/a/0/b"),
        (("a/b", "~", "~1"), "/a~1b/~0/~01"),
        (("",), "/"),
        (("80+", "æøå ü"), "/80+/æøå ü"),
        (("\x00\n\x9b\udfff",), r"/\u0000\u000a\u009b\udfff"),
        (("x" * 300,), "/" + "x" * 199 + "…"),
    ],
)
def test_pointer(parts: tuple[str | int, ...], expected: str) -> None:
    assert pointer(*parts) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hdo", "«hdo»"),
        ("\x1b[31m\u202e", r"«\u001b[31m\u202e»"),
        ("\ud800", r"«\ud800»"),
        ("x" * 10**7, "«" + "x" * 79 + "…»"),
        ("\n" * 81, "«" + (r"\u000a" * 81)[:79] + "…»"),
        (True, "true"),
        (None, "null"),
        (-3, "-3"),
        (0.5, "0.5"),
        (10**100, "et svært stort heltall"),
        (float("nan"), "noe som ikke er et tall"),
        (float("-inf"), "noe som ikke er et tall"),
        ({"a": 1}, "et objekt"),
        ([1], "en liste"),
    ],
)
def test_shown(value: Any, expected: str) -> None:
    assert shown(value) == expected
    assert len(shown(value)) <= MAX_ECHO + 2


def test_suggests_the_nearest_whatever_its_case() -> None:
    known = ["sentrum", "vingrom", "hdo"]
    assert did_you_mean("Vingrum", known) == "Mente du «vingrom»? "
    assert did_you_mean("HDO", known) == "Mente du «hdo»? "
    assert did_you_mean("skole", known) == ""


def test_capped_says_how_many_are_left_out_when_it_is_known() -> None:
    many = [Issue(f"/{n}", "x", "", "") for n in range(250)]
    assert capped(many[:200]) == many[:200]
    known, unknown = capped(many, total=250), capped(many)
    assert known[:200] == unknown[:200] == many[:200]
    assert "50 feil til" in known[200].message
    assert (known[200].code, unknown[200].code) == ("more_issues", "more_issues")
    assert len(known) == len(unknown) == 201


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("/years/first", 20, "Det må være minst 1900."),
        ("/projects/tun/investment_nok", 1e14, "Det må være høyst 10 000 000 000 000."),
        ("/travel/speed_kmh", 0, "Det må være mer enn 0."),
        ("/need/ratio", 16, "Det må være høyst 1. 16 prosent skrives 0.16."),
        ("/objective/discount_rate", 4, "Det må være mindre enn 1. 4 prosent skrives 0.04."),
        ("/need/basis", "x", 'Skriv "explicit" eller "coverage".'),
        ("/years/first", "2026", "Skriv et helt tall, uten anførselstegn."),
        ("/sites/tomt/places", {"hdo": []}, 'ett per år som {"2026": 10, "2030": 12}'),
        ("/projects/tun/places/maks", 1, "Feltene her er min, max, step."),
        ("/projects/tun/opens", {"earlyest": 1}, "Mente du «earliest»?"),
        ("/travel/barriers/mjøsa/minutes", 1, "Feltene her er title, line, penalty_minutes."),
        ("/title", "x" * 501, "Kort ned til høyst 500 tegn."),
    ],
)
def test_mends_name_limits_and_allowed_values(place: str, value: Any, words: str) -> None:
    (issue,) = issues(put(place, value))
    assert words in issue.mend


def test_names_that_look_like_marks_of_the_checker_keep_their_place() -> None:
    document = toy() | {"sites": {"[key]": {"places": {"[key]": "x"}}}}
    assert [issue.pointer for issue in issues(document)] == ["/sites/[key]/places/[key]"]


def test_an_error_of_another_kind_is_a_bad_value() -> None:
    def refuse(value: str) -> str:
        raise ValueError(f"secret {value}")

    class Odd(Document):
        field: Annotated[str, AfterValidator(refuse)]

    with pytest.raises(ValidationError) as caught:
        Odd.model_validate({"field": "x"})
    (issue,) = issues_of(caught.value, Odd)
    assert (issue.pointer, issue.code) == ("/field", "bad_value")
    assert "secret" not in issue.message + issue.mend
