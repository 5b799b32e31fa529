"""The tables of docs/performance.md, each by its name."""

from collections.abc import Callable
from functools import partial
from statistics import median

from solver.domain.result import Strategy
from tests.benchmarks.against import EXACT, OURS, capb, national, orlib, peers
from tests.benchmarks.cases import (
    BLOCKS,
    LILLEHAMMER,
    REGIONS,
    STOPPED,
    TOWNS,
    VARIATIONS,
    Cases,
)
from tests.benchmarks.markdown import Table, note, ratio, seconds, share
from tests.benchmarks.measure import (
    HandedOver,
    Measured,
    Run,
    Series,
    Settings,
    alternately,
    apart,
)
from tests.benchmarks.ours import Make, Stopped, hand_over_ours, solve_ours, stop_ours
from tests.benchmarks.peers.by_linopy import hand_over_linopy
from tests.benchmarks.peers.by_ortools import hand_over_ortools
from tests.benchmarks.peers.by_pulp import hand_over_pulp
from tests.benchmarks.peers.raw import hand_over_raw
from tests.benchmarks.roads import roads

ORDINARY = 0.001
STOPS_S = (1, 3, 10, 30)
MILESTONES: dict[str, Callable[[Run], float | None]] = {
    "first plan": lambda run: run.first_plan,
    "1 %": lambda run: run.seconds_to(0.01),
    "0.5 %": lambda run: run.seconds_to(0.005),
    "0.1 %": lambda run: run.seconds_to(ORDINARY),
}
PROFILE = (*(f"{name}, s" for name in MILESTONES), "in all, s", "gap", "MB", "strategy")


def lillehammer(settings: Settings) -> None:
    """The bundled case by the strategy chosen and by the plain cumulative model."""
    works = {
        OURS: partial(solve_ours, LILLEHAMMER, settings.limit_s, ORDINARY),
        "plain": partial(solve_ours, LILLEHAMMER, settings.limit_s, ORDINARY, Strategy.PLAIN),
    }
    table = Table("lillehammer, gap asked for 0.1 %", ("", *PROFILE))
    found = alternately(works, settings.repeat, lambda run: run.seconds < settings.limit_s)
    for name, series in found.items():
        table.row(name, *_profile(series))
    half = {
        name: series.median_of(lambda run: run.seconds_to(0.005)) for name, series in found.items()
    }
    ours, plain = half[OURS], half["plain"]
    if ours is not None:
        sign = "" if plain is not None else "more than "
        note(f"To a gap of 0.5 %: {sign}{(plain or settings.limit_s) / ours:.1f} times faster.")


def variations(settings: Settings) -> None:
    """Fifty Lillehammers, each once, and what they come to."""
    table = Table("fifty variations, gap asked for 0.1 %", ("", *PROFILE))
    runs: list[Run] = []
    for name, make in VARIATIONS.items():
        series = _once(partial(solve_ours, make, settings.limit_s, ORDINARY))
        table.row(name, *_profile(series))
        runs += series.values
    summary = Table("the fifty together", ("", "reached by", "median s", "slowest s"))
    for name, read in MILESTONES.items():
        times = [time for time in map(read, runs) if time is not None]
        spread = (median(times), max(times)) if times else (None, None)
        summary.row(name, str(len(times)), *map(seconds, spread))
    gaps = [run.gap for run in runs if run.gap is not None]
    note(f"Largest gap of the {len(gaps)} plans: {share(max(gaps, default=None))}.")


def towns(settings: Settings) -> None:
    """p-median at scale."""
    _profiles("towns and sparsely settled land, to a gap of 1e-6", TOWNS, settings, EXACT)


def regions(settings: Settings) -> None:
    """A county, and regions that build in modules."""
    _profiles("regions over years, gap asked for 0.1 %", REGIONS, settings, ORDINARY)


def handover(settings: Settings) -> None:
    """Building a program and handing it to HiGHS, by the number of allocation variables."""
    works: dict[str, Callable[[Make], HandedOver]] = {
        OURS: hand_over_ours,
        "HiGHS, arrays": hand_over_raw,
        "linopy": hand_over_linopy,
        "PuLP": hand_over_pulp,
        "OR-tools": hand_over_ortools,
    }
    columns = ("s", "÷ linopy", "MB", "variables", "rows", "nonzeros")
    for size, make in BLOCKS.items():
        table = Table(f"build and hand-over, {size} allocation variables", ("", *columns))
        each = {name: partial(work, make) for name, work in works.items()}
        found = alternately(each, settings.repeat, lambda done: done.seconds < settings.limit_s)
        took = {name: series.median_of(lambda done: done.seconds) for name, series in found.items()}
        for name, series in found.items():
            table.row(name, *_handed_over(series, took[name], took["linopy"]))


def stopping(_settings: Settings) -> None:
    """How long a solve goes on when it is asked to stop, and the gap it leaves."""
    columns = (f"after {after} s" for after in STOPS_S)
    table = Table("seconds from the wish to stop to the answer, and its gap", ("", *columns))
    for name, make in STOPPED.items():
        table.row(name, *(_stopped(apart(partial(stop_ours, make, after))) for after in STOPS_S))


TABLES: dict[str, Callable[[Settings], None]] = {
    "lillehammer": lillehammer,
    "orlib": orlib,
    "peers": peers,
    "national": national,
    "handover": handover,
    "regions": regions,
    "towns": towns,
    "variations": variations,
    "capb": capb,
    "stopping": stopping,
    "roads": roads,
}
ORDINARILY = ("lillehammer", "orlib", "peers", "national", "handover", "regions")


def _profiles(title: str, cases: Cases, settings: Settings, gap: float) -> None:
    table = Table(title, ("", *PROFILE))
    for name, make in cases.items():
        table.row(name, *_profile(_once(partial(solve_ours, make, settings.limit_s, gap))))


def _once(work: Callable[[], Run]) -> Series[Run]:
    return Series([apart(work)])


def _profile(series: Series[Run]) -> tuple[str, ...]:
    """When there was a plan and how good it was when; what is in none of the runs is a dash."""
    if series.failure:
        return (series.failure,) + ("",) * (len(PROFILE) - 1)
    return (
        *(seconds(series.median_of(read)) for read in MILESTONES.values()),
        seconds(series.median_of(lambda run: run.seconds)),
        share(series.median_of(lambda run: run.gap)),
        f"{series.peak_mb:.0f}",
        series.values[0].how,
    )


def _handed_over(
    series: Series[HandedOver], took: float | None, other: float | None
) -> tuple[str, ...]:
    if took is None or other is None:
        return (series.failure,) + ("",) * 5
    size = series.values[0]
    numbers = (round(series.peak_mb), size.variables, size.rows, size.nonzeros)
    return (seconds(took), ratio(took / other), *map(str, numbers))


def _stopped(measured: Measured[Stopped]) -> str:
    if measured.value is None:
        return measured.failure
    waited, gap = measured.value.waited_s, measured.value.gap
    return "had ended" if waited is None else f"{seconds(waited)}, {share(gap)}"
