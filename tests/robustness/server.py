"""The service as its operator starts it: a process of its own, and raw sockets to it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60  # a machine shared with others starts slowly


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes = field(repr=False)

    @classmethod
    def read(cls, connection: socket.socket, method: str) -> Self:
        """From a connection."""
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return cls(response.status, response.getheader("content-type", ""), response.read())


@dataclass(frozen=True)
class Server:
    """`flerkjerne serve`, and where it listens."""

    port: int
    process: psutil.Process
    log: Path

    @property
    def address(self) -> str:
        """Of its root."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory_mb(self) -> float:
        """Resident, without children."""
        return float(self.process.memory_info().rss / 1e6)

    def errors(self) -> list[dict[str, Any]]:
        """What the log tells of that nobody foresaw."""
        lines = map(json.loads, self.log.read_text("utf-8").splitlines())
        return [line for line in lines if line["level"] in ("error", "critical")]

    def connect(self) -> socket.socket:
        """A connection on which nothing is said yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> "Answer":
        """The answer to a request that no polite client would send."""
        named = {"host": "127.0.0.1", "connection": "close", **headers}
        if body:
            named["content-length"] = str(len(body))
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in named.items()), "", ""]
        with self.connect() as connection:
            with suppress(ConnectionError):  # a body that is refused before it is all there
                connection.sendall("\r\n".join(lines).encode("utf-8", "surrogateescape") + body)
            return Answer.read(connection, method)

    def exchange(self, request: bytes) -> bytes:
        """All that is answered to these bytes until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes, in whatever way it does."""
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


@contextmanager
def serving(folder: Path, port: int | None = None, **settings: Any) -> Iterator[Server]:
    """Start it, wait until it is ready, and stop it. Without a port it takes a free one."""
    port = port or free_port()
    database = {"database_url": f"sqlite:///{folder / 'test.db'}", "job_folder": folder / "jobs"}
    chosen = {f"FLERKJERNE_{k.upper()}": str(v) for k, v in (database | settings).items()}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
            cwd=folder,
            env=_environment(chosen),
            stdout=output,
            stderr=output,
        )
        try:
            server = Server(port, psutil.Process(process.pid), log)
            _wait(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _environment(chosen: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **chosen}


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{server.address}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {server.log.read_text()}")
