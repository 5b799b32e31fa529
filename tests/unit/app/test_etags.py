"""Comparing entity tags as RFC 9110 has it."""

import pytest

from app.errors import PreconditionFailed
from app.services.etags import require_match, same


@pytest.mark.parametrize("header", [None, "*", '"3"', '"1", "3"', '"3" , "4"'])
def test_a_match(header: str | None) -> None:
    require_match(header, '"3"')


@pytest.mark.parametrize("header", ["", '"2"', 'W/"3"', "3", '"33"', '"a,*,b"', '"1", *'])
def test_no_match(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(header, '"3"')


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("*", True),
        ('"3"', True),
        ('W/"3"', True),
        ('"1", W/"3"', True),
        ("3", False),
    ],
)
def test_same_is_weak(header: str | None, expected: bool) -> None:
    assert same(header, '"3"') is expected
