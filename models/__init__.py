"""The tables: one metadata, one file per aggregate."""

from models.audit import AuditRow
from models.base import Base, Owned
from models.idempotency import IdempotencyRow
from models.key import KeyRow
from models.packed import Packed
from models.part import PartRow
from models.run import IncumbentRow, Priority, RunRow, RunStatus
from models.scenario import ScenarioRow
from models.worker import WorkerRow

__all__ = [
    "AuditRow",
    "Base",
    "IdempotencyRow",
    "IncumbentRow",
    "KeyRow",
    "Owned",
    "Packed",
    "PartRow",
    "Priority",
    "RunRow",
    "RunStatus",
    "ScenarioRow",
    "WorkerRow",
]
