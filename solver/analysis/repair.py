"""The cheapest relaxations under which an infeasible instance has a plan, and other ways out.

One elastic program, solved again with rules barred. The cheapest repair is its optimum. Others are
found breadth first: of each repair found, one rule at a time is barred as well (the hitting-set
tree of Reiter, A theory of diagnosis from first principles, 1987), and what comes out is cut down
to rules of which none can be done without.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver.analysis.prices import Prices
from solver.analysis.relaxations import relaxations
from solver.analysis.session import Session
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.repair import Relaxation, Repair, Repairs
from solver.domain.result import Conflict, Outcome, Progress, Strategy, relative_gap
from solver.domain.rules import RuleClass, RuleName, RuleTerms
from solver.engine.conflict import CONFLICT_SECONDS, find_conflict
from solver.engine.extract import extract_plan, extract_projects
from solver.engine.guard import count_allocations, estimate_mb, guard_memory
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.serve import serve
from solver.engine.settle import FIXED_SECONDS, settle, unsettled
from solver.formulation.allocation import AllocationBlock
from solver.formulation.elastic import Elastic, build_elastic
from solver.verify import verify

SAME = 1e-6  # of a price: HiGHS's own tolerance
# Shares of the time that is left.
OF_THE_CHEAPEST, OF_THE_CONFLICT, OF_ANOTHER = 0.7, 0.3, 0.25

Rules = frozenset[RuleName]


def repair_instance(
    instance: SitingInstance,
    terms: Mapping[RuleName, RuleTerms],
    alternatives: int,
    session: Session,
) -> Repairs:
    """The cheapest repair, up to `alternatives` that relax other rules, and the conflict set.

    `terms` has every rule. Raises FormulationError when the program would not fit in memory.
    """
    search = _Search(instance, terms, session)
    first = search.cheapest(frozenset(), OF_THE_CHEAPEST)
    if first.repair is not None and not first.repair.relaxations:
        return search.result(Outcome.OPTIMAL, (), 0.0, None, complete=True)
    if first.repair is None and first.impossible is None:
        outcome = Outcome.DISMISSED if session.dismissed else Outcome.NO_PLAN
        return search.result(outcome, (), first.bound_nok, None, complete=False)
    conflict = _conflict(instance, session)
    if first.repair is None:
        return search.result(Outcome.INFEASIBLE, (), None, conflict, complete=True)
    tree = _Tree(search, first.repair, alternatives)
    tree.grow()
    repairs = tree.by_price()
    outcome = _outcome(first.repair, first.bound_nok, session)
    return search.result(outcome, repairs, first.bound_nok, conflict, complete=tree.complete)


def holds(instance: SitingInstance, repair: Repair) -> bool:
    """Whether a repair's projects make a plan of an instance, the patched one, that verifies."""
    plan = serve(instance, repair.plan.opens, repair.plan.places, FIXED_SECONDS)
    return plan is not None and verify(instance, plan)[0].passed


@dataclass(frozen=True)
class _Found:
    """A repair, None without one; `impossible` True when there is none, None when not known."""

    repair: Repair | None
    bound_nok: float | None
    impossible: bool | None


class _Search:
    """The elastic program of an instance, and its optimum with rules barred."""

    def __init__(
        self, instance: SitingInstance, terms: Mapping[RuleName, RuleTerms], session: Session
    ) -> None:
        self._instance = instance
        self._session = session
        self._prices = Prices(instance, terms)
        physical = (rule for rule in RuleName if terms[rule].rule_class is RuleClass.PHYSICAL)
        self._physical = frozenset(physical)
        self._elastic = build_elastic(instance, self._prices.of)
        self._program = _program(self._elastic, session.options.memory_limit_mb)
        self._columns = _columns(self._elastic, self._program)

    def cheapest(self, barred: Rules, share: float) -> _Found:
        """The cheapest repair that leaves the barred rules alone, in a share of the time left."""
        program = self._barring(barred | self._physical)
        options = self._session.options
        seconds = max(self._session.seconds_left * share, 1.0)
        watcher, begun = self._session.watcher(), self._session.seconds

        def tell(incumbent: float | None, bound: float | None) -> None:
            gap = relative_gap(incumbent, bound)
            since = self._session.seconds - begun
            watcher.on_progress(Progress(since, incumbent, bound, gap))

        limits = HighsOptions(seconds, mip_gap=0.0, threads=options.threads)
        run = run_highs(program, limits, tell, watcher.should_stop)
        if run.x is None:
            return _Found(None, run.bound, True if run.stop is Stop.INFEASIBLE else None)
        plan = self._plan(program, run.x)
        needed = relaxations(self._instance, plan, self._prices)
        price = sum(relaxation.price_nok for relaxation in needed)
        bound = None if run.bound is None else min(run.bound, price)
        proven = bound is not None and price <= bound * (1 + SAME) + SAME * _unit(needed)
        return _Found(Repair(needed, price, proven, False, plan), bound, False)

    def only(self, rules: Collection[RuleName]) -> _Found:
        """The cheapest repair that relaxes none but these rules."""
        return self.cheapest(frozenset(RuleName) - frozenset(rules), OF_ANOTHER)

    def result(
        self,
        outcome: Outcome,
        repairs: tuple[Repair, ...],
        bound: float | None,
        conflict: Conflict | None,
        *,
        complete: bool,
    ) -> Repairs:
        """What is handed back."""
        return Repairs(outcome, repairs, bound, conflict, complete, self._prices.place_nok)

    @property
    def over(self) -> bool:
        """Whether there is no time for more."""
        return self._session.over

    def expect(self, more: int) -> None:
        """So many solves more are expected."""
        self._session.expect(self._session.solves + more)

    def _barring(self, rules: Rules) -> Program:
        upper = self._program.upper.copy()
        for rule in rules:
            if rule in self._columns:
                upper[self._columns[rule]] = 0.0
        return replace(self._program, upper=upper)

    def _plan(self, program: Program, x: NDArray[np.float64]) -> Plan:
        """The plan of a point: integers whole, and the continuous part solved anew for them."""
        exact = settle(program, x)
        if exact is None:
            raise unsettled()
        served = self._elastic.instance
        if served is None:
            opens, places = extract_projects(self._instance, self._elastic.model, program, exact.x)
            return Plan(opens, places, {}, {})
        return extract_plan(served, self._elastic.model, program, exact.x)


