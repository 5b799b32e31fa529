"""The whole formulation in one mixed-integer program."""

from solver.domain.errors import VerificationFailed
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions
from solver.engine.extract import extract_plan, round_integers
from solver.engine.found import Found
from solver.engine.handover import TriviallyInfeasible, hand_over
from solver.engine.highs import HighsOptions, Stop, run_highs
from solver.engine.journal import Journal
from solver.formulation import build_planning
from solver.formulation.allocation import AllocationBlock

FIXED_SECONDS = 300.0  # far more than the linear program of one plan has needed


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
    fixed = program.with_fixed_integers(round_integers(program, run.x))
    exact = run_highs(fixed, HighsOptions(FIXED_SECONDS))
    if exact.x is None or exact.bound is None:
        raise VerificationFailed("planen lar seg ikke gjennomføre når heltallene er hele")
    plan = extract_plan(instance, model, program, exact.x)
    return Found(run.stop, plan, exact.bound, run.bound, run.nodes, program)
