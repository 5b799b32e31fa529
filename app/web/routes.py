"""`/` and the files of the page."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.callers import PAGE, PAGE_FILES
from app.api.conditional import unless_known
from app.api.dependencies import IfNoneMatch
from app.errors import NotFound

START = "index.html"
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
BASEMAP = "https://cache.kartverket.no"
"""Asked only when a planner switches the background map on."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob: {BASEMAP}",
        f"connect-src 'self' {BASEMAP}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class PageFile:
    """What the page is made of, as it is sent."""

    content: bytes
    media_type: str
    etag: str


@router.get(PAGE)
def read_page(if_none_match: IfNoneMatch = None) -> Response:
    """The page; what it shows it reads from the same addresses as any other client."""
    return _answer(START, if_none_match)


@router.get(PAGE_FILES + "{name:path}")
def read_file(
    name: Annotated[str, Path(max_length=200)], if_none_match: IfNoneMatch = None
) -> Response:
    """A script, a style sheet or a licence."""
    return _answer(name, if_none_match)


def _answer(name: str, if_none_match: str | None) -> Response:
    found = _all().get(name)
    if found is None:
        raise NotFound("file_not_found", "Filen finnes ikke.")
    answer = unless_known(
        if_none_match, found.etag, lambda: Response(found.content, media_type=found.media_type)
    )
    answer.headers["Content-Security-Policy"] = POLICY  # 304 too: it overrules what is kept
    return answer


@cache
def _all() -> dict[str, PageFile]:
    """Every file by its name below the folder: a name that is asked for never reaches the disk."""
    return dict(_below(files("app.web") / "page", ""))


def _below(folder: Traversable, prefix: str) -> list[tuple[str, PageFile]]:
    found = []
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            found += _below(entry, f"{name}/")
        elif (media_type := MEDIA_TYPES.get(name.rpartition(".")[2])) is not None:
            content = entry.read_bytes()
            tag = f'"{sha256(content).hexdigest()[:32]}"'
            found.append((name, PageFile(content, media_type, tag)))
    return found
