"""A year's transportation problem: who is served where, for given places.

min Σ c x + π u  subject to  Σ x + u = d per district and need,  Σ x ≤ b per site and care type.

It falls apart into blocks, where some rows and pairs share no link with the others: care types
that serve different needs, parts of the land beyond each other's travel limit. In a block the
links come by column generation (Ford and Fulkerson 1958): the cheapest ones of each row first,
the rest priced out in numpy until none would lower the cost. What is kept in HiGHS is a small
part of the links, and the answer is that of all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph, csr_array, vstack

from solver.domain.errors import SolverCrashed
from solver.domain.instance import SitingInstance
from solver.formulation.sets import reachable, site_types

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

# Where unmet need is not allowed the master gives places enough, but only to the solver's
# tolerance. What is left over costs this many times the dearest place, and ends no search.
FORBIDDEN = 1000.0
NEAREST = 8  # links per row to begin with
FOUND = 2  # links per row and round of pricing
CHEAPER = 1e-9  # of the dearest place: what a link must save to be worth a column
SLICE = 5_000  # simplex iterations between two looks at whether to stop


class Halted(Exception):
    """The caller asked for an end in the middle of a problem."""


@dataclass(frozen=True)
class ServedYear:
    """One year's answer.

    `cost` [weighted NOK] in all and `costs` per block; `links` (row, pair) with `served` places
    each; `unmet` places per row; `prices` ≥ 0 per pair [weighted NOK per place].
    """

    cost: float
    costs: Floats
    links: NDArray[np.int64]
    served: Floats
    unmet: Floats
    prices: Floats


class Transport:
    """The transportation problem of an instance, solved for one year's need and places at a time.

    Rows are (district, need) in the order of `instance`, then `pairs` of (site, care type). Costs
    are weighted NOK per place and year. `block_of_row` and `block_of_pair` number the blocks. One
    HiGHS object per block is kept and only grows: what it says is never trusted (cuts are
    recomputed in closed form, `verify` judges the plan).
    """

    def __init__(self, instance: SitingInstance) -> None:
        goal = instance.objective
        self._instance = instance
        self.pairs = site_types(instance)
        site = {j: index for index, j in enumerate(instance.sites)}
        self._site_of_pair = np.array([site[j] for j, _ in self.pairs], dtype=np.int64)
        price = goal.unmet_place_year_nok
        unmet = None if price is None else goal.cost_weight * price
        cost = _costs(instance, self.pairs)
        # A place missing is cheaper than such a link: it is in no optimum, and as the unit of all
        # amounts it would put the others below the solver's tolerances.
        self.cost = cost if unmet is None else np.where(cost > unmet, np.inf, cost)
        finite = self.cost[np.isfinite(self.cost)]
        self.dearest = max(float(finite.max(initial=0.0)), unmet or 0.0) or 1.0
        self.unmet_price = FORBIDDEN * self.dearest if unmet is None else unmet
        self.block_of_row, self.block_of_pair = self._number_blocks()
        most = instance.need.max(axis=2).ravel()
        self._blocks = [self._block(number, most) for number in range(self.blocks)]

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int(self.block_of_row.max(initial=-1)) + 1

    def need(self, year_index: int) -> Floats:
        """Need per row (district, need)."""
        need: Floats = self._instance.need[:, :, year_index].ravel()
        return need

    def solve(
        self, need: Floats, places: Floats, should_stop: Callable[[], bool] = lambda: False
    ) -> ServedYear:
        """Serve a year's need at least cost with so many places per pair.

        Raises Halted when asked to stop on the way, SolverCrashed when HiGHS finds no solution:
        callers only ask what can be served.
        """
        unmet, prices = np.zeros(len(need)), np.zeros(len(places))
        costs, links, served = np.zeros(self.blocks), [], []
        for number, block in enumerate(self._blocks):
            x = block.solve(need[block.rows], places[block.pairs], should_stop)
            unmet[block.rows] = x[: len(block.rows)]
            prices[block.pairs] = self.dearest * block.prices()
            served.append(x[len(block.rows) :])
            links.append(block.links())
            rows, pairs = links[-1].T
            costs[number] = self.unmet_price * np.sum(unmet[block.rows])
            costs[number] += np.sum(self.cost[rows, pairs] * served[-1])
        used = np.concatenate(served)
        return ServedYear(
            float(np.sum(costs)),
            costs,
            np.concatenate(links)[used > 0],
            used[used > 0],
            unmet,
            prices,
        )

    def prices_of_need(self, prices: Floats) -> Floats:
        """The best dual of need for given prices of places ≥ 0, in closed form.

        α = min(π, min over links of c + β): feasible for the dual whatever β ≥ 0 is, so that
        Σ α d − Σ β b never exceeds the optimum, in any year, whoever β came from. It holds for
        each block alone: between blocks there are no links.
        """
        cheapest = (self.cost + prices[None, :]).min(axis=1, initial=np.inf)
        best: Floats = np.minimum(cheapest, self.unmet_price)
        return best

    def travel_nok(self, year: ServedYear) -> float:
        """What a year's journeys cost, unweighted."""
        rows, pairs = year.links.T
        districts = rows // len(self._instance.needs)
        minutes = self._instance.travel.minutes[self._site_of_pair[pairs], districts]
        return float(self._instance.travel.nok_per_minute * np.sum(minutes * year.served))

    def unmet_nok(self, year: ServedYear) -> float:
        """What a year's unmet need costs, unweighted; 0 where it has no price."""
        price = self._instance.objective.unmet_place_year_nok
        return float((price or 0.0) * np.sum(year.unmet))

    def allocation(self, year: ServedYear) -> Iterator[tuple[tuple[str, str, str, str], float]]:
        """((district, need, site, care type), places) of the links in use."""
        needs = self._instance.needs
        for (row, pair), places in zip(year.links.tolist(), year.served.tolist(), strict=True):
            i, n = divmod(row, len(needs))
            yield (self._instance.districts[i], needs[n], *self.pairs[pair]), places

    def _number_blocks(self) -> tuple[Ints, Ints]:
        """Connected parts of the graph of rows and pairs, numbered from 0 without a gap.

        Rows that nothing serves are one block; pairs that serve nobody belong to none, −1.
        """
        linked = np.isfinite(self.cost)
        _, part = csgraph.connected_components(csr_array(_bipartite(linked)), directed=False)
        rows, pairs = part[: len(linked)], part[len(linked) :]
        rows = np.where(linked.any(axis=1), rows, len(part))
        known, numbered = np.unique(rows, return_inverse=True)
        place = np.searchsorted(known, pairs)
        found = known[np.minimum(place, len(known) - 1)] == pairs if len(known) else pairs < 0
        return numbered.astype(np.int32), np.where(found, place, -1).astype(np.int32)

    def _block(self, number: int, most: Floats) -> "_Block":
        rows = np.flatnonzero(self.block_of_row == number)
        pairs = np.flatnonzero(self.block_of_pair == number)
        cost = self.cost[np.ix_(rows, pairs)] / self.dearest
        return _Block(rows, pairs, cost, self.unmet_price / self.dearest, most[rows])


