"""A year's transportation problem: who is served where, for given places.

min Σ c x + π u  subject to  Σ x + u = d per district and need,  Σ x ≤ b per site and care type.

It falls apart into blocks, where some rows and pairs share no link with the others: care types
that serve different needs, parts of the land beyond each other's travel limit. In a block the
links come by column generation (Ford and Fulkerson 1958): the cheapest ones of each row first,
the rest priced out in numpy until none would lower the cost. What is kept in HiGHS is a small
part of the links, and the answer is that of all of them.

Where staff are counted, places stand empty that cannot be staffed: Σ f x − e ≤ FTE left for places,
per staff group. e is FTE that lack even with every place empty, dearer than the places they would
staff, so that nobody is served by them.
"""

from collections.abc import Callable, Iterator, Sequence
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
# Of the price of the most places that an FTE staffs: what an FTE costs that lacks with every place
# empty. Above 1, so that it never pays to place somebody by staff that lack.
FIXED_FTE = 1.01


class Halted(Exception):
    """The caller asked for an end in the middle of a problem."""


@dataclass(frozen=True)
class ServedYear:
    """One year's answer.

    `cost` [weighted NOK] in all and `costs` per block; `links` (row, pair) with `served` places
    each; `unmet` places per row; `prices` ≥ 0 per pair [weighted NOK per place] and `staff_prices`
    per staff group [weighted NOK per FTE], of `Transport.groups`.
    """

    cost: float
    costs: Floats
    links: NDArray[np.int64]
    served: Floats
    unmet: Floats
    prices: Floats
    staff_prices: Floats


class Transport:
    """The transportation problem of an instance, solved for one year's need and places at a time.

    Rows are (district, need) in the order of `instance`, then `pairs` of (site, care type). Costs
    are weighted NOK per place and year. `block_of_row` and `block_of_pair` number the blocks. One
    HiGHS object per block is kept and only grows: what it says is never trusted (cuts are
    recomputed in closed form, `verify` judges the plan).

    `groups` are the staff groups that are counted: those asked for that some place which serves
    has staff of. They tie all rows into one block. `most` is the most need of a row in any year
    that will be asked about; None: the instance's own.
    """

    def __init__(
        self, instance: SitingInstance, groups: Sequence[str] = (), most: Floats | None = None
    ) -> None:
        goal = instance.objective
        self._instance = instance
        self.pairs = site_types(instance)
        site = {j: index for index, j in enumerate(instance.sites)}
        self._site_of_pair = np.array([site[j] for j, _ in self.pairs], dtype=np.int64)
        price = goal.unmet_place_year_nok
        unmet = None if price is None else goal.cost_weight * price
        cost = journey_costs(instance, self.pairs)
        # A place missing is cheaper than such a link: it is in no optimum, and as the unit of all
        # amounts it would put the others below the solver's tolerances.
        self.cost = cost if unmet is None else np.where(cost > unmet, np.inf, cost)
        finite = self.cost[np.isfinite(self.cost)]
        self.dearest = max(float(finite.max(initial=0.0)), unmet or 0.0) or 1.0
        self.unmet_price = FORBIDDEN * self.dearest if unmet is None else unmet
        self.groups, self.fte_per_place = _staffing(instance, self.pairs, groups)
        used = np.where(self.fte_per_place > 0, self.fte_per_place, np.inf)
        self.fte_price: Floats = FIXED_FTE * self.unmet_price / used.min(axis=1, initial=np.inf)
        self.block_of_row, self.block_of_pair = self._number_blocks()
        most = instance.need.max(axis=2).ravel() if most is None else most
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
        self,
        need: Floats,
        places: Floats,
        should_stop: Callable[[], bool] = lambda: False,
        fte: Floats | None = None,
    ) -> ServedYear:
        """Serve a year's need at least cost with so many places per pair.

        `fte` is what is left for places per group of `groups`, which may be less than nothing; inf
        where it is not limited.

        Raises Halted when asked to stop on the way, SolverCrashed when HiGHS finds no solution:
        callers only ask what can be served.
        """
        unmet, prices = np.zeros(len(need)), np.zeros(len(places))
        costs, links, served = np.zeros(self.blocks), [], []
        staff_prices = np.zeros(len(self.groups))
        left = np.full(len(self.groups), np.inf) if fte is None else fte
        for number, block in enumerate(self._blocks):
            x = block.solve(need[block.rows], places[block.pairs], left, should_stop)
            unmet[block.rows] = x.unmet
            prices[block.pairs] = self.dearest * block.prices()
            staff_prices = self.dearest * block.staff_prices()
            served.append(x.served)
            links.append(block.links())
            rows, pairs = links[-1].T
            costs[number] = self.unmet_price * np.sum(unmet[block.rows])
            costs[number] += np.sum(self.cost[rows, pairs] * served[-1])
            costs[number] += np.sum(self.fte_price * x.short_fte)
        used = np.concatenate(served)
        return ServedYear(
            float(np.sum(costs)),
            costs,
            np.concatenate(links)[used > 0],
            used[used > 0],
            unmet,
            prices,
            staff_prices,
        )

    def prices_of_need(self, prices: Floats, staff_prices: Floats | None = None) -> Floats:
        """The best dual of need for given prices of places ≥ 0, in closed form.

        α = min(π, min over links of c + β): feasible for the dual whatever β ≥ 0 is, so that
        Σ α d − Σ β b never exceeds the optimum, in any year, whoever β came from. It holds for
        each block alone: between blocks there are no links. With prices of FTE, 0 ≤ σ ≤
        `fte_price`, it is min(π, min c + β + σ f), and Σ σ FTE comes off, too.
        """
        all_prices = prices if staff_prices is None else prices + staff_prices @ self.fte_per_place
        cheapest = (self.cost + all_prices[None, :]).min(axis=1, initial=np.inf)
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
        if self.groups:
            pair = np.where(linked.any(axis=0), 0, -1)
            return np.zeros(len(linked), dtype=np.int32), pair.astype(np.int32)
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
        return _Block(
            rows,
            pairs,
            cost,
            self.unmet_price / self.dearest,
            most[rows],
            self.fte_per_place[:, pairs],
            self.fte_price / self.dearest,
        )


