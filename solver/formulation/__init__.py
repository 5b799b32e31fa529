"""The siting problem as a Pyomo model: sets, variables, expressions, constraints, objective."""

from solver.formulation.build import FAMILIES, Family, build, build_planning

__all__ = ["FAMILIES", "Family", "build", "build_planning"]
