"""Puts the pieces together: instance in, Pyomo model out, whole or without the allocation."""

from collections.abc import Callable
from dataclasses import dataclass

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from solver.domain.instance import SitingInstance
from solver.formulation.constraints import equity, policies, projects, resources, service, targets
from solver.formulation.difference import openings_differ
from solver.formulation.expressions import add_expressions, add_planning_expressions
from solver.formulation.objective import add_objective, add_planning_objective
from solver.formulation.parameters import Parameters, make_parameters
from solver.formulation.variables import add_planning_variables, add_variables

Constraint = Callable[[pyo.ConcreteModel, Parameters], None]


@dataclass(frozen=True)
class Family:
    """Constraints that carry one code. A physical family is part of the world, not of a wish.

    Each constraint function adds one Pyomo component of its own name.
    """

    code: str
    title: str
    physical: bool
    constraints: tuple[Constraint, ...]

    def components(self, model: pyo.ConcreteModel) -> list[pyo.Constraint]:
        """The family's components in a model."""
        return [model.component(constraint.__name__) for constraint in self.constraints]


FAMILIES = (
    Family("C1", "alt behov skal dekkes", False, (service.need_is_allocated_or_unmet,)),
    Family(
        "C2",
        "ingen får plass der det ikke er plasser",
        True,
        (service.allocation_within_places, service.removals_within_existing),
    ),
    Family(
        "C3",
        "prosjektenes størrelse",
        True,
        (projects.places_at_least_minimum, projects.places_at_most_maximum),
    ),
    Family(
        "C4",
        "åpnede prosjekter og plasser består",
        True,
        (projects.open_stays_open, projects.places_do_not_shrink),
    ),
    Family(
        "C5",
        "prosjekter som utelukker hverandre",
        False,
        (projects.excluded_projects_do_not_both_open,),
    ),
    Family("C6", "prosjekter som bygger på andre", False, (projects.required_project_opens_first,)),
    Family(
        "C7",
        "tillatte åpningsår, påkrevde og forbudte prosjekter, eierformer",
        False,
        (
            projects.opens_no_earlier_than_possible,
            projects.opens_no_later_than_allowed,
            projects.forbidden_project_never_opens,
            projects.required_project_opens,
        ),
    ),
    Family("C8", "dekningsgraden", False, (targets.coverage_ratio_reached,)),
    Family("C9", "dekningsgraden i kjernene", False, (targets.core_coverage_ratio_reached,)),
    Family("C10", "tilgjengelige årsverk", False, (resources.staff_within_available,)),
    Family(
        "C11",
        "investeringsrammen for det enkelte år",
        False,
        (resources.investment_within_year_ceiling,),
    ),
    Family(
        "C12",
        "samlet investeringsramme",
        False,
        (resources.investment_within_total_ceiling,),
    ),
    Family("C13", "driftsrammen", False, (resources.operating_cost_within_ceiling,)),
    Family("C14", "plasstyper som skal bestå", False, (policies.kept_types_do_not_fall,)),
    Family(
        "C15",
        "antall prosjekter og antall kjerner med plasser",
        False,
        (
            policies.projects_at_most,
            policies.core_counts_only_with_places,
            policies.cores_with_places_at_least,
        ),
    ),
    Family("C16", "andelen innenfor reisetidsmålet", False, (targets.share_within_minutes,)),
    Family(
        "E1",
        "den dårligst stilte kretsen",
        True,
        (equity.no_district_fares_worse_than_the_worst,),
    ),
    Family("V1", "gyldig skranke", True, (service.new_sites_serve_when_open,)),
)


# What `allocation.AllocationBlock` writes.
ALLOCATION = frozenset(
    {
        service.need_is_allocated_or_unmet,
        service.allocation_within_places,
        service.new_sites_serve_when_open,
        targets.share_within_minutes,
        equity.no_district_fares_worse_than_the_worst,
    }
)


def build_planning(instance: SitingInstance) -> pyo.ConcreteModel:
    """The planning part of an instance: everything but who is served where. Amounts in NOK."""
    par = make_parameters(instance)
    model = pyo.ConcreteModel()
    # What is made here stays: looking for garbage among it can take longer than making it.
    with PauseGC():
        add_planning_variables(model, par)
        add_planning_expressions(model, par)
        for family in FAMILIES:
            for constraint in family.constraints:
                if constraint not in ALLOCATION:
                    constraint(model, par)
        openings_differ(model, par)
        add_planning_objective(model, par)
    return model


def build(instance: SitingInstance) -> pyo.ConcreteModel:
    """The whole formulation of an instance in Pyomo, pair by pair: readable, and slow.

    Amounts are in NOK; the hand-over scales for the solver.
    """
    par = make_parameters(instance)
    model = pyo.ConcreteModel()
    add_variables(model, par)
    add_expressions(model, par)
    for family in FAMILIES:
        for constraint in family.constraints:
            constraint(model, par)
    openings_differ(model, par)
    add_objective(model, par)
    return model
