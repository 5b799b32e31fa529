"""What is added to shorten the search loses no plan, or leaves one as good for each it loses.

Plans are those of the enumeration: every course of every project, with the rules of the document
read straight from it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from numpy.typing import NDArray
from pyomo.repn import generate_standard_repn

from solver import SitingInstance, SolveOptions, Watcher, solve
from solver.domain.result import Outcome, Strategy
from solver.engine import decomposition
from solver.engine.benders import Benders
from solver.engine.handover import Program, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.formulation import build_planning, dominance
from solver.formulation.allocation import AllocationBlock
from solver.formulation.build import Constraint
from solver.formulation.dominance import (
    better_project_opens_too,
    comparable_pairs,
    equal_projects_open_in_order,
)
from solver.formulation.parameters import Parameters, make_parameters
from solver.formulation.variables import add_planning_variables
from tests.examples import some
from tests.known_optimum.enumeration import Enumeration, Tally
from tests.random_scenarios import random_scenario, random_scenario_with_twins
from tests.siting import Document, instance_of

SCENARIOS = 1000
MOST_COMBINATIONS = 1500
PLANS = 4  # of each scenario
EXACT = SolveOptions(mip_gap=1e-7)
V3 = (equal_projects_open_in_order, better_project_opens_too)


@dataclass(frozen=True)
class Case:
    """A scenario with all its combinations that keep the rules about decisions."""

    instance: SitingInstance
    enumeration: Enumeration
    tally: Tally

    def keep(self, constraints: tuple[Constraint, ...]) -> NDArray[np.bool_]:
        """The combinations that satisfy the constraints, which are about openings alone."""
        par, model = make_parameters(self.instance), pyo.ConcreteModel()
        add_planning_variables(model, par)
        ok = np.ones(len(self.tally.opens), dtype=bool)
        column = {k: index for index, k in enumerate(self.enumeration.projects)}
        for constraint in constraints:
            constraint(model, par)
            for row in model.component(constraint.__name__).values():
                body = generate_standard_repn(row.body)
                value = np.zeros(len(ok))
                for variable, factor in zip(body.linear_vars, body.linear_coefs, strict=True):
                    k, t = variable.index()
                    value += factor * (self.tally.opens[:, column[k]] <= t)
                ok &= value <= float(row.upper)
        return ok

    def loses(self, constraints: tuple[Constraint, ...]) -> bool:
        """Whether a combination is lost without another of the same places that costs no more."""
        keep = self.keep(constraints)
        if keep.all():
            return False
        places = self.tally.stock.reshape(len(keep), -1)
        _, group = np.unique(places, axis=0, return_inverse=True)
        cost = self.enumeration.decided(self.tally)
        least, kept = np.full((2, len(keep)), np.inf)
        np.minimum.at(least, group.ravel(), cost)
        np.minimum.at(kept, group.ravel()[keep], cost[keep])
        return bool((kept > least + 1e-9).any())

    def plans(self, rng: Random) -> Iterator["Decided"]:
        """Some plans that keep every rule and V3."""
        kept = np.flatnonzero(self.keep(V3))
        chosen = self.tally.where(
            np.array(rng.sample(list(kept), min(PLANS, len(kept))), dtype=int)
        )
        if len(chosen.opens):
            for which, cost in zip(chosen.which, self.enumeration.cost(chosen), strict=True):
                if np.isfinite(cost):
                    yield Decided(self._values(which), float(cost))

    def _values(self, which: NDArray[np.int64]) -> dict[tuple[Any, ...], float]:
        enumeration, values = self.enumeration, {}
        for (k, courses), number in zip(enumeration.courses.items(), which, strict=True):
            course = courses[number]
            for index, t in enumerate(enumeration.years):
                values["open", k, t] = float(course.opens <= t)
                for p in enumeration.projects[k]["care_types"]:
                    places = course.places[enumeration.types.index(p), index]
                    values["steps", k, p, t] = places / enumeration.projects[k]["places"]["step"]
        return values


@dataclass(frozen=True)
class Decided:
    """A plan: values of open and steps, and what it costs in all [NOK]."""

    values: dict[tuple[Any, ...], float]
    cost: float

    def fixed(self, model: pyo.ConcreteModel, program: Program) -> Program:
        """The program of a model, with only this plan left."""
        lower, upper = program.lower.copy(), program.upper.copy()
        column = {id(variable): index for index, variable in enumerate(program.columns)}
        for (name, *index), value in self.values.items():
            at = column.get(id(model.component(name)[tuple(index)]))
            if at is not None:
                lower[at] = upper[at] = value
        return replace(program, lower=lower, upper=upper)


@cache
def case(seed: int, draw: Callable[[int], Document]) -> Case:
    """The seed's first scenario that has few enough combinations to try."""
    while Enumeration(document := draw(seed)).combinations not in range(1, MOST_COMBINATIONS):
        seed += SCENARIOS
    enumeration = Enumeration(document)
    return Case(instance_of(document), enumeration, enumeration.allowed())


