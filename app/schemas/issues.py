"""What is wrong with a document, said so that a planner can mend it.

Nothing here echoes more than `MAX_ECHO` printable characters of what came in, so that an
answer can always be sent and shown.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.schemas.base import (
    ID_PATTERN,
    LINE_PATTERN,
    MUNICIPALITY_PATTERN,
    POINTER_PATTERN,
    TEXT_PATTERN,
)
from app.schemas.series import NUMBER, TAGS, YEAR_PATTERN
from solver.domain.errors import Issue

MAX_ISSUES = 200
MAX_ECHO = 80
_MAX_POINTER_PART = 200
_MAX_COMPARED, _MAX_LENGTH = 100, 40  # a suggestion is a courtesy: it may not cost seconds
_LARGEST_SHOWN = 10**20
_GROUPED = 10_000  # from here on digits stand in groups of three; 2026 is a year
_PERCENT = 100
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KEY = "[key]"  # what pydantic ends a location with when a key of an object is at fault

Words = tuple[str, str, str]
"""Code, message and mend of an issue."""


def pointer(*parts: str | int) -> str:
    """JSON pointer (RFC 6901) to a place; control characters and lone surrogates are spelt out."""
    return "".join(f"/{_pointer_part(str(part))}" for part in parts)


def shown(value: Any) -> str:
    """What stood there, in Norwegian and fit to print: at most `MAX_ECHO` characters of it."""
    if isinstance(value, str):
        printable = "".join(map(_printable, value[: MAX_ECHO + 1]))
        return f"«{_cut(printable, MAX_ECHO)}»"
    if isinstance(value, Mapping):
        return "et objekt"
    if isinstance(value, list | tuple):
        return "en liste"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _shown_number(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that proposes the nearest known word and ends in a space; empty when none is."""
    candidates = [name for name in islice(known, _MAX_COMPARED) if len(name) <= _MAX_LENGTH]
    folded = {name.casefold(): name for name in candidates}
    near = difflib.get_close_matches(word[:_MAX_LENGTH].casefold(), folded, n=1)
    return f"Mente du {shown(folded[near[0]])}? " if near else ""


def capped(issues: Iterable[Issue], total: int | None = None) -> list[Issue]:
    """The first `MAX_ISSUES`; when there are more, a last one says so.

    `total` is how many there are, where that is known without going through them all.
    """
    stream = iter(issues)
    first = list(islice(stream, MAX_ISSUES))
    if next(stream, None) is None:
        return first
    more = "flere feil" if total is None else f"{total - MAX_ISSUES} feil til"
    last = Issue(
        "",
        "more_issues",
        f"Det er {more}, utenom de {MAX_ISSUES} som er nevnt.",
        "Rett de nevnte feilene, og kontroller på nytt.",
    )
    return [*first, last]


def issues_of(error: ValidationError, model: type[BaseModel]) -> list[Issue]:
    """Every issue that pydantic found in a document of type `model`, capped."""
    errors = error.errors(include_url=False)
    return capped((_issue(details, model) for details in errors), len(errors))


def places_of(error: ValidationError) -> list[list[str | int]]:
    """Where in the document each of the errors is, as keys and indices."""
    return [_place(details) for details in error.errors(include_url=False)]


def _issue(error: ErrorDetails, model: type[BaseModel]) -> Issue:
    place = _place(error)
    if error["type"] == "extra_forbidden":
        return Issue(pointer(*place), *_unknown_field(place, model))
    words = _WORDS.get(error["type"], _unusable)
    return Issue(pointer(*place), *words(error))


def _place(error: ErrorDetails) -> list[str | int]:
    where = error["loc"]
    if len(where) > 1 and where[-1] == _KEY and where[-2] == error["input"]:
        where = where[:-1]
    return [part for part in where if part not in TAGS]


def _unknown_field(place: Sequence[str | int], model: type[BaseModel]) -> Words:
    name, known = str(place[-1]), _fields_at(model, place[:-1])
    return (
        "unknown_field",
        f"Feltet {shown(name)} finnes ikke her.",
        f"{did_you_mean(name, known)}Feltene her er {', '.join(known)}.",
    )


def _missing_field(error: ErrorDetails) -> Words:
    name = error["loc"][-1]
    return "missing_field", f"Feltet «{name}» mangler.", f"Legg til «{name}»."


def _wrong_type(error: ErrorDetails) -> Words:
    expected = _EXPECTED[error["type"]]
    if NUMBER in error["loc"]:
        expected += ', eller ett per år som {"2026": 10, "2030": 12}'
    message = f"Her skal det stå {expected}, men det står {shown(error['input'])}."
    quoted = isinstance(error["input"], str) and error["type"] != "string_unicode"
    return "wrong_type", message, f"Skriv {expected}{', uten anførselstegn' if quoted else ''}."


def _other_value(error: ErrorDetails) -> Words:
    allowed = error["ctx"]["expected"].replace(" or ", " eller ").replace("'", '"')
    return "bad_value", f"Her kan det ikke stå {shown(error['input'])}.", f"Skriv {allowed}."


