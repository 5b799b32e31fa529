"""A scene as rows and columns of a program: who is served where, every link at once.

The same problem as `engine.transport` solves, and what ties districts together with it: nearness
(C16) and the worst-off district (E1).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, eye_array, hstack, vstack

from solver.domain.errors import VerificationFailed
from solver.engine.ensemble import Scene, ties_districts
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.transport import Halted, Transport, journey_costs
from solver.formulation.sets import longest_minutes

Floats = NDArray[np.float64]
SERVICE_SECONDS = 300.0  # far more than the linear program of one year has needed


@dataclass(frozen=True)
class Rows:
    """lower ≤ own · (columns of the block) + decided · (columns of the first stage) ≤ upper."""

    own: Any
    decided: Any
    lower: Floats
    upper: Floats


class ServiceBlock:
    """The columns of a scene: unmet need per row, FTE that lack, links, the worst-off's minutes.

    `cost` is weighted NOK of the year, undiscounted.
    """

    def __init__(self, scene: Scene, transport: Transport) -> None:
        self._scene, self._transport = scene, transport
        self._instance = scene.instance
        cost = journey_costs(self._instance, transport.pairs)
        if not ties_districts(self._instance):
            cost = transport.cost  # without the journeys that are in no optimum
        self.row, self.pair = np.nonzero(np.isfinite(cost) & (scene.need > 0)[:, None])
        self._journeys = cost[self.row, self.pair]
        self._needs = len(self._instance.needs)

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self._scene.need) + len(self._transport.groups) + len(self.row) + self._worst

    @cached_property
    def cost(self) -> Floats:
        """Per column."""
        unmet = np.full(len(self._scene.need), self._transport.unmet_price)
        parts = [unmet, self._transport.fte_price, self._journeys]
        if self._worst:
            travel, goal = self._instance.travel, self._instance.objective
            weighed = goal.worst_off_weight * travel.nok_per_minute * np.sum(self._scene.need)
            parts.append(np.array([weighed]))
        return np.concatenate(parts)

    @cached_property
    def upper(self) -> Floats:
        """The most a column can be; the least is 0."""
        need = self._scene.need
        left = self._scene.fte.constants - abs(self._scene.fte.rows).sum(axis=1)
        short = np.where(np.isfinite(left), np.maximum(-left, 0.0), 0.0)
        parts = [need, short, need[self.row]]
        if self._worst:
            parts.append(np.array([float(longest_minutes(self._instance).max(initial=0.0))]))
        return np.concatenate(parts)

    def rows(self) -> Iterator[Rows]:
        """C1, C2, the staff of places in use, C16 and E1."""
        need, scene = self._scene.need, self._scene
        yield self._rows(self._unmet + self._links(self.row, len(need)), need, need)
        used = self._links(self.pair, len(self._transport.pairs))
        yield self._rows(used, None, scene.places.constants, scene.places.rows)
        limited = np.isfinite(scene.fte.constants)
        staffed = (self._staff - self._short)[limited]
        fixed = csr_array(scene.fte.rows)[limited]
        yield self._rows(staffed, None, scene.fte.constants[limited], fixed)
        yield from self._nearness()
        if self._worst:
            yield self._worst_off()

    def service(self, x: Floats) -> tuple[Floats, Floats]:
        """Of the columns' values: unmet need per row, and places per link of `row` and `pair`."""
        first = len(self._scene.need) + len(self._transport.groups)
        return x[: len(self._scene.need)], x[first : first + len(self.row)]

    def links(self) -> Iterator[tuple[str, str, str, str]]:
        """(district, need, site, care type) of each link."""
        for row, pair in zip(self.row.tolist(), self.pair.tolist(), strict=True):
            i, n = divmod(row, self._needs)
            yield (
                self._instance.districts[i],
                self._instance.needs[n],
                *self._transport.pairs[pair],
            )

    @property
    def _worst(self) -> bool:
        return self._instance.weighs_worst_off and bool(np.sum(self._scene.need) > 0)

    @property
    def _unmet(self) -> Any:
        return self._at(eye_array(len(self._scene.need)), 0)

    @property
    def _short(self) -> Any:
        return self._at(eye_array(len(self._transport.groups)), len(self._scene.need))

    @property
    def _staff(self) -> Any:
        first = len(self._scene.need) + len(self._transport.groups)
        return self._at(self._transport.fte_per_place[:, self.pair], first)

    def _links(self, of: NDArray[np.int64], count: int, values: Floats | None = None) -> Any:
        """The sum of links that are `of` the same, times their values."""
        first = len(self._scene.need) + len(self._transport.groups)
        ones = np.ones(len(of)) if values is None else values
        where = (of, np.arange(len(of)))
        return self._at(coo_array((ones, where), shape=(count, len(of))), first)

    def _at(self, part: Any, first: int) -> Any:
        """A part of the rows over all columns of the block."""
        rows, columns = part.shape
        before = csr_array((rows, first))
        after = csr_array((rows, self.columns - first - columns))
        return csr_array(hstack([before, csr_array(part), after]))

    def _rows(
        self, own: Any, lower: Floats | None, upper: Floats, decided: Any | None = None
    ) -> Rows:
        """Rows whose right side is `upper` + `decided` · (columns of the first stage)."""
        least = np.full(len(upper), -np.inf) if lower is None else lower
        columns = self._scene.places.rows.shape[1]
        other = csr_array((len(upper), columns)) if decided is None else -decided
        return Rows(own, other, least, upper)

    @cached_property
    def _minutes(self) -> Floats:
        """Per link."""
        sites = list(self._instance.sites)
        site = np.array([sites.index(j) for j, _ in self._transport.pairs], dtype=int)
        minutes: Floats = self._instance.travel.minutes[site[self.pair], self.row // self._needs]
        return minutes

    def _nearness(self) -> Iterator[Rows]:
        within = self._instance.targets.within
        share = None if within is None else within.share[self._scene.index]
        if within is not None and share is not None:
            balance: Floats = float(share) - (self._minutes <= within.minutes).astype(float)
            far = self._links(np.zeros(len(self.row), dtype=int), 1, balance)
            yield self._rows(far, None, np.zeros(1))

    def _worst_off(self) -> Rows:
        districts = len(self._instance.districts)
        travelled = self._links(self.row // self._needs, districts, self._minutes)
        longest = np.repeat(longest_minutes(self._instance), self._needs)
        of = np.repeat(np.arange(districts), self._needs)
        count = len(self._scene.need)
        missing = coo_array((longest, (of, np.arange(count))), shape=(districts, count))
        need = self._scene.need.reshape(districts, self._needs).sum(axis=1)
        worst = self._at(csr_array(-need.reshape(-1, 1)), self.columns - 1)
        return self._rows(travelled + self._at(missing, 0) + worst, None, np.zeros(districts))


def appended(program: Program, blocks: list[ServiceBlock]) -> Program:
    """A program of the first stage with the blocks' columns and rows behind its own."""
    columns, first = len(program.cost), 0
    wide = program.with_columns(
        np.zeros(sum(each.columns for each in blocks)),
        np.concatenate([each.upper for each in blocks] or [np.zeros(0)]),
    )
    total, parts, lower, upper = len(wide.cost) - columns, [wide.matrix], [], []
    for block in blocks:
        for rows in block.rows():
            count = len(rows.upper)
            decided = csr_array(
                (rows.decided.data, rows.decided.indices, rows.decided.indptr), (count, columns)
            )
            before, after = csr_array((count, first)), total - first - block.columns
            parts.append(hstack([decided, before, rows.own, csr_array((count, after))]))
            lower.append(rows.lower)
            upper.append(rows.upper)
        first += block.columns
    return wide.with_matrix(
        csc_array(vstack(parts)),
        np.concatenate([wide.row_lower, *lower]),
        np.concatenate([wide.row_upper, *upper]),
    )


def serve_year(
    scene: Scene, transport: Transport, should_stop: Callable[[], bool]
) -> tuple[ServiceBlock, Floats]:
    """The block of a scene whose places are given, and the cheapest service in it.

    Raises Halted when asked to stop on the way.
    """
    block = ServiceBlock(scene, transport)
    program = appended(Program.empty(), [block]).with_objective(block.cost, 0.0)
    run = run_highs(program, HighsOptions(SERVICE_SECONDS), should_stop=should_stop)
    if run.stop is Stop.INTERRUPTED:
        raise Halted
    if run.x is None or run.stop is not Stop.GAP_REACHED:
        raise VerificationFailed("et års fordeling av plasser lot seg ikke løse")
    return block, run.x
