"""From the recognised problem to a plan and a bound."""

from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions
from solver.engine.found import Found
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.location.assignment import make_plan
from solver.engine.location.capacitated import CapacitatedSearch
from solver.engine.location.problem import recognise
from solver.engine.location.record import Record
from solver.engine.location.uncapacitated import UncapacitatedSearch
from solver.engine.transport import Halted


def solve_location(instance: SitingInstance, options: SolveOptions, journal: Journal) -> Found:
    """Solve an instance that is a location problem to the gap asked for."""
    problem = recognise(instance)
    assert problem is not None, "the strategy was chosen without its structure"
    record = Record(problem, options, journal)
    kind = CapacitatedSearch if problem.capacitated else UncapacitatedSearch
    try:
        search = kind(problem, options, journal, record)
    except Halted:
        journal.built()
        return Found(Stop.INTERRUPTED, None, None, None, 0, None)
    journal.built()
    stop = search.run()
    journal.searched()
    is_open = record.best_open
    plan = None
    if is_open is not None:
        plan = make_plan(problem, is_open, search.assignment(is_open))
    return Found(
        stop=stop,
        plan=plan,
        objective_nok=record.objective_nok,
        bound_nok=record.total_bound_nok,
        nodes=search.nodes,
        program=search.program,
    )
