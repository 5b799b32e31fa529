"""What every plan of a small scenario costs in futures, by trying everything.

Read straight from the scenario documents, as `enumeration` does: all plans that the scenario
allows, each in every future, a late project's whole course so many years later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from solver.domain.futures import Decisions
from tests.known_optimum.enumeration import (
    Course,
    Document,
    Enumeration,
    Floats,
    Staff,
    Tally,
    transport,
)
from tests.referee import held

MARGIN = 1.01  # an FTE that lacks is dearer than the places it would staff


@dataclass(frozen=True)
class Drawn:
    """A future: its document, and a project and how many years late it is."""

    document: Document
    late: tuple[str, int] | None = None


class _InFuture(Enumeration):
    """The courses of a scenario as they turn out in a future."""

    def __init__(self, today: Enumeration, future: Drawn, price: float) -> None:
        goal = future.document["objective"]
        missing = goal["unmet_place_year_nok"]
        given = {"unmet_place_year_nok": price if missing is None else missing}
        super().__init__({**future.document, "objective": {**goal, **given}})
        k, by = future.late or (None, 0)
        self.courses = {
            q: [self._late(course, by) if q == k else course for course in courses]
            for q, courses in today.courses.items()
        }

    def _late(self, course: Course, by: int) -> Course:
        opens = course.opens + by
        shifted = np.roll(course.active, by)
        shifted[:by] = False
        places = np.roll(course.places, by, axis=1)
        places[:, :by] = 0
        return Course(opens if opens <= self.years[-1] else inf, shifted, places)

    def cost(self, tally: Tally) -> Floats:
        """What each combination costs, in NOK, with as many places in use as can be staffed."""
        cost = self.decided(tally)
        for index, t in enumerate(self.years):
            stocks = tally.stock[..., index].reshape(len(tally.opens), -1)
            cost += self._discount[index] * transport(
                self.document, t, stocks, self._staff(tally, index)
            )
        return cost

    def _staff(self, tally: Tally, index: int) -> Staff:
        types = self.document["care_types"].values()
        series = (self.document.get("staffing") or {}).get("available_fte") or {}
        limits = [held(series[e], self.years[index]) for e in self.groups]
        per_place = np.array(
            [[c["fte_per_place"].get(e, 0) for c in types] for e in self.groups], dtype=float
        ).reshape(len(self.groups), len(self.types))
        left = np.array([1e9 if limit is None else limit for limit in limits])
        least = np.where(per_place > 0, per_place, inf).min(axis=1, initial=inf)
        return Staff(per_place, left - tally.fte[:, :, index], MARGIN / least)


class Everything:
    """All plans that could be adopted, and what each costs in each future."""

    def __init__(self, document: Document, futures: Sequence[Drawn], price: float) -> None:
        self.today = Enumeration(document)
        allowed = self.today.allowed() if self.today.combinations else None
        if allowed is not None and len(allowed.opens):
            allowed = allowed.where(np.isfinite(self.today.cost(allowed)))
        self.which = [] if allowed is None else [tuple(row) for row in allowed.which.tolist()]
        self.costs = np.array(
            [self._costs(_InFuture(self.today, future, price)) for future in futures]
        )

    def _costs(self, future: _InFuture) -> Floats:
        if not self.which:
            return np.zeros(0)
        tally = future._tally()
        place = {tuple(row): index for index, row in enumerate(tally.which.tolist())}
        rows = np.array([place[row] for row in self.which])
        return future.cost(Tally(*(each[rows] for each in vars(tally).values())))

    def costs_of(self, decisions: Decisions) -> Floats:
        """Per future, of one of the plans."""
        documents = [self.decisions(index) for index in range(len(self.which))]
        costs: Floats = self.costs[:, documents.index(decisions)]
        return costs

    def decisions(self, index: int) -> Decisions:
        """One of the plans."""
        today = self.today
        opens: dict[str, int] = {}
        places: dict[tuple[str, str, int], int] = {}
        for k, number in zip(today.projects, self.which[index], strict=True):
            course = today.courses[k][number]
            if course.opens < inf:
                opens[k] = int(course.opens)
            for p, row in zip(today.types, course.places.tolist(), strict=True):
                places |= {(k, p, t): n for t, n in zip(today.years, row, strict=True) if n}
        return Decisions(opens, places)
