r"""The radius formulation of uncapacitated location, written only where it is needed.

For row r with candidates $k_1, k_2, …$ by cost $c_1 \le c_2 \le …$ let $z_{rl} = 1$ when none of
the first l is open. Then serving r costs $c_1 + \sum_l (c_{l+1} - c_l) z_{rl}$, and

    minimise $\sum_k f_k y_k + \sum_{rl} (c_{l+1} - c_l) z_{rl}$
    subject to $z_{rl} + \sum_{m \le l} y_{k_m} \ge 1$, at most p opened.

Its relaxation is as strong as the one with a variable per pair (Cornuejols, Nemhauser and Wolsey
1980; García, Labbé and Marín 2011; Duran-Mateluna, Ales and Elloumi 2023). Two things make it
small. Rows whose first l candidates are the same *set* share one z: on a map these sets are the
cells of an order-l Voronoi diagram, few however many rows there are. And leaving z out only lowers
the cost (z ≥ 0), so the program is a relaxation at every moment: levels are written when a point
leaves them unserved.
"""

from dataclasses import dataclass

import numpy as np

from solver.engine.handover import Program
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.location.growing import GrowingProgram, Relaxed, typical_nok
from solver.engine.location.nearest import NearestLists, Sites
from solver.engine.location.problem import Flags, Floats, Integers, summed

SERVED = 1 - 1e-7  # of a row by what is open, to the solver's tolerance


@dataclass(frozen=True)
class _Level:
    """Rows whose level l is written: the column and the line of its set, and its cost [NOK].

    `alike` is how many rows have the same set; the cost is inf for rows that must be served.
    """

    row: Integers
    column: Integers
    line: Integers
    nok: Floats
    alike: Integers


