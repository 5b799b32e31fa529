"""Good plans early: relax-and-fix over the years, then search in neighbourhoods of the best plan.

Relax-and-fix (Pochet and Wolsey 2006, Production Planning by Mixed Integer Programming, ch. 3.6):
one year after the other is made whole, those before are fixed and those after relaxed. Then parts
of the best plan are freed and the rest held, and the part is solved as a program of its own
(fix-and-optimise, Helber and Sahling 2010, Dynamic multi-level capacitated lot sizing): all that
happens in a window of years. Every part ends by nodes, never by the clock: same plan each time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance
from solver.engine.handover import Program
from solver.engine.highs import HighsOptions, HighsRun, Stop

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

YEAR_GAP = 1e-3  # of a year's own objective: the years after it change more
YEAR_NODES = 1
AGAIN_GAP = 1e-2  # where earlier years must be free again: any plan will do
AGAIN = 4  # times as many years are free at each attempt
PART_NODES = 30
WINDOWS = (5, 8)  # years freed at a time
GROUP = 8  # projects freed at a time
CYCLES = 3
PART_GAP = 0.1  # of the gap asked for
WORTH = 0.1  # of the gap asked for: what a cycle must gain for another one
BETTER = 1e-7  # of the objective: less is no better plan

SolvePart = Callable[[Program, HighsOptions], HighsRun]


@dataclass(frozen=True)
class Layout:
    """Which year and project every column of the master belongs to; −1: none."""

    year: NDArray[np.int64]
    years: int
    project: NDArray[np.int64]
    projects: int

    @staticmethod
    def of(instance: SitingInstance, model: pyo.ConcreteModel, column: dict[int, int]) -> "Layout":
        """Read it off the model's variables; `column` by the id of a variable."""
        year, project = np.full(len(column), -1), np.full(len(column), -1)
        # Those that can stand in for each other lie together.
        alike = sorted(instance.projects, key=lambda k: (instance.projects[k].care_types, k))
        number = {k: place for place, k in enumerate(alike)}
        variables: list[Any] = [model.open, model.opening, model.steps, model.growth]
        for variable in variables:
            for index, entry in variable.items():
                if id(entry) in column:
                    year[column[id(entry)]] = index[-1] - instance.years[0]
                    project[column[id(entry)]] = number[index[0]]
        return Layout(year, len(instance.years), project, len(alike))

    def followed_by(self, columns: int) -> "Layout":
        """With so many columns behind that belong to no year and project."""
        none = np.full(columns, -1)
        year, project = (np.concatenate([each, none]) for each in (self.year, self.project))
        return replace(self, year=year, project=project)


@dataclass(frozen=True)
class Neighbourhoods:
    """The search for plans of one master program."""

    layout: Layout
    asked: float  # the gap asked for
    cycles: int = CYCLES

    @property
    def gap(self) -> float:
        """To which parts are solved."""
        return PART_GAP * self.asked

    def plans(self, program: Callable[[], Program], solve: SolvePart) -> Iterator[Floats]:
        """Whole plans, each the best there was when it came.

        `program` gives the master as it is now, with the best plan as its start, where there is
        one; it is asked anew after each plan, for its cuts. `solve` may raise to end the search.
        """
        if program().start is None:
            x = self._relax_and_fix(program(), solve)
            if x is None:
                return
            yield x
        yield from self._improve(program, solve)

    def _relax_and_fix(self, program: Program, solve: SolvePart) -> Floats | None:
        """A whole plan, year by year; None when there is none.

        Where the years before leave none, more of them are free again at each attempt.
        """
        x: Floats | None = None
        for last in range(self.layout.years):
            free, found = 1, None
            while found is None:
                first = max(last + 1 - free, 0)
                gap = YEAR_GAP if free == 1 else AGAIN_GAP
                options = HighsOptions(0.0, gap, max_nodes=YEAR_NODES, strong_branching=False)
                found = solve(self._years(program, first, last, x), options).x
                if found is None and first == 0:
                    return None
                free *= AGAIN
            x = found
        return x

    def _years(self, program: Program, first: int, last: int, x: Floats | None) -> Program:
        """Years before `first` as in x, those to `last` whole, the rest relaxed."""
        year = self.layout.year
        part = program if x is None else _held(program, (year >= 0) & (year < first), x)
        return replace(part, integer=program.integer & (year <= last))

    def _improve(self, program: Callable[[], Program], solve: SolvePart) -> Iterator[Floats]:
        """Better plans, until a cycle of parts gains little."""
        for _ in range(self.cycles):
            gained = 0.0
            for free in chain(*map(self._windows, WINDOWS), self._groups()):
                current = program()
                start = current.start
                if start is None:
                    return
                held = (self.layout.year >= 0) & ~free
                x = self._solve_part(_held(current, held, start), start, solve)
                if x is not None:
                    gained += _gain(current, start, x)
                    yield x
            if gained <= WORTH * self.asked:
                return

    def _solve_part(self, part: Program, start: Floats, solve: SolvePart) -> Floats | None:
        """A better plan than the part's start, or None.

        HiGHS's own heuristics, programs within the program, come in where the nodes ran out.
        """
        for heuristics in (False, True):
            options = HighsOptions(
                0.0,
                self.gap,
                max_nodes=PART_NODES,
                strong_branching=False,
                heuristics=heuristics,
            )
            run = solve(part, options)
            if run.x is not None and _gain(part, start, run.x) > BETTER:
                return run.x
            if run.stop is not Stop.NODE_LIMIT:
                return None
        return None

    def _windows(self, width: int) -> Iterator[Mask]:
        """What is free: the years of overlapping windows."""
        year, half = self.layout.year, width // 2
        for first in range(0, max(self.layout.years - half, 1), half + 1):
            yield (year >= first) & (year < first + width)

    def _groups(self) -> Iterator[Mask]:
        """What is free: overlapping groups of projects, in all years."""
        project, half = self.layout.project, GROUP // 2
        for first in range(0, max(self.layout.projects - half, 1), half):
            yield (project >= first) & (project < first + GROUP)


def _held(program: Program, held: Mask, x: Floats) -> Program:
    """The program with the integers of `held` at the values they have in x."""
    fixed = program.integer & held
    value = np.round(x)
    return replace(
        program,
        lower=np.where(fixed, value, program.lower),
        upper=np.where(fixed, value, program.upper),
    )


def _gain(program: Program, before: Floats, after: Floats) -> float:
    """What is saved from one plan to another, of the cost of the latter."""
    saved = float(np.sum(program.cost * (before - after)))
    cost = abs(float(np.sum(program.cost * after)) + program.offset)
    return saved / cost if cost else saved
