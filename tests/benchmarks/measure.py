"""Each solve in a process of its own, and what is read off it: seconds, gap by gap, and memory.

Work that is compared is done alternately in one run, so that what else the machine does hits all
alike, and the medians are compared.
"""

import os
import resource
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from math import inf, isfinite
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Generic, TypeVar

from solver.domain.errors import SitingError
from solver.domain.result import relative_gap

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """Seconds that one solve may take, and how often what is compared is repeated."""

    limit_s: float
    repeat: int


@dataclass(frozen=True)
class Moment:
    """What was known so many seconds after the start; NOK, None while there is none."""

    seconds: float
    incumbent: float | None
    bound: float | None


@dataclass(frozen=True)
class Run:
    """One solve, ours or a peer's: `seconds` is from data in memory to answer, building included.

    `moments` are as reported on the way and end with the answer; `proven` within the gap asked for.
    """

    seconds: float
    proven: bool
    objective: float | None
    bound: float | None
    moments: tuple[Moment, ...] = ()
    how: str = ""

    @property
    def gap(self) -> float | None:
        """|objective − bound| ÷ |objective|."""
        return relative_gap(self.objective, self.bound)

    @property
    def first_plan(self) -> float | None:
        """Seconds until there was a plan."""
        return next((m.seconds for m in self.moments if m.incumbent is not None), None)

    def seconds_to(self, gap: float) -> float | None:
        """Seconds until best plan and best bound so far were within `gap`; None: never."""
        incumbent, bound = inf, -inf
        for moment in self.moments:
            incumbent = min(incumbent, inf if moment.incumbent is None else moment.incumbent)
            bound = max(bound, -inf if moment.bound is None else moment.bound)
            reached = relative_gap(incumbent, bound) if isfinite(bound - incumbent) else None
            if reached is not None and reached <= gap:
                return moment.seconds
        return None


@dataclass(frozen=True)
class HandedOver:
    """Seconds to build a program and hand it to the solver, and its size."""

    seconds: float
    variables: int
    rows: int
    nonzeros: int


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What came out of a process, and its memory at peak; or, without a value, what went wrong."""

    value: T | None
    peak_mb: float | None
    failure: str = ""


@dataclass
class Series(Generic[T]):
    """The repetitions of one measurement."""

    done: list[Measured[T]] = field(default_factory=list)

    @property
    def values(self) -> list[T]:
        """Those that came to an end."""
        return [each.value for each in self.done if each.value is not None]

    @property
    def peak_mb(self) -> float:
        """The largest peak."""
        return max((each.peak_mb for each in self.done if each.peak_mb is not None), default=0.0)

    @property
    def failure(self) -> str:
        """What went wrong, if something did."""
        return next((each.failure for each in self.done if each.failure), "")

    def median_of(self, read: Callable[[T], float | None]) -> float | None:
        """The median of a figure; None when it is missing in one of them."""
        figures = [read(value) for value in self.values]
        known = [figure for figure in figures if figure is not None]
        return median(known) if known and len(known) == len(figures) else None


def apart(work: Callable[[], T]) -> Measured[T]:
    """Do the work in a fresh process. What it raises is an outcome too, and so is its death."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_weighed, work).result()
        except BrokenProcessPool:
            return Measured(None, None, "process died")


def alternately(
    works: Mapping[str, Callable[[], T]], repeat: int, again: Callable[[T], bool]
) -> dict[str, Series[T]]:
    """Each work in turn, `repeat` times around; what fails or is not worth it, only once."""
    series: dict[str, Series[T]] = {name: Series() for name in works}
    for _ in range(repeat):
        for name, work in works.items():
            if all(m.value is not None and again(m.value) for m in series[name].done):
                series[name].done.append(apart(work))
    return series


def _weighed(work: Callable[[], T]) -> Measured[T]:
    """The value and the peak of memory [MB]; what solvers write on the console is dropped."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    try:
        return Measured(work(), _peak_mb())
    except SitingError as error:
        return Measured(None, _peak_mb(), error.code)
    except Exception as error:  # others' too: one that fails is a row, and the rest go on
        return Measured(None, _peak_mb(), type(error).__name__)


def _peak_mb() -> float:
    """Of this process. Not by getrusage on Linux: there it begins with the parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].removesuffix("kB")) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
