"""Kind `stress`: one plan against many futures."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.schemas.answers.stress import StressAnswer
from app.schemas.parameters import DecidedProject, StressParameters
from app.schemas.scenario import Scenario
from app.services.answer_document import make_answer
from app.services.checking import check_scenario
from app.services.futures import PlannedFuture, planned_futures
from app.services.instances import make_instance
from app.services.plan_document import make_plan
from app.services.words import millions, number
from solver.analysis.session import Session
from solver.analysis.stress import (
    Break,
    Candidate,
    Comparison,
    Stress,
    Trial,
    stress_plan,
)
from solver.domain.futures import Decisions, Delay, Future
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, SolveOptions, Watcher

Document = dict[str, Any]
Planned = Mapping[str, PlannedFuture]

UNITS = {"places": "plasser", "fte": "årsverk", "nok": "kr", "years": "år", "count": ""}
MOST_LINES = 20  # of rules that break, in the text; the document has them all


def answer(
    scenario: Scenario,
    parameters: StressParameters,
    options: SolveOptions,
    watcher: Watcher,
) -> Document:
    """The result document of kind `stress`."""
    instance = make_instance(scenario)
    planned = {future.name: future for future in planned_futures(scenario, parameters)}
    futures = [_future(instance, one) for one in planned.values()]
    price = parameters.missing_place_year_nok
    session = Session(replace(options, seek_conflict=False), watcher, parts=len(futures))
    found = stress_plan(
        instance,
        futures,
        None if parameters.plan is None else _decisions(parameters.plan),
        scenario.objective.unmet_place_year_nok or 0.0 if price is None else price,
        session,
    )
    base = found.base
    return make_answer(
        StressAnswer,
        {
            "plan": None if base is None else make_plan(scenario, instance, base),
            **_found(found, planned),
        },
        text=list(_text(found, planned, scenario)),
        outcome=_outcome(found, session),
        session=session,
        scenario=scenario,
        instance=instance,
    )


def _future(instance: SitingInstance, planned: PlannedFuture) -> Future:
    if planned.late is None:
        other = make_instance(check_scenario(planned.document))
        return Future(planned.name, other, planned.weight)
    k, years = planned.late
    project = instance.projects[k]
    later = replace(project, earliest=max(project.earliest, instance.years[0]) + years)
    other = replace(instance, projects={**instance.projects, k: later})
    return Future(planned.name, other, planned.weight, Delay(k, years))


def _decisions(plan: Mapping[str, DecidedProject]) -> Decisions:
    return Decisions(
        opens={k: project.opens for k, project in sorted(plan.items())},
        places={
            (k, p, int(t)): places
            for k, project in sorted(plan.items())
            for p, series in sorted(project.places.items())
            for t, places in sorted(series.items())
            if places
        },
    )


def _outcome(found: Stress, session: Session) -> Outcome:
    """optimal: each future was reached, and its own plan, if there is one, proven."""
    if found.base is not None and found.base.plan is None:
        return found.base.outcome
    if session.dismissed:
        return Outcome.DISMISSED
    solved = [*found.own.values(), *([found.base] if found.base is not None else [])]
    proven = all(one.outcome in (Outcome.OPTIMAL, Outcome.INFEASIBLE) for one in solved)
    reached = not found.skipped and set(_concerning(found)) <= set(found.own)
    reached = reached and len(found.compared_in) == len(found.futures)
    return Outcome.OPTIMAL if proven and reached else Outcome.FEASIBLE


def _concerning(found: Stress) -> list[str]:
    """Futures in which something is other than planned for the plan that is stressed."""
    if found.plan is None:
        return []
    decisions = found.plan.decisions
    return [future.name for future in found.futures if future.concerns(decisions)]


def _found(found: Stress, planned: Planned) -> Document:
    if found.plan is None:
        return {
            "breaks_as_planned": [],
            "futures": {},
            "not_reached": list(found.skipped),
            "breaks": [],
            "compared_in": [],
            "plans": [],
            "least_expected_cost": None,
            "least_regret": None,
        }
    plan = found.plan
    best = _best_by_future(found)
    concerning = set(_concerning(found))
    return {
        "breaks_as_planned": [_break(one) for one in plan.as_planned.breaks],
        "futures": {
            name: {
                "title": planned[name].title,
                "family": planned[name].family,
                "weight": planned[name].weight,
                "concerns_plan": name in concerning,
                **_trial(trial, plan.as_planned),
                "regret_nok": trial.cost_nok - best[name] if name in best else None,
                **_own(found, name),
            }
            for name, trial in plan.trials.items()
        },
        "not_reached": list(found.skipped),
        "breaks": _summaries(found, plan),
        "compared_in": list(found.compared_in),
        "plans": [_compared(one) for one in found.comparisons],
        "least_expected_cost": found.cheapest,
        "least_regret": found.safest,
    }


def _best_by_future(found: Stress) -> dict[str, float]:
    """By what the plan's regret is counted: its own cost less that regret."""
    adoptable = [one.candidate for one in found.comparisons if one.candidate.adoptable]
    compared = adoptable or [one.candidate for one in found.comparisons]
    return {
        name: min(candidate.trials[name].cost_nok for candidate in compared)
        for name in found.compared_in
        if compared
    }


