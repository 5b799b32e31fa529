"""Benders decomposition: plan in the master, who is served where in the years' subproblems.

Benders (1962). Cuts are separated at fractional points of the master's relaxation first, as
Fischetti, Ljubić and Sinnl do (2017, Redesigning Benders decomposition for large-scale facility
location), then at the whole plans the master proposes. HiGHS has no lazy constraints, so the
master is solved again with what was learnt; the relaxation leaves little to learn.

Valid cuts. For year t with need d and places b the cost of serving is, by duality,
max Σ α d − Σ β b over α ≤ π, α_in ≤ c_ij + β_jp, β ≥ 0. The dual's rows know no year, so any
β ≥ 0 with α = min(π, min c + β) gives Σ α d_t − Σ β b_t ≤ cost in every year t. Only β comes from
a solver, and any β is allowed: no tolerance of the solver's can make a cut invalid. Nor does a
cut know what the plan is wanted for: with another aim every cut holds as before.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions
from solver.engine.extract import NOISE_PLACES, extract_projects
from solver.engine.handover import Program, hand_over
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.master_search import WHOLE, Aim, Cuts, Effort, MasterSearch, dot
from solver.engine.neighbourhoods import Layout
from solver.engine.transport import ServedYear, Transport
from solver.formulation.master import build_master

Floats = NDArray[np.float64]

ENOUGH = 0.05  # of the gap asked for: what a round of cuts must still find
LEAST = 1e-9  # of the bound, however small the gap
ENFORCED = 1e-6  # HiGHS's feasibility tolerance: a cut violated by less stays so when added


@dataclass(frozen=True)
class Served:
    """Everybody served as well as can be, for given places in every year.

    `unmet_nok` and `travel_nok` are present values, unweighted; `cost_nok` the weighted sum.
    """

    cost_nok: float
    unmet_nok: float
    travel_nok: float
    places: tuple[Floats, ...]  # per year, in the order of Transport.pairs
    years: tuple[ServedYear, ...]


@dataclass(frozen=True)
class Candidate:
    """A whole plan the master proposed: its decisions, what they cost [NOK], and the service."""

    x: Floats
    decided_nok: float
    served: Served


class _WholeCost:
    """The objective of the instance itself, and nothing beside its rules."""

    def applied(self, program: Program) -> Program:
        """The master as it is."""
        return program

    def value(self, candidate: Candidate) -> float | None:
        """What was decided, and what serving with it costs."""
        return candidate.decided_nok + candidate.served.cost_nok

    def needed(self, bound: float, served_nok: float) -> float:
        """The objective."""
        return abs(bound)

    def heard(self, candidate: Candidate) -> None:
        """Nobody keeps it."""


WHOLE_COST = _WholeCost()


class Benders(MasterSearch[Served, Candidate]):
    """The decomposition of one scenario: the years' transportation problems beside the master.

    Raises TriviallyInfeasible when a row without variables does not hold.
    """

    def __init__(self, instance: SitingInstance, options: SolveOptions) -> None:
        super().__init__(options)
        self.instance = instance
        self._aim = WHOLE_COST
        self.transport = Transport(instance)
        self._unit = self.transport.dearest
        self.model = build_master(instance, self._unit, self._most_needed())
        self.master = hand_over(self.model)
        self.column = {id(v): index for index, v in enumerate(self.master.columns)}
        blocks = range(self.transport.blocks)
        self.service = np.array(
            [[self.column[id(self.model.service[b, t])] for b in blocks] for t in instance.years],
            dtype=int,
        ).reshape(len(instance.years), len(blocks))
        self.places = [self._places_of(t) for t in instance.years]
        rate = instance.objective.discount_rate
        first = instance.years[0]
        self.discount = [(1 + rate) ** (first - t) for t in instance.years]
        self._enough = max(ENOUGH * options.mip_gap, LEAST)

    def run(
        self,
        journal: Journal,
        aim: Aim[Candidate] = WHOLE_COST,
        start: Candidate | None = None,
        bound: float | None = None,
        *,
        effort: Effort = WHOLE,
    ) -> Stop:
        """Search, by default for the least cost of the instance; see `MasterSearch.run`."""
        return super().run(journal, aim, start, bound, effort=effort)

    def follow(self, journal: Journal, plan: Candidate) -> None:
        """What is served from now on is near a plan, and is asked for by this journal."""
        self._journal, self.best = journal, plan

    def served_plan(self, x: Floats) -> Candidate:
        """A whole plan by its decisions. Raises Halted when asked to stop on the way."""
        return self._candidate(x, self._serve(x))

    def serves_all(self, candidate: Candidate) -> bool:
        """Whether nobody is left without a place who must have one."""
        missing = max(float(year.unmet.sum()) for year in candidate.served.years)
        return self.instance.objective.unmet_place_year_nok is not None or missing <= NOISE_PLACES

    @cached_property
    def service_nok(self) -> Floats:
        """What the service variables cost, per column of the master; zero elsewhere."""
        cost = np.zeros_like(self.master.cost)
        at = self.service.ravel()
        cost[at] = self.master.cost[at] * self.master.objective_scale
        return cost

    def row_of(self, expression: Any) -> tuple[Floats, float]:
        """A linear expression of the master's model as coefficients by column, and its constant."""
        linear = generate_standard_repn(expression)
        row = np.zeros(len(self.master.columns))
        for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True):
            if id(variable) in self.column:
                row[self.column[id(variable)]] += float(coefficient)
        return row, float(linear.constant)

    def plan(self, candidate: Candidate) -> Plan:
        """The decisions of a candidate."""
        opens, places = extract_projects(self.instance, self.model, self.program, candidate.x)
        years = self.instance.years
        rows = [(i, n) for i in self.instance.districts for n in self.instance.needs]
        served = candidate.served
        return Plan(
            opens=opens,
            places=places,
            allocation={
                (*link, t): places_used
                for t, year in zip(years, served.years, strict=True)
                for link, places_used in self.transport.allocation(year)
                if places_used > NOISE_PLACES
            },
            unmet={
                (*row, t): float(missing)
                for t, year in zip(years, served.years, strict=True)
                for row, missing in zip(rows, year.unmet, strict=True)
                if missing > NOISE_PLACES
            },
        )

    def _most_needed(self) -> Floats:
        """The largest need of a year, per block."""
        need = [self.transport.need(index) for index in range(len(self.instance.years))]
        block, blocks = self.transport.block_of_row, self.transport.blocks
        per_block = [np.bincount(block, weights=each, minlength=blocks) for each in need]
        most: Floats = np.max(per_block, axis=0)
        return most

    def _places_of(self, year: int) -> tuple[csr_array, Floats]:
        """places per (site, care type) = rows · x + constant."""
        pairs = self.transport.pairs
        shape = (len(pairs), len(self.master.columns))
        read = [self.row_of(self.model.places_at[j, p, year]) for j, p in pairs]
        rows = csr_array(np.array([row for row, _ in read]).reshape(shape))
        return rows, np.array([constant for _, constant in read])

    def _serve(self, x: Floats) -> Served:
        """Solve the transportation problem of every year for the places in x.

        Years in which the best plan so far has the same places are not solved again.
        """
        years = []
        for index, (rows, constants) in enumerate(self.places):
            places = np.maximum(rows @ x + constants, 0.0)
            known = self.best.served if self.best is not None else None
            if known is not None and np.array_equal(known.places[index], places):
                years.append((places, known.years[index]))
            else:
                need = self.transport.need(index)
                years.append((places, self.transport.solve(need, places, self._halts)))
        served = tuple(year for _, year in years)
        dated = list(zip(self.discount, served, strict=True))
        travel, unmet = self.transport.travel_nok, self.transport.unmet_nok
        return Served(
            cost_nok=sum(d * year.cost for d, year in dated),
            unmet_nok=sum(d * unmet(year) for d, year in dated),
            travel_nok=sum(d * travel(year) for d, year in dated),
            places=tuple(places for places, _ in years),
            years=served,
        )

    def _layout(self) -> Layout:
        return Layout.of(self.instance, self.model, self.column)

    def _cuts(self, x: Floats, served: Served) -> Cuts:
        """The cuts of every year and block that x violates."""
        enough = self._tolerance(served) / max(self.service.size, 1)
        least = max(enough / self._unit, ENFORCED)
        rows, bounds, short = [], [], 0.0
        for index, prices in enumerate(year.prices for year in served.years):
            paid = self.transport.prices_of_need(prices) * self.transport.need(index)
            places, constants = self.places[index]
            for block, column in enumerate(self.service[index]):
                mine = self.transport.block_of_pair == block
                own = np.where(mine, prices, 0.0)
                row = places.T @ (own / self._unit)
                row[column] += 1.0
                bound = np.sum(paid[self.transport.block_of_row == block]) - dot(own, constants)
                missing = bound / self._unit - dot(row, x)
                if missing > least:
                    rows.append(csr_array(row.reshape(1, -1)))
                    bounds.append(bound / self._unit)
                    short += missing * self._unit * self.discount[index]
        return Cuts(rows, bounds, short)

    def _tolerance(self, served: Served) -> float:
        """How much of the cost of serving the cuts may leave out [NOK]."""
        return self._enough * self._aim.needed(self.bound or 0.0, served.cost_nok)

    def _candidate(self, x: Floats, served: Served) -> Candidate:
        service = self.service.ravel()
        cost = self.master.cost
        decided = dot(cost, x) - dot(cost[service], x[service])
        return Candidate(x, (decided + self.master.offset) * self.master.objective_scale, served)

    def _with_true_service(self, candidate: Candidate) -> Floats:
        x = candidate.x.copy()
        x[self.service] = [year.costs / self._unit for year in candidate.served.years]
        return x
