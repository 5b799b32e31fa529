"""The workbook: a scenario goes out and comes back as it was; a bad cell is named."""

import io
import zipfile
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook

from app.services.checking import check_scenario
from app.services.plan_document import scenario_hash
from app.services.spreadsheet.read import read_workbook
from app.services.spreadsheet.write import template, workbook
from geodata import bundled
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid
from tests.random_scenarios import random_scenario, tight_scenario

Document = dict[str, Any]
AWKWARD = [
    "=1+1",
    "+47 61 05 00 00",
    "-1",
    "@navn",
    "  luft  ",
    "_x000D_",
    "a\r\nb\tc",
    "x" * 20_000,
    "",
    "æøå 🏠 ﷐",
    "34050101",
    "\ufffe\uffff",
]


def there_and_back(document: Document) -> Document:
    given = check_scenario(document).plain()
    return check_scenario(read_workbook(workbook(given)).document).plain()


def edited(data: bytes, **cells: Any) -> bytes:
    """The workbook with cells changed: `Ark__A1=value`."""
    book = load_workbook(io.BytesIO(data))
    for place, value in cells.items():
        sheet, _, cell = place.partition("__")
        book[sheet.replace("_", " ")][cell] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def issues_of(data: bytes) -> list[Issue]:
    with pytest.raises(DocumentInvalid) as caught:
        read_workbook(data)
    return list(caught.value.issues)


@pytest.mark.parametrize("name", bundled.names())
def test_a_bundled_scenario_keeps_its_hash(name: str) -> None:
    scenario = check_scenario(bundled.load(name))
    back = check_scenario(read_workbook(workbook(scenario.plain())).document)
    assert scenario_hash(back) == scenario_hash(scenario)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("draw", [random_scenario, tight_scenario])
def test_random_scenarios_come_back_equal(draw: Any, seed: int) -> None:
    document = draw(seed)
    assert there_and_back(document) == check_scenario(document).plain()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
@pytest.mark.parametrize("draw", [random_scenario, tight_scenario])
def test_many_random_scenarios_come_back_equal(draw: Any, seed: int) -> None:
    document = draw(seed)
    assert there_and_back(document) == check_scenario(document).plain()


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_back_equal(text: str) -> None:
    document = random_scenario(0)
    document["description"] = text
    document["sources"] = {"/title": {"status": "assumption", "note": text}}
    assert there_and_back(document) == check_scenario(document).plain()


def test_awkward_ids_numbers_and_empty_parts_come_back_equal() -> None:
    document = random_scenario(1)
    document["sites"]["=sum(a1)"] = {"places": {}}
    document["sites"]["_x000D_"] = {"location": [10.123456789012345, 61.1], "places": {"p": {}}}
    document["travel"]["minutes"]["=sum(a1)"] = {}
    document["travel"]["minutes"]["_x000D_"] = {"a": 0.1 + 0.2}
    document["sources"] = {"": {"status": "derived"}, "/a ": {"status": "derived"}}
    document["policies"]["allowed_ownership"] = []
    assert there_and_back(document) == check_scenario(document).plain()


def test_text_that_looks_like_a_formula_is_text() -> None:
    document = bundled.load("lillehammer-2018")
    starts = ["=HYPERLINK(1)", "+1", "-1", "@a"]
    for site, text in zip(document["sites"], starts, strict=False):
        document["sites"][site]["title"] = text
    book = load_workbook(io.BytesIO(workbook(check_scenario(document).plain())))
    cells = [row[1] for row in book["Lokasjoner"].iter_rows(min_row=2, max_row=5)]
    assert [cell.value for cell in cells] == starts
    assert all(cell.data_type == "s" and cell.number_format == "@" for cell in cells)
    assert all(cell.quotePrefix for cell in cells)


def test_the_empty_template_says_nothing_and_explains_everything() -> None:
    read = read_workbook(template())
    assert (read.document, read.unread) == ({"schema_version": 1}, [])
    book = load_workbook(io.BytesIO(template()))
    told = list(book["Datakatalog"].iter_rows(min_row=2, values_only=True))
    sheets = {row[0] for row in told}
    assert {"Scenario", "Prosjekter", "Plasser", "Reisetid", "Kilder"} <= sheets
    assert all(row[1] and row[2] for row in told)


