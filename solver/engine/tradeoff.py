"""Plans of one instance by cost and by something else: one solve after the other, sharing all.

What a plan costs [NOK, present value, unweighted] and how much it has of the other measure are two
linear forms over the columns of a program. An `Aim` minimises a mix of them under ceilings on them
(Haimes, Lasdon and Wismer 1971, the ε-constraint method). Cuts, programs and plans of earlier
solves are kept: a cut holds for every aim, and a plan within the ceilings is a start.

In the master of the decomposition journeys are told through what serving costs at a dear price
on them, `S = U + μ T` (U: unmet need, T: journeys), since its cuts bound S from below: T is
(S − U) ÷ μ. At `μ` no journey is as dear as a place that is missing, so that whoever can be given
a place is given one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array

from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions
from solver.engine import decomposition
from solver.engine.benders import Benders, Candidate
from solver.engine.extract import extract_plan, round_integers
from solver.engine.guard import count_allocations
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock

Floats = NDArray[np.float64]

DEAREST_JOURNEY = 0.25  # of a missing place's price, at most, in the decomposition
EQUAL = 1e-9  # of a ceiling: two ways of adding up the same plan
FIXED_SECONDS = 300.0


class Measure(StrEnum):
    """What cost is traded for."""

    TRAVEL = "travel"  # journeys, NOK of present value
    FTE = "fte"  # FTE-years over the period, all staff groups


@dataclass(frozen=True)
class Amounts:
    """What a plan has of each measure; `cost` in NOK and, year by year, `unmet`: present values."""

    cost: float
    other: float
    unmet: tuple[float, ...]


@dataclass(frozen=True)
class Seeking:
    """Minimise a mix of cost and the other measure under ceilings; None: no ceiling."""

    cost: float = 0.0
    other: float = 0.0
    most_cost: float | None = None
    most_other: float | None = None
    most_unmet: tuple[float, ...] | None = None

    def value(self, amounts: Amounts) -> float | None:
        """The mix; None above a ceiling."""
        ceilings = [(amounts.cost, self.most_cost), (amounts.other, self.most_other)]
        if self.most_unmet is not None:
            ceilings += zip(amounts.unmet, self.most_unmet, strict=True)
        if any(most is not None and has > _room(most) for has, most in ceilings):
            return None
        return self.cost * amounts.cost + self.other * amounts.other


@dataclass(frozen=True)
class Sought:
    """What a search has: why it stopped, the best plan within the ceilings, and a bound."""

    stop: Stop
    plan: Plan | None
    amounts: Amounts | None
    bound: float | None


class Searching(Protocol):
    """Plans of one instance, sought one after the other."""

    def seek(self, seeking: Seeking, journal: Journal) -> Sought:
        """The best plan by some mix under some ceilings."""


@dataclass(frozen=True)
class _Form:
    """A linear form over the columns of a program."""

    row: Floats
    constant: float

    def at(self, x: Floats) -> float:
        return float(np.sum(self.row * x)) + self.constant

    def mixed(self, mine: float, other: "_Form", its: float) -> "_Form":
        return _Form(mine * self.row + its * other.row, mine * self.constant + its * other.constant)


@dataclass(frozen=True)
class _Forms:
    """The measures as linear forms, and a program that minimises a mix of them."""

    cost: _Form
    other: _Form
    unmet: tuple[_Form, ...]

    def applied(self, program: Program, seeking: Seeking) -> Program:
        """The program with what is sought as its objective and the ceilings as rows."""
        goal = self.cost.mixed(seeking.cost, self.other, seeking.other)
        aimed = program.with_objective(goal.row, goal.constant)
        ceilings = [(self.cost, seeking.most_cost), (self.other, seeking.most_other)]
        if seeking.most_unmet is not None:
            ceilings += zip(self.unmet, seeking.most_unmet, strict=True)
        for form, most in ceilings:
            size = float(np.abs(form.row).max(initial=0.0))
            if most is not None and size > 0:
                row = csr_array((-form.row / size).reshape(1, -1))
                aimed = aimed.with_rows(row, np.array([(form.constant - _room(most)) / size]))
        return aimed


def _room(most: float) -> float:
    """Up to where a ceiling holds: two ways of adding up a plan differ in the last digits."""
    return most + EQUAL * max(abs(most), 1.0)


def searching(instance: SitingInstance, measure: Measure, options: SolveOptions) -> Searching:
    """By decomposition where that pays, else in one program. Raises TriviallyInfeasible."""
    if decomposition.fits(instance, count_allocations(instance)):
        return _Decomposed(instance, measure, options)
    return _Whole(instance, measure, options)


def _weighted(instance: SitingInstance, cost: float, travel: float) -> SitingInstance:
    goal = replace(instance.objective, cost_weight=cost, travel_weight=travel)
    return replace(instance, objective=goal)


def _journey_price(instance: SitingInstance) -> float:
    """μ: by so much dearer no journey costs as much as a missing place; 1 where none may be."""
    minutes = instance.travel.minutes
    reached = minutes[np.isfinite(minutes)]
    dearest = instance.travel.nok_per_minute * float(reached.max(initial=0.0))
    price = instance.objective.unmet_place_year_nok
    return 1.0 if price is None or dearest == 0 else max(DEAREST_JOURNEY * price / dearest, 1e-3)


class _Decomposed:
    """By one Benders decomposition, whose cuts are for every aim."""

    def __init__(self, instance: SitingInstance, measure: Measure, options: SolveOptions) -> None:
        self._price = _journey_price(instance)
        self._measure = measure
        self._options = options
        self._instance = _weighted(instance, 1.0, self._price)
        self._benders: Benders | None = None
        self._known: list[Candidate] = []

    def seek(self, seeking: Seeking, journal: Journal) -> Sought:
        """The best plan by some mix under some ceilings, from the best of those known."""
        if self._benders is None:
            self._benders = Benders(self._instance, self._options, journal)
        aim = _MasterAim(seeking, self._forms, self._amounts, self._known.append)
        within = [(value, c) for c in self._known if (value := aim.value(c)) is not None]
        start = min(within, key=lambda one: one[0])[1] if within else None
        self._benders.turn_to(aim, start, journal)
        stop = self._benders.run()
        best = self._benders.best
        self._keep_efficient()
        if best is None:
            return Sought(stop, None, None, self._benders.bound)
        return Sought(stop, self._benders.plan(best), self._amounts(best), self._benders.bound)

    @cached_property
    def _forms(self) -> _Forms:
        benders = self._benders
        assert benders is not None
        model, master, years = benders.model, benders.master, self._instance.years
        rate = self._instance.objective.discount_rate
        unmet = tuple(
            _Form(*benders.row_of((1 + rate) ** (years[0] - t) * model.unmet_cost[t]))
            for t in years
        )
        unmet_in_all = _Form(np.sum([form.row for form in unmet], axis=0), 0.0)
        whole = _Form(master.cost * master.objective_scale, master.offset * master.objective_scale)
        service = _Form(benders.service_nok, 0.0)
        journeys = service.mixed(1 / self._price, unmet_in_all, -1 / self._price)
        fte = _Form(*benders.row_of(_fte_years(model, self._instance)))
        return _Forms(
            cost=whole.mixed(1.0, service, -1.0).mixed(1.0, unmet_in_all, 1.0),
            other={Measure.TRAVEL: journeys, Measure.FTE: fte}[self._measure],
            unmet=unmet,
        )

    def _amounts(self, candidate: Candidate) -> Amounts:
        """Recomputed: the forms only bound from below what journeys and unmet need cost."""
        served = candidate.served
        travel = self._measure is Measure.TRAVEL
        other = served.travel_nok if travel else self._forms.other.at(candidate.x)
        return Amounts(candidate.decided_nok + sum(served.unmet_nok), other, served.unmet_nok)

    def _keep_efficient(self) -> None:
        """Forget plans that another one beats or equals in everything."""
        kept: dict[Amounts, Candidate] = {}
        for candidate in self._known:
            mine = self._amounts(candidate)
            if not any(_no_worse(other, mine) for other in kept):
                kept = {a: c for a, c in kept.items() if not _no_worse(mine, a)}
                kept[mine] = candidate
        self._known[:] = kept.values()


def _no_worse(one: Amounts, other: Amounts) -> bool:
    fewer = all(a <= b for a, b in zip(one.unmet, other.unmet, strict=True))
    return one.cost <= other.cost and one.other <= other.other and fewer


def _fte_years(model: Any, instance: SitingInstance) -> Any:
    return sum(model.fte[e, t] for e in instance.staff_groups for t in instance.years)


@dataclass(frozen=True)
class _MasterAim:
    """What is sought, for the decomposition; every whole plan considered is told to `tell`."""

    seeking: Seeking
    forms: _Forms
    amounts: Callable[[Candidate], Amounts]
    tell: Callable[[Candidate], None]

    def applied(self, program: Program) -> Program:
        """The master with what is sought as its objective and the ceilings as rows."""
        return self.forms.applied(program, self.seeking)

    def value(self, candidate: Candidate) -> float | None:
        """The mix; None above a ceiling."""
        return self.seeking.value(self.amounts(candidate))

    def needed(self, _bound: float, served_nok: float) -> float:
        """What serving is weighed against: itself, as the ceilings ask for all of it."""
        return served_nok

    def heard(self, candidate: Candidate) -> None:
        """A plan has been considered."""
        self.tell(candidate)


class _Whole:
    """In one program with every journey in it."""

    def __init__(self, instance: SitingInstance, measure: Measure, options: SolveOptions) -> None:
        self._instance = instance
        self._options = options
        self._model = build_planning(_weighted(instance, 1.0, 0.0))
        self._program = self._handed_over(1.0, 0.0)
        self._forms = self._read_forms(measure)
        self._known: list[tuple[Floats, Amounts]] = []

    def seek(self, seeking: Seeking, journal: Journal) -> Sought:
        """The best plan by some mix under some ceilings, from the best of those known."""
        program = replace(self._forms.applied(self._program, seeking), start=self._start(seeking))
        limits = HighsOptions(journal.seconds_left, self._options.mip_gap, self._options.threads)
        run = run_highs(program, limits, journal.note, journal.should_stop)
        if run.x is None:
            return Sought(run.stop, None, None, run.bound)
        fixed = program.with_fixed_integers(round_integers(program, run.x))
        exact = run_highs(fixed, HighsOptions(FIXED_SECONDS))
        if exact.x is None:
            raise VerificationFailed("planen lar seg ikke gjennomføre når heltallene er hele")
        forms = self._forms
        unmet = tuple(form.at(exact.x) for form in forms.unmet)
        amounts = Amounts(forms.cost.at(exact.x), forms.other.at(exact.x), unmet)
        self._known.append((exact.x, amounts))
        plan = extract_plan(self._instance, self._model, self._program, exact.x)
        return Sought(run.stop, plan, amounts, run.bound)

    def _start(self, seeking: Seeking) -> Floats | None:
        within = [
            (value, x)
            for x, amounts in self._known
            if (value := seeking.value(amounts)) is not None
        ]
        return min(within, key=lambda one: one[0])[1] if within else None

    def _handed_over(self, cost: float, travel: float) -> Program:
        weighted = _weighted(self._instance, cost, travel)
        model = self._model if travel == 0 else build_planning(weighted)
        return hand_over(model, AllocationBlock(weighted))

    def _read_forms(self, measure: Measure) -> _Forms:
        cost = _objective(self._program)
        block = self._program.block
        assert block is not None
        first = len(self._program.columns)
        year = np.full(len(cost.row), -1)
        year[first : first + block.unmet] = block.demands[:, 2]
        unmet = tuple(
            _Form(np.where(year == index, cost.row, 0.0), 0.0)
            for index in range(len(self._instance.years))
        )
        if measure is Measure.TRAVEL:
            other = _objective(self._handed_over(0.0, 1.0))
        else:
            other = self._form_of(_fte_years(self._model, self._instance))
        return _Forms(cost, other, unmet)

    def _form_of(self, expression: Any) -> _Form:
        linear = generate_standard_repn(expression)
        column = {id(v): index for index, v in enumerate(self._program.columns)}
        row = np.zeros(len(self._program.cost))
        for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True):
            row[column[id(variable)]] += float(coefficient)
        return _Form(row, float(linear.constant))


def _objective(program: Program) -> _Form:
    """The objective of a program, unscaled."""
    scale = program.objective_scale
    return _Form(program.cost * scale, program.offset * scale)
