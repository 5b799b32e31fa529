"""Reads JSON text as strictly as RFC 8259 and I-JSON (RFC 7493) mean it.

Python's own reader takes NaN, 1e400, duplicate keys, lone surrogates and UTF-16, and each of
them would surface later: in the database, in the answer, or as a silently lost value.
"""

import gc
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any

import numpy as np

from app.schemas.issues import Words, capped, pointer, shown
from solver.domain.errors import DocumentInvalid, Issue

MAX_DOCUMENT_BYTES = 20_000_000
MAX_DEPTH = 64
MAX_OUTER_FIELDS = 500_000
"""In the outermost objects, where no outline and no travel matrix is: what a scenario may have."""
OUTER_DEPTH = 3
MAX_INNER_FIELDS = 100_000
"""In one object further in: a row of a travel matrix has one for each district."""
MAX_PARTS = 4_000_000
"""Objects, lists, names, texts and commas: a point of an outline has three, a travel time two."""
MAX_WHOLE_NUMBER = 2**53  # beyond it a number read as a float is no longer the number written
_MAX_DIGITS = 20

_MARK = "\ufeff"
_PLAIN = bytes(set(range(256)) - set(b'"[]{}:,'))
_SURROGATE = re.compile("[\ud800-\udfff]")
_OPEN, _CLOSE, _QUOTE, _FIELD = 1, -1, 2, 3
_STEP = bytes.maketrans(b'"[{]}:,', b"\x02\x01\x01\xff\xff\x03\x04")

Place = tuple["Place", str | int] | None
"""The way to a value: (the way to its container, key or index); None for the whole document."""
_NUMBERS = frozenset({int, float})


_TOO_LARGE = (
    "number_too_large",
    "Heltallet er større enn det som kan leses nøyaktig (2⁵³).",
    "Skriv et mindre tall.",
)
_OVERFLOW = ("number_too_large", "Tallet er for stort til å regne med.", "Skriv et mindre tall.")


@dataclass(frozen=True)
class _Refused:
    """Stands in the document where the text is no value that we take."""

    words: Words


class _WithDuplicates(dict[str, Any]):
    """An object with keys that stand in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.duplicates = [key for key, count in counts.items() if count > 1]


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text of at most 20 MB, 64 levels deep, in UTF-8.

    Raises `DocumentInvalid` with every issue found. Text that cannot be read at all (not UTF-8,
    too large, too deep, bad syntax) has the single issue that stopped the reading.
    """
    encoded, text = _text(data)
    shape = _shape(encoded)
    _refuse_shape(shape)
    with _no_collection():
        document = _read(text)
        if _is_sound(document, shape.fields):
            return document
        document = _read(text, _object)
        issues = capped(_issues(document))
    if issues:
        raise DocumentInvalid(issues)
    return document


