"""Answers that are not sent again to a client that has them."""

from collections.abc import Callable
from typing import Any

from fastapi import Response

from app.services.etags import same

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Uendret"}}
"""For the `responses` of a route."""


def not_modified(etag: str) -> Response:
    """The client has this already."""
    return Response(status_code=304, headers={"ETag": etag})


def unless_known(if_none_match: str | None, etag: str, make: Callable[[], Response]) -> Response:
    """The answer that `make` gives, made only if the client does not have it."""
    if same(if_none_match, etag):
        return not_modified(etag)
    answer = make()
    answer.headers["ETag"] = etag
    return answer