class _Block:
    """One block, by column generation; costs in units of the dearest place."""

    def __init__(
        self,
        rows: NDArray[np.int64],
        pairs: NDArray[np.int64],
        cost: Floats,
        unmet_price: float,
        most: Floats,
    ) -> None:
        self.rows, self.pairs = rows, pairs
        self._cost, self._most = cost, most
        self._open = np.isfinite(cost)  # links without a column
        self._links = np.empty((0, 2), dtype=np.int64)
        self._solver = self._build(unmet_price)
        self._add(_cheapest(cost, NEAREST))

    def solve(self, need: Floats, places: Floats, should_stop: Callable[[], bool]) -> Floats:
        """Unmet places per row, then places per link of `links`."""
        lower = np.concatenate([need, np.full(len(places), -highspy.kHighsInf)])
        upper = np.concatenate([need, places])
        order = np.arange(len(lower), dtype=np.int32)
        self._solver.changeRowsBounds(len(order), order, lower, upper)
        self._run(should_stop)
        while self._add(self._worth_adding()):
            self._run(should_stop)
        x: Floats = np.maximum(np.array(self._solver.getSolution().col_value), 0.0)
        return x

    def links(self) -> NDArray[np.int64]:
        """(row, pair) of the columns, in the numbering of the whole problem."""
        return np.column_stack([self.rows[self._links[:, 0]], self.pairs[self._links[:, 1]]])

    def prices(self) -> Floats:
        """Of places, from the last solution."""
        duals = np.array(self._solver.getSolution().row_dual)
        prices: Floats = np.maximum(-duals[len(self.rows) :], 0.0)
        return prices

    def _run(self, should_stop: Callable[[], bool]) -> None:
        status = highspy.HighsModelStatus.kIterationLimit
        while status == highspy.HighsModelStatus.kIterationLimit:
            if should_stop():
                raise Halted
            self._solver.run()
            status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverCrashed("et års fordeling av plasser lot seg ikke løse")

    def _worth_adding(self) -> NDArray[np.bool_]:
        """Links without a column whose reduced cost is negative, the best few of each row."""
        duals = np.array(self._solver.getSolution().row_dual)
        rows = len(self.rows)
        reduced = np.where(self._open, self._cost, np.inf) - duals[:rows, None] - duals[rows:]
        return _cheapest(np.where(reduced < -CHEAPER, reduced, np.inf), FOUND)

    def _add(self, wanted: NDArray[np.bool_]) -> bool:
        """Give links a column; whether there were any."""
        new = np.argwhere(wanted)
        if not len(new):
            return False
        self._open[wanted] = False
        self._links = np.concatenate([self._links, new])
        entries = np.column_stack([new[:, 0], len(self.rows) + new[:, 1]]).astype(np.int32)
        self._solver.addCols(
            len(new),
            self._cost[wanted],
            np.zeros(len(new)),
            self._most[new[:, 0]],
            entries.size,
            np.arange(0, entries.size, 2, dtype=np.int32),
            entries.ravel(),
            np.ones(entries.size),
        )
        return True

    def _build(self, unmet_price: float) -> Any:
        """The problem without links: everybody unmet."""
        rows, pairs = self._cost.shape
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = rows + pairs, rows
        lp.col_cost_ = np.full(rows, unmet_price)
        lp.col_lower_, lp.col_upper_ = np.zeros(rows), self._most
        lp.row_lower_, lp.row_upper_ = np.zeros(rows + pairs), np.zeros(rows + pairs)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.arange(rows + 1, dtype=np.int32)
        lp.a_matrix_.index_ = np.arange(rows, dtype=np.int32)
        lp.a_matrix_.value_ = np.ones(rows)
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        # HiGHS has one pool of threads, which the search has set up: 0 takes it as it is.
        solver.setOptionValue("threads", 0)
        solver.setOptionValue("simplex_iteration_limit", SLICE)
        # With presolve an unfinished solve leaves no basis, and the next begins anew.
        solver.setOptionValue("presolve", "off")
        solver.passModel(lp)
        return solver


