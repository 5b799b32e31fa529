"""From what a municipality has to a scenario document, and a report of how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.schemas.issues import pointer
from app.schemas.merge_patch import merge_patch
from app.services.checking import check_scenario
from app.services.importing.population import Statistics, inhabitants, read_group
from app.services.importing.report import Report, some
from app.services.spreadsheet.read import Tables, read_workbook
from geodata.district_files import DistrictFile, Reading, read_districts
from solver.domain.errors import DocumentInvalid, InputError, Issue, ScenarioInvalid

FIGURES = "Innbyggere"
_NEVER_SOURCED = frozenset({"schema_version", "title", "description", "sources", "rules"})


@dataclass(frozen=True)
class Order:
    """What to bring in. Later parts are laid over the earlier ones: base, workbook, files."""

    base: dict[str, Any] | None
    """A scenario document to start from; its districts go when a district file comes."""
    workbook: Path | None
    districts: Path | None
    reading: Reading
    statistics: Sequence[Statistics]
    groups: Sequence[str]
    """Age groups to form; those that the scenario names when there are none."""


@dataclass(frozen=True)
class Imported:
    """A scenario document, complete or not, and the report."""

    document: dict[str, Any]
    report: Report


def import_scenario(order: Order) -> Imported:
    """Put the parts together; what is needed and not given is told, never made up.

    Raises DocumentInvalid for bad cells, outlines and statistics, InputError (GeodataError) for
    files that cannot be read or do not go together, and OSError.
    """
    report = Report()
    tables = Tables()
    document: dict[str, Any] = dict(order.base or {})
    if order.base is not None:
        report.taken.append(f"Scenariet «{document.get('title')}» som utgangspunkt.")
    if order.workbook is not None:
        tables = read_workbook(order.workbook.read_bytes())
        document = _with_workbook(document, tables, order.workbook.name, report)
    if order.districts is not None:
        document = _with_districts(document, order, tables, report)
    code = order.reading.municipality or (document.get("municipality") or {}).get("code")
    if order.statistics:
        document = _with_population(document, order, code, report)
    document = _of_municipality(document, order.reading.municipality, report)
    document.setdefault("schema_version", 1)
    _check(document, tables, report)
    return Imported(document, report)


def _with_workbook(
    document: dict[str, Any], tables: Tables, name: str, report: Report
) -> dict[str, Any]:
    given = tables.document
    counted = [
        f"{len(given[part])} {word}"
        for part, word in _COUNTED.items()
        if isinstance(given.get(part), dict)
    ]
    report.taken.append(f"Fra «{name}»: {', '.join(counted) or 'ingen rader'}.")
    report.dropped += [f"Arket «{sheet}» i «{name}» er ikke malens." for sheet in tables.unread]
    unsourced = [part for part in given if part not in _NEVER_SOURCED and not _sourced(given, part)]
    if unsourced:
        words = some(unsourced, len(unsourced))
        report.assumed.append(f"Uten kilde i arket «Kilder» i «{name}»: {words}.")
    return dict(merge_patch(document, given))


_COUNTED = {
    "care_types": "plasstyper",
    "cores": "kjerner",
    "districts": "kretser",
    "sites": "lokasjoner",
    "projects": "prosjekter",
}


def _sourced(given: Mapping[str, Any], part: str) -> bool:
    start = pointer(part)
    return any(f"{place}/".startswith(f"{start}/") for place in given.get("sources") or {})


def _sourcing(document: dict[str, Any], sources: Mapping[str, Any]) -> dict[str, Any]:
    """The document with sources added; those that stand there already are kept."""
    if not sources:
        return document
    return {**document, "sources": {**sources, **(document.get("sources") or {})}}


def _with_districts(
    document: dict[str, Any], order: Order, tables: Tables, report: Report
) -> dict[str, Any]:
    assert order.districts is not None
    name = order.districts.name
    found = read_districts(order.districts, order.reading)
    if found.faults:
        raise DocumentInvalid(
            [
                Issue(
                    pointer("districts", fault.number, "geometry"),
                    fault.problem.code,
                    f"«{name}», krets {fault.number}: {fault.problem.message}",
                    fault.problem.mend,
                )
                for fault in found.faults
            ],
            "districts",
        )
    _tell_districts(found, name, order.reading, report)
    if order.base is not None and order.base.get("districts"):
        report.dropped.append(f"De {len(order.base['districts'])} kretsene i utgangspunktet.")
    own = tables.document.get("districts", {})
    districts = {each.number: _district(each, own.get(each.number, {})) for each in found.districts}
    _require_on_the_map(own, districts, tables, name)
    sources = {
        place: source
        for place, source in (document.get("sources") or {}).items()
        if not f"{place}/".startswith("/districts/") or place in tables.document.get("sources", {})
    }
    document = {**document, "districts": districts, "sources": sources}
    return _sourcing(document, {"/districts": _district_source(name, found, order.reading)})


def _district(found: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """As the file has it, with what the workbook says laid over it."""
    read = {
        "title": found.title,
        "location": list(found.location),
        "geometry": found.geometry,
    }
    return {name: value for name, value in {**read, **own}.items() if value is not None}


def _require_on_the_map(
    own: Mapping[str, Any], districts: Mapping[str, Any], tables: Tables, name: str
) -> None:
    issues = [
        Issue(
            pointer("districts", number),
            "district_not_in_file",
            f"Kretsen «{number}» finnes ikke i «{name}».",
            "Rett nummeret, eller ta bort raden.",
        )
        for number in own
        if number not in districts
    ]
    if issues:
        raise DocumentInvalid(tables.with_cells(issues), "workbook")


def _tell_districts(found: DistrictFile, name: str, reading: Reading, report: Report) -> None:
    fields = ", ".join(f"{field}" for field in found.fields.values() if field)
    report.taken.append(
        f"{len(found.districts)} kretser fra «{name}» ({found.crs}; felt: {fields})."
    )
    if found.joined:
        report.taken.append(f"{found.joined} kretser lå i flere deler og er samlet.")
    if found.others:
        report.dropped.append(f"{found.others} objekter i «{name}» er i andre kommuner.")
    if found.fields["title"] is None:
        report.dropped.append(f"«{name}» har ikke noe felt med kretsenes navn.")
    if not reading.with_geometry:
        report.dropped.append(f"Grensene til kretsene ({found.vertices} punkter).")
    if reading.simplify_m is not None:
        report.assumed.append(f"Grensene er forenklet med {reading.simplify_m:g} m.")
    if reading.point_fields is None:
        report.assumed.append("Hver krets' posisjon er et punkt inne i kretsen, ikke der folk bor.")
    else:
        report.taken.append(f"Posisjoner fra feltene {' og '.join(reading.point_fields)}.")


def _district_source(name: str, found: DistrictFile, reading: Reading) -> dict[str, Any]:
    point = "fra filen" if reading.point_fields else "et punkt inne i kretsen"
    simplified = f", grensene forenklet med {reading.simplify_m:g} m" if reading.simplify_m else ""
    return {
        "status": "derived",
        "note": f"«{name}» i {found.crs}, regnet om til WGS84{simplified}; posisjonen er {point}.",
    }


def _with_population(
    document: dict[str, Any], order: Order, code: str | None, report: Report
) -> dict[str, Any]:
    groups = list(order.groups) or _groups_named(document)
    if not groups:
        raise InputError(
            "group_missing",
            "Oppgi aldersgruppen med «--group», som 80+, eller i regnearkets ark «Scenario».",
        )
    numbers = list(document.get("districts") or {})
    if not numbers:
        raise InputError(
            "districts_missing", "Innbyggertall trenger kretser. Oppgi dem med «--districts»."
        )
    for each in order.statistics:
        if each.counts.unknown_regions:
            regions = some(each.counts.unknown_regions)
            report.dropped.append(f"{each.name}: regioner vi ikke bruker: {regions}.")
    for group in groups:
        found = inhabitants(order.statistics, group, numbers, code, report)
        patch = {n: {"population": {group: each.series}} for n, each in found.items()}
        document = _replacing(document, patch)
        document = _sourcing(
            document,
            {pointer("districts", n, "population", group): s.source for n, s in found.items()},
        )
        report.missing += _without_figures(document["districts"], group)
    return document


def _of_municipality(document: dict[str, Any], asked: str | None, report: Report) -> dict[str, Any]:
    """The document of the municipality that was asked for; another's name does not stay."""
    given = document.get("municipality") or {}
    if asked is None or given.get("code") == asked:
        return document
    if given:
        told = " ".join(str(value) for value in given.values())
        report.dropped.append(f"Kommunen {told}; kommune {asked} er valgt.")
    return {**document, "municipality": {"code": asked}}


