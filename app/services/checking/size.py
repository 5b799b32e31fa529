"""How large a scenario may be: what one process can check and lay out in seconds."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from app.schemas.issues import pointer
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

MAX_VALUES = 1_000_000
MAX_PAIRS = 120_000_000  # 1 GB of travel times
MAX_NEED_FIGURES = 1_000_000


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
    if not isinstance(document, dict):
        return Counter()
    sizes = Counter(
        {pointer(name): _size(_countable(name, each)) for name, each in document.items()}
    )
    sizes[""] = len(document)
    return sizes


def _size(member: Any) -> int:
    """Number of values in objects and lists in one another, counted level by level."""
    total, level = 0, iter([member])
    while held := [each for each in level if isinstance(each, (dict, list))]:
        total += sum(map(len, held))
        level = chain.from_iterable(
            each.values() if isinstance(each, dict) else each for each in held
        )
    return total


def _countable(name: str, member: Any) -> Any:
    """A member of the document without outlines of districts or rows of the travel matrix."""
    if not isinstance(member, dict):
        return member
    if name == "travel" and isinstance(member.get("minutes"), dict):
        return {**member, "minutes": [None] * len(member["minutes"])}
    if name == "districts":
        return [
            {**each, "geometry": None} if isinstance(each, dict) and "geometry" in each else each
            for each in member.values()
        ]
    return member
