"""How plans answer to the goals of the municipality's own plans, each with the rule it is about.

The goals are those that were missed in an earlier concept study (document 000): the land-use plan
with its main centre and bydelssentra (flerkjernestruktur), building in connection with existing
locations, coverage, staffing, ownership, distance, and care near home. New places are those of
opened projects, in the last common year.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from app.schemas.scenario import CoreCoverage
from app.services.words import listed, number, percent
from geodata.need import population
from geodata.series import step

Document = Mapping[str, Any]
Judged = tuple[float | None, str, bool | None]
Judge = Callable[[Document, Document, Sequence[str]], Judged]

OWNERS = {
    "municipal": "kommunale",
    "non_profit": "ideelle",
    "private": "private",
    "public_private": "offentlig–private",
}


def goals(plans: Sequence[tuple[Document, Document]], years: Sequence[str]) -> list[dict[str, Any]]:
    """Every goal with how far each plan (scenario, plan document) answers to it."""
    return [
        {
            "goal": goal,
            "rule": rule,
            "rule_text": rule_text,
            "runs": [_reached(*judge(scenario, plan, years)) for scenario, plan in plans],
        }
        for goal, rule, rule_text, judge in GOALS
    ]


def _reached(value: float | None, text: str, met: bool | None) -> dict[str, Any]:
    return {"value": value, "text": text, "met": met}


def _new_places(plan: Document, year: str) -> Counter[str]:
    """{project: places} in a year, of those that have any then."""
    return +Counter(
        {
            k: sum(series.get(year, 0) for series in project["places"].values())
            for k, project in plan["projects"].items()
        }
    )


def _share_of_new(plan: Document, year: str, counts: Callable[[str], bool]) -> float | None:
    """The share of new places whose project counts; None without new places."""
    new = _new_places(plan, year)
    total = sum(new.values())
    return sum(places for k, places in new.items() if counts(k)) / total if total else None


def _core_of(scenario: Document, project: str) -> str | None:
    core: str | None = scenario["sites"][scenario["projects"][project]["site"]].get("core")
    return core


def _in_centres(main: bool) -> Judge:
    """The share of new places in the main centre, or else in the other cores (bydelssentra)."""

    def judge(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
        cores = scenario.get("cores") or {}
        by_core: Counter[str] = Counter()
        for k, places in _new_places(plan, years[-1]).items():
            core = _core_of(scenario, k)
            if core is not None and bool((cores.get(core) or {}).get("main")) == main:
                by_core[core] += places
        share = _share_of_new(plan, years[-1], lambda k: _core_of(scenario, k) in by_core)
        if share is None:
            return None, "ingen nye plasser", None
        told = [
            f"{_core_title(scenario, core)} {places}"
            for core, places in sorted(by_core.items(), key=lambda one: (-one[1], one[0]))
        ]
        where = f": {listed(told)}" if told else ""
        centres = "hovedsenteret" if main else "bydelssentra"
        return share, f"{percent(share, 0)} av de nye plassene i {centres}{where}", None

    return judge


def _core_title(scenario: Document, core: str) -> str:
    return ((scenario.get("cores") or {}).get(core) or {}).get("title") or core


def _core_coverage(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    """Counted places ÷ those asked for, in the core and year where that is least."""
    reached = {
        (g, year): (_counted_in_core(scenario, plan, g, year), asked)
        for g, wanted in _wanted_in_cores(scenario, years).items()
        for year, asked in zip(years, wanted, strict=True)
        if asked
    }
    if not reached:
        return None, "ingen dekningsgrad i kjernene", None
    g, year = min(reached, key=lambda at: (reached[at][0] / reached[at][1], at))
    places, asked = reached[g, year]
    text = f"{_core_title(scenario, g)} har {places} av {asked} plasser i {year}, som er minst"
    return places / asked, text, places >= asked


def _wanted_in_cores(scenario: Document, years: Sequence[str]) -> dict[str, list[int]]:
    """Counted places that each core must have, by year; 0 where nothing is asked."""
    given = (scenario.get("targets") or {}).get("core_coverage")
    if given is None:
        return {}
    target = CoreCoverage.model_validate(given)
    at = tuple(map(int, years))
    wanted = {}
    for g, ratio in target.by_core(scenario.get("cores") or {}).items():
        districts = [i for i, spec in scenario["districts"].items() if spec.get("core") == g]
        each = population(scenario, districts, target.population, at)
        people = [sum(series[t] for series in each) for t in range(len(at))]
        pairs = zip(step(ratio, at), people, strict=True)
        wanted[g] = [ceil((share or 0) * inhabitants) for share, inhabitants in pairs]
    return wanted


def _counted_in_core(scenario: Document, plan: Document, core: str | None, year: str) -> int:
    return sum(
        series.get(year, 0)
        for j, site in plan["sites"].items()
        if scenario["sites"][j].get("core") == core
        for p, series in site["places"].items()
        if scenario["care_types"][p]["counts_towards_coverage"]
    )


def _cores_with_places(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    """The rule asks in the plan's last year alone: no judgement where plans have other years."""
    known = {site.get("core") for site in scenario["sites"].values()} - {None}
    having = [g for g in known if _counted_in_core(scenario, plan, g, years[-1]) > 0]
    least = (scenario.get("policies") or {}).get("min_cores_with_places")
    asked = f" (minst {least})" if least is not None else ""
    asks = least is not None and years[-1] == max(plan["years"])
    met = len(having) >= (least or 0) if asks else None
    return float(len(having)), f"{len(having)} kjerner med plasser{asked}", met


