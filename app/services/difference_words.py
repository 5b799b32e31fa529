"""The difference of two plans in a planner's words: one clause, without its subject."""

from collections.abc import Iterator

from app.schemas.scenario import Scenario
from app.services.words import kroner, listed, number, percent
from solver.analysis.difference import Bounds, Difference, KeyFigures, ProjectChange, Verdict
from solver.domain.result import Outcome, SolveResult

MOST_NAMED = 6  # projects in one sentence
SHOWN_FTE, SHOWN_MINUTES = 0.05, 0.05  # less than this is 0,0


def plan_in_words(result: SolveResult) -> str:
    """What a plan costs, and how far from the best it may be."""
    gap = result.mip_gap
    proof = "uten kjent avstand til det beste" if gap is None else _distance(gap)
    assert result.objective_nok is not None
    return f"{kroner(result.objective_nok)} i nåverdi, {proof}"


def effect(scenario: Scenario, result: SolveResult | None, found: Difference | None) -> str:
    """What comes of a change: costs more, costs less, undecided, or no plan at all."""
    if result is None:
        return "rakk ikke å bli regnet ut"
    if found is None:
        return _without_plan(result)
    if found.verdict is Verdict.EQUAL:
        return "ingen forskjell i kostnad" + _also(scenario, found)
    if found.verdict is Verdict.UNDECIDED:
        return f"kan ikke avgjøres, forskjellen er mindre enn avvikene ({_between(found)})"
    word = "mer" if found.verdict is Verdict.DEARER else "mindre"
    nok = kroner(abs(found.figures.objective_nok))
    return f"koster {nok} {word} (nåverdi{_sure(found.interval_nok)})" + _also(scenario, found)


def _distance(gap: float) -> str:
    return "bevist best" if gap == 0 else f"høyst {percent(gap, 2)} fra det beste"


def _without_plan(result: SolveResult) -> str:
    if result.outcome is not Outcome.INFEASIBLE:
        return "ikke avgjort, ingen plan ble funnet innen tiden"
    rules = result.conflict.rules if result.conflict is not None else ()
    if not rules:
        return "det finnes ingen plan"
    named = listed([f"{rule.text} ({rule.code})" for rule in rules])
    return f"det finnes ingen plan; dette kan ikke oppfylles samtidig: {named}"


def _between(found: Difference) -> str:
    low, high = found.interval_nok.low, found.interval_nok.high
    if low is None or high is None:
        return "den ene planen har ingen bevist nedre grense"
    return f"fra {kroner(low)} til {kroner(high)}"


def _sure(interval: Bounds) -> str:
    """How much more or less it is for sure, whatever the gaps hide."""
    sizes = sorted(abs(nok) for nok in (interval.low, interval.high) if nok is not None)
    ends = [kroner(size) for size in sizes]
    if len(ends) == 1:
        return f", sikkert minst {ends[0]}"
    return "" if ends[0] == ends[1] else f", sikkert mellom {ends[0]} og {ends[1]}"


def _also(scenario: Scenario, found: Difference) -> str:
    """The other figures that differ, and the projects."""
    parts = list(_figures(scenario, found.figures))
    figures = f", {listed(parts)}" if parts else ""
    changes = [_change(scenario, change) for change in found.projects[:MOST_NAMED]]
    more = len(found.projects) - MOST_NAMED
    if more > 0:
        changes.append(f"{more} {'prosjekt' if more == 1 else 'prosjekter'} til endres")
    return figures + (f"; {listed(changes)}" if changes else "")


def _figures(scenario: Scenario, figures: KeyFigures) -> Iterator[str]:
    last = scenario.years.last
    places = sum(figures.places.values())
    if places:
        yield f"{_signed(places, 0)} {'plass' if abs(places) == 1 else 'plasser'} i {last}"
    for group, fte in figures.fte.items():
        if abs(fte) >= SHOWN_FTE:
            name = "årsverk" if group == "all" else f"årsverk ({group})"
            yield f"{_signed(fte, 1)} {name} i {last}"
    if abs(figures.unmet_place_years) >= SHOWN_FTE:
        yield f"{_signed(figures.unmet_place_years, 1)} plassår udekket behov"
    if figures.mean_minutes is not None and abs(figures.mean_minutes) >= SHOWN_MINUTES:
        yield f"{_signed(figures.mean_minutes, 1)} min reise i snitt"


def _signed(value: float, decimals: int) -> str:
    return f"{'+' if value > 0 else '−'}{number(abs(value), decimals)}"


def _change(scenario: Scenario, change: ProjectChange) -> str:
    title = f"«{(scenario.projects or {})[change.project].title}»"
    if change.opens_before is None:
        return f"{title} åpner i {change.opens_after}"
    if change.opens_after is None:
        return f"{title} åpnes ikke"
    if change.opens_before != change.opens_after:
        return f"{title} åpner i {change.opens_after}, ikke i {change.opens_before}"
    return f"{title} får {change.places_after} plasser, ikke {change.places_before}"
