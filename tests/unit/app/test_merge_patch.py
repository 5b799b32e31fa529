import copy
from typing import Any

import pytest

from app.schemas.merge_patch import merge_diff, merge_patch, set_path
from solver.domain.errors import DocumentInvalid


# The test cases of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merges_as_the_rfc_has_it(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merge_patch(target, patch) == result
    assert (target, patch) == before


@pytest.mark.parametrize(
    ("path", "value", "result"),
    [
        ("years.last", 2035, {"years": {"first": 2026, "last": 2035}}),
        ("years", {"last": 2030}, {"years": {"last": 2030}}),
        ("targets.within.minutes", 30, {"targets": {"within": {"minutes": 30}}}),
        ('projects."a.b".title', "x", {"projects": {"a.b": {"title": "x"}}}),
        (r'"a\"b".80+', 1, {'a"b': {"80+": 1}}),
        ('a"b', 1, {'a"b': 1}),
        ('sources."/years/last".note', "x", {"sources": {"/years/last": {"note": "x"}}}),
        ("budget.total", 5, {"budget": {"total": 5}}),
    ],
)
def test_sets_a_value_and_makes_the_way_to_it(path: str, value: Any, result: Any) -> None:
    document = {"years": {"first": 2026, "last": 2040}, "budget": None}
    before = copy.deepcopy(document)
    assert set_path(document, path, value) == document | result
    assert document == before


def test_null_removes() -> None:
    document = {"a": {"b": 1, "c": 2}, "d": 3}
    assert set_path(document, "a.b", None) == {"a": {"c": 2}, "d": 3}
    assert set_path(document, "d", None) == {"a": {"b": 1, "c": 2}}
    assert set_path(document, "x.y", None) == document


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", '"a', '"a"b', r'"\q"', ".".join("a" * 65)]
)
def test_refuses_what_is_no_path(path: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        set_path({}, path, 1)
    assert [(issue.pointer, issue.code) for issue in caught.value.issues] == [("", "bad_path")]


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("ratio.2030", "/ratio"), ("list.0", "/list"), ("deep.text.x", "/deep/text")],
)
def test_refuses_to_go_through_what_is_no_object(path: str, pointer: str) -> None:
    document = {"ratio": 0.16, "list": [1], "deep": {"text": ""}}
    with pytest.raises(DocumentInvalid) as caught:
        set_path(document, path, 1)
    assert [(issue.pointer, issue.code) for issue in caught.value.issues] == [(pointer, "bad_path")]


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": 1}, {"a": {"2026": 1}}, {"a": {"2026": 1}}),
        ({"a": {"2026": 1}}, {"a": {"g": {"2026": 1}}}, {"a": {"2026": None, "g": {"2026": 1}}}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {}}, {"a": {}}),
        ({"a": {}}, {"a": {}}, {}),
    ],
)
def test_a_difference_makes_the_one_of_the_other(old: Any, new: Any, patch: Any) -> None:
    assert merge_diff(old, new) == patch
    assert merge_patch(old, patch) == new
