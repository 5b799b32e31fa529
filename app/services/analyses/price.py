"""Runs of kind `price`: what each rule of a scenario costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.schemas.answers.price import PriceAnswer
from app.schemas.parameters import PriceParameters
from app.schemas.scenario import Scenario
from app.services.answer_document import make_answer
from app.services.difference_document import make_difference, make_figures
from app.services.difference_words import effect, plan_in_words
from app.services.instances import make_instance
from app.services.patches import patch_of_move
from app.services.words import kroner
from solver.analysis.price import Priced, Prices, prices
from solver.analysis.session import Session
from solver.analysis.variants import Change, Move
from solver.domain.result import Outcome, SolveOptions, Watcher
from solver.engine.shadow import ShadowPrice

LARGEST_SITES = 10  # of the shadow prices of places at sites
SHOWN_SHADOWS = 12
OWNERS = {
    "municipal": "kommunale",
    "non_profit": "ideelle",
    "private": "private",
    "public_private": "offentlig-private (OPS)",
}
NO_PLAN = {
    "infeasible": "Scenariet har ingen plan, så reglene har ingen pris. "
    "Bruk `flerkjerne explain` for å se hva som må gi etter.",
    "no_plan": "Ingen plan ble funnet innen tiden. Gi lengre tid eller et større avvik.",
    "dismissed": "Kjøringen ble avbrutt før det fantes en plan.",
}


def answer(
    scenario: Scenario, parameters: PriceParameters, options: SolveOptions, watcher: Watcher
) -> dict[str, Any]:
    """The price of each rule asked for, as a `PriceAnswer`.

    Raises as `solve_scenario` does.
    """
    instance = make_instance(scenario)
    session = Session(options, watcher, 1)
    rules = None if parameters.rules is None else tuple(parameters.rules)
    found = prices(instance, rules, session)
    shadows = None if found.shadow_prices is None else _chosen(found.shadow_prices)
    return make_answer(
        PriceAnswer,
        {
            "figures": make_figures(found.base),
            "prices": [_document(scenario, item) for item in found.items],
            "shadow_prices": None if shadows is None else [_shadow(scenario, s) for s in shadows],
        },
        text=list(_text(scenario, parameters, found, shadows)),
        outcome=found.outcome,
        session=session,
        scenario=scenario,
        instance=instance,
    )


def _document(scenario: Scenario, item: Priced) -> dict[str, Any]:
    move = item.move
    return {
        "id": move.id,
        "rule": move.rule,
        "code": move.code,
        "change": move.change.value,
        "subject": move.subject,
        "direction": move.direction.value,
        "patch": patch_of_move(scenario, move),
        "outcome": None if item.result is None else item.result.outcome.value,
        "difference": make_difference(scenario, item.difference),
        "text": _sentence(scenario, item),
    }


def _sentence(scenario: Scenario, item: Priced) -> str:
    return f"{_subject(scenario, item.move)}: {effect(scenario, item.result, item.difference)}."


def _text(
    scenario: Scenario,
    parameters: PriceParameters,
    found: Prices,
    shadows: Sequence[ShadowPrice] | None,
) -> Iterator[str]:
    if found.base.plan is None:
        yield NO_PLAN[found.base.outcome.value]
        return
    if found.outcome is Outcome.DISMISSED:
        yield "Kjøringen ble avbrutt; dette er det den rakk."
    yield f"Med alle reglene koster planen {plan_in_words(found.base)}."
    for item in found.items:
        yield _sentence(scenario, item)
    missing = sorted(set(parameters.rules or ()) - {item.move.rule for item in found.items})
    if missing:
        yield f"Scenariet har ikke, eller har ikke mer å gå på i: {', '.join(missing)}."
    elif not found.items:
        yield "Scenariet har ingen regler som kan prises."
    if shadows is None:
        yield "Skyggeprisene ble ikke regnet ut: tiden eller minnet rakk ikke."
    elif shadows:
        yield (
            "Skyggepriser for det faste settet av åpne prosjekter: hva én enhet ville spart i "
            "nåverdi når de samme prosjektene åpner i de samme årene, og bare størrelsene og hvem "
            "som får plass hvor kan endres. De gjelder små endringer; prisene over gjelder også "
            "når andre prosjekter blir bedre."
        )
        yield from (f"  {_shadow_in_words(scenario, s)}." for s in shadows[:SHOWN_SHADOWS])


def _subject(scenario: Scenario, move: Move) -> str:
    """What was changed, in words."""
    if move.subject is not None:
        return _one_of_several(scenario, move, move.subject)
    return _SUBJECTS[move.rule, move.change]


_SUBJECTS: Mapping[tuple[str, Change], str] = {
    ("coverage", Change.UP): "Ett prosentpoeng høyere dekningsmål",
    ("coverage", Change.DOWN): "Ett prosentpoeng lavere dekningsmål",
    ("coverage", Change.DROPPED): "Uten dekningsmålet",
    ("core_coverage", Change.DROPPED): "Uten dekningsmål i kjernene",
    ("within", Change.DROPPED): "Uten målet om andelen innenfor en reisetid",
    ("investment_year", Change.DROPPED): "Uten investeringsrammene for enkeltår",
    ("investment_total", Change.DROPPED): "Uten den samlede investeringsrammen",
    ("operating", Change.DROPPED): "Uten driftsrammen",
    ("travel_limit", Change.DROPPED): "Uten grensen for reisetid",
    ("max_projects", Change.UP): "Med ett prosjekt mer tillatt",
    ("max_projects", Change.DROPPED): "Uten grense for antall prosjekter",
    ("min_cores", Change.DOWN): "Med krav om én kjerne færre med plasser",
    ("min_cores", Change.DROPPED): "Uten krav om antall kjerner med plasser",
}


def _one_of_several(scenario: Scenario, move: Move, subject: str) -> str:
    match move.rule:
        case "core_coverage":
            return f"Uten dekningsmålet i kjernen {_title(scenario.cores, subject)}"
        case "staff":
            word = "flere" if move.change is Change.UP else "færre"
            return f"Fem prosent {word} årsverk{_group(subject)}"
        case "allowed_ownership":
            return f"Med {OWNERS[subject]} prosjekter tillatt"
        case "required_projects":
            return f"Uten kravet om {_title(scenario.projects, subject)}"
        case "forbidden_projects":
            return f"Uten forbudet mot {_title(scenario.projects, subject)}"
        case _:
            kept = _title(scenario.care_types, subject)
            return f"Uten kravet om å beholde plassene av typen {kept}"


def _title(collection: Mapping[str, Any] | None, name: str) -> str:
    """The title of something, its id where it has none."""
    return f"«{(collection or {})[name].title or name}»"


def _group(group: str) -> str:
    return "" if group == "all" else f" ({group})"


def _chosen(shadows: Sequence[ShadowPrice]) -> list[ShadowPrice]:
    """All of rules, by code; of places at sites those with the highest prices, last."""
    sites = [shadow for shadow in shadows if shadow.code == "C2"]
    sites.sort(key=lambda shadow: -shadow.total_nok)
    return [shadow for shadow in shadows if shadow.code != "C2"] + sites[:LARGEST_SITES]


def _shadow(scenario: Scenario, shadow: ShadowPrice) -> dict[str, Any]:
    found = asdict(shadow)
    by_year = {str(t): nok for t, nok in found.pop("by_year").items()}
    return {
        **found,
        "subject": list(shadow.subject),
        "by_year_nok": by_year,
        "text": f"{_shadow_in_words(scenario, shadow)}.",
    }


def _shadow_in_words(scenario: Scenario, shadow: ShadowPrice) -> str:
    unit = _unit(scenario, shadow)
    if not shadow.by_year:
        return f"{unit}: {kroner(shadow.total_nok)}"
    most = max(shadow.by_year, key=lambda t: shadow.by_year[t])
    return (
        f"{unit}: {kroner(shadow.total_nok)} om det gjaldt hvert år, "
        f"mest i {most} ({kroner(shadow.by_year[most])})"
    )


def _unit(scenario: Scenario, shadow: ShadowPrice) -> str:
    """What there is one more, or one fewer, of."""
    match shadow.code, shadow.subject:
        case "C2", (j, p):
            title = scenario.care_types[p].title
            site = _title(scenario.sites, j)
            return f"Én plass mer ved {site} ({title}), før drift og bemanning av den"
        case "C8", _:
            return "Én plass lavere dekningsmål"
        case "C9", (g,):
            return f"Én plass lavere dekningsmål i kjernen {_title(scenario.cores, g)}"
        case "C10", (e,):
            return f"Ett årsverk mer{_group(e)}"
        case "C11", _:
            return "Én krone mer i årets investeringsramme"
        case "C12", _:
            return "Én krone mer i den samlede investeringsrammen"
        case "C13", _:
            return "Én krone mer i driftsrammen"
        case _, (p, *_):
            return f"Én plass færre å beholde av typen {_title(scenario.care_types, p)}"
    raise AssertionError(shadow.code)
