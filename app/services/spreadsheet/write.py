"""Writes the workbook: an empty template, or a scenario to edit."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.schemas.issues import pointer
from app.schemas.merge_patch import merge_diff
from app.schemas.series import YEAR_PATTERN
from app.services.spreadsheet import layout
from app.services.spreadsheet.layout import EntrySheet, Field, FigureSheet
from app.services.spreadsheet.read import read_tables

_CHUNK = 30_000  # a cell holds 32 767 characters
_FORMULA_STARTS = tuple("=+-@\t\r")
_ROWS_WITH_CHOICES = 2_000
_WIDTH = 22

Cell = str | float | None
Row = Sequence[Cell]


def template() -> bytes:
    """An empty workbook, with every sheet, heading, unit and explanation."""
    return _workbook({"schema_version": 1}, {})


def workbook(document: Mapping[str, Any]) -> bytes:
    """A scenario document, as `Scenario.plain` gives it, as a workbook that reads back as it.

    What its sheets cannot hold exactly, such as outlines or a number of 17 digits, is found by
    reading them back, and stands as JSON in the last sheet.
    """
    plain = read_tables(_workbook(document, {})).document
    return _workbook(document, merge_diff(plain, document), plain)


def _workbook(
    document: Mapping[str, Any], rest: Mapping[str, Any], plain: Mapping[str, Any] | None = None
) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        pen = _Pen(book)
        pen.read_me()
        pen.scenario(document)
        for entries in layout.ENTRY_SHEETS:
            pen.entries(entries, document)
        for figures in layout.FIGURE_SHEETS:
            pen.figures(figures, document)
        pen.series(document)
        pen.matrix(document)
        pen.sheet(
            layout.OTHER,
            (layout.POINTER, layout.PART, layout.JSON_TEXT),
            list(_other(rest, plain or {}, ())),
        )
        pen.dictionary()
    return stream.getvalue()


class _Pen:
    """Writes sheets, text always as text."""

    def __init__(self, book: "xlsxwriter.Workbook") -> None:
        self._book = book
        self._bold: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._text: Format = book.add_format({"num_format": "@"})
        # As with an apostrophe before it: text stays text when somebody edits the cell.
        self._quoted: Format = book.add_format({"num_format": "@", "quote_prefix": True})
        self._wrapped: Format = book.add_format({"text_wrap": True, "valign": "top"})

    def sheet(self, name: str, headings: Row, rows: Sequence[Row]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, max(len(headings) - 1, 0), _WIDTH)
        for column, heading in enumerate(headings):
            self._put(sheet, 0, column, heading, self._bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._put(sheet, number, column, value)
        return sheet

    def read_me(self) -> None:
        sheet = self._book.add_worksheet(layout.READ_ME)
        sheet.set_column(0, 0, 100, self._wrapped)
        for row, line in enumerate(_read_me()):
            sheet.write_string(row, 0, line, self._wrapped)

    def scenario(self, document: Mapping[str, Any]) -> None:
        headings = (layout.FIELD, layout.NAME, layout.VALUE, layout.UNIT, layout.HELP)
        rows = [
            (".".join(f.path), f.title, _cell(f, document), f.unit, f.help)
            for f in layout.SCENARIO_FIELDS
        ]
        sheet = self.sheet(layout.SCENARIO, headings, rows)
        for row, each in enumerate(layout.SCENARIO_FIELDS, start=1):
            _offer_choices(sheet, each, row, 2, row)

    def entries(self, spec: EntrySheet, document: Mapping[str, Any]) -> None:
        found: Mapping[str, Any] = _at(document, spec.collection.split(".")) or {}
        rows = [
            (key, *(_cell(f, entry) for f in spec.fields))
            for key, entry in found.items()
            if key and key == key.strip()
        ]
        sheet = self.sheet(spec.name, (spec.id_title, *(f.heading for f in spec.fields)), rows)
        for column, each in enumerate(spec.fields, start=1):
            _offer_choices(sheet, each, 1, column, _ROWS_WITH_CHOICES)

    def figures(self, spec: FigureSheet, document: Mapping[str, Any]) -> None:
        found = list(_figures(document, spec.place))
        if spec.by_year:
            self._by_year(spec.name, spec.keys, found)
        else:
            self.sheet(spec.name, (*spec.keys, layout.VALUE), [(*keys, v) for keys, v in found])

    def series(self, document: Mapping[str, Any]) -> None:
        found = list(_series(document))
        self._by_year(layout.SERIES, (layout.FIELD, layout.SERIES_KEY), found)

    def matrix(self, document: Mapping[str, Any]) -> None:
        minutes: Mapping[str, Any] = _at(document, ("travel", "minutes")) or {}
        districts = list(dict.fromkeys(key for row in minutes.values() for key in row))
        rows = [(key, *(row.get(key) for row in minutes.values())) for key in districts]
        self.sheet(layout.MATRIX, (layout.DISTRICT, *minutes), rows)

    def dictionary(self) -> None:
        headings = ("Ark", "Kolonne eller felt", "Felt i scenariet", layout.UNIT, layout.HELP)
        self.sheet(layout.DICTIONARY, headings, list(_dictionary()))

    def _by_year(
        self, name: str, keys: tuple[str, ...], found: Sequence[tuple[tuple[str, ...], Any]]
    ) -> None:
        years = sorted({year for _, value in found if isinstance(value, dict) for year in value})
        rows = [
            (*at, None, *(value.get(year) for year in years))
            if isinstance(value, dict)
            else (*at, value)
            for at, value in found
            if value != {}
        ]
        self.sheet(name, (*keys, layout.ALL_YEARS, *map(int, years)), rows)

    def _put(
        self, sheet: Worksheet, row: int, column: int, value: Cell, form: Format | None = None
    ) -> None:
        if isinstance(value, str) and value:
            quoted = value.startswith(_FORMULA_STARTS)
            sheet.write_string(row, column, value, form or (self._quoted if quoted else self._text))
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, form)


def _cell(spec: Field, entry: Mapping[str, Any]) -> Cell:
    value = _at(entry, spec.path[:1] if spec.kind in ("lon", "lat") else spec.path)
    if value is None:
        return None
    if spec.kind in ("lon", "lat"):
        return float(value[int(spec.path[1])])
    if spec.kind == "choice":
        return spec.choices[value]
    if spec.kind == "flag":
        return layout.FLAG[value]
    if spec.kind in ("ids", "numbers"):
        return " ".join(map(str, value))
    cell: str | float = value
    return cell


def _at(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _figures(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value at a place, with the ids on the way."""
    if not place:
        yield (), value
    elif place[0] == layout.KEY:
        for key, inner in (value or {}).items():
            for keys, found in _figures(inner, place[1:]):
                yield (key, *keys), found
    elif (inner := _at(value, place[:1])) is not None:
        yield from _figures(inner, place[1:])


