"""How large a scenario may be: what one process can check and lay out in seconds."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.schemas.issues import pointer
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

MAX_VALUES = 1_000_000
MAX_PAIRS = 120_000_000  # 1 GB of travel times
MAX_NEED_FIGURES = 1_000_000

Path = tuple[str | int, ...]


def too_many_values(document: Any) -> list[Issue]:
    """An issue when a document, not yet checked, has more than a million values.

    Any value can be wrong in its own way, so this bounds what the check against the schema
    costs. Points of outlines and cells of a travel matrix are not counted: the former are checked
    by themselves, and of the latter the check reports one per row.
    """
    sizes = _sizes(document)
    total = sizes.total()
    if total <= MAX_VALUES:
        return []
    largest, _ = sizes.most_common(1)[0]
    return [
        Issue(
            largest,
            "scenario_too_large",
            f"Scenariet har {total} verdier; grensen er {MAX_VALUES}.",
            "Ta bort år, kretser, prosjekter eller annet som ikke trengs.",
        )
    ]


def pairs_are_manageable(scenario: Scenario) -> Iterator[Issue]:
    """Sites × districts are at most 120 000 000."""
    sites, districts = len(scenario.sites), len(scenario.districts)
    if sites * districts > MAX_PAIRS:
        yield Issue(
            "/sites",
            "scenario_too_large",
            f"{sites} lokasjoner og {districts} kretser gir {sites * districts} par; grensen er "
            f"{MAX_PAIRS}.",
            "Slå sammen kretser, eller ta bort lokasjoner.",
        )


def need_is_manageable(scenario: Scenario) -> Iterator[Issue]:
    """Districts × kinds of need × years are at most 1 000 000."""
    needs = {need for care_type in scenario.care_types.values() for need in care_type.serves}
    years = scenario.years.last - scenario.years.first + 1
    figures = len(scenario.districts) * len(needs) * years
    if figures > MAX_NEED_FIGURES:
        yield Issue(
            "/districts",
            "scenario_too_large",
            f"Kretser × behov × år gir {figures} tall; grensen er {MAX_NEED_FIGURES}.",
            "Slå sammen kretser, eller korte ned perioden.",
        )


def _sizes(document: Any) -> Counter[str]:
    """Number of values under each member of the document, by the member's pointer."""
    sizes: Counter[str] = Counter()
    pending: list[tuple[Path, Any]] = [((), document)] if isinstance(document, dict) else []
    while pending:
        path, value = pending.pop()
        if _is_bulk(path):
            continue
        sizes[pointer(*path[:1])] += len(value)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        pending += [
            ((*path, name), each) for name, each in members if isinstance(each, dict | list)
        ]
    return sizes


def _is_bulk(path: Path) -> bool:
    """Whether this is a district's outline or a row of the travel matrix."""
    return len(path) == 3 and (
        (path[0], path[2]) == ("districts", "geometry") or path[:2] == ("travel", "minutes")
    )
