"""The tables: one metadata, one file per aggregate."""

from models.base import Base, Owned
from models.idempotency import IdempotencyRow
from models.run import IncumbentRow, Priority, RunRow, RunStatus
from models.scenario import ScenarioRow
from models.worker import WorkerRow

__all__ = [
    "Base",
    "IdempotencyRow",
    "IncumbentRow",
    "Owned",
    "Priority",
    "RunRow",
    "RunStatus",
    "ScenarioRow",
    "WorkerRow",
]
