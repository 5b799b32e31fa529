"""spopt.locate: p-median, maximal covering and set covering, through PuLP to HiGHS."""

from time import monotonic
from typing import Any

import numpy as np

from tests.benchmarks.facility import Facility, facility
from tests.benchmarks.measure import Run
from tests.benchmarks.ours import Make
from tests.benchmarks.peers.raw import read_run


def solve_spopt(make: Make, limit_s: float, gap: float) -> Run:
    """Solve as the problem that it is; the answer as the least cost that all peers give.

    Maximal covering counts what is covered; what is not, is the cost.
    """
    import pulp

    given = facility(make())
    start = monotonic()
    problem, offset, sign = _problem(given)
    problem.solve(
        pulp.HiGHS(msg=False, threads=1, timeLimit=limit_s, gapRel=gap, gapAbs=0.0), results=False
    )
    run = read_run(problem.problem.solverModel, monotonic() - start, [])
    return Run(
        seconds=run.seconds,
        proven=run.proven,
        objective=None if run.objective is None else offset + sign * run.objective,
        bound=None if run.bound is None else offset + sign * run.bound,
    )


def _problem(given: Facility) -> tuple[Any, float, float]:
    """The problem, and what gives the cost: offset + sign × what HiGHS minimises."""
    from spopt.locate import LSCP, MCLP, PMedian

    assert not given.limited
    out_of_reach = np.where(given.within.T, 0.0, 2.0)  # beside a radius of 1
    if given.unmet is not None:
        covering = MCLP.from_cost_matrix(out_of_reach, given.unmet, 1.0, given.most)
        return covering, float(given.unmet.sum()), 1.0
    if given.most is None:
        return LSCP.from_cost_matrix(out_of_reach, 1.0), 0.0, float(given.fixed[0])
    cost = (given.cost / given.need).T
    return PMedian.from_cost_matrix(cost, given.need, given.most), 0.0, 1.0
