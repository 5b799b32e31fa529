"""The query of an address, read strictly: what is not understood is refused, by its name."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
from starlette.datastructures import QueryParams

from app.errors import BadRequest
from app.schemas.issues import pointer, shown
from geodata.crs import CRS84, CRSS, Crs
from geodata.layers import Field, Fields
from geodata.selection import Box, Seconds, Selection
from solver.domain.errors import Issue

DEFAULT_LIMIT = 1000
MOST_ITEMS = 10_000
"""On one page; who asks for more gets so many."""
FORMATS = ("json", "html")
ITEMS = ("f", "limit", "offset", "bbox", "bbox-crs", "datetime", "crs")
_BY_URI = {crs.uri: crs for crs in CRSS}
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class ItemsQuery:
    """Which features of a collection, in which system, and which of them on this page."""

    selection: Selection
    crs: Crs
    limit: int
    offset: int


def items_query(query: QueryParams, fields: Fields) -> ItemsQuery:
    """Read the query of `items`; BadRequest for what cannot be used."""
    given = only(query, (*ITEMS, *fields))
    box_crs = _crs(given, "bbox-crs")
    return ItemsQuery(
        selection=Selection(
            crs=box_crs,
            boxes=_boxes(given["bbox"], box_crs) if "bbox" in given else None,
            interval=_interval(given["datetime"]) if "datetime" in given else None,
            values={
                name: _value(name, text, fields[name])
                for name, text in given.items()
                if name in fields
            },
        ),
        crs=_crs(given, "crs"),
        limit=min(_whole(given, "limit", DEFAULT_LIMIT, 1), MOST_ITEMS),
        offset=_whole(given, "offset", 0, 0),
    )


def item_crs(query: QueryParams) -> Crs:
    """Read the query of a single feature."""
    return _crs(only(query, ("f", "crs")), "crs")


def only(query: QueryParams, known: Collection[str]) -> Mapping[str, str]:
    """The query when it has nothing but known names, each once; else BadRequest."""
    for name in query:
        if name not in known:
            mend = f"Bruk en av: {', '.join(sorted(known))}."
            raise bad("parameter_unknown", name, f"Parameteren {shown(name)} er ukjent.", mend)
        if len(query.getlist(name)) > 1:
            message = f"«{name}» er gitt flere ganger."
            raise bad("parameter_repeated", name, message, "Gi den én gang.")
    return query


def bad(code: str, name: str, message: str, mend: str) -> BadRequest:
    """The answer to a parameter that cannot be used."""
    return BadRequest(
        code, f"{message} {mend}", [Issue(pointer("query", name), code, message, mend)]
    )


def _invalid(name: str, text: str, mend: str) -> BadRequest:
    message = f"Verdien {shown(text)} av «{name}» kan ikke brukes."
    return bad("parameter_invalid", name, message, mend)


def _crs(given: Mapping[str, str], name: str) -> Crs:
    uri = given.get(name, CRS84.uri)
    if uri not in _BY_URI:
        raise _invalid(name, uri, f"Bruk en av: {', '.join(_BY_URI)}.")
    return _BY_URI[uri]


def _whole(given: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) < least:
        raise _invalid(name, text, f"Skriv et helt tall fra {least}.")
    return int(text)


def _boxes(text: str, crs: Crs) -> Sequence[Box]:
    """The box, or the two on each side of the antimeridian; heights are of no account here."""
    numbers = [_finite(part) for part in text.split(",")]
    if len(numbers) not in (4, 6) or None in numbers:
        raise _invalid("bbox", text, "Skriv fire tall, eller seks med høyde, med komma mellom.")
    known = [number for number in numbers if number is not None]
    half = len(known) // 2
    least, most = known[:2], known[half : half + 2]
    east = 1 if crs.north_first else 0
    north = 1 - east
    if least[north] > most[north]:
        raise _invalid("bbox", text, "Det sørligste tallet må komme først.")
    if least[east] <= most[east]:
        return [(*_pair(least), *_pair(most))]
    if not crs.degrees:
        raise _invalid("bbox", text, "Det vestligste tallet må komme først.")
    return [
        (*_pair(least), *_pair(_with(most, east, 180.0))),
        (*_pair(_with(least, east, -180.0)), *_pair(most)),
    ]


def _pair(numbers: Sequence[float]) -> tuple[float, float]:
    return numbers[0], numbers[1]


def _with(numbers: Sequence[float], index: int, value: float) -> list[float]:
    return [value if n == index else number for n, number in enumerate(numbers)]


def _finite(text: str) -> float | None:
    if not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", text, re.ASCII):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _interval(text: str) -> tuple[Seconds, Seconds]:
    start, slash, end = text.partition("/")
    if not slash:
        return _instant(start, text, last=False), _instant(start, text, last=True)
    first = None if start in ("", "..") else _instant(start, text, last=False)
    last = None if end in ("", "..") else _instant(end, text, last=True)
    if first is not None and last is not None and first > last:
        raise _invalid("datetime", text, "Begynnelsen må være før slutten.")
    return first, last


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def _instant(text: str, whole: str, *, last: bool) -> np.datetime64:
    """An instant of RFC 3339 in UTC; of a day its first or last second."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            moment = datetime.combine(day, time.max if last else time.min, UTC)
        elif _INSTANT.fullmatch(text):
            moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper())).astimezone(UTC)
        else:
            raise ValueError
    except (ValueError, OverflowError) as error:
        mend = "Skriv en dag som 2035-01-01, et tidspunkt som 2035-01-01T00:00:00Z, eller to med /."
        raise _invalid("datetime", whole, mend) from error
    return np.datetime64(moment.replace(tzinfo=None), "s")


_READERS: Mapping[type[Any], tuple[Callable[[str], Any], str]] = {
    str: (str, ""),
    int: (lambda text: int(_matching(r"[+-]?[0-9]{1,18}", text)), "Skriv et helt tall."),
    float: (lambda text: _number(text), "Skriv et tall."),
    bool: (lambda text: _TRUTH[text], "Skriv true eller false."),
    date: (lambda text: np.datetime64(date.fromisoformat(text)), "Skriv en dag som 2035-01-01."),
}


def _value(name: str, text: str, field: Field) -> Any:
    read, mend = _READERS[field.kind]
    try:
        return read(text)
    except (ValueError, KeyError) as error:
        raise _invalid(name, text, mend) from error


def _number(text: str) -> float:
    number = _finite(text)
    if number is None:
        raise ValueError
    return number


def _matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError
    return text
