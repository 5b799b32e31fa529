"""The elastic program: every rule that is a wish may give way, at a price per unit.

The rows are those of the constraints themselves, each with a variable for how far it is broken, in
the words of its *Elastic* line; physical rows stay as they are. Nothing else has a cost, so the
optimum is the cheapest set of relaxations under which there is a plan (elastic programming,
Chinneck, Feasibility and Infeasibility in Optimization, 2008, ch. 7).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import log2
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from solver.domain.instance import Objective, Project, SitingInstance
from solver.domain.rules import RULES, RuleName, Unit
from solver.formulation.build import build_planning
from solver.formulation.constraints.projects import forbidden_projects
from solver.formulation.master import add_openings_and_growth, one_district
from solver.formulation.parameters import Parameters, make_parameters
from solver.formulation.sets import reachable

PriceOf = Callable[[RuleName, tuple[str, ...]], float]


@dataclass(frozen=True)
class _Rows:
    """Rows that one rule may break: `ids` parts of their index are what it is about.

    A `yearly` rule has its own amount in each year, another one for all rows about the same.
    """

    component: str
    rule: RuleName
    ids: int = 0
    yearly: bool = False


_ROWS = (
    _Rows("excluded_projects_do_not_both_open", RuleName.EXCLUSIONS, ids=2),
    _Rows("required_project_opens_first", RuleName.REQUIREMENTS, ids=2),
    _Rows("required_project_opens", RuleName.REQUIRED_PROJECTS, ids=1),
    _Rows("coverage_ratio_reached", RuleName.COVERAGE, yearly=True),
    _Rows("core_coverage_ratio_reached", RuleName.CORE_COVERAGE, ids=1, yearly=True),
    _Rows("staff_within_available", RuleName.STAFF, ids=1, yearly=True),
    _Rows("investment_of_openings", RuleName.INVESTMENT_YEAR, yearly=True),
    _Rows("investment_within_total_ceiling", RuleName.INVESTMENT_TOTAL),
    _Rows("operating_cost_within_ceiling", RuleName.OPERATING, yearly=True),
    _Rows("kept_types_do_not_fall", RuleName.KEEP_PLACES, ids=1, yearly=True),
    _Rows("projects_at_most", RuleName.MAX_PROJECTS),
    _Rows("cores_with_places_at_least", RuleName.MIN_CORES),
)
# What is said of opening years and of single projects has an amount that is no row's excess.
_REWRITTEN = (
    "opens_no_earlier_than_possible",
    "opens_no_later_than_allowed",
    "forbidden_project_never_opens",
)


@dataclass(frozen=True)
class Elastic:
    """The planning part with relaxations, and who must be served in it.

    `instance` is what the allocation block is to be written from, with the price of unmet need
    that the rule has; None when everybody may go unserved, so that service can break nothing.
    `slacks` are the variables of each rule beside the block's own unmet need.
    """

    model: pyo.ConcreteModel
    instance: SitingInstance | None
    slacks: dict[RuleName, list[Any]] = field(default_factory=dict)


def build_elastic(instance: SitingInstance, price_of: PriceOf) -> Elastic:
    """The elastic program of an instance; `price_of` a rule and what it is about, NOK per unit."""
    served = _to_be_served(instance, price_of)
    model = build_planning(instance if served is None else served)
    par = make_parameters(instance)
    model.del_component("investment_within_year_ceiling")
    add_openings_and_growth(model, par)
    builder = _Builder(model, price_of)
    for rows in _ROWS:
        builder.loosen(rows)
    for component in _REWRITTEN:
        model.del_component(component)
    _forbid_what_cannot_be(model, par)
    for k, project in instance.projects.items():
        builder.add(RuleName.OPENING_YEARS, (k,), _years_early(model, par, k, project))
        builder.add(RuleName.OPENING_YEARS, (k,), _years_late(model, par, k, project))
    for k in forbidden_projects(instance):
        _allow(builder, par, k)
    if served is not None and served.targets.within is not None:
        _allow_farther(builder, par)
    model.del_component("objective")
    model.objective = pyo.Objective(expr=builder.price, sense=pyo.minimize)
    return Elastic(model, served, builder.slacks)


def _to_be_served(instance: SitingInstance, price_of: PriceOf) -> SitingInstance | None:
    """Who must be served, with nothing to pay but for those who are not.

    Where unmet need is allowed nobody must, and both C1 and C16 hold with nobody served. Where
    everybody reaches every site and no distance matters, all live in one district. A site may have
    a project's places from the first year on: the opening years are no longer rows, and must not
    hide in what can be allocated either.
    """
    if instance.objective.unmet_place_year_nok is not None:
        return None
    priced = Objective(0.0, price_of(RuleName.NEED_MET, ()), cost_weight=1.0, travel_weight=0.0)
    first = instance.years[0]
    projects = {k: replace(project, earliest=first) for k, project in instance.projects.items()}
    served = replace(instance, objective=priced, projects=projects)
    if instance.targets.within is None and reachable(instance).all():
        return one_district(served)
    return served


class _Builder:
    """Adds variables for what is broken, and adds up what they cost."""

    def __init__(self, model: pyo.ConcreteModel, price_of: PriceOf) -> None:
        self.model = model
        self.price: Any = 0.0
        self.slacks: dict[RuleName, list[Any]] = {}
        self._price_of = price_of
        self._owners: dict[str, Any] = {}
        model.relaxed = pyo.VarList(domain=pyo.NonNegativeReals)
        model.measured = pyo.ConstraintList()

    def slack(self, rule: RuleName, about: tuple[str, ...], most: float, unit: float = 1.0) -> Any:
        """A variable, from 0 to `most`, in `unit` of the rule's own; counted in the price."""
        variable = self.model.relaxed.add()
        variable.setub(most)
        self.count(rule, about, variable, unit)
        return variable

    def count(self, rule: RuleName, about: tuple[str, ...], variable: Any, unit: float) -> None:
        """Let a variable cost what the rule does."""
        self.slacks.setdefault(rule, []).append(variable)
        self.price += self._price_of(rule, about) * unit * variable

    def add(self, rule: RuleName, about: tuple[str, ...], amount: Any) -> None:
        """A relaxation whose amount is an expression, which a number is not."""
        if not isinstance(amount, int | float):
            _, most = _range(amount)
            self.model.measured.add(amount - self.slack(rule, about, most) <= 0)

    def owner(self, owner: str) -> Any:
        """One variable for a kind of ownership, however many projects it lets in."""
        if owner not in self._owners:
            self._owners[owner] = self.slack(RuleName.ALLOWED_OWNERSHIP, (owner,), 1.0)
        return self._owners[owner]

    def loosen(self, rows: _Rows) -> None:
        """Let the rows of a component be broken."""
        for about, group in self._groups(rows).items():
            excess = [part for row in group for part in _excesses(row)]
            most = max((high for _, high in map(_range, excess)), default=0.0)
            if most <= 0:
                continue
            unit = _unit(excess) if RULES[rows.rule].unit is Unit.NOK else 1.0
            slack = unit * self.slack(rows.rule, about[: rows.ids], most / unit, unit)
            for part in excess:
                self.model.measured.add(part - slack <= 0)
            for row in group:
                row.deactivate()

    def _groups(self, rows: _Rows) -> dict[tuple[Any, ...], list[Any]]:
        """{what a relaxation is about, and its year: rows}"""
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for index, row in self.model.component(rows.component).items():
            whole = index if isinstance(index, tuple) else (() if index is None else (index,))
            groups.setdefault(whole[: rows.ids + rows.yearly], []).append(row)
        return groups


