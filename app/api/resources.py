"""Rows as the resources that clients read."""

from collections import Counter
from collections.abc import Sequence

from app.api.links import batch_links, run_links
from app.repositories.runs import OPEN
from app.schemas.run import BatchResource, IncumbentResource, RunResource
from app.services.runs import options_of
from models import IncumbentRow, RunRow, RunStatus

# The first that any run has is the batch's.
_TOLD_FIRST = (RunStatus.FAILED, RunStatus.DISMISSED, RunStatus.SUCCESSFUL)


def incumbent_resource(row: IncumbentRow) -> IncumbentResource:
    """A better plan found on the way."""
    return IncumbentResource(
        seq=row.seq,
        seconds=row.seconds,
        incumbent_nok=row.objective_nok,
        bound_nok=row.bound_nok,
        gap=row.gap,
    )


def progress_of(row: RunRow) -> dict[str, float | None]:
    """Where a run stands."""
    return {
        "incumbent_nok": row.progress_incumbent_nok,
        "bound_nok": row.progress_bound_nok,
        "gap": row.progress_gap,
        "seconds": row.seconds,
        "part": row.progress_part,
        "parts": row.progress_parts,
    }


def error_of(row: RunRow) -> dict[str, str | None] | None:
    """Why a run failed; None when it did not."""
    if row.error_code is None:
        return None
    return {"code": row.error_code, "detail": row.error_detail}


def run_resource(row: RunRow) -> RunResource:
    """A run as it is read."""
    return RunResource.model_validate(
        {
            "id": row.id,
            "status": row.status,
            "kind": row.kind,
            "priority": row.priority,
            "parameters": row.parameters,
            "scenario_id": row.scenario_id,
            "scenario_hash": row.scenario_hash,
            "batch_id": row.batch_id,
            "outcome": row.outcome,
            "created": row.created,
            "started": row.started,
            "ended": row.ended,
            "progress": progress_of(row),
            "options": options_of(row),
            "error": error_of(row),
            "links": run_links(row),
        }
    )


def batch_resource(rows: Sequence[RunRow]) -> BatchResource:
    """A batch, from its runs."""
    ended = [row.ended for row in rows if row.ended is not None]
    counted = Counter(row.status for row in rows)
    return BatchResource.model_validate(
        {
            "id": rows[0].batch_id,
            "status": _status(counted),
            "created": rows[0].created,
            "ended": max(ended) if len(ended) == len(rows) else None,
            "counts": {status.value: counted[status] for status in RunStatus},
            "runs": [run_resource(row) for row in rows],
            "links": batch_links(rows),
        }
    )


def _status(counted: Counter[str]) -> RunStatus:
    if any(counted[status] for status in OPEN):
        begun = counted.keys() - {RunStatus.ACCEPTED}
        return RunStatus.RUNNING if begun else RunStatus.ACCEPTED
    return next(status for status in _TOLD_FIRST if counted[status])
