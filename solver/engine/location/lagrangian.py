"""Lagrangian relaxation: a bound for location problems, by prices on being served.

Relaxing "every row is served" with a price α_r per row leaves one easy problem per candidate:
v_k = f_k + Σ_r min(0, cost_rk − α_r) without capacities, a continuous knapsack with them. Then
Σ α + min Σ v_k y_k is a bound for every α (Geoffrion 1974), as strong as the linear relaxation of
the strong formulation; with capacities stronger, as the number of opened candidates stays whole
(Cornuejols, Sridharan and Thizy 1991). Subgradient steps raise it (Held, Wolfe and Crowder 1974).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from solver.engine.location.nearest import NearestLists
from solver.engine.location.problem import Flags, Floats, summed
from solver.engine.location.selection import Selection, select

FIRST_STEP = 1.0
LAST_STEP = 5e-4
PATIENCE = 15  # steps without a better bound before they are halved
NOTICEABLE = 1e-6  # of the bound: less is no progress
WINDOW_AGE = 25  # steps until the window follows the prices
WINDOW_SLACK = 1.3  # of a price that its row's window reaches
WINDOW_LEAST = 2  # candidates that a window holds at least


@dataclass(frozen=True)
class Step:
    """A bound [NOK] at certain prices, the selection it comes from, and what is left unserved.

    `unserved` (rows) is 1 less how often the relaxed solution serves a row: a subgradient.
    """

    bound: float
    selection: Selection
    unserved: Floats


@dataclass(frozen=True)
class Dual:
    """The best step of a search for prices, and the prices per row that it was taken at."""

    step: Step
    prices: Floats


class Relaxation(Protocol):
    """A location problem with prices on being served."""

    def at(self, prices: Floats) -> Step:
        """The bound at given prices."""

    def admissible(self, prices: Floats) -> Floats:
        """The prices nearest to given ones that the relaxation can be asked about."""


def raise_bound(
    relaxation: Relaxation,
    prices: Floats,
    target: Callable[[Step], float],
    enough: Callable[[float], bool],
) -> Dual:
    """Subgradient steps from `prices` until they are small or the bound is `enough`.

    `target` gives the cost of the best known plan [NOK], which may improve on the way.
    """
    prices = relaxation.admissible(prices)
    best: Dual | None = None
    size, idle = FIRST_STEP, 0
    while size >= LAST_STEP:
        step = relaxation.at(prices)
        known = target(step)
        idle += 1
        if best is None or step.bound > best.step.bound:
            if best is None or step.bound > best.step.bound * (1 + NOTICEABLE):
                idle = 0
            best = Dual(step, prices)
        if enough(best.step.bound):
            break
        length = float(np.sum(step.unserved * step.unserved))
        if length == 0:
            break
        if idle >= PATIENCE:
            size, idle, prices = size / 2, 0, best.prices
            continue
        move = size * max(known - step.bound, 0.0) / length
        prices = relaxation.admissible(prices + move * step.unserved)
    assert best is not None
    return best


class Uncapacitated:
    """Everybody is served from the nearest open candidate.

    The costs above a row's price do not count, so only a window of each list is looked at; prices
    stay below what is outside of it, which keeps the bound valid whatever the window is.
    """

    def __init__(self, lists: NearestLists, fixed: Floats, required: Flags, most: int) -> None:
        self._lists, self._fixed, self._most = lists, fixed, most
        self._must, self._may = required, np.ones(len(fixed), dtype=bool)
        self._age = 0
        self._look_at(np.zeros(lists.rows))

    def at(self, prices: Floats) -> Step:
        """The bound at given prices."""
        gain = self._cost - prices[self._row]
        serving = np.flatnonzero(gain < 0)
        site = self._site[serving]
        values = self._fixed + summed(site, gain[serving], len(self._fixed))
        values[~self._may] = np.inf
        selection = select(values, self._must, 0, self._most)
        served = self._row[serving[selection.opened[site]]]
        unserved: Floats = 1.0 - np.bincount(served, minlength=self._lists.rows).astype(float)
        # A row that is as well served by what it has anyway is served.
        unserved[(unserved > 0) & (prices >= self._lists.otherwise)] = 0.0
        return Step(float(prices.sum()) + selection.value, selection, unserved)

    def settle(self, must: Flags, may: Flags) -> None:
        """Bound only the sets that open `must` and none but `may`."""
        self._must, self._may = must, may

    def at_any(self, prices: Floats) -> Step:
        """The bound at prices from elsewhere: the window is laid around them first."""
        self._look_at(prices)
        return self.at(np.clip(prices, 0.0, self._ceiling))

    def admissible(self, prices: Floats) -> Floats:
        """Prices within the window, which follows them now and then."""
        prices = np.clip(prices, 0.0, self._lists.otherwise)
        self._age += 1
        if self._age >= WINDOW_AGE or np.count_nonzero(prices > self._ceiling) > len(prices) / 10:
            self._look_at(prices)
        return np.minimum(prices, self._ceiling)

    def _look_at(self, prices: Floats) -> None:
        """Take in what is a little dearer than the prices, at least the two nearest."""
        lists = self._lists
        near = lists.cost[:, : WINDOW_LEAST + 1]
        at_least = near[:, -1] if near.shape[1] > WINDOW_LEAST else lists.otherwise
        self._ceiling = np.minimum(np.maximum(WINDOW_SLACK * prices, at_least), lists.otherwise)
        inside = (lists.cost < self._ceiling[:, None]) & (lists.site != lists.sentinel)
        self._row, place = np.nonzero(inside)
        self._site = lists.site[self._row, place]
        self._cost = lists.cost[self._row, place]
        self._age = 0