def _at_existing(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    def stands(project: str) -> bool:
        site = scenario["sites"][scenario["projects"][project]["site"]]
        first = int(min(plan["years"]))
        return any(
            (step(series, (first,))[0] or 0) > 0 for series in (site.get("places") or {}).values()
        )

    share = _share_of_new(plan, years[-1], stands)
    if share is None:
        return None, "ingen nye plasser", None
    return share, f"{percent(share, 0)} av de nye plassene der det står plasser i dag", None


def _coverage(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    asked = [y for y in years if plan["years"][y]["coverage_target_places"] is not None]
    short = [
        y
        for y in asked
        if plan["years"][y]["places_counted"] < plan["years"][y]["coverage_target_places"]
    ]
    last = plan["years"][years[-1]]["coverage_ratio"]
    told = "ingen dekningsgrad" if last is None else f"{percent(last, 1)} i {years[-1]}"
    reached = next((year for year in asked if year not in short), None)
    if asked:
        told += ", målet nås ikke" if reached is None else f", målet nås første gang i {reached}"
    return last, told, not short if asked else None


def _staffing(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    used = [
        (figures["fte"].get(group, 0.0) / available, year)
        for year in years
        for figures in [plan["years"][year]]
        for group, available in figures["fte_available"].items()
        if available
    ]
    if not used:
        return None, "ingen grense for årsverk", None
    most, year = max(used)
    return most, f"{percent(most, 0)} av årsverkene brukes i {year}, som er mest", most <= 1 + 1e-6


def _ownership(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    owners: Counter[str] = Counter()
    for k, places in _new_places(plan, years[-1]).items():
        owners[scenario["projects"][k].get("ownership") or "municipal"] += places
    total = sum(owners.values())
    if not total:
        return None, "ingen nye plasser", None
    allowed = (scenario.get("policies") or {}).get("allowed_ownership")
    told = listed([f"{places} {OWNERS[owner]}" for owner, places in sorted(owners.items())])
    met = None if allowed is None else all(owner in allowed for owner in owners)
    return owners["municipal"] / total, f"{told} nye plasser", met


def _distance(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    mean = plan["years"][years[-1]]["mean_minutes"]
    if mean is None:
        return None, "ingen reiser", None
    within = (scenario.get("targets") or {}).get("within")
    met = None
    if within is not None:
        asked = step(within["share"], tuple(int(year) for year in years))
        shares = [plan["years"][year]["share_within"] for year in years]
        pairs = zip(shares, asked, strict=True)
        met = all(least is None or (s is not None and s >= least - 1e-6) for s, least in pairs)
    return mean, f"{number(mean, 1)} minutter i gjennomsnitt i {years[-1]}", met


def _within_ten(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    equity = plan["years"][years[-1]]["equity"]
    if equity is None:
        return None, "ingen reiser", None
    share = equity["share_within_10_minutes"]
    return share, f"{percent(share, 0)} innen 10 minutter", None


def _near_home(scenario: Document, plan: Document, years: Sequence[str]) -> Judged:
    served = list(_journeys(plan, years[-1]))
    total = sum(places for _, _, places in served)
    if not total:
        return None, "ingen får plass", None
    home = sum(
        places
        for district, site, places in served
        if (core := scenario["districts"][district].get("core")) is not None
        and core == scenario["sites"][site].get("core")
    )
    return home / total, f"{percent(home / total, 0)} får plass i sin egen kjerne", None


def _journeys(plan: Document, year: str) -> Iterator[tuple[str, str, float]]:
    for one in plan["allocation"]:
        if str(one["year"]) == year:
            yield one["district"], one["site"], one["places"]


GOALS: tuple[tuple[str, str | None, str, Judge], ...] = (
    (
        "Flerkjernestruktur: nye plasser i hovedsenteret",
        None,
        "kommuneplanens arealdel; ingen regel i scenariet krever en andel",
        _in_centres(main=True),
    ),
    (
        "Flerkjernestruktur: nye plasser i bydelssentra",
        None,
        "kommuneplanens arealdel; ingen regel i scenariet krever en andel",
        _in_centres(main=False),
    ),
    (
        "Flerkjernestruktur: dekningsgrad i kjernene",
        "C9",
        "dekningsgraden i kjernene når målet hvert år",
        _core_coverage,
    ),
    (
        "Flerkjernestruktur: kjerner med plasser",
        "C15",
        "minst så mange kjerner med plasser",
        _cores_with_places,
    ),
    (
        "Utbygging i tilknytning til eksisterende lokasjoner",
        None,
        "et uttalt ønske; ingen regel i scenariet krever det",
        _at_existing,
    ),
    ("Dekningsgrad", "C8", "dekningsgraden når målet hvert år", _coverage),
    ("Bemanning", "C10", "ikke flere årsverk enn det som er tilgjengelig", _staffing),
    ("Eierskap", "C7", "bare tillatte eierformer", _ownership),
    ("Avstand", "C16", "andelen innenfor reisetidsmålet", _distance),
    (
        "10-minuttersbyen",
        None,
        "en visjon; ingen regel i scenariet krever den",
        _within_ten,
    ),
    (
        "Hjemmenær omsorg",
        None,
        "et mål i planene; ingen regel i scenariet krever det",
        _near_home,
    ),
)
