"""What the service asks of a job engine."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from models import RunRow


class JobEngine(Protocol):
    """Solves accepted runs. The runs themselves are in the database."""

    @property
    def alive(self) -> bool:
        """Whether runs are being taken."""

    def start(self) -> None:
        """Begin to take runs, those left by an earlier process included."""

    def begin_to_stop(self) -> None:
        """Take no more runs, and give back those that are being solved; returns at once."""

    def stop(self) -> None:
        """Wait until that is done."""

    def enqueue(self, session: Session, runs: Sequence[RunRow]) -> None:
        """Queue new runs within the transaction that stores them: both or neither."""

    def waiting(self, most: int) -> int:
        """How many runs wait, of everybody, counted up to so many."""

    def cancel(self, run_id: str) -> None:
        """Stop solving a run, wherever that is done; its cancellation is in the database."""
