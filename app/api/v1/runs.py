"""`/v1/runs`."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from app.api.conditional import NOT_MODIFIED, unless_known
from app.api.dependencies import (
    JSON,
    CursorText,
    Id,
    IfNoneMatch,
    JsonBody,
    KeyedPostHere,
    Limit,
    ServicesForCaller,
    ServicesHere,
)
from app.api.lasting import while_let_in
from app.api.links import RUNS, absolute, next_page, ogc_run, ogc_scenario
from app.api.middleware.heads import answers_head
from app.api.openapi import RESULT_REFS, accepts, problems, ref, returns
from app.api.resources import error_of, incumbent_resource, progress_of, run_resource
from app.api.waiting import wait_for
from app.errors import NotFound
from app.repositories.runs import OPEN
from app.schemas.run import (
    IncumbentList,
    ProgressResource,
    RunList,
    RunResource,
    StateResource,
)
from app.services.etags import tag_of, weak
from app.services.run_events import Event, Place, State, state_number
from app.services.submissions import Submission
from geodata.layers import MAP_LAYERS
from geodata.qgis.project import live, package
from models import IncumbentRow, RunRow

GEOJSON = "application/geo+json"
GEOPACKAGE = "application/geopackage+sqlite3"
QGIS_PROJECT = "application/x-qgis-project"
ProjectSource = Literal["run", "scenario", "package"]
LONGEST_WAIT_S = 120
STOPPED_WITHIN_S = 5.0
MAX_SEQ = 2**31 - 1
EVENTS = "text/event-stream"
EVENT_ID = r"^[0-9]{1,9}\.[0-9]{1,9}$"
COMMENT_EVERY_S = 5.0  # and when a caller may be looked at, however little happens
RECONNECT_MS = 2000
STREAM_HEADERS = {"Content-Type": EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(prefix=RUNS, tags=["runs"])


@router.post(
    "",
    operation_id="create_run",
    status_code=202,
    openapi_extra=accepts(ref("RunRequest"), JSON),
    responses={
        200: {"model": RunResource, "description": "Ended within the time waited."},
        **problems(400, 403, 413, 415, 422),
    },
)
async def create(
    services: ServicesHere,
    body: JsonBody,
    post: KeyedPostHere,
    response: Response,
    prefer: Annotated[
        str | None, Header(description="`wait=N`: answer when it has ended, after N s at most.")
    ] = None,
) -> RunResource:
    """Compute on a scenario: by id, by bundled name, or sent as a document."""
    row = await _taken_in(services, Submission(body, post))
    run_id = row.id
    response.headers["Location"] = f"{RUNS}/{run_id}"
    wait = wait_seconds(prefer)
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait}"
        row = await wait_for(lambda: services.runs.get(run_id), _has_ended, wait)
        response.status_code = 202 if row.status in OPEN else 200
    return run_resource(row)


async def _taken_in(services: ServicesForCaller, submission: Submission) -> RunRow:
    submissions, together = services.submissions, services.common.submits
    if submission.named is not None:
        row = await together.ask(services.caller, submissions.several, submission)
        if row is None:
            await run_in_threadpool(submissions.check, submission)
            row = await together.ask(services.caller, submissions.several, submission)
        if row is not None:
            return row
    return await run_in_threadpool(submissions.alone, submission)


@router.get("", operation_id="list_runs", responses=problems(422))
def read_page(
    services: ServicesHere, request: Request, limit: Limit = 50, cursor: CursorText = None
) -> RunList:
    """Runs, newest first."""
    page = services.runs.page(cursor, limit)
    return RunList(
        items=[run_resource(row) for row in page.items],
        next=next_page(request, limit=limit, cursor=page.next),
    )


@router.get("/{run_id}", operation_id="get_run", responses=problems(404))
async def read(services: ServicesHere, run_id: Id) -> RunResource:
    """A run: its status, where it stands, and links to what it found."""
    runs = services.runs
    return run_resource(await services.common.reads.ask(runs.tenant, runs.several, run_id))


@router.delete("/{run_id}", operation_id="dismiss_run", responses=problems(404, 409))
async def dismiss(services: ServicesHere, run_id: Id) -> RunResource:
    """Stop a run; it keeps the best plan found, if that was verified in time."""
    if await run_in_threadpool(services.runs.ask_to_stop, run_id):
        services.common.engine.cancel(run_id)
        await wait_for(lambda: services.runs.get(run_id), _has_ended, STOPPED_WITHIN_S)
        await run_in_threadpool(services.runs.dismiss, run_id)
    return run_resource(await run_in_threadpool(services.runs.get, run_id))


@router.get(
    "/{run_id}/result",
    operation_id="get_result",
    response_class=Response,
    responses={200: returns(JSON, {"anyOf": RESULT_REFS}), **NOT_MODIFIED, **problems(404)},
)
def read_result(services: ServicesHere, run_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """The document that answers the run, byte for byte as it was made; of kind solve the plan."""
    return _document(services.runs.result(run_id), if_none_match)


@router.get(
    "/{run_id}/scenario",
    operation_id="get_run_scenario",
    response_class=Response,
    responses={200: returns(JSON, ref("Scenario")), **NOT_MODIFIED, **problems(404)},
)
def read_scenario(
    services: ServicesHere, run_id: Id, if_none_match: IfNoneMatch = None
) -> Response:
    """The run's own copy of its scenario, whatever became of the stored one since."""
    return _document(services.runs.scenario(run_id), if_none_match)


