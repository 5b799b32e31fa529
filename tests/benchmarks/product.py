"""The service with the true solver, in processes of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.integration.processes import answers, until

SEEN_S = 60.0


@contextmanager
def started(url: str, *arguments: str, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command, killed at the end."""
    chosen = {f"FLERKJERNE_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {**os.environ, "FLERKJERNE_DATABASE_URL": url, **chosen}
    command = [sys.executable, "-m", "app.cli", *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **quiet) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(url: str, **settings: Any) -> Iterator[httpx.Client]:
    """API and one worker, ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        started(url, "serve", "--port", str(port), **settings),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        until(lambda: answers(client), SEEN_S)
        yield client
