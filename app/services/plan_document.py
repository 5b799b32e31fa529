"""From the solver's answer to the plan document, and its one serialisation."""

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import numpy as np

from app.schemas.plan import Plan
from app.schemas.scenario import Scenario
from geodata.series import exact
from solver.domain.instance import SitingInstance, rounded_places
from solver.domain.plan import Plan as Decisions
from solver.domain.plan import PlanFigures, YearFigures
from solver.domain.result import (
    BoundConfirmation,
    Conflict,
    SolveOptions,
    SolveResult,
    Verification,
)


def dump(document: Mapping[str, Any]) -> bytes:
    """The bytes of a plan: the same for the command line, the service and the library."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def make_plan(scenario: Scenario, instance: SitingInstance, result: SolveResult) -> dict[str, Any]:
    """The plan document (design §5), checked against its own schema."""
    document = {
        "outcome": result.outcome.value,
        "termination": result.termination.value,
        "objective_nok": result.objective_nok,
        "dual_bound_nok": result.dual_bound_nok,
        "mip_gap": result.mip_gap,
        "gap_nok": _gap_nok(result),
        **_answer(scenario, instance, result.plan, result.figures),
        "conflict": _conflict(result.conflict),
        "verification": _verification(result.verification),
        "bound_confirmation": _confirmation(result.confirmation),
        "statistics": _statistics(result),
        "provenance": provenance(scenario, instance),
    }
    Plan.model_validate(document)
    return document


def provenance(scenario: Scenario, instance: SitingInstance) -> dict[str, Any]:
    """What an answer was made from and with."""
    return {
        "scenario_hash": scenario_hash(scenario),
        "data_hash": _data_hash(instance),
        "software_version": version("flerkjerne"),
    }


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 of the checked document: the same however it was written down."""
    text = json.dumps(scenario.plain(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _gap_nok(result: SolveResult) -> float | None:
    if result.objective_nok is None or result.dual_bound_nok is None:
        return None
    return abs(result.objective_nok - result.dual_bound_nok)


def _answer(
    scenario: Scenario,
    instance: SitingInstance,
    plan: Decisions | None,
    figures: PlanFigures | None,
) -> dict[str, Any]:
    if plan is None or figures is None:
        return {
            "projects": {},
            "years": {},
            "sites": {},
            "districts": {},
            "allocation": [],
            "totals": None,
        }
    minutes = _minutes(instance, plan)
    references = _reference_ratios(scenario)
    return {
        "projects": {k: _project(scenario, instance, plan, k) for k in sorted(plan.opens)},
        "years": {
            str(t): _year(instance, figures.years[t], references, index)
            for index, t in enumerate(instance.years)
        },
        "sites": {j: {"places": _site_places(instance, plan, j)} for j in instance.sites},
        "districts": _districts(instance, plan, minutes),
        "allocation": [
            {
                "year": t,
                "district": i,
                "need": n,
                "site": j,
                "care_type": p,
                "places": places,
                "minutes": minutes[j, i],
            }
            for (t, i, n, j, p), places in sorted(
                ((t, i, n, j, p), places) for (i, n, j, p, t), places in plan.allocation.items()
            )
        ],
        "totals": {
            "capital_nok": figures.capital_nok,
            "operating_nok": figures.operating_nok,
            "unmet_nok": figures.unmet_nok,
            "travel_nok": figures.travel_nok,
            "equity_nok": figures.equity_nok,
            "investment_nok": sum(year.investment_nok for year in figures.years.values()),
            "projects": len(plan.opens),
        },
    }


def _minutes(instance: SitingInstance, plan: Decisions) -> Mapping[tuple[str, str], float]:
    """Of the pairs that are used: all would be more than there is room for in a large case."""
    row = {j: index for index, j in enumerate(instance.sites)}
    column = {i: index for index, i in enumerate(instance.districts)}
    used = {(j, i) for i, _, j, _, _ in plan.allocation}
    return {(j, i): float(instance.travel.minutes[row[j], column[i]]) for j, i in used}


def _reference_ratios(scenario: Scenario) -> list[float]:
    coverage = scenario.targets.coverage if scenario.targets is not None else None
    return list(coverage.reference_ratios or ()) if coverage is not None else []


def _project(
    scenario: Scenario, instance: SitingInstance, plan: Decisions, k: str
) -> dict[str, Any]:
    project = instance.projects[k]
    opens, lasts = plan.opens[k], project.available_years
    closes = opens + lasts if lasts is not None and opens + lasts <= instance.years[-1] else None
    until = instance.years[-1] + 1 if closes is None else closes
    assert scenario.projects is not None
    return {
        "title": scenario.projects[k].title,
        "site": project.site,
        "opens": opens,
        "closes": closes,
        "places": {
            p: {str(t): plan.places.get((k, p, t), 0) for t in range(opens, until)}
            for p in project.care_types
        },
    }


def _year(
    instance: SitingInstance, figures: YearFigures, references: list[float], index: int
) -> dict[str, Any]:
    target = instance.targets.coverage
    people = target.population[index] if target is not None else Fraction(0)
    asked = {repr(ratio): rounded_places(exact(ratio), people) for ratio in references}
    return {
        **dataclasses.asdict(figures),
        "coverage_at": {
            ratio: {
                "target_places": places,
                "deviation_places": figures.places_counted - places,
            }
            for ratio, places in asked.items()
        },
    }


def _site_places(instance: SitingInstance, plan: Decisions, site: str) -> dict[str, dict[str, int]]:
    """{care type: {year: places}} at a site, of types that stand or come there."""
    stock: dict[str, dict[str, int]] = {
        p: {str(t): places for t, places in zip(instance.years, series, strict=True)}
        for p, series in instance.sites[site].places.items()
    }
    for k in plan.opens:
        project = instance.projects[k]
        if project.site == site:
            for p in project.care_types:
                there = stock.setdefault(p, {str(t): 0 for t in instance.years})
                for t in instance.years:
                    there[str(t)] += plan.places.get((k, p, t), 0)
            for p, removed in project.removes.items():
                for t in instance.years:
                    if t >= plan.opens[k]:
                        stock[p][str(t)] -= removed
    return dict(sorted(stock.items()))


def _districts(
    instance: SitingInstance, plan: Decisions, minutes: Mapping[tuple[str, str], float]
) -> dict[str, dict[str, Any]]:
    served: dict[tuple[str, int], float] = defaultdict(float)
    travelled: dict[tuple[str, int], float] = defaultdict(float)
    unmet: dict[tuple[str, int], float] = defaultdict(float)
    for (i, _, j, _, t), places in plan.allocation.items():
        served[i, t] += places
        travelled[i, t] += places * minutes[j, i]
    for (i, _, t), places in plan.unmet.items():
        unmet[i, t] += places
    return {
        i: {
            str(t): {
                "need": float(instance.need[row, :, index].sum()),
                "unmet": unmet.get((i, t), 0.0),
                "mean_minutes": travelled[i, t] / served[i, t] if served.get((i, t)) else None,
            }
            for index, t in enumerate(instance.years)
        }
        for row, i in enumerate(instance.districts)
    }


def _conflict(conflict: Conflict | None) -> dict[str, Any] | None:
    if conflict is None:
        return None
    rules = [dataclasses.asdict(rule) for rule in conflict.rules]
    return {"irreducible": conflict.irreducible, "rules": rules}


def _verification(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None:
        return None
    checks = [dataclasses.asdict(check) for check in verification.checks]
    return {"passed": verification.passed, "checks": checks}


def _confirmation(confirmation: BoundConfirmation) -> dict[str, Any]:
    return {
        "confirmed": confirmation.confirmed,
        **dataclasses.asdict(confirmation),
        "status": confirmation.status.value,
    }


def _statistics(result: SolveResult) -> dict[str, Any]:
    return {
        **dataclasses.asdict(result.statistics),
        "strategy": result.statistics.strategy.value,
        "options": options_used(result.options),
    }


def options_used(options: SolveOptions) -> dict[str, Any]:
    """The options as results tell them."""
    return {
        "time_limit_s": options.time_limit_s,
        "mip_gap": options.mip_gap,
        "threads": options.threads,
        "strategy": None if options.strategy is None else options.strategy.value,
        "referee": options.referee,
    }


def _data_hash(instance: SitingInstance) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(instance):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: object) -> Iterator[bytes]:
    """The content of the instance in a fixed order."""
    if isinstance(value, np.ndarray):
        yield repr(value.shape).encode()
        yield value.tobytes()
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield field.name.encode()
            yield from _pieces(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield repr(key).encode()
            yield from _pieces(value[key])
    elif isinstance(value, frozenset):
        yield repr(sorted(value)).encode()
    else:
        yield repr(value).encode()
