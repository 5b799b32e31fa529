"""Judges a plan from the scenario's data alone, in exact arithmetic.

A second implementation of the rules: nothing here comes from the formulation, Pyomo or HiGHS, so
that a mistake there, or a wrong optimum, is seen. Every number is a `Fraction` of the number in
the scenario or the plan. Decisions must be exact; rows with allocated quantities, which come from
floating point, may be off by 1e-6 of the row's own scale.
"""

from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan, PlanFigures
from solver.domain.result import Verification
from solver.verify.books import Books
from solver.verify.checks import CHECKS, run
from solver.verify.figures import figures

__all__ = ["verify"]


def verify(instance: SitingInstance, plan: Plan) -> tuple[Verification, PlanFigures]:
    """Check every constraint of a plan and recompute its key figures.

    The ids in the plan must be the instance's and its quantities finite. Raises nothing for a bad
    plan: the checks say what is wrong and where.
    """
    books = Books(instance, plan)
    checks = tuple(run(code, claim, rows(books)) for code, claim, rows in CHECKS)
    return Verification(checks), figures(books)
