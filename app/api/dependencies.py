"""What routes ask for: the services, and the body and headers of a request."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from app.api.callers import caller_here
from app.api.feed import Feed
from app.api.metrics import Metrics
from app.api.together import Together
from app.callers import Caller
from app.db import CallersDatabase, Database
from app.errors import BadRequest, CrossSite, UnsupportedMedia
from app.jobs.port import JobEngine
from app.schemas.jsontext import parse_json
from app.services.acceptance import Acceptance, Checked
from app.services.batches import Batches
from app.services.idempotency import KeyedPost
from app.services.keys import Keys
from app.services.login import LogIn
from app.services.maps import MapCache, Maps
from app.services.room import Room
from app.services.runs import Runs
from app.services.scenarios import Scenarios
from app.services.sized_cache import SizedCache
from app.services.submissions import Submission, Submissions
from app.settings import Settings
from models import RunRow
from solver.domain.errors import DocumentInvalid

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
# What a request says when nobody chose: nothing, or what curl puts there.
UNDECLARED = ("", "application/x-www-form-urlencoded")

SOON_PARSED_BYTES = 10_000  # sooner than a thread is found for it

# Issues that say that the text is no JSON at all.
UNREADABLE = frozenset({"bad_json", "empty_document", "not_utf8"})


@dataclass(frozen=True)
class Services:
    """What the routes of one application stand on."""

    database: Database
    login: LogIn
    settings: Settings
    engine: JobEngine
    metrics: Metrics
    feed: Feed
    reads: Together[str, RunRow]
    submits: Together[Submission, RunRow | None]
    map_cache: MapCache
    checked: SizedCache[Checked]
    room: Room


@dataclass(frozen=True)
class ServicesForCaller:
    """The same for one request, and the use cases as its caller meets them."""

    common: Services
    caller: Caller

    @property
    def scenarios(self) -> Scenarios:
        """Those of the caller's tenant."""
        return Scenarios(self._database)

    @property
    def runs(self) -> Runs:
        """Those of the caller's tenant."""
        return Runs(self._database)

    @property
    def submissions(self) -> Submissions:
        """Of the caller."""
        return Submissions(self._database, self._acceptance)

    @property
    def batches(self) -> Batches:
        """Those of the caller's tenant."""
        return Batches(self._database, self._acceptance)

    @property
    def maps(self) -> Maps:
        """Of the runs and scenarios of the caller's tenant."""
        return Maps(self._database, self.scenarios, self.runs, self.common.map_cache)

    @property
    def keys(self) -> Keys:
        """Those of the caller's tenant."""
        return Keys(self._database)

    @property
    def _acceptance(self) -> Acceptance:
        common = self.common
        engine = common.engine
        return Acceptance(
            self.scenarios,
            self.caller.tenant,
            common.checked,
            common.room,
            common.settings,
            engine.enqueue,
            engine.waiting,
        )

    @property
    def _database(self) -> CallersDatabase:
        return self.common.database.of(self.caller)


def services_of(request: Request) -> Services:
    """Those of this application."""
    wired: Services = request.app.state.services
    return wired


async def services(request: Request) -> Services:
    """The same, without a thread."""
    return services_of(request)


async def services_for_caller(request: Request) -> ServicesForCaller:
    """Those of this application, for who asks."""
    return ServicesForCaller(services_of(request), caller_here(request))


async def raw_body(request: Request) -> bytes:
    """The body as it came, JSON unless declared to be something else; then UnsupportedMedia.

    A page of another site can make a browser post without asking first, if it declares nothing or
    a form. The browser says so, and that is refused: CrossSite, unless an operator lets them.
    """
    accepted = (MERGE_PATCH, JSON) if request.method == "PATCH" else (JSON,)
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared not in (*accepted, *UNDECLARED):
        raise UnsupportedMedia(accepted)
    if (
        request.headers.get("sec-fetch-site") == "cross-site"
        and request.headers.get("origin") not in services_of(request).settings.cors_origins
    ):
        raise CrossSite
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]


async def json_body(body: RawBody) -> Any:
    """The body as JSON; BadRequest when it is none, DocumentInvalid when it cannot be used."""
    try:
        if len(body) <= SOON_PARSED_BYTES:
            return parse_json(body)
        return await run_in_threadpool(parse_json, body)
    except DocumentInvalid as error:
        raise readable(error) from error


def readable(error: DocumentInvalid) -> DocumentInvalid | BadRequest:
    """The error itself when it is about a document that could be read, else BadRequest."""
    first = error.issues[0]
    if first.code not in UNREADABLE:
        return error
    return BadRequest(first.code, f"{first.message} {first.mend}", error.issues)


async def keyed_post(
    request: Request,
    body: RawBody,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="The same key with the same body makes one resource, however often sent.",
        ),
    ] = None,
) -> KeyedPost | None:
    """The POST and its key, None without one."""
    if idempotency_key is None:
        return None
    return KeyedPost(idempotency_key, request.url.path, body)


CommonServices = Annotated[Services, Depends(services)]
ServicesHere = Annotated[ServicesForCaller, Depends(services_for_caller)]
JsonBody = Annotated[Any, Depends(json_body)]
KeyedPostHere = Annotated[KeyedPost | None, Depends(keyed_post)]
ID_PATTERN = r"^[0-9A-Za-z_.-]{1,100}$"
Id = Annotated[str, Path(pattern=ID_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=100, description="Items on a page.")]
CursorText = Annotated[
    str | None, Query(max_length=300, description="From the `next` of the page before.")
]
IfMatch = Annotated[
    str | None, Header(description="ETag of the version to change; 412 when it is not the newest.")
]
IfNoneMatch = Annotated[str | None, Header(description="ETag of the version already there.")]
