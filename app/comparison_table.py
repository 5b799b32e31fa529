"""A comparison in tables for a planner, in Norwegian, on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.services.words import millions, number, percent, years_listed

Document = Mapping[str, Any]


def print_comparison(console: Console, comparison: Document) -> None:
    """Print the plans side by side."""
    for table in (_figures(comparison), _projects(comparison), _goals(comparison)):
        console.print(table, markup=False)
    for line in comparison["text"]:
        console.print(line, highlight=False, markup=False)


def _table(title: str, comparison: Document) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE)
    table.add_column("")
    for run in comparison["runs"]:
        table.add_column(run["name"], justify="right")
    return table


def _figures(comparison: Document) -> Table:
    last = list(comparison["years"])[-1]
    table = _table(f"Planene side om side (år {last} der ikke annet er sagt)", comparison)
    for label, cells in _rows(comparison, comparison["years"][last]):
        table.add_row(label, *cells)
    return table


def _rows(comparison: Document, year: list[Document]) -> Iterator[tuple[str, list[str]]]:
    runs = comparison["runs"]
    shared = years_listed(map(int, comparison["years"]))
    yield f"Kostnad, nåverdi {shared}", [millions(run["cost_nok"]) for run in runs]
    yield f"Reiser, nåverdi {shared}", [millions(run["travel_nok"]) for run in runs]
    yield f"Investering {shared}", [millions(run["investment_nok"]) for run in runs]
    yield "Plasser", [str(one["places"]) for one in year]
    yield "Udekket behov", [number(one["unmet"], 1) for one in year]
    yield "Dekningsgrad", [percent(one["coverage_ratio"], 1) for one in year]
    yield "Årsverk", [number(sum(one["fte"].values()), 1) for one in year]
    yield "Minutter i gjennomsnitt", [number(one["mean_minutes"], 1) for one in year]
    yield "Lengste reise, minutter", [number(one["max_minutes"], 1) for one in year]


def _projects(comparison: Document) -> Table:
    table = _table("Prosjekter: åpningsår (plasser)", comparison)
    for project in comparison["projects"].values():
        table.add_row(project["title"], *map(_opened, project["runs"]))
    return table


def _opened(one: Document | None) -> str:
    if one is None:
        return "–"
    until = "" if one["closes"] is None else f"–{one['closes'] - 1}"
    return f"{one['opens']}{until} ({one['places']})"


def _goals(comparison: Document) -> Table:
    table = _table("Målene i kommunens planer", comparison)
    met = {True: " ✓", False: " ✗", None: ""}
    for goal in comparison["goals"]:
        rule = f" ({goal['rule']})" if goal["rule"] else ""
        cells = [f"{one['text']}{met[one['met']]}" for one in goal["runs"]]
        table.add_row(f"{goal['goal']}{rule}", *cells)
    return table