def twins() -> Iterator[Case]:
    return (case(seed, random_scenario_with_twins) for seed in range(SCENARIOS))


def ordinary(first: int, scenarios: int) -> Iterator[tuple[Case, Random]]:
    for seed in range(first, first + scenarios):
        yield case(seed, random_scenario), Random(seed)


def test_every_combination_lost_to_v3_has_one_as_good():
    assert not any(one.loses(V3) for one in twins())


@pytest.mark.parametrize("constraint", V3)
def test_v3_cuts_off_something(constraint):
    assert sum(not one.keep((constraint,)).all() for one in twins()) > SCENARIOS // 20


def test_scenarios_show_that_better_in_the_last_year_is_not_better_in_all():
    def better_project_opens_first(model: pyo.ConcreteModel, par: Parameters) -> None:
        model.better_project_opens_first = pyo.Constraint(
            [pair[:2] for pair in comparable_pairs(par.instance)],
            par.sets.YEARS,
            rule=lambda m, k, other, t: m.open[other, t] - m.open[k, t] <= 0,
        )

    assert any(one.loses((better_project_opens_first,)) for one in twins())


@pytest.mark.parametrize("part", range(8))
def test_scenarios_show_that_every_part_of_the_kind_is_needed(part, monkeypatch):
    kind = dominance._kind
    monkeypatch.setattr(
        dominance, "_kind", lambda project: kind(project)[:part] + kind(project)[part + 1 :]
    )
    assert any(one.loses(V3) for one in twins())


@pytest.mark.parametrize("part", range(8))
def test_scenarios_show_that_every_figure_is_needed(part, monkeypatch):
    burden = dominance._burden

    def without(instance, project):
        figures = list(burden(instance, project))
        figures[part:] = figures[part + 1 :]
        return tuple(figures)

    monkeypatch.setattr(dominance, "_burden", without)
    assert any(one.loses(V3) for one in twins())


@pytest.mark.parametrize(("name", "nothing"), [("_named", set()), ("forbidden_projects", [])])
def test_scenarios_show_that_who_is_left_out_must_be(name, nothing, monkeypatch):
    monkeypatch.setattr(dominance, name, lambda _: nothing)
    assert any(one.loses(V3) for one in twins())


@pytest.mark.parametrize("first", some(range(0, 120, 40), 1))
def test_v1_loses_no_plan(first):
    for one, rng in ordinary(first, 40):
        plans = list(one.plans(rng))
        if not plans:
            continue
        model = build_planning(one.instance)
        program = hand_over(model, AllocationBlock(one.instance))
        for plan in plans:
            run = run_highs(plan.fixed(model, program), HighsOptions(60))
            free = run_highs(plan.fixed(model, program.without_families({"V1"})), HighsOptions(60))
            assert run.stop is free.stop is Stop.GAP_REACHED
            assert run.bound == pytest.approx(plan.cost, rel=1e-6, abs=1e-6)
            assert run.bound == pytest.approx(free.bound, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("first", some(range(0, 240, 40), 3))
def test_master_with_all_its_rows_and_cuts_loses_no_plan(first):
    """V2, what unmet need costs at least, and every cut a solve adds: no plan costs more there."""
    for one, rng in ordinary(first, 40):
        plans = list(one.plans(rng))
        if not plans or not decomposition.applies(one.instance):
            continue
        benders = Benders(one.instance, EXACT)
        benders.run(Journal(Watcher(), 60))
        for plan in plans:
            run = run_highs(plan.fixed(benders.model, benders.master), HighsOptions(60))
            assert run.stop is Stop.GAP_REACHED
            assert run.bound is not None
            assert run.bound <= plan.cost + 1e-6 * max(abs(plan.cost), 1.0)


@pytest.mark.parametrize("first", some(range(0, 200, 40), 2))
def test_same_optimum_with_v3_as_in_the_plain_program_without(first):
    for seed in range(first, first + 40):
        one = case(seed, random_scenario_with_twins)
        if not decomposition.applies(one.instance):
            continue
        plain = solve(one.instance, replace(EXACT, strategy=Strategy.PLAIN))
        result = solve(one.instance, replace(EXACT, strategy=Strategy.DECOMPOSITION))
        assert result.outcome == plain.outcome
        if plain.outcome is Outcome.OPTIMAL:
            assert result.objective_nok == pytest.approx(plain.objective_nok, rel=1e-6, abs=1e-6)
