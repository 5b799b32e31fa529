"""What is decided by a request's head alone."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.methods import methods_at
from app.api.problems import of_error


class Refusals:
    """Answers what `app.api.connections` has refused to let in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refusal = scope.get("state", {}).get("refusal")
        app = self._app if refusal is None else of_error(refusal)
        await app(scope, receive, send)


LISTS = frozenset({b"accept", b"accept-encoding", b"if-match", b"if-none-match", b"prefer"})
"""Fields that we read and that are lists, whose lines say together what one line would."""


class Joined:
    """Several lines of a field that is a list become one (RFC 9110, 5.3)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope = {**scope, "headers": _joined(scope["headers"])}
        await self._app(scope, receive, send)


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    values: dict[bytes, list[bytes]] = {}
    others: list[tuple[bytes, bytes]] = []
    for name, value in lines:
        if name in LISTS:
            values.setdefault(name, []).append(value)
        else:
            others.append((name, value))
    return others + [(name, b", ".join(several)) for name, several in values.items()]


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


class Options:
    """Answers OPTIONS with the methods of the address, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            methods = methods_at(scope)
            if methods:
                app = Response(status_code=204, headers={"Allow": ", ".join(methods)})
        await app(scope, receive, send)
