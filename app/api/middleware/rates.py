"""How often a client may ask, and what happens when all of them together ask too much."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.callers import OPEN_AT_OVERLOAD, caller_of
from app.api.problems import of_error
from app.api.together import Together
from app.callers import ANYBODY
from app.errors import RateLimited, overloaded

BURST_S = 2  # what is saved up by asking nothing, in seconds of the rate
MOST_CLIENTS = 10_000  # remembered; who has asked nothing for longest is forgotten first
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def client_of(scope: Scope) -> str:
    """Whom a request counts for: the tenant of who logged in, else the address it came from.

    A tenant makes as many keys as it likes. Of an IPv6 address it is the network of 64 bits.
    """
    caller = caller_of(scope)
    if caller is not None and caller != ANYBODY:
        return f"tenant {caller.tenant}"
    host: str = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))


@dataclass
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """Token buckets: each client has `rate` requests per second, and saves up `BURST_S` of them."""

    def __init__(self, name: str, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._rate = rate
        self._most = max(1.0, rate * BURST_S)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> float:
        """Take a token; the seconds to wait for one when there is none, else 0."""
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(self._most, now))
        self._buckets.move_to_end(client)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._most, bucket.tokens + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= 1
        return 0.0

    def headers(self, client: str) -> dict[str, str]:
        """What there is and what is left (draft-ietf-httpapi-ratelimit-headers-11)."""
        left = self._buckets[client].tokens
        full_in = math.ceil((self._most - left) / self._rate)
        return {
            "RateLimit-Policy": f'"{self._name}";q={int(self._most)};w={BURST_S}',
            "RateLimit": f'"{self._name}";r={int(left)};t={full_in}',
        }


class RateLimit:
    """Answers 429 to a client that asks more often than it may; reading and writing apart."""

    def __init__(self, app: ASGIApp, reads_per_s: float, writes_per_s: float) -> None:
        self._app = app
        self._reads = Buckets("read", reads_per_s)
        self._writes = Buckets("write", writes_per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_AT_OVERLOAD:
            await self._app(scope, receive, send)
            return
        buckets = self._reads if scope["method"] in READS else self._writes
        client = client_of(scope)
        wait_s = buckets.take(client)
        headers = buckets.headers(client)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        app = of_error(RateLimited(math.ceil(wait_s))) if wait_s else self._app
        await app(scope, receive, send_with_headers)


class Shedding:
    """Answers 503 while too many requests wait for a thread or a read: a short queue is soon empty
    again.
    """

    def __init__(
        self, app: ASGIApp, most_waiting: int, together: Sequence[Together[Any, Any]]
    ) -> None:
        self._app = app
        self._most_waiting = most_waiting
        self._together = together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app
        if scope["type"] == "http" and scope["path"] not in OPEN_AT_OVERLOAD:
            threads = anyio.to_thread.current_default_thread_limiter().statistics()
            waiting = threads.tasks_waiting + sum(one.waiting for one in self._together)
            if waiting >= self._most_waiting:
                app = of_error(overloaded())
        await app(scope, receive, send)
