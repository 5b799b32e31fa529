"""Clients that keep a connection and give or take nothing, against the service as it runs."""

import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.app.bad_scenarios.toy import TOY

from .server import Server, read_all, serving

HEAD_S, BODY_S, IDLE_S, STALL_S = 1.0, 2.0, 1, 1.0
SLACK_S = 15.0  # for a machine with much else to do
PLACES = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {
        "head_timeout_s": HEAD_S,
        "body_timeout_s": BODY_S,
        "idle_timeout_s": IDLE_S,
        "stall_timeout_s": STALL_S,
        "max_connections": PLACES,
        "max_body_bytes": 1_000_000,
        "max_bodies_bytes": 1_500_000,
        "max_head_bytes": 8000,
        "max_headers": 20,
    }
    with serving(tmp_path_factory.mktemp("slow"), **limits) as server:
        yield server


def trickled(connection: socket.socket, piece: bytes, every_s: float = 0.2) -> tuple[bytes, float]:
    """What is answered while a piece is sent again and again, and the seconds until the close."""
    started = time.monotonic()
    ended = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while not ended.wait(every_s):
                connection.sendall(piece)

    sender = threading.Thread(target=send)
    sender.start()
    answer = read_all(connection)
    seconds = time.monotonic() - started
    ended.set()
    sender.join()
    return answer, seconds


def assert_told(answer: bytes, status: int, code: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in head
    assert b"\r\nconnection: close" in head
    assert json.loads(body)["code"] == code


HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
HEAD = b"POST /v1/scenarios" + HOST + b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("said", "piece", "seconds", "code"),
    [
        (b"GET / HT", b"T", HEAD_S, "bad_http"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"y", HEAD_S, "request_late"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n", HEAD_S, "request_late"),
        (HEAD + b"Content-Length: 1000\r\n\r\n{", b" ", BODY_S, "request_late"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", BODY_S, "request_late"),
    ],
    ids=["request line", "a header", "headers", "body", "chunks"],
)
def test_a_trickle_ends_at_the_deadline(
    server: Server, said: bytes, piece: bytes, seconds: float, code: str
) -> None:
    with server.connect() as connection:
        connection.sendall(said)
        answer, took = trickled(connection, piece)
    if code == "request_late":
        assert_told(answer, 408, code)
        assert seconds * 0.9 < took < seconds + SLACK_S
    else:
        assert_told(answer, 400, code)


def test_who_says_nothing_is_let_go_without_a_word(server: Server) -> None:
    with server.connect() as connection:
        started = time.monotonic()
        assert read_all(connection) == b""
        assert HEAD_S * 0.9 < time.monotonic() - started < HEAD_S + SLACK_S


def test_a_connection_is_kept_for_another_request_and_not_for_ever(server: Server) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(request)
            heard = b""
            while b'{"status":"alive"}' not in heard:
                heard += connection.recv(65_536)
        started = time.monotonic()
        assert read_all(connection) == b""
        assert time.monotonic() - started < IDLE_S + SLACK_S


def test_a_trickle_behind_an_answer_ends_too(server: Server) -> None:
    """The route has answered, and the body it never asked for goes on."""
    with server.connect() as connection:
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
        )
        answer, took = trickled(connection, b" ")
    assert answer.startswith(b"HTTP/1.1 200")
    assert took < BODY_S + SLACK_S


def test_a_late_request_leaves_nothing(server: Server) -> None:
    body = json.dumps(TOY).encode()
    before = len(httpx.get(f"{server.address}/v1/scenarios").json()["items"])
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])
        assert_told(read_all(connection), 408, "request_late")
    assert len(httpx.get(f"{server.address}/v1/scenarios").json()["items"]) == before