class _Tree:
    """Repairs that relax different rules, breadth first; see the module."""

    def __init__(self, search: _Search, cheapest: Repair, alternatives: int) -> None:
        self._search = search
        self._wanted = alternatives
        self._minimal: dict[Rules, Repair] = {}
        self._first = cheapest
        self._unknown = False  # whether some solve ended without an answer
        self.complete = False

    def grow(self) -> None:
        """Find the alternatives, until there are enough, no more, or no time."""
        self._first = self._examined(self._first)
        pending = deque(_with_one_more(frozenset(), self._first.rules))
        seen: set[Rules] = set()
        while pending and len(self._others()) < self._wanted:
            barred = pending.popleft()
            if barred in seen:
                continue
            if self._search.over:
                self._unknown = True
                break
            seen.add(barred)
            repair = self._known(barred) or self._new(barred)
            if repair is not None:
                pending.extend(_with_one_more(barred, repair.rules))
        self.complete = not self._unknown or len(self._others()) >= self._wanted

    def by_price(self) -> tuple[Repair, ...]:
        """The cheapest repair, then the others."""
        others = sorted(self._others(), key=lambda repair: (repair.price_nok, sorted(repair.rules)))
        return (self._first, *others)

    def _others(self) -> list[Repair]:
        return [r for rules, r in self._minimal.items() if rules != self._first.rules]

    def _examined(self, repair: Repair) -> Repair:
        """The repair, known to be minimal where it is."""
        reduced = self._reduced(repair)
        return replace(repair, minimal=reduced.minimal and reduced.rules == repair.rules)

    def _known(self, barred: Rules) -> Repair | None:
        return next((r for rules, r in self._minimal.items() if not rules & barred), None)

    def _new(self, barred: Rules) -> Repair | None:
        self._search.expect(2)
        found = self._search.cheapest(barred, OF_ANOTHER)
        if found.repair is None:
            self._unknown |= found.impossible is None
            return None
        return self._reduced(found.repair)

    def _reduced(self, repair: Repair) -> Repair:
        """A repair cut down, rule by rule, to one of which no rule can be done without."""
        for rule in sorted(repair.rules):
            without = None if self._search.over else self._search.only(repair.rules - {rule})
            if without is None or (without.repair is None and without.impossible is None):
                self._unknown = True
                return repair
            if without.repair is not None:
                return self._reduced(without.repair)
        minimal = replace(repair, minimal=True)
        self._minimal.setdefault(minimal.rules, minimal)
        return minimal


def _outcome(cheapest: Repair, bound: float | None, session: Session) -> Outcome:
    """Proven within the gap that was asked for, or not."""
    if session.dismissed:
        return Outcome.DISMISSED
    gap = relative_gap(cheapest.price_nok, bound)
    within = gap is not None and gap <= session.options.mip_gap
    return Outcome.OPTIMAL if cheapest.proven or within else Outcome.FEASIBLE


def _with_one_more(barred: Rules, rules: Rules) -> Iterator[Rules]:
    return (barred | {rule} for rule in sorted(rules))


def _program(elastic: Elastic, memory_limit_mb: float) -> Program:
    if elastic.instance is None:
        return hand_over(elastic.model)
    guard_memory(elastic.instance, count_allocations(elastic.instance), memory_limit_mb)
    return hand_over(elastic.model, AllocationBlock(elastic.instance))


def _columns(elastic: Elastic, program: Program) -> dict[RuleName, NDArray[np.intp]]:
    """Where each rule's relaxations have their columns."""
    column = {id(variable): index for index, variable in enumerate(program.columns)}
    columns = {
        rule: np.array([column[id(variable)] for variable in variables], dtype=np.intp)
        for rule, variables in elastic.slacks.items()
    }
    unmet = program.block.unmet if program.block is not None else 0
    columns[RuleName.NEED_MET] = np.arange(len(column), len(column) + unmet)
    return columns


def _unit(needed: tuple[Relaxation, ...]) -> float:
    """What one unit of the cheapest relaxation costs: what a price near zero is measured by."""
    each = (one.price_nok / float(one.amount) for one in needed if one.price_nok)
    return min(each, default=0.0)


def _conflict(instance: SitingInstance, session: Session) -> Conflict | None:
    """The conflict set, None where the whole program would not fit in memory."""
    whole = estimate_mb(instance, count_allocations(instance), Strategy.PLAIN)
    if whole > session.options.memory_limit_mb or session.over:
        return None
    seconds = min(session.seconds_left * OF_THE_CONFLICT, CONFLICT_SECONDS)
    return find_conflict(instance, seconds, session.watcher().should_stop)
