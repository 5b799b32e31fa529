"""Entity tags: comparing what a client has with what there is (RFC 9110, 8.8.3 and 13.1)."""

import hashlib
import re

from app.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?"[^"\s]*"')


def tag_of(*parts: str) -> str:
    """The strong tag of bytes that follow from these texts and nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return f'"{digest.hexdigest()[:32]}"'


def weak(etag: str) -> str:
    """The tag of what says the same without being the same bytes."""
    return f"W/{etag}"


def require_match(if_match: str | None, etag: str) -> None:
    """PreconditionFailed when an If-Match header is there and does not name this strong tag."""
    if if_match is not None and not _named(if_match, etag):
        raise PreconditionFailed


def same(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names this tag, weakly compared."""
    if if_none_match is None:
        return False
    return _named(if_none_match.replace("W/", ""), etag.removeprefix("W/"))


def _named(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in _TAG.findall(header)