def _series(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for path in layout.SERIES_FIELDS:
        value = _at(document, path.split("."))
        if path in layout.KEYED_SERIES and _by_key(value):
            yield from (((path, key), series) for key, series in value.items())
        elif value is not None:
            yield (path, ""), value


def _by_key(value: Any) -> bool:
    return isinstance(value, dict) and not all(re.match(YEAR_PATTERN, key) for key in value)


def _other(patch: Any, plain: Any, path: tuple[str, ...]) -> Iterator[Row]:
    """The patch in rows, its objects taken apart where the other sheets have one too."""
    for key, value in patch.items():
        here, at = plain.get(key), (*path, key)
        if isinstance(value, dict) and isinstance(here, dict):
            yield from _other(value, here, at)
            continue
        text = json.dumps(value)
        place = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in at)
        for start in range(0, len(text), _CHUNK):
            yield place, start // _CHUNK + 1, text[start : start + _CHUNK]


def _offer_choices(sheet: Worksheet, spec: Field, first: int, column: int, last: int) -> None:
    words = list(layout.FLAG.values()) if spec.kind == "flag" else list(spec.choices.values())
    if words:
        sheet.data_validation(
            first,
            column,
            last,
            column,
            {"validate": "list", "source": words, "error_type": "warning"},
        )


def _read_me() -> Iterator[str]:
    yield "Scenario til flerkjerne: hvor og når bør kommunens neste omsorgsplasser komme?"
    yield (
        "Fyll ut arkene, og kjør «flerkjerne import --template FIL.xlsx --out scenario.json». "
        "Rapporten sier hva som er tatt med, hva som er utelatt, og hva som mangler."
    )
    yield (
        "Første rad i hvert ark er overskrifter og må stå. Rekkefølgen på rader og kolonner er "
        "fri. En tom celle betyr ingen: ingen grense, ikke noe mål, ingen fast kostnad."
    )
    yield (
        "En id er et kort navn uten mellomrom, som brukes når et ark viser til et annet. Tall "
        "skrives som tall, andeler som 0,16 og ikke 16 %, beløp i hele kroner. Formler må være "
        "regnet ut og lagret."
    )
    yield "Arkene:"
    for name, told in _sheets():
        yield f"{name}: {told}"


def _sheets() -> Iterator[tuple[str, str]]:
    yield layout.SCENARIO, "Det som gjelder hele scenariet. Skriv i kolonnen «Verdi»."
    yield from ((sheet.name, sheet.help) for sheet in layout.ENTRY_SHEETS)
    yield from ((figures.name, figures.help) for figures in layout.FIGURE_SHEETS)
    yield layout.SERIES, layout.SERIES_HELP
    yield layout.MATRIX, layout.MATRIX_HELP
    yield layout.OTHER, layout.OTHER_HELP
    yield layout.DICTIONARY, "Hvert felt med enhet og forklaring."


def _dictionary() -> Iterator[Row]:
    for each in layout.SCENARIO_FIELDS:
        yield layout.SCENARIO, each.title, pointer(*each.path), each.unit, _told(each)
    for sheet in layout.ENTRY_SHEETS:
        start = (*sheet.collection.split("."), layout.KEY)
        yield sheet.name, sheet.id_title, pointer(*start), "", sheet.help
        for each in sheet.fields:
            yield sheet.name, each.heading, pointer(*start, *each.path), each.unit, _told(each)
    for figures in layout.FIGURE_SHEETS:
        yield figures.name, layout.VALUE, pointer(*figures.place), figures.unit, figures.help
    for path, (unit, told) in layout.SERIES_FIELDS.items():
        yield layout.SERIES, path, pointer(*path.split(".")), unit, told
    yield layout.MATRIX, "Lokasjon", "/travel/minutes/*/*", "minutter", layout.MATRIX_HELP


def _told(spec: Field) -> str:
    if not spec.choices:
        return spec.help
    return f"{spec.help} Velg blant: {', '.join(spec.choices.values())}."
