"""Ours against others, to proof: HiGHS on the two forms, and the modelling libraries."""

from collections.abc import Callable, Iterable
from functools import partial
from statistics import geometric_mean

from tests.benchmarks.cases import CAPB_CASES, CLASSICS, NATIONAL, OPTIMA, Cases
from tests.benchmarks.markdown import Table, note, ratio, seconds, share
from tests.benchmarks.measure import Run, Series, Settings, alternately
from tests.benchmarks.ours import Make, solve_ours
from tests.benchmarks.peers.by_linopy import solve_linopy
from tests.benchmarks.peers.by_ortools import solve_ortools
from tests.benchmarks.peers.by_pulp import solve_pulp
from tests.benchmarks.peers.by_spopt import solve_spopt
from tests.benchmarks.peers.raw import solve_raw

EXACT = 1e-6
AGREE = 2 * EXACT  # what proven optima may differ by, relatively
OURS = "flerkjerne"
STRONG, WEAK = "HiGHS, strong", "HiGHS, weak"
PEERS: dict[str, Callable[[Make, float, float], Run]] = {
    OURS: solve_ours,
    STRONG: partial(solve_raw, strong=True),
    WEAK: partial(solve_raw, strong=False),
    "linopy": solve_linopy,
    "PuLP": solve_pulp,
    "OR-tools, HiGHS": partial(solve_ortools, solver="HIGHS"),
    "OR-tools, SCIP": partial(solve_ortools, solver="GSCIP"),
    "spopt": solve_spopt,
}
CLASSICS_FOR_ALL = ("cap41", "cap74", "pmed1", "pmed6")


def orlib(settings: Settings) -> None:
    """OR-Library's instances to proof, against HiGHS on the weak and on the strong form."""
    _against_highs("OR-Library", CLASSICS | {"capb 5000": CAPB_CASES["capb 5000"]}, settings)


def capb(settings: Settings) -> None:
    """capb at its four capacities, likewise."""
    _against_highs("capb", CAPB_CASES, settings)


def peers(settings: Settings) -> None:
    """Some classics against every peer that can express them."""
    for name in CLASSICS_FOR_ALL:
        able = [peer for peer in PEERS if not (peer == "spopt" and name.startswith("cap"))]
        _against_all(name, CLASSICS[name], able, settings)


def national(settings: Settings) -> None:
    """357 municipalities against every peer."""
    for name, make in NATIONAL.items():
        _against_all(f"357 municipalities: {name}", make, PEERS, settings)


def _against_highs(title: str, cases: Cases, settings: Settings) -> None:
    columns = (OURS, STRONG, WEAK, "÷ best", "MB", "HiGHS MB", "strategy")
    table = Table(f"{title}, seconds to a gap of {EXACT:g}", ("", *columns))
    ratios: list[float] = []
    for name, make in cases.items():
        found = _compared(make, (OURS, STRONG, WEAK), settings)
        ours, forms = found[OURS], (found[STRONG], found[WEAK])
        best = min(_spent(each, settings) for each in forms)
        ratios.append(_spent(ours, settings) / best)
        table.row(
            name,
            *(_seconds(each, OPTIMA.get(name)) for each in found.values()),
            ratio(ratios[-1]),
            f"{ours.peak_mb:.0f}",
            f"{min(each.peak_mb for each in forms):.0f}",
            _strategy(ours),
        )
    note(
        f"Geometric mean of the ratios {geometric_mean(ratios):.2f}, worst {max(ratios):.2f}; "
        f"what did not end counts as its {settings.limit_s:.0f} s."
    )


def _against_all(title: str, make: Make, able: Iterable[str], settings: Settings) -> None:
    table = Table(f"{title}, to a gap of {EXACT:g}", ("", "s", "× ours", "gap", "MB", "strategy"))
    found = _compared(make, able, settings)
    ours = _spent(found[OURS], settings)
    optima = [run.objective for each in found.values() for run in each.values if run.proven]
    for name, each in found.items():
        table.row(
            name,
            _seconds(each, min((o for o in optima if o is not None), default=None)),
            ratio(_spent(each, settings) / ours if each.values else None),
            share(each.median_of(lambda run: run.gap)),
            f"{each.peak_mb:.0f}" if each.values else "–",
            _strategy(each),
        )


def _compared(make: Make, names: Iterable[str], settings: Settings) -> dict[str, Series[Run]]:
    works = {name: partial(PEERS[name], make, settings.limit_s, EXACT) for name in names}
    return alternately(works, settings.repeat, lambda run: run.proven)


def _spent(series: Series[Run], settings: Settings) -> float:
    """Median seconds to proof; the limit where there is no proof."""
    proven = all(run.proven for run in series.values)
    spent = series.median_of(lambda run: run.seconds) if proven else None
    return settings.limit_s if spent is None else spent


def _seconds(series: Series[Run], optimum: float | None) -> str:
    """Median seconds to proof, or what came instead of it; a proof of something else is WRONG."""
    if series.failure:
        return series.failure
    runs = series.values
    if optimum is not None and any(_contradicts(run, optimum) for run in runs):
        return "WRONG"
    took = seconds(series.median_of(lambda run: run.seconds))
    return took if all(run.proven for run in runs) else f"{took}, gap {share(runs[-1].gap)}"


def _contradicts(run: Run, optimum: float) -> bool:
    """Whether a bound is above or a proven answer is away from the known optimum."""
    slack = AGREE * abs(optimum)
    above = run.bound is not None and run.bound > optimum + slack
    below = run.objective is not None and run.objective < optimum - slack
    away = run.proven and run.objective is not None and run.objective > optimum + slack
    return above or below or away


def _strategy(series: Series[Run]) -> str:
    return series.values[0].how if series.values else ""
