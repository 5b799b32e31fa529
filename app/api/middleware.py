"""What holds for every request, written for ASGI itself so that no answer escapes it."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import of_error
from app.errors import BodyTooLarge


class BodyLimit:
    """Refuses a body beyond the limit: by its declared length at once, else while it comes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _number(Headers(scope=scope).get("content-length", "0")) > self._limit:
            await of_error(BodyTooLarge(self._limit))(scope, receive, send)
            return
        await self._app(scope, _Counter(receive, self._limit), send)


def _number(text: str) -> float:
    """A Content-Length; the server in front has refused what is no number at all."""
    return float(text) if text.isdecimal() else 0


class _Counter:
    """Receives for the routes; raises BodyTooLarge in the route that reads too much."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            raise BodyTooLarge(self._limit)
        return message


_HEAD = "flerkjerne_head"


class HeadAsGet:
    """Answers HEAD as GET without the body, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", _HEAD: True}, receive, send_without_body)


def answers_head(request: Request) -> bool:
    """Whether nobody will read the body: one without an end must not begin then."""
    return bool(request.scope.get(_HEAD))


class NoSniff:
    """Tells browsers to believe the content type."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self._app(scope, receive, send_with_header)
