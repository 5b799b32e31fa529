"""Plans near a plan: one or two projects do something else, or two change places.

Where projects at different sites cost alike, exchanges change the journeys and hardly the cost. A
program that weighs both has to branch for each of them; here all single and paired exchanges of a
plan are judged at once: by the rows that tie projects together, and by what serving costs at least,
from the prices of places that earlier years were served at. Only those that look worth it are
served exactly, and what that teaches is used for the rest.

Interchange: Teitz and Bart (1968, Heuristic methods for estimating the generalized vertex median of
a weighted graph).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from solver.engine.benders import Benders, Candidate
from solver.engine.schedules import Exchange, Schedules

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BROKEN = 1e-6  # by so much a row may be, HiGHS's feasibility tolerance
MOST = 5_000  # exchanges judged of one plan: those that cost least
PRICES = 400  # kept, the last ones
AT_ONCE = 10  # plans served before the rest is judged again
ROUNDS = 4
NEEDS = 4  # so many needs have few enough sets of them

# From (cost [NOK], serving [weighted NOK], unmet [NOK], changes (exchanges, columns)) how much each
# is worth looking at; not when 0.
Worth = Callable[[Floats, Floats, Floats, csr_array], Floats]


class Interchange:
    """The exchanges of one decomposition, and the prices of places that it has seen."""

    def __init__(self, benders: Benders) -> None:
        self._benders = benders
        self._schedules = Schedules(benders.instance, benders.model, benders.column)
        self._transport = benders.transport
        self._need = np.array([self._transport.need(t) for t in range(len(benders.discount))])
        self._prices: dict[bytes, Floats] = {}

    @cached_property
    def applies(self) -> bool:
        """Whether projects are all that is decided in whole numbers."""
        return bool(self._project[self._benders.master.integer].min(initial=0) >= 0)

    def near(self, plan: Candidate, worth: Worth) -> Iterator[Candidate]:
        """Whole plans near a plan that holds, the more promising first.

        `worth` is asked again after each few. Raises Halted when asked to stop on the way.
        """
        changes = self._allowed(plan.x)
        self._learn(plan)
        decided = plan.decided_nok + changes @ self._decided_nok
        kept = np.sort(np.argsort(decided, kind="stable")[:MOST])
        changes, decided = csr_array(changes[kept]), decided[kept]
        places = [
            _Distinct.of(np.maximum((changes @ rows.T).toarray() + (rows @ plan.x + constants), 0))
            for rows, constants in self._benders.places
        ]
        unmet = self._unmet_nok(places)
        serving = np.zeros((len(decided), len(places)))
        new, left = list(self._prices.values()), np.ones(len(decided), dtype=bool)
        for _ in range(ROUNDS):
            self._raise(serving, places, new)
            new = []
            at_least = serving @ np.array(self._benders.discount)
            value = np.where(left, worth(decided + unmet, at_least, unmet, changes), 0.0)
            for index in np.argsort(-value, kind="stable")[:AT_ONCE]:
                if value[index] > 0:
                    left[index] = False
                    found = self._benders.served_plan(plan.x + _dense(changes, index))
                    new += self._learn(found)
                    if self._benders.serves_all(found):
                        yield found
            if not new:
                return

    @cached_property
    def _project(self) -> NDArray[np.int64]:
        """Which project each column decides on; −1: none."""
        project = np.full(len(self._benders.master.cost), -1)
        for index, columns in enumerate(self._schedules.columns):
            for at in columns.values():
                project[at[at >= 0]] = index
        return project

    @cached_property
    def _decided_nok(self) -> Floats:
        master = self._benders.master
        return np.where(self._project >= 0, master.cost * master.objective_scale, 0.0)

    @cached_property
    def _rows(self) -> tuple[csr_array, Floats, Floats, Mask]:
        """The rows on projects alone, their bounds, and which of them tie several together."""
        master, project = self._benders.master, self._project
        matrix = csr_array(master.matrix)
        others = abs(matrix) @ (project < 0).astype(float)
        mine = np.flatnonzero(others == 0)
        rows = csr_array(matrix[mine]).tocoo()
        first, last = np.full(len(mine), len(project)), np.full(len(mine), -1)
        np.minimum.at(first, rows.row, project[rows.col])
        np.maximum.at(last, rows.row, project[rows.col])
        return csr_array(rows), master.row_lower[mine], master.row_upper[mine], first < last

    def _allowed(self, x: Floats) -> csr_array:
        """The changes of the exchanges, alone and in pairs, after which every row holds."""
        rows, lower, upper, ties = self._rows
        at = rows @ x
        lower, upper = lower - at - BROKEN, upper - at + BROKEN
        exchanges = self._schedules.exchanges(x)
        changes = _matrix(exchanges, len(x))
        moved = (changes @ rows.T).toarray()
        held = (moved >= lower) & (moved <= upper)
        itself = held[:, ~ties].all(axis=1) & self._within(x, changes)
        some = np.flatnonzero(itself)
        alone = some[held[some].all(axis=1)]
        touched = ties & (moved[some] != 0).any(axis=0)
        bounds = lower[touched], upper[touched]
        together = _pairs([exchanges[at] for at in some], moved[some][:, touched], *bounds)
        found = np.array(list(together), dtype=int).reshape(-1, 2)
        both = changes[some[found[:, 0]]] + changes[some[found[:, 1]]]
        return csr_array(vstack([changes[alone], both]))

    def _within(self, x: Floats, changes: csr_array) -> Mask:
        """Whether every column is still within its bounds."""
        master, coo = self._benders.master, changes.tocoo()
        then = x[coo.col] + coo.data
        out = (then < master.lower[coo.col] - BROKEN) | (then > master.upper[coo.col] + BROKEN)
        within: Mask = np.bincount(coo.row[out], minlength=changes.shape[0]) == 0
        return within

    def _unmet_nok(self, places: list["_Distinct"]) -> Floats:
        """What unmet need costs if all lived in one place: by Hall, the worst set of needs."""
        instance, nok = self._benders.instance, np.zeros(len(places[0].which))
        needs = range(len(instance.needs))
        sizes = range(1, len(needs) + 1) if len(needs) <= NEEDS else (1, len(needs))
        sets = [each for size in sizes for each in combinations(needs, size)]
        price = instance.objective.unmet_place_year_nok or 0.0
        for t, (had, discount) in enumerate(zip(places, self._benders.discount, strict=True)):
            need, most = instance.need[:, :, t].sum(axis=0), np.zeros(len(had.rows))
            for each in sets:
                names = {instance.needs[n] for n in each}
                fit = [not names.isdisjoint(self._serves(p)) for _, p in self._transport.pairs]
                most = np.maximum(most, need[list(each)].sum() - had.rows[:, fit].sum(axis=1))
            nok += price * discount * most[had.which]
        return nok

    def _serves(self, care_type: str) -> set[str]:
        return set(self._benders.instance.care_types[care_type].serves)

    def _raise(self, serving: Floats, places: list["_Distinct"], prices: list[Floats]) -> None:
        """What serving costs at least in each year, by some more prices of places."""
        if not prices:
            return
        of_need = np.array([self._transport.prices_of_need(each) for each in prices])
        of_places, paid = np.array(prices).T, of_need @ self._need.T
        for t, had in enumerate(places):
            least = (paid[:, t] - had.rows @ of_places).max(axis=1)
            serving[:, t] = np.maximum(serving[:, t], least[had.which])

    def _learn(self, plan: Candidate) -> list[Floats]:
        """The prices of a served plan that were not known."""
        new = {year.prices.tobytes(): year.prices for year in plan.served.years}
        unknown = [prices for key, prices in new.items() if key not in self._prices]
        self._prices = dict([*self._prices.items(), *new.items()][-PRICES:])
        return unknown


@dataclass(frozen=True)
class _Distinct:
    """The rows of a matrix that differ, and `which` of them each one is.

    Most exchanges leave the places of most years as they are.
    """

    rows: Floats
    which: NDArray[np.int64]

    @staticmethod
    def of(matrix: Floats) -> "_Distinct":
        """Of all its rows."""
        # As bytes: NumPy's own way, entry by entry, takes as long as it would save.
        row = np.dtype((np.void, matrix.itemsize * matrix.shape[1]))
        whole = np.ascontiguousarray(matrix).view(row)
        _, first, which = np.unique(whole.ravel(), return_index=True, return_inverse=True)
        return _Distinct(matrix[first], which)


def _matrix(exchanges: list[Exchange], columns: int) -> csr_array:
    """One row per exchange."""
    row = np.repeat(np.arange(len(exchanges)), [len(one.columns) for one in exchanges])
    none = [np.zeros(0)]
    at = np.concatenate([np.zeros(0, dtype=np.int64), *(one.columns for one in exchanges)])
    change = np.concatenate(none + [one.change for one in exchanges])
    return csr_array((change, (row, at)), shape=(len(exchanges), columns))


def _pairs(
    exchanges: list[Exchange], moved: Floats, lower: Floats, upper: Floats
) -> Iterator[tuple[int, int]]:
    """Exchanges of different projects that together move every row within its bounds."""
    of = np.zeros((len(exchanges), 1 + max((max(e.projects) for e in exchanges), default=0)))
    for index, one in enumerate(exchanges):
        of[index, list(one.projects)] = 1.0
    for index in range(len(exchanges) - 1):
        later = index + 1 + np.flatnonzero(of[index + 1 :] @ of[index] == 0)
        both = moved[later] + moved[index]
        for other in later[((both >= lower) & (both <= upper)).all(axis=1)]:
            yield index, int(other)


def _dense(matrix: csr_array, row: int) -> Floats:
    values: Floats = matrix[[row]].toarray().ravel()
    return values
