"""HTTP/1.1 connections that nobody can hold open by being slow.

uvicorn waits for ever for the rest of a request, reads headers of any size and accepts
connections without end. Here every part of a request has an absolute deadline, its head has a
budget, and when all places are taken the connection that has kept one longest without asking
anything gives way to the next.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import ClassVar, Self

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api.callers import OPEN_AT_OVERLOAD
from app.api.middleware.browsers import SECURITY_HEADERS
from app.api.problems import of_error
from app.errors import BadRequest, HeadTooLarge, RequestLate, Unavailable
from app.settings import Settings
from solver.domain.errors import SitingError

logger = logging.getLogger(__name__)

RESERVE = 20  # connections beyond the limit, for whoever asks whether we are alive
SLOWEST_READER = 1000  # bytes per second


@dataclass(frozen=True)
class Limits:
    """What a client may take of us. Deadlines are absolute: a byte now and then moves none."""

    connections: int
    head_bytes: int
    headers: int
    body_bytes: int
    head_s: float
    body_s: float
    stall_s: float
    """A client that has taken in less than a kilobyte per second for so long is let go."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those an operator has set."""
        return cls(
            connections=settings.max_connections,
            head_bytes=settings.max_head_bytes,
            headers=settings.max_headers,
            body_bytes=settings.max_body_bytes,
            head_s=settings.head_timeout_s,
            body_s=settings.body_timeout_s,
            stall_s=settings.stall_timeout_s,
        )


def limited_protocol(own_limits: Limits) -> type["LimitedProtocol"]:
    """The protocol of a server with these limits; the server's connections know of each other."""

    class Protocol(LimitedProtocol):
        limits = own_limits
        receiving: ClassVar[dict[LimitedProtocol, None]] = {}

    return Protocol


class _Part(Enum):
    """What the client is to send next."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    limits: ClassVar[Limits]
    receiving: ClassVar[dict["LimitedProtocol", None]]
    """Connections without a whole request, the longest so first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, unless there is no room."""
        super().connection_made(transport)
        self._part = _Part.HEAD
        self._head_bytes = 0
        self._unasked_bytes = 0
        self._surplus = False
        self._deaf = False
        self._unsent = 0
        self._deadline = self.loop.call_later(self.limits.head_s, self._late)
        self._watch = self.loop.call_later(self.limits.stall_s, self._look_at_reader)
        self.receiving[self] = None
        self._find_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._deadline.cancel()
        self._watch.cancel()
        self.receiving.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in bytes, as long as the head stays within its budget."""
        if self._deaf:
            return
        if self._part is _Part.NOTHING:
            self._expect_head()
        if self._part is _Part.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._part is _Part.HEAD and self._head_bytes > self.limits.head_bytes:
            self._end(HeadTooLarge(self.limits.head_bytes, self.limits.headers))

    def on_message_begin(self) -> None:
        """A request begins, perhaps right behind another."""
        if self._part is not _Part.HEAD:
            self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there: what is wrong with it is told by the application, as all answers."""
        refusal = self._refusal()
        if refusal is not None:
            self.scope["state"]["refusal"] = refusal
        super().on_headers_complete()  # raises when the address is none
        self._expect(_Part.BODY, self.limits.body_s)
        if refusal is not None or self._surplus:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """More of the body; what comes after the answer is only let pass for so long."""
        super().on_body(body)
        if self.cycle.response_complete:
            self._unasked_bytes += len(body)
            if self._unasked_bytes > self.limits.body_bytes:
                self.transport.close()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._part = _Part.NOTHING
        self._deadline.cancel()
        if not self.cycle.response_complete:
            self.receiving.pop(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is given; a client that stays gives way before those that asked later."""
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self.receiving[self] = None

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        self._end(BadRequest("bad_http", "Forespørselen er ikke gyldig HTTP/1.1."))

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol is not offered; the request is answered as it is, as HTTP has it."""

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._unasked_bytes = 0
        self._expect(_Part.HEAD, self.limits.head_s)

    def _expect(self, part: _Part, seconds: float) -> None:
        self._part = part
        self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._late)

    def _find_room(self) -> None:
        """Nobody is turned away while somebody else holds a place and asks nothing."""
        excess = len(self.connections) - self.limits.connections
        if excess <= 0:
            return
        longest = next(iter(self.receiving))
        self._surplus = longest is self or longest._surplus
        if not self._surplus or excess > RESERVE:
            longest._end(_no_room())

    def _refusal(self) -> SitingError | None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.head_bytes or len(self.headers) > self.limits.headers:
            return HeadTooLarge(self.limits.head_bytes, self.limits.headers)
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            return BadRequest("bad_host", "HTTP/1.1 krever nøyaktig ett «Host»-felt.")
        path = self.url.partition(b"?")[0].decode("latin-1")
        return _no_room() if self._surplus and path not in OPEN_AT_OVERLOAD else None

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _late(self) -> None:
        """The deadline; it does not count while we ourselves keep the client from sending."""
        ours = self.flow.read_paused or (self._part is _Part.HEAD and self._answering)
        if ours and not self.transport.is_closing():
            seconds = self.limits.head_s if self._part is _Part.HEAD else self.limits.body_s
            self._expect(self._part, seconds)
        else:
            silent = self._part is _Part.HEAD and self._head_bytes == 0
            self._end(None if silent else RequestLate())

    def _look_at_reader(self) -> None:
        """Let go of a client that asks for much and takes in nothing, or next to it."""
        unsent = self.transport.get_write_buffer_size()
        least = SLOWEST_READER * self.limits.stall_s
        if 0 < self._unsent < unsent + least and unsent > 0:
            logger.info("client does not read", extra={"client": self.client, "unsent": unsent})
            self.transport.abort()
            return
        self._unsent = unsent
        self._watch = self.loop.call_later(self.limits.stall_s, self._look_at_reader)

    def resume_writing(self) -> None:
        """The client has taken in most of what there was: whatever is left is new."""
        self._unsent = 0
        super().resume_writing()

    def _end(self, error: SitingError | None) -> None:
        """Close, and say why where the client takes what comes for the answer to its request."""
        self._deadline.cancel()
        self.receiving.pop(self, None)
        self.connections.discard(self)
        if self.transport.is_closing():
            return
        if self._part is _Part.HEAD and self._answering:
            self.cycle.keep_alive = False  # what came before is answered, and that is all
            self._deaf = True
            return
        if error is not None and self._is_heard:
            logger.info("request refused", extra={"client": self.client, "code": error.code})
            self.transport.write(_raw(error, self.server_state.default_headers))
        if self._answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    @property
    def _is_heard(self) -> bool:
        """Whether the next bytes we send answer the request that is coming in, or none yet."""
        if self._part is _Part.BODY:
            return not (self.cycle.response_started or self.pipeline)
        return self._part is _Part.HEAD


def _no_room() -> SitingError:
    return Unavailable("too_many_connections", "For mange er koblet til. Prøv igjen om litt.")


def _raw(error: SitingError, own_headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A problem document as an HTTP answer, for when there is no request to answer."""
    answer = of_error(error)
    answer.headers.update(SECURITY_HEADERS)
    status = HTTPStatus(answer.status_code)
    headers = [*own_headers, *answer.raw_headers, (b"connection", b"close")]
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])
