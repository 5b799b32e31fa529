"""What sets two solved plans apart, and how far that can be told from the gaps of the two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from solver.domain.plan import Plan, PlanFigures, YearFigures
from solver.domain.result import SolveResult

TOLERANCE = 1e-9  # of the larger optimum: two ways of adding up the same plan


class Verdict(StrEnum):
    """Which of two optima is the cheaper, as far as the bounds tell."""

    DEARER = "dearer"  # the second one costs more, whatever the gaps hide
    CHEAPER = "cheaper"
    EQUAL = "equal"
    UNDECIDED = "undecided"  # the difference is smaller than the two gaps


class Direction(StrEnum):
    """What a change of the scenario does to the plans that are allowed."""

    RELAXES = "relaxes"  # every plan of the first is one of the second
    TIGHTENS = "tightens"  # every plan of the second is one of the first
    NEITHER = "neither"


@dataclass(frozen=True)
class Bounds:
    """Where an optimum lies, in NOK; None where nothing is known.

    `low` is a proven lower bound, `high` the cost of a plan that is known.
    """

    low: float | None
    high: float | None


@dataclass(frozen=True)
class KeyFigures:
    """What a plan comes to over its years; or the difference of two, second less first.

    The first six are present values in NOK, weighted in `objective_nok` and `equity_nok` alone;
    `investment_nok` is the undiscounted sum, net of grants. `fte_mean` is the mean over the years,
    `mean_minutes` and `max_minutes` are over all served place-years, `unmet_place_years` is the
    sum; the rest are of the last year. None where a plan has no such figure.
    """

    objective_nok: float
    capital_nok: float
    operating_nok: float
    unmet_nok: float
    travel_nok: float
    equity_nok: float
    investment_nok: float
    fte: Mapping[str, float]
    fte_mean: Mapping[str, float]
    places: Mapping[str, int]
    places_counted: int
    unmet_place_years: float
    mean_minutes: float | None
    max_minutes: float | None
    coverage_ratio: float | None
    share_within_10_minutes: float | None
    worst_off_minutes: float | None
    gini: float | None


@dataclass(frozen=True)
class ProjectChange:
    """A project that two plans treat differently. None: not opened; places at its largest."""

    project: str
    opens_before: int | None
    opens_after: int | None
    places_before: int
    places_after: int


@dataclass(frozen=True)
class Difference:
    """The second of two plans less the first.

    `figures` are of the plans that were found; `interval_nok` holds the difference of the two
    optima, whatever the gaps hide.
    """

    figures: KeyFigures
    interval_nok: Bounds
    verdict: Verdict
    projects: tuple[ProjectChange, ...]


def difference(
    before: SolveResult, after: SolveResult, direction: Direction = Direction.NEITHER
) -> Difference:
    """What the second plan has more than the first, of the same years.

    `direction` is what is known beforehand of the two problems; it narrows the interval. Raises
    ValueError when one has no plan, or when they are of different years.
    """
    if before.figures is None or after.figures is None or not (before.plan and after.plan):
        raise ValueError("no plan")
    if list(before.figures.years) != list(after.figures.years):
        raise ValueError("different years")
    first, second = key_figures(before.figures), key_figures(after.figures)
    interval, verdict = apart(bounds_of(before), bounds_of(after), direction)
    return Difference(
        figures=_less(second, first),
        interval_nok=interval,
        verdict=verdict,
        projects=tuple(_changes(before.plan, after.plan)),
    )


def apart(
    before: Bounds, after: Bounds, direction: Direction = Direction.NEITHER
) -> tuple[Bounds, Verdict]:
    """Where the second optimum less the first lies, and which of them that makes the cheaper."""
    interval = _interval(before, after, direction)
    largest = max(abs(bounds.high or 0.0) for bounds in (before, after))
    return interval, _verdict(interval, TOLERANCE * largest)


def bounds_of(result: SolveResult) -> Bounds:
    """Where the optimum of a solved instance lies."""
    return Bounds(result.dual_bound_nok, result.objective_nok)


def key_figures(figures: PlanFigures) -> KeyFigures:
    """What a plan comes to over its years."""
    years = list(figures.years.values())
    last = years[-1]
    equity = last.equity
    return KeyFigures(
        objective_nok=figures.objective_nok,
        capital_nok=figures.capital_nok,
        operating_nok=figures.operating_nok,
        unmet_nok=figures.unmet_nok,
        travel_nok=figures.travel_nok,
        equity_nok=figures.equity_nok,
        investment_nok=sum(year.investment_nok for year in years),
        fte=last.fte,
        fte_mean={e: sum(year.fte[e] for year in years) / len(years) for e in last.fte},
        places=last.places,
        places_counted=last.places_counted,
        unmet_place_years=sum(sum(year.unmet.values()) for year in years),
        mean_minutes=_mean_minutes(years),
        max_minutes=max((y.max_minutes for y in years if y.max_minutes is not None), default=None),
        coverage_ratio=last.coverage_ratio,
        share_within_10_minutes=None if equity is None else equity.share_within_10_minutes,
        worst_off_minutes=None if equity is None else equity.worst_off_district.mean_minutes,
        gini=None if equity is None else equity.gini,
    )


def _mean_minutes(years: Iterable[YearFigures]) -> float | None:
    travelled = served = 0.0
    for year in years:
        if year.mean_minutes is not None:
            places = sum(year.served.values())
            served += places
            travelled += places * year.mean_minutes
    return travelled / served if served else None


def _less(second: KeyFigures, first: KeyFigures) -> KeyFigures:
    """Figure by figure, second less first."""
    return KeyFigures(
        objective_nok=second.objective_nok - first.objective_nok,
        capital_nok=second.capital_nok - first.capital_nok,
        operating_nok=second.operating_nok - first.operating_nok,
        unmet_nok=second.unmet_nok - first.unmet_nok,
        travel_nok=second.travel_nok - first.travel_nok,
        equity_nok=second.equity_nok - first.equity_nok,
        investment_nok=second.investment_nok - first.investment_nok,
        fte=_each_less(second.fte, first.fte),
        fte_mean=_each_less(second.fte_mean, first.fte_mean),
        places={
            p: second.places.get(p, 0) - first.places.get(p, 0)
            for p in sorted({*first.places, *second.places})
        },
        places_counted=second.places_counted - first.places_counted,
        unmet_place_years=second.unmet_place_years - first.unmet_place_years,
        mean_minutes=_known_less(second.mean_minutes, first.mean_minutes),
        max_minutes=_known_less(second.max_minutes, first.max_minutes),
        coverage_ratio=_known_less(second.coverage_ratio, first.coverage_ratio),
        share_within_10_minutes=_known_less(
            second.share_within_10_minutes, first.share_within_10_minutes
        ),
        worst_off_minutes=_known_less(second.worst_off_minutes, first.worst_off_minutes),
        gini=_known_less(second.gini, first.gini),
    )


def _each_less(second: Mapping[str, float], first: Mapping[str, float]) -> dict[str, float]:
    names = sorted({*first, *second})
    return {name: second.get(name, 0.0) - first.get(name, 0.0) for name in names}


def _known_less(second: float | None, first: float | None) -> float | None:
    return None if second is None or first is None else second - first


def _interval(before: Bounds, after: Bounds, direction: Direction) -> Bounds:
    """Where the second optimum less the first lies."""
    low = _known_less(after.low, before.high)
    high = _known_less(after.high, before.low)
    if direction is Direction.RELAXES:
        high = 0.0 if high is None else min(high, 0.0)
    if direction is Direction.TIGHTENS:
        low = 0.0 if low is None else max(low, 0.0)
    return Bounds(low, high)


def _verdict(interval: Bounds, tolerance: float) -> Verdict:
    low, high = interval.low, interval.high
    if low is not None and high is not None and -tolerance <= low and high <= tolerance:
        return Verdict.EQUAL
    if low is not None and low > tolerance:
        return Verdict.DEARER
    if high is not None and high < -tolerance:
        return Verdict.CHEAPER
    return Verdict.UNDECIDED


def _changes(before: Plan, after: Plan) -> Iterator[ProjectChange]:
    sizes = _sizes(before), _sizes(after)
    for k in sorted({*before.opens, *after.opens}):
        change = ProjectChange(
            k,
            before.opens.get(k),
            after.opens.get(k),
            max(sizes[0].get(k, {}).values(), default=0),
            max(sizes[1].get(k, {}).values(), default=0),
        )
        same_years = change.opens_before == change.opens_after
        if not same_years or change.places_before != change.places_after:
            yield change


def _sizes(plan: Plan) -> dict[str, dict[int, int]]:
    """{project: {year: places of all types}}."""
    sizes: dict[str, dict[int, int]] = {}
    for (k, _, t), places in plan.places.items():
        years = sizes.setdefault(k, {})
        years[t] = years.get(t, 0) + places
    return sizes
