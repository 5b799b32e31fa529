"""What has a landing page: a run, a scenario, and all of them together.

A run and a scenario have one collection for each layer. The root has those of the scenarios and
the newest runs, under ids that name both; the collections of older runs have their addresses too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.api.dependencies import ID_PATTERN
from app.api.links import OGC, ogc_run, ogc_scenario
from app.services.maps import Maps, NoSuchLayer, Source
from geodata.layers import MAP_LAYERS, TITLES

ID = re.compile(ID_PATTERN)


@dataclass(frozen=True)
class Collection:
    """A layer of a source, as one dataset names it."""

    id: str
    title: str
    description: str
    layer: str
    read: Callable[[], Source]
    """Asks the database for the source; NotFound when it is no longer there."""


@dataclass(frozen=True)
class Dataset:
    """A landing page and its collections."""

    path: str
    title: str
    description: str
    collections: Callable[[], Sequence[Collection]]
    find: Callable[[str], Collection]
    """A collection by id; NotFound when there is none."""
    source: Source | None = None
    """What all collections are of; None when they are of several."""
    children: Callable[[], Sequence[tuple[str, str]]] = tuple
    """Paths and titles of datasets that are parts of this one."""


def of_run(maps: Maps, run_id: str) -> Dataset:
    """A run's own dataset; NotFound unless it has a plan."""
    source = maps.of_run(run_id)
    return _of_source(maps, source, ogc_run(run_id), "Planen i én kjøring. Den endres aldri.")


def of_scenario(maps: Maps, scenario_id: str) -> Dataset:
    """A scenario's dataset, which follows its newest plan; NotFound when there is none."""
    source = maps.of_scenario(scenario_id)
    if source.run_id is None:
        told = "Scenarioet slik det er nå. Når det er løst, vises planen på de samme adressene."
    else:
        told = (
            f"Følger den siste planen for scenarioet, nå fra kjøring {source.run_id}. "
            "Når det løses på nytt, vises den nye planen på de samme adressene."
        )
    return _of_source(maps, source, ogc_scenario(scenario_id), told)


def of_everything(maps: Maps) -> Dataset:
    """Every scenario and the newest runs."""

    def collections() -> Sequence[Collection]:
        return [
            _at_root(maps, owner, title, layer)
            for owner, _, title in _listed(maps)
            for layer in MAP_LAYERS
        ]

    def find(collection_id: str) -> Collection:
        owner, _, layer = collection_id.rpartition(".")
        return _at_root(maps, owner, owner, layer)

    return Dataset(
        path=OGC,
        title="flerkjerne",
        description="Hvor og når det bør åpnes omsorgsplasser: planer og scenarioer på kart.",
        collections=collections,
        find=find,
        children=lambda: [(path, title) for _, path, title in _listed(maps)],
    )


def _listed(maps: Maps) -> list[tuple[str, str, str]]:
    """Of each scenario and run: the owner in the ids of its collections, its path and title."""
    scenarios = maps.scenarios()
    titles = dict(scenarios)
    return [
        *((f"scenario-{key}", ogc_scenario(key), title) for key, title in scenarios),
        *((f"run-{run.id}", ogc_run(run.id), _run_title(run, titles)) for run in maps.runs()),
    ]


def _of_source(maps: Maps, source: Source, path: str, told: str) -> Dataset:
    collections = {
        layer: Collection(layer, TITLES[layer], told, layer, lambda: source) for layer in MAP_LAYERS
    }

    def find(collection_id: str) -> Collection:
        if collection_id not in collections:
            raise NoSuchLayer
        return collections[collection_id]

    title = maps.frame(source).title
    return Dataset(path, title, told, lambda: list(collections.values()), find, source)


def _at_root(maps: Maps, owner: str, title: str, layer: str) -> Collection:
    kind, _, key = owner.partition("-")
    readers = {"run": maps.of_run, "scenario": maps.of_scenario}
    if kind not in readers or layer not in MAP_LAYERS or not ID.fullmatch(key):
        raise NoSuchLayer
    reads = readers[kind]
    name = f"{title}: {TITLES[layer]}"
    return Collection(f"{owner}.{layer}", name, name, layer, lambda: reads(key))


def _run_title(run: Source, titles: dict[str, str]) -> str:
    scenario = titles.get(run.scenario_id or "", "Eget scenario")
    assert run.ended is not None
    return f"{scenario}, løst {run.ended:%d.%m.%Y %H.%M} UTC"
