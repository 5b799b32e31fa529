"""The differences of plans as a GeoJSON layer: who has how far, and what opens when, by plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from geodata import geojson

Document = Mapping[str, Any]


def differences(scenarios: Sequence[Document], comparison: Document) -> dict[str, Any]:
    """Districts and projects of a comparison as a FeatureCollection in WGS84.

    `scenarios` are those of its runs, in their order; each place is where the first scenario that
    knows it says. Properties are numbered as the runs are, from 1: `minutes_1`, `change_2`,
    `opens_1`, `closes_1`, `places_1`. `layer` is `districts` or `projects`; districts have the
    `year` they are of.
    """
    districts = [
        _district(key, _first(scenarios, "districts", key), found, comparison["district_year"])
        for key, found in comparison["districts"].items()
    ]
    projects = [
        _project(key, _first(scenarios, "sites", found["site"]), found)
        for key, found in comparison["projects"].items()
    ]
    return geojson.collection([*districts, *projects])


def _first(scenarios: Sequence[Document], collection: str, key: str) -> Document:
    known = (scenario[collection][key] for scenario in scenarios if key in scenario[collection])
    return next(known, {})


def _district(key: str, spec: Document, found: Document, year: str) -> geojson.Object:
    outline = spec.get("geometry")
    geometry = geojson.polygon(outline) if outline else geojson.point(spec.get("location"))
    return geojson.feature(
        f"districts/{key}",
        geometry,
        {
            "layer": "districts",
            "id": key,
            "title": found["title"],
            "year": int(year),
            **_numbered("minutes", found["minutes"]),
            **_numbered("change", found["change"]),
        },
    )


def _project(key: str, site: Document, found: Document) -> geojson.Object:
    opened = [one or {} for one in found["runs"]]
    return geojson.feature(
        f"projects/{key}",
        geojson.point(site.get("location")),
        {
            "layer": "projects",
            "id": key,
            "title": found["title"],
            **_numbered("opens", [one.get("opens") for one in opened]),
            **_numbered("closes", [one.get("closes") for one in opened]),
            **_numbered("places", [one.get("places") for one in opened]),
        },
    )


def _numbered(name: str, values: Sequence[Any]) -> dict[str, Any]:
    return {f"{name}_{number}": value for number, value in enumerate(values, start=1)}
