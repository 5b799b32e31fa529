"""Reads inhabitants from a JSON-stat 2 dataset, as PxWebApi v2 of SSB answers with.

Format: https://json-stat.org/full/. Dimensions are known by their role, or by SSB's names.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from app.schemas.issues import pointer, shown
from app.services.importing.ages import EVERYBODY, Ages, ages_of
from solver.domain.errors import DocumentInvalid, Issue

MAX_VALUES = 5_000_000
_TIME = ("tid", "år", "year", "time")
_REGION = ("region", "grunnkretser", "grunnkrets", "kommune", "kommuner", "kommuneregion")
_AGE = ("alder", "age", "aldersgruppe")
_SEX = ("kjonn", "kjønn", "sex", "gender")
_CONTENTS = ("contentscode",)
_BOTH_SEXES = re.compile(r"(?:begge|i alt|alle|both|total).*")
_REGION_CODE = re.compile(r"(?:[A-Za-z]+[-_]?)?(\d{4}|\d{8})")
DISTRICT_DIGITS, MUNICIPALITY_DIGITS = 8, 4


@dataclass(frozen=True)
class Counts:
    """Persons by region, year and age; None where the source keeps the figure back."""

    persons: dict[tuple[str, int], dict[Ages, int | None]]
    """(digits of the region, year) → ages → persons."""
    ages: tuple[Ages, ...]
    by_age: bool
    table: str | None
    title: str
    contents: str | None
    updated: str | None
    unknown_regions: tuple[str, ...]
    """Codes that are neither a grunnkrets nor a municipality."""


@dataclass(frozen=True)
class _Dimension:
    name: str
    codes: list[str]
    labels: Mapping[str, str]

    @cached_property
    def positions(self) -> dict[str, int]:
        """Code → place among the categories."""
        return {code: position for position, code in enumerate(self.codes)}

    def label(self, code: str) -> str:
        return str(self.labels.get(code, code))


def read_counts(document: Any, contents: str | None = None) -> Counts:
    """Persons of a dataset. `contents` chooses among several variables, such as projections.

    Sexes are added up unless the table has both together. Raises `DocumentInvalid` with the place
    and a mend for what is no such dataset, or has a dimension that cannot be interpreted.
    """
    dimensions, values = _dataset(document)
    roles = document.get("role") if isinstance(document.get("role"), dict) else {}
    time = _required(dimensions, roles.get("time"), _TIME, "tid")
    region = _required(dimensions, roles.get("geo"), _REGION, "region")
    age = _find(dimensions, None, _AGE)
    sex = _find(dimensions, None, _SEX)
    variable = _find(dimensions, roles.get("metric"), _CONTENTS)
    taken = {
        each.name: _taken(each, each is sex, each is variable, contents)
        if each not in (time, region, age)
        else each.codes
        for each in dimensions
    }
    ages = {code: _ages(age, code) for code in age.codes} if age else {}
    regions = {code: _region(code) for code in region.codes}
    years = {code: _year(time, code) for code in time.codes}
    persons: dict[tuple[str, int], dict[Ages, int | None]] = {}
    for codes in product(*(taken[each.name] for each in dimensions)):
        at = dict(zip((each.name for each in dimensions), codes, strict=True))
        number = regions[at[region.name]]
        if number is None:
            continue
        found = persons.setdefault((number, years[at[time.name]]), {})
        group = ages[at[age.name]] if age else EVERYBODY
        found[group] = _sum(found.get(group, 0), values.get(_index(dimensions, codes)))
    chosen = taken[variable.name][0] if variable else None
    return Counts(
        persons,
        tuple(ages.values()) or (EVERYBODY,),
        age is not None and set(ages.values()) != {EVERYBODY},
        _table(document),
        str(document.get("label", "")),
        variable.label(chosen) if variable and chosen else None,
        document.get("updated") if isinstance(document.get("updated"), str) else None,
        tuple(code for code, number in regions.items() if number is None),
    )


def _dataset(document: Any) -> tuple[list[_Dimension], dict[int, int | None]]:
    if not isinstance(document, dict) or document.get("class") != "dataset":
        raise _bad("", "Dokumentet er ikke et JSON-stat 2-datasett.", _ASK_FOR_JSONSTAT)
    names: Any = document.get("id")
    sizes: Any = document.get("size")
    spec: Any = document.get("dimension")
    whole = isinstance(names, list) and isinstance(sizes, list) and isinstance(spec, dict)
    if not whole or len(names) != len(sizes) or not all(isinstance(n, str) for n in names):
        raise _bad("/id", "Dimensjonene er ikke beskrevet.", _ASK_FOR_JSONSTAT)
    dimensions = [_dimension(name, spec.get(name)) for name in names]
    for number, (each, size) in enumerate(zip(dimensions, sizes, strict=True)):
        if size != len(each.codes):
            message = (
                f"Dimensjonen «{each.name}» har {len(each.codes)} verdier, ikke {shown(size)}."
            )
            raise _bad(pointer("size", number), message, _ASK_FOR_JSONSTAT)
    total = math.prod(sizes)
    if total > MAX_VALUES:
        mend = "Hent færre kretser, aldre eller år om gangen."
        raise _bad("/size", f"Tabellen har {total} tall; grensen er {MAX_VALUES}.", mend)
    return dimensions, _values(document.get("value"), total)


_ASK_FOR_JSONSTAT = "Hent tabellen på nytt med outputFormat=json-stat2."


def _dimension(name: str, spec: Any) -> _Dimension:
    category = spec.get("category") if isinstance(spec, dict) else None
    index = category.get("index") if isinstance(category, dict) else None
    labels = category.get("label") if isinstance(category, dict) else None
    if isinstance(index, dict):
        codes = sorted(index, key=lambda code: _position(index[code], name))
    elif isinstance(index, list):
        codes = [str(code) for code in index]
    elif isinstance(labels, dict) and len(labels) == 1:
        codes = list(labels)  # the standard lets a single category do without an index
    else:
        raise _bad(pointer("dimension", name), "Dimensjonen har ingen verdier.", _ASK_FOR_JSONSTAT)
    return _Dimension(name, codes, labels if isinstance(labels, dict) else {})


def _position(value: Any, name: str) -> int:
    if isinstance(value, int):
        return value
    raise _bad(pointer("dimension", name), "Rekkefølgen er ikke gitt med tall.", _ASK_FOR_JSONSTAT)


def _values(given: Any, total: int) -> dict[int, int | None]:
    if isinstance(given, list) and len(given) == total:
        found = dict(enumerate(given))
    elif isinstance(given, dict) and all(key.isdecimal() for key in given):
        found = {int(key): value for key, value in given.items()}
    else:
        raise _bad("/value", f"Her skal det stå {total} tall.", _ASK_FOR_JSONSTAT)
    return {index: _persons(index, value) for index, value in found.items()}


def _persons(index: int, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value % 1:
        message = f"{shown(value)} er ikke et antall personer."
        raise _bad(pointer("value", index), message, "Hent en tabell med hele personer.")
    return int(value)


def _find(dimensions: Sequence[_Dimension], role: Any, known: tuple[str, ...]) -> _Dimension | None:
    """By its role, else by its name."""
    by_role = [each for each in dimensions if isinstance(role, list) and each.name in role]
    by_name = [each for each in dimensions if each.name.casefold() in known]
    return next(iter(by_role + by_name), None)


def _required(
    dimensions: Sequence[_Dimension], role: Any, known: tuple[str, ...], what: str
) -> _Dimension:
    found = _find(dimensions, role, known)
    if found is None:
        names = ", ".join(each.name for each in dimensions)
        mend = f"Velg en tabell med {what} som egen dimensjon."
        raise _bad("/id", f"Fant ingen dimensjon for {what} blant {names}.", mend)
    return found


def _taken(
    each: _Dimension, is_sex: bool, is_variable: bool, contents: str | None
) -> Sequence[str]:
    """The categories to add up, of a dimension that the answer does not keep apart."""
    if len(each.codes) == 1:
        return each.codes
    if is_sex:
        both = [c for c in each.codes if _BOTH_SEXES.fullmatch(each.label(c).strip().casefold())]
        return both[:1] or each.codes
    if is_variable and contents in each.codes:
        return [str(contents)]
    known = ", ".join(f"{code} ({each.label(code)})" for code in each.codes[:10])
    mend = f"Velg én med «--contents»: {known}." if is_variable else "Hent bare én av dem."
    message = f"«{each.name}» har {len(each.codes)} verdier, og det er ikke sagt hvilken."
    raise _bad(pointer("dimension", each.name), message, mend)


def _ages(age: _Dimension, code: str) -> Ages:
    found = ages_of(age.label(code), code)
    if found is None:
        message = f"Aldersgruppen {shown(age.label(code))} er ikke forstått."
        place = pointer("dimension", age.name, "category", "label", code)
        raise _bad(place, message, "Skriv den som «80 år», «80-84 år» eller «80 år eller eldre».")
    return found


def _region(code: str) -> str | None:
    found = _REGION_CODE.fullmatch(code)
    return found[1] if found else None


def _year(time: _Dimension, code: str) -> int:
    for text in (code, time.label(code)):
        if re.fullmatch(r"(19|20|21)\d\d", text):
            return int(text)
    place = pointer("dimension", time.name, "category", "index", code)
    raise _bad(place, f"{shown(code)} er ikke et årstall.", "Hent en tabell med hele år.")


def _index(dimensions: Sequence[_Dimension], codes: Sequence[str]) -> int:
    """Where a combination stands among the values: the last dimension runs fastest."""
    index = 0
    for each, code in zip(dimensions, codes, strict=True):
        index = index * len(each.codes) + each.positions[code]
    return index


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _table(document: Mapping[str, Any]) -> str | None:
    extension = document.get("extension")
    px = extension.get("px") if isinstance(extension, dict) else None
    table = px.get("tableid") if isinstance(px, dict) else None
    return table if isinstance(table, str) else None


def _bad(place: str, message: str, mend: str) -> DocumentInvalid:
    return DocumentInvalid([Issue(place, "bad_dataset", message, mend)], "dataset")
