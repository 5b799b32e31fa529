"""Who sent a request, as noted with it; and what is answered to whoever asks."""

from typing import cast

from fastapi import Request
from starlette.types import Scope

from app.callers import Caller

OPEN_AT_OVERLOAD = frozenset({"/healthz", "/readyz"})
"""Answered when all others are told to come back later."""

OPEN_TO_ALL = OPEN_AT_OVERLOAD | {"/openapi.json"}
"""Answered to whoever asks."""

CALLER = "app.caller"
"""Where it is noted in the ASGI scope: a caller, or the exception that says why there is none."""


def caller_of(scope: Scope) -> Caller | None:
    """Who sent a request; None when they have not said so that it can be believed."""
    found = scope.get(CALLER)
    return found if isinstance(found, Caller) else None


def caller_here(request: Request) -> Caller:
    """Who sent a request that was let in."""
    return cast(Caller, request.scope[CALLER])
