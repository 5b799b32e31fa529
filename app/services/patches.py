"""Changes of a scenario as JSON Merge Patches, so that a planner can make them and go on.

Each says in the document what `solver.analysis.variants` and `why_not` do to the instance.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from app.schemas.scenario import PoliciesSpec, Scenario
from geodata.series import exact
from solver.analysis.variants import FIVE_PER_CENT, ONE_POINT, Change, Move, kept_a_share
from solver.analysis.why_not import Force

Patch = dict[str, Any]


def patch_of_move(scenario: Scenario, move: Move) -> Patch:
    """The change that leads from the scenario to a move's instance."""
    return _MOVES[move.rule](scenario, move)


def patch_of_force(scenario: Scenario, k: str, force: Force, opens: int | None) -> Patch:
    """The change that forces a project in, in one year where that is given, or out."""
    policies = scenario.policies or PoliciesSpec()
    required = _others(policies.required_projects, k)
    forbidden = _others(policies.forbidden_projects, k)
    if force is Force.OUT:
        return _policies(required_projects=required, forbidden_projects=[*forbidden, k])
    changes: Patch = {"required_projects": [*required, k], "forbidden_projects": forbidden}
    projects = scenario.projects or {}
    owner = projects[k].ownership or "municipal"
    allowed = policies.allowed_ownership
    if allowed is not None and owner not in allowed:
        same = [q for q in projects if q != k and (projects[q].ownership or "municipal") == owner]
        changes["allowed_ownership"] = [*allowed, owner]
        changes["forbidden_projects"] = [*forbidden, *(q for q in same if q not in forbidden)]
    patch = _policies(**changes)
    if opens is not None:
        patch["projects"] = {k: {"opens": {"earliest": opens, "latest": opens}}}
    return patch


def _coverage(scenario: Scenario, move: Move) -> Patch:
    assert scenario.targets is not None
    assert scenario.targets.coverage is not None
    ratio: Any = None
    if move.change is not Change.DROPPED:
        by = ONE_POINT if move.change is Change.UP else -ONE_POINT
        ratio = _each(scenario.targets.coverage.ratio, lambda share: kept_a_share(share + by))
    return {"targets": {"coverage": {"ratio": ratio}}}


def _core_coverage(scenario: Scenario, move: Move) -> Patch:
    assert scenario.targets is not None
    target = scenario.targets.core_coverage
    assert target is not None
    ratios = target.by_core(scenario.cores or {})
    if move.subject is None or len(ratios) == 1:
        return {"targets": {"core_coverage": None}}
    rest = {core: series for core, series in ratios.items() if core != move.subject}
    gone = dict.fromkeys(target.ratio) if isinstance(target.ratio, dict) else {}
    return {"targets": {"core_coverage": {"ratio": {**gone, **rest}}}}


def _staff(scenario: Scenario, move: Move) -> Patch:
    assert scenario.staffing is not None
    available = scenario.staffing.available_fte or {}
    assert move.subject is not None
    factor = 1 + FIVE_PER_CENT if move.change is Change.UP else 1 - FIVE_PER_CENT
    fte = _each(available[move.subject], lambda number: number * factor)
    return {"staffing": {"available_fte": {move.subject: fte}}}


def _ownership(scenario: Scenario, move: Move) -> Patch:
    assert scenario.policies is not None
    allowed = scenario.policies.allowed_ownership or []
    return _policies(allowed_ownership=[*allowed, move.subject])


def _max_projects(scenario: Scenario, move: Move) -> Patch:
    assert scenario.policies is not None
    most = scenario.policies.max_projects
    assert most is not None
    return _policies(max_projects=most + 1 if move.change is Change.UP else None)


def _min_cores(scenario: Scenario, move: Move) -> Patch:
    assert scenario.policies is not None
    least = scenario.policies.min_cores_with_places
    assert least is not None
    return _policies(min_cores_with_places=least - 1 if move.change is Change.DOWN else None)


def _named_less(field: str) -> Callable[[Scenario, Move], Patch]:
    """A list of names in policies without the one a move is about."""

    def patch(scenario: Scenario, move: Move) -> Patch:
        assert move.subject is not None
        return _policies(**{field: _others(getattr(scenario.policies, field), move.subject)})

    return patch


def _without(*path: str) -> Callable[[Scenario, Move], Patch]:
    """What stands at a path taken away."""

    def patch(_scenario: Scenario, _move: Move) -> Patch:
        changed: Any = None
        for name in reversed(path):
            changed = {name: changed}
        return dict(changed)

    return patch


_MOVES: Mapping[str, Callable[[Scenario, Move], Patch]] = {
    "coverage": _coverage,
    "core_coverage": _core_coverage,
    "within": _without("targets", "within"),
    "staff": _staff,
    "investment_year": _without("budget", "investment_nok"),
    "investment_total": _without("budget", "investment_total_nok"),
    "operating": _without("budget", "operating_nok"),
    "travel_limit": _without("travel", "limit_minutes"),
    "allowed_ownership": _ownership,
    "required_projects": _named_less("required_projects"),
    "forbidden_projects": _named_less("forbidden_projects"),
    "max_projects": _max_projects,
    "min_cores": _min_cores,
    "keep_places": _named_less("keep_places"),
}


def _policies(**changes: Any) -> Patch:
    return {"policies": changes}


def _others(names: Iterable[str] | None, name: str) -> list[str]:
    return [other for other in names or () if other != name]


def _each(series: Any, change: Callable[[Fraction], Fraction]) -> Any:
    """A series with each of its numbers changed, in the decimals of the document."""
    if isinstance(series, Mapping):
        return {year: float(change(exact(value))) for year, value in series.items()}
    return float(change(exact(series)))
