"""The tables: one metadata, one file per aggregate."""

from models.base import Base
from models.idempotency import IdempotencyRow
from models.run import IncumbentRow, RunRow, RunStatus
from models.scenario import ScenarioRow

__all__ = ["Base", "IdempotencyRow", "IncumbentRow", "RunRow", "RunStatus", "ScenarioRow"]
