"""`/v1/keys`: the API keys of the caller's tenant."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from app.api.dependencies import JSON, CursorText, Id, JsonBody, Limit, ServicesHere
from app.api.links import next_page
from app.api.openapi import accepts, problems, ref
from app.schemas.issues import issues_of
from app.schemas.keys import KeyList, KeyRequest, KeyResource, NewKeyResource
from models import KeyRow
from solver.domain.errors import DocumentInvalid

router = APIRouter(prefix="/v1/keys", tags=["keys"])


@router.post(
    "",
    operation_id="create_key",
    status_code=201,
    openapi_extra=accepts(ref("KeyRequest"), JSON),
    responses=problems(400, 403, 413, 415, 422),
)
def create(services: ServicesHere, body: JsonBody, response: Response) -> NewKeyResource:
    """Make a key; the answer is the only time that it is told."""
    asked = _request(body)
    made = services.keys.create(asked.name, asked.scopes, asked.days)
    response.headers["Cache-Control"] = "no-store"
    return NewKeyResource.model_validate(_fields(made.row) | {"key": made.key})


@router.get("", operation_id="list_keys", responses=problems(422))
def read_page(
    services: ServicesHere, request: Request, limit: Limit = 50, cursor: CursorText = None
) -> KeyList:
    """Keys without their secrets, newest first."""
    page = services.keys.page(cursor, limit)
    return KeyList(
        items=[KeyResource.model_validate(_fields(row)) for row in page.items],
        next=next_page(request, limit=limit, cursor=page.next),
    )


@router.delete("/{key_id}", operation_id="revoke_key", status_code=204, responses=problems(404))
def revoke(services: ServicesHere, key_id: Id) -> None:
    """No more requests with this key, from now on."""
    services.keys.revoke(key_id)


def _request(body: Any) -> KeyRequest:
    try:
        return KeyRequest.model_validate(body)
    except ValidationError as error:
        raise DocumentInvalid(issues_of(error, KeyRequest)) from error


def _fields(row: KeyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "scopes": row.scopes.split(),
        "created": row.created,
        "expires": row.expires,
        "last_used": row.last_used,
        "revoked": row.revoked,
    }
