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

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array, vstack

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions, relative_gap
from solver.engine.extract import NOISE_PLACES, extract_projects, round_integers
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, HighsRun, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.neighbourhoods import Layout, Neighbourhoods
from solver.engine.relaxation import Relaxation
from solver.engine.transport import Halted, ServedYear, Transport
from solver.formulation.master import build_master

Floats = NDArray[np.float64]

ROUNDS = 40  # of cuts at fractional points; each costs one linear program
ENOUGH = 0.05  # of the gap asked for: what a round of cuts must still find
LEAST = 1e-9  # of the bound, however small the gap
MASTER_SHARE = 0.8  # of the gap asked for; the rest is for the cuts
ENFORCED = 1e-6  # HiGHS's feasibility tolerance: a cut violated by less stays so when added


@dataclass(frozen=True)
class Served:
    """Everybody served as well as can be, for given places in every year.

    `travel_nok` and, year by year, `unmet_nok` are present values, unweighted; `cost_nok` is the
    weighted sum.
    """

    cost_nok: float
    unmet_nok: tuple[float, ...]
    travel_nok: float
    places: tuple[Floats, ...]  # per year, in the order of Transport.pairs
    years: tuple[ServedYear, ...]


@dataclass(frozen=True)
class Candidate:
    """A whole plan the master proposed: its decisions, what they cost [NOK], and the service."""

    x: Floats
    decided_nok: float
    served: Served


class Aim(Protocol):
    """What a plan is wanted for: what is minimised, and what must hold beside the rules."""

    def applied(self, program: Program) -> Program:
        """The master with that objective and those rows."""

    def value(self, candidate: Candidate) -> float | None:
        """The objective of a whole plan; None when the plan does not hold."""

    def needed(self, bound: float, served_nok: float) -> float:
        """What the cost of serving must be known well against [NOK]."""

    def heard(self, candidate: Candidate) -> None:
        """A whole plan has been considered, whether it is the best or not."""


class WholeCost:
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


@dataclass(frozen=True)
class _Cuts:
    """Rows · x ≥ bounds, and what the point they cut off pays too little for serving, in NOK."""

    rows: list[csr_array]
    bounds: list[float]
    short: float


