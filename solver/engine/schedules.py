"""What one project may do instead in a plan: open sooner or later, grow more or less, or never.

A schedule is the values of all of a project's columns in a master program. Nothing here says that
a schedule is allowed beside the others; that is for the program's rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import Project, SitingInstance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHIFTS = (-3, -2, -1, 1, 2, 3)  # years

# (whether it counts from the first year on, care type or None for whether it is open)
Name = tuple[bool, str | None]
Schedule = Mapping[Name, Floats]


@dataclass(frozen=True)
class Exchange:
    """Changes of the columns of the projects named, by their numbers."""

    projects: frozenset[int]
    columns: Ints
    change: Floats


class Schedules:
    """The schedules of one master's model; `column` by the id of a variable."""

    def __init__(self, instance: SitingInstance, model: Any, column: Mapping[int, int]) -> None:
        self._years = len(instance.years)
        self._first = instance.years[0]
        self._projects = tuple(instance.projects.values())
        number = {k: index for index, k in enumerate(instance.projects)}
        # Per project, the columns by name and year; −1 where there is none.
        self.columns: list[dict[Name, Ints]] = [{} for _ in self._projects]
        for variable, total in (
            (model.open, True),
            (model.opening, False),
            (model.steps, True),
            (model.growth, False),
        ):
            for (k, *care_type, year), entry in variable.items():
                name = (total, care_type[0] if care_type else None)
                mine = self.columns[number[k]].setdefault(name, np.full(self._years, -1))
                mine[year - self._first] = column.get(id(entry), -1)

    def exchanges(self, x: Floats) -> list[Exchange]:
        """What one project may do instead in the plan x, and two that change places."""
        now = [
            {name: np.where(at >= 0, np.round(x[at]), 0.0) for name, at in columns.items()}
            for columns in self.columns
        ]
        return [one for one in (*self._alone(now), *self._swapped(now)) if one is not None]

    def _alone(self, now: list[dict[Name, Floats]]) -> Iterator[Exchange | None]:
        for index, mine in enumerate(now):
            seen = {_flat(mine)}
            for other in self._instead(index, mine):
                if _flat(other) not in seen:
                    seen.add(_flat(other))
                    yield self._exchange({index: (mine, other)})

    def _swapped(self, now: list[dict[Name, Floats]]) -> Iterator[Exchange | None]:
        for k, other in combinations(range(len(now)), 2):
            alike = list(now[k]) == list(now[other])
            if alike and _flat(now[k]) != _flat(now[other]):
                yield self._exchange({k: (now[k], now[other]), other: (now[other], now[k])})

    def _exchange(self, changed: dict[int, tuple[Schedule, Schedule]]) -> Exchange | None:
        """None where something would change that has no column."""
        columns, change = [], []
        for index, (before, after) in changed.items():
            for name, at in self.columns[index].items():
                more = after[name] - before[name]
                columns.append(at[more != 0])
                change.append(more[more != 0])
        at = np.concatenate(columns)
        return None if (at < 0).any() else Exchange(frozenset(changed), at, np.concatenate(change))

    def _instead(self, index: int, now: Schedule) -> Iterator[Schedule]:
        project, year = self._projects[index], np.arange(self._years)
        if not now[True, None].any():
            yield from self._openings(project, now)
            return
        for by in SHIFTS:
            if abs(by) < self._years:
                yield {name: _shifted(each, by, total=name[0]) for name, each in now.items()}
        yield {name: np.zeros_like(each) for name, each in now.items()}
        for p in project.care_types:
            steps = now[True, p]
            for first in np.flatnonzero(steps):
                for which in ((year >= first) & (steps > 0), year == first):
                    for more in (-1.0, 1.0):
                        yield _sized(now, p, steps + more * which)

    def _openings(self, project: Project, now: Schedule) -> Iterator[Schedule]:
        """All ways to open with places of one care type and keep them."""
        year, none = np.arange(self._years), np.zeros(self._years)
        least, most = max(-(-project.min_places // project.step), 1), project.max_places
        for first in range(max(project.earliest - self._first, 0), self._years):
            used = year >= first
            opened = dict.fromkeys(now, none)
            opened |= {(True, None): used.astype(float), (False, None): (year == first) + 0.0}
            if project.available_years is not None:
                used = used & (year < first + project.available_years)
            for p in project.care_types:
                for steps in range(least, most // project.step + 1):
                    yield _sized(opened, p, steps * used.astype(float))


def _sized(schedule: Schedule, care_type: str, steps: Floats) -> Schedule:
    """With so many steps of a care type."""
    sized = {**schedule, (True, care_type): steps}
    if (False, care_type) in schedule:
        sized[False, care_type] = np.diff(steps, prepend=0.0)
    return sized


def _shifted(values: Floats, by: int, *, total: bool) -> Floats:
    """So many years later. What counts from the first year on ends as it was."""
    if by > 0:
        return np.concatenate([np.zeros(by), values[:-by]])
    return np.concatenate([values[-by:], np.full(-by, values[-1] if total else 0.0)])


def _flat(schedule: Schedule) -> bytes:
    return np.concatenate(list(schedule.values())).tobytes()
