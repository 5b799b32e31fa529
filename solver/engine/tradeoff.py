"""Plans of one instance by cost and by something else: one search after the other, sharing all.

What a plan costs [NOK, present value, unweighted] and how much it has of the other measure are two
linear forms over the columns of a program. A search minimises a mix of them under ceilings on them
(Haimes, Lasdon and Wismer 1971, the ε-constraint method). What searches find is kept: every plan
is a start for those whose ceilings it holds, every bound is one for those that ask for more, and
the decomposition's cuts hold whatever is sought.

In the master of the decomposition journeys are told through what serving costs at a dear price
on them, `S = U + μ T` (U: unmet need, T: journeys), since its cuts bound S from below: T is
(S − U) ÷ μ. At `μ` no journey is as dear as a place that is missing, so that whoever can be given
a place is given one.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from time import monotonic
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array

from solver.domain.instance import Objective, SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import RunStatistics, SolveOptions, Strategy
from solver.engine import decomposition
from solver.engine.benders import Benders, Candidate
from solver.engine.extract import extract_plan
from solver.engine.guard import count_allocations, guard_memory
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.interchange import Interchange
from solver.engine.journal import Journal
from solver.engine.master_search import WHOLE, Effort
from solver.engine.settle import settle, unsettled
from solver.engine.statistics import measured
from solver.engine.transport import Halted
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock

Floats = NDArray[np.float64]

DEAREST_JOURNEY = 0.5  # of a missing place's price, at most, in the decomposition
EQUAL = 1e-9  # of a ceiling: two ways of adding up the same plan
# Of a ceiling, in the master: above HiGHS's tolerances, so that a plan just at it is not cut off.
WITHIN = 1e-7
# Of a ceiling, too: by so much HiGHS may exceed a row, its feasibility tolerance.
ENFORCED = 1e-6


# From (cost, other measure, unmet) of some plans how much each gains; 0: nothing.
Gain = Callable[[Floats, Floats, Floats], Floats]


class Measure(StrEnum):
    """What cost is traded for; never negative."""

    TRAVEL = "travel"  # journeys, NOK of present value
    FTE = "fte"  # FTE-years over the period, all staff groups
    WORST_OFF = "worst_off"  # minutes of the worst-off district, E1, mean over the years


@dataclass(frozen=True)
class Amounts:
    """What a plan has of each measure; `cost`, and `unmet` need within it, in NOK."""

    cost: float
    other: float
    unmet: float


@dataclass(frozen=True)
class Seeking:
    """Minimise a mix of cost and the other measure under ceilings; None: no ceiling."""

    cost: float = 0.0
    other: float = 0.0
    most_cost: float | None = None
    most_other: float | None = None
    most_unmet: float | None = None

    def value(self, amounts: Amounts) -> float | None:
        """The mix; None above a ceiling."""
        over = any(
            most is not None and has > _room(most, ENFORCED)
            for has, most in zip(
                (amounts.cost, amounts.other, amounts.unmet), self._ceilings, strict=True
            )
        )
        return None if over else self.cost * amounts.cost + self.other * amounts.other

    def asks_more(self, other: "Seeking", floor: float) -> float | None:
        """How much more a plan is worth here than there at least; None when nobody knows.

        The ceilings must be no higher here, and the weight on cost the same. `floor` is what plans
        have of the other measure at least.
        """
        if not self._as_tight_as(other) or self.cost != other.cost:
            return None
        if self.other >= other.other:
            return (self.other - other.other) * floor
        return None if self.most_other is None else (self.other - other.other) * self.most_other

    def bounds_other(self, seeking: "Seeking") -> bool:
        """Whether a bound of this is one on the other measure alone, there too."""
        return seeking._as_tight_as(self) and self.cost == 0 and self.other == 1

    def _as_tight_as(self, other: "Seeking") -> bool:
        """What HiGHS says of a ceiling it says of one higher by its feasibility tolerance, too."""
        ceilings = zip(self._ceilings, other._ceilings, strict=True)
        return all(b is None or (a is not None and a <= _room(b, ENFORCED)) for a, b in ceilings)

    @property
    def _ceilings(self) -> tuple[float | None, ...]:
        return self.most_cost, self.most_other, self.most_unmet


@dataclass(frozen=True)
class Found:
    """A plan, what it has, and where it is kept."""

    amounts: Amounts
    plan: Callable[[], Plan]
    start: Any  # what its method can begin from


@dataclass(frozen=True)
class Sought:
    """What a search has: why it stopped, the best plan within the ceilings, and a bound."""

    stop: Stop
    best: Found | None
    bound: float | None


@dataclass(frozen=True)
class _Known:
    """What a search may begin from, and how much it is to do."""

    start: Any
    bound: float | None
    effort: Effort


@dataclass(frozen=True)
class _Searched:
    """Why a search stopped, the plans it came by, and its bound."""

    stop: Stop
    found: list[Found]
    bound: float | None


@dataclass(frozen=True)
class Reached:
    """What branch and bound of the whole program came to: why it stopped, its best plan and bound.

    `x` is of all columns, None without a plan.
    """

    stop: Stop
    x: Floats | None
    bound: float | None
    nodes: int


class _Method(Protocol):
    """How one search is carried out."""

    @property
    def nodes(self) -> int:
        """Of all searches so far."""

    @property
    def program(self) -> Program:
        """The program without what is sought."""

    def seek(self, seeking: Seeking, known: _Known, journal: Journal) -> _Searched:
        """Why it stopped, plans found on the way, the best bound."""

    def near(self, plan: Any, gain: Gain, journal: Journal) -> Iterator[Found]:
        """Plans near one, those first that seem to gain most; none where all are looked at anyway.

        `plan` as it is kept in `Found.start`.
        """


class Tradeoff:
    """The searches of one instance, and all they have found.

    Raises FormulationError when the instance is too large for the memory limit,
    TriviallyInfeasible when a row without variables does not hold.
    """

    def __init__(self, instance: SitingInstance, measure: Measure, options: SolveOptions) -> None:
        self._found: list[Found] = []
        self._bounds: list[tuple[Seeking, float]] = []
        self._explored: set[Amounts] = set()
        priced = _weighted(instance, 1.0, 1.0)
        if measure is Measure.WORST_OFF:
            priced = _with_worst_off(priced)
        allocations = count_allocations(instance)
        self.decomposed = decomposition.fits(priced, allocations)
        strategy = Strategy.DECOMPOSITION if self.decomposed else Strategy.PLAIN
        guard_memory(instance, allocations, options.memory_limit_mb, strategy)
        method = _Decomposed if self.decomposed else _Whole
        began = monotonic()
        self._method: _Method = method(instance, measure, options)
        self._build_seconds = monotonic() - began
        self._threads = options.threads

    def seek(self, seeking: Seeking, journal: Journal, effort: Effort = WHOLE) -> Sought:
        """The best plan by some mix under some ceilings, to the gap of the options.

        `effort` is for a large instance; a small one is always solved.
        """
        known = _Known(self.start(seeking), self.bound(seeking), effort)
        searched = self._method.seek(seeking, known, journal)
        self._take_in(seeking, searched)
        return Sought(searched.stop, self._best(seeking), self.bound(seeking))

    def start(self, seeking: Seeking) -> Any:
        """What a search may begin from; None when nothing is known."""
        best = self._best(seeking)
        return None if best is None else best.start

    def search(self, seeking: Seeking, start: Floats | None, journal: Journal) -> Reached:
        """A search of an instance that is not decomposed, by itself: nothing is kept of it.

        What it comes to depends on nothing but what is asked.
        """
        return self._whole.search(seeking, start, journal)

    def take_in(self, seeking: Seeking, reached: Reached) -> None:
        """Keep what a search by itself came to, here or in another process."""
        self._take_in(seeking, self._whole.searched(reached))

    @property
    def _whole(self) -> "_Whole":
        assert isinstance(self._method, _Whole)
        return self._method

    def _take_in(self, seeking: Seeking, searched: _Searched) -> None:
        for one in searched.found:
            self._keep(one)
        if searched.bound is not None:
            self._bounds.append((seeking, searched.bound))
        self._bounds = [one for one in self._bounds if not self._refuted(*one)]

    def explore(
        self,
        most_unmet: float,
        plans: int,
        journal: Journal,
        worth: Callable[[Found], bool] = lambda _: True,
    ) -> None:
        """Look for plans near at most so many of those that `efficient` gives and are worth it.

        A Pareto local search (Paquete, Chiarandini and Stützle 2004): around each once, first
        where the front has the widest gaps.
        """

        def gain(cost: Floats, other: Floats, unmet: Floats) -> Floats:
            return self._gain(most_unmet, cost, other, unmet)

        with suppress(Halted):
            for _ in range(plans):
                front = self.efficient(most_unmet)
                new = (one for one in front if one.amounts not in self._explored)
                open_ = [one for one in new if worth(one)]
                if not open_ or journal.out_of_time or journal.should_stop():
                    return
                chosen = max(open_, key=lambda one: _room_around(front, one))
                self._explored.add(chosen.amounts)
                for found in self._method.near(chosen.start, gain, journal):
                    self._keep(found)

    def _gain(self, most_unmet: float, cost: Floats, other: Floats, unmet: Floats) -> Floats:
        """How much less of the other measure some plans have than any known that costs no more."""
        front = [one.amounts for one in self.efficient(most_unmet)]
        least = np.array([np.inf, *(one.other for one in front)])
        before = np.searchsorted([one.cost for one in front], cost, side="right")
        gain = least[before] - other
        worth = (unmet <= _room(most_unmet, ENFORCED)) & (gain > ENFORCED * np.abs(other))
        return np.where(worth, gain, 0.0)

    def statistics(self, seconds: float) -> RunStatistics:
        """Measured facts of the searches so far, which took so many seconds."""
        return measured(
            Strategy.DECOMPOSITION if self.decomposed else Strategy.PLAIN,
            "kostnad avveies mot et annet mål",
            self._method.program,
            nodes=self._method.nodes,
            threads=self._threads,
            build_seconds=self._build_seconds,
            solve_seconds=seconds - self._build_seconds,
            total_seconds=seconds,
        )

    def known(self, seeking: Seeking) -> Sought:
        """What earlier searches say of what is sought."""
        return Sought(Stop.NODE_LIMIT, self._best(seeking), self.bound(seeking))

    def bound(self, seeking: Seeking) -> float | None:
        """The best bound that is known for what is sought.

        Of a search with more weight on the other measure, whatever the extra weight could at most
        have added is taken off: a Lagrangian bound. Of one with less, what it at least adds is
        added.
        """
        floor = max((b for asked, b in self._bounds if asked.bounds_other(seeking)), default=0.0)
        known = [
            bound + more
            for asked, bound in self._bounds
            if (more := seeking.asks_more(asked, floor)) is not None
        ]
        return max(known, default=None)

    def efficient(self, most_unmet: float) -> list[Found]:
        """Plans within the ceilings that no other beats in both measures, cheapest first."""
        held = Seeking(most_unmet=most_unmet)
        within = [one for one in self._found if held.value(one.amounts) is not None]
        within.sort(key=lambda one: (one.amounts.cost, one.amounts.other))
        front: list[Found] = []
        for one in within:
            if not front or one.amounts.other < _room(front[-1].amounts.other, -ENFORCED):
                front.append(one)
        return front

    def _refuted(self, seeking: Seeking, bound: float) -> bool:
        """Whether a plan is better than a bound says any can be: the search that said so erred."""
        best = self._best(seeking)
        value = None if best is None else seeking.value(best.amounts)
        return value is not None and value < bound - ENFORCED * max(abs(bound), 1.0)

    def _best(self, seeking: Seeking) -> Found | None:
        valued = [(seeking.value(one.amounts), one) for one in self._found]
        within = [(value, one) for value, one in valued if value is not None]
        return min(within, key=lambda each: each[0])[1] if within else None

    def _keep(self, found: Found) -> None:
        """Unless another one is no worse in anything; those that it beats go."""
        mine = found.amounts
        if not any(_no_worse(other.amounts, mine) for other in self._found):
            self._found = [one for one in self._found if not _no_worse(mine, one.amounts)]
            self._found.append(found)


def _room_around(front: list[Found], one: Found) -> float:
    """How far the neighbours of one of the front are from each other, in the other measure."""
    at = front.index(one)
    beside = front[max(at - 1, 0) : at + 2]
    return beside[0].amounts.other - beside[-1].amounts.other


def _no_worse(one: Amounts, other: Amounts) -> bool:
    return one.cost <= other.cost and one.other <= other.other and one.unmet <= other.unmet


def _room(most: float, tolerance: float) -> float:
    """Up to where a ceiling holds."""
    return most + tolerance * max(abs(most), 1.0)


@dataclass(frozen=True)
class _Form:
    """A linear form over the columns of a program."""

    row: Floats
    constant: float

    def at(self, x: Floats) -> float:
        return float(np.sum(self.row * x)) + self.constant

    def mixed(self, mine: float, other: "_Form", its: float) -> "_Form":
        constant = mine * self.constant + its * other.constant
        return _Form(mine * self.row + its * other.row, constant)


@dataclass(frozen=True)
class _Forms:
    """The measures as linear forms."""

    cost: _Form
    other: _Form
    unmet: _Form

    def applied(self, program: Program, seeking: Seeking, tolerance: float = EQUAL) -> Program:
        """The program with what is sought as its objective and the ceilings as rows."""
        goal = self.cost.mixed(seeking.cost, self.other, seeking.other)
        aimed = program.with_objective(goal.row, goal.constant)
        ceilings = (
            (self.cost, seeking.most_cost),
            (self.other, seeking.most_other),
            (self.unmet, seeking.most_unmet),
        )
        for form, most in ceilings:
            size = float(np.abs(form.row).max(initial=0.0))
            if most is not None and size > 0:
                row = csr_array((-form.row / size).reshape(1, -1))
                aimed = aimed.with_rows(
                    row, np.array([(form.constant - _room(most, tolerance)) / size])
                )
        return aimed

    def amounts(self, x: Floats) -> Amounts:
        return Amounts(self.cost.at(x), self.other.at(x), self.unmet.at(x))


def _weighted(instance: SitingInstance, cost: float, travel: float) -> SitingInstance:
    """The instance with these weights and no other."""
    goal = instance.objective
    plain = Objective(goal.discount_rate, goal.unmet_place_year_nok, cost, travel)
    return replace(instance, objective=plain)


def _with_worst_off(instance: SitingInstance) -> SitingInstance:
    """The instance with a price on the worst-off district, so that it has a variable for it."""
    goal = replace(instance.objective, worst_off_weight=1.0)
    return replace(instance, objective=goal, travel=replace(instance.travel, nok_per_minute=1.0))


def _fte_years(model: Any, instance: SitingInstance) -> Any:
    return sum(model.fte[e, t] for e in instance.staff_groups for t in instance.years)


class _Decomposed:
    """By one Benders decomposition, whose cuts are for every search."""

    def __init__(self, instance: SitingInstance, measure: Measure, options: SolveOptions) -> None:
        self._price = _journey_price(instance)
        self._measure = measure
        self._instance = _weighted(instance, 1.0, self._price)
        self._benders = Benders(self._instance, options)

    def seek(self, seeking: Seeking, known: _Known, journal: Journal) -> _Searched:
        """By the master, with every cut there is."""
        benders, aim = self._benders, _MasterAim(seeking, self._forms, self._amounts)
        stop = benders.run(journal, aim, known.start, known.bound, effort=known.effort)
        return _Searched(stop, [self._kept(one) for one in aim.considered], benders.bound)

    def near(self, plan: Candidate, gain: Gain, journal: Journal) -> Iterator[Found]:
        """By interchange, where projects are all that is decided."""

        def worth(cost: Floats, serving: Floats, unmet: Floats, changes: csr_array) -> Floats:
            other = (serving - unmet) / self._price
            if self._measure is not Measure.TRAVEL:
                form = self._forms.other
                other = form.at(plan.x) + changes @ form.row
            return gain(cost, other, unmet)

        self._benders.follow(journal, plan)
        if self._interchange.applies:
            yield from map(self._kept, self._interchange.near(plan, worth))

    @cached_property
    def _interchange(self) -> Interchange:
        return Interchange(self._benders)

    @property
    def program(self) -> Program:
        """The master with its cuts."""
        return self._benders.master

    @property
    def nodes(self) -> int:
        """Of all searches so far."""
        return self._benders.nodes

    def _kept(self, candidate: Candidate) -> Found:
        return Found(self._amounts(candidate), lambda: self._benders.plan(candidate), candidate)

    @cached_property
    def _forms(self) -> _Forms:
        benders, years = self._benders, self._instance.years
        model, rate = benders.model, self._instance.objective.discount_rate
        dated = sum((1 + rate) ** (years[0] - t) * model.unmet_cost[t] for t in years)
        unmet = _Form(*benders.row_of(dated))
        service = _Form(benders.service_nok, 0.0)
        journeys = service.mixed(1 / self._price, unmet, -1 / self._price)
        fte = _Form(*benders.row_of(_fte_years(model, self._instance)))
        return _Forms(
            cost=_objective(benders.master).mixed(1.0, service, -1.0).mixed(1.0, unmet, 1.0),
            other={Measure.TRAVEL: journeys, Measure.FTE: fte}[self._measure],
            unmet=unmet,
        )

    def _amounts(self, candidate: Candidate) -> Amounts:
        """Recomputed: the forms only bound from below what journeys and unmet need cost."""
        served, unmet = candidate.served, candidate.served.unmet_nok
        travel = self._measure is Measure.TRAVEL
        other = served.travel_nok if travel else self._forms.other.at(candidate.x)
        return Amounts(candidate.decided_nok + unmet, other, unmet)


def _journey_price(instance: SitingInstance) -> float:
    """μ: by so much dearer no journey costs as much as a missing place; 1 where none may be."""
    minutes = instance.travel.minutes
    reached = minutes[np.isfinite(minutes)]
    dearest = instance.travel.nok_per_minute * float(reached.max(initial=0.0))
    price = instance.objective.unmet_place_year_nok
    return 1.0 if price is None or dearest == 0 else max(DEAREST_JOURNEY * price / dearest, 1e-3)


class _MasterAim:
    """What is sought, for the decomposition; `considered` are the whole plans it came by."""

    def __init__(
        self, seeking: Seeking, forms: _Forms, amounts: Callable[[Candidate], Amounts]
    ) -> None:
        self._seeking = seeking
        self._forms = forms
        self._amounts = amounts
        self.considered: list[Candidate] = []

    def applied(self, program: Program) -> Program:
        """The master with what is sought as its objective and the ceilings as rows."""
        return self._forms.applied(program, self._seeking, WITHIN)

    def value(self, candidate: Candidate) -> float | None:
        """The mix; None above a ceiling."""
        return self._seeking.value(self._amounts(candidate))

    def needed(self, _bound: float, served_nok: float) -> float:
        """What serving is weighed against: itself, as the ceilings ask for all of it."""
        return served_nok

    def heard(self, candidate: Candidate) -> None:
        """A plan has been considered."""
        self.considered.append(candidate)


class _Whole:
    """In one program with every journey in it; with one thread, so that threads change no plan."""

    def __init__(self, instance: SitingInstance, measure: Measure, options: SolveOptions) -> None:
        self._instance = instance
        self._gap = options.mip_gap
        costing = _weighted(instance, 1.0, 0.0)
        if measure is Measure.WORST_OFF:
            costing = _with_worst_off(costing)
        self._model = build_planning(costing)
        self.program = hand_over(self._model, AllocationBlock(costing))
        self.nodes = 0
        self._forms = self._read_forms(measure)

    def seek(self, seeking: Seeking, known: _Known, journal: Journal) -> _Searched:
        """By branch and bound."""
        return self.searched(self.search(seeking, known.start, journal))

    def search(self, seeking: Seeking, start: Floats | None, journal: Journal) -> Reached:
        """Branch and bound, of which nothing is kept."""
        program = replace(self._forms.applied(self.program, seeking), start=start)
        limits = HighsOptions(journal.seconds_left, self._gap)
        run = run_highs(program, limits, journal.note, journal.should_stop)
        x = None if run.x is None else self._with_whole_integers(run.x, seeking)
        return Reached(run.stop, x, run.bound, run.nodes)

    def searched(self, reached: Reached) -> _Searched:
        """What was reached as a search of this program."""
        self.nodes += reached.nodes
        found = [] if reached.x is None else [self._kept(reached.x)]
        return _Searched(reached.stop, found, reached.bound)

    def near(self, _plan: Any, _gain: Gain, _journal: Journal) -> Iterator[Found]:
        """None: every plan is looked at by branch and bound."""
        return iter(())

    def _with_whole_integers(self, x: Floats, seeking: Seeking) -> Floats:
        """The best service for the decisions in x; a ceiling that x exceeds a little gives way."""
        for tolerance in (EQUAL, ENFORCED):
            program = self._forms.applied(self.program, seeking, tolerance)
            exact = settle(program, x)
            if exact is not None:
                return exact.x + 0.0  # no zero is negative: told by what is not zero it is the same
        raise unsettled()

    def _kept(self, x: Floats) -> Found:
        def plan() -> Plan:
            return extract_plan(self._instance, self._model, self.program, x)

        return Found(self._forms.amounts(x), plan, x)

    def _read_forms(self, measure: Measure) -> _Forms:
        cost, block = _objective(self.program), self.program.block
        assert block is not None
        first = len(self.program.columns)
        unmet = np.zeros_like(cost.row)
        unmet[first : first + block.unmet] = cost.row[first : first + block.unmet]
        if measure is Measure.WORST_OFF:
            cost, other = self._without_worst_off(cost)
        elif measure is Measure.TRAVEL:
            travelling = _weighted(self._instance, 0.0, 1.0)
            other = _objective(hand_over(build_planning(travelling), AllocationBlock(travelling)))
        else:
            other = self._form_of(_fte_years(self._model, self._instance))
        return _Forms(cost, other, _Form(unmet, 0.0))

    def _without_worst_off(self, objective: _Form) -> tuple[_Form, _Form]:
        """What the objective is without the price on the worst-off district; and its minutes."""
        weighed = list(self._model.worst_off_minutes.values())
        minutes = self._form_of(sum(weighed) / len(self._instance.years)) if weighed else None
        other = minutes or _Form(np.zeros_like(objective.row), 0.0)
        return _Form(np.where(other.row > 0, 0.0, objective.row), objective.constant), other

    def _form_of(self, expression: Any) -> _Form:
        linear = generate_standard_repn(expression)
        column = {id(v): index for index, v in enumerate(self.program.columns)}
        row = np.zeros(len(self.program.cost))
        for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True):
            row[column[id(variable)]] += float(coefficient)
        return _Form(row, float(linear.constant))


def _objective(program: Program) -> _Form:
    """The objective of a program, unscaled."""
    scale = program.objective_scale
    return _Form(program.cost * scale, program.offset * scale)