def _costs(instance: SitingInstance, pairs: tuple[tuple[str, str], ...]) -> Floats:
    """Per row (district, need) and pair (site, care type); inf where there is no link."""
    row = {j: index for index, j in enumerate(instance.sites)}
    minutes = np.where(reachable(instance), instance.travel.minutes, np.inf)
    cost = np.full((len(instance.districts), len(instance.needs), len(pairs)), np.inf)
    for pair, (j, p) in enumerate(pairs):
        serves = instance.care_types[p].serves
        for index, n in enumerate(instance.needs):
            if n in serves:
                near = np.isfinite(minutes[row[j]])
                cost[near, index, pair] = instance.journey_nok(minutes[row[j], near])
    return cost.reshape(len(instance.districts) * len(instance.needs), len(pairs))


def _bipartite(linked: NDArray[np.bool_]) -> csr_array:
    """The graph with the rows' nodes before the columns'."""
    rows, columns = linked.shape
    right = csr_array(linked)
    below = csr_array((columns, rows + columns), dtype=bool)
    beside = csr_array((right.data, right.indices + rows, right.indptr), (rows, rows + columns))
    return vstack([beside, below])


def _cheapest(cost: Floats, count: int) -> NDArray[np.bool_]:
    """The `count` least finite entries of each row; ties to the first columns."""
    finite = np.isfinite(cost)
    some = np.flatnonzero(finite.any(axis=1))
    order = np.argsort(cost[some], axis=1, kind="stable")[:, :count]
    chosen = np.zeros(cost.shape, dtype=bool)
    chosen[some[:, None], order] = True
    return chosen & finite
