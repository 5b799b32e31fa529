"""The service as its operator starts it: a process of its own, and raw sockets to it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60  # a machine shared with others starts slowly


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

    def connect(self) -> socket.socket:
        """A connection on which nothing is said yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

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
def serving(folder: Path, **settings: Any) -> Iterator[Server]:
    """Start it, wait until it is ready, and stop it."""
    port = _free_port()
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


def _free_port() -> int:
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
