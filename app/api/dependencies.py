"""What routes ask for: the services, and the body and headers of a request."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from app.api.feed import Feed
from app.api.metrics import Metrics
from app.db import Database
from app.errors import BadRequest, CrossSite, UnsupportedMedia
from app.jobs.port import JobEngine
from app.schemas.jsontext import parse_json
from app.services.batches import Batches
from app.services.idempotency import KeyedPost
from app.services.runs import Runs
from app.services.scenarios import Scenarios
from solver.domain.errors import DocumentInvalid

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
# What a request says when nobody chose: nothing, or what curl puts there.
UNDECLARED = ("", "application/x-www-form-urlencoded")

# Issues that say that the text is no JSON at all.
UNREADABLE = frozenset({"bad_json", "empty_document", "not_utf8"})


@dataclass(frozen=True)
class Services:
    """The use cases behind the routes."""

    database: Database
    scenarios: Scenarios
    runs: Runs
    batches: Batches
    engine: JobEngine
    metrics: Metrics
    cross_origins: Collection[str]
    """Origins of other sites whose pages may post here."""
    feed: Feed


def services(request: Request) -> Services:
    """Those of this application."""
    wired: Services = request.app.state.services
    return wired


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
        and request.headers.get("origin") not in services(request).cross_origins
    ):
        raise CrossSite
    return await request.body()


RawBody = Annotated[bytes, Depends(raw_body)]


def json_body(body: RawBody) -> Any:
    """The body as JSON; BadRequest when it is none, DocumentInvalid when it cannot be used."""
    try:
        return parse_json(body)
    except DocumentInvalid as error:
        raise readable(error) from error


def readable(error: DocumentInvalid) -> DocumentInvalid | BadRequest:
    """The error itself when it is about a document that could be read, else BadRequest."""
    first = error.issues[0]
    if first.code not in UNREADABLE:
        return error
    return BadRequest(first.code, f"{first.message} {first.mend}", error.issues)


def keyed_post(
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


ServicesHere = Annotated[Services, Depends(services)]
JsonBody = Annotated[Any, Depends(json_body)]
KeyedPostHere = Annotated[KeyedPost | None, Depends(keyed_post)]
Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,100}$")]
Limit = Annotated[int, Query(ge=1, le=100, description="Items on a page.")]
CursorText = Annotated[
    str | None, Query(max_length=300, description="From the `next` of the page before.")
]
IfMatch = Annotated[
    str | None, Header(description="ETag of the version to change; 412 when it is not the newest.")
]
IfNoneMatch = Annotated[str | None, Header(description="ETag of the version already there.")]