def _excesses(row: Any) -> Iterator[Any]:
    """How far a row is broken, as expressions that are zero or less where it holds."""
    lower, body, upper = row.to_bounded_expression()
    if upper is not None:
        yield body - upper
    if lower is not None:
        yield lower - body


def _range(expression: Any) -> tuple[float, float]:
    """The least and the most a linear expression can be, by the bounds of its variables."""
    linear = generate_standard_repn(expression)
    low = high = float(linear.constant)
    for coefficient, variable in zip(linear.linear_coefs, linear.linear_vars, strict=True):
        ends = coefficient * variable.lb, coefficient * variable.ub
        low, high = low + min(ends), high + max(ends)
    return low, high


def _unit(expressions: list[Any]) -> float:
    """A power of two near the largest coefficient, so that the slack's is no mere speck."""
    linear = [generate_standard_repn(expression) for expression in expressions]
    sizes = [abs(c) for each in linear for c in (*each.linear_coefs, each.constant) if c]
    return float(2.0 ** round(log2(max(sizes, default=1.0))))


def _years_early(model: pyo.ConcreteModel, par: Parameters, k: str, project: Project) -> Any:
    """How many years before its earliest a project opens; open counts the years by itself."""
    last = par.sets.YEARS[-1]
    beyond = max(project.earliest - last - 1, 0)
    early = sum(model.open[k, t] for t in par.sets.YEARS if t < project.earliest)
    return early + beyond * model.open[k, last] if beyond else early


def _years_late(model: pyo.ConcreteModel, par: Parameters, k: str, project: Project) -> Any:
    """How many years after its latest a project opens."""
    if project.latest is None:
        return 0
    return sum(
        (t - project.latest) * (model.open[k, t] - model.open_before[k, t])
        for t in par.sets.YEARS
        if t > project.latest
    )


def _forbid_what_cannot_be(model: pyo.ConcreteModel, par: Parameters) -> None:
    """A project opens in no year in which the places it removes do not stand there yet.

    From its earliest year on the scenario is checked to have them.
    """
    for k, project in par.instance.projects.items():
        for t in par.sets.YEARS:
            lacks = any(
                places > par.existing.get((project.site, p, t), 0)
                for p, places in project.removes.items()
            )
            if t < project.earliest and lacks:
                model.open[k, t].setub(0)


def _allow(builder: _Builder, par: Parameters, k: str) -> None:
    """A project that is ruled out by name, by ownership or by both pays for each."""
    opened = builder.model.open[k, par.sets.YEARS[-1]]
    policies = par.instance.policies
    if k in policies.forbidden_projects:
        builder.add(RuleName.FORBIDDEN_PROJECTS, (k,), 1 * opened)
    owner = par.instance.projects[k].ownership
    if policies.allowed_ownership is not None and owner not in policies.allowed_ownership:
        builder.model.measured.add(opened - builder.owner(owner) <= 0)


def _allow_farther(builder: _Builder, par: Parameters) -> None:
    """farther[t]: places beyond the share that may lie farther away; in the rows of C16."""
    need = par.instance.need.sum(axis=(0, 1))
    most = dict(zip(par.sets.YEARS, np.asarray(need, dtype=float).tolist(), strict=True))
    builder.model.farther = pyo.Var(par.sets.YEARS, bounds=lambda _, t: (0.0, most[t]))
    for t in par.sets.YEARS:
        builder.count(RuleName.WITHIN, (), builder.model.farther[t], 1.0)
