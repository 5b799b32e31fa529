"""`/v1/scenarios`."""

from fastapi import APIRouter, Request, Response

from app.api.conditional import NOT_MODIFIED, not_modified
from app.api.dependencies import (
    JSON,
    MERGE_PATCH,
    CursorText,
    Id,
    IfMatch,
    IfNoneMatch,
    JsonBody,
    KeyedPostHere,
    Limit,
    ServicesHere,
)
from app.api.links import next_page
from app.api.openapi import accepts, problems, ref
from app.schemas.stored_scenario import (
    ScenarioCheck,
    ScenarioList,
    ScenarioResource,
    ScenarioSummary,
)
from app.services.checking import check_scenario
from app.services.etags import same
from app.services.scenarios import StoredScenario

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])


@router.post(
    "",
    operation_id="create_scenario",
    status_code=201,
    openapi_extra=accepts({"anyOf": [ref("Scenario"), ref("ScenarioChange")]}, JSON),
    responses=problems(400, 403, 413, 415, 422),
)
def create(
    services: ServicesHere, body: JsonBody, post: KeyedPostHere, response: Response
) -> ScenarioResource:
    """Store a scenario, or a change of another: `{"based_on": id or name, "changes": …}`."""
    stored = services.scenarios.create(body, post)
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return _resource(stored, response)


@router.post(
    "/validate",
    operation_id="validate_scenario",
    openapi_extra=accepts({"anyOf": [ref("Scenario"), ref("ScenarioChange")]}, JSON),
    responses=problems(400, 403, 413, 415, 422),
)
def validate(services: ServicesHere, body: JsonBody) -> ScenarioCheck:
    """Whether a scenario could be stored as `create` would; a problem with every issue if not."""
    check_scenario(services.scenarios.proposed(body))
    return ScenarioCheck(valid=True, issues=[])


@router.get("", operation_id="list_scenarios", responses=problems(422))
def read_page(
    services: ServicesHere, request: Request, limit: Limit = 50, cursor: CursorText = None
) -> ScenarioList:
    """Stored scenarios without their documents, newest first; bundled ones are not among them."""
    page = services.scenarios.page(cursor, limit)
    return ScenarioList(
        items=[ScenarioSummary.model_validate(row) for row in page.items],
        next=next_page(request, limit=limit, cursor=page.next),
    )


@router.get(
    "/{scenario_id}",
    operation_id="get_scenario",
    response_model=ScenarioResource,
    responses={**NOT_MODIFIED, **problems(404)},
)
def read(
    services: ServicesHere,
    scenario_id: Id,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ScenarioResource | Response:
    """A stored scenario by id, or a bundled one by name."""
    stored = services.scenarios.get(scenario_id)
    if same(if_none_match, stored.etag):
        return not_modified(stored.etag)
    return _resource(stored, response)


@router.put(
    "/{scenario_id}",
    operation_id="replace_scenario",
    openapi_extra=accepts(ref("Scenario"), JSON),
    responses=problems(400, 403, 404, 409, 412, 413, 415, 422),
)
def replace(
    services: ServicesHere,
    scenario_id: Id,
    body: JsonBody,
    response: Response,
    if_match: IfMatch = None,
) -> ScenarioResource:
    """Put another document in place of a stored scenario's."""
    return _resource(services.scenarios.replace(scenario_id, body, if_match), response)


@router.patch(
    "/{scenario_id}",
    operation_id="patch_scenario",
    openapi_extra=accepts({"type": "object"}, MERGE_PATCH, JSON),
    responses=problems(400, 403, 404, 409, 412, 413, 415, 422),
)
def patch(
    services: ServicesHere,
    scenario_id: Id,
    body: JsonBody,
    response: Response,
    if_match: IfMatch = None,
) -> ScenarioResource:
    """Change a stored scenario by a JSON Merge Patch (RFC 7396)."""
    return _resource(services.scenarios.patch(scenario_id, body, if_match), response)


@router.delete(
    "/{scenario_id}",
    operation_id="delete_scenario",
    status_code=204,
    responses=problems(404, 409, 412),
)
def delete(services: ServicesHere, scenario_id: Id, if_match: IfMatch = None) -> None:
    """Delete a stored scenario; its runs keep their own copies."""
    services.scenarios.delete(scenario_id, if_match)


def _resource(stored: StoredScenario, response: Response) -> ScenarioResource:
    response.headers["ETag"] = stored.etag
    return ScenarioResource.model_validate(stored)
