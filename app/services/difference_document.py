"""The difference of two plans as a document."""

from dataclasses import asdict
from typing import Any

from app.schemas.scenario import Scenario
from solver.analysis.difference import Difference, key_figures
from solver.domain.result import SolveResult


def make_figures(result: SolveResult | None) -> dict[str, Any] | None:
    """The key figures of a plan; None without one."""
    if result is None or result.figures is None:
        return None
    return asdict(key_figures(result.figures))


def make_difference(scenario: Scenario, found: Difference | None) -> dict[str, Any] | None:
    """A `PlanDifference`; None without two plans."""
    if found is None:
        return None
    projects = scenario.projects or {}
    return {
        "figures": asdict(found.figures),
        "interval": {"low_nok": found.interval_nok.low, "high_nok": found.interval_nok.high},
        "verdict": found.verdict.value,
        "projects": [
            {**asdict(change), "title": projects[change.project].title} for change in found.projects
        ],
    }
