"""A travel time matrix in tables for a planner, in Norwegian, on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table

from app.services.travel_figures import MatrixFigures
from app.services.words import first_listed, number, percent


def print_matrix(console: Console, scenario: Mapping[str, Any], figures: MatrixFigures) -> None:
    """Print what a matrix holds, and where it is from."""
    for part in _parts(scenario, figures):
        console.print(part, highlight=False, markup=False)


def _parts(scenario: Mapping[str, Any], figures: MatrixFigures) -> Iterator[RenderableType]:
    yield (
        f"Kretser: {figures.districts}. Lokasjoner: {len(figures.sites)}. Par: {figures.pairs}, "
        f"og {figures.unreachable} av dem "
        f"({percent(figures.unreachable / figures.pairs, 1)}) kan ikke nås."
    )
    if figures.cut_off:
        names = [_title(scenario, "districts", each) for each in figures.cut_off]
        yield f"Når ingen lokasjon: {first_listed(names)}."
    yield _sites(scenario, figures)
    if figures.most_different:
        yield _differences(scenario, figures)
    source = (scenario.get("sources") or {}).get("/travel/minutes")
    yield f"Kilde: {source['note']}" if source and source.get("note") else "Kilden er ikke oppgitt."


def _sites(scenario: Mapping[str, Any], figures: MatrixFigures) -> Table:
    table = Table(title="Minutter til hver lokasjon", title_justify="left", box=SIMPLE)
    table.add_column("Lokasjon")
    for heading in ("Kretser som når den", "Minst", "Median", "Mest"):
        table.add_column(heading, justify="right")
    for each in figures.sites:
        minutes = (number(value, 1) for value in (each.least, each.median, each.most))
        table.add_row(
            _title(scenario, "sites", each.site), f"{each.reached} av {figures.districts}", *minutes
        )
    return table


def _differences(scenario: Mapping[str, Any], figures: MatrixFigures) -> Table:
    by = (
        "scenariets luftlinje"
        if figures.assumed_kmh is None
        else f"luftlinje i matrisens egen midtfart, {number(figures.assumed_kmh, 0)} km/t"
    )
    table = Table(title=f"Lengst fra {by}", title_justify="left", box=SIMPLE)
    for heading in ("Krets", "Lokasjon"):
        table.add_column(heading)
    for heading in ("Km luftlinje", "Luftlinje, min", "Matrise, min", "Forskjell"):
        table.add_column(heading, justify="right")
    for each in figures.most_different:
        table.add_row(
            _title(scenario, "districts", each.district),
            _title(scenario, "sites", each.site),
            number(each.kilometres, 1),
            number(each.straight_minutes, 1),
            number(each.minutes, 1),
            f"{'+' if each.minutes >= each.straight_minutes else '−'}"
            f"{number(abs(each.minutes - each.straight_minutes), 1)}",
        )
    return table


def _title(scenario: Mapping[str, Any], collection: str, key: str) -> str:
    return str(scenario[collection][key].get("title") or key)
