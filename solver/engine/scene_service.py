"""What serving everybody costs in each scene of an ensemble, for given decisions."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from solver.engine.consequences import Forms
from solver.engine.ensemble import Ensemble, Scene, ties_districts
from solver.engine.service_block import serve_year
from solver.engine.transport import ServedYear

Floats = NDArray[np.float64]
Halts = Callable[[], bool]
REMEMBERED = 20_000  # answers, so many years of as many futures


class SceneService:
    """Solves scenes for points of the first stage; what was asked before is remembered.

    In scenes that share need, transport and what stands the answer is the same.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self._places = _stacked([scene.places for scene in ensemble.scenes])
        self._fte = _stacked([scene.fte for scene in ensemble.scenes])
        self._known: dict[tuple[int, bytes], ServedYear] = {}
        needs = {scene.need.tobytes(): None for scene in ensemble.scenes}
        number = {need: index for index, need in enumerate(needs)}
        self._need = [number[scene.need.tobytes()] for scene in ensemble.scenes]

    def serve(self, x: Floats, halts: Halts) -> tuple[ServedYear, ...]:
        """Of every scene, by transport. Raises Halted when asked to stop on the way."""
        given = zip(self._need, self._ensemble.scenes, *self._standing(x), strict=True)
        return tuple(self._year(n, scene, b, fte, halts) for n, scene, b, fte in given)

    def costs_nok(self, x: Floats, halts: Halts) -> Floats:
        """Of every scene, weighted NOK of the year. Raises Halted when asked to stop."""
        if not any(ties_districts(scene.instance) for scene in self._ensemble.scenes):
            return np.array([year.cost for year in self.serve(x, halts)])
        given = zip(self._ensemble.scenes, *self._standing(x), strict=True)
        return np.array([self._tied(scene, b, fte, halts) for scene, b, fte in given])

    def _standing(self, x: Floats) -> tuple[list[Floats], list[Floats]]:
        """Places and FTE for places per scene."""
        scenes = self._ensemble.scenes
        places = np.maximum(self._places.at(x), 0.0)
        at = np.cumsum([len(scene.places.constants) for scene in scenes])[:-1]
        groups = np.cumsum([len(scene.fte.constants) for scene in scenes])[:-1]
        return np.split(places, at), np.split(self._fte.at(x), groups)

    def _year(
        self, need: int, scene: Scene, places: Floats, fte: Floats, halts: Halts
    ) -> ServedYear:
        key = (need, bytes([scene.transport]) + places.tobytes() + fte.tobytes())
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            transport = self._ensemble.transports[scene.transport]
            self._known[key] = transport.solve(scene.need, places, halts, fte)
        return self._known[key]

    def _tied(self, scene: Scene, places: Floats, fte: Floats, halts: Halts) -> float:
        given = Scene(
            scene.instance,
            scene.index,
            scene.transport,
            scene.need,
            Forms.of(places),
            Forms.of(fte),
        )
        block, x = serve_year(given, self._ensemble.transports[scene.transport], halts)
        return float(np.sum(block.cost * x))


def _stacked(parts: list[Forms]) -> Forms:
    rows = csr_array(vstack([part.rows for part in parts]))
    return Forms(rows, np.concatenate([part.constants for part in parts]))
