"""The three-way tie of every constraint: its numbers, its text, and what it is for."""

import io
import os
from dataclasses import replace
from importlib import import_module
from inspect import getdoc, getmembers, isfunction, signature
from pathlib import Path
from pkgutil import iter_modules

import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.lp_writer import LPWriter

from solver import SitingInstance, SolveOptions, solve
from solver.domain.result import Outcome
from solver.engine.handover import hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.formulation import FAMILIES, build, constraints
from solver.formulation.build import Constraint
from solver.formulation.expressions import add_expressions
from solver.formulation.objective import add_objective
from solver.formulation.parameters import make_parameters
from solver.formulation.variables import add_variables
from tests.component.cases import CASES, Case
from tests.formulation_doc import DOCUMENT, FIELDS, MARKER, document, fields
from tests.siting import instance_of

GOLDENS = Path(__file__).parent / "goldens"
WRITE = os.environ.get("FLERKJERNE_WRITE_GOLDENS") == "1"
CONSTRAINTS = {c.__name__: (family, c) for family in FAMILIES for c in family.constraints}

every_constraint = pytest.mark.parametrize("name", CASES)


def alone(instance: SitingInstance, constraint: Constraint) -> pyo.ConcreteModel:
    """A model with variables, expressions, objective and one constraint."""
    par = make_parameters(instance)
    model = pyo.ConcreteModel()
    add_variables(model, par)
    add_expressions(model, par)
    constraint(model, par)
    add_objective(model, par)
    return model


def optimum(model: pyo.ConcreteModel, case: Case) -> float | None:
    program = hand_over(model)
    if case.relaxed:
        program = replace(program, integer=program.integer & False)
    return run_highs(program, HighsOptions(60)).bound


def kept(path: Path, text: str) -> str:
    """What is kept in a file, written anew when asked for."""
    if WRITE:
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_every_constraint_has_a_case_and_a_kept_file():
    assert set(CASES) == set(CONSTRAINTS)
    assert {path.stem for path in GOLDENS.glob("*.lp")} == set(CONSTRAINTS)
    assert all(case.rows and case.objective > case.without for case in CASES.values())


def test_every_function_that_adds_a_constraint_is_in_a_family():
    modules = [
        import_module(f"{constraints.__name__}.{m.name}")
        for m in iter_modules(constraints.__path__)
    ]
    adding = {
        name
        for module in modules
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__
        and list(signature(function).parameters) == ["model", "par"]
    }
    assert adding == set(CONSTRAINTS)


@every_constraint
def test_rows_are_what_the_hand_gets(name):
    case = CASES[name]
    model = alone(instance_of(case.toy), CONSTRAINTS[name][1])
    for variable in model.component_data_objects(pyo.Var):
        variable.set_value(0)
    for (variable, *index), value in case.values.items():
        model.component(variable)[tuple(index)].set_value(value, skip_validation=True)
    rows = {
        index: (pyo.value(row.body), (pyo.value(row.lower), pyo.value(row.upper)))
        for index, row in model.component(name).items()
    }
    assert rows == case.rows


@every_constraint
def test_text_is_the_kept_one(name):
    model = alone(instance_of(CASES[name].toy), CONSTRAINTS[name][1])
    text = io.StringIO()
    LPWriter().write(model, text, symbolic_solver_labels=True)
    assert text.getvalue() == kept(GOLDENS / f"{name}.lp", text.getvalue())


@every_constraint
def test_optimum_is_another_without_it(name):
    case = CASES[name]
    model = build(instance_of(case.toy))
    assert optimum(model, case) == pytest.approx(case.objective, abs=1e-6)
    model.component(name).deactivate()
    assert optimum(model, case) == pytest.approx(case.without, abs=1e-6)


@every_constraint
def test_plan_of_its_toy_is_verified(name):
    result = solve(instance_of(CASES[name].toy), SolveOptions(mip_gap=0))
    assert result.outcome is Outcome.OPTIMAL
    assert result.verification is not None
    assert result.verification.passed
    assert result.objective_nok == pytest.approx(CASES[name].objective, abs=1e-6)


@every_constraint
def test_component_carries_its_code_and_docstring_its_fields(name):
    family, constraint = CONSTRAINTS[name]
    model = alone(instance_of(CASES[name].toy), constraint)
    assert model.component(name).doc == family.code
    assert (getdoc(constraint) or "").startswith(f"{family.code} — ")
    assert tuple(fields(constraint)) == FIELDS


def test_relaxation_only_is_tightened_by_the_valid_inequality():
    model = build(instance_of(CASES["new_sites_serve_when_open"].toy))
    model.new_sites_serve_when_open.deactivate()
    run = run_highs(hand_over(model), HighsOptions(60))
    assert run.bound == pytest.approx(14, abs=1e-6)


def test_formulation_document_names_every_variable_and_expression():
    model = build(instance_of(CASES["staff_within_available"].toy))
    by_hand, _, _ = DOCUMENT.read_text(encoding="utf-8").partition(MARKER)
    for component in model.component_objects([pyo.Var, pyo.Expression]):
        assert f"`{component.name}" in by_hand


def test_formulation_document_is_current():
    text = document()
    assert text == kept(DOCUMENT, text)
