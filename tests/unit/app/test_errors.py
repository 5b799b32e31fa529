"""From exception to HTTP status."""

import pytest
from sqlalchemy.exc import OperationalError

from app.errors import STATUS_BY_ERROR, TITLES, NotFound, Unavailable, Unprocessable, status_of
from solver.domain.errors import GeodataError, Issue, ScenarioInvalid, VerificationFailed


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x", "y"), 404),
        (Unavailable("x", "y"), 503),
        (Unprocessable("x", "y"), 422),
        (ScenarioInvalid([Issue("", "x", "y", "z")]), 422),
        (GeodataError("x", "y"), 422),
        (VerificationFailed("y"), 500),
        (OperationalError("SELECT 1", {}, Exception()), 503),
        (ZeroDivisionError(), 500),
    ],
)
def test_status(error: Exception, status: int) -> None:
    assert status_of(error) == status


def test_every_status_has_a_title() -> None:
    assert {status for _, status in STATUS_BY_ERROR} <= set(TITLES)