@contextmanager
def _no_collection() -> Iterator[None]:
    """What is read has no cycles, and looking for them takes longer than reading it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _stop(code: str, message: str, mend: str) -> DocumentInvalid:
    return DocumentInvalid([Issue("", code, message, mend)])


def _text(data: bytes | str) -> tuple[bytes, str]:
    encoded = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    if len(encoded) > MAX_DOCUMENT_BYTES:
        raise _stop(
            "document_too_large",
            f"Dokumentet er på {len(encoded)} byte; grensen er {MAX_DOCUMENT_BYTES}.",
            "Forenkle grensene til kretsene, eller del opp dokumentet.",
        )
    text = (data if isinstance(data, str) else _decoded(data)).removeprefix(_MARK)
    if not text.strip():
        raise _stop("empty_document", "Dokumentet er tomt.", "Send et JSON-dokument.")
    return encoded, text


def _decoded(data: bytes) -> str:
    mend = "Lagre filen som UTF-8."
    if b"\0" in data[:4]:
        message = "Dokumentet er skrevet i UTF-16 eller UTF-32, ikke i UTF-8."
        raise _stop("not_utf8", message, mend)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        message = f"Dokumentet er ikke UTF-8: byte nummer {error.start + 1} passer ikke inn."
        raise _stop("not_utf8", message, mend) from error


@dataclass(frozen=True)
class _Shape:
    """What can be counted in a text before anything is made of it, all outside strings."""

    depth: int
    """How deep brackets are nested."""
    fields: int
    outer_fields: int
    """Those of objects at most `OUTER_DEPTH` levels deep."""
    inner_fields: int
    """The most in one object below those."""
    parts: int
    """Objects, lists, names, texts and commas."""


def _shape(encoded: bytes) -> _Shape:
    """Making objects of the text costs twenty times as much."""
    unescaped = encoded.replace(b"\\\\", b"").replace(b'\\"', b"")
    steps = np.frombuffer(unescaped.translate(_STEP, _PLAIN), dtype=np.int8)
    outside = steps[~np.logical_xor.accumulate(steps == _QUOTE)]  # with one quote of each pair
    is_field = outside == _FIELD
    depths = np.where(np.abs(outside) == _OPEN, outside, 0).cumsum(dtype=np.int32)
    inner = np.flatnonzero((is_field | (outside == _OPEN)) & (depths > OUTER_DEPTH))
    # By depth, otherwise as they come: what opens an object is followed by the object's own fields.
    inner = inner[np.argsort(depths[inner].astype(np.int16), kind="stable")]
    in_each = np.bincount(np.cumsum(outside[inner] == _OPEN)[is_field[inner]])
    fields = int(np.count_nonzero(is_field))
    return _Shape(
        depth=int(depths.max(initial=0)),
        fields=fields,
        outer_fields=fields - int(in_each.sum()),
        inner_fields=int(in_each.max(initial=0)),
        parts=int(np.count_nonzero((outside != _FIELD) & (outside != _CLOSE))),
    )


def _refuse_shape(shape: _Shape) -> None:
    if shape.depth > MAX_DEPTH:
        raise _stop(
            "too_deep",
            f"Objekter og lister ligger mer enn {MAX_DEPTH} nivåer inne i hverandre.",
            "Fjern overflødige nivåer; et scenario trenger færre enn ti.",
        )
    if shape.outer_fields > MAX_OUTER_FIELDS:
        raise _stop(
            "too_many_fields",
            f"De ytterste objektene har {shape.outer_fields} felter; grensen er "
            f"{MAX_OUTER_FIELDS}.",
            "Ta bort kretser, prosjekter eller annet som ikke trengs.",
        )
    if shape.inner_fields > MAX_INNER_FIELDS:
        raise _stop(
            "too_many_fields",
            f"Ett av de indre objektene har {shape.inner_fields} felter; grensen er "
            f"{MAX_INNER_FIELDS}.",
            "Ta bort kretser i reisetidsmatrisen, eller annet som ikke trengs.",
        )
    if shape.parts > MAX_PARTS:
        raise _stop(
            "too_many_values",
            f"Dokumentet har {shape.parts} objekter, lister, navn, tekster og komma; grensen er "
            f"{MAX_PARTS}.",
            "Forenkle grensene til kretsene, eller ta bort det som ikke trengs.",
        )


def _read(text: str, as_object: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    read = partial(json.loads, object_pairs_hook=as_object, parse_constant=_constant)
    try:
        return read(text)
    except json.JSONDecodeError as error:
        raise _syntax_error(error) from error
    except ValueError:
        # An integer with more digits than Python is willing to turn into a number.
        return read(text, parse_int=_whole_number)


def _syntax_error(error: json.JSONDecodeError) -> DocumentInvalid:
    what = next((said for start, said in _SYNTAX if error.msg.startswith(start)), "skrivefeil")
    if error.pos >= len(error.doc.rstrip()):
        what = "her slutter teksten før dokumentet er ferdig"
    return _stop(
        "bad_json",
        f"Ikke gyldig JSON i linje {error.lineno}, tegn {error.colno}: {what}.",
        "JSON har doble anførselstegn, ingen kommentarer og ikke komma etter siste element.",
    )


_SYNTAX = (
    ("Expecting value", "her skulle det stått en verdi"),
    ("Expecting property name", "her skulle det stått et feltnavn i doble anførselstegn"),
    ("Expecting ':'", "her mangler et kolon"),
    ("Expecting ','", "her mangler et komma eller en sluttparentes"),
    ("Illegal trailing comma", "her er et komma etter siste element"),
    ("Unterminated string", "her begynner en tekst som aldri slutter"),
    ("Invalid control character", "her er et styretegn inne i en tekst"),
    ("Invalid \\", "her er en ugyldig omvendt skråstrek"),
    ("Extra data", "her fortsetter teksten etter at dokumentet er slutt"),
)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _WithDuplicates(pairs)


@cache
def _constant(name: str) -> _Refused:
    return _Refused(
        ("not_a_number", f"{name} er ikke et tall i JSON.", "Skriv et tall, eller null for ingen.")
    )


def _whole_number(digits: str) -> int | _Refused:
    return int(digits) if len(digits) <= _MAX_DIGITS else _Refused(_TOO_LARGE)


def _is_sound(document: Any, fields: int) -> bool:
    """Whether a document has all the fields of its text and nothing in it is out of the ordinary.

    All that lies equally deep is looked at together: far faster than one by one with its place.
    """
    members = [document]
    while members:
        if not _are_sound(members):
            return False
        objects = [each for each in members if type(each) is dict]
        lists = (each for each in members if type(each) is list)
        if any(_text_problems("".join(chain.from_iterable(objects)))):
            return False
        fields -= sum(map(len, objects))
        members = list(chain(*map(dict.values, objects), *lists))
    return fields == 0  # fewer are left when a name stands twice in one object


def _are_sound(values: Collection[Any]) -> bool:
    kinds = set(map(type, values))
    if kinds <= _NUMBERS:
        return _are_in_range(values)
    return (
        _Refused not in kinds
        and _are_in_range([each for each in values if type(each) in _NUMBERS])
        and not any(_text_problems("".join(each for each in values if type(each) is str)))
    )


def _issues(document: Any) -> Iterator[Issue]:
    for place, value in _values(document):
        check = _CHECKS.get(type(value))
        if check:
            yield from check(place, value)


def _values(document: Any) -> Iterator[tuple[Place, Any]]:
    """Every value with its place, in the order of the text; not those in what is plain."""
    open_containers: list[Iterator[tuple[Place, Any]]] = [iter([(None, document)])]
    while open_containers:
        for place, value in open_containers[-1]:
            yield place, value
            if value and isinstance(value, (dict, list)) and not _is_plain(value):
                open_containers.append(_members(place, value))
                break
        else:
            open_containers.pop()


def _is_plain(value: dict[str, Any] | list[Any]) -> bool:
    """Whether there is nothing to find inside: an outline or a series has thousands of values."""
    if isinstance(value, dict):
        return _are_plain(value.values())
    if set(map(type, value)) == {list}:
        return _are_plain(list(chain.from_iterable(value)))
    return _are_plain(value)


def _are_plain(values: Collection[Any]) -> bool:
    """Whether these are ordinary numbers, or none."""
    return set(map(type, values)) <= _NUMBERS and _are_in_range(values)


def _are_in_range(numbers: Collection[float]) -> bool:
    return not numbers or -MAX_WHOLE_NUMBER <= min(numbers) <= max(numbers) <= MAX_WHOLE_NUMBER


def _members(place: Place, value: dict[str, Any] | list[Any]) -> Iterator[tuple[Place, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return (((place, name), member) for name, member in pairs)


def _check_number(place: Place, value: float) -> Iterator[Issue]:
    if not -math.inf < value < math.inf:
        yield _issue(place, _OVERFLOW)


def _check_whole_number(place: Place, value: int) -> Iterator[Issue]:
    if not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:
        yield _issue(place, _TOO_LARGE)


def _check_text(place: Place, value: str) -> Iterator[Issue]:
    for words in _text_problems(value):
        yield _issue(place, words)


def _check_object(place: Place, value: dict[str, Any]) -> Iterator[Issue]:
    if any(_text_problems("".join(value))):  # in one look, as nearly always there is none
        for key in value:
            for words in _text_problems(key):
                yield _issue((place, key), words)


def _check_duplicates(place: Place, value: _WithDuplicates) -> Iterator[Issue]:
    yield from _check_object(place, value)
    for key in value.duplicates:
        message = f"Feltet {shown(key)} står mer enn én gang i samme objekt."
        yield _issue((place, key), ("duplicate_key", message, "Behold ett av dem."))


def _check_refused(place: Place, value: _Refused) -> Iterator[Issue]:
    yield _issue(place, value.words)


def _text_problems(text: str) -> Iterator[Words]:
    if "\0" in text:
        yield "nul_character", "Teksten har et NUL-tegn.", "Fjern \\u0000 fra teksten."
    if not text.isascii() and _SURROGATE.search(text):
        yield "lone_surrogate", "Teksten har et halvt tegn (\\ud800–\\udfff).", "Skriv tegnet helt."


def _issue(place: Place, words: Words) -> Issue:
    return Issue(pointer(*_parts(place)), *words)


def _parts(place: Place) -> list[str | int]:
    parts: list[str | int] = []
    while place:
        place, part = place
        parts.append(part)
    return parts[::-1]


_CHECKS: Mapping[type, Callable[[Place, Any], Iterator[Issue]]] = {
    float: _check_number,
    int: _check_whole_number,
    str: _check_text,
    dict: _check_object,
    _WithDuplicates: _check_duplicates,
    _Refused: _check_refused,
}
