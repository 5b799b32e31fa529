"""Waiting for a database that is away, until this worker stops."""

import threading
from collections.abc import Callable
from typing import TypeVar

from app.errors import DATABASE_AWAY
from app.jobs.queue import GivenBack

Result = TypeVar("Result")

RETRY_S = 1.0  # while the database is away, or a disk full


class Patience:
    """Of one worker; GivenBack when it stops."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def insist(self, write: Callable[[], Result]) -> Result:
        """Until the database takes it."""
        while True:
            try:
                return write()
            except DATABASE_AWAY:
                self.wait()

    def wait(self) -> None:
        """A moment."""
        if self._stopping.wait(RETRY_S):
            raise GivenBack
