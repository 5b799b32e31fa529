"""Positions and outlines lie in Norway, and there are not too many points of them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from app.schemas.issues import pointer
from app.schemas.scenario import Core, District, Scenario, SiteSpec
from geodata.validation import Budget, geometry_problem, location_problem
from solver.domain.errors import Issue

MAX_VERTICES = 500_000

Place = tuple[str | int, ...]


def locations_are_in_norway(scenario: Scenario) -> Iterator[Issue]:
    """Cores, districts, sites and barriers have their positions as lon, lat in Norway."""
    for place, location in _locations(scenario):
        problem = location_problem(*location)
        if problem:
            yield Issue(pointer(*place), *problem)


def outlines_are_valid(scenario: Scenario) -> Iterator[Issue]:
    """Districts' outlines are valid polygons in Norway, with 500 000 vertices at most in all.

    What would take more than a few seconds to check is refused unchecked.
    """
    outlines = {k: d.geometry for k, d in scenario.districts.items() if d.geometry is not None}
    vertices = sum(map(_vertices, outlines.values()))
    if vertices > MAX_VERTICES:
        yield Issue(
            "/districts",
            "geometry_too_large",
            f"Kretsenes grenser har til sammen {vertices} punkter; grensen er {MAX_VERTICES}.",
            "Forenkle grensene i et kartverktøy.",
        )
        return
    budget = Budget()
    for district_id, outline in outlines.items():
        problem = geometry_problem(outline, budget)
        if problem:
            yield Issue(pointer("districts", district_id, "geometry"), *problem)


def _locations(scenario: Scenario) -> Iterator[tuple[Place, list[float]]]:
    collections: dict[str, Mapping[str, Core | District | SiteSpec]] = {
        "cores": scenario.cores or {},
        "districts": scenario.districts,
        "sites": scenario.sites,
    }
    for collection, places in collections.items():
        for place_id, place in places.items():
            if place.location is not None:
                yield (collection, place_id, "location"), place.location
    for barrier_id, barrier in (scenario.travel.barriers or {}).items():
        for index, location in enumerate(barrier.line):
            yield ("travel", "barriers", barrier_id, "line", index), location


def _vertices(outline: dict[str, Any]) -> int:
    """How many lists of something else than lists there are, whatever shape the outline has."""
    values: list[Any] = [outline.get("coordinates")]
    found = 0
    while True:
        lists = [value for value in values if isinstance(value, list)]
        values = list(chain.from_iterable(lists))
        if list not in set(map(type, values)):
            return found + len(lists)
        found += sum(list not in set(map(type, one)) for one in lists)
