"""C8, C9, C16: coverage of the municipality and of each core, and nearness."""

from math import ceil

import pyomo.environ as pyo

from solver.domain.instance import rounded_places
from solver.formulation.constraints.rows import row_at_least
from solver.formulation.parameters import Parameters


def coverage_ratio_reached(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C8 — counted places reach the coverage ratio of the population.

    Formula: $\sum_{p\,counted} P_{pt} \ge \lfloor \rho_t B_t + 1/2 \rfloor \quad \forall t$
    Symbols: P = places_total [places]; ρ = CoverageTarget.ratio [1]; B = population [persons].
    Units: places ≥ places.
    Source: design §4; rounds half up as figure 8 of the municipality's plan does.
    Absent: without a target, and in years before its first value.
    Elastic: in places and year: «plasser under dekningsmålet».
    Price: NOK per place of target, for the fixed set of open projects.
    """
    target = par.instance.targets.coverage
    wanted: dict[int, int] = {}
    if target is not None:
        population = dict(zip(par.sets.YEARS, target.population, strict=True))
        ratios = par.limited_years(target.ratio)
        wanted = {t: rounded_places(ratio, population[t]) for t, ratio in ratios}

    def rule(m: pyo.ConcreteModel, t: int) -> object:
        counted = sum(m.places_total[p, t] for p in par.counted_types)
        return row_at_least(m, counted, wanted[t])

    model.coverage_ratio_reached = pyo.Constraint(list(wanted), rule=rule, doc="C8")


def core_coverage_ratio_reached(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C9 — counted places in a core reach its coverage ratio of its districts' population.

    Formula: $\sum_{j \in g, p\,counted} P_{jpt} \ge \lceil \rho_{gt} B_{gt} \rceil
        \quad \forall g,t$
    Symbols: P = places_at [places]; ρ = CoverageTarget.ratio [1]; B = the core's population.
    Units: places ≥ places. Places are whole, so rounding up changes no plan.
    Source: design §4.
    Absent: without a target for the core, and in years before its first value.
    Elastic: in places, core and year: «plasser under bydelens dekningsmål».
    Price: NOK per place of target in the core, for the fixed set of open projects.
    """
    wanted: dict[tuple[str, int], int] = {}
    for g, target in par.instance.targets.core_coverage.items():
        population = dict(zip(par.sets.YEARS, target.population, strict=True))
        for t, ratio in par.limited_years(target.ratio):
            wanted[g, t] = ceil(ratio * population[t])

    def rule(m: pyo.ConcreteModel, g: str, t: int) -> object:
        return row_at_least(m, m.counted_in_core[g, t], wanted[g, t])

    model.core_coverage_ratio_reached = pyo.Constraint(list(wanted), rule=rule, doc="C9")


def share_within_minutes(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C16 — the asked share of served places is near enough.

    Formula: $\sum_{\tau_{ij} \le \bar\tau} x_{injpt} \ge \sigma_t \sum x_{injpt} \quad \forall t$
    Symbols: x = allocate [places]; τ = par.minutes [min]; τ̄ = WithinTarget.minutes [min];
        σ = WithinTarget.share [1].
    Units: places ≥ places.
    Source: design §4.
    Absent: without a target, in years before its first value, and where the share is zero or
        nobody can be allocated farther away: no coefficient is then negative.
    Elastic: in places and year: «plasser lenger unna enn målet».
    Price: NOK per place moved within the limit.
    """
    target = par.instance.targets.within
    shares = dict(par.limited_years(target.share)) if target is not None else {}
    near = target.minutes if target is not None else 0.0
    journeys: dict[int, list[tuple[str, str, str, str, int]]] = {t: [] for t in shares}
    for pair in par.sets.ALLOCATIONS:
        if pair[4] in journeys:
            journeys[pair[4]].append(pair)
    asking = [
        t
        for t, pairs in journeys.items()
        if shares[t] > 0 and any(par.minutes[j, i] > near for i, _, j, _, _ in pairs)
    ]

    def rule(m: pyo.ConcreteModel, t: int) -> object:
        share = float(shares[t])
        balance = sum(
            ((1.0 if par.minutes[j, i] <= near else 0.0) - share) * m.allocate[i, n, j, p, t]
            for i, n, j, p, _ in journeys[t]
        )
        return balance >= 0

    model.share_within_minutes = pyo.Constraint(asking, rule=rule, doc="C16")
