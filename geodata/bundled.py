"""The bundled Lillehammer scenarios, put together from the files in `geodata/lillehammer/`.

`common.json` holds what the scenarios share, `projects.json` the candidate projects, and
`<name>.json` a scenario's own choices as a JSON Merge Patch (RFC 7396) upon them. Districts and
inhabitants come from `districts.geojson` and `population.csv`. Two fields are not the contract's
and are used up here: a scenario's `population_series` names the series of `population.csv` to
read, and a project's `sources` say where its figures are from. A source is the name of a note
in `notes.json`.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from geodata.spread import spread
from solver.domain.errors import InputError

_NAMES = ("lillehammer", "lillehammer-2018")
_GROUP = "80+"


def names() -> tuple[str, ...]:
    """The names that `load` knows."""
    return _NAMES


def load(name: str) -> dict[str, Any]:
    """A fresh, complete scenario document (schema_version 1) of plain JSON types.

    The municipality's inhabitants aged 80+ are spread on the districts by persons in 2016, in
    hundredths whose sum over the districts is exactly the municipality's figure.

    Raises `InputError` `unknown_example` for a name that `names` does not give.
    """
    if name not in _NAMES:
        known = ", ".join(f"«{each}»" for each in _NAMES)
        raise InputError("unknown_example", f"Ukjent eksempel «{name}». Velg blant {known}.")
    shared = _merge_patch(_json("common.json"), {"projects": _json("projects.json")})
    document: dict[str, Any] = _merge_patch(shared, _json(f"{name}.json"))
    features = _json("districts.geojson")["features"]
    document["districts"] = _districts(features, _totals(document.pop("population_series")))
    document["sources"] = _sources(document) | _population_sources(features)
    return document


def population_variants(name: str) -> dict[str, dict[str, int]]:
    """Other projections than the scenario's own: {series: {year: inhabitants aged 80+}}.

    Each holds for the period of the scenario's projection and begins with what is known. Raises as
    `load`.
    """
    load(name)
    chosen = _json(f"{name}.json")["population_series"]
    projections = ("national_ratios", "lillehammer_ratios")
    known = [series for series in chosen if series not in projections]
    others = [series for series in projections if series not in chosen]
    projected = len(known) < len(chosen)
    return {other: _totals([*known, other]) for other in others if projected}


def _text(file: str) -> str:
    return (files("geodata") / "lillehammer" / file).read_text(encoding="utf-8")


def _json(file: str) -> Any:
    return json.loads(_text(file))


def _merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, an object merges, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_patch(merged.get(key), value)
    return merged


def _totals(series: Sequence[str]) -> dict[str, int]:
    """The municipality's inhabitants aged 80+ by year, from the named series."""
    rows = csv.DictReader(_text("population.csv").splitlines())
    return {row["year"]: int(row[_GROUP]) for row in rows if row["series"] in series}


def _districts(
    features: Iterable[Mapping[str, Any]], totals: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """The contract's districts, with the totals spread on them."""
    weights = {f["properties"]["number"]: f["properties"]["persons_2016"] or 0 for f in features}
    shares = {year: spread(total, weights) for year, total in totals.items()}
    return {
        (number := feature["properties"]["number"]): {
            "title": feature["properties"]["title"],
            "core": feature["properties"]["core"],
            "location": feature["properties"]["location"],
            "geometry": feature["geometry"],
            "population": {_GROUP: {year: share[number] for year, share in shares.items()}},
        }
        for feature in features
    }


def _sources(document: dict[str, Any]) -> dict[str, Any]:
    """Every source of the document written out; the projects' own fields `sources` are taken."""
    named: dict[str, str] = document["sources"]
    for project_id, project in document["projects"].items():
        for field, note in project.pop("sources").items():
            named[f"/projects/{project_id}/{field}"] = note
    notes = _json("notes.json")
    return {pointer: dict(notes[note]) for pointer, note in named.items()}


def _population_sources(features: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """How each district's share of the inhabitants came about."""
    persons = {f["properties"]["number"]: f["properties"]["persons_2016"] for f in features}
    everyone = sum(count or 0 for count in persons.values())
    return {
        f"/districts/{number}/population": {
            "status": "assumption",
            "note": _population_note(count, everyone),
            "publisher": "Statistisk sentralbyrå",
            "year": 2016,
            "licence": "NLOD / CC BY 4.0",
        }
        for number, count in persons.items()
    }


def _population_note(count: int | None, everyone: int) -> str:
    if count is None:
        return "Kretsen mangler i kilden for bosatte i 2016 og får derfor 0 innbyggere."
    return (
        f"Kommunens tall (se /need/population) fordelt etter bosatte i privathusholdninger i "
        f"2016: {count} av {everyone}. Alder per krets er ikke kjent; bytt ut når den er det."
    )
