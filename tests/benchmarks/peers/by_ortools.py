"""OR-tools' MathOpt: the strong form term by term, solved by HiGHS or SCIP."""

from datetime import timedelta
from math import isfinite
from time import monotonic
from typing import Any

from tests.benchmarks.facility import Facility, facility
from tests.benchmarks.measure import HandedOver, Moment, Run
from tests.benchmarks.ours import Make


def hand_over_ortools(make: Make) -> HandedOver:
    """Write the strong form and hand it over to HiGHS."""
    from ortools.math_opt.python import mathopt

    given = facility(make())
    start = monotonic()
    model = _model(given)
    mathopt.IncrementalSolver(model, mathopt.SolverType.HIGHS)
    seconds = monotonic() - start
    return HandedOver(
        seconds,
        model.get_num_variables(),
        model.get_num_linear_constraints(),
        sum(1 for _ in model.linear_constraint_matrix_entries()),
    )


def solve_ortools(make: Make, limit_s: float, gap: float, solver: str) -> Run:
    """Write the strong form and solve it with `HIGHS` or `GSCIP`."""
    from ortools.math_opt.python import mathopt

    given = facility(make())
    start = monotonic()
    parameters = mathopt.SolveParameters(
        time_limit=timedelta(seconds=limit_s),
        relative_gap_tolerance=gap,
        absolute_gap_tolerance=0.0,
        threads=1 if solver == "GSCIP" else None,  # MathOpt lets HiGHS choose: one on two cores
    )
    result = mathopt.solve(_model(given), mathopt.SolverType[solver], params=parameters)
    seconds = monotonic() - start
    objective = result.objective_value() if result.has_primal_feasible_solution() else None
    bound = result.best_objective_bound()
    known = (objective, bound if isfinite(bound) else None)
    return Run(
        seconds=seconds,
        proven=result.termination.reason == mathopt.TerminationReason.OPTIMAL,
        objective=known[0],
        bound=known[1],
        moments=(Moment(seconds, *known),),
    )


def _model(given: Facility) -> Any:
    from ortools.math_opt.python import mathopt

    model = mathopt.Model()
    opened = [model.add_binary_variable() for _ in given.fixed]
    cost = [f * y for f, y in zip(given.fixed.tolist(), opened, strict=True)]
    cost += _serve(model, given, opened)
    if given.unmet is None:
        capacity = given.capacity.tolist()
        held = mathopt.fast_sum([c * y for c, y in zip(capacity, opened, strict=True)])
        model.add_linear_constraint(held >= float(given.need.sum()))
    if given.most is not None:
        model.add_linear_constraint(mathopt.fast_sum(opened) <= given.most)
    model.minimize(mathopt.fast_sum(cost))
    return model


def _serve(model: Any, given: Facility, opened: list[Any]) -> list[Any]:
    """Add who is served where, or not at all, with its rows; the terms of its cost."""
    from ortools.math_opt.python import mathopt

    need, cost, within = given.need.tolist(), given.cost.tolist(), given.within.tolist()
    terms: list[Any] = []
    by_district: list[list[Any]] = [[] for _ in need]
    for j, capacity in enumerate(given.capacity.tolist()):
        used: list[Any] = []
        for i in (i for i, reached in enumerate(within[j]) if reached):
            share = model.add_variable(lb=0, ub=1)
            model.add_linear_constraint(share - opened[j] <= 0)
            terms.append(cost[j][i] * share)
            used.append(need[i] * share)
            by_district[i].append(share)
        if given.limited:
            model.add_linear_constraint(mathopt.fast_sum(used) - capacity * opened[j] <= 0)
    for i, price in enumerate([] if given.unmet is None else given.unmet.tolist()):
        unmet = model.add_variable(lb=0, ub=1)
        terms.append(price * unmet)
        by_district[i].append(unmet)
    for row in by_district:
        model.add_linear_constraint(mathopt.fast_sum(row) == 1)
    return terms
