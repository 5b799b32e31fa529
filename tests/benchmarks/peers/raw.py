"""HiGHS itself, fed with arrays: the floor of what building costs, and the plain way to solve.

The weak form ties x to y by a site's capacity row alone; the strong one also by x ≤ y for each
pair, and has no capacity rows where no site is limited. Both have the row opened capacity ≥ whole
need, unless need may go unmet.
"""

from dataclasses import dataclass
from time import monotonic
from typing import Any

import highspy
import numpy as np
from scipy.sparse import block_array, coo_array, csc_array, csr_array, diags_array, eye_array

from tests.benchmarks.facility import Facility, Floats, facility
from tests.benchmarks.measure import HandedOver, Moment, Run
from tests.benchmarks.ours import Make


@dataclass(frozen=True)
class Program:
    """min cost·v, lower ≤ matrix·v ≤ upper, 0 ≤ v ≤ 1, the first `whole` of v binary.

    v is a y per site, an x per pair within reach, site by site, and a u per district.
    """

    cost: Floats
    matrix: csc_array
    lower: Floats
    upper: Floats
    whole: int


def make_program(given: Facility, strong: bool) -> Program:
    """The program of a problem, in the weak or the strong form."""
    sites, districts = given.within.shape
    at, of = np.nonzero(given.within)
    pair, one = np.arange(len(at)), np.ones(len(at))
    unmet = None if given.unmet is None else eye_array(districts)
    served = coo_array((one, (of, pair)), shape=(districts, len(at)))
    rows = [([None, served, unmet], np.ones(districts), np.ones(districts))]
    if given.limited or not strong:
        used = coo_array((given.need[of], (at, pair)), shape=(sites, len(at)))
        rows.append(([diags_array(-given.capacity), used, None], *_at_most(np.zeros(sites))))
    if strong:
        opened = coo_array((-one, (pair, at)), shape=(len(at), sites))
        rows.append(([opened, eye_array(len(at)), None], *_at_most(np.zeros(len(at)))))
    if unmet is None:
        whole_need = np.array([given.need.sum()])
        rows.append(
            ([csr_array(given.capacity[None]), None, None], whole_need, whole_need + np.inf)
        )
    if given.most is not None:
        rows.append(([csr_array(np.ones((1, sites))), None, None], *_at_most([given.most])))
    width = 2 if unmet is None else 3
    return Program(
        cost=np.concatenate([given.fixed, given.cost[given.within], _or_none(given.unmet)]),
        matrix=block_array([blocks[:width] for blocks, _, _ in rows], format="csc"),
        lower=np.concatenate([lower for _, lower, _ in rows]),
        upper=np.concatenate([upper for _, _, upper in rows]),
        whole=sites,
    )


def hand_over_raw(make: Make) -> HandedOver:
    """Write the strong form and hand it over."""
    given = facility(make())
    start = monotonic()
    program = make_program(given, strong=True)
    _pass(highspy.Highs(), program)
    seconds = monotonic() - start
    rows, variables = program.matrix.shape
    return HandedOver(seconds, variables, rows, int(program.matrix.nnz))


def solve_raw(make: Make, limit_s: float, gap: float, strong: bool) -> Run:
    """Write a form, hand it over and solve it."""
    given = facility(make())
    start = monotonic()
    solver: Any = highspy.Highs()
    set_options(solver, limit_s, gap)
    _pass(solver, make_program(given, strong))
    moments: list[Moment] = []

    def note(event: Any) -> None:
        out = event.data_out
        known = (_finite(out.mip_primal_bound), _finite(out.mip_dual_bound))
        moments.append(Moment(monotonic() - start, *known))

    solver.cbMipImprovingSolution.subscribe(note)
    solver.cbMipLogging.subscribe(note)
    solver.run()
    return read_run(solver, monotonic() - start, moments)


def set_options(solver: Any, limit_s: float, gap: float) -> None:
    """One thread, a time limit and a relative gap; nothing on the console."""
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("time_limit", limit_s)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", 0.0)


def read_run(solver: Any, seconds: float, moments: list[Moment]) -> Run:
    """What a HiGHS object that has run has found."""
    info = solver.getInfo()
    objective = _finite(info.objective_function_value)
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    known = (objective if feasible else None, _finite(info.mip_dual_bound))
    return Run(
        seconds=seconds,
        proven=solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        objective=known[0],
        bound=known[1],
        moments=(*moments, Moment(seconds, *known)),
    )


def _pass(solver: Any, program: Program) -> None:
    rows, columns = program.matrix.shape
    matrix = program.matrix
    solver.setOptionValue("log_to_console", False)
    solver.passModel(
        columns,
        rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        program.cost,
        np.zeros(columns),
        np.ones(columns),
        program.lower,
        program.upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        (np.arange(columns) < program.whole).astype(np.int32),
    )


def _at_most(upper: Any) -> tuple[Floats, Floats]:
    return np.full(len(upper), -np.inf), np.asarray(upper, dtype=float)


def _or_none(values: Floats | None) -> Floats:
    return np.zeros(0) if values is None else values


def _finite(value: float) -> float | None:
    return value if abs(value) < highspy.kHighsInf else None