@router.get(
    "/{run_id}/plan",
    operation_id="get_plan",
    response_class=Response,
    responses={200: returns(JSON, ref("Plan")), **NOT_MODIFIED, **problems(404)},
)
def read_plan(services: ServicesHere, run_id: Id, if_none_match: IfNoneMatch = None) -> Response:
    """The plan document, byte for byte as it was verified; only a run of kind solve has one."""
    return _document(services.runs.plan(run_id), if_none_match)


@router.get(
    "/{run_id}/plan.geojson",
    operation_id="get_plan_geojson",
    response_class=Response,
    responses={200: returns(GEOJSON, {"type": "object"}), **NOT_MODIFIED, **problems(404, 422)},
)
def read_layers(
    services: ServicesHere,
    run_id: Id,
    layer: Annotated[str | None, Query(description=f"One of {', '.join(MAP_LAYERS)}.")] = None,
    year: Annotated[int | None, Query(description="A year of the planning period.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A layer of the plan, or all of them in one collection with a property `layer`."""
    return unless_known(
        if_none_match,
        services.runs.plan_tag(run_id, "geojson", layer, year),
        lambda: JSONResponse(services.runs.layers(run_id, layer, year), media_type=GEOJSON),
    )


@router.get(
    "/{run_id}/plan.gpkg",
    operation_id="get_plan_geopackage",
    response_class=Response,
    responses={
        200: returns(GEOPACKAGE, {"type": "string", "format": "binary"}),
        **NOT_MODIFIED,
        **problems(404),
    },
)
def read_geopackage(
    services: ServicesHere, run_id: Id, if_none_match: IfNoneMatch = None
) -> Response:
    """Every layer of the plan as a GeoPackage in EPSG:25832.

    Its tag is a weak one: the file holds the time at which it was written.
    """
    return unless_known(
        if_none_match,
        weak(services.runs.plan_tag(run_id, "gpkg")),
        lambda: Response(
            services.runs.geopackage(run_id),
            media_type=GEOPACKAGE,
            headers={"Content-Disposition": 'attachment; filename="plan.gpkg"'},
        ),
    )


@router.get(
    "/{run_id}/plan.qgz",
    operation_id="get_plan_project",
    response_class=Response,
    responses={
        200: returns(QGIS_PROJECT, {"type": "string", "format": "binary"}),
        **NOT_MODIFIED,
        **problems(404, 422),
    },
)
def read_project(
    services: ServicesHere,
    request: Request,
    run_id: Id,
    source: Annotated[
        ProjectSource,
        Query(
            description="Where QGIS reads the layers: this run, the newest plan of its scenario, "
            "or `plan.gpkg` in the same folder."
        ),
    ] = "run",
    authcfg: Annotated[
        str | None,
        Query(
            pattern="^[0-9A-Za-z]{7}$",
            description="Id of the authentication configuration in QGIS that has the key.",
        ),
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A QGIS project with the plan's layers, styles, years to play and a sheet to print."""
    scenario_id = services.maps.of_run(run_id).scenario_id
    if source == "package":
        data = package("plan.gpkg")
    elif source == "run":
        data = live(absolute(request, ogc_run(run_id)), authcfg)
    elif scenario_id is not None:
        data = live(absolute(request, ogc_scenario(scenario_id)), authcfg)
    else:
        raise NotFound("no_scenario", "Kjøringen er ikke av et lagret scenario. Bruk source=run.")
    return unless_known(
        if_none_match,
        services.runs.plan_tag(run_id, "qgz", data.source("")),
        lambda: Response(
            services.maps.project(run_id, data),
            media_type=QGIS_PROJECT,
            headers={"Content-Disposition": 'attachment; filename="plan.qgz"'},
        ),
    )


@router.get("/{run_id}/incumbents", operation_id="list_incumbents", responses=problems(404, 422))
def read_incumbents(
    services: ServicesHere,
    request: Request,
    run_id: Id,
    after: Annotated[int, Query(ge=0, le=MAX_SEQ, description="The last `seq` known.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Items on a page.")] = 1000,
) -> IncumbentList:
    """Better and better plans in the order they were found."""
    rows = services.runs.incumbents(run_id, after, limit)
    last = rows[-1].seq if len(rows) == limit else None
    return IncumbentList(
        items=[incumbent_resource(row) for row in rows],
        next=next_page(request, after=last, limit=limit),
    )


@router.get(
    "/{run_id}/events",
    operation_id="stream_events",
    response_class=Response,
    responses={
        200: returns(EVENTS, {"description": "Events of `id`, `event` and `data`, which is JSON."}),
        204: {"description": "It has ended, and everything was read."},
        **problems(404, 422),
    },
)
async def read_events(
    services: ServicesHere,
    request: Request,
    run_id: Id,
    last_event_id: Annotated[
        str | None,
        Header(pattern=EVENT_ID, description="The id of the last event read; those after it come."),
    ] = None,
) -> Response:
    """What happens to a run as it happens (server-sent events), to its end.

    Events `state` (status, outcome, error), `incumbent` (as in the list of incumbents) and
    `progress`; each state and each incumbent comes once. When nothing happens, a comment every
    5 s says that the line is open. It ends within 10 s when the caller is no longer let in.
    """
    place = Place() if last_event_id is None else Place.of(last_event_id)
    watched = await services.common.feed.watch(services.runs, run_id)
    if watched.row.status not in OPEN and place.state >= state_number(watched.row):
        return Response(status_code=204)  # which tells a browser to ask no more
    if answers_head(request):
        return Response(headers=STREAM_HEADERS)
    events = services.common.feed.events(watched, place, COMMENT_EVERY_S)
    return StreamingResponse(
        _lines(while_let_in(request, services.common.login, events)), headers=STREAM_HEADERS
    )


async def _lines(events: AsyncIterator[Event | None]) -> AsyncIterator[str]:
    yield f"retry: {RECONNECT_MS}\n\n"
    async for event in events:
        if event is None:
            yield ": still here\n\n"
        else:
            data = _told(event).model_dump_json()
            yield f"id: {event.place}\nevent: {event.kind}\ndata: {data}\n\n"


def _told(event: Event) -> BaseModel:
    match event.about:
        case State(status, row):
            outcome, error = (None, None) if row is None else (row.outcome, error_of(row))
            return StateResource.model_validate(
                {"status": status, "outcome": outcome, "error": error}
            )
        case IncumbentRow() as incumbent:
            return incumbent_resource(incumbent)
        case row:
            return ProgressResource.model_validate(progress_of(row))


def _has_ended(row: RunRow) -> bool:
    return row.status not in OPEN


def _document(text: str, if_none_match: str | None) -> Response:
    return unless_known(if_none_match, tag_of(text), lambda: Response(text, media_type=JSON))


def wait_seconds(prefer: str | None) -> int:
    """Seconds of the preference `wait` (RFC 7240), 0 without one."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,9})", prefer or "", re.IGNORECASE)
    return min(int(found[1]), LONGEST_WAIT_S) if found else 0
