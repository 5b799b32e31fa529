"""Answers as gzip, with entity tags of their own."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST_BYTES = 1000
LEVEL = 5  # a plan is a fifth of its size in a tenth of the time that the last per cent take
SUFFIX = "-gzip"
_CONDITIONS = (b"if-match", b"if-none-match")
_REFUSED = re.compile(r"gzip\s*;\s*q\s*=\s*0(\.0*)?\s*(,|$)", re.IGNORECASE)


class Compression:
    """Compresses what a client takes compressed, except event streams and what already is.

    A strong tag names bytes, so the compressed ones have a tag that ends in `-gzip`; the routes
    see the tag without it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._compressed(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")

        async def send_with_tag(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                tag = headers.get("etag", "")
                own = f'{tag[:-1]}{SUFFIX}"'
                compressed = headers.get("content-encoding") == "gzip"
                if tag.startswith('"') and (compressed or own in known):
                    headers["etag"] = own
            await send(message)

        headers = [(name, _plain(name, value)) for name, value in scope["headers"]]
        await self._compressed({**scope, "headers": headers}, receive, send_with_tag)


def _plain(name: bytes, value: bytes) -> bytes:
    """A request's header as the routes and the compression should see it."""
    if name in _CONDITIONS:
        return value.replace(f'{SUFFIX}"'.encode(), b'"')
    if name == b"accept-encoding" and _REFUSED.search(value.decode("latin-1")):
        return b"identity"
    return value
