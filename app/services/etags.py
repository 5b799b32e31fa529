"""Entity tags: comparing what a client has with what there is (RFC 9110, 8.8.3 and 13.1)."""

from app.errors import PreconditionFailed


def require_match(if_match: str | None, etag: str) -> None:
    """PreconditionFailed when an If-Match header is there and does not name this strong tag."""
    if if_match is not None and not _named(if_match, etag):
        raise PreconditionFailed


def same(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names this tag, weakly compared."""
    return if_none_match is not None and _named(if_none_match.replace("W/", ""), etag)


def _named(header: str, etag: str) -> bool:
    tags = {tag.strip() for tag in header.split(",")}
    return "*" in tags or etag in tags
