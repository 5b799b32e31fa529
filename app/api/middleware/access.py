"""Who asks, told before anything of the request is read."""

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.callers import CALLER, open_to_all
from app.api.problems import database_away, of_error
from app.callers import Caller
from app.errors import DATABASE_AWAY, overloaded
from app.services.login import LogIn
from solver.domain.errors import SitingError

THREADS = 5
"""That look up keys: apart from those of the routes, so that who asks too often can be told so
while all of those are at work."""


class Recognised:
    """Finds out who asks; lets in whom it does not know as well."""

    def __init__(self, app: ASGIApp, login: LogIn, most_waiting: int) -> None:
        self._app = app
        self._login = login
        self._most_waiting = most_waiting
        self._threads = anyio.CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not open_to_all(scope["path"]):
            scope[CALLER] = await self._found(scope)
        await self._app(scope, receive, send)

    async def _found(self, scope: Scope) -> Caller | Exception:
        sent = Request(scope).headers.getlist("authorization")
        header = ", ".join(sent) if sent else None  # of several none is right
        try:
            if not self._login.required or header is None:
                return self._login.caller(header)
            if self._threads.statistics().tasks_waiting >= self._most_waiting:
                return overloaded()
            return await anyio.to_thread.run_sync(self._login.caller, header, limiter=self._threads)
        except (SitingError, *DATABASE_AWAY) as error:
            return error


class LetIn:
    """Refuses whom `Recognised` did not recognise, without reading what they send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app, found = self._app, scope.get(CALLER)
        if isinstance(found, SitingError):
            app = of_error(found)
        elif isinstance(found, Exception):
            app = database_away(Request(scope), found)
        await app(scope, receive, send)
