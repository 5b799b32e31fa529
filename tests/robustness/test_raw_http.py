"""Bytes that are HTTP nearly, or not at all: no 5xx, every error a problem, and always an end."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .server import Server, serving
from .test_corpus import problem_faults

WAIT_S = 1
SLACK_S = 8.0
LINE = b"GET /healthz HTTP/1.1\r\n"
HOST = b"Host: localhost\r\nConnection: close\r\n"
POST = b"POST /v1/scenarios/validate HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
FINE = LINE + HOST + b"\r\n"
ANY = range(200, 500)

REQUEST_LINES = (
    *(b"", b" ", b"\r\n", b"GET", b"GET /", b"GET / HTTP", b"GET / HTTP/", b"GET / HTTP/1"),
    *(b"GET / HTTP/9.9", b"GET / HTTP/2.0", b"GET / HTTP/0.9", b"GET / HTTP/1.1 x"),
    *(b"GET / http/1.1", b"get / HTTP/1.1", b"GE T / HTTP/1.1", b"G\x00T / HTTP/1.1"),
    *(b"\xff\xfe / HTTP/1.1", b"GET  HTTP/1.1", b"GET x HTTP/1.1", b"GET \x00 HTTP/1.1"),
    *(b"GET /\x1b[31m HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /a b HTTP/1.1"),
    *(b"GET http:// HTTP/1.1", b"GET * HTTP/1.1", b"OPTIONS * HTTP/1.1"),
    *(b"CONNECT x:80 HTTP/1.1", b"CONNECT / HTTP/1.1", b"PRI * HTTP/2.0"),
    *(b"GET http://evil.example/healthz HTTP/1.1", b"GET //evil.example/ HTTP/1.1"),
    *(b"GET /?" + 100 * b"%00" + b" HTTP/1.1", b"GET /%%% HTTP/1.1", b"GET /%zz HTTP/1.1"),
    *(b"GET /#x HTTP/1.1", b"GET /a?b#c?d HTTP/1.1", b"GET /" + b"../" * 200 + b" HTTP/1.1"),
    *(b"GET /[::1 HTTP/1.1", b"GET http://[::1/ HTTP/1.1", b"GET http://x:99999/ HTTP/1.1"),
    *(b"SSH-2.0-OpenSSH_9.2", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"EHLO x"),
    *(b"HELP", b"{}", b"<xml/>", 3000 * b"A", b"\x00" * 100, b"*1\r\n$4\r\nPING"),
    *(b"GIOP\x01\x02",),
)
HEADER_LINES = (
    *(b"X", b"X y", b": y", b" X: y", b"X : y", b"X\t: y", b"X\x00: y", b"X: \x00"),
    *(b"X: \x1b[31m", b"X: a\r\n b", b"X: a\r\n\tb", b"X: a\rb", b"X: a\nb", b"\xff: y"),
    *(b"X: \xff", b"(: y", b"X;: y", b"Content-Length: -1", b"Content-Length: +1"),
    *(b"Content-Length: 1e3", b"Content-Length: 0x10", b"Content-Length: ", b"Content-Length: a"),
    *(b"Content-Length: 1 2", b"Content-Length: 1,1", b"Content-Length: " + 30 * b"9"),
    *(b"Content-Length: 18446744073709551617", b"Content-Length: 01"),
    *(b"Content-Length: 0\r\nContent-Length: 5",),
    *(b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    *(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, x"),
    *(b"Transfer-Encoding: xchunked",),
    *(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",),
    *(b"Transfer-Encoding : chunked", b"Transfer-Encoding: \x0bchunked"),
    *(b"Transfer-Encoding:\r\n",),
    *(b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x", b"Upgrade: h2c"),
    *(b"Connection: keep-alive, close", b"Connection: ,,,", b"Connection: " + 5000 * b"x,"),
    *(b"Expect: 100-continue", b"Trailer: X", b"Host: y", b"Host:", b"Host: a b", b"Host: \x00"),
)
CHUNKS = (
    *(b"0\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\n", b"x\r\n", b"-1\r\n{}\r\n", b" 2\r\n{}\r\n0\r\n\r\n"),
    *(b"2\r\n{}", b"2\r\n{}X\r\n", b"1\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffff\r\n{}", b"\r\n{}"),
    *(b"fffffffffffffffffff\r\n{}", b"0x2\r\n{}\r\n0\r\n\r\n", b"2;a=b\r\n{}\r\n0\r\n\r\n"),
    *(b"2\n{}\n0\n\n", b"2;" + 3000 * b"a" + b"\r\n{}\r\n0\r\n\r\n", b"0\r\nX: y\r\n\r\n"),
    *(b"0\r\n" + 500 * b"X: y\r\n", 3000 * b"1\r\n \r\n" + b"0\r\n\r\n"),
    *(100_000 * b"1\r\n[\r\n" + b"0\r\n\r\n", b"00000002\r\n{}\r\n0\r\n\r\n"),
)
BODIES = (
    *((b"Content-Length: 2", b"{}{}"), (b"Content-Length: 0", b"{}"), (b"X: y", b"{}")),
    (b"Content-Length: 2", b"{}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (b"Content-Length: 2", b"{}\r\n\r\n\r\n" + FINE),
    (b"Content-Length: 30000000", b"{}"),
)


def requests() -> Iterator[tuple[str, bytes]]:
    for line in REQUEST_LINES:
        yield f"line {line[:30]!r}", line + b"\r\n" + HOST + b"\r\n"
        yield f"a fine one, then line {line[:30]!r}", FINE.replace(b"close", b"keep-alive") + line
    for header in HEADER_LINES:
        yield f"header {header[:30]!r}", LINE + HOST + header + b"\r\n\r\n"
        yield f"POST with header {header[:30]!r}", POST + header + b"\r\n\r\n{}"
    for chunks in CHUNKS:
        yield f"chunks {chunks[:30]!r}", CHUNKED + chunks
    for header, body in BODIES:
        yield f"{header!r} {body[:30]!r}", POST + header + b"\r\n\r\n" + body
    yield "5,000 in one piece", 5000 * b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + FINE
    yield "newlines alone", LINE.replace(b"\r", b"") + HOST.replace(b"\r", b"") + b"\n"
    yield "newlines before", 50 * b"\r\n" + FINE


REQUESTS = tuple(requests())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"head_timeout_s": WAIT_S, "body_timeout_s": WAIT_S, "idle_timeout_s": WAIT_S}
    rates = {"reads_per_s": 1e6, "writes_per_s": 1e6}
    with serving(tmp_path_factory.mktemp("raw"), **limits, **rates) as server:
        yield server


def test_there_are_many_and_all_different() -> None:
    assert len({name for name, _ in REQUESTS}) == len(REQUESTS) >= 150


def test_some(server: Server) -> None:
    send(server, REQUESTS[::7])


@pytest.mark.slow
def test_all(server: Server) -> None:
    send(server, REQUESTS)


def send(server: Server, asked: tuple[tuple[str, bytes], ...]) -> None:
    def fault_of(one: tuple[str, bytes]) -> list[str]:
        name, request = one
        started = time.monotonic()
        found = [f"{name}: {fault}" for fault in faults(server.exchange(request))]
        late = time.monotonic() - started > WAIT_S + SLACK_S
        return [*found, f"{name}: too late"] if late else found

    with ThreadPoolExecutor(8) as pool:  # most wait for a deadline
        wrong = [fault for found in pool.map(fault_of, asked) for fault in found]
    assert not wrong, "\n".join(wrong[:30])
    assert server.exchange(FINE).startswith(b"HTTP/1.1 200")
    assert server.errors() == []


def faults(answer: bytes) -> Iterator[str]:
    """What is wrong with all that came back, which may be several answers."""
    if not answer:
        yield "no answer"
    while answer:
        head, end, rest = answer.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        status = int(line.split(b" ")[1])
        if status == 100:
            answer = rest
            continue
        given = dict(field.split(b": ", 1) for field in fields)
        if not end or status not in ANY:
            yield f"{answer[:200]!r}"
            return
        length = int(given.get(b"content-length", b"0"))
        if status >= 400:
            try:
                yield from problem_faults(
                    status, given.get(b"content-type", b"").decode(), rest[:length]
                )
            except json.JSONDecodeError:
                yield f"no body: {answer[:300]!r}"
        answer = rest[length:]
