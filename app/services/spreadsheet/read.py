"""Reads the workbook back, and says which cell each part of the document is from."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from app.schemas.issues import capped, did_you_mean, pointer, shown
from app.schemas.jsontext import parse_json
from app.schemas.merge_patch import merge_patch
from app.schemas.series import YEAR_PATTERN
from app.services.spreadsheet import layout
from app.services.spreadsheet.layout import EntrySheet, Field, FigureSheet
from solver.domain.errors import DocumentInvalid, Issue

MAX_FILE_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 500_000_000
_FORMULA, _ERROR = "f", "e"
_A_FORMULA = re.compile(rb"<f[ />]")  # not <formula1>, of a list to choose from
_SPELT_OUT = re.compile("_x(000D|FFFE|FFFF)_")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
_UNREADABLE = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError)


class Address(NamedTuple):
    """A cell of the workbook."""

    sheet: str
    cell: str

    def __str__(self) -> str:
        return f"Ark «{self.sheet}», celle {self.cell}"


class Given(NamedTuple):
    """What stands in a cell; None when it is empty."""

    value: Any
    address: Address


@dataclass
class Tables:
    """A document as the workbook has it, unchecked, with the cells it is from."""

    document: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, Address] = field(default_factory=dict)
    """JSON pointer → cell."""
    issues: list[Issue] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Sheets that are not the template's."""

    def with_cells(self, issues: list[Issue]) -> list[Issue]:
        """Issues of the document, each with the cell that is nearest to its place."""
        return [self._with_cell(issue) for issue in issues]

    def _with_cell(self, issue: Issue) -> Issue:
        place = issue.pointer
        while place and place not in self.cells:
            place = place.rpartition("/")[0]
        if not place:
            return issue
        return replace(issue, message=f"{self.cells[place]}: {issue.message}")

    def put(self, path: tuple[str, ...], given: Given) -> None:
        """Set a value, and objects on the way; a value given twice is an issue."""
        place = pointer(*path)
        if place in self.cells:
            self.fault(
                given.address,
                path,
                "given_twice",
                f"Verdien er oppgitt før, i {self.cells[place]}.",
                "Behold den ene.",
            )
            return
        here: Any = self.document
        for part in path[:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                message = "Her står både ett tall for alle og et eget."
                self.fault(given.address, path, "two_forms", message, "Behold det ene.")
                return
        here[path[-1]] = given.value
        self.cells[place] = given.address

    def fault(
        self, address: Address, path: tuple[str, ...], code: str, message: str, mend: str
    ) -> None:
        """Note what is wrong in a cell."""
        self.issues.append(Issue(pointer(*path), code, f"{address}: {message}", mend))


def read_workbook(data: bytes) -> Tables:
    """The workbook's document, which is not checked as a scenario.

    Raises `DocumentInvalid` with every bad cell: its sheet and address, its place in the document
    and a mend.
    """
    tables = read_tables(data)
    if tables.issues:
        raise DocumentInvalid(capped(tables.issues), "workbook")
    return tables


def read_tables(data: bytes) -> Tables:
    """As `read_workbook`, but what can be read is, and the issues stand in the answer."""
    sheets = _sheets(data)
    tables = Tables()
    tables.unread += [name for name in sheets if name not in _READERS]
    for name, reader in _READERS.items():
        if name in sheets and sheets[name].rows:
            reader(sheets[name], tables)
    _require_rows_of_their_own(tables)
    return tables


def _require_rows_of_their_own(tables: Tables) -> None:
    """A mistyped id among the figures would otherwise make an entry that nobody meant."""
    for sheet in (layout.CARE_TYPES, layout.SITES, layout.PROJECTS):
        entries = tables.document.get(sheet.collection, {})
        known = [key for key in entries if pointer(sheet.collection, key) in tables.cells]
        for key in entries:
            if key in known:
                continue
            start = pointer(sheet.collection, key, "")
            address = next(at for place, at in tables.cells.items() if place.startswith(start))
            tables.fault(
                address,
                (sheet.collection, key),
                "unknown_id",
                f"{shown(key)} har ingen rad i arket «{sheet.name}».",
                f"{did_you_mean(key, known)}Rett id-en, eller legg til raden.",
            )


class _Sheet:
    """Rows of cells below a row of headings."""

    def __init__(self, name: str, rows: list[list[Given]]) -> None:
        self.name = name
        self.headings: dict[str, int] = {}
        self.rows = [row for row in rows[1:] if any(cell.value is not None for cell in row)]
        self._first = rows[0] if rows else []
        for column, heading in enumerate(self._first):
            if heading.value is not None:
                self.headings.setdefault(_id_text(heading.value), column)

    def columns(self, known: tuple[str, ...], tables: Tables) -> bool:
        """Whether every heading that is needed stands there; those unknown are issues."""
        for heading, column in self.headings.items():
            if heading not in known:
                tables.fault(
                    self._first[column].address,
                    (),
                    "unknown_column",
                    f"Kolonnen {shown(heading)} finnes ikke i malen.",
                    f"{did_you_mean(heading, known)}Kolonnene her er {', '.join(known)}.",
                )
        return self.has(known[:1], tables)

    def has(self, needed: tuple[str, ...], tables: Tables) -> bool:
        """Whether these headings stand in the first row; an issue when not."""
        missing = [name for name in needed if name not in self.headings]
        for name in missing:
            tables.fault(
                Address(self.name, "A1"),
                (),
                "missing_column",
                f"Kolonnen «{name}» mangler i første rad.",
                "Sett inn overskriften igjen, slik den står i malen.",
            )
        return not missing

    def cell(self, row: list[Given], heading: str) -> Given | None:
        """What the row has under a heading; None when the column is not there or it is empty."""
        column = self.headings.get(heading)
        if column is None or column >= len(row) or row[column].value is None:
            return None
        return row[column]


def _sheets(data: bytes) -> dict[str, _Sheet]:
    _require_fair_size(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True)
        results = _results(data)
        return {
            sheet.title: _Sheet(sheet.title, _rows(sheet, results.get(sheet.title)))
            for sheet in book.worksheets
        }
    except _UNREADABLE as error:
        raise _refused("not_a_workbook", "Filen er ikke et regneark i formatet .xlsx.") from error


def _results(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """Values of every cell by sheet, as last computed; nothing when there is no formula."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        if not any(_A_FORMULA.search(archive.read(name)) for name in sheets):
            return {}
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _require_fair_size(data: bytes) -> None:
    if len(data) > MAX_FILE_BYTES:
        raise _refused("workbook_too_large", f"Filen er større enn {MAX_FILE_BYTES} byte.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _refused("not_a_workbook", "Filen er ikke et regneark i formatet .xlsx.") from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise _refused(
            "workbook_too_large", f"Pakket ut er filen større enn {MAX_UNPACKED_BYTES} byte."
        )


def _refused(code: str, message: str) -> DocumentInvalid:
    mend = "Lagre regnearket på nytt som .xlsx, ut fra malen fra «flerkjerne template»."
    return DocumentInvalid([Issue("", code, message, mend)], "workbook")


def _rows(sheet: Any, results: list[tuple[Any, ...]] | None) -> list[list[Given]]:
    sheet.reset_dimensions()
    rows = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [cell.value for cell in cells] if results is None else results[number - 1]
        rows.append(
            [
                Given(_value(cell, value), Address(sheet.title, f"{get_column_letter(at)}{number}"))
                for at, (cell, value) in enumerate(zip(cells, values, strict=True), start=1)
            ]
        )
    return rows


@dataclass(frozen=True)
class _Bad:
    """A cell with no usable value, and why."""

    message: str
    mend: str


def _value(cell: Any, value: Any) -> Any:
    """The value of a cell in plain JSON types; None for one that is empty or blank."""
    if cell.data_type == _FORMULA and value is None:
        return _Bad("Formelen er ikke regnet ut.", "Åpne filen i regnearket, lagre, og prøv igjen.")
    if cell.data_type == _ERROR or (cell.data_type == _FORMULA and str(value).startswith("#")):
        return _Bad(f"Regnearket viser feilen {shown(str(value))}.", "Rett formelen eller verdien.")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str):
        return value if value.strip() else None
    return value


def _id_text(value: Any) -> str:
    """An id, which spreadsheets turn into a number when it looks like one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _usable(given: Given | None, path: tuple[str, ...], tables: Tables) -> Given | None:
    """The cell, when there is one and its value can be used; else an issue."""
    if given is None or not isinstance(given.value, _Bad):
        return given
    tables.fault(given.address, path, "bad_cell", given.value.message, given.value.mend)
    return None


def _read_scenario(sheet: _Sheet, tables: Tables) -> None:
    if not sheet.has((layout.FIELD, layout.VALUE), tables):
        return
    known = {".".join(each.path): each for each in layout.SCENARIO_FIELDS}
    for row in sheet.rows:
        name, given = sheet.cell(row, layout.FIELD), sheet.cell(row, layout.VALUE)
        if given is None:
            continue
        spec = None if name is None else known.get(_id_text(name.value))
        if spec is None:
            _unknown_field(name or given, known, tables)
        else:
            _take(spec, (), given, tables)


def _unknown_field(given: Given, known: Mapping[str, Any], tables: Tables) -> None:
    tables.fault(
        given.address,
        (),
        "unknown_field",
        f"Feltet {shown(_id_text(given.value))} finnes ikke i malen.",
        f"{did_you_mean(_id_text(given.value), known)}Feltene står i arket «{layout.DICTIONARY}».",
    )


def _read_entries(spec: EntrySheet) -> Callable[[_Sheet, Tables], None]:
    start = tuple(spec.collection.split("."))

    def read(sheet: _Sheet, tables: Tables) -> None:
        if not sheet.columns((spec.id_title, *(f.heading for f in spec.fields)), tables):
            return
        for row in sheet.rows:
            keys = _keys(sheet, row, (spec.id_title,), start, tables)
            if keys is None:
                continue
            path = (*start, *(key.value for key in keys))
            tables.put(path, Given({}, keys[0].address))
            for each in spec.fields:
                given = sheet.cell(row, each.heading)
                if given is not None:
                    _take(each, path, given, tables)

    return read


def _keys(
    sheet: _Sheet,
    row: list[Given],
    headings: tuple[str, ...],
    place: tuple[str, ...],
    tables: Tables,
) -> list[Given] | None:
    """The ids of a row; None, and an issue, where one is missing."""
    found: list[Given] = []
    for heading in headings:
        given = _usable(sheet.cell(row, heading), place, tables)
        if given is None:
            at = next(cell.address for cell in row if cell.value is not None)
            message = f"Raden mangler verdi i kolonnen «{heading}»."
            tables.fault(at, place, "missing_id", message, "Fyll den ut, eller tøm raden.")
            return None
        found.append(Given(_id_text(given.value), given.address))
    return found


def _take(spec: Field, start: tuple[str, ...], found: Given, tables: Tables) -> None:
    """Put the cell's value where its field is."""
    path = (*start, *spec.path)
    given = _usable(found, path, tables)
    if given is None:
        return
    if spec.kind in ("lon", "lat"):
        _put_coordinate(path, given, tables)
        return
    words = _WORDS[spec.kind](spec, given.value) if spec.kind in _WORDS else given.value
    if isinstance(words, _Bad):
        tables.fault(given.address, path, "bad_value", words.message, words.mend)
    else:
        tables.put(path, Given(words, given.address))


def _put_coordinate(path: tuple[str, ...], given: Given, tables: Tables) -> None:
    """One of the two numbers of a location; the other stays null until it comes."""
    here = tables.document
    for part in path[:-2]:
        here = here.setdefault(part, {})
    location = here.setdefault(path[-2], [None, None])
    location[int(path[-1])] = given.value
    tables.cells[pointer(*path)] = given.address
    tables.cells.setdefault(pointer(*path[:-1]), given.address)


def _as_text(_spec: Field, value: Any) -> Any:
    return value if isinstance(value, str | bool) else _id_text(value)


def _as_ids(_spec: Field, value: Any) -> Any:
    return value if isinstance(value, bool) else _id_text(value).split()


def _as_numbers(_spec: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return [value]
    try:
        return [float(part.replace(",", ".")) for part in value.split()]
    except ValueError:
        return _Bad(f"{shown(value)} er ikke tall.", "Skriv tall med mellomrom: 0,16 0,18.")


def _as_flag(_spec: Field, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    words = {word: flag for flag, word in layout.FLAG.items()}
    answer = words.get(str(value).strip().casefold())
    return (
        _Bad(f"{shown(value)} er verken ja eller nei.", "Skriv ja eller nei.")
        if answer is None
        else answer
    )


def _as_choice(spec: Field, value: Any) -> Any:
    words = {word.casefold(): code for code, word in spec.choices.items()}
    codes = {code: code for code in spec.choices}
    text = _id_text(value)
    chosen = (words | codes).get(text.casefold())
    if chosen is None:
        known = list(spec.choices.values())
        mend = f"{did_you_mean(text, known)}Velg blant: {', '.join(known)}."
        return _Bad(f"Her kan det ikke stå {shown(text)}.", mend)
    return chosen


_WORDS: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _as_text,
    "ids": _as_ids,
    "numbers": _as_numbers,
    "flag": _as_flag,
    "choice": _as_choice,
}


def _read_figures(spec: FigureSheet) -> Callable[[_Sheet, Tables], None]:
    def read(sheet: _Sheet, tables: Tables) -> None:
        if not sheet.has(spec.keys, tables):
            return
        if spec.by_year:
            _check_years(sheet, spec.keys, tables)
        for row in sheet.rows:
            keys = _keys(sheet, row, spec.keys, (), tables)
            if keys is None:
                continue
            ids = iter(keys)
            path = tuple(next(ids).value if p == layout.KEY else p for p in spec.place)
            if spec.by_year:
                _put_series(sheet, row, path, tables)
            elif (given := _usable(sheet.cell(row, layout.VALUE), path, tables)) is not None:
                tables.put(path, given)

    return read


def _read_series(sheet: _Sheet, tables: Tables) -> None:
    keys = (layout.FIELD, layout.SERIES_KEY)
    if not sheet.has(keys, tables):
        return
    _check_years(sheet, keys, tables)
    for row in sheet.rows:
        name, key = sheet.cell(row, layout.FIELD), sheet.cell(row, layout.SERIES_KEY)
        text = "" if name is None else _id_text(name.value)
        if text not in layout.SERIES_FIELDS:
            _unknown_field(name or row[0], layout.SERIES_FIELDS, tables)
            continue
        path = tuple(text.split("."))
        if key is not None:
            path = (*path, _id_text(key.value))
        _put_series(sheet, row, path, tables)


def _check_years(sheet: _Sheet, keys: tuple[str, ...], tables: Tables) -> None:
    known = (*keys, layout.ALL_YEARS)
    for heading, column in sheet.headings.items():
        if heading not in known and not re.match(YEAR_PATTERN, heading):
            tables.fault(
                Address(sheet.name, f"{get_column_letter(column + 1)}1"),
                (),
                "bad_year",
                f"{shown(heading)} er ikke et årstall.",
                f"Overskriftene er {', '.join(known)} og årstall med fire sifre.",
            )


def _put_series(sheet: _Sheet, row: list[Given], path: tuple[str, ...], tables: Tables) -> None:
    constant = sheet.cell(row, layout.ALL_YEARS)
    years = [heading for heading in sheet.headings if re.match(YEAR_PATTERN, heading)]
    by_year = {year: cell for year in years if (cell := sheet.cell(row, year)) is not None}
    if constant is not None and by_year:
        message = f"Raden har både tall for «{layout.ALL_YEARS}» og for enkelte år."
        tables.fault(constant.address, path, "two_forms", message, "Behold det ene.")
    elif constant is not None:
        if (given := _usable(constant, path, tables)) is not None:
            tables.put(path, given)
    elif not by_year:
        at = next(cell.address for cell in row if cell.value is not None)
        tables.fault(at, path, "no_figures", "Raden har ingen tall.", "Fyll dem ut, eller tøm den.")
    else:
        for year, cell in by_year.items():
            if (given := _usable(cell, (*path, year), tables)) is not None:
                tables.put((*path, year), given)


def _read_matrix(sheet: _Sheet, tables: Tables) -> None:
    if not sheet.has((layout.DISTRICT,), tables):
        return
    sites = [heading for heading in sheet.headings if heading != layout.DISTRICT]
    for row in sheet.rows:
        keys = _keys(sheet, row, (layout.DISTRICT,), ("travel", "minutes"), tables)
        for site in sites if keys else ():
            assert keys is not None
            path = ("travel", "minutes", site, keys[0].value)
            given = _usable(sheet.cell(row, site), path, tables)
            if given is not None:
                tables.put(path, given)


def _read_other(sheet: _Sheet, tables: Tables) -> None:
    if not sheet.has((layout.POINTER, layout.PART, layout.JSON_TEXT), tables):
        return
    patch: dict[str, Any] = {}
    for place, address, text in _other_values(sheet, tables):
        try:
            value = parse_json(text)
        except DocumentInvalid as error:
            for issue in error.issues:
                tables.issues.append(
                    replace(issue, pointer=place, message=f"{address}: {issue.message}")
                )
            continue
        parts = _parts(place)
        if not _still_holds(value, parts, tables.document):
            continue
        here = patch
        for part in parts[:-1]:
            here = here.setdefault(part, {})
        here[parts[-1]] = value
        tables.cells[place] = address
    tables.document = merge_patch(tables.document, patch)


def _other_values(sheet: _Sheet, tables: Tables) -> Iterator[tuple[str, Address, str]]:
    """Pointer, first cell and text, the parts of the text put together."""
    texts: dict[str, dict[float, Given]] = {}
    for row in sheet.rows:
        keys = _keys(sheet, row, (layout.POINTER, layout.PART, layout.JSON_TEXT), (), tables)
        if keys is None:
            continue
        place, part, _ = keys
        text = sheet.cell(row, layout.JSON_TEXT)
        assert text is not None
        if not _POINTER.fullmatch(place.value) or not part.value.isdecimal():
            message = f"{shown(place.value)} med del {shown(part.value)} er ikke et felt."
            mend = 'Skriv en peker som "/title", og del 1.'
            tables.fault(place.address, (), "bad_pointer", message, mend)
            continue
        texts.setdefault(place.value, {})[int(part.value)] = text
    for place_text, parts in texts.items():
        ordered = [parts[number] for number in sorted(parts)]
        yield place_text, ordered[0].address, "".join(_json_text(each.value) for each in ordered)


def _still_holds(value: Any, parts: list[str], document: Mapping[str, Any]) -> bool:
    """Not when somebody has since edited the cell, or taken away the row, that it completes."""
    if len(parts) > 2 and parts[0] in _COLLECTIONS and parts[1] not in document.get(parts[0], {}):
        return False
    here: Any = document
    for part in parts:
        here = here.get(part) if isinstance(here, dict) else None
    return here is None or value is None or _in_cell(value) == _in_cell(here)


_COLLECTIONS = tuple(sheet.collection for sheet in layout.ENTRY_SHEETS)


def _in_cell(value: Any) -> Any:
    """A value as a cell holds it: numbers of 16 digits, line breaks of one kind.

    What XML cannot hold is spelt out in the file, and not always put together again.
    """
    if isinstance(value, list):
        return [_in_cell(each) for each in value]
    if isinstance(value, str):
        text = _SPELT_OUT.sub(lambda found: chr(int(found[1], 16)), value)
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return value if isinstance(value, bool | dict | None) else float(f"{value:.16G}")


def _json_text(value: Any) -> str:
    """A number or truth value that the spreadsheet took for one is JSON too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _parts(place: str) -> list[str]:
    return [p.replace("~1", "/").replace("~0", "~") for p in place.split("/")[1:]]


def _ignore(_sheet: _Sheet, _tables: Tables) -> None:
    """For the sheets that are only there to be read by people."""


_READERS: dict[str, Callable[[_Sheet, Tables], None]] = {
    layout.READ_ME: _ignore,
    layout.DICTIONARY: _ignore,
    layout.SCENARIO: _read_scenario,
    **{spec.name: _read_entries(spec) for spec in layout.ENTRY_SHEETS},
    **{figures.name: _read_figures(figures) for figures in layout.FIGURE_SHEETS},
    layout.SERIES: _read_series,
    layout.MATRIX: _read_matrix,
    layout.OTHER: _read_other,
}
