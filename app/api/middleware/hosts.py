"""By which names the service answers those whom it does not ask to log in."""

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import of_error
from app.errors import WrongHost
from app.settings import is_loopback

_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[0-9A-Za-z._-]+))(?::[0-9]{1,5})?")


class OwnHost:
    """Refuses what is sent to a name that is not of this machine.

    A page of another site can let its own name lead to 127.0.0.1 (DNS rebinding). To the browser
    all is then of one site, and only the name that it asks for tells. Browsers always send one.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app
        if scope["type"] == "http" and not all(
            self._is_own(host) for host in Headers(scope=scope).getlist("host")
        ):
            app = of_error(WrongHost())
        await app(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found["ipv6"] or found["name"]).lower()
        return name in self._names or is_loopback(name)