@dataclass(frozen=True)
class _Answer:
    """Of a block: unmet places per row, FTE that lack per group, places per link of `links`."""

    unmet: Floats
    short_fte: Floats
    served: Floats


class _Block:
    """One block, by column generation; costs in units of the dearest place."""

    def __init__(
        self,
        rows: NDArray[np.int64],
        pairs: NDArray[np.int64],
        cost: Floats,
        unmet_price: float,
        most: Floats,
        fte: Floats,
        fte_price: Floats,
    ) -> None:
        self.rows, self.pairs = rows, pairs
        self._cost, self._most, self._fte = cost, most, fte
        self._open = np.isfinite(cost)  # links without a column
        self._links = np.empty((0, 2), dtype=np.int64)
        self._solver = self._build(unmet_price, fte_price)
        self._add(_cheapest(cost, NEAREST))

    def solve(
        self, need: Floats, places: Floats, fte: Floats, should_stop: Callable[[], bool]
    ) -> _Answer:
        """Serve so much need per row by so many places per pair and FTE per group."""
        lower = np.concatenate([need, np.full(len(places) + len(fte), -highspy.kHighsInf)])
        upper = np.concatenate([need, places, fte])
        order = np.arange(len(lower), dtype=np.int32)
        self._solver.changeRowsBounds(len(order), order, lower, upper)
        self._run(should_stop)
        while self._add(self._worth_adding()):
            self._run(should_stop)
        x: Floats = np.maximum(np.array(self._solver.getSolution().col_value), 0.0)
        unmet, short, served = np.split(x, [len(self.rows), len(self.rows) + len(fte)])
        return _Answer(unmet, short, served)

    def links(self) -> NDArray[np.int64]:
        """(row, pair) of the columns, in the numbering of the whole problem."""
        return np.column_stack([self.rows[self._links[:, 0]], self.pairs[self._links[:, 1]]])

    def prices(self) -> Floats:
        """Of places, from the last solution."""
        duals = np.array(self._solver.getSolution().row_dual)
        first = len(self.rows)
        prices: Floats = np.maximum(-duals[first : first + len(self.pairs)], 0.0)
        return prices

    def staff_prices(self) -> Floats:
        """Of FTE, from the last solution."""
        duals = np.array(self._solver.getSolution().row_dual)
        prices: Floats = np.maximum(-duals[len(self.rows) + len(self.pairs) :], 0.0)
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
        need, places, fte = np.split(duals, [len(self.rows), len(self.rows) + len(self.pairs)])
        used = places + fte @ self._fte
        reduced = np.where(self._open, self._cost, np.inf) - need[:, None] - used
        return _cheapest(np.where(reduced < -CHEAPER, reduced, np.inf), FOUND)

    def _add(self, wanted: NDArray[np.bool_]) -> bool:
        """Give links a column; whether there were any."""
        new = np.argwhere(wanted)
        if not len(new):
            return False
        self._open[wanted] = False
        self._links = np.concatenate([self._links, new])
        groups, first = len(self._fte), len(self.rows) + len(self.pairs)
        staff = np.tile(np.arange(first, first + groups), (len(new), 1))
        entries = np.column_stack([new[:, 0], len(self.rows) + new[:, 1], staff]).astype(np.int32)
        values = np.column_stack([np.ones((len(new), 2)), self._fte[:, new[:, 1]].T])
        self._solver.addCols(
            len(new),
            self._cost[wanted],
            np.zeros(len(new)),
            self._most[new[:, 0]],
            entries.size,
            np.arange(0, entries.size, entries.shape[1], dtype=np.int32),
            entries.ravel(),
            values.ravel(),
        )
        return True

    def _build(self, unmet_price: float, fte_price: Floats) -> Any:
        """The problem without links: everybody unmet."""
        (rows, pairs), groups = self._cost.shape, len(fte_price)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = rows + pairs + groups, rows + groups
        lp.col_cost_ = np.concatenate([np.full(rows, unmet_price), fte_price])
        lp.col_lower_ = np.zeros(rows + groups)
        lp.col_upper_ = np.concatenate([self._most, np.full(groups, highspy.kHighsInf)])
        lp.row_lower_, lp.row_upper_ = np.zeros(lp.num_row_), np.zeros(lp.num_row_)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.arange(rows + groups + 1, dtype=np.int32)
        staffed = np.arange(rows + pairs, rows + pairs + groups)
        lp.a_matrix_.index_ = np.concatenate([np.arange(rows), staffed]).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate([np.ones(rows), -np.ones(groups)])
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        # HiGHS has one pool of threads, which the search has set up: 0 takes it as it is.
        solver.setOptionValue("threads", 0)
        solver.setOptionValue("simplex_iteration_limit", SLICE)
        # With presolve an unfinished solve leaves no basis, and the next begins anew.
        solver.setOptionValue("presolve", "off")
        solver.passModel(lp)
        return solver


def _staffing(
    instance: SitingInstance, pairs: tuple[tuple[str, str], ...], asked: Sequence[str]
) -> tuple[tuple[str, ...], Floats]:
    """The groups of those asked for that places which serve have staff of; FTE (groups, pairs)."""
    serving = [c if c.serves else None for _, p in pairs for c in [instance.care_types[p]]]
    fte = {e: [0.0 if c is None else c.fte_per_place.get(e, 0.0) for c in serving] for e in asked}
    groups = tuple(e for e in asked if any(fte[e]))
    return groups, np.array([fte[e] for e in groups]).reshape(len(groups), len(pairs))


def journey_costs(instance: SitingInstance, pairs: tuple[tuple[str, str], ...]) -> Floats:
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
