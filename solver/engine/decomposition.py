"""Benders decomposition: plan in the master, who is served where in the years' subproblems.

Benders (1962). Cuts are separated at fractional points of the master's relaxation first, as
Fischetti, Ljubić and Sinnl do (2017, Redesigning Benders decomposition for large-scale facility
location), then at the whole plans the master proposes. HiGHS has no lazy constraints, so the
master is solved again with what was learnt; the relaxation leaves little to learn.

Valid cuts. For year t with need d and places b the cost of serving is, by duality,
max Σ α d − Σ β b over α ≤ π, α_in ≤ c_ij + β_jp, β ≥ 0. The dual's rows know no year, so any
β ≥ 0 with α = min(π, min c + β) gives Σ α d_t − Σ β b_t ≤ cost in every year t. Only β comes from
a solver, and any β is allowed: no tolerance of the solver's can make a cut invalid.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array, vstack

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions, relative_gap
from solver.engine.extract import NOISE_PLACES, extract_projects, round_integers
from solver.engine.found import Found
from solver.engine.handover import Program, TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, HighsRun, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.neighbourhoods import Layout, Neighbourhoods
from solver.engine.relaxation import Relaxation
from solver.engine.transport import Halted, ServedYear, Transport
from solver.formulation.master import build_master
from solver.formulation.sets import reachable

Floats = NDArray[np.float64]

LEAST_ALLOCATIONS = 2_000  # below, one program is as fast
# Of what running a place costs. Measured on Lillehammer with dearer travel and on made regions:
# from 0.005 to 0.2 it gains much, at 0.8 one program is ahead.
SMALL_TRAVEL = 0.5
ROUNDS = 40  # of cuts at fractional points; each costs one linear program
ENOUGH = 0.05  # of the gap asked for: what a round of cuts must still find
LEAST = 1e-9  # of the bound, however small the gap
MASTER_SHARE = 0.8  # of the gap asked for; the rest is for the cuts
ENFORCED = 1e-6  # HiGHS's feasibility tolerance: a cut violated by less stays so when added


@dataclass(frozen=True)
class _Served:
    """Everybody served as well as can be, for given places in every year."""

    cost_nok: float  # weighted, present value
    places: tuple[Floats, ...]  # per year, in the order of Transport.pairs
    years: tuple[ServedYear, ...]


@dataclass(frozen=True)
class _Candidate:
    """A whole plan the master proposed, with its true cost."""

    objective_nok: float
    x: Floats
    served: _Served


@dataclass(frozen=True)
class _Cuts:
    """Rows · x ≥ bounds, and what the point they cut off pays too little for serving, in NOK."""

    rows: list[csr_array]
    bounds: list[float]
    short: float


def fits(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition applies, and pays for so many allocation variables."""
    return applies(instance) and pays(instance, allocations)


def applies(instance: SitingInstance) -> bool:
    """Whether the subproblems stand alone and can serve what the master thinks can be served.

    A nearness target ties their districts together, and so does a price on the worst-off one.
    Without a price on unmet need every site must be within reach of everybody.
    """
    in_reach = bool(np.isfinite(instance.travel.minutes).all())
    free = in_reach and instance.travel.limit_minutes is None
    can_serve = free or instance.objective.unmet_place_year_nok is not None
    tied = instance.targets.within is not None or instance.weighs_worst_off
    return can_serve and not tied


