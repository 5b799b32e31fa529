"""Who sent a request, as noted with it; and what is answered to whoever asks."""

from typing import cast

from fastapi import Request
from starlette.types import Scope

from app.callers import Caller

OPEN_AT_OVERLOAD = frozenset({"/healthz", "/readyz"})
"""Answered when all others are told to come back later."""

PAGE = "/"
PAGE_FILES = "/web/"

OPEN_TO_ALL = OPEN_AT_OVERLOAD | {"/openapi.json", PAGE}
"""Answered to whoever asks, and so are the files of the page: it asks for a key itself."""

CALLER = "app.caller"
"""Where it is noted in the ASGI scope: a caller, or the exception that says why there is none."""


def open_to_all(path: str) -> bool:
    """Whether an address, or a route's path, is answered to whoever asks."""
    return path in OPEN_TO_ALL or path.startswith(PAGE_FILES)


def caller_of(scope: Scope) -> Caller | None:
    """Who sent a request; None when they have not said so that it can be believed."""
    found = scope.get(CALLER)
    return found if isinstance(found, Caller) else None


def caller_here(request: Request) -> Caller:
    """Who sent a request that was let in."""
    return cast(Caller, request.scope[CALLER])
