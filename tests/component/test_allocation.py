"""The allocation block writes what its Pyomo twin writes; what both leave out says nothing."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from solver import SitingInstance
from solver.engine.handover import Program, TriviallyInfeasible, hand_over
from solver.formulation import FAMILIES, build, build_planning
from solver.formulation.allocation import NONE, AllocationBlock
from tests.component.cases import CASES
from tests.random_scenarios import random_scenario
from tests.siting import instance_of

Name = tuple[Any, ...]
Row = tuple[str, dict[Name, float], float, float]

SEEDS = range(200)


def hybrid(instance: SitingInstance) -> Program:
    return hand_over(build_planning(instance), AllocationBlock(instance))


def columns_of(program: Program) -> list[Name]:
    """The name of every column: its variable's and the index."""
    planned = [(v.parent_component().local_name, v.index()) for v in program.columns]
    return planned if program.block is None else [*planned, *_service_columns(program.block)]


def _service_columns(block: AllocationBlock) -> Iterator[Name]:
    instance = block.instance
    sites, types = list(instance.sites), list(instance.care_types)
    for i, n, t in block.demands[: block.unmet]:
        yield "unmet", (instance.districts[i], instance.needs[n], instance.years[t])
    for part in block.journeys:
        need, care_type = instance.needs[part.need], types[part.care_type]
        for i, j in zip(part.district, part.site, strict=True):
            index = (instance.districts[i], need, sites[j], care_type, instance.years[part.year])
            yield "allocate", index


def rows_of(program: Program, model: pyo.ConcreteModel) -> dict[Name, Row]:
    """Every row by name: its family, its entries by name, its bounds.

    `model` is what the program was compiled from. A need that nothing can meet is an empty row in
    the block and a row that cannot hold in Pyomo: neither has entries here, nor bounds.
    """
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    names = [
        (row.constraint.parent_component().local_name, row.constraint.index()) for row in form.rows
    ]
    if program.block is not None:
        names += _service_rows(program.block)
    columns = columns_of(program)
    matrix = program.matrix.tocsr()
    rows: dict[Name, Row] = {}
    for index, name in enumerate(names):
        part = slice(matrix.indptr[index], matrix.indptr[index + 1])
        at, values = matrix.indices[part], matrix.data[part]
        entries = {columns[column]: value for column, value in zip(at, values, strict=True)}
        entries.pop(("nothing", None), None)
        bounds = (program.row_lower[index], program.row_upper[index]) if entries else (0.0, 0.0)
        assert name not in rows
        rows[name] = (FAMILIES[program.family[index]].code, entries, *bounds)
    return rows


def _service_rows(block: AllocationBlock) -> list[Name]:
    instance = block.instance
    sites, types, years = list(instance.sites), list(instance.care_types), instance.years
    names: list[Name] = [()] * block.rows
    for i, n, t in np.argwhere(block.need_row != NONE):
        index = (instance.districts[i], instance.needs[n], years[t])
        names[block.need_row[i, n, t]] = ("need_is_allocated_or_unmet", index)
    for j, p, t in np.argwhere(block.places_row != NONE):
        index = (sites[j], types[p], years[t])
        names[block.places_row[j, p, t]] = ("allocation_within_places", index)
    for t in np.flatnonzero(block.share_row != NONE):
        names[block.share_row[t]] = ("share_within_minutes", years[t])
    for part in block.journeys:
        linked = zip(part.district[part.linked], part.site[part.linked], strict=True)
        for row, (i, j) in enumerate(linked, part.first_link):
            need, care_type = instance.needs[part.need], types[part.care_type]
            index = (instance.districts[i], need, sites[j], care_type, years[part.year])
            names[row] = ("new_sites_serve_when_open", index)
    return names


def assert_same(instance: SitingInstance) -> None:
    """The same rows, bounds, costs and bounds of variables, to the last bit."""
    whole, planning = build(instance), build_planning(instance)
    try:
        twin = hand_over(whole)
    except TriviallyInfeasible:
        with pytest.raises(TriviallyInfeasible):
            hybrid(instance)
        return
    program = hand_over(planning, AllocationBlock(instance))
    assert rows_of(program, planning) == rows_of(twin, whole)
    named = []
    for one in (program, twin):
        numbers = zip(one.cost, one.lower, one.upper, one.integer, strict=True)
        columns = dict(zip(columns_of(one), numbers, strict=True))
        columns.pop(("nothing", None), None)
        named.append(columns)
    assert named[0] == named[1]
    assert (program.offset, program.objective_scale) == (twin.offset, twin.objective_scale)
    assert program.matrix.has_canonical_format


@pytest.mark.parametrize("name", CASES)
def test_block_is_its_twin_on_every_toy(name: str) -> None:
    assert_same(instance_of(CASES[name].toy))


def test_block_is_its_twin_on_random_scenarios() -> None:
    for seed in SEEDS:
        assert_same(instance_of(random_scenario(seed)))
