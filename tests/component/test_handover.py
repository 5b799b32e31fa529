"""From Pyomo to HiGHS nothing is lost: scaling is exact, bounds are finite."""

from random import Random

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from app.schemas.merge_patch import merge_patch
from solver.engine.extract import extract_plan
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.formulation import build
from solver.verify import verify
from tests.random_scenarios import random_scenario
from tests.siting import Document, district, instance_of, project, scenario, site

# Nothing that could make a scenario impossible.
EASY: Document = {
    "targets": None,
    "staffing": None,
    "budget": None,
    "policies": None,
    "objective": {"unmet_place_year_nok": 20},
}

every_seed = pytest.mark.parametrize("seed", range(30))


def in_kroner(seed: int) -> Document:
    """A random scenario with costs as large as in life; no core asks for what it cannot have."""

    def dearer(value, money=False):
        if isinstance(value, dict):
            return {key: dearer(member, money or "_nok" in key) for key, member in value.items()}
        return value * 123_457 if money and value is not None else value

    return dearer(merge_patch(random_scenario(seed), {"targets": {"core_coverage": None}}))


def are_powers_of_two(numbers) -> bool:
    return bool(np.all(np.frexp(numbers)[0] == 0.5))


@every_seed
def test_scaling_is_by_powers_of_two_and_exact(seed):
    model = build(instance_of(in_kroner(seed)))
    program = hand_over(model)
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    assert are_powers_of_two(program.objective_scale)
    assert np.array_equal(program.cost * program.objective_scale, form.c.toarray().ravel())
    scaled, plain = program.matrix.toarray(), form.A.toarray()
    factor = (np.abs(scaled).max(axis=1) / np.abs(plain).max(axis=1))[:, None]
    assert are_powers_of_two(factor)
    assert np.array_equal(scaled, plain * factor)
    bounds = np.where(np.isfinite(program.row_upper), program.row_upper, program.row_lower)
    assert np.array_equal(bounds, form.rhs * factor.ravel())
    sense = np.array([row.bound_type for row in form.rows])
    assert np.array_equal(np.isfinite(program.row_lower), sense <= 0)
    assert np.array_equal(np.isfinite(program.row_upper), sense >= 0)


@every_seed
def test_objective_is_recovered_at_any_point(seed):
    model = build(instance_of(in_kroner(seed)))
    program = hand_over(model)
    rng = Random(seed)
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(0)
    x = np.array([rng.uniform(variable.lb, variable.ub) for variable in program.columns])
    for variable, value in zip(program.columns, x, strict=True):
        variable.set_value(value, skip_validation=True)
    scaled = float(program.cost @ x) + program.offset
    assert scaled * program.objective_scale == pytest.approx(
        pyo.value(model.objective), rel=1e-12, abs=1e-6
    )


@every_seed
def test_every_variable_has_finite_bounds_and_integers_whole_ones(seed):
    model = build(instance_of(random_scenario(seed)))
    for variable in model.component_data_objects(pyo.Var):
        assert variable.has_lb()
        assert variable.has_ub()
        assert np.isfinite([variable.lb, variable.ub]).all()
        assert variable.lb <= variable.ub
        if not variable.is_continuous():
            assert float(variable.lb).is_integer()
            assert float(variable.ub).is_integer()


@every_seed
def test_expressions_of_the_optimum_are_the_verified_figures(seed):
    """Capital, operation, unmet need, travel, staff and investment: two ways of adding up."""
    instance = instance_of(merge_patch(random_scenario(seed), EASY))
    model = build(instance)
    program = hand_over(model)
    run = run_highs(program, HighsOptions(60))
    assert run.x is not None
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(0)
    for variable, value in zip(program.columns, run.x, strict=True):
        variable.set_value(value, skip_validation=True)
    _, figures = verify(instance, extract_plan(instance, model, program, run.x))
    parts = {
        "capital_nok": model.capital,
        "operating_nok": model.operating,
        "unmet_nok": model.unmet_cost,
        "travel_nok": model.travel_cost,
        "investment_nok": model.investment,
    }
    for t, year in figures.years.items():
        for name, expression in parts.items():
            assert pyo.value(expression[t]) == pytest.approx(getattr(year, name), abs=1e-5), name
        for group, fte in year.fte.items():
            assert pyo.value(model.fte[group, t]) == pytest.approx(fte, abs=1e-6)
        for p, places in year.places.items():
            assert pyo.value(model.places_total[p, t]) == pytest.approx(places, abs=1e-6)


def test_row_of_money_has_coefficients_near_one():
    """200 million against 3.5 million a place: unscaled, a krone counts as much as a place."""
    model = build(
        instance_of(
            scenario(
                districts={"a": district(4)},
                sites={"u": {}},
                projects={"k": project("u", 20, investment_per_place_nok=3_500_000)},
                minutes={"u": {"a": 5}},
                budget={"investment_nok": 200_000_000},
            )
        )
    )
    program = hand_over(model)
    largest = np.abs(program.matrix.toarray()).max(axis=1)
    assert largest.max() <= 100
    assert np.abs(program.cost[program.cost != 0]).max() <= 1e6
    assert program.row_upper[np.isfinite(program.row_upper)].max() < 100


def test_constant_row_that_fails_is_seen_at_once():
    impossible = scenario(
        districts={"a": district(population={"80+": 10})},
        sites={"s": site(3)},
        targets={"coverage": {"ratio": 0.4, "population": "80+"}},
    )
    with pytest.raises(TriviallyInfeasible):
        hand_over(build(instance_of(impossible)))


def test_fixed_integers_leave_a_linear_program_with_the_same_optimum():
    document = scenario(
        districts={"a": district(2), "b": district(4)},
        sites={"s": site(3), "u": {}},
        projects={"k": project("u", 6, investment_nok=10)},
        minutes={"s": {"a": 1, "b": 5}, "u": {"a": 4, "b": 2}},
    )
    program = hand_over(build(instance_of(document)))
    whole = run_highs(program, HighsOptions(60))
    assert whole.x is not None
    fixed = program.with_fixed_integers(np.round(whole.x))
    assert not fixed.integer.any()
    assert run_highs(fixed, HighsOptions(60)).bound == pytest.approx(20)
