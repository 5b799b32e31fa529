"""What decisions lead to in a future, as linear forms over the columns of a first stage.

Decisions are the opening years and sizes of a program of the scenario itself. In a future a project
may be late, places may stand elsewhere and cost something else; what stands and what it costs are
linear in the decisions all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from scipy.sparse import csr_array

from solver.domain.futures import Decisions, Future
from solver.domain.instance import SitingInstance
from solver.engine.handover import Program
from solver.formulation.parameters import annuity

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forms:
    """rows · x + constants; rows are a csr_array."""

    rows: Any
    constants: Floats

    @staticmethod
    def of(constants: Iterable[float]) -> "Forms":
        """What no decision changes."""
        fixed = np.array(list(constants), dtype=float)
        return Forms(csr_array((len(fixed), 0)), fixed)

    def at(self, x: Floats) -> Floats:
        """The values at a point; columns behind those of the forms do not matter."""
        values: Floats = self.rows @ x[: self.rows.shape[1]] + self.constants
        return values


class Sum:
    """One linear form, added up term by term."""

    def __init__(self, constant: float = 0.0) -> None:
        self.constant = constant
        self.terms: dict[int, float] = defaultdict(float)

    def add(self, column: int | None, coefficient: float) -> None:
        """A coefficient more on a column; None: a column that is always zero."""
        if column is not None and coefficient:
            self.terms[column] += coefficient


def forms(sums: list[Sum], columns: int) -> Forms:
    """Sums as rows over so many columns."""
    ends = np.cumsum([0, *(len(each.terms) for each in sums)])
    at = [column for each in sums for column in each.terms]
    values = [value for each in sums for value in each.terms.values()]
    shape = (len(sums), columns)
    rows = csr_array((np.array(values, dtype=float), np.array(at, dtype=np.int32), ends), shape)
    return Forms(rows, np.array([each.constant for each in sums]))


class FirstStage:
    """Where a program of the scenario has its decisions."""

    def __init__(self, instance: SitingInstance, model: pyo.ConcreteModel, program: Program):
        column = {id(variable): index for index, variable in enumerate(program.columns)}
        self.instance = instance
        self.columns = len(program.cost)
        self.open = {at: column.get(id(variable)) for at, variable in model.open.items()}
        self.steps = {at: column.get(id(variable)) for at, variable in model.steps.items()}

    def decisions(self, x: Floats) -> Decisions:
        """What is decided at a whole point."""
        projects, opens = self.instance.projects, dict[str, int]()
        for (k, t), column in self.open.items():
            if column is not None and round(x[column]):
                opens[k] = min(t, opens.get(k, t))
        steps = {at: round(x[column]) for at, column in self.steps.items() if column is not None}
        return Decisions(
            dict(sorted(opens.items())),
            {at: n * projects[at[0]].step for at, n in sorted(steps.items()) if n},
        )

    def values(self, decisions: Decisions) -> Mapping[int, float]:
        """The value of every column that says what is decided."""
        projects = self.instance.projects
        values = {
            column: float(k in decisions.opens and decisions.opens[k] <= t)
            for (k, t), column in self.open.items()
            if column is not None
        }
        return values | {
            column: decisions.places.get(at, 0) / projects[at[0]].step
            for at, column in self.steps.items()
            if column is not None
        }


class Consequences:
    """Of decisions, in a future.

    Sites, prices, staff and what a project takes from its site are the future's; the size of a
    step is the scenario's.
    """

    def __init__(self, stage: FirstStage, future: Future) -> None:
        self._stage, self._future = stage, future
        self._instance = future.instance

    def places(self, year: int, pairs: Iterable[tuple[str, str]]) -> Forms:
        """Places that stand, per pair of site and care type."""
        index = year - self._instance.years[0]
        sums = {
            (j, p): Sum(series[index] if (series := self._instance.sites[j].places.get(p)) else 0)
            for j, p in pairs
        }
        for k, project in self._instance.projects.items():
            for p, lost in project.removes.items():
                if (project.site, p) in sums:
                    sums[project.site, p].add(self._open(k, year), -lost)
            for p in self._instance.care_types:
                if (project.site, p) in sums:
                    sums[project.site, p].add(*self._project_places(k, p, year))
        return forms(list(sums.values()), self._stage.columns)

    def fte_for_places(self, year: int, groups: Iterable[str]) -> Forms:
        """FTE that open projects leave for places, per staff group; inf where it has no limit."""
        index, sums = year - self._instance.years[0], []
        for e in groups:
            limit = self._instance.limits.available_fte[e][index]
            left = Sum(np.inf if limit is None else float(limit))
            for k, project in self._instance.projects.items() if limit is not None else ():
                self._add_in_use(left, k, year, -project.fte.get(e, 0.0))
            sums.append(left)
        return forms(sums, self._stage.columns)

    def room_for_removals(self) -> Iterator[Sum]:
        """Places left of those that stood there, where projects together could take them all."""
        taking: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for k, project in self._instance.projects.items():
            for p, lost in project.removes.items():
                taking[project.site, p][k] = lost
        for (j, p), lost_by in taking.items():
            standing = self._instance.sites[j].places.get(p, (0,) * len(self._instance.years))
            for t, there in zip(self._instance.years, standing, strict=True):
                if sum(lost_by.values()) > there:
                    room = Sum(there)
                    for k, lost in lost_by.items():
                        room.add(self._open(k, t), -lost)
                    yield room

    def decided_nok(self) -> Sum:
        """Capital and operation over all years, weighted present value."""
        goal, years = self._instance.objective, self._instance.years
        total = Sum()
        for t in years:
            worth = goal.cost_weight * (1 + goal.discount_rate) ** (years[0] - t)
            self._add_projects(total, t, worth)
            for p, care_type in self._instance.care_types.items():
                self._add_operation(total, p, t, worth * care_type.operating_cost_nok)
        return total

    def _add_projects(self, total: Sum, year: int, worth: float) -> None:
        rate = self._instance.objective.discount_rate
        for k, project in self._instance.projects.items():
            share = annuity(rate, project.lifetime_years)
            yearly = share * project.investment_nok + project.operating_cost_nok
            self._add_in_use(total, k, year, worth * yearly)
            per_place = worth * share * project.net_investment_per_place_nok
            for p in self._stage.instance.projects[k].care_types:
                column, step = self._project_places(k, p, year)
                total.add(column, per_place * step)

    def _add_operation(self, total: Sum, care_type: str, year: int, nok: float) -> None:
        """`nok` for every place of a care type."""
        index = year - self._instance.years[0]
        for site in self._instance.sites.values():
            total.constant += nok * (
                site.places[care_type][index] if care_type in site.places else 0
            )
        for k, project in self._instance.projects.items():
            total.add(self._open(k, year), -nok * project.removes.get(care_type, 0))
            column, step = self._project_places(k, care_type, year)
            total.add(column, nok * step)

    def _add_in_use(self, total: Sum, k: str, year: int, coefficient: float) -> None:
        total.add(self._open(k, year), coefficient)
        lasts = self._instance.projects[k].available_years
        if lasts is not None:
            total.add(self._open(k, year - lasts), -coefficient)

    def _open(self, k: str, year: int) -> int | None:
        """The column that says whether a project has opened by a year of the future."""
        return self._stage.open.get((k, self._planned(k, year)))

    def _project_places(self, k: str, care_type: str, year: int) -> tuple[int | None, float]:
        """The column of a project's steps, and places per step."""
        column = self._stage.steps.get((k, care_type, self._planned(k, year)))
        return column, float(self._stage.instance.projects[k].step)

    def _planned(self, k: str, year: int) -> int:
        """The year whose decisions the project has come to."""
        delay = self._future.delay
        return year - (delay.years if delay is not None and delay.project == k else 0)
