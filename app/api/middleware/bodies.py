"""Bodies within their budgets, read before a route could act on half of one."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import of_error
from app.errors import BodyTooLarge, Unavailable
from solver.domain.errors import SitingError


class BodyLimit:
    """Refuses a body beyond the limit, or beyond what all requests together may hold.

    A declared length is believed, for the server lets no more than that come in. A body without
    one is read whole before the route runs, so that no route has done its work when the body
    turns out to be too large.
    """

    def __init__(self, app: ASGIApp, limit: int, limit_of_all: int) -> None:
        self._app = app
        self._limit = limit
        self._limit_of_all = limit_of_all
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = _Held(self)
        try:
            headers = Headers(scope=scope)
            held.add(_number(headers.get("content-length", "0")))
            if "transfer-encoding" in headers:
                receive = await _read_whole(receive, held)
            await self._app(scope, receive, send)
        except _Refused as refused:
            await of_error(refused.error)(scope, receive, send)
        finally:
            held.release()

    def hold(self, before: float, size: float) -> None:
        """Let one body grow from a size to another; `_Refused` when it may not."""
        if size > self._limit:
            raise _Refused(BodyTooLarge(self._limit))
        if self._held + size - before > self._limit_of_all:
            raise _Refused(
                Unavailable("too_many_bodies", "For mye er på vei inn på en gang. Prøv igjen.")
            )
        self._held += int(size - before)

    def release(self, size: float) -> None:
        """Forget a body of this size."""
        self._held -= int(size)


class _Refused(Exception):
    """Why a body is not taken in. No error of the routes, which answer their own."""

    def __init__(self, error: SitingError) -> None:
        super().__init__(error.code)
        self.error = error


class _Held:
    """What one request holds."""

    def __init__(self, all_: BodyLimit) -> None:
        self._all = all_
        self._size = 0.0

    def add(self, size: float) -> None:
        """Hold more."""
        self._all.hold(self._size, self._size + size)
        self._size += size

    def release(self) -> None:
        """Hold nothing."""
        self._all.release(self._size)


def _number(text: str) -> float:
    """A Content-Length; the server in front has refused what is no number at all."""
    return float(text) if text.isdecimal() else 0


async def _read_whole(receive: Receive, held: _Held) -> Receive:
    """Receive the body now; the way to receive it once more."""
    pieces: list[bytes] = []
    message: Message = {"type": "http.request", "more_body": True}
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        piece = message.get("body", b"")
        held.add(len(piece))
        pieces.append(piece)
    first = [{**message, "body": b"".join(pieces)}]

    async def receive_again() -> Message:
        return first.pop() if first else await receive()

    return receive_again
