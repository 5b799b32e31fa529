"""The preference to wait (RFC 7240)."""

import pytest

from app.api.v1.runs import LONGEST_WAIT_S, wait_seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=10", 10),
        ("Wait = 10", 10),
        ('respond-async, wait="10"', 10),
        ("respond-async;wait=7", 7),
        ("wait=999", LONGEST_WAIT_S),
        ("wait=-1", 0),
        ("wait=x", 0),
        ("await=10", 0),
        ("wait=" + 100 * "9", LONGEST_WAIT_S),
    ],
)
def test_seconds(header: str | None, seconds: int) -> None:
    assert wait_seconds(header) == seconds
