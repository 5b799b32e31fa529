"""Commands for bringing data in: `flerkjerne template`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from solver.domain.errors import InputError

EXIT_OK = 0
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
