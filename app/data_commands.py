"""Commands for bringing data in: `flerkjerne template` and `flerkjerne import`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from solver.domain.errors import InputError

EXIT_OK, EXIT_INVALID = 0, 2
TIMEOUT_S, TRIES, MAX_VERTICES = 30.0, 4, 300_000
Read = Callable[[str], dict[str, Any]]


def add_commands(commands: Any, read: Read) -> None:
    """Add them to the parser's commands; `read` gives a checked scenario document."""
    template = commands.add_parser(
        "template", help="skriv et regneark å fylle ut, tomt eller med et scenario"
    )
    template.add_argument(
        "scenario", nargs="?", metavar="SCENARIO", help="fil, «-» eller medfølgende navn"
    )
    template.add_argument("--out", type=Path, required=True, metavar="FIL.xlsx")
    template.set_defaults(run=lambda options: _template(options, read))

    imports = commands.add_parser(
        "import", help="lag et scenario av kart, statistikk og regneark, med rapport"
    )
    imports.add_argument("--out", type=Path, required=True, metavar="FIL", help="scenariet")
    imports.add_argument("--report", type=Path, metavar="FIL", help="rapporten som JSON")
    imports.add_argument("--template", type=Path, metavar="FIL.xlsx", help="fra «template»")
    imports.add_argument("--base", metavar="SCENARIO", help="scenario å gå ut fra")
    imports.add_argument("--municipality", metavar="NR", help="bare denne kommunen, fire sifre")
    _add_districts(imports.add_argument_group("kretser"))
    _add_population(imports.add_argument_group("innbyggere"))
    imports.set_defaults(run=lambda options: _import(options, read))


def _add_districts(group: Any) -> None:
    group.add_argument("--districts", type=Path, metavar="FIL", help="GeoPackage eller GeoJSON")
    group.add_argument("--layer", metavar="LAG", help="når GeoPackage-filen har flere")
    group.add_argument("--crs", metavar="EPSG:…", help="når filen ikke sier det, eller sier feil")
    group.add_argument("--number-field", metavar="FELT", help="grunnkretsnummer")
    group.add_argument("--title-field", metavar="FELT", help="grunnkretsnavn")
    group.add_argument("--municipality-field", metavar="FELT", help="kommunenummer")
    group.add_argument(
        "--point-fields",
        nargs=2,
        metavar=("LON", "LAT"),
        help="felt med kretsens befolkningspunkt i WGS84; ellers et punkt inne i kretsen",
    )
    group.add_argument("--no-geometry", action="store_true", help="utelat grensene")
    group.add_argument("--simplify", type=_positive, metavar="METER", help="forenkle grensene")
    group.add_argument(
        "--max-vertices",
        type=int,
        default=MAX_VERTICES,
        metavar="N",
        help="punkter i grensene til sammen (%(default)s)",
    )


def _add_population(group: Any) -> None:
    group.add_argument(
        "--population",
        action="append",
        default=[],
        metavar="FIL|ADRESSE",
        help="svar fra SSBs PxWebApi v2 (JSON-stat 2), for kretser eller kommune; kan gjentas",
    )
    group.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="ALDER",
        help="som 80+, kan gjentas; ellers de scenariet bruker",
    )
    group.add_argument("--contents", metavar="KODE", help="når tabellen har flere variabler")
    group.add_argument("--cache", type=Path, metavar="MAPPE", help="ta vare på svar fra adresser")
    group.add_argument(
        "--timeout", type=_positive, default=TIMEOUT_S, metavar="S", help="(%(default)g)"
    )
    group.add_argument(
        "--tries", type=_count, default=TRIES, metavar="N", help="forsøk (%(default)s)"
    )


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"«{text}» er ikke et tall over 0")
    return value


def _count(text: str) -> int:
    value = _positive(text)
    if not value.is_integer() or value > 20:
        raise argparse.ArgumentTypeError(f"«{text}» er ikke et helt tall fra 1 til 20")
    return int(value)


def _import(options: argparse.Namespace, read: Read) -> int:
    from app.services.importing import Order, import_scenario
    from geodata.district_files import Reading

    for path in (options.out, options.report):
        if path is not None:
            _require_folder(path)
    reading = Reading(
        municipality=options.municipality,
        number_field=options.number_field,
        title_field=options.title_field,
        municipality_field=options.municipality_field,
        point_fields=tuple(options.point_fields) if options.point_fields else None,
        layer=options.layer,
        crs=options.crs,
        with_geometry=not options.no_geometry,
        simplify_m=options.simplify,
        max_vertices=options.max_vertices,
    )
    imported = import_scenario(
        Order(
            base=None if options.base is None else read(options.base),
            workbook=options.template,
            districts=options.districts,
            reading=reading,
            statistics=_statistics(options),
            groups=options.group,
        )
    )
    report = imported.report
    _write_json(options.out, imported.document)
    if options.report is not None:
        _write_json(options.report, report.document())
    print("\n".join(report.lines()))
    return EXIT_INVALID if report.missing else EXIT_OK


def _statistics(options: argparse.Namespace) -> list[Any]:
    from app.services.importing.population import Statistics
    from app.services.importing.sources import Fetching, fetch

    fetching = Fetching(options.timeout, options.tries, options.cache)
    fetched = [fetch(named, fetching) for named in options.population]
    return [Statistics.of(each, options.contents) for each in fetched]


def _write_json(path: Path, document: Any) -> None:
    path.write_text(f"{json.dumps(document, ensure_ascii=False, indent=1)}\n", encoding="utf-8")


def _template(options: argparse.Namespace, read: Read) -> int:
    # Imported here: other commands should not wait for the spreadsheet libraries.
    from app.services.spreadsheet.write import template, workbook

    document = None if options.scenario is None else read(options.scenario)
    _require_folder(options.out)
    options.out.write_bytes(template() if document is None else workbook(document))
    print(f"Skrevet: {options.out}. Fyll ut, og les det med: flerkjerne import --template FIL")
    return EXIT_OK


def _require_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise InputError("no_such_folder", f"Mappen «{path.parent}» finnes ikke. Lag den først.")
