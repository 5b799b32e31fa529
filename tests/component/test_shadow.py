"""Shadow prices for the fixed set of open projects: by hand, and as the slope of the optimum."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import pytest

from app.schemas.merge_patch import merge_patch
from solver import SitingInstance, SolveOptions, SolveResult, solve
from solver.domain.instance import Limits
from solver.engine import shadow
from solver.engine.highs import HighsOptions, run_highs
from solver.engine.shadow import ShadowPrice, shadow_prices
from tests.component import cases
from tests.component.test_handover import in_kroner
from tests.component.test_price import CORES, COVERAGE, STAFF
from tests.siting import Y1, Y2, care_type, district, instance_of, project, scenario, site

EXACT = SolveOptions(mip_gap=0)


def shadows(document) -> dict[tuple, ShadowPrice]:
    instance = instance_of(document)
    found = shadow_prices(instance, solve(instance, EXACT), 60, lambda: False)
    assert found is not None
    return {(price.code, *price.subject): price for price in found}


# A place at u costs 4 000 000 and 1.5 FTE, one at v 3 000 000 and 2 FTE; a place missing is dear.
# Both are open. Of 40 FTE u and v take what they can: 1.5 u + 2 v = 40, u + v = 24.
MILLIONS = scenario(
    Y2,
    care_types={
        "p": care_type(fte_per_place={"all": 1.5}),
        "q": care_type(fte_per_place={"all": 2}),
    },
    districts={"a": district(24)},
    sites={"u": {}, "v": {}},
    projects={
        "k": project("u", 40, least=1, investment_per_place_nok=4_000_000, lifetime_years=40),
        "l": project(
            "v",
            40,
            least=1,
            care_types=["q"],
            investment_per_place_nok=3_000_000,
            lifetime_years=40,
        ),
    },
    minutes={"u": {"a": 1}, "v": {"a": 1}},
    staffing={"available_fte": {"all": {"2026": 40, "2027": 60}}},
    unmet_nok=10_000_000,
    objective={"discount_rate": 0.04, "unmet_place_year_nok": 10_000_000},
)


def test_by_hand():
    assert shadows(COVERAGE)["C8",].total_nok == pytest.approx(3)
    assert {key: p.total_nok for key, p in shadows(CORES).items()} == pytest.approx(
        {("C9", "g"): 3, ("C9", "h"): 7}
    )
    # A place missing costs 100, one in use 1; a place more at u is no use without staff.
    assert shadows(STAFF)["C10", "all"].by_year == pytest.approx({Y1: 99})
    kept = merge_patch(cases.KEPT, {"projects": {"k": None}, "sites": {"s": {"places": {"q": 4}}}})
    assert shadows(kept) == {}


def test_money_by_hand():
    """A krone more builds a third of a place, which saves 100 less a minute and its own cost."""
    yearly = shadows(cases.investment({"investment_nok": 12}))["C11",]
    # In the first year two thirds of a place stand for 2 NOK; each serves that year alone, since
    # the second year's ceiling leaves room for the rest.
    assert yearly.by_year == pytest.approx({Y1: (100 - 1 - 3) / 3})
    in_all = shadows(cases.investment({"investment_total_nok": 15}))["C12",]
    assert in_all.by_year == {}
    assert in_all.total_nok == pytest.approx(2 * (100 - 1 - 3) / 3)
    operated = shadows(cases.OPERATING)["C13",]
    assert operated.by_year == pytest.approx({Y1: (100 - 1 - 5) / 5})


def test_a_krone_is_a_krone_whatever_the_size_of_the_scenario():
    """Rows of money in millions are scaled for the solver: the price is of the row as it was."""
    ceiling = cases.investment({"investment_nok": 12})
    large = merge_patch(
        ceiling,
        {
            "projects": {
                "k": {"investment_nok": 10_000_000, "investment_per_place_nok": 4_000_000}
            },
            "budget": {"investment_nok": 12_000_000},
            "objective": {"unmet_place_year_nok": 100_000_000},
            "travel": {"value_of_time_nok_per_hour": 1_000_000},
        },
    )
    large["projects"]["k"]["grant_per_place_nok"] = 1_000_000
    assert shadows(large)["C11",].by_year == pytest.approx({Y1: (100 - 1 - 3) / 3})


def test_places_at_a_site_by_hand():
    """Two of six are unmet for want of places: a place more saves 100 less a minute."""
    found = shadows(
        scenario(
            districts={"a": district(6)},
            sites={"s": site(4)},
            minutes={"s": {"a": 1}},
            unmet_nok=100,
        )
    )
    assert {key: p.total_nok for key, p in found.items()} == pytest.approx({("C2", "s", "p"): 99})


def test_slope_of_the_optimum_in_millions():
    """Prices of scaled rows in NOK: the same as moving the ceiling a little and solving again."""
    found = shadows(MILLIONS)["C10", "all"].by_year
    assert set(found) == {Y1}
    instance = instance_of(MILLIONS)
    plan = solve(instance, EXACT)
    costs = []
    for fte in (40.0, 40.25):
        moved = merge_patch(MILLIONS, {"staffing": {"available_fte": {"all": {"2026": fte}}}})
        costs.append(_relaxed_cost(instance_of(moved), plan))
    assert found[Y1] == pytest.approx((costs[0] - costs[1]) / 0.25, rel=1e-6)
    assert found[Y1] > 100_000


@pytest.mark.parametrize("first", range(0, 60, 12))
def test_prices_support_the_optimum(first):
    """The optimum is convex in a ceiling: a unit more saves no more than its price, a unit less
    costs no less. Amounts are as large as in life, so that rows of money are scaled; each year's
    ceilings are what the plan uses, so that they bind.
    """
    tried = 0
    for seed in range(first, first + 12):
        instance = instance_of(in_kroner(seed))
        plan = solve(instance, EXACT)
        if plan.plan is not None:
            _check_support(just_enough(instance, plan), plan)
            tried += 1
    assert tried > 5


def _check_support(instance: SitingInstance, plan: SolveResult) -> None:
    found = shadow_prices(instance, plan, 60, lambda: False)
    assert found is not None
    prices = {price.code: price for price in found}
    cost = _relaxed_cost(instance, plan)
    for index, t in enumerate(instance.years):
        for code, field, size in CEILINGS:
            price = prices[code].by_year.get(t, 0.0) if code in prices else 0.0
            for step in (size, -size):
                limits = _moved(instance, field, index, step)
                if limits is not None:
                    there = _relaxed_cost(replace(instance, limits=limits), plan)
                    least = cost - price * float(step) - 1e-6 * max(cost, 1)
                    assert there >= least, (code, t, step)


CEILINGS = (
    ("C10", "available_fte", Fraction(1, 4)),
    ("C11", "investment_nok", Fraction(50_000)),
    ("C13", "operating_nok", Fraction(50_000)),
)


def _moved(instance: SitingInstance, field: str, index: int, step: Fraction) -> Limits | None:
    """The limits with one year's ceiling moved; None where there is no such ceiling."""
    series = getattr(instance.limits, field)
    staff = field == "available_fte"
    if staff:
        series = series.get("all")
    if series is None or series[index] is None:
        return None
    moved = (*series[:index], series[index] + step, *series[index + 1 :])
    return replace(instance.limits, **{field: {"all": moved} if staff else moved})


