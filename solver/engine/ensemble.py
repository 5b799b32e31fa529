"""Many futures as what a program needs of them: what is decided, and who is served where.

A *scene* is one year of one future: its need, and what stands there as linear forms over what is
decided. Futures that have the same year share its scene: of one in which a project is late those
are all years before the project could have opened. Scenes with the same journeys and prices share
a transportation problem, so that what was learnt of one is a beginning for the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from solver.domain.futures import Future
from solver.domain.instance import SitingInstance
from solver.engine.consequences import Consequences, FirstStage, Forms, forms
from solver.engine.transport import Halted, Transport, journey_costs
from solver.formulation.sets import site_types

Floats = NDArray[np.float64]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Scene:
    """A year in which the places of `places` stand, per pair of its transport.

    `need` is per row (district, need); `fte` what is left for places, per group of the transport.
    `instance` and `index` are of a future that has this year.
    """

    instance: SitingInstance
    index: int
    transport: int
    need: Floats
    places: Forms
    fte: Forms


@dataclass(frozen=True)
class Ensemble:
    """The futures. What one costs is `decided` and, weighted by `uses`, its scenes [weighted NOK].

    `uses` is a csr_array (futures, scenes) of discount factors. Where `room` is below zero projects
    take places that do not stand there in some future: such a plan cannot be carried out, C2.
    """

    transports: tuple[Transport, ...]
    scenes: tuple[Scene, ...]
    decided: Forms
    uses: Any
    room: Forms


def ties_districts(instance: SitingInstance) -> bool:
    """Whether who is served where is more than transport: nearness, the worst-off district."""
    return instance.targets.within is not None or instance.weighs_worst_off


def make_ensemble(
    stage: FirstStage, futures: Sequence[Future], should_stop: Callable[[], bool]
) -> Ensemble:
    """Lay out futures over the columns of a first stage. Raises Halted when asked to stop."""
    keys = [_transport_key(future.instance) for future in futures]
    number = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    transports = tuple(
        _shared_transport(
            [f.instance for f, other in zip(futures, keys, strict=True) if other == key]
        )
        for key in number
    )
    scenes: dict[Key, int] = {}
    kept: list[Scene] = []
    uses: list[tuple[int, int, float]] = []
    for row, (future, key) in enumerate(zip(futures, keys, strict=True)):
        if should_stop():
            raise Halted
        consequences = Consequences(stage, future)
        goal, years = future.instance.objective, future.instance.years
        for index, t in enumerate(years):
            transport = transports[number[key]]
            scene = Scene(
                future.instance,
                index,
                number[key],
                future.instance.need[:, :, index].ravel(),
                consequences.places(t, transport.pairs),
                consequences.fte_for_places(t, transport.groups),
            )
            place = scenes.setdefault(_scene_key(scene), len(kept))
            if place == len(kept):
                kept.append(scene)
            uses.append((row, place, (1 + goal.discount_rate) ** (years[0] - t)))
    rows, columns, factors = zip(*uses, strict=True)
    return Ensemble(
        transports,
        tuple(kept),
        forms([Consequences(stage, each).decided_nok() for each in futures], stage.columns),
        csr_array((factors, (rows, columns)), shape=(len(futures), len(kept))),
        forms(
            [
                each
                for future in futures
                # What is late takes later, of what the scenario's own rule looks after.
                if future.delay is None
                for each in Consequences(stage, future).room_for_removals()
            ],
            stage.columns,
        ),
    )


def _shared_transport(instances: Sequence[SitingInstance]) -> Transport:
    """One transportation problem for all of them."""
    most = np.max([each.need.max(axis=2).ravel() for each in instances], axis=0)
    return Transport(instances[0], sorted(instances[0].limits.available_fte), most)


def _transport_key(instance: SitingInstance) -> Key:
    """What is the same where a transportation problem is, but for need, places and staff."""
    pairs, goal = site_types(instance), instance.objective
    groups = sorted(instance.limits.available_fte)
    staffed = tuple(
        tuple(instance.care_types[p].fte_per_place.get(e, 0.0) for e in groups) for _, p in pairs
    )
    prices = (goal.cost_weight, goal.unmet_place_year_nok, tuple(groups), staffed)
    tied = _tied_key(instance) if ties_districts(instance) else None
    return (
        instance.districts,
        instance.needs,
        pairs,
        prices,
        tied,
        journey_costs(instance, pairs).tobytes(),
    )


def _tied_key(instance: SitingInstance) -> Key:
    within, travel = instance.targets.within, instance.travel
    return (
        None if within is None else (within.minutes, within.share),
        instance.objective.worst_off_weight,
        travel.nok_per_minute,
        travel.limit_minutes,
        travel.minutes.tobytes(),
        instance.years,
    )


def _scene_key(scene: Scene) -> Key:
    tied = scene.index if ties_districts(scene.instance) else None
    arrays = [scene.need]
    for part in (scene.places, scene.fte):
        arrays += [part.rows.indptr, part.rows.indices, part.rows.data, part.constants]
    return (scene.transport, tied, *(each.tobytes() for each in arrays))
