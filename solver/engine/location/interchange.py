"""Good sets of candidates by adding, dropping and exchanging one at a time.

The best move of all is found at once, after Whitaker's fast interchange as Resende and Werneck
(2007) compute it: what adding gains, what dropping loses, and what a pair has back of both.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.engine.location.nearest import NearestLists
from solver.engine.location.problem import Flags, Floats, Integers, LocationProblem, summed

LEAST_GAIN = 1e-9  # of the cost: less is rounding
MOST_MOVES = 2_000


@dataclass(frozen=True)
class Served:
    """Who is served where when certain candidates are open.

    `first` (rows) is the candidate that serves a row, the sentinel where what stands there or
    unmet need does; costs of the whole row [NOK] with `first` and without it, inf where none can.
    """

    first: Integers
    first_nok: Floats
    second_nok: Floats


class Neighbourhood:
    """Sets of candidates of a problem, their cost, and the best move from one to the next."""

    def __init__(self, problem: LocationProblem, lists: NearestLists) -> None:
        self._problem = problem
        self.lists = lists
        dearest = np.where(np.isfinite(lists.cost), lists.cost, 0.0).sum()
        # More than anything else can cost: a row that nobody can serve is worth every other.
        self._impossible = 1.0 + float(dearest) + float(problem.fixed_nok.sum())

    def serve(self, is_open: Flags) -> Served:
        """Everybody from the nearest open candidate, beyond the ends of cut lists as well."""
        lists = self.lists
        first, first_nok, second, second_nok = lists.first_open(is_open)
        beyond = np.flatnonzero(lists.cut & (second == lists.sentinel))
        nearest = first.astype(np.int64)
        opened = np.flatnonzero(is_open)
        for row in _chunks(beyond, len(opened)):
            nearest[row], first_nok[row], second_nok[row] = self._two_nearest(row, opened)
        return Served(nearest, first_nok, second_nok)

    def cost(self, is_open: Flags) -> float:
        """What a set costs in all [NOK], inf where somebody cannot be served."""
        served = self.serve(is_open)
        return float(served.first_nok.sum() + self._problem.fixed_nok[is_open].sum())

    def finite(self, cost_nok: float) -> float:
        """A cost, or where it is inf what nothing that can be done costs."""
        return min(cost_nok, self._impossible)

    def improve(self, is_open: Flags, keep_going: Callable[[], bool]) -> Flags:
        """Make the best move until none gains."""
        for _ in range(MOST_MOVES):
            better = self._best_move(is_open)
            if better is None or not keep_going():
                break
            is_open = better
        return is_open

    def _two_nearest(self, rows: Integers, opened: Integers) -> tuple[Integers, Floats, Floats]:
        """From the dense costs: nearest open, and the costs of the two nearest."""
        problem = self._problem
        anyway = problem.anyway(rows)
        cost = np.column_stack([problem.cost(rows, opened), anyway, np.full(len(rows), np.inf)])
        columns = np.append(opened, [self.lists.sentinel, self.lists.sentinel])
        order = np.argsort(cost, axis=1, kind="stable")[:, :2]
        two = np.take_along_axis(cost, order, axis=1) * problem.weight[rows, None]
        # What is behind the existing alternative is no help: the row has that anyway.
        two[:, 1] = np.minimum(two[:, 1], anyway * problem.weight[rows])
        return columns[order[:, 0]], two[:, 0], two[:, 1]

    def _best_move(self, is_open: Flags) -> Flags | None:
        problem, lists = self._problem, self.lists
        served = self.serve(is_open)
        now = np.minimum(served.first_nok, self._impossible)
        without = np.minimum(served.second_nok, self._impossible)
        opened = np.flatnonzero(is_open)
        count, places = len(is_open), len(opened) + 1  # the last place: no candidate serves
        place_of = np.full(count + 1, len(opened))
        place_of[opened] = np.arange(len(opened))
        holder = place_of[served.first]

        lost = summed(holder, without - now, places)[:-1]
        drop = np.where(problem.required[opened], -np.inf, problem.fixed_nok[opened] - lost)
        row, entry = np.nonzero(lists.cost < without[:, None])
        site, cost = lists.site[row, entry], lists.cost[row, entry]
        closed = ~np.append(is_open, True)[site]
        row, site, cost = row[closed], site[closed], cost[closed]
        gained = summed(site, np.maximum(now[row] - cost, 0.0), count)
        add = np.where(is_open, -np.inf, gained - problem.fixed_nok)
        back = without[row] - np.maximum(cost, now[row])
        pairs = summed(site * places + holder[row], back, count * places).reshape(count, places)
        least = LEAST_GAIN * float(now.sum() + problem.fixed_nok[opened].sum())
        room = len(opened) < problem.most
        return _moved(is_open, _Moves(add, drop, pairs[:, :-1]), room, least)


@dataclass(frozen=True)
class _Moves:
    """What moves gain [NOK]: `add` (candidates), `drop` (opened), and what pairs have back."""

    add: Floats
    drop: Floats
    pairs: Floats


def _moved(is_open: Flags, moves: _Moves, room: bool, least: float) -> Flags | None:
    """The set after the best move; None when no move gains more than `least`.

    Without `room` nothing is added but in exchange.
    """
    add, drop = moves.add, moves.drop
    gains = np.full((len(add) + 1, len(drop) + 1), -np.inf)
    gains[:-1, :-1] = add[:, None] + drop[None, :] + moves.pairs
    gains[-1, :-1] = drop
    if room:
        gains[:-1, -1] = add
    best = int(gains.argmax())
    if gains.flat[best] <= least:
        return None
    entering, leaving = divmod(best, len(drop) + 1)
    moved = is_open.copy()
    if leaving < len(drop):
        moved[np.flatnonzero(is_open)[leaving]] = False
    if entering < len(add):
        moved[entering] = True
    return moved


def _chunks(rows: Integers, width: int) -> list[Integers]:
    """Rows in pieces whose dense costs stay small."""
    pieces = -(-len(rows) * (width + 2) // 4_000_000)
    return np.array_split(rows, pieces) if len(rows) else []
