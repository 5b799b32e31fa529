"""An id, a line in the log and a place in the figures for every request; an answer to every
exception."""

import logging
import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.callers import OPEN_AT_OVERLOAD, caller_of
from app.api.metrics import Metrics
from app.api.problems import unforeseen
from app.callers import ANYBODY
from app.logs import request_id

logger = logging.getLogger("app.access")

HEADER = "X-Request-ID"
_TAKEN_OVER = re.compile(r"[0-9A-Za-z._-]{1,64}")
_SEEN = "app.seen"


@dataclass
class _Seen:
    """What became of a request."""

    status: int | None = None
    route: str | None = None
    run_id: str | None = None
    actor: str | None = None


class Observed:
    """What happens inside is told under one id, and no exception gets out."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own_id = _id(Headers(scope=scope).get(HEADER, ""))
        token = request_id.set(own_id)
        seen = scope[_SEEN] = _Seen()
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                MutableHeaders(scope=message)[HEADER] = own_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            answer = unforeseen(error)
            if seen.status is not None:  # too late for another answer; the server hangs up
                raise
            await answer(scope, receive, send_with_id)
        finally:
            self._tell(scope, seen, time.perf_counter() - started)
            request_id.reset(token)

    def _tell(self, scope: Scope, seen: _Seen, seconds: float) -> None:
        status = seen.status or 0
        self._metrics.observe(scope["method"], seen.route, status, seconds)
        if scope["path"] in OPEN_AT_OVERLOAD and status == 200:
            return
        told: dict[str, Any] = {
            "client": (scope.get("client") or [None])[0],
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(1000 * seconds, 1),
            "route": seen.route,
            "run_id": seen.run_id,
            "actor": seen.actor,
        }
        logger.info("request", extra={k: v for k, v in told.items() if v is not None})


class Routed:
    """The innermost: notes which route it was, which run it is about, and who asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._app(scope, receive, send)
        finally:
            seen = scope.get(_SEEN)
            if seen is not None:
                seen.route = getattr(scope.get("route"), "path", None)
                caller = caller_of(scope)
                if caller is not None and caller != ANYBODY:
                    seen.actor = caller.actor
                seen.run_id = scope.get("path_params", {}).get("run_id")


def _id(given: str) -> str:
    """The id that the client or a proxy gave, if it is safe to write anywhere; else a new one."""
    return given if _TAKEN_OVER.fullmatch(given) else uuid4().hex