def _trial(trial: Trial, as_planned: Trial) -> Document:
    return {
        "breaks": [_break(one) for one in trial.breaks],
        "missing_places": {str(t): places for t, places in trial.missing.items()},
        "cost_nok": trial.cost_nok,
        "extra_cost_nok": trial.cost_nok - as_planned.cost_nok,
    }


def _own(found: Stress, name: str) -> Document:
    result = found.own.get(name)
    return {
        "own_plan": None if result is None else result.outcome.value,
        "own_plan_cost_nok": None if result is None else result.objective_nok,
    }


def _break(one: Break) -> Document:
    return {
        "code": one.code,
        "claim": one.claim,
        "where": list(one.where),
        "year": one.year,
        "amount": one.amount,
        "unit": one.unit,
    }


def _summaries(found: Stress, plan: Candidate) -> list[Document]:
    """Rules that break, by year and place, those that break most often first."""
    concerning = _concerning(found)
    by_rule: dict[tuple[Any, ...], list[tuple[float, str, Break]]] = defaultdict(list)
    for name in concerning:
        for one in plan.trials[name].breaks:
            by_rule[one.code, one.claim, one.where, one.year].append((one.amount, name, one))
    summaries = []
    for broken in by_rule.values():
        amount, name, one = max(broken, key=lambda each: each[0])
        summaries.append(
            {
                **{key: value for key, value in _break(one).items() if key != "amount"},
                "futures": len(broken),
                "of_futures": len(concerning),
                "worst_amount": amount,
                "worst_in": name,
            }
        )
    return sorted(summaries, key=lambda s: (-s["futures"], s["year"] or 0, s["code"], s["where"]))


def _compared(one: Comparison) -> Document:
    candidate = one.candidate
    return {
        "cheapest_in": candidate.source,
        "opened": dict(sorted(candidate.decisions.opens.items())),
        "adoptable": candidate.adoptable,
        "cost_as_planned_nok": candidate.as_planned.cost_nok,
        "expected_cost_nok": one.expected_nok,
        "largest_regret_nok": one.regret_nok,
        "largest_regret_in": one.regret_in,
        "breaks": sum(bool(trial.breaks) for trial in candidate.trials.values()),
    }


