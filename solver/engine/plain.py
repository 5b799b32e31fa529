"""The whole formulation in one mixed-integer program."""

from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions
from solver.engine.extract import extract_plan
from solver.engine.found import Found
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.engine.settle import settle, unsettled
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock


def solve_plain(instance: SitingInstance, options: SolveOptions, journal: Journal) -> Found:
    """Solve in one piece; whole integers, and the continuous part solved anew for them."""
    model = build_planning(instance)
    try:
        program = hand_over(model, AllocationBlock(instance))
    except TriviallyInfeasible:
        journal.built()
        return Found(Stop.INFEASIBLE, None, None, None, 0, None)
    journal.built()
    limits = HighsOptions(journal.seconds_left, options.mip_gap, options.threads)
    run = run_highs(program, limits, journal.note, journal.should_stop)
    journal.searched()
    if run.x is None:
        return Found(run.stop, None, None, run.bound, run.nodes, program)
    exact = settle(program, run.x)
    if exact is None:
        raise unsettled()
    plan = extract_plan(instance, model, program, exact.x)
    return Found(run.stop, plan, exact.objective, run.bound, run.nodes, program)
