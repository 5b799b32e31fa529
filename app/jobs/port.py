"""What the service asks of a job engine; today `local`, later a durable one."""

from typing import Protocol


class JobEngine(Protocol):
    """Solves accepted runs, oldest first. The runs themselves are in the database."""

    @property
    def alive(self) -> bool:
        """Whether runs are being taken."""

    def start(self) -> None:
        """Begin to take runs, those left by an earlier process included."""

    def stop(self) -> None:
        """Take no more runs, and give back those that are being solved."""

    def submit(self, run_id: str) -> None:
        """There is a new accepted run."""

    def cancel(self, run_id: str) -> None:
        """Stop solving a run whose cancellation is in the database."""
