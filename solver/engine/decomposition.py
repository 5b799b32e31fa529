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

from collections.abc import Iterator
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
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, HighsRun, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.transport import ServedYear, Transport
from solver.formulation.master import build_master

Floats = NDArray[np.float64]

LEAST_ALLOCATIONS = 2_000  # below, one program is as fast
# Of what running a place costs. Lillehammer's 0.005 gains much, a made case with 200 lost; between
# them nothing has been measured.
SMALL_TRAVEL = 0.05
ROUNDS = 40  # of cuts at fractional points; each costs one linear program
ENOUGH = 0.05  # of the gap asked for: what a round of cuts must still find
LEAST = 1e-9  # of the bound, however small the gap
MASTER_SHARE = 0.8  # of the gap asked for; the rest is for the cuts
ENFORCED = 1e-6  # HiGHS's feasibility tolerance: a cut violated by less stays so when added


@dataclass(frozen=True)
class _Served:
    """Everybody served as well as can be, for given places in every year."""

    cost_nok: float  # weighted, present value
    years: tuple[ServedYear, ...]


@dataclass(frozen=True)
class _Candidate:
    """A whole plan the master proposed, with its true cost."""

    objective_nok: float
    x: Floats
    served: _Served


def fits(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition applies, and pays for so many allocation variables."""
    return applies(instance) and pays(instance, allocations)


def applies(instance: SitingInstance) -> bool:
    """Whether the subproblems stand alone and can serve what the master thinks can be served.

    A nearness target ties them. Without a price on unmet need every site must be within reach of
    everybody.
    """
    in_reach = bool(np.isfinite(instance.travel.minutes).all())
    free = in_reach and instance.travel.limit_minutes is None
    can_serve = free or instance.objective.unmet_place_year_nok is not None
    return can_serve and instance.targets.within is None


def pays(instance: SitingInstance, allocations: int) -> bool:
    """Whether the decomposition is the faster: several years, much geography, cheap travel.

    Where travel costs as much as places do, the master without geography says too little, and one
    program does better.
    """
    minutes = instance.travel.minutes[np.isfinite(instance.travel.minutes)]
    per_minute = instance.objective.travel_weight * instance.travel.nok_per_minute
    travel = per_minute * float(minutes.mean()) if minutes.size else 0.0
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
        self._model = build_master(instance, self._unit)
        self.program = hand_over(self._model)
        self._column = {id(v): index for index, v in enumerate(self.program.columns)}
        self._service = [self._column[id(self._model.service[t])] for t in instance.years]
        self._places = [self._places_of(t) for t in instance.years]
        rate = instance.objective.discount_rate
        first = instance.years[0]
        self._discount = [(1 + rate) ** (first - t) for t in instance.years]
        self._enough = max(ENOUGH * options.mip_gap, LEAST)
        self.best: _Candidate | None = None
        self.bound: float | None = None
        self.nodes = 0

    def run(self) -> Stop:
        """Relaxation first, then whole plans, until the gap is reached or the search must end."""
        stop = self._tighten_relaxation()
        while stop is None:
            run = self._solve_master()
            stop = self._learn(run)
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

    def _places_in(self, x: Floats) -> Iterator[Floats]:
        for rows, constants in self._places:
            yield np.maximum(rows @ x + constants, 0.0)

    def _serve(self, x: Floats) -> _Served:
        """Solve the transportation problem of every year for the places in x."""
        years = tuple(
            self._transport.solve(self._transport.need(index), places)
            for index, places in enumerate(self._places_in(x))
        )
        costs = zip(self._discount, years, strict=True)
        return _Served(sum(discount * year.cost for discount, year in costs), years)

    def _cut(self, x: Floats, served: _Served) -> float:
        """Add each year's cut that x violates; what x pays too little for serving, in NOK."""
        rows, bounds, short = [], [], 0.0
        enough = self._enough * abs(self.bound or 0.0) / len(self._places)
        for index, prices in enumerate(year.prices for year in served.years):
            alpha = self._transport.prices_of_need(prices)
            places, constants = self._places[index]
            service = np.zeros(len(x))
            service[self._service[index]] = 1.0
            row = places.T @ (prices / self._unit) + service
            paid = _dot(alpha, self._transport.need(index)) - _dot(prices, constants)
            bound = paid / self._unit
            missing = bound - _dot(row, x)
            if missing > max(enough / self._unit, ENFORCED):
                rows.append(csr_array(row.reshape(1, -1)))
                bounds.append(bound)
                short += missing * self._unit * self._discount[index]
        if rows:
            self.program = self.program.with_rows(vstack(rows), np.array(bounds))
        return short

    def _tighten_relaxation(self) -> Stop | None:
        """Cut at fractional points until a round finds little; a Stop when it is over already."""
        for _ in range(ROUNDS):
            run = run_highs(
                self.program.relaxed(),
                HighsOptions(self._journal.seconds_left),
                should_stop=self._journal.should_stop,
            )
            if run.x is None or run.bound is None:
                return run.stop
            self.bound = run.bound
            self._journal.note(None, self.bound)
            if self._journal.out_of_time:
                return Stop.TIME_LIMIT
            if self._cut(run.x, self._serve(run.x)) <= self._enough * abs(run.bound):
                return None
        return None

    def _solve_master(self) -> HighsRun:
        def note(_incumbent: float | None, bound: float | None) -> None:
            if bound is not None:
                self.bound = bound if self.bound is None else max(self.bound, bound)
            self._journal.note(self._best_nok, self.bound)

        program = self.program
        if self.best is not None:
            program = replace(program, start=self._with_true_service(self.best))
        limits = HighsOptions(
            self._journal.seconds_left,
            MASTER_SHARE * self._options.mip_gap,
            self._options.threads,
        )
        return run_highs(program, limits, note, self._journal.should_stop, self._consider)

    def _learn(self, run: HighsRun) -> Stop | None:
        """Take the master's answer; None when it must be asked again with new cuts."""
        self.nodes += run.nodes
        if run.bound is not None:
            self.bound = run.bound if self.bound is None else max(self.bound, run.bound)
        if run.stop is not Stop.GAP_REACHED or run.x is None:
            return run.stop
        served = self._consider(run.x)
        self._journal.note(self._best_nok, self.bound)
        gap = relative_gap(self._best_nok, self.bound)
        if gap is not None and gap <= self._options.mip_gap:
            return Stop.GAP_REACHED
        if self._journal.out_of_time:
            return Stop.TIME_LIMIT
        learnt = self._cut(run.x, served)
        return None if learnt > 0 else Stop.GAP_REACHED

    def _consider(self, x: Floats) -> _Served:
        """Serve everybody with the places of a whole plan, and keep it when it is the best."""
        whole = round_integers(self.program, x)
        served = self._serve(whole)
        service = self._service
        cost = self.program.cost
        decided = _dot(cost, whole) - _dot(cost[service], whole[service])
        objective = (decided + self.program.offset) * self.program.objective_scale
        objective += served.cost_nok
        if self.best is None or objective < self.best.objective_nok:
            self.best = _Candidate(objective, whole, served)
        return served

    def _with_true_service(self, candidate: _Candidate) -> Floats:
        x = candidate.x.copy()
        x[self._service] = [year.cost / self._unit for year in candidate.served.years]
        return x

    @property
    def _best_nok(self) -> float | None:
        return self.best.objective_nok if self.best is not None else None


def _dot(a: Floats, b: Floats) -> float:
    """a · b, added in the same order whatever the number of threads a linear algebra library has.

    The search branches on the last bit: a different sum is a different plan among equals.
    """
    return float(np.sum(a * b))
