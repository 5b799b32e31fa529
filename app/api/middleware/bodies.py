"""Bodies within their budgets, read before a route could act on half of one."""

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import of_error
from app.errors import BodyTooLarge, Unavailable
from solver.domain.errors import SitingError


class BodyLimit:
    """Refuses a body beyond the limit, or beyond what all requests together may hold.

    A declared length is believed, for the server lets no more than that come in. A body without
    one is read whole before the route runs, so that no route has done its work when the body
    turns out to be too large. What all hold is counted as it comes: declaring costs nothing.
    """

    def __init__(self, app: ASGIApp, limit: int, limit_of_all: int) -> None:
        self._app = app
        self._limit = limit
        self._left = limit_of_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _number(headers.get("content-length", "0")) > self._limit:
            await of_error(BodyTooLarge(self._limit))(scope, receive, send)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            if held + size > self._limit:
                raise BodyTooLarge(self._limit)
            if size > self._left:
                raise Unavailable("too_many_bodies", "For mye er på vei inn på en gang.")
            held += size
            self._left -= size
            return message

        try:
            again: Receive = receive_counted
            if "transfer-encoding" in headers:
                again = await _read_whole(receive_counted)
        except SitingError as error:
            await of_error(error)(scope, receive, send)
        except ClientDisconnect:
            return  # nobody waits for an answer, and what is not whole is not done
        else:
            await self._app(scope, again, send)
        finally:
            self._left += held


def _number(text: str) -> float:
    """A Content-Length; the server in front has refused what is no number at all."""
    return float(text) if text.isdecimal() else 0


async def _read_whole(receive: Receive) -> Receive:
    """Receive the body now; the way to receive it once more. Raises ClientDisconnect."""
    pieces: list[bytes] = []
    message: Message = {"more_body": True}
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
    first = [{**message, "body": b"".join(pieces)}]

    async def receive_again() -> Message:
        return first.pop() if first else await receive()

    return receive_again
