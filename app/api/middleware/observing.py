"""An id for every request, and an answer to every exception."""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import unforeseen
from app.logs import request_id

HEADER = "X-Request-ID"
_TAKEN_OVER = re.compile(r"[0-9A-Za-z._-]{1,64}")


class Observed:
    """What happens inside is told under one id, and no exception gets out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own_id = _id(Headers(scope=scope).get(HEADER, ""))
        token = request_id.set(own_id)
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = own_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            answer = unforeseen(error)
            if started:
                raise
            await answer(scope, receive, send_with_id)
        finally:
            request_id.reset(token)


def _id(given: str) -> str:
    """The id that the client or a proxy gave, if it is safe to write anywhere; else a new one."""
    return given if _TAKEN_OVER.fullmatch(given) else uuid4().hex
