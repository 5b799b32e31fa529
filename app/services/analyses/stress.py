"""Kind `stress`: one plan against many futures."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from app.services.stress_words import stress_text
from solver.analysis.parts import What, work_on_parts
from solver.analysis.session import Session
from solver.analysis.stress import Best, Comparison, Stress, stress_plan
from solver.analysis.trial import Break, Trial
from solver.analysis.trials import Candidate
from solver.domain.crew import Json
from solver.domain.futures import Decisions, Delay, Future
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, SolveOptions, Watcher

Document = dict[str, Any]
Planned = Mapping[str, PlannedFuture]

PROVEN = 1e-6  # beyond the gap asked for, as of a plan: the solver's feasibility tolerance


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
    session = Session(replace(options, seek_conflict=False), watcher, parts=len(futures))
    found = stress_plan(
        instance,
        futures,
        None if parameters.plan is None else _decisions(parameters.plan),
        _missing_place_year_nok(scenario, parameters),
        session,
    )
    base = found.base
    return make_answer(
        StressAnswer,
        {
            "plan": None if base is None else make_plan(scenario, instance, base),
            **(document := _found(found, planned, options.mip_gap)),
        },
        text=list(stress_text(found, document, planned, scenario)),
        outcome=_outcome(found, session),
        session=session,
        scenario=scenario,
        instance=instance,
    )


def answer_parts(
    scenario: Scenario,
    parameters: StressParameters,
    whats: Sequence[What],
    options: SolveOptions,
    watcher: Watcher,
) -> list[Json | None]:
    """The answers to parts of a stress that another process works on; None where there is none."""
    instance = make_instance(scenario)
    named = {what["future"] for what in whats}
    futures = {
        one.name: _future(instance, one)
        for one in planned_futures(scenario, parameters)
        if one.name in named
    }
    session = Session(replace(options, seek_conflict=False), watcher, parts=len(whats))
    price = _missing_place_year_nok(scenario, parameters)
    return work_on_parts(whats, instance, futures, price, session)


def _missing_place_year_nok(scenario: Scenario, parameters: StressParameters) -> float:
    price = parameters.missing_place_year_nok
    return scenario.objective.unmet_place_year_nok or 0.0 if price is None else price


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
    """optimal: each future was reached, and what the answer rests on is proven."""
    if found.base is not None and found.base.plan is None:
        return found.base.outcome
    if session.dismissed:
        return Outcome.DISMISSED
    proven = found.base is None or found.base.outcome is Outcome.OPTIMAL
    best = all(_proven(one, session.options.mip_gap) for one in (found.expected, found.regret))
    return Outcome.OPTIMAL if proven and best and not found.skipped else Outcome.FEASIBLE


def _proven(best: Best | None, gap: float) -> bool:
    return best is not None and best.gap is not None and best.gap <= gap + PROVEN


def _concerning(found: Stress) -> list[str]:
    """Futures in which something is other than planned for the plan that is stressed."""
    if found.plan is None:
        return []
    decisions = found.plan.decisions
    return [future.name for future in found.futures if future.concerns(decisions)]


def _found(found: Stress, planned: Planned, gap: float) -> Document:
    if found.plan is None:
        return {
            "breaks_as_planned": [],
            "futures": {},
            "not_reached": list(found.skipped),
            "breaks": [],
            "plans": [],
            "least_expected_cost": None,
            "least_regret": None,
            "expected": None,
            "regret": None,
        }
    plan = found.plan
    best = found.best_known
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
        "plans": [_compared(one) for one in found.comparisons],
        "least_expected_cost": found.cheapest,
        "least_regret": found.safest,
        "expected": _best(found, found.expected, gap),
        "regret": _best(found, found.regret, gap),
    }


def _best(found: Stress, best: Best | None, gap: float) -> Document | None:
    if best is None or found.plan is None:
        return None
    decisions = found.comparisons[best.place].candidate.decisions
    return {
        "plan": best.place,
        "value_nok": best.value_nok,
        "most_nok": best.most_nok,
        "lower_bound_nok": best.bound_nok,
        "gap": best.gap,
        "proven": _proven(best, gap),
        "projects": {k: _project(decisions, k) for k in sorted(decisions.opens)},
        "otherwise": list(_otherwise(found.plan.decisions, decisions)),
    }


def _project(decisions: Decisions, k: str) -> Document:
    places: dict[str, dict[str, int]] = {}
    for (project, p, t), count in sorted(decisions.places.items()):
        if project == k:
            places.setdefault(p, {})[str(t)] = count
    return {"opens": decisions.opens[k], "places": places}


def _otherwise(planned: Decisions, decisions: Decisions) -> Iterator[Document]:
    """Projects of which anything is decided otherwise."""
    for k in sorted(planned.opens.keys() | decisions.opens.keys()):
        before, after = (_course(each, k) for each in (planned, decisions))
        if (planned.opens.get(k), before) != (decisions.opens.get(k), after):
            yield {
                "project": k,
                "planned_opens": planned.opens.get(k),
                "planned_places": max(before.values(), default=0),
                "opens": decisions.opens.get(k),
                "places": max(after.values(), default=0),
            }


def _course(decisions: Decisions, k: str) -> dict[tuple[str, int], int]:
    """{(care type, year): places} of a project."""
    return {(p, t): n for (project, p, t), n in decisions.places.items() if project == k}


def _trial(trial: Trial, as_planned: Trial) -> Document:
    return {
        "breaks": [_break(one) for one in trial.breaks],
        "missing_places": {str(t): places for t, places in trial.missing.items()},
        "cost_nok": trial.cost_nok,
        "extra_cost_nok": trial.cost_nok - as_planned.cost_nok,
    }


def _own(found: Stress, name: str) -> Document:
    own = found.foresight.get(name)
    return {
        "own_plan_cost_nok": None if own is None else own.cost_nok,
        "own_plan_bound_nok": None if own is None else own.bound_nok,
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
        "cheapest_in": one.source,
        "opened": dict(sorted(candidate.decisions.opens.items())),
        "adoptable": candidate.adoptable,
        "cost_as_planned_nok": candidate.as_planned.cost_nok,
        "expected_cost_nok": one.expected_nok,
        "largest_regret_nok": one.regret_nok,
        "largest_regret_in": one.regret_in,
        "breaks": sum(bool(trial.breaks) for trial in candidate.trials.values()),
    }
