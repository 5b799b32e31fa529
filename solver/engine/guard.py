"""Refuses an instance that would not fit in memory, before anything is built."""

from solver.domain.errors import FormulationError
from solver.domain.instance import SitingInstance
from solver.domain.result import Strategy
from solver.engine.location.problem import recognise
from solver.formulation.service_arrays import added_within, may_hold_places, serves
from solver.formulation.sets import reachable

BASE_MB = 200.0  # what a process has before it has built anything
# Measured at peak, in a search of a minute: 1.1–2.4 kB per nonzero up to half a million of them,
# 0.8–1.1 kB above two million. It is the search that takes them; the arrays take 0.06.
KB_PER_NONZERO = 2.2
# An allocation stands in its balance, its capacity row and its link, where the project stands too;
# a project and year in some twenty rows.
NONZEROS_PER_ALLOCATION = 4
NONZEROS_PER_PROJECT_YEAR = 20
# The decomposition has one year's links at a time. Measured at peak, with the master: 2.3–2.5 kB
# per link; the matrix of costs has every row (district, need) and column (site, care type).
KB_PER_LINK = 2.6
BYTES_PER_COST = 24
# A location problem keeps its distances sorted, and little else: 50–60 bytes per pair at peak on
# 4.2 million pairs. With capacities what prices leave open is one program of pairs.
KB_PER_LOCATION_PAIR = 0.07


def count_allocations(instance: SitingInstance) -> int:
    """How many allocation variables the instance gives, without making them."""
    holds, reach = may_hold_places(instance), reachable(instance)
    total = 0
    for p, served in enumerate(serves(instance)):
        demands = (instance.need[:, served] > 0).sum(axis=1).astype(float)
        total += int(added_within(reach, demands)[holds[:, p]].sum())
    return total


def estimate_mb(instance: SitingInstance, allocations: int, strategy: Strategy) -> float:
    """Memory at peak [MB] of a strategy, for so many allocation variables."""
    years = len(instance.years)
    planning_kb = len(instance.projects) * years * NONZEROS_PER_PROJECT_YEAR * KB_PER_NONZERO
    if strategy is Strategy.DECOMPOSITION:
        rows, pairs = instance.need[:, :, 0].size, may_hold_places(instance).any(axis=2).sum()
        costs_kb = float(rows * pairs) * BYTES_PER_COST / 1000
        service_kb = allocations / years * KB_PER_LINK + costs_kb
    elif strategy is Strategy.LOCATION:
        problem = recognise(instance)
        capacities = problem is not None and problem.capacitated
        service_kb = allocations * (KB_PER_LINK if capacities else KB_PER_LOCATION_PAIR)
    else:
        at_once = allocations / years if strategy is Strategy.BY_YEAR else allocations
        nonzeros = NONZEROS_PER_ALLOCATION + instance.weighs_worst_off  # E1 has each once more
        service_kb = at_once * nonzeros * KB_PER_NONZERO
    return BASE_MB + (planning_kb + service_kb) / 1000


def guard_memory(
    instance: SitingInstance,
    allocations: int,
    limit_mb: float,
    strategy: Strategy = Strategy.PLAIN,
) -> None:
    """Raise FormulationError `model_too_large` when the estimate exceeds the limit [MB]."""
    estimate = estimate_mb(instance, allocations, strategy)
    if estimate > limit_mb:
        raise FormulationError(
            "model_too_large",
            f"Modellen ville trenge om lag {estimate:.0f} MB, og grensen er {limit_mb:.0f} MB. "
            "Sett en reisetidsgrense (travel.limit_minutes), slå sammen kretser eller gi en "
            "høyere minnegrense.",
        )
