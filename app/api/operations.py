"""For those who run the service: is it alive, is it ready, what does it do."""

import sqlite3

from fastapi import APIRouter, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from app.api.dependencies import CommonServices
from app.api.openapi import problems, returns
from app.db import sqlite_warning
from app.errors import Unavailable
from app.schemas.operations import Alive, Ready

router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="get_health")
async def alive() -> Alive:
    """The process answers; it needs no thread for that, as all of them may be at work."""
    return Alive(status="alive")


@router.get("/readyz", operation_id="get_readiness", responses=problems())
def ready(services: CommonServices) -> Ready:
    """The database answers, its tables are of this version, and runs are being solved."""
    if not services.database.migrated():
        raise Unavailable("not_migrated", "Tabellene i databasen er ikke av denne versjonen.")
    if not services.engine.alive:
        raise Unavailable("worker_dead", "Ingen tar imot kjøringer.")
    if not services.database.is_sqlite:
        return Ready(status="ready", database="postgresql", sqlite_version=None, warnings=[])
    warning = sqlite_warning()
    return Ready(
        status="ready",
        database="sqlite",
        sqlite_version=sqlite3.sqlite_version,
        warnings=[] if warning is None else [warning],
    )


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={200: returns("text/plain", {"type": "string"}), **problems()},
)
def metrics(services: CommonServices) -> Response:
    """Figures for Prometheus."""
    return Response(services.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