@pytest.mark.parametrize(
    ("cells", "code", "place", "words"),
    [
        ({"Prosjekter__D2": "slott"}, "bad_value", "/projects/gartnerhagen-1-etasje/kind", "D2"),
        ({"Plasstyper__D2": "kanskje"}, "bad_value", "counts_towards_coverage", "«Plasstyper»"),
        ({"Lokasjoner__A3": "helsehus"}, "given_twice", "/sites/helsehus", "celle A3"),
        ({"Plasser__A2": "helsehuset"}, "unknown_id", "/sites/helsehuset", "celle D2"),
        ({"Plasser__B2": None}, "missing_id", "", "«Plasstype»"),
        ({"Plasser__D1": "i fjor"}, "bad_year", "", "celle D1"),
        ({"Prosjekter__K1": "Pris"}, "unknown_column", "", "«Pris»"),
        ({"Prosjekter__A1": None}, "missing_column", "", "«Id»"),
        ({"Scenario__A2": "titel"}, "unknown_field", "", "«titel»"),
        ({"Scenario__C3": "=1+1"}, "bad_cell", "/title", "ikke regnet ut"),
        ({"Tall_over_år__A2": "need.rate"}, "unknown_field", "", "need.rate"),
        ({"Øvrige_felt__C2": "{"}, "bad_json", "", "Øvrige felt"),
        ({"Øvrige_felt__A2": "tull"}, "bad_pointer", "", "«tull»"),
    ],
)
def test_a_bad_cell_is_named_with_its_place_and_mend(
    cells: dict[str, Any], code: str, place: str, words: str
) -> None:
    data = workbook(check_scenario(bundled.load("lillehammer")).plain())
    found = [issue for issue in issues_of(edited(data, **cells)) if issue.code == code]
    assert found
    assert place in found[0].pointer
    assert words in found[0].message
    assert "Ark «" in found[0].message
    assert found[0].mend


def test_an_issue_of_the_scenario_names_the_cell() -> None:
    data = workbook(check_scenario(bundled.load("lillehammer")).plain())
    tables = read_workbook(edited(data, Lokasjoner__D2="øst", Prosjekter__C2="helsehuset"))
    with pytest.raises(ScenarioInvalid) as caught:
        check_scenario(tables.document)
    told = {issue.pointer: issue.message for issue in tables.with_cells(list(caught.value.issues))}
    assert told["/sites/helsehus/location/0"].startswith("Ark «Lokasjoner», celle D2: ")
    assert told["/projects/gartnerhagen-1-etasje/site"].startswith("Ark «Prosjekter», celle C2: ")


def test_a_number_where_an_id_is_meant_is_the_id() -> None:
    data = workbook(check_scenario(bundled.load("lillehammer")).plain())
    read = read_workbook(edited(data, Kretser__A2=34050101, Innbyggere__A2=34050101.0))
    assert read.document["districts"]["34050101"]["population"]["80+"]


def test_an_edited_cell_counts_more_than_what_completed_it() -> None:
    document = random_scenario(1)
    document["sites"]["s"]["location"] = [10.123456789012345, 61.1]
    document["districts"]["a"]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[10, 60], [11, 60], [11, 61], [10, 60]]],
    }
    data = workbook(check_scenario(document).plain())
    assert read_workbook(data).document["sites"]["s"]["location"][0] == 10.123456789012345
    kept = read_workbook(edited(data, Lokasjoner__D2=10.5)).document
    assert kept["sites"]["s"]["location"] == [10.5, 61.1]
    assert "geometry" in kept["districts"]["a"]


def test_a_row_that_is_taken_away_takes_its_outline_with_it() -> None:
    data = workbook(check_scenario(bundled.load("lillehammer")).plain())
    book = load_workbook(io.BytesIO(data))
    assert book["Kretser"]["A2"].value == book["Innbyggere"]["A2"].value == "34050101"
    for sheet in ("Kretser", "Innbyggere"):
        book[sheet].delete_rows(2)
    stream = io.BytesIO()
    book.save(stream)
    assert "34050101" not in read_workbook(stream.getvalue()).document["districts"]


def test_sheets_of_ones_own_are_named_as_unread() -> None:
    book = load_workbook(io.BytesIO(template()))
    book.create_sheet("Notater")["A1"] = "husk"
    stream = io.BytesIO()
    book.save(stream)
    assert read_workbook(stream.getvalue()).unread == ["Notater"]


def test_a_formula_is_read_as_last_computed() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("Scenario")
        sheet.write_row(0, 0, ["Felt", "Verdi"])
        sheet.write_row(1, 0, ["price_year"])
        sheet.write_formula(1, 1, "=2025+1", value=2026)
    assert read_workbook(stream.getvalue()).document == {"price_year": 2026}


def test_an_error_of_the_spreadsheet_is_a_bad_cell() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("Scenario")
        sheet.write_row(0, 0, ["Felt", "Verdi"])
        sheet.write_row(1, 0, ["price_year"])
        sheet.write_formula(1, 1, "=1/0", value="#DIV/0!")
    (issue,) = issues_of(stream.getvalue())
    assert (issue.pointer, issue.code) == ("/price_year", "bad_cell")
    assert "celle B2" in issue.message
    assert "#DIV/0!" in issue.message


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(501_000_000))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_workbook"),
        (b"Id;Navn\n", "not_a_workbook"),
        (b"PK\x03\x04" + b"0" * 100, "not_a_workbook"),
        (template()[:-500], "not_a_workbook"),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, code: str) -> None:
    assert [issue.code for issue in issues_of(data)] == [code]


def test_a_zip_bomb_is_not_unpacked() -> None:
    assert [issue.code for issue in issues_of(_bomb())] == ["workbook_too_large"]


def test_a_zip_of_something_else_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("hei.txt", "hei")
    assert [issue.code for issue in issues_of(stream.getvalue())] == ["not_a_workbook"]


def test_a_workbook_with_nothing_of_ours_gives_an_empty_document() -> None:
    stream = io.BytesIO()
    Workbook().save(stream)
    assert read_workbook(stream.getvalue()).document == {}
