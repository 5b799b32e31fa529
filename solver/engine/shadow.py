"""Shadow prices for the fixed set of open projects.

Which projects are open in which year is held as in a plan; how large they are may vary
continuously, and so may who is served where. What is left is a linear program, and its duals say
what one more unit of each rule would save, as long as the same projects stay the right ones. That
is another question than what a rule costs when projects may change.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveResult, Strategy
from solver.engine.guard import count_allocations, estimate_mb
from solver.engine.handover import Program, TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, row_prices
from solver.formulation import FAMILIES, build_planning
from solver.formulation.allocation import AllocationBlock
from solver.formulation.constraints import policies, resources, targets
from solver.formulation.service_arrays import positions
from solver.verify.books import Books

Floats = NDArray[np.float64]
NOISE = 1e-9  # of the plan's cost: below this a price is the solver's noise

# By Pyomo component: where in its index the subject stands and where the year, None: nowhere.
_INDICES: Mapping[str, tuple[int | None, int | None]] = {
    targets.coverage_ratio_reached.__name__: (None, 0),
    targets.core_coverage_ratio_reached.__name__: (0, 1),
    resources.staff_within_available.__name__: (0, 1),
    resources.investment_within_year_ceiling.__name__: (None, 0),
    resources.investment_within_total_ceiling.__name__: (None, None),
    resources.operating_cost_within_ceiling.__name__: (None, 0),
    policies.kept_types_do_not_fall.__name__: (0, 1),
}
_PLACES = "C2"


@dataclass(frozen=True)
class ShadowPrice:
    """What one more unit would save, in present value, for the fixed set of open projects.

    A unit is a place fewer of a target (C8, C9, C14) or more at a site (C2), an FTE (C10), or a
    krone of a ceiling (C11–C13). `subject` is a core, staff group or care type, of C2 a site and a
    care type. `by_year` are the years in which it saves something; empty for C12, which is of no
    year. `total_nok` is for one unit in every year.
    """

    code: str
    subject: tuple[str, ...]
    by_year: Mapping[int, float]
    total_nok: float


def shadow_prices(
    instance: SitingInstance, result: SolveResult, seconds: float, should_stop: Callable[[], bool]
) -> tuple[ShadowPrice, ...] | None:
    """Every rule that has a price, by code and subject, for the projects of a result's plan.

    None when the whole program would be too large for the memory limit, or when it was not solved
    in so many seconds.
    Raises ValueError when the result has no plan.
    """
    if result.plan is None or result.objective_nok is None:
        raise ValueError("no plan")
    whole = estimate_mb(instance, count_allocations(instance), Strategy.PLAIN)
    if whole > result.options.memory_limit_mb:
        return None
    program = _program(instance, result.plan)
    duals = row_prices(program, HighsOptions(seconds), should_stop) if program else None
    if program is None or duals is None:
        return None
    least = NOISE * max(abs(result.objective_nok), 1.0)
    found: dict[tuple[str, tuple[str, ...]], dict[int | None, float]] = defaultdict(dict)
    for code, subject, year, price in _priced(instance, program, np.abs(duals)):
        if price > least:
            found[code, subject][year] = price
    order = [family.code for family in FAMILIES]
    ranked = sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    return tuple(_shadow(code, subject, by_year) for (code, subject), by_year in ranked)


def _shadow(
    code: str, subject: tuple[str, ...], by_year: Mapping[int | None, float]
) -> ShadowPrice:
    years = {t: price for t, price in by_year.items() if t is not None}
    return ShadowPrice(code, subject, years, sum(by_year.values()))


def _program(instance: SitingInstance, plan: Plan) -> Program | None:
    """The linear program in which a plan's projects are open in the plan's years."""
    model = build_planning(instance)
    try:
        program = hand_over(model, AllocationBlock(instance))
    except TriviallyInfeasible:
        return None
    lower, upper = program.lower.copy(), program.upper.copy()
    column = {id(variable): index for index, variable in enumerate(program.columns)}
    for variable, value in _fixed(instance, model, plan):
        at = column.get(id(variable))
        if at is not None:
            lower[at] = upper[at] = value
    return replace(program.relaxed(), lower=lower, upper=upper)


def _fixed(instance: SitingInstance, model: Any, plan: Plan) -> Iterator[tuple[Any, float]]:
    """The yes-or-no variables and what a plan answers."""
    books = Books(instance, plan)
    for (k, t), variable in model.open.items():
        yield variable, float(books.is_open(k, t))
    for g, variable in model.core_has_places.items():
        yield variable, float(books.counted(books.last, g) >= 1)


def _priced(
    instance: SitingInstance, program: Program, prices: Floats
) -> Iterator[tuple[str, tuple[str, ...], int | None, float]]:
    """(code, subject, year, price) of the rows that a planner can ask about."""
    planning = len(program.rows)
    for row, family, price in zip(program.rows, program.family, prices, strict=False):
        place = _INDICES.get(row.parent_component().local_name)
        if place is not None:
            index = row.index() if isinstance(row.index(), tuple) else (row.index(),)
            subject, year = place
            yield (
                FAMILIES[family].code,
                () if subject is None else (index[subject],),
                None if year is None else index[year],
                float(price),
            )
    assert program.block is not None
    site, care_type = positions(instance.sites), positions(instance.care_types)
    row_of = program.block.places_row
    for j in instance.sites:
        for p in instance.care_types:
            for t, row in zip(instance.years, row_of[site[j], care_type[p]], strict=True):
                if row >= 0:
                    yield _PLACES, (j, p), t, float(prices[planning + row])