def test_a_late_body_to_a_route_that_reads_none_leaves_all_as_it_was(server: Server) -> None:
    address = f"{server.address}/v1/scenarios"
    made = httpx.post(address, json=TOY).json()["id"]
    delete = b"DELETE /v1/scenarios/%s HTTP/1.1\r\nHost: localhost\r\n" % made.encode()
    answer = server.exchange(delete + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n")
    assert_told(answer, 408, "request_late")
    assert httpx.get(f"{address}/{made}").status_code == 200


HEADS = {
    "one long": b"X: " + 9000 * b"y",
    "very many": 3000 * b"X:\r\n",
    "two megabytes": b"X: " + 2_000_000 * b"y",
}
WHOLE_HEADS = {**HEADS, "some too many": 30 * b"X: y\r\n"}


@pytest.mark.parametrize("head", WHOLE_HEADS)
def test_a_head_has_a_budget(server: Server, head: str) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + WHOLE_HEADS[head] + b"\r\n\r\n"
    assert_told(server.exchange(request), 431, "head_too_large")


@pytest.mark.parametrize("head", HEADS)
def test_a_head_without_an_end_has_a_budget(server: Server, head: str) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + HEADS[head]
    assert_told(server.exchange(request), 431, "head_too_large")


def test_an_address_counts_in_the_head(server: Server) -> None:
    request = b"GET /" + 9000 * b"a" + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert_told(server.exchange(request), 431, "head_too_large")


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: localhost\r\n"])
def test_a_request_names_one_host(server: Server, hosts: bytes) -> None:
    assert_told(server.exchange(b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n"), 400, "bad_host")


def test_requests_may_come_in_one_piece(server: Server) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = server.exchange(9 * one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 10


def test_the_idle_give_way_to_the_next(server: Server) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(server.connect()) for _ in range(PLACES)]
        assert httpx.get(f"{server.address}/v1/scenarios").status_code == 200
        assert_told(read_all(idle[0]), 503, "too_many_connections")


def test_many_idle_keep_nobody_out(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(40 * PLACES):
            stack.enter_context(server.connect())
        for _ in range(5):
            assert httpx.get(f"{server.address}/healthz", timeout=SLACK_S).status_code == 200


def test_when_all_are_busy_only_health_is_answered(tmp_path: Path) -> None:
    body = b'{"scenario": "lillehammer", "options": {"mip_gap": 0}}'
    head = b"POST /v1/runs" + HOST + b"Prefer: wait=100\r\nContent-Length: %d\r\n\r\n"
    with serving(tmp_path, max_connections=5) as server, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(server.connect()).sendall(head % len(body) + body)
        _wait_until(lambda: b"200" in _status(server, b"/healthz") and _runs(tmp_path) == 5)
        for _ in range(3):
            assert _status(server, b"/healthz").startswith(b"HTTP/1.1 200")
            refused = server.exchange(b"GET /v1/runs HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert_told(refused, 503, "too_many_connections")
            assert b"\r\nretry-after: " in refused
        for _ in range(100):  # these ask nothing, and the reserve is small
            stack.enter_context(server.connect())
        assert _status(server, b"/healthz").startswith(b"HTTP/1.1 200")


def _runs(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "test.db")) as database:
        number: int = database.execute("SELECT count(*) FROM run").fetchone()[0]
        return number


def _status(server: Server, path: bytes) -> bytes:
    return server.exchange(
        b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SLACK_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_bodies_have_a_budget_together(server: Server) -> None:
    declared = HEAD + b"Content-Length: 900000\r\n\r\n"
    whole = (
        declared.replace(b"Host: localhost", b"Host: localhost\r\nConnection: close")
        + 900_000 * b" "
    )
    with server.connect() as first:
        first.sendall(declared)  # declaring alone takes nothing from others
        assert b"empty_document" in server.exchange(whole)
        first.sendall(899_999 * b" ")
        _wait_until(lambda: b"too_many_bodies" in server.exchange(whole))
        refused = server.exchange(whole)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: " in refused
    _wait_until(lambda: b"empty_document" in server.exchange(whole))


@pytest.mark.parametrize("chunked", [True, False])
def test_a_route_that_reads_no_body_does_nothing_when_the_body_is_too_large(
    server: Server, chunked: bool
) -> None:
    address = f"{server.address}/v1/scenarios"
    made = httpx.post(address, json=TOY).json()["id"]
    body = 1_100_000 * b" "
    content: Any = iter([body]) if chunked else body
    answer = httpx.request("DELETE", f"{address}/{made}", content=content)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert httpx.get(f"{address}/{made}").status_code == 200


def test_a_client_that_does_not_read_is_let_go(server: Server) -> None:
    """It asks for more than the machine's own buffers take, and never takes it in."""
    request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        with suppress(OSError):
            connection.sendall(400 * request)
        _wait_until(lambda: _held(server, connection))
        _wait_until(lambda: not _held(server, connection))


def _held(server: Server, connection: socket.socket) -> bool:
    mine = connection.getsockname()
    return any(
        tuple(each.raddr) == mine and each.status == "ESTABLISHED"
        for each in server.process.net_connections("tcp")
        if each.raddr
    )