def _replacing(document: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Districts with new series; an older series of the group is not merged with it."""
    districts = {
        number: {
            **district,
            "population": {
                **(district.get("population") or {}),
                **patch.get(number, {}).get("population", {}),
            },
        }
        for number, district in document["districts"].items()
    }
    return {**document, "districts": districts}


def _groups_named(document: Mapping[str, Any]) -> list[str]:
    targets = document.get("targets") or {}
    places = (document.get("need"), targets.get("coverage"), targets.get("core_coverage"))
    named = [str(each["population"]) for each in places if each and "population" in each]
    for name in named:
        read_group(name)
    return list(dict.fromkeys(named))


def _without_figures(districts: Mapping[str, Any], group: str) -> list[Issue]:
    lacking = [key for key, each in districts.items() if group not in each["population"]]
    if not lacking:
        return []
    return [
        Issue(
            pointer("districts", lacking[0], "population", group),
            "population_missing",
            f"{len(lacking)} kretser har ingen innbyggertall for {group}: {some(lacking)}.",
            f"Hent tall for dem også, eller skriv dem i arket «{FIGURES}», 0 der ingen bor.",
        )
    ]


def _check(document: dict[str, Any], tables: Tables, report: Report) -> None:
    try:
        check_scenario(document)
    except ScenarioInvalid as error:
        report.missing += tables.with_cells(list(error.issues))
