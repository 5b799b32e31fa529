"""The siting problem: in Pyomo its sets, variables, expressions, constraints and objective.

Who is served where is written as arrays, by `allocation`.
"""

from solver.formulation.build import FAMILIES, Family, build, build_planning

__all__ = ["FAMILIES", "Family", "build", "build_planning"]