class Benders:
    """The master program with its cuts, the bound, and the best plan so far.

    Raises TriviallyInfeasible when a row without variables does not hold.
    """

    def __init__(self, instance: SitingInstance, options: SolveOptions, journal: Journal) -> None:
        self.instance = instance
        self._options = options
        self._journal = journal
        self._aim: Aim = WholeCost()
        self._transport = Transport(instance)
        self._unit = self._transport.dearest
        self.model = build_master(instance, self._unit, self._most_needed())
        self.master = hand_over(self.model)
        self.column = {id(v): index for index, v in enumerate(self.master.columns)}
        blocks = range(self._transport.blocks)
        self.service = np.array(
            [[self.column[id(self.model.service[b, t])] for b in blocks] for t in instance.years],
            dtype=int,
        ).reshape(len(instance.years), len(blocks))
        self._places = [self._places_of(t) for t in instance.years]
        rate = instance.objective.discount_rate
        first = instance.years[0]
        self._discount = [(1 + rate) ** (first - t) for t in instance.years]
        self._enough = max(ENOUGH * options.mip_gap, LEAST)
        self.best: Candidate | None = None
        self.bound: float | None = None
        self.nodes = 0

    def turn_to(self, aim: Aim, start: Candidate | None, journal: Journal) -> None:
        """Seek something else from now on, with every cut kept; `start` must hold for it."""
        self._aim, self._journal = aim, journal
        self.best, self.bound = start, None

    def run(self) -> Stop:
        """Relaxation first, then plans of our own, then the master's, until the gap is reached."""
        try:
            stop = self._tighten_relaxation() or self._search()
            while stop is None:
                run = self._solve_master()
                stop = self._learn(run)
        except Halted:
            return Stop.INTERRUPTED if self._journal.should_stop() else Stop.TIME_LIMIT
        return stop

    @property
    def program(self) -> Program:
        """The master as it is solved now."""
        return self._aim.applied(self.master)

    @property
    def best_nok(self) -> float | None:
        """What the best plan is worth by the aim."""
        return self._aim.value(self.best) if self.best is not None else None

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
                for link, places_used in self._transport.allocation(year)
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
        need = [self._transport.need(index) for index in range(len(self.instance.years))]
        block, blocks = self._transport.block_of_row, self._transport.blocks
        per_block = [np.bincount(block, weights=each, minlength=blocks) for each in need]
        most: Floats = np.max(per_block, axis=0)
        return most

    def _places_of(self, year: int) -> tuple[csr_array, Floats]:
        """places per (site, care type) = rows · x + constant."""
        pairs = self._transport.pairs
        shape = (len(pairs), len(self.master.columns))
        read = [self.row_of(self.model.places_at[j, p, year]) for j, p in pairs]
        rows = csr_array(np.array([row for row, _ in read]).reshape(shape))
        return rows, np.array([constant for _, constant in read])

    def _serve(self, x: Floats) -> Served:
        """Solve the transportation problem of every year for the places in x.

        Years in which the best plan so far has the same places are not solved again.
        """
        years = []
        for index, (rows, constants) in enumerate(self._places):
            places = np.maximum(rows @ x + constants, 0.0)
            known = self.best.served if self.best is not None else None
            if known is not None and np.array_equal(known.places[index], places):
                years.append((places, known.years[index]))
            else:
                need = self._transport.need(index)
                years.append((places, self._transport.solve(need, places, self._halts)))
        served = tuple(year for _, year in years)
        dated = list(zip(self._discount, served, strict=True))
        travel, unmet = self._transport.travel_nok, self._transport.unmet_nok
        return Served(
            cost_nok=sum(d * year.cost for d, year in dated),
            unmet_nok=tuple(d * unmet(year) for d, year in dated),
            travel_nok=sum(d * travel(year) for d, year in dated),
            places=tuple(places for places, _ in years),
            years=served,
        )

    def _halts(self) -> bool:
        return self._journal.out_of_time or self._journal.should_stop()

    def _cuts(self, x: Floats, served: Served) -> _Cuts:
        """The cuts of every year and block that x violates."""
        enough = self._tolerance(served) / max(self.service.size, 1)
        least = max(enough / self._unit, ENFORCED)
        rows, bounds, short = [], [], 0.0
        for index, prices in enumerate(year.prices for year in served.years):
            paid = self._transport.prices_of_need(prices) * self._transport.need(index)
            places, constants = self._places[index]
            for block, column in enumerate(self.service[index]):
                mine = self._transport.block_of_pair == block
                own = np.where(mine, prices, 0.0)
                row = places.T @ (own / self._unit)
                row[column] += 1.0
                bound = np.sum(paid[self._transport.block_of_row == block]) - _dot(own, constants)
                missing = bound / self._unit - _dot(row, x)
                if missing > least:
                    rows.append(csr_array(row.reshape(1, -1)))
                    bounds.append(bound / self._unit)
                    short += missing * self._unit * self._discount[index]
        return _Cuts(rows, bounds, short)

    def _tolerance(self, served: Served) -> float:
        """How much of the cost of serving the cuts may leave out [NOK]."""
        return self._enough * self._aim.needed(self.bound or 0.0, served.cost_nok)

    def _add(self, cuts: _Cuts) -> None:
        if cuts.rows:
            self.master = self.master.with_rows(vstack(cuts.rows), np.array(cuts.bounds))

    def _tighten_relaxation(self) -> Stop | None:
        """Cut at fractional points until a round finds little; a Stop when it is over already."""
        relaxation = Relaxation(self.program)
        for _ in range(ROUNDS):
            found = relaxation.solve(self._halts)
            if found is None:
                return Stop.INFEASIBLE
            self._raise_bound(found.bound)
            served = self._serve(found.x)
            cuts = self._cuts(found.x, served)
            if cuts.rows:
                relaxation.add(csr_array(vstack(cuts.rows)), np.array(cuts.bounds))
            self._add(cuts)
            if cuts.short <= self._tolerance(served):
                return None
        return None

    def _search(self) -> Stop | None:
        """Plans by our own heuristics; a Stop when one is as good as was asked for."""
        layout = Layout.of(self.instance, self.model, self.column)
        search = Neighbourhoods(layout, self._options.mip_gap)
        for x in search.plans(self._current_program, self._solve_part):
            cuts = self._cuts(x, self._consider(x))
            self._add(cuts)
            self._journal.note(self.best_nok, self.bound)
            if self._gap_reached:
                return Stop.GAP_REACHED
        return None

    def _current_program(self) -> Program:
        """The master with its cuts, and the best plan to start from."""
        if self.best is None:
            return self.program
        return replace(self.program, start=self._with_true_service(self.best))

    def _solve_part(self, program: Program, options: HighsOptions) -> HighsRun:
        """Solve a part of the master. Raises Halted when asked to stop."""
        left, threads = self._journal.seconds_left, self._options.threads
        limited = replace(options, time_limit_s=left, threads=threads)
        run = run_highs(program, limited, should_stop=self._journal.should_stop)
        if run.stop in (Stop.INTERRUPTED, Stop.TIME_LIMIT):
            raise Halted
        return run

    def _solve_master(self) -> HighsRun:
        def note(_incumbent: float | None, bound: float | None) -> None:
            self._raise_bound(bound)

        limits = HighsOptions(
            self._journal.seconds_left,
            MASTER_SHARE * self._options.mip_gap,
            self._options.threads,
            heuristics=self.best is None,
        )
        stops = self._journal.should_stop
        return run_highs(self._current_program(), limits, note, stops, self._consider_quietly)

    def _learn(self, run: HighsRun) -> Stop | None:
        """Take the master's answer; None when it must be asked again with new cuts."""
        self.nodes += run.nodes
        self._raise_bound(run.bound)
        if run.stop is not Stop.GAP_REACHED or run.x is None:
            return run.stop
        served = self._consider(run.x)
        self._journal.note(self.best_nok, self.bound)
        if self._gap_reached:
            return Stop.GAP_REACHED
        if self._journal.out_of_time:
            return Stop.TIME_LIMIT
        cuts = self._cuts(run.x, served)
        self._add(cuts)
        return None if cuts.rows else Stop.GAP_REACHED

    def _raise_bound(self, bound: float | None) -> None:
        """Take a bound in NOK into account, and tell."""
        if bound is not None:
            self.bound = bound if self.bound is None else max(self.bound, bound)
        self._journal.note(self.best_nok, self.bound)

    def _consider_quietly(self, x: Floats) -> None:
        """Consider a plan where nothing may be raised: inside HiGHS."""
        with suppress(Halted):
            self._consider(x)

    def _consider(self, x: Floats) -> Served:
        """Serve everybody with the places of a whole plan, and keep it when it is the best."""
        whole = round_integers(self.master, x)
        served = self._serve(whole)
        service = self.service.ravel()
        cost = self.master.cost
        decided = _dot(cost, whole) - _dot(cost[service], whole[service])
        decided = (decided + self.master.offset) * self.master.objective_scale
        self._keep(Candidate(whole, decided, served))
        return served

    def _keep(self, candidate: Candidate) -> None:
        """Keep a plan when it is the best that holds."""
        self._aim.heard(candidate)
        value, best = self._aim.value(candidate), self.best_nok
        if value is not None and (best is None or value < best):
            self.best = candidate

    def _with_true_service(self, candidate: Candidate) -> Floats:
        x = candidate.x.copy()
        x[self.service] = [year.costs / self._unit for year in candidate.served.years]
        return x

    @property
    def _gap_reached(self) -> bool:
        gap = relative_gap(self.best_nok, self.bound)
        return gap is not None and gap <= self._options.mip_gap


def _dot(a: Floats, b: Floats) -> float:
    """a · b, added in the same order whatever the number of threads a linear algebra library has.

    The search branches on the last bit: a different sum is a different plan among equals.
    """
    return float(np.sum(a * b))
