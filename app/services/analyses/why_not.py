"""Runs of kind `why_not`: the difference one project makes, and where the answer turns."""

from collections.abc import Iterator
from typing import Any

from app.schemas.answers.why_not import WhyNotAnswer
from app.schemas.parameters import WhyNotParameters
from app.schemas.scenario import ProjectSpec, Scenario
from app.services.analyses.price import NO_PLAN
from app.services.answer_document import make_answer
from app.services.difference_document import make_difference, make_figures
from app.services.difference_words import effect, plan_in_words
from app.services.instances import make_instance
from app.services.patches import patch_of_force
from app.services.words import kroner, percent
from solver.analysis.session import Session
from solver.analysis.why_not import BreakEven, Force, Price, WhyNot, why_not
from solver.domain.result import Outcome, SolveOptions, Watcher

UNKNOWN = "en ukjent grense"
LIFTED = {
    "forbidden_projects": "Forbudet mot prosjektet er da satt til side.",
    "required_projects": "Kravet om prosjektet er da satt til side.",
    "allowed_ownership": "Eierformen er da tillatt for dette prosjektet, ikke for andre.",
}


def answer(
    scenario: Scenario, parameters: WhyNotParameters, options: SolveOptions, watcher: Watcher
) -> dict[str, Any]:
    """What a project in or out changes, as a `WhyNotAnswer`.

    Raises as `solve_scenario` does.
    """
    instance = make_instance(scenario)
    session = Session(options, watcher, 1)
    k = parameters.project
    force = None if parameters.force is None else Force(parameters.force)
    found = why_not(instance, k, force, parameters.opens, session)
    return make_answer(
        WhyNotAnswer,
        {
            "project": k,
            "force": found.force.value,
            "opens": found.opens,
            "chosen": found.chosen,
            "lifted": list(found.lifted),
            "patch": patch_of_force(scenario, k, found.force, found.opens),
            "figures": make_figures(found.base),
            "forced_outcome": None if found.forced is None else found.forced.outcome.value,
            "forced_figures": make_figures(found.forced),
            "difference": make_difference(scenario, found.difference),
            "break_evens": [_break_even(even) for even in found.break_evens],
        },
        text=list(_text(scenario, k, found)),
        outcome=found.outcome,
        session=session,
        scenario=scenario,
        instance=instance,
    )


def _break_even(even: BreakEven) -> dict[str, Any]:
    return {
        "price": even.price.value,
        "change": even.change,
        "low": even.interval.low,
        "high": even.interval.high,
        "change_nok": even.change_nok,
        "investment_nok": even.investment_nok,
        "complete": even.complete,
    }


def _text(scenario: Scenario, k: str, found: WhyNot) -> Iterator[str]:
    if found.base.plan is None:
        yield NO_PLAN[found.base.outcome.value]
        return
    if found.outcome is Outcome.DISMISSED:
        yield "Kjøringen ble avbrutt; dette er det den rakk."
    project = (scenario.projects or {})[k]
    opened = found.base.plan.opens.get(k)
    state = "åpner ikke" if opened is None else f"åpner i {opened}"
    yield f"Planen koster {plan_in_words(found.base)}. «{project.title}» {state} i den."
    if found.chosen:
        yield "Planen gjør alt det du spør om, så det er ingen forskjell."
    else:
        yield f"{_asked(project, found)}: {effect(scenario, found.forced, found.difference)}."
        yield from (LIFTED[policy] for policy in found.lifted)
        yield from _outside(project, found)
    yield from _turning(project, found)


def _asked(project: ProjectSpec, found: WhyNot) -> str:
    if found.force is Force.OUT:
        return f"Uten «{project.title}»"
    year = "" if found.opens is None else f" i {found.opens}"
    return f"Hvis «{project.title}» må åpne{year}"


def _outside(project: ProjectSpec, found: WhyNot) -> Iterator[str]:
    opens, own = found.opens, project.opens
    if opens is None or own is None:
        return
    if own.earliest is not None and opens < own.earliest:
        yield f"Det er da sett bort fra at prosjektet tidligst kan åpne i {own.earliest}."
    if own.latest is not None and opens > own.latest:
        yield f"Det er da sett bort fra at prosjektet senest kan åpne i {own.latest}."


def _turning(project: ProjectSpec, found: WhyNot) -> Iterator[str]:
    """Where the answer turns."""
    if found.opens is not None and found.break_evens:
        yield f"Prisendringene under gjelder bare når det åpner i {found.opens}."
    for even in found.break_evens:
        words = _investment if even.price is Price.INVESTMENT else _operating
        yield words(project, even) + _uncertain(even)
    if not found.break_evens:
        yield _no_turning(found)


def _no_turning(found: WhyNot) -> str:
    if found.outcome in (Outcome.FEASIBLE, Outcome.DISMISSED):
        return "Det rakk ikke å bli funnet hvor svaret snur."
    if found.forced is not None and found.forced.plan is not None and not found.chosen:
        return "Ingen pris på prosjektet kan endre svaret."
    return "Uten to planer å sammenlikne er det ingen pris der svaret snur."


def _investment(project: ProjectSpec, even: BreakEven) -> str:
    if even.change is None:
        return "Selv om investeringen var gratis, ville prosjektet ikke lønne seg."
    nok = f"{kroner(abs(even.change_nok or 0))} av {kroner(even.investment_nok)}"
    share = percent(abs(even.change), 1)
    if even.change < 0:
        return f"Investeringen må bli {share} lavere ({nok}) før prosjektet lønner seg."
    return f"Investeringen kan bli {share} høyere ({nok}) før prosjektet ikke lenger lønner seg."


def _operating(project: ProjectSpec, even: BreakEven) -> str:
    assert even.change is not None
    nok, today = kroner(abs(even.change)), project.operating_cost_nok or 0
    if even.change >= 0:
        return (
            f"Fast driftskostnad kan bli {nok} høyere i året før prosjektet ikke lenger lønner seg."
        )
    subsidy = " (mer enn den er i dag, altså et årlig tilskudd)" if -even.change > today else ""
    return f"Eller fast driftskostnad må bli {nok} lavere i året{subsidy}."


def _uncertain(even: BreakEven) -> str:
    """What the gaps leave open, and what time left open."""
    if even.change is None:
        return "" if even.complete else " Tiden tok slutt før det var sikkert."
    low, high = (_shown(even.price, end) for end in (even.interval.low, even.interval.high))
    spread = f" Med planenes avvik ligger punktet mellom {low} og {high}."
    exact = low == high != UNKNOWN
    late = "" if even.complete else " Tiden tok slutt før søket var ferdig."
    return ("" if exact else spread) + late


def _shown(price: Price, change: float | None) -> str:
    if change is None:
        return UNKNOWN
    return percent(change, 1) if price is Price.INVESTMENT else kroner(change)
