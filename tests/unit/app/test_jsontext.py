import json
import random
import time
from typing import Any

import pytest

from app.schemas import jsontext
from app.schemas.jsontext import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    MAX_INNER_FIELDS,
    MAX_OUTER_FIELDS,
    MAX_PARTS,
    parse_json,
)
from solver.domain.errors import DocumentInvalid, ScenarioInvalid


def refused(text: bytes | str) -> list[tuple[str, str]]:
    with pytest.raises(DocumentInvalid) as caught:
        parse_json(text)
    return [(issue.pointer, issue.code) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
        ('{"å": "ø"}', {"å": "ø"}),
        (b"\xef\xbb\xbf{}", {}),
        ("\ufeff{}", {}),
        (rb'"\ud83d\ude00"', "😀"),
        (b"[-0, -0.0, 1E+2, 9007199254740992]", [0, 0.0, 100.0, 2**53]),
        (b'{"a": {"x": 1}, "b": {"x": 1}}', {"a": {"x": 1}, "b": {"x": 1}}),
        (b'"[[[[{{{{\\"[["', '[[[[{{{{"[['),
    ],
)
def test_reads_what_json_allows(text: bytes | str, value: Any) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9007199254740993", f"-{25 * '9'}", "NaN"])
@pytest.mark.parametrize(
    ("text", "place"), [("[1, {}]", "/1"), ("[[[1, 2], [3.5, {}]]]", "/0/1/1")]
)
def test_a_number_too_large_is_found_among_ordinary_ones(
    number: str, text: str, place: str
) -> None:
    code = "not_a_number" if number == "NaN" else "number_too_large"
    assert refused(text.replace("{}", number)) == [(place, code)]


def test_takes_64_levels_and_no_more() -> None:
    def nested(levels: int) -> str:
        return "[" * levels + "]" * levels

    parse_json(nested(MAX_DEPTH))
    assert refused(nested(MAX_DEPTH + 1)) == [("", "too_deep")]


def test_brackets_in_strings_are_not_depth() -> None:
    """Random nesting with brackets, quotes and backslashes in texts and names."""
    draw = random.Random(2026)
    texts = ["[[[{", "\\", '\\"', '"]', '\\\\"[', "}}", "\\\\"]

    def value(depth: int) -> Any:
        if depth == 0 or draw.random() < 0.1:
            return draw.choice(texts)
        inner = [value(depth - 1) for _ in range(draw.randint(1, 3))]
        return {draw.choice(texts): inner[0]} if draw.random() < 0.5 else inner

    for _ in range(200):
        at_most_64 = [value(6)]
        for _ in range(MAX_DEPTH - 8):
            at_most_64 = [at_most_64]
        assert parse_json(json.dumps(at_most_64)) == at_most_64
        assert refused(json.dumps({'"[': [[[[[[[[at_most_64] * 2]]]]]]]})) == [("", "too_deep")]


def inside(text: str, levels: int) -> str:
    """A value so many objects deep."""
    return levels * '{"a": ' + text + levels * "}"


def fields(number: int, value: str = "0") -> str:
    return "{" + ",".join(f'"f{n}":{value}' for n in range(number)) + "}"


