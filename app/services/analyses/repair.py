"""Kind `repair`: what must give way for an infeasible scenario to have a plan."""

from typing import Any

from app.schemas.answers.repair import RepairAnswer
from app.schemas.merge_patch import merge_patch
from app.schemas.parameters import RepairParameters
from app.schemas.scenario import Scenario
from app.services.answer_document import make_answer
from app.services.checking import check_scenario
from app.services.instances import make_instance
from app.services.plan_document import conflict_set
from app.services.repair_patch import repair_patch
from app.services.repair_words import RepairWords
from app.services.words import kroner, listed, percent
from solver.analysis.repair import holds, repair_instance
from solver.analysis.session import Session
from solver.domain.errors import ScenarioInvalid, VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.repair import Relaxation, Repair, Repairs
from solver.domain.result import Outcome, SolveOptions, Watcher, relative_gap
from solver.domain.rules import RULES, USUAL_TERMS, RuleClass, RuleName, RuleTerms

Document = dict[str, Any]
Terms = dict[RuleName, RuleTerms]

_ABOUT = {
    RuleName.EXCLUSIONS: ("project", "other_project"),
    RuleName.REQUIREMENTS: ("project", "other_project"),
    RuleName.OPENING_YEARS: ("project",),
    RuleName.REQUIRED_PROJECTS: ("project",),
    RuleName.FORBIDDEN_PROJECTS: ("project",),
    RuleName.ALLOWED_OWNERSHIP: ("ownership",),
    RuleName.CORE_COVERAGE: ("core",),
    RuleName.STAFF: ("staff_group",),
    RuleName.KEEP_PLACES: ("care_type",),
}


def answer(
    scenario: Scenario, parameters: RepairParameters, options: SolveOptions, watcher: Watcher
) -> Document:
    """The repairs of a scenario, each with a patch that has been tried.

    Raises VerificationFailed when a patched scenario does not hold: that is a fault of ours.
    """
    instance = make_instance(scenario)
    terms = _terms(scenario)
    session = Session(options, watcher, parts=2 + parameters.alternatives)
    found = repair_instance(instance, terms, parameters.alternatives, session)
    words = RepairWords(scenario, instance)
    repairs = [_repair(scenario, instance, found, repair, words, terms) for repair in found.repairs]
    return make_answer(
        RepairAnswer,
        {
            "repairs": repairs,
            "bound_nok": found.bound_nok,
            "complete": found.complete,
            "conflict": conflict_set(found.conflict),
        },
        text=_text(found, repairs),
        outcome=found.outcome,
        session=session,
        scenario=scenario,
        instance=instance,
    )


def _terms(scenario: Scenario) -> Terms:
    """Every rule's class and price, the scenario's own where it has one."""
    terms = dict(USUAL_TERMS)
    for name, given in (scenario.rules or {}).items():
        rule = RuleName(name)
        usual = terms[rule].rule_class
        chosen = usual if given.rule_class is None else RuleClass(given.rule_class)
        terms[rule] = RuleTerms(chosen, given.price_nok_per_unit)
    return terms


def _repair(
    scenario: Scenario,
    instance: SitingInstance,
    found: Repairs,
    repair: Repair,
    words: RepairWords,
    terms: Terms,
) -> Document:
    patch = repair_patch(scenario, instance, repair, found.unmet_place_year_nok)
    _try(scenario, repair, patch)
    return {
        "price": repair.price_nok,
        "proven": repair.proven,
        "minimal": repair.minimal,
        "relaxations": [_relaxation(one, words, terms) for one in repair.relaxations],
        "text": words.by_rule(repair),
        "patch": patch,
    }


def _try(scenario: Scenario, repair: Repair, patch: Document) -> None:
    """Apply a patch, check the scenario, and verify the repair's plan in it."""
    try:
        patched = check_scenario(merge_patch(scenario.plain(), patch))
    except ScenarioInvalid as error:
        raise VerificationFailed(f"lempingen gir et ugyldig scenario: {error.detail}") from error
    if not holds(make_instance(patched), repair):
        raise VerificationFailed("planen holder ikke i scenariet med lempingen")


def _relaxation(relaxation: Relaxation, words: RepairWords, terms: Terms) -> Document:
    kind = RULES[relaxation.rule]
    names = _ABOUT.get(relaxation.rule, ())
    asked, given = relaxation.asked, relaxation.given
    return {
        "rule": kind.code,
        "name": relaxation.rule.value,
        "class": terms[relaxation.rule].rule_class.value,
        "about": dict(zip(names, relaxation.about, strict=True)),
        "year": relaxation.year,
        "unit": kind.unit.value,
        "amount": float(relaxation.amount),
        "asked": None if asked is None else float(asked),
        "given": None if given is None else float(given),
        "price_nok": relaxation.price_nok,
        "text": words.of(relaxation),
    }


def _text(found: Repairs, repairs: list[Document]) -> list[str]:
    lines = [_opening(found)]
    for index, (repair, document) in enumerate(zip(found.repairs, repairs, strict=True)):
        lines.append(_heading(found, repair, is_first=index == 0))
        lines += [f"  • {sentence}" for sentence in document["text"]]
    if found.conflict is not None:
        irreducible = found.conflict.irreducible
        least = "Ingen av dem kan unnværes" if irreducible else "Det er ikke vist at alle trengs"
        rules = listed([f"{rule.text} ({rule.code})" for rule in found.conflict.rules])
        lines.append(f"Regler som ikke kan holde sammen: {rules}. {least}.")
    elif found.repairs:
        lines.append("Hvilke regler som ikke kan holde sammen, er ikke undersøkt.")
    if found.repairs and not found.complete:
        lines.append("Det ble ikke tid til å lete etter alle de andre lempingene som var ønsket.")
    return lines


def _opening(found: Repairs) -> str:
    if found.repairs:
        return (
            "Scenariet har ingen plan som det står. Det som må gi etter, med prisen som gjør "
            "reglene sammenlignbare (et mål på hvor mye som lempes, ikke en kostnad):"
        )
    if found.outcome is Outcome.OPTIMAL:
        return "Scenariet lar seg gjennomføre som det står; ingenting må gi etter."
    if found.outcome is Outcome.INFEASIBLE:
        return "Scenariet har ingen plan, heller ikke om alt som kan lempes, blir lempet."
    if found.outcome is Outcome.DISMISSED:
        return "Kjøringen ble avbrutt før noe som kan lempes, var funnet."
    return "Det ble ikke tid til å finne noe som kan lempes. Gi lengre tid."


def _heading(found: Repairs, repair: Repair, *, is_first: bool) -> str:
    price = kroner(repair.price_nok)
    if not is_first:
        proof = "" if repair.proven else ", kanskje ikke den billigste med disse reglene"
        return f"En annen mulighet, pris {price}{proof}:"
    if repair.proven:
        return f"Billigst, pris {price} (bevist):"
    gap = percent(relative_gap(repair.price_nok, found.bound_nok), 1)
    return f"Billigst som ble funnet, pris {price}; det billigste er høyst {gap} lavere:"