def pays(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition is the faster: several years, much geography, cheap travel.

    Where travel costs as much as places do, the master without geography says too little, and one
    program does better.
    """
    minutes = instance.travel.minutes[reachable(instance)]
    travel = float(instance.journey_nok(minutes).mean()) if minutes.size else 0.0
    serving = [c.operating_cost_nok for c in instance.care_types.values() if c.serves]
    place = instance.objective.cost_weight * min(serving, default=0.0)
    many = len(instance.years) > 1 and allocations >= LEAST_ALLOCATIONS
    return many and travel <= SMALL_TRAVEL * place


def solve_decomposed(instance: SitingInstance, options: SolveOptions, journal: Journal) -> Found:
    """Solve by Benders decomposition to the gap asked for."""
    try:
        benders = _Benders(instance, options, journal)
    except TriviallyInfeasible:
        journal.built()
        return Found(Stop.INFEASIBLE, None, None, None, 0, None)
    journal.built()
    stop = benders.run()
    journal.searched()
    best = benders.best
    return Found(
        stop=stop,
        plan=benders.plan(best) if best is not None else None,
        objective_nok=best.objective_nok if best is not None else None,
        bound_nok=benders.bound,
        nodes=benders.nodes,
        program=benders.program,
    )


class _Benders:
    """The master program with its cuts, the bound, and the best plan so far."""

    def __init__(self, instance: SitingInstance, options: SolveOptions, journal: Journal) -> None:
        self._instance = instance
        self._options = options
        self._journal = journal
        self._transport = Transport(instance)
        self._unit = self._transport.dearest
        self._model = build_master(instance, self._unit, self._most_needed())
        self.program = hand_over(self._model)
        self._column = {id(v): index for index, v in enumerate(self.program.columns)}
        blocks = range(self._transport.blocks)
        self._service = np.array(
            [[self._column[id(self._model.service[b, t])] for b in blocks] for t in instance.years],
            dtype=int,
        ).reshape(len(instance.years), len(blocks))
        self._places = [self._places_of(t) for t in instance.years]
        rate = instance.objective.discount_rate
        first = instance.years[0]
        self._discount = [(1 + rate) ** (first - t) for t in instance.years]
        self._enough = max(ENOUGH * options.mip_gap, LEAST)
        self.best: _Candidate | None = None
        self.bound: float | None = None
        self.nodes = 0

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

    def plan(self, candidate: _Candidate) -> Plan:
        """The decisions of a candidate."""
        opens, places = extract_projects(self._instance, self._model, self.program, candidate.x)
        years = self._instance.years
        rows = [(i, n) for i in self._instance.districts for n in self._instance.needs]
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
        need = [self._transport.need(index) for index in range(len(self._instance.years))]
        block, blocks = self._transport.block_of_row, self._transport.blocks
        per_block = [np.bincount(block, weights=each, minlength=blocks) for each in need]
        most: Floats = np.max(per_block, axis=0)
        return most

    def _places_of(self, year: int) -> tuple[csr_array, Floats]:
        """places per (site, care type) = rows · x + constant."""
        entries, columns, values, constants = [], [], [], []
        for index, (j, p) in enumerate(self._transport.pairs):
            linear = generate_standard_repn(self._model.places_at[j, p, year])
            constants.append(float(linear.constant))
            for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True):
                if id(variable) in self._column:
                    entries.append(index)
                    columns.append(self._column[id(variable)])
                    values.append(float(coefficient))
        shape = (len(constants), len(self.program.columns))
        return csr_array((values, (entries, columns)), shape=shape), np.array(constants)

    def _serve(self, x: Floats) -> _Served:
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
        costs = (d * year.cost for d, (_, year) in zip(self._discount, years, strict=True))
        return _Served(sum(costs), tuple(p for p, _ in years), tuple(year for _, year in years))

    def _halts(self) -> bool:
        return self._journal.out_of_time or self._journal.should_stop()

    def _cuts(self, x: Floats, served: _Served) -> _Cuts:
        """The cuts of every year and block that x violates."""
        enough = self._enough * abs(self.bound or 0.0) / max(self._service.size, 1)
        least = max(enough / self._unit, ENFORCED)
        rows, bounds, short = [], [], 0.0
        for index, prices in enumerate(year.prices for year in served.years):
            paid = self._transport.prices_of_need(prices) * self._transport.need(index)
            places, constants = self._places[index]
            for block, column in enumerate(self._service[index]):
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

    def _add(self, cuts: _Cuts) -> None:
        if cuts.rows:
            self.program = self.program.with_rows(vstack(cuts.rows), np.array(cuts.bounds))

    def _tighten_relaxation(self) -> Stop | None:
        """Cut at fractional points until a round finds little; a Stop when it is over already."""
        relaxation = Relaxation(self.program)
        for _ in range(ROUNDS):
            found = relaxation.solve(self._halts)
            if found is None:
                return Stop.INFEASIBLE
            self._raise_bound(found.bound)
            cuts = self._cuts(found.x, self._serve(found.x))
            if cuts.rows:
                relaxation.add(csr_array(vstack(cuts.rows)), np.array(cuts.bounds))
            self._add(cuts)
            if cuts.short <= self._enough * abs(found.bound):
                return None
        return None

    def _search(self) -> Stop | None:
        """Plans by our own heuristics; a Stop when one is as good as was asked for."""
        layout = Layout.of(self._instance, self._model, self._column)
        search = Neighbourhoods(layout, self._options.mip_gap)
        for x in search.plans(self._current_program, self._solve_part):
            cuts = self._cuts(x, self._consider(x))
            self._add(cuts)
            self._journal.note(self._best_nok, self.bound)
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
        self._journal.note(self._best_nok, self.bound)
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
        self._journal.note(self._best_nok, self.bound)

    def _consider_quietly(self, x: Floats) -> None:
        """Consider a plan where nothing may be raised: inside HiGHS."""
        with suppress(Halted):
            self._consider(x)

    def _consider(self, x: Floats) -> _Served:
        """Serve everybody with the places of a whole plan, and keep it when it is the best."""
        whole = round_integers(self.program, x)
        served = self._serve(whole)
        service = self._service.ravel()
        cost = self.program.cost
        decided = _dot(cost, whole) - _dot(cost[service], whole[service])
        objective = (decided + self.program.offset) * self.program.objective_scale
        objective += served.cost_nok
        if self.best is None or objective < self.best.objective_nok:
            self.best = _Candidate(objective, whole, served)
        return served

    def _with_true_service(self, candidate: _Candidate) -> Floats:
        x = candidate.x.copy()
        x[self._service] = [year.costs / self._unit for year in candidate.served.years]
        return x

    @property
    def _best_nok(self) -> float | None:
        return self.best.objective_nok if self.best is not None else None

    @property
    def _gap_reached(self) -> bool:
        gap = relative_gap(self._best_nok, self.bound)
        return gap is not None and gap <= self._options.mip_gap


def _dot(a: Floats, b: Floats) -> float:
    """a · b, added in the same order whatever the number of threads a linear algebra library has.

    The search branches on the last bit: a different sum is a different plan among equals.
    """
    return float(np.sum(a * b))
