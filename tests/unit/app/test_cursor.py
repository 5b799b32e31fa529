"""Cursors of lists."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.repositories.cursor import Cursor


def test_there_and_back() -> None:
    cursor = Cursor(datetime(2026, 11, 22, 12, 0, 0, 5, UTC), "0a-1")
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_anything_else_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Cursor.decode(text)


@pytest.mark.parametrize(
    "text", ["2026-01-01 1", "0001-01-01T00:00:00+14:00 1", "2026-01-01T00:00:00+00:00 a b", " "]
)
def test_so_is_what_only_looks_like_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Cursor.decode(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))
