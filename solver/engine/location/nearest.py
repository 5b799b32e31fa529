"""For each row its nearest candidates in order: all that uncapacitated location needs to know."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver.engine.location.problem import Flags, Floats, LocationProblem
from solver.engine.transport import Halted

Sites = NDArray[np.int32]
CHUNK_ENTRIES = 4_000_000  # of a dense cost matrix at a time: 32 MB


@dataclass(frozen=True)
class NearestLists:
    """Per row the candidates that are cheaper than what it has anyway, cheapest first.

    `site` (rows, length) is the candidate, `cost` [NOK] what serving all of the row from there
    costs. After the last comes the sentinel, candidate number `sentinel`, at cost `otherwise`:
    what serving the row costs when none of the list is open; inf where that is forbidden. Where a
    list was cut (`cut`), candidates are left out that cost `otherwise` or more, and serving the
    row may cost more than that.
    """

    site: Sites
    cost: Floats
    otherwise: Floats
    cut: Flags
    sentinel: int
    whole: bool

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.otherwise)

    def restricted(self, keep: Flags) -> "NearestLists":
        """The lists without the candidates that stay closed."""
        kept = np.append(keep, True)[self.site]
        order = np.argsort(~kept, axis=1, kind="stable")
        length = max(int(kept.sum(axis=1).max(initial=0)), 1)
        order = order[:, :length]
        there = np.take_along_axis(kept, order, axis=1)
        site = np.where(there, np.take_along_axis(self.site, order, axis=1), self.sentinel)
        cost = np.where(
            there, np.take_along_axis(self.cost, order, axis=1), self.otherwise[:, None]
        )
        return replace(self, site=site.astype(np.int32), cost=cost)

    def below(self, limit: Floats) -> "NearestLists":
        """The lists of what costs less than a limit per row, its nearest candidate at least.

        A row whose list or alternative goes beyond the limit must be served from within it.
        """
        inside = self.cost < limit[:, None]
        inside[:, 0] = True
        length = max(int(inside.sum(axis=1).max(initial=0)), 1)
        ends = self.otherwise >= limit
        otherwise = np.where(ends, np.inf, self.otherwise)
        cost = np.where(inside, self.cost, otherwise[:, None])[:, :length]
        site = np.where(inside, self.site, self.sentinel)[:, :length]
        return replace(self, site=site, cost=cost, otherwise=otherwise, cut=self.cut & ~ends)

    def first_open(self, is_open: Flags) -> tuple[Sites, Floats, Sites, Floats]:
        """Each row's nearest and second nearest open candidate and their costs [NOK].

        The sentinel counts as open: nothing in the list that is nearer is.
        """
        opened = np.append(is_open, True)[self.site]
        rows = np.arange(self.rows)
        nearest = opened.argmax(axis=1)
        found = opened[rows, nearest]
        opened[rows, nearest] = False
        second = opened.argmax(axis=1)
        found_second = opened[rows, second]
        return (
            np.where(found, self.site[rows, nearest], self.sentinel).astype(np.int32),
            np.where(found, self.cost[rows, nearest], self.otherwise),
            np.where(found_second, self.site[rows, second], self.sentinel).astype(np.int32),
            np.where(found_second, self.cost[rows, second], self.otherwise),
        )


def nearest_lists(
    problem: LocationProblem, length: int, should_stop: Callable[[], bool] = lambda: False
) -> NearestLists:
    """The lists of a problem, cut to `length` candidates per row.

    Memory grows with rows × length; the dense costs are made a chunk of rows at a time. Raises
    Halted when asked to stop on the way.
    """
    rows, candidates = len(problem.weight), len(problem.candidates)
    length = min(length, candidates)
    site = np.full((rows, max(length, 1)), candidates, dtype=np.int32)
    cost = np.empty((rows, max(length, 1)))
    otherwise = np.empty(rows)
    cut = np.zeros(rows, dtype=bool)
    whole = True
    chunk = max(CHUNK_ENTRIES // max(candidates, 1), 1)
    for first in range(0, rows, chunk):
        if should_stop():
            raise Halted
        here = np.arange(first, min(first + chunk, rows))
        anyway = problem.anyway(here)
        dense = problem.cost(here)
        dense[dense >= anyway[:, None]] = np.inf
        order, beyond = _cheapest(dense, length)
        value = np.take_along_axis(dense, order, axis=1)
        listed = np.isfinite(value)
        site[here[:, None], np.arange(length)] = np.where(listed, order, candidates)
        cut[here] = np.isfinite(beyond)
        weight = problem.weight[here]
        whole = whole and _are_whole(dense * weight[:, None]) and _are_whole(anyway * weight)
        otherwise[here] = np.minimum(beyond, anyway) * weight
        cost[here] = otherwise[here][:, None]
        known = value * weight[:, None]
        cost[here[:, None], np.arange(length)] = np.where(listed, known, cost[here, :length])
    return NearestLists(site, cost, otherwise, cut, candidates, whole)


def _cheapest(dense: Floats, length: int) -> tuple[NDArray[np.int64], Floats]:
    """Columns of the `length` least of each row in order, and the value that comes next."""
    rows, columns = dense.shape
    if length >= columns:
        return np.argsort(dense, axis=1, kind="stable"), np.full(rows, np.inf)
    some = np.sort(np.argpartition(dense, length, axis=1)[:, : length + 1], axis=1)
    value = np.take_along_axis(dense, some, axis=1)
    order = np.take_along_axis(some, np.argsort(value, axis=1, kind="stable"), axis=1)
    last = np.take_along_axis(dense, order[:, length:], axis=1)[:, 0]
    return order[:, :length], last


def _are_whole(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    return bool(np.array_equal(finite, np.round(finite)))
