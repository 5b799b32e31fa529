"""PuLP: the strong form term by term, handed to HiGHS in memory."""

from time import monotonic
from typing import Any

import numpy as np

from tests.benchmarks.facility import Facility, facility
from tests.benchmarks.measure import HandedOver, Run
from tests.benchmarks.ours import Make
from tests.benchmarks.peers.raw import read_run


def hand_over_pulp(make: Make) -> HandedOver:
    """Write the strong form and hand it over."""
    import pulp

    given = facility(make())
    start = monotonic()
    problem = _problem(given)
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(problem)
    solver.buildSolverModel(problem)
    seconds = monotonic() - start
    passed = problem.solverModel
    return HandedOver(seconds, passed.getNumCol(), passed.getNumRow(), passed.getNumNz())


def solve_pulp(make: Make, limit_s: float, gap: float) -> Run:
    """Write the strong form, hand it over and solve it."""
    import pulp

    given = facility(make())
    start = monotonic()
    problem = _problem(given)
    problem.solve(pulp.HiGHS(msg=False, threads=1, timeLimit=limit_s, gapRel=gap, gapAbs=0.0))
    return read_run(problem.solverModel, monotonic() - start, [])


def _problem(given: Facility) -> Any:
    import pulp

    sites, districts = range(len(given.capacity)), range(len(given.need))
    within = given.within.tolist()
    need, cost, capacity = given.need.tolist(), given.cost.tolist(), given.capacity.tolist()
    pairs = [(j, i) for j in sites for i in districts if within[j][i]]
    problem = pulp.LpProblem("location", pulp.LpMinimize)
    opened = [pulp.LpVariable(f"y{j}", cat="Binary") for j in sites]
    served = {(j, i): pulp.LpVariable(f"x{j}_{i}", 0) for j, i in pairs}
    by_site: list[Any] = [[] for _ in sites]
    by_district: list[Any] = [[] for _ in districts]
    for (j, i), share in served.items():
        by_site[j].append((share, need[i]))
        by_district[i].append((share, 1.0))
    terms = [(served[j, i], cost[j][i]) for j, i in pairs]
    terms += zip(opened, given.fixed.tolist(), strict=True)
    if given.unmet is not None:
        unmet = [pulp.LpVariable(f"u{i}", 0) for i in districts]
        terms += zip(unmet, given.unmet.tolist(), strict=True)
        for i in districts:
            by_district[i].append((unmet[i], 1.0))
    problem += pulp.LpAffineExpression(terms)
    for i in districts:
        problem += pulp.LpAffineExpression(by_district[i]) == 1
    for (j, _), share in served.items():
        problem += share - opened[j] <= 0
    if given.limited:
        for j in sites:
            problem += pulp.LpAffineExpression(by_site[j]) - capacity[j] * opened[j] <= 0
    if given.unmet is None:
        whole_need = float(np.sum(given.need))
        opened_capacity = zip(opened, capacity, strict=True)
        problem += pulp.LpAffineExpression(opened_capacity) >= whole_need
    if given.most is not None:
        problem += pulp.lpSum(opened) <= given.most
    return problem