def items(number: int, item: str) -> str:
    return "[" + ",".join(number * [item]) + "]"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (fields(MAX_OUTER_FIELDS + 1), "too_many_fields"),
        (inside(fields(1_000_000), 3), "too_many_fields"),
        (inside(fields(MAX_INNER_FIELDS + 1), 3), "too_many_fields"),
        (inside(fields(MAX_INNER_FIELDS + 1, "{}"), 40), "too_many_fields"),
        (items(MAX_PARTS + 1, "0"), "too_many_values"),
        (items(MAX_PARTS // 2 + 1, "{}"), "too_many_values"),
        (items(MAX_PARTS // 2 + 1, '"a,b"'), "too_many_values"),
        (inside(items(MAX_PARTS // 3 + 1, '{"a":0}'), 2), "too_many_values"),
        (items(MAX_PARTS // 3 + 1, "[0,0]"), "too_many_values"),
    ],
    ids=lambda text: text[:20],
)
def test_what_has_too_much_is_refused_before_anything_is_made_of_it(
    text: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsontext, "_read", None)
    assert refused(text) == [("", code)]


@pytest.mark.parametrize(
    "text",
    [
        inside(items(3, fields(MAX_INNER_FIELDS)), 3),  # rows of a travel matrix
        inside(fields(MAX_INNER_FIELDS + 1), 2),
        items(MAX_PARTS - 1, "0"),
        json.dumps(MAX_PARTS * ",{["),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_sound_is_not_looked_through_value_by_value(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsontext, "_issues", None)
    assert parse_json(text) == json.loads(text)


@pytest.mark.parametrize("value", ["1e308", "-1e16", "[[1e16]]"])
def test_large_numbers_with_decimals_are_taken(value: str) -> None:
    assert parse_json(value) == json.loads(value)


def test_the_shape_of_a_text_is_that_of_its_values() -> None:
    """Random nesting with brackets, colons, commas and quotes in texts and names."""
    draw = random.Random(2026)
    texts = ["[{:,", '\\"', "x\\", "}],:"]

    def value(depth: int) -> Any:
        if depth == 0 or draw.random() < 0.3:
            return draw.choice([*texts, 1, None, 1.5])
        inner = [value(depth - 1) for _ in range(draw.randint(0, 4))]
        named = {f"{draw.choice(texts)}{n}": each for n, each in enumerate(inner)}
        return named if draw.random() < 0.5 else inner

    for _ in range(500):
        document = value(7)
        assert jsontext._shape(json.dumps(document).encode()) == shape_of(document, 1)


def shape_of(value: Any, depth: int) -> jsontext._Shape:
    """Counted in the values themselves."""
    if not isinstance(value, dict | list):
        return jsontext._Shape(depth - 1, 0, 0, 0, parts=isinstance(value, str))
    members = list(value.values()) if isinstance(value, dict) else value
    within = [shape_of(member, depth + 1) for member in members]
    own = len(value) if isinstance(value, dict) else 0
    is_outer = depth <= jsontext.OUTER_DEPTH
    return jsontext._Shape(
        depth=max([depth, *(each.depth for each in within)]),
        fields=own + sum(each.fields for each in within),
        outer_fields=own * is_outer + sum(each.outer_fields for each in within),
        inner_fields=max([own * (not is_outer), *(each.inner_fields for each in within)]),
        parts=1 + own + max(0, len(members) - 1) + sum(each.parts for each in within),
    )


@pytest.mark.parametrize("levels", [2_000, 400_000])
@pytest.mark.parametrize("unit", ["[", '{"a":'])
def test_depth_is_answered_quickly(levels: int, unit: str) -> None:
    started = time.process_time()
    assert refused(unit * levels) == [("", "too_deep")]
    assert time.process_time() - started < 1


def test_two_megabytes_take_less_than_a_second() -> None:
    """Measured 0.1 to 0.2 s."""
    ring = [[10.466281 + n / 1e6, 61.115141] for n in range(40)]
    text = json.dumps({str(n): {"title": "Blåbærvegen", "ring": ring} for n in range(2_100)})
    assert len(text) > 2_000_000
    started = time.process_time()
    parse_json(text)
    assert time.process_time() - started < 1


def test_every_issue_is_found_at_its_place() -> None:
    text = (
        rb'{"a": [NaN, -Infinity, 1e400, 9007199254740993], "b/c": {"~": 0, "~": "\u0000"},'
        rb' "\ud800": "\udc00"}'
    )
    assert sorted(refused(text)) == [
        (r"/\ud800", "lone_surrogate"),  # the name
        (r"/\ud800", "lone_surrogate"),  # and the text
        ("/a/0", "not_a_number"),
        ("/a/1", "not_a_number"),
        ("/a/2", "number_too_large"),
        ("/a/3", "number_too_large"),
        ("/b~1c/~0", "duplicate_key"),
        ("/b~1c/~0", "nul_character"),
    ]


def test_long_integers_do_not_hide_the_rest() -> None:
    longest, longer = "9" * 5000, "1" * 4301
    text = f'{{"a": {longest}, "b": NaN, "c": {{"d": -{longer}}}, "e": 12}}'
    assert refused(text) == [
        ("/a", "number_too_large"),
        ("/b", "not_a_number"),
        ("/c/d", "number_too_large"),
    ]


def test_a_key_that_stands_three_times_is_one_issue() -> None:
    assert refused('{"a": 1, "b": 2, "a": 3, "a": 4}') == [("/a", "duplicate_key")]


def test_at_most_200_issues_and_a_last_that_says_there_are_more() -> None:
    issues = refused("[" + ",".join(["NaN"] * 201) + "]")
    assert len(issues) == 201
    assert issues[199:] == [("/199", "not_a_number"), ("", "more_issues")]
    assert len(refused("[" + ",".join(["NaN"] * 200) + "]")) == 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n "a": 1,\n "b" 2}', "linje 3, tegn 6: her mangler et kolon"),
        ('{"a": 1', "her slutter teksten før dokumentet er ferdig"),
        ("{'a': 1}", "tegn 2: her skulle det stått et feltnavn i doble anførselstegn"),
        ('["a" "b"]', "her mangler et komma"),
        ('"a\nb"', "styretegn inne i en tekst"),
        ('"\\q"', "ugyldig omvendt skråstrek"),
        ('{"a', "en tekst som aldri slutter"),
        ("{} {}", "fortsetter teksten etter at dokumentet er slutt"),
    ],
)
def test_syntax_errors_say_where_and_what(text: str, words: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        parse_json(text)
    (issue,) = caught.value.issues
    assert (issue.pointer, issue.code) == ("", "bad_json")
    assert words in issue.message


def test_texts_with_raw_surrogates_are_refused_where_they_stand() -> None:
    assert refused('{"a": "\ud800"}') == [("/a", "lone_surrogate")]


def test_size_limit_counts_bytes() -> None:
    filler = "ø" * (MAX_DOCUMENT_BYTES // 2)
    assert refused(f'"{filler}"') == [("", "document_too_large")]
    assert parse_json(f'"{filler[:-1]}"') == filler[:-1]


def test_is_not_said_to_be_about_a_scenario() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        parse_json("")
    assert caught.value.code == "document_invalid"
    assert not isinstance(caught.value, ScenarioInvalid)
