"""A year's transportation problem: who is served where, for given places.

min Σ c x + π u  subject to  Σ x + u = d per district and need,  Σ x ≤ b per site and care type.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from solver.domain.errors import SolverCrashed
from solver.domain.instance import SitingInstance
from solver.formulation.sets import reachable, site_types

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ServedYear:
    """One year's answer: weighted NOK, places per link, unmet per row, prices of places ≥ 0."""

    cost: float
    allocation: Floats
    unmet: Floats
    prices: Floats


# Where unmet need is not allowed the master gives places enough, but only to the solver's
# tolerance. What is left over costs this many times the dearest place, and ends no search.
FORBIDDEN = 1000.0


class Transport:
    """The transportation problem of an instance, solved for one year's need and places at a time.

    Rows are (district, need) in the order of `instance`, then `pairs` of (site, care type). Costs
    are weighted NOK per place and year. One HiGHS object is kept and only its bounds change: what
    it says is never trusted (cuts are recomputed in closed form, `verify` judges the plan).
    """

    def __init__(self, instance: SitingInstance) -> None:
        goal = instance.objective
        self._instance = instance
        self.pairs = site_types(instance)
        self.cost = self._costs()
        price = goal.unmet_place_year_nok
        self.dearest = self._dearest(None if price is None else goal.cost_weight * price)
        self.unmet_price = FORBIDDEN * self.dearest if price is None else goal.cost_weight * price
        self._links = np.argwhere(np.isfinite(self.cost))
        self._column_cost = np.concatenate(
            [self.cost[tuple(self._links.T)], np.full(len(self.cost), self.unmet_price)]
        )
        self._solver = self._build()

    def need(self, year_index: int) -> Floats:
        """Need per row (district, need)."""
        need: Floats = self._instance.need[:, :, year_index].ravel()
        return need

    def solve(self, need: Floats, places: Floats) -> ServedYear:
        """Serve a year's need at least cost with so many places per pair.

        Raises SolverCrashed when HiGHS finds no solution: callers only ask what can be served.
        """
        lower = np.concatenate([need, np.full(len(places), -highspy.kHighsInf)])
        upper = np.concatenate([need, places])
        rows = np.arange(len(lower), dtype=np.int32)
        self._solver.changeRowsBounds(len(rows), rows, lower, upper)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverCrashed("et års fordeling av plasser lot seg ikke løse")
        solution = self._solver.getSolution()
        x = np.maximum(np.array(solution.col_value), 0.0)
        prices = np.maximum(-np.array(solution.row_dual)[len(need) :], 0.0)
        links = len(self._links)
        cost = float(np.sum(self._column_cost * x))
        return ServedYear(cost, x[:links], x[links:], prices)

    def prices_of_need(self, prices: Floats) -> Floats:
        """The best dual of need for given prices of places ≥ 0, in closed form.

        α = min(π, min over links of c + β): feasible for the dual whatever β ≥ 0 is, so that
        Σ α d − Σ β b never exceeds the optimum, in any year, whoever β came from.
        """
        cheapest = (self.cost + prices[None, :]).min(axis=1, initial=np.inf)
        best: Floats = np.minimum(cheapest, self.unmet_price)
        return best

    def allocation(self, year: ServedYear) -> list[tuple[tuple[str, str, str, str], float]]:
        """((district, need, site, care type), places) of the links in use."""
        needs = self._instance.needs
        used = []
        for value, (row, pair) in zip(year.allocation, self._links, strict=True):
            if value > 0:
                i, n = divmod(int(row), len(needs))
                used.append(
                    ((self._instance.districts[i], needs[n], *self.pairs[int(pair)]), float(value))
                )
        return used

    def _dearest(self, unmet: float | None) -> float:
        """The most that a place can cost to serve, or not to serve; 1 where all is free."""
        finite = self.cost[np.isfinite(self.cost)]
        return max(float(finite.max(initial=0.0)), unmet or 0.0) or 1.0

    def _costs(self) -> Floats:
        """Per row (district, need) and pair (site, care type); inf where there is no link."""
        instance = self._instance
        rate = instance.objective.travel_weight * instance.travel.nok_per_minute
        row = {j: index for index, j in enumerate(instance.sites)}
        minutes = np.where(reachable(instance), instance.travel.minutes, np.inf)
        cost = np.full((len(instance.districts), len(instance.needs), len(self.pairs)), np.inf)
        for pair, (j, p) in enumerate(self.pairs):
            serves = instance.care_types[p].serves
            for index, n in enumerate(instance.needs):
                if n in serves:
                    near = np.isfinite(minutes[row[j]])
                    cost[near, index, pair] = rate * minutes[row[j], near]
        return cost.reshape(-1, len(self.pairs))

    def _build(self) -> Any:
        rows, links = len(self.cost), len(self._links)
        of_need = np.concatenate([self._links[:, 0], np.arange(rows)])
        of_place = rows + self._links[:, 1]
        entries = np.concatenate([of_need, of_place])
        columns = np.concatenate([np.arange(links + rows), np.arange(links)])
        shape = (rows + len(self.pairs), links + rows)
        matrix = csc_array((np.ones(len(entries)), (entries, columns)), shape=shape)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = shape
        lp.col_cost_ = self._column_cost
        most = self._instance.need.max(axis=2).ravel()
        lp.col_lower_ = np.zeros(shape[1])
        lp.col_upper_ = np.concatenate([most[self._links[:, 0]], most])
        lp.row_lower_, lp.row_upper_ = np.zeros(shape[0]), np.zeros(shape[0])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        # HiGHS has one pool of threads, which the search has set up: 0 takes it as it is.
        solver.setOptionValue("threads", 0)
        solver.passModel(lp)
        return solver
