"""The key figures of a plan."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

from solver.domain.instance import SitingInstance
from solver.domain.plan import PlanFigures, YearFigures
from solver.verify.books import Books, added, exact, target_places
from solver.verify.equity import equity


def figures(books: Books) -> PlanFigures:
    """Key figures per year and discounted totals."""
    goal = books.instance.objective
    parts: dict[str, Fraction] = defaultdict(Fraction)
    for t in books.instance.years:
        discount = books.discount(t)
        parts["capital"] += discount * books.capital_nok(t)
        parts["operating"] += discount * books.operating_nok(t)
        parts["unmet"] += discount * books.unmet_nok(t)
        parts["travel"] += discount * books.travel_nok(t)
        parts["equity"] += discount * books.equity_nok(t)
    cost = parts["capital"] + parts["operating"] + parts["unmet"]
    travel = exact(goal.travel_weight) * parts["travel"] + parts["equity"]
    objective = exact(goal.cost_weight) * cost + travel
    return PlanFigures(
        years={t: _year_figures(books, t) for t in books.instance.years},
        capital_nok=float(parts["capital"]),
        operating_nok=float(parts["operating"]),
        unmet_nok=float(parts["unmet"]),
        travel_nok=float(parts["travel"]),
        equity_nok=float(parts["equity"]),
        objective_nok=float(objective),
    )


def _year_figures(books: Books, t: int) -> YearFigures:
    instance = books.instance
    index = t - books.first
    served: dict[str, list[float]] = {p: [] for p in instance.care_types}
    for one in books.journeys[t]:
        served[one.care_type].append(one.places)
    return YearFigures(
        need={n: float(instance.need[:, b, index].sum()) for b, n in enumerate(instance.needs)},
        served={p: float(added(places)) for p, places in served.items()},
        unmet={n: float(places) for n, places in books.unmet(t).items()},
        places={p: books.total(p, t) for p in instance.care_types},
        places_counted=books.counted(t),
        population={group: float(people[index]) for group, people in instance.population.items()},
        fte={e: float(books.fte(e, t)) for e in instance.staff_groups},
        fte_available={e: _available(instance, e, index) for e in instance.staff_groups},
        investment_nok=float(books.investment_nok(t)),
        capital_nok=float(books.capital_nok(t)),
        operating_nok=float(books.operating_nok(t)),
        unmet_nok=float(books.unmet_nok(t)),
        travel_nok=float(books.travel_nok(t)),
        equity_nok=float(books.equity_nok(t)),
        equity=equity(books, t),
        **_coverage_figures(books, t),
        **_travel_figures(books, t),
    )


def _available(instance: SitingInstance, group: str, index: int) -> float | None:
    series = instance.limits.available_fte.get(group)
    limit = series[index] if series is not None else None
    return None if limit is None else float(limit)


def _coverage_figures(books: Books, t: int) -> dict[str, Any]:
    target = books.instance.targets.coverage
    if target is None:
        return {"coverage_ratio": None, "coverage_target": None, "coverage_target_places": None}
    index = t - books.first
    ratio, people = target.ratio[index], target.population[index]
    return {
        "coverage_ratio": float(books.counted(t) / people) if people else None,
        "coverage_target": None if ratio is None else float(ratio),
        "coverage_target_places": target_places(books.instance, target).get(t),
    }


def _travel_figures(books: Books, t: int) -> dict[str, Any]:
    journeys = [(one.places, one.minutes) for one in books.journeys[t] if one.places > 0]
    within = books.instance.targets.within
    if not journeys:
        return {"mean_minutes": None, "max_minutes": None, "share_within": None}
    served = added(places for places, _ in journeys)
    near = added(q for q, m in journeys if within is not None and m <= within.minutes)
    return {
        "mean_minutes": float(books.place_minutes(t) / served),
        "max_minutes": max(minutes for _, minutes in journeys),
        "share_within": None if within is None else float(near / served),
    }