def just_enough(instance: SitingInstance, plan: SolveResult) -> SitingInstance:
    """Staff, investment and operation as much as the plan uses, and no more."""
    assert plan.figures is not None
    years = plan.figures.years.values()
    limits = replace(
        instance.limits,
        available_fte={
            e: tuple(Fraction(year.fte[e]) for year in years) for e in instance.staff_groups
        },
        investment_nok=tuple(Fraction(year.investment_nok) for year in years),
        operating_nok=tuple(Fraction(year.operating_nok) for year in years),
    )
    return replace(instance, limits=limits)


def _relaxed_cost(instance: SitingInstance, result: SolveResult) -> float:
    """The least cost with a plan's projects open in its years; inf when there is none."""
    assert result.plan is not None
    program = shadow._program(instance, result.plan)
    if program is None:
        return inf
    run = run_highs(program, HighsOptions(60))
    return inf if run.bound is None else run.bound


def test_too_large_or_stopped_there_are_none():
    instance = instance_of(COVERAGE)
    result = solve(instance, EXACT)
    small = replace(result, options=replace(EXACT, memory_limit_mb=1))
    assert shadow_prices(instance, small, 60, lambda: False) is None
    assert shadow_prices(instance, result, 60, lambda: False)
    with pytest.raises(ValueError, match="no plan"):
        shadow_prices(instance, replace(result, plan=None), 60, lambda: False)
