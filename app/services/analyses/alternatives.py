"""Kind `alternatives`: plans nearly as good as the cheapest, and the no-regret list."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.schemas.answers.alternatives import AlternativesAnswer
from app.schemas.parameters import AlternativesParameters
from app.schemas.scenario import Scenario
from app.services.answer_document import make_answer
from app.services.instances import make_instance
from app.services.plan_document import make_plan
from app.services.words import millions, number, percent
from solver.analysis.alternatives import (
    Alternative,
    Alternatives,
    Ended,
    NoRegret,
    Waiting,
    find_alternatives,
    make_session,
    outcome_of,
)
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, SolveOptions, Watcher

Document = dict[str, Any]

ENDINGS = {
    Ended.EXHAUSTED: "Flere finnes ikke: alle andre planer innenfor andelen åpner alt som en av "
    "disse åpner.",
    Ended.UNDECIDED: "Flere ble ikke funnet. Avviket i beregningen gir rom for at det finnes "
    "flere; et mindre avvik avgjør det.",
    Ended.STOPPED: "Søket ble stanset før det var ferdig, så det kan finnes flere.",
}


def answer(
    scenario: Scenario,
    parameters: AlternativesParameters,
    options: SolveOptions,
    watcher: Watcher,
) -> Document:
    """The result document of kind `alternatives`."""
    instance = make_instance(scenario)
    session = make_session(options, watcher)
    found = find_alternatives(instance, parameters.n, parameters.within, session)
    titles = {k: project.title for k, project in (scenario.projects or {}).items()}
    return make_answer(
        AlternativesAnswer,
        {
            "limit_nok": found.limit_nok,
            "plans": [_plan(scenario, instance, found, plan) for plan in found.plans],
            "ended": found.ended.value,
            "no_regret": _no_regret(instance, found, titles),
        },
        text=list(_text(parameters, instance, found, titles)),
        outcome=outcome_of(found, session),
        session=session,
        scenario=scenario,
        instance=instance,
    )


def _plan(
    scenario: Scenario, instance: SitingInstance, found: Alternatives, plan: Alternative
) -> Document:
    cost = plan.result.objective_nok
    assert cost is not None
    return {
        "opened": dict(sorted(plan.opens.items())),
        "objective_nok": cost,
        "extra_cost_nok": _extra(found, cost),
        "extra_cost_share": _extra_share(found, cost),
        "distance_to_cheapest": len(found.plans[0].opened - plan.opened),
        "distance_to_nearest": plan.nearest,
        "farthest": plan.farthest,
        "plan": make_plan(scenario, instance, plan.result),
    }


def _extra(found: Alternatives, cost: float) -> float:
    assert found.base.objective_nok is not None
    return cost - found.base.objective_nok


def _extra_share(found: Alternatives, cost: float) -> float | None:
    base = found.base.objective_nok
    return _extra(found, cost) / abs(base) if base else None


def _no_regret(
    instance: SitingInstance, found: Alternatives, titles: Mapping[str, str]
) -> Document:
    lists: Document = {"in_all": {}, "in_most": {}, "in_some": {}, "in_none": {}}
    if not found.plans:
        return lists
    for one in found.no_regret:
        lists["in_all"][one.project] = {
            "title": titles[one.project],
            "indispensable": one.indispensable,
            "waiting": _waiting(instance, found, one),
        }
    for k in instance.projects:
        name = _list_of(found.share(k))
        if name != "in_all":
            plans = sum(k in plan.opened for plan in found.plans)
            lists[name][k] = {"title": titles[k], "plans": plans, "share": found.share(k)}
    return lists


def _list_of(share: float) -> str:
    if share == 1:
        return "in_all"
    if share == 0:
        return "in_none"
    return "in_most" if share > 1 / 2 else "in_some"


def _waiting(instance: SitingInstance, found: Alternatives, one: NoRegret) -> Document:
    waiting, later = one.waiting, one.waiting.later
    possible = None
    if later is not None and later.outcome is Outcome.INFEASIBLE:
        possible = False
    elif later is not None and later.plan is not None:
        possible = True
    cost = None if later is None else later.objective_nok
    bound = None if later is None else later.dual_bound_nok
    return {
        "opens_in_cheapest": found.plans[0].opens[one.project],
        "latest_opening_year": waiting.latest_opening,
        "lead_years": waiting.latest_opening - waiting.latest_decision,
        "latest_decision_year": waiting.latest_decision,
        "complete": waiting.complete,
        "one_year_later_possible": possible,
        "one_year_later_costs_nok": None if cost is None else _extra(found, cost),
        "one_year_later_costs_at_least_nok": None if bound is None else _extra(found, bound),
    }


def _text(
    parameters: AlternativesParameters,
    instance: SitingInstance,
    found: Alternatives,
    titles: Mapping[str, str],
) -> Iterator[str]:
    if not found.plans:
        yield _without_plan(found.base.outcome)
        return
    yield (
        f"{_counted(len(found.plans), 'plan', 'planer')} koster høyst "
        f"{percent(parameters.within, 1)} mer enn den billigste "
        f"({millions(found.base.objective_nok)}) og åpner ulike prosjekter."
    )
    for place, plan in enumerate(found.plans, start=1):
        yield f"  {place}. {_told(found, plan, titles)}"
    if found.ended in ENDINGS:
        yield ENDINGS[found.ended]
    yield from _common(instance, found, titles)


def _without_plan(outcome: Outcome) -> str:
    if outcome is Outcome.INFEASIBLE:
        return (
            "Ingen plan oppfyller alle kravene i scenariet, så det finnes ingen alternativer; bruk "
            "«flerkjerne explain» for å se hva som må gi etter."
        )
    return "Ingen plan ble funnet innen grensene, så det er ingenting å finne alternativer til."


def _told(found: Alternatives, plan: Alternative, titles: Mapping[str, str]) -> str:
    assert plan.result.objective_nok is not None
    cost = plan.result.objective_nok
    if plan.nearest is None:
        return f"Den billigste åpner {_names(plan.opened, titles)}."
    cheapest = found.plans[0].opened
    more, less = plan.opened - cheapest, cheapest - plan.opened
    changes = [f"åpner {_names(more, titles)}"] if more else []
    changes += [f"lar være {_names(less, titles)}"] if less else []
    far = "" if plan.farthest else " (det er ikke bevist at ingen er ulikere)"
    return (
        f"{millions(_extra(found, cost))} dyrere ({percent(_extra_share(found, cost), 2)}), "
        f"uten minst {_counted(plan.nearest, 'prosjekt', 'prosjekter')} fra hver av planene "
        f"før{far}. Mot den billigste: {'; '.join(changes)}."
    )


def _common(
    instance: SitingInstance, found: Alternatives, titles: Mapping[str, str]
) -> Iterator[str]:
    if len(found.plans) == 1:
        yield "Med bare én plan sier lista under hva den åpner, ikke hva som er trygt å åpne."
    if not found.no_regret:
        yield "Ingen prosjekter åpnes i alle planene."
    else:
        gap = percent(found.base.options.mip_gap, 2)
        yield f"Åpnes i alle planene (uten tap: innenfor avviket i beregningen, {gap}):"
    for one in found.no_regret:
        yield f"  • «{titles[one.project]}»: {_decided(found, one)}"
    for name, words in (("in_most", "de fleste av"), ("in_none", "ingen av")):
        named = [k for k in instance.projects if _list_of(found.share(k)) == name]
        if named:
            yield f"Åpnes i {words} planene: {_names(named, titles)}."


def _decided(found: Alternatives, one: NoRegret) -> str:
    waiting = one.waiting
    if one.indispensable:
        kept = "ingen plan innenfor andelen klarer seg uten. "
    elif one.indispensable is None:
        kept = "det er ikke avgjort om noen plan innenfor andelen klarer seg uten. "
    else:
        kept = "en annen plan innenfor andelen klarer seg uten. "
    unfinished = "" if waiting.complete else " eller senere (ikke ferdig regnet)"
    return (
        f"{kept}Kan åpne så sent som i {waiting.latest_opening}{unfinished} uten tap, og må da "
        f"vedtas i {waiting.latest_decision}. {_later(found, waiting)}".rstrip()
    )


def _later(found: Alternatives, waiting: Waiting) -> str:
    later = waiting.later
    if later is None:
        return ""
    if later.outcome is Outcome.INFEASIBLE:
        return "Året etter er for sent: da holder ingen plan kravene."
    if later.objective_nok is None:
        return ""
    return f"Ett år til koster {millions(_extra(found, later.objective_nok))}."


def _names(projects: Any, titles: Mapping[str, str]) -> str:
    return ", ".join(f"«{titles[k]}»" for k in sorted(projects)) or "ingenting"


def _counted(count: int, one: str, several: str) -> str:
    return f"{number(count, 0)} {one if count == 1 else several}"