def _too_small(error: ErrorDetails) -> Words:
    limit = _limit(error, ge="minst", gt="mer enn")
    return "too_small", f"Tallet {shown(error['input'])} er for lite.", f"Det må være {limit}."


def _too_large(error: ErrorDetails) -> Words:
    number, limit = error["input"], _limit(error, le="høyst", lt="mindre enn")
    mend = f"Det må være {limit}."
    if limit.endswith(" 1") and 1 < number <= _PERCENT:
        mend += f" {number:g} prosent skrives {number / _PERCENT:g}."
    return "too_large", f"Tallet {shown(number)} er for stort.", mend


def _too_short(error: ErrorDetails) -> Words:
    unit, least = _unit(error), error["ctx"]["min_length"]
    return "too_short", f"Her er det for få {unit}.", f"Oppgi minst {least} {unit}."


def _too_long(error: ErrorDetails) -> Words:
    unit, most = _unit(error), error["ctx"]["max_length"]
    return "too_long", f"Her er det for mange {unit}.", f"Kort ned til høyst {most} {unit}."


def _other_pattern(error: ErrorDetails) -> Words:
    code, expected, mend = _PATTERNS[error["ctx"]["pattern"]]
    return code, f"{shown(error['input'])} er ikke {expected}.", mend


def _unusable(error: ErrorDetails) -> Words:
    message = f"Her kan det ikke stå {shown(error['input'])}."
    return "bad_value", message, "Se beskrivelsen av feltet i skjemaet."


_WORDS: Mapping[str, Callable[[ErrorDetails], Words]] = {
    "missing": _missing_field,
    "literal_error": _other_value,
    "greater_than_equal": _too_small,
    "greater_than": _too_small,
    "less_than_equal": _too_large,
    "less_than": _too_large,
    "too_short": _too_short,
    "string_too_short": _too_short,
    "too_long": _too_long,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _other_pattern,
    "string_type": _wrong_type,
    "string_unicode": _wrong_type,
    "int_type": _wrong_type,
    "float_type": _wrong_type,
    "finite_number": _wrong_type,
    "bool_type": _wrong_type,
    "list_type": _wrong_type,
    "dict_type": _wrong_type,
    "model_type": _wrong_type,
}

_EXPECTED = {
    "string_type": "tekst",
    "string_unicode": "tekst uten halve tegn",
    "int_type": "et helt tall",
    "float_type": "et tall",
    "finite_number": "et tall",
    "bool_type": "true eller false",
    "list_type": "en liste",
    "dict_type": "et objekt",
    "model_type": "et objekt",
}

# Pattern → code, what it describes, mend.
_PATTERNS: Mapping[str, Words] = {
    ID_PATTERN: ("bad_id", "en id", "Skriv en id uten mellomrom og styretegn."),
    YEAR_PATTERN: ("bad_year", "et årstall", 'Skriv årstallet med fire sifre, som "2030".'),
    MUNICIPALITY_PATTERN: ("bad_value", "et kommunenummer", 'Skriv fire sifre, som "3405".'),
    POINTER_PATTERN: (
        "bad_pointer",
        "en JSON-peker",
        'Skriv en peker inn i scenariet, som "/care_types/hdo/operating_cost_nok".',
    ),
    LINE_PATTERN: ("bad_value", "tekst på én linje", "Fjern linjeskift, tabulator og styretegn."),
    TEXT_PATTERN: ("bad_value", "ren tekst", "Fjern styretegnene."),
}


def _limit(error: ErrorDetails, **words: str) -> str:
    """The limit that was broken, after the word for it: `ge` at least, `gt` more than …"""
    name, limit = next(iter(error["ctx"].items()))
    grouped = f"{limit:,.0f}".replace(",", " ") if limit >= _GROUPED else f"{limit:g}"
    return f"{words[name]} {grouped}"


def _unit(error: ErrorDetails) -> str:
    return "tegn" if error["type"].startswith("string_") else "innslag"


def _fields_at(model: type[BaseModel], place: Iterable[str | int]) -> list[str]:
    """Names of the fields that the object at `place` may have."""
    here: Any = model
    for part in place:
        here = _member_type(_model_in(here) or here, str(part))
    found = _model_in(here)
    if found is None:
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _member_type(annotation: Any, name: str) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields[name].annotation
    for option in _options(annotation):
        if get_origin(option) in (dict, list):
            return get_args(option)[-1]
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union; of any other type, itself."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _pointer_part(part: str) -> str:
    escaped = part.replace("~", "~0").replace("/", "~1")
    return _cut(_UNPRINTABLE.sub(lambda match: _spelt(match[0]), escaped), _MAX_POINTER_PART)


def _printable(character: str) -> str:
    return character if character.isprintable() else _spelt(character)


def _spelt(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _shown_number(number: float) -> str:
    if isinstance(number, int):
        return str(number) if abs(number) < _LARGEST_SHOWN else "et svært stort heltall"
    return repr(number) if math.isfinite(number) else "noe som ikke er et tall"
