"""Where statistics are read from: a file, or the address that the user gives."""

import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from app.schemas.jsontext import MAX_DOCUMENT_BYTES, parse_json
from solver.domain.errors import DocumentInvalid, InputError, Issue, SitingError

LONGEST_PAUSE_S = 60.0
_BUSY = (429, 500, 502, 503, 504)
_ADDRESS = ("http://", "https://")


@dataclass(frozen=True)
class Fetching:
    """How an address is asked."""

    timeout_s: float
    tries: int
    cache: Path | None
    """A folder where answers are kept; one that is there is not asked for again."""
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Fetched:
    """A JSON document and where it is from."""

    document: Any
    name: str
    """The file, or the whole address with the query."""
    url: str | None
    fetched: str | None
    """Day of the answer, also when it is from the cache."""


def fetch(source: str, fetching: Fetching) -> Fetched:
    """The JSON document of a file or an http(s) address; no other address is ever asked.

    An address that is busy is asked again after a pause that doubles, or that it asks for. Raises
    InputError or DocumentInvalid for what cannot be used, SitingError when there is no answer, and
    OSError for the file.
    """
    if not source.startswith(_ADDRESS):
        return Fetched(_parsed(Path(source).read_bytes(), source), Path(source).name, None, None)
    if not _is_address(source):
        raise InputError("bad_address", f"«{source}» er ikke en adresse.")
    kept = _kept(source, fetching.cache)
    if kept is not None and kept.exists():
        stored = _parsed(kept.read_bytes(), str(kept))
        if isinstance(stored, dict) and stored.get("url") == source:
            return Fetched(stored["document"], source, source, stored["fetched"])
    document = _parsed(_asked(source, fetching), source)
    today = datetime.now(UTC).date().isoformat()
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"url": source, "fetched": today, "document": document})
        kept.write_text(text, encoding="utf-8")
    return Fetched(document, source, source, today)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _kept(address: str, cache: Path | None) -> Path | None:
    digest = hashlib.sha256(address.encode()).hexdigest()
    return None if cache is None else cache / f"{digest}.json"


def _parsed(data: bytes, name: str) -> Any:
    try:
        return parse_json(data)
    except DocumentInvalid as error:
        raise DocumentInvalid(named(error.issues, name)) from error


def named(issues: Iterable[Issue], name: str) -> list[Issue]:
    """Issues that say which file or address they are in."""
    return [replace(each, message=f"«{name}»: {each.message}") for each in issues]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the address that was given is asked."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """No further request."""


def _asked(address: str, fetching: Fetching) -> bytes:
    ascii_only = quote(address, safe=":/?#[]@!$&'()*+,;=%")
    request = urllib.request.Request(ascii_only, headers={"Accept": "application/json"})
    opener = urllib.request.build_opener(_NoRedirect)
    said = ""
    for attempt in range(fetching.tries):
        pause = min(2.0**attempt, LONGEST_PAUSE_S)
        try:
            with opener.open(request, timeout=fetching.timeout_s) as answer:
                return _limited(answer, address)
        except urllib.error.HTTPError as error:
            said = f"HTTP {error.code}"
            if error.code not in _BUSY:
                raise InputError(
                    "source_refused",
                    f"«{address}» svarte {said}. Kontroller tabell og utvalg; videresending "
                    "følges ikke.",
                ) from error
            pause = _wanted_pause(error.headers, pause)
        except (OSError, HTTPException) as error:
            said = str(error)
        if attempt + 1 < fetching.tries:
            fetching.pause(pause)
    raise SitingError(
        "source_unavailable",
        f"«{address}» ga ikke svar på {fetching.tries} forsøk: {said}. Prøv senere, eller last "
        "ned svaret i nettleseren og oppgi filen.",
    )


def _limited(answer: Any, address: str) -> bytes:
    data: bytes = answer.read(MAX_DOCUMENT_BYTES + 1)
    if len(data) > MAX_DOCUMENT_BYTES:
        message = f"Svaret fra «{address}» er større enn {MAX_DOCUMENT_BYTES} byte. Hent mindre."
        raise InputError("source_too_large", message)
    return data


def _wanted_pause(headers: Message, otherwise: float) -> float:
    wanted = headers.get("Retry-After", "")
    return min(float(wanted), LONGEST_PAUSE_S) if wanted.isdecimal() else otherwise