class RadiusProgram:
    """The part of the radius formulation that has been needed so far."""

    def __init__(
        self,
        lists: NearestLists,
        fixed: Floats,
        bounds: tuple[Flags, Flags],
        most: int,
        journal: Journal,
    ) -> None:
        """`bounds` are which candidates must be open, and which may be."""
        self._lists = lists
        self._candidates = len(fixed)
        self._step = _steps(lists)
        self._length = (lists.site != lists.sentinel).sum(axis=1)
        self._written = np.zeros(lists.rows, dtype=np.int64)
        self._set_of: dict[bytes, tuple[int, int]] = {}
        self._levels: list[_Level] = []
        finite = self._step[np.isfinite(self._step)]
        self.program = GrowingProgram(typical_nok([finite, fixed]), journal)
        must, may = bounds
        self.program.add_columns(fixed, np.ones(len(fixed)))
        everyone = np.arange(len(fixed))
        self.program.bound_columns(everyone, must.astype(float), may.astype(float))
        if most < len(fixed):
            row = np.zeros(len(fixed), dtype=np.int64)
            bound = np.array([[-np.inf, float(most)]])
            self.program.add_rows(row, everyone, np.ones(len(fixed)), bound)

    @property
    def nearest_nok(self) -> float:
        """What serving everybody from the nearest candidate costs: the part without variables."""
        return float(self._lists.cost[:, 0].sum())

    def unserved_levels(self, opened: Floats) -> Integers:
        """How many levels of each row a (fractional) set of open candidates leaves unserved."""
        share = np.append(opened, 0.0)[self._lists.site]
        return np.asarray((np.cumsum(share, axis=1) < SERVED).sum(axis=1))

    def levels_below(self, prices: Floats) -> Integers:
        """How many candidates of each row cost less than its price."""
        return np.asarray((self._lists.cost < prices[:, None]).sum(axis=1))

    def ends_unserved(self, opened: Floats) -> bool:
        """Whether a point leaves a row unserved to the end of a list that was cut."""
        levels = self.unserved_levels(opened)
        return bool(np.any(self._lists.cut & (levels >= self._length)))

    def write(self, levels: Integers) -> int:
        """Write the first so many levels of each row that do not stand there yet.

        Returns how many levels of rows were written.
        """
        upto = np.minimum(levels, self._length)
        added = 0
        for level in range(int(self._written.min(initial=0)), int(upto.max(initial=0))):
            rows = np.flatnonzero(
                (self._written <= level) & (level < upto) & (self._step[:, level] > 0)
            )
            if len(rows):
                self._write_level(rows, level)
                added += len(rows)
        self._written = np.maximum(self._written, upto)
        return added

    def relax(self) -> Relaxed | Stop:
        """Solve the relaxation of what is written."""
        return self.program.relax()

    def prices(self, relaxed: Relaxed) -> Floats:
        """A price per row from the prices of its levels: for the Lagrangian bound."""
        prices = self._lists.cost[:, 0].copy()
        for level in self._levels:
            # z + Σ y ≥ 1: the price of the line is at most what z costs, and rows share both alike.
            # What is over comes from rows that must be served.
            paid = np.maximum(relaxed.row_price[level.line], 0.0) * self.program.unit_nok
            z_nok = self.program.cost[level.column]
            over = np.maximum(paid - z_nok, 0.0) / level.alike
            has_z = np.isfinite(level.nok) & (z_nok > 0)
            part = np.divide(level.nok, z_nok, out=np.zeros_like(paid), where=has_z)
            prices[level.row] += np.where(np.isinf(level.nok), over, np.minimum(paid, z_nok) * part)
        return prices

    def whole(self, is_open: Flags | None) -> Program:
        """The program with whole candidates, to begin from an open set where one is known."""
        integer = np.arange(self.program.columns) < self._candidates
        start = None if is_open is None else self._completed(is_open)
        return self.program.whole(integer, self.nearest_nok, start)

    def _write_level(self, rows: Integers, level: int) -> None:
        """Write level `level` (0: the nearest alone) of rows that do not have it yet."""
        sets = np.sort(self._lists.site[rows, : level + 1], axis=1)
        kinds, member = np.unique(sets, axis=0, return_inverse=True)
        step = self._step[rows, level]
        # A row that must be served has no z behind its last candidate: Σ y ≥ 1 alone.
        must = np.isinf(step)
        nok = summed(member[~must], step[~must], len(kinds))
        column, line = self._places_of(kinds, nok)
        if must.any():
            self._forbid(column[np.unique(member[must])])
        alike = np.bincount(member)[member]
        self._levels.append(_Level(rows, column[member], line[member], step, alike))

    def _places_of(self, kinds: Sites, nok: Floats) -> tuple[Integers, Integers]:
        """Column and line of each set of candidates, at so much more cost."""
        keys = [kind.tobytes() for kind in kinds]
        known = np.array([key in self._set_of for key in keys], dtype=bool)
        fresh = np.flatnonzero(~known)
        lines = self.program.rows + np.arange(len(fresh))
        columns = self.program.add_columns(nok[fresh], np.ones(len(fresh)))
        for index, column, line in zip(fresh, columns, lines, strict=True):
            self._set_of[keys[index]] = (int(column), int(line))
        places = np.array([self._set_of[key] for key in keys], dtype=np.int64)
        self.program.add_cost(places[known, 0], nok[known])
        width = kinds.shape[1]
        entries = np.column_stack([kinds[fresh], columns]).ravel().astype(np.int64)
        self.program.add_rows(
            np.repeat(np.arange(len(fresh)), width + 1),
            entries,
            np.ones(len(entries)),
            np.tile([1.0, np.inf], (len(fresh), 1)),
        )
        return places[:, 0], places[:, 1]

    def _forbid(self, columns: Integers) -> None:
        """Fix z to 0: one of the set must be open."""
        self.program.bound_columns(columns, np.zeros(len(columns)), np.zeros(len(columns)))

    def _completed(self, is_open: Flags) -> Floats:
        """A whole point of the program: the open set, and each z as small as it may be."""
        start = np.ones(self.program.columns)
        start[: self._candidates] = is_open
        for key, (column, _) in self._set_of.items():
            members = np.frombuffer(key, dtype=self._lists.site.dtype)
            start[column] = 0.0 if is_open[members].any() else 1.0
        return start


def _steps(lists: NearestLists) -> Floats:
    """What each level adds to the cost of its row: the next candidate's cost less the level's."""
    cost = np.column_stack([lists.cost, lists.otherwise])
    with np.errstate(invalid="ignore"):  # inf − inf: behind the last of a row that must be served
        steps = np.diff(cost, axis=1)
    return np.where(np.isnan(steps), 0.0, steps)