def _text(found: Stress, planned: Planned, scenario: Scenario) -> Iterator[str]:
    if found.plan is None:
        yield _without_trials(found)
        return
    concerning, plan = _concerning(found), found.plan
    broken = [name for name in concerning if plan.trials[name].breaks]
    yield (
        f"Planen er prøvd i {len(found.futures)} framtider, hvorav {len(concerning)} angår den. "
        f"I {len(broken)} av dem brytes minst ett krav."
    )
    if plan.as_planned.breaks:
        yield "Den bryter krav også når alt går som planlagt; se «breaks_as_planned»."
    summaries = _summaries(found, plan)
    yield from (f"  • {_summary(one, planned, scenario)}" for one in summaries[:MOST_LINES])
    if len(summaries) > MOST_LINES:
        yield f"  … og {len(summaries) - MOST_LINES} til; svaret har alle."
    dearest = max(concerning, key=lambda name: plan.trials[name].cost_nok, default=None)
    if dearest is not None:
        extra = plan.trials[dearest].cost_nok - plan.as_planned.cost_nok
        yield f"Dyrest blir {planned[dearest].title}: {millions(extra)} mer enn planlagt."
    yield from _best(found, planned)
    if found.skipped:
        yield f"{len(found.skipped)} framtider ble ikke rukket: {', '.join(found.skipped)}."
    if not any(one.family == "life_years" for one in planned.values()):
        yield (
            "Hvor mye av de ekstra leveårene som gir behov, er ikke prøvd: det er ikke oppgitt "
            "hvor mange innbyggere som kommer av lengre liv («constant_mortality_totals»)."
        )


def _without_trials(found: Stress) -> str:
    if found.base is not None and found.base.outcome is Outcome.INFEASIBLE:
        return (
            "Ingen plan oppfyller alle kravene i scenariet, så det er ingen plan å prøve; bruk "
            "«flerkjerne explain» for å se hva som må gi etter."
        )
    return "Tiden tok slutt, eller kjøringen ble avbrutt, før noen framtid var prøvd."


def _summary(one: Document, planned: Planned, scenario: Scenario) -> str:
    where = "".join(f" {_named(scenario, part)}" for part in one["where"])
    when = "" if one["year"] is None else f" i {one['year']}"
    amount = (
        millions(one["worst_amount"])
        if one["unit"] == "nok"
        else f"{number(one['worst_amount'], 1)} {UNITS[one['unit']]}".rstrip()
    )
    return (
        f"{one['claim']} ({one['code']}){where}{when}: brytes i {one['futures']} av "
        f"{one['of_futures']}, verst med {amount} ({planned[one['worst_in']].title})"
    )


def _named(scenario: Scenario, part: str) -> str:
    project = (scenario.projects or {}).get(part)
    return f"«{project.title}»" if project is not None else f"«{part}»"


def _best(found: Stress, planned: Planned) -> Iterator[str]:
    if found.cheapest is None or found.safest is None:
        yield (
            "Ingen av planene som er sammenliknet, holder de andre kravene i scenariet."
            if found.comparisons
            else "Det ble ikke tid til å sammenlikne planen med andre."
        )
        return
    if len(found.compared_in) < len(found.futures):
        yield f"Det ble tid til å sammenlikne planer i {len(found.compared_in)} av framtidene."
    concerning, count = _concerning(found), len(found.comparisons)
    if len(found.own) < len(concerning):
        yield (
            f"Den billigste planen ble funnet for {len(found.own)} av {len(concerning)} framtider; "
            "til resten ble det ikke tid."
        )
    if count == 1:
        yield "Det er ingen annen plan å sammenlikne med."
        return
    yield (
        f"{count} planer er sammenliknet: denne, og den billigste for hver framtid som angår den. "
        "En plan utenom disse kan være bedre enn dem alle."
    )
    for words, place in (("lavest ventet kostnad", found.cheapest), ("minst anger", found.safest)):
        best, plan = found.comparisons[place], found.comparisons[0]
        source = best.candidate.source
        which = "denne planen" if source is None else f"den billigste for {planned[source].title}"
        yield (
            f"  • {words}: {which}; ventet {millions(best.expected_nok)} "
            f"(denne {millions(plan.expected_nok)}), største anger {millions(best.regret_nok)} "
            f"(denne {millions(plan.regret_nok)})"
        )
