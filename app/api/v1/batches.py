"""`/v1/batches`: several scenarios at once."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.api.dependencies import JSON, CursorText, Id, JsonBody, KeyedPostHere, ServicesHere
from app.api.links import BATCHES, next_page
from app.api.openapi import accepts, problems, ref
from app.api.resources import batch_resource
from app.api.v1.runs import STOPPED_WITHIN_S
from app.api.waiting import wait_for
from app.repositories.runs import OPEN
from app.schemas.run import BatchList, BatchResource
from models import RunRow

# Of batches, each with all its runs.
Few = Annotated[int, Query(ge=1, le=20, description="Items on a page.")]

router = APIRouter(prefix=BATCHES, tags=["batches"])


@router.post(
    "",
    operation_id="create_batch",
    status_code=202,
    openapi_extra=accepts(ref("BatchRequest"), JSON),
    responses=problems(400, 403, 413, 415, 422),
)
def create(
    services: ServicesHere, body: JsonBody, post: KeyedPostHere, response: Response
) -> BatchResource:
    """Compute the same on several scenarios: all are accepted, or none."""
    rows = services.batches.create(body, post)
    response.headers["Location"] = f"{BATCHES}/{rows[0].batch_id}"
    return batch_resource(rows)


@router.get("", operation_id="list_batches", responses=problems(422))
def read_page(
    services: ServicesHere, request: Request, limit: Few = 10, cursor: CursorText = None
) -> BatchList:
    """Batches, newest first."""
    batches, firsts = services.batches.page(cursor, limit)
    return BatchList(
        items=[batch_resource(rows) for rows in batches],
        next=next_page(request, limit=limit, cursor=firsts.next),
    )


@router.get("/{batch_id}", operation_id="get_batch", responses=problems(404))
def read(services: ServicesHere, batch_id: Id) -> BatchResource:
    """A batch: how far it has come, and its runs."""
    return batch_resource(services.batches.get(batch_id))


@router.delete("/{batch_id}", operation_id="dismiss_batch", responses=problems(404, 409))
async def dismiss(services: ServicesHere, batch_id: Id) -> BatchResource:
    """Stop all runs that have not ended; those begun keep the best plan found so far."""
    for run_id in await run_in_threadpool(services.batches.ask_to_stop, batch_id):
        services.common.engine.cancel(run_id)
    await wait_for(lambda: services.batches.get(batch_id), _have_ended, STOPPED_WITHIN_S)
    await run_in_threadpool(services.batches.dismiss, batch_id)
    return batch_resource(await run_in_threadpool(services.batches.get, batch_id))


def _have_ended(rows: Sequence[RunRow]) -> bool:
    return all(row.status not in OPEN for row in rows)
