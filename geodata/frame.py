"""What is known of a scenario's layers before they are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import shape

from geodata.layers import MAP_LAYERS, Fields, fields

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """Titles, years, places and properties."""

    title: str
    first_year: int
    last_year: int
    bbox: Bounds | None
    """West, south, east, north of every place in WGS84; None when there is none."""
    heart: Bounds | None
    """The same of the cores, of the sites when there is no core."""
    care_types: Mapping[str, str]
    """Titles by id, sorted by id."""
    fields: Mapping[str, Fields]
    """Of each layer."""
    outlined: bool
    """Whether districts are outlines, not points."""
    sources: Mapping[str, Mapping[str, Any]]
    """Where the scenario's figures are from, by their pointers."""

    @property
    def credits(self) -> list[str]:
        """Whom the figures are from, each once, with the licence."""
        named = {
            one["publisher"] + (f" ({one['licence']})" if one.get("licence") else "")
            for one in self.sources.values()
            if one.get("publisher")
        }
        return sorted(named)


def frame(scenario: Mapping[str, Any]) -> Frame:
    """The frame of a scenario document."""
    types = scenario["care_types"]
    return Frame(
        title=scenario["title"],
        first_year=scenario["years"]["first"],
        last_year=scenario["years"]["last"],
        bbox=_bbox(scenario, ("districts", "sites", "cores")),
        heart=_bbox(scenario, ("cores",)) or _bbox(scenario, ("sites",)),
        care_types={key: types[key].get("title") or key for key in sorted(types)},
        fields={name: fields(name, scenario) for name in MAP_LAYERS},
        outlined=all(spec.get("geometry") for spec in scenario["districts"].values()),
        sources=scenario.get("sources") or {},
    )


def _bbox(scenario: Mapping[str, Any], kinds: Sequence[str]) -> Bounds | None:
    things = [thing for kind in kinds for thing in (scenario.get(kind) or {}).values()]
    places: list[shapely.Geometry] = [
        shapely.Point(thing["location"]) for thing in things if thing.get("location")
    ]
    places += [shape(thing["geometry"]) for thing in things if thing.get("geometry")]
    if not places:
        return None
    west, south, east, north = map(float, shapely.total_bounds(places))
    return west, south, east, north
