"""The allocation block writes what its Pyomo twin writes; what both leave out says nothing."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from app.schemas.merge_patch import merge_patch
from solver import SitingInstance
from solver.domain.instance import Site
from solver.engine import handover
from solver.engine.extract import extract_plan
from solver.engine.handover import Program, TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, run_highs
from solver.formulation import FAMILIES, allocation, build, build_planning
from solver.formulation.allocation import NONE, AllocationBlock
from solver.formulation.parameters import make_parameters
from solver.formulation.sets import givers
from tests.component.cases import CASES
from tests.random_scenarios import random_scenario, unequal_scenario
from tests.siting import Document, district, instance_of, project, scenario, site

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
    for i, t in np.argwhere(block.worst_row != NONE):
        index = (instance.districts[i], years[t])
        names[block.worst_row[i, t]] = ("no_district_fares_worse_than_the_worst", index)
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


def test_block_is_its_twin_where_inequality_is_weighed() -> None:
    for seed in range(60):
        assert_same(instance_of(unequal_scenario(seed)))


def test_rows_left_out_hold_at_every_point_of_the_relaxation() -> None:
    """C2 and V1 where they are not written, with every wish given up."""
    wishes = [family.code for family in FAMILIES if not family.physical]
    count = 0
    for seed in range(60):
        instance = instance_of(random_scenario(seed))
        model = build_planning(instance)
        try:
            program = hand_over(model, AllocationBlock(instance))
        except TriviallyInfeasible:
            continue
        physical = program.without_families(wishes).relaxed()
        for row, bound in left_out(instance, model, program):
            most = replace(physical, cost=-row, offset=0.0, objective_scale=1.0)
            run = run_highs(most, HighsOptions(60))
            assert run.bound is not None
            assert -run.bound <= bound + 1e-6
            count += 1
    assert count > 100


def left_out(
    instance: SitingInstance, model: pyo.ConcreteModel, program: Program
) -> Iterator[tuple[Any, float]]:
    """(row, bound) with row · x ≤ bound of each C2 and V1 that is not written."""
    assert program.block is not None
    written = set(_service_rows(program.block))
    par, giving = make_parameters(instance), givers(instance)
    users: dict[Any, list[Any]] = {}
    for i, n, j, p, t in par.sets.ALLOCATIONS:
        index = (i, n, j, p, t)
        users.setdefault((j, p, t), []).append(index)
        new = par.existing.get((j, p, t), 0) == 0
        if new and ("new_sites_serve_when_open", index) not in written:
            opened = sum(model.in_use[k, t] for k in giving[j, p])
            yield _at_most(program, [index], par.need[i, n, t] * opened)
    for place, indices in users.items():
        if ("allocation_within_places", place) not in written:
            yield _at_most(program, indices, model.places_at[place])


def _at_most(program: Program, allocations: list[Any], room: Any) -> tuple[Any, float]:
    """Σ allocations ≤ room."""
    linear = generate_standard_repn(room)
    column = {name: index for index, name in enumerate(columns_of(program))}
    row = np.zeros(len(program.cost))
    row[[column["allocate", index] for index in allocations]] = 1.0
    for variable, value in zip(linear.linear_vars, linear.linear_coefs, strict=True):
        row[column[variable.parent_component().local_name, variable.index()]] -= value
    return row, float(linear.constant)


# Six are in need, three near s and three far away.
NEAR_AND_FAR = scenario(
    districts={"a": district(3), "b": district(3)},
    sites={"s": site(9), "u": {}},
    projects={"k": project("u", 5)},
    minutes={"s": {"a": 1, "b": 9}, "u": {"a": 4, "b": 2}},
    unmet_nok=100,
)


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        pytest.param({}, {"C1": 2, "C2": 1, "V1": 2}, id="room for all at s"),
        pytest.param({"sites": {"s": site(6)}}, {"C1": 2, "C2": 1, "V1": 2}, id="just room"),
        pytest.param({"sites": {"s": site(5)}}, {"C1": 2, "C2": 2, "V1": 2}, id="too few"),
        pytest.param(
            {"projects": {"l": project("s", 1, removes={"p": 4})}},
            {"C1": 2, "C2": 2, "V1": 2},
            id="a project may take them",
        ),
        pytest.param(
            {"travel": {"limit_minutes": 5}, "sites": {"s": site(3)}},
            {"C1": 2, "C2": 1, "V1": 2},
            id="room for those within reach",
        ),
        pytest.param(
            {"projects": {"k": project("u", 3)}},
            {"C1": 2, "C2": 1, "V1": 0},
            id="no project larger than a district's need",
        ),
        pytest.param(
            {"projects": {"l": project("u", 4)}, "districts": {"a": district(4)}},
            {"C1": 2, "C2": 1, "V1": 2},
            id="the largest project decides",
        ),
        pytest.param(
            {"targets": {"within": {"minutes": 8, "share": 0.5}}},
            {"C1": 2, "C2": 1, "V1": 2, "C16": 1},
            id="somebody may be too far away",
        ),
        pytest.param(
            {"targets": {"within": {"minutes": 9, "share": 0.5}}},
            {"C1": 2, "C2": 1, "V1": 2},
            id="nobody can be too far away",
        ),
        pytest.param(
            {"targets": {"within": {"minutes": 8, "share": 0}}},
            {"C1": 2, "C2": 1, "V1": 2},
            id="no share asked for",
        ),
        pytest.param(
            {"objective": {"weights": {"worst_off": 1}}},
            {"C1": 2, "C2": 1, "V1": 2, "E1": 2},
            id="the worst-off district is weighed",
        ),
        pytest.param(
            {
                "objective": {"weights": {"worst_off": 1}},
                "travel": {"minutes": {"s": {"a": 0}, "u": {"a": 0}}},
            },
            {"C1": 2, "C2": 1, "V1": 2, "E1": 1},
            id="those of a need not travel",
        ),
        pytest.param(
            {
                "objective": {"weights": {"worst_off": 1}},
                "travel": {"value_of_time_nok_per_hour": 0},
            },
            {"C1": 2, "C2": 1, "V1": 2},
            id="a minute has no price",
        ),
    ],
)
def test_no_row_that_says_nothing(changes: Document, rows: dict[str, int]) -> None:
    instance = instance_of(merge_patch(NEAR_AND_FAR, changes))
    block = AllocationBlock(instance)
    lengths = {code: part.stop - part.start for code, part in block.families.items()}
    assert lengths == {"C16": 0, "E1": 0, **rows}
    assert_same(instance)


def town(districts: int, sites: int) -> SitingInstance:
    """Every district reaches every site, where nothing stands and a project may be built."""
    small = instance_of(NEAR_AND_FAR)
    rng = np.random.default_rng(1)
    names = [f"s{number:03}" for number in range(sites)]
    project_of = {f"k-{j}": replace(small.projects["k"], site=j) for j in names}
    return replace(
        small,
        districts=tuple(f"d{number:06}" for number in range(districts)),
        sites={j: Site(None, {}) for j in names},
        projects=project_of,
        need=rng.integers(1, 5, (districts, 1, 1)).astype(float),
        travel=replace(small.travel, minutes=rng.uniform(1, 60, (sites, districts))),
    )


def test_building_takes_little_more_memory_than_what_is_built() -> None:
    instance = town(10_000, 100)
    hybrid(town(10, 5))
    tracemalloc.start()
    try:
        program = hybrid(instance)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert program.block is not None
    assert program.block.columns > 1_000_000
    assert peak <= 1.5 * sum(array.nbytes for array in arrays_of(program))


def arrays_of(program: Program) -> list[Any]:
    """What is kept: the numbers, and who travels where."""
    assert program.block is not None
    matrix = program.matrix
    numbers = [part for part in vars(program).values() if isinstance(part, np.ndarray)]
    journeys = program.block.journeys
    service = [array for part in journeys for array in (part.site, part.district, part.linked)]
    return [*numbers, *service, matrix.data, matrix.indices, matrix.indptr]


def test_allocation_is_written_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hybrid(town(40, 7))
    monkeypatch.setattr(allocation, "PIECE", 13)
    pieces = hybrid(town(40, 7))
    for one, other in zip(arrays_of(whole), arrays_of(pieces), strict=True):
        assert np.array_equal(one, other)


def test_rows_far_from_one_are_scaled_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With needs of hundreds of thousands V1 is scaled, and still the twin's to the last bit."""
    small = town(40, 7)
    large = replace(
        small,
        need=small.need * 1e5,
        projects={k: replace(p, max_places=10**7) for k, p in small.projects.items()},
    )
    assert_same(large)
    whole = hybrid(large).matrix.data
    assert np.abs(whole).min() < 0.01
    monkeypatch.setattr(handover, "PIECE", 13)
    assert np.array_equal(hybrid(large).matrix.data, whole)


def test_what_the_block_says_is_read_back_by_name() -> None:
    """The plan read from the block, and the one read from its twin at the same point."""
    plans = 0
    for seed in range(30):
        document = merge_patch(random_scenario(seed), {"objective": {"unmet_place_year_nok": 20}})
        instance = instance_of(document)
        whole, planning = build(instance), build_planning(instance)
        try:
            twin = hand_over(whole)
        except TriviallyInfeasible:
            continue
        program = hand_over(planning, AllocationBlock(instance))
        run = run_highs(program, HighsOptions(60))
        if run.x is not None:
            values = dict(zip(columns_of(program), run.x, strict=True))
            x = np.array([values.get(name, 0.0) for name in columns_of(twin)])
            plan = extract_plan(instance, planning, program, run.x)
            assert plan == extract_plan(instance, whole, twin, x)
            plans += 1
    assert plans > 10
