"""A plan in words and tables for a planner, in Norwegian, on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from app.services.words import millions, number, percent

Document = Mapping[str, Any]

OUTCOMES = {
    "optimal": "Planen er bevist innenfor avviket du ba om.",
    "feasible": "Tiden tok slutt; dette er den beste planen som ble funnet.",
    "infeasible": "Ingen plan oppfyller alle kravene i scenariet.",
    "no_plan": "Ingen plan ble funnet innen grensene. Gi lengre tid eller et større avvik.",
    "dismissed": "Kjøringen ble avbrutt.",
}
WIDTH = 120  # of a page or log, which has no width of its own
QUALITIES = {
    "secondary": "posisjon fra andre hånd",
    "proxy": "posisjon lånt fra et punkt i nærheten",
    "guess": "anslått posisjon",
    "missing": "posisjon mangler; regnet fra et annet punkt",
}


def print_summary(console: Console, scenario: Document, plan: Document) -> None:
    """Print what the plan is, what it costs, and what it rests on."""
    for part in _parts(scenario, plan):
        console.print(part, highlight=False, markup=False)


def wide(console: Console) -> Console:
    """A console with room for the tables where nobody set a width."""
    return console if console.is_terminal else Console(file=console.file, width=WIDTH)


def _parts(scenario: Document, plan: Document) -> Iterator[RenderableType]:
    yield Text(f"\n{scenario['title']}", style="bold")
    yield OUTCOMES[plan["outcome"]]
    if plan["conflict"] is not None:
        yield from _conflict(plan["conflict"])
    if plan["years"]:
        yield _proof(plan)
    yield _method(plan)
    if plan["years"]:
        yield _years(scenario, plan)
        if any(year["coverage_at"] for year in plan["years"].values()):
            yield _reference(plan)
        yield _projects(scenario, plan)
        yield _money(plan)
        yield from _equity(scenario, plan)
    yield from _positions(scenario)


def _conflict(conflict: Document) -> Iterator[RenderableType]:
    shortest = ", og lista kan ikke gjøres kortere" if conflict["irreducible"] else ""
    yield f"Dette kan ikke oppfylles samtidig{shortest}:"
    for rule in conflict["rules"]:
        yield f"  • {rule['text']} ({rule['code']})"


def _proof(plan: Document) -> str:
    gap = plan["mip_gap"]
    distance = (
        f"høyst {percent(gap, 2)} ({millions(plan['gap_nok'])}) fra det beste som er mulig"
        if gap is not None
        else "uten kjent avstand til det beste som er mulig"
    )
    verdict = "Kontrollert" if plan["verification"]["passed"] else "IKKE godkjent i kontrollen"
    checks = len(plan["verification"]["checks"])
    return (
        f"Samlet nåverdi {millions(plan['objective_nok'])}, {distance}. "
        f"{verdict}: {checks} påstander regnet om fra scenariets tall."
    )


def _method(plan: Document) -> str:
    """How it was solved, and what a second solver says about it."""
    statistics = plan["statistics"]
    strategy = f"Løsningsmåte: {statistics['strategy']} ({statistics['strategy_reason']})."
    return f"{strategy} {_confirmation(plan['bound_confirmation'])}"


def _confirmation(confirmation: Document) -> str:
    if confirmation["status"] == "not_asked":
        return "Svaret er ikke kontrollert av en annen løser; «--referee» ber om det."
    reason = f": {confirmation['reason']}" if confirmation["reason"] else ""
    if confirmation["confirmed"]:
        by = confirmation["solver"]
        return f"Svaret er bekreftet{f' av en uavhengig løser, {by}' if by else ''}{reason}."
    bound = confirmation["bound_nok"]
    reached = f" Den kom til en nedre skranke på {millions(bound)}." if bound is not None else ""
    return f"Svaret er IKKE bekreftet av en annen løser{reason}.{reached}"


def _years(scenario: Document, plan: Document) -> Table:
    groups = sorted({group for year in plan["years"].values() for group in year["fte"]})
    table = Table(title="År for år (beløp i mill. kr)", title_justify="left", box=SIMPLE)
    for heading in ("År", "Behov", "Udekket", "Plasser", "Dekning", "Mål"):
        table.add_column(heading, justify="right")
    for group in groups:
        table.add_column("Årsverk" if group == "all" else f"Årsverk {group}", justify="right")
        table.add_column("av", justify="right")
    for heading in ("Investering", "Kapital", "Drift", "Reisetid"):
        table.add_column(heading, justify="right")
    for year, figures in plan["years"].items():
        fte = [
            number(value, 1)
            for group in groups
            for value in (figures["fte"].get(group), figures["fte_available"].get(group))
        ]
        table.add_row(
            year,
            number(sum(figures["need"].values()), 1),
            number(sum(figures["unmet"].values()), 1),
            str(_shown_places(scenario, figures)),
            percent(figures["coverage_ratio"], 1),
            percent(figures["coverage_target"], 1),
            *fte,
            number(figures["investment_nok"] / 1e6, 1),
            number(figures["capital_nok"] / 1e6, 1),
            number(figures["operating_nok"] / 1e6, 1),
            _minutes(figures["mean_minutes"]),
        )
    return table


def _minutes(minutes: float | None) -> str:
    return "–" if minutes is None else f"{number(minutes, 1)} min"


def _shown_places(scenario: Document, figures: Document) -> int:
    """Counted places; all places in a scenario that counts none."""
    types = scenario["care_types"].values()
    counts = any(care_type["counts_towards_coverage"] for care_type in types)
    return int(figures["places_counted"]) if counts else sum(figures["places"].values())


def _reference(plan: Document) -> Table:
    years = list(plan["years"])
    table = Table(
        title="Plasser ved andre dekningsgrader (avvik i parentes)",
        title_justify="left",
        box=SIMPLE,
    )
    table.add_column("Dekningsgrad")
    for year in (years[0], years[-1]):
        table.add_column(year, justify="right")
    for ratio in plan["years"][years[0]]["coverage_at"]:
        cells = [plan["years"][year]["coverage_at"][ratio] for year in (years[0], years[-1])]
        shown = [f"{cell['target_places']} ({cell['deviation_places']:+d})" for cell in cells]
        table.add_row(percent(float(ratio), 1), *shown)
    return table


def _projects(scenario: Document, plan: Document) -> RenderableType:
    if not plan["projects"]:
        return "Ingen prosjekter åpnes."
    table = Table(title="Prosjekter som åpnes", title_justify="left", box=SIMPLE)
    for heading in ("År", "Prosjekt", "Lokasjon", "Plasser"):
        table.add_column(heading)
    ordered = sorted(plan["projects"].items(), key=lambda item: (item[1]["opens"], item[0]))
    for _, project in ordered:
        site = scenario["sites"][project["site"]].get("title") or project["site"]
        until = f"–{project['closes'] - 1}" if project["closes"] is not None else ""
        table.add_row(
            f"{project['opens']}{until}", project["title"], site, _sizes(scenario, project)
        )
    return table


def _sizes(scenario: Document, project: Document) -> str:
    """Places at the opening and at the end, by care type: «12 → 20 HDO-plass»."""
    shown = []
    for care_type, series in project["places"].items():
        sizes = list(series.values())
        first, last = sizes[0], sizes[-1]
        if last:
            size = f"{first} → {last}" if first != last else f"{last}"
            shown.append(f"{size} {scenario['care_types'][care_type]['title']}")
    return ", ".join(shown) or "0"


def _money(plan: Document) -> str:
    totals = plan["totals"]
    return (
        f"Nåverdi: kapital {millions(totals['capital_nok'])}, "
        f"drift {millions(totals['operating_nok'])}, "
        f"udekket behov {millions(totals['unmet_nok'])}, reise {millions(totals['travel_nok'])}"
        f"{_unequal(totals)}; "
        f"investering i alt {millions(totals['investment_nok'])} etter tilskudd, "
        "ikke neddiskontert."
    )


def _unequal(totals: Document) -> str:
    """What weighing inequality adds, where it is weighed."""
    nok = totals["equity_nok"]
    return f", vektet ulikhet {millions(nok)}" if nok else ""


def _equity(scenario: Document, plan: Document) -> Iterator[str]:
    """How near people are in the last year, and how unequally."""
    year, figures = list(plan["years"].items())[-1]
    equity = figures["equity"]
    if equity is None:
        return
    worst = equity["worst_off_district"]
    title = scenario["districts"][worst["district"]].get("title") or worst["district"]
    yield (
        f"Nærhet i {year}: {percent(equity['share_within_10_minutes'], 0)} av plassene er innen 10 "
        f"minutter; lengst reise har {title} ({_minutes(worst['mean_minutes'])} i snitt). "
        f"Gini {number(equity['gini'], 2)}, likeverdig reisetid etter Kolm og Pollak "
        f"{_minutes(equity['kolm_pollak_minutes'])}."
    )


def _positions(scenario: Document) -> Iterator[RenderableType]:
    """Positions that are not documented, said aloud."""
    for collection in ("sites", "cores"):
        for key, place in (scenario.get(collection) or {}).items():
            quality = QUALITIES.get(place.get("location_quality") or "")
            if quality:
                yield Text(f"  {place.get('title') or key}: {quality}", style="yellow")
