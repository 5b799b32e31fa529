"""The optimum of a small scenario by trying everything.

Every opening year and every course of sizes of every project, in all combinations: rules about
decisions are arithmetic on arrays with one row per combination, and what is left of each year is
a transport problem that depends on the places alone. Read straight from the scenario document,
with explicit need and a travel matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor, inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, kron

from tests.referee import (
    annuity,
    drawn,
    felt_minutes,
    held,
    longest_minutes,
    net_per_place,
    nok_per_minute,
)

Document = dict[str, Any]
Floats = NDArray[np.float64]
SLACK = 1e-6
MISSING_NOK = 1e4  # where unmet need has no price: far above what any journey of a toy saves


@dataclass(frozen=True)
class Course:
    """One thing a project may do: when it opens (inf: never), and its places (types, years)."""

    opens: float
    active: NDArray[np.bool_]
    places: NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """One row per combination of courses.

    `which` of its courses each project takes and when it `opens` (projects); `stock` and `removed`
    (sites, types, years); `invested`, `capital` and `fixed` operation [NOK] (years); `fte` of
    projects (groups, years).
    """

    which: NDArray[np.int64]
    opens: Floats
    stock: Floats
    removed: Floats
    invested: Floats
    capital: Floats
    fixed: Floats
    fte: Floats

    def where(self, keep: NDArray[np.bool_]) -> "Tally":
        return Tally(*(rows[keep] for rows in vars(self).values()))


class Enumeration:
    """A document and its courses."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.years = list(range(document["years"]["first"], document["years"]["last"] + 1))
        self.types, self.sites = list(document["care_types"]), list(document["sites"])
        self.projects = document["projects"]
        self.policies = document.get("policies") or {}
        self.groups = sorted((document.get("staffing") or {}).get("available_fte") or {})
        self.courses = {k: list(self._courses(k)) for k in self.projects}

    @property
    def combinations(self) -> int:
        """How many combinations there are to try."""
        return prod(map(len, self.courses.values()))

    def optimum(self) -> float | None:
        """The least cost in NOK; None when no combination keeps every rule."""
        if not self.combinations:  # a required project cannot open
            return None
        tally = self.allowed()
        if not len(tally.opens):
            return None
        cost = self.cost(tally)
        return float(cost.min()) if np.isfinite(cost).any() else None

    def allowed(self) -> Tally:
        """The combinations that keep every rule about decisions."""
        tally = self._tally()
        tally = tally.where(self._links_hold(tally))
        return tally.where(self._targets_hold(tally) & self._limits_hold(tally))

    def _courses(self, k: str) -> Iterator[Course]:
        project, years = self.projects[k], len(self.years)
        if k not in (self.policies.get("required_projects") or ()):
            nothing = np.zeros((len(self.types), years), dtype=int)
            yield Course(inf, np.zeros(years, dtype=bool), nothing)
        for opens in self._opening_years(k):
            closes = opens + (project.get("available_years") or years)
            active = np.array([opens <= t < closes for t in self.years])
            for path in self._paths(k, int(active.sum())):
                places = np.zeros((len(self.types), years), dtype=int)
                places[:, active] = np.array(path).T
                yield Course(opens, active, places)

    def _opening_years(self, k: str) -> list[int]:
        project = self.projects[k]
        allowed = self.policies.get("allowed_ownership")
        owner = project.get("ownership") or "municipal"
        if k in (self.policies.get("forbidden_projects") or ()) or owner not in (
            allowed or [owner]
        ):
            return []
        window = project.get("opens") or {}
        earliest, latest = window.get("earliest") or 0, window.get("latest") or inf
        return [t for t in self.years if earliest <= t <= latest]

    def _paths(self, k: str, length: int) -> Iterator[list[tuple[int, ...]]]:
        """Sizes by year, each a tuple over care types, none of which shrinks."""
        project = self.projects[k]
        least, most, step = (project["places"][name] for name in ("min", "max", "step"))
        levels = [
            range(0, most + 1, step) if p in project["care_types"] else (0,) for p in self.types
        ]
        sizes = [size for size in product(*levels) if least <= sum(size) <= most]
        paths: list[list[tuple[int, ...]]] = [[]]
        for _ in range(length):
            paths = [
                [*path, size]
                for path in paths
                for size in sizes
                if not path or all(a <= b for a, b in zip(path[-1], size, strict=True))
            ]
        yield from paths

    def _tally(self) -> Tally:
        """Add the projects one by one, each course to each combination of those before."""
        tally = self._today()
        for index, k in enumerate(self.projects):
            added = [
                self._contribution(index, k, number, course)
                for number, course in enumerate(self.courses[k])
            ]
            more = Tally(*(np.stack(rows) for rows in zip(*added, strict=True)))
            tally = Tally(
                *(
                    (a[:, None] + b[None, :]).reshape(len(a) * len(b), *a.shape[1:])
                    for a, b in zip(vars(tally).values(), vars(more).values(), strict=True)
                )
            )
        return tally

    def _today(self) -> Tally:
        years = len(self.years)
        nothing = np.zeros((1, years))
        return Tally(
            which=np.zeros((1, len(self.projects)), dtype=int),
            opens=np.zeros((1, len(self.projects))),
            stock=self._standing()[None],
            removed=np.zeros((1, len(self.sites), len(self.types), years)),
            invested=nothing,
            capital=nothing,
            fixed=nothing,
            fte=np.zeros((1, len(self.groups), years)),
        )

    def _standing(self) -> Floats:
        sites = self.document["sites"].values()
        return np.array(
            [
                [
                    [held((j.get("places") or {}).get(p), t) or 0 for t in self.years]
                    for p in self.types
                ]
                for j in sites
            ],
            dtype=float,
        )

    def _contribution(
        self, index: int, k: str, number: int, course: Course
    ) -> tuple[NDArray[Any], ...]:
        project, mine = self.projects[k], np.arange(len(self.projects)) == index
        site = np.array([j == project["site"] for j in self.sites])[:, None, None]
        lost = [(project.get("removes") or {}).get(p, 0) for p in self.types]
        opened = np.array([course.opens <= t for t in self.years])
        removed = site * np.array(lost)[:, None] * opened
        size = course.places.sum(axis=0)
        rate = self.document["objective"]["discount_rate"]
        fixed_fte = project.get("fte") or {}
        worth = project["investment_nok"] * course.active + net_per_place(project) * size
        return (
            np.where(mine, number, 0),
            np.where(mine, course.opens, 0.0),
            site * course.places - removed,
            removed,
            project["investment_nok"] * (np.array(self.years) == course.opens)
            + net_per_place(project) * np.diff(size, prepend=0),
            annuity(rate, project["lifetime_years"]) * worth,
            (project.get("operating_cost_nok") or 0) * course.active,
            np.outer([fixed_fte.get(e, 0) for e in self.groups], course.active),
        )

    def _links_hold(self, tally: Tally) -> NDArray[np.bool_]:
        column = {k: tally.opens[:, index] for index, k in enumerate(self.projects)}
        holds = (tally.removed <= self._standing()) | (tally.removed == 0)
        ok: NDArray[np.bool_] = holds.all(axis=(1, 2, 3))
        for k, project in self.projects.items():
            for other in project.get("excludes") or ():
                ok &= np.isinf(column[k]) | np.isinf(column[other])
            for base in project.get("requires") or ():
                ok &= np.isinf(column[k]) | (column[base] <= column[k])
        most = self.policies.get("max_projects")
        return ok & (np.isfinite(tally.opens).sum(axis=1) <= (inf if most is None else most))

    def _counted(self, tally: Tally, core: str | None = None) -> Floats:
        """Counted places (combinations, years)."""
        sites = [core in (None, j.get("core")) for j in self.document["sites"].values()]
        types = [c["counts_towards_coverage"] for c in self.document["care_types"].values()]
        counted: Floats = tally.stock[:, sites][:, :, types].sum(axis=(1, 2))
        return counted

    def _targets_hold(self, tally: Tally) -> NDArray[np.bool_]:
        targets = self.document.get("targets") or {}
        coverage, cores = targets.get("coverage"), targets.get("core_coverage")
        ok = np.ones(len(tally.opens), dtype=bool)
        for index, t in enumerate(self.years):
            if coverage and held(coverage["ratio"], t) is not None:
                asked = self._asked(coverage["ratio"], coverage["population"], t)
                ok &= self._counted(tally)[:, index] >= floor(asked + Fraction(1, 2))
            for core, ratio in cores["ratio"].items() if cores else ():
                if held(ratio, t) is not None:
                    asked = self._asked(ratio, cores["population"], t, core)
                    ok &= self._counted(tally, core)[:, index] >= ceil(asked)
        for p in self.policies.get("keep_places") or ():
            total = tally.stock[:, :, self.types.index(p)].sum(axis=1)
            today = self._standing()[:, self.types.index(p), 0].sum()
            ok &= (total >= today).all(axis=1)
        having = sum(self._counted(tally, g)[:, -1] >= 1 for g in self.document.get("cores") or ())
        return ok & (having >= (self.policies.get("min_cores_with_places") or 0))

    def _asked(self, ratio: Any, group: str, year: int, core: str | None = None) -> Fraction:
        districts = self.document["districts"].values()
        here = [d for d in districts if core in (None, d.get("core"))]
        people = sum(Fraction(str(drawn(d["population"][group], year))) for d in here)
        return Fraction(str(held(ratio, year))) * people

    def _operating(self, tally: Tally) -> Floats:
        prices = [c["operating_cost_nok"] for c in self.document["care_types"].values()]
        operating: Floats = np.einsum("cjpt,p->ct", tally.stock, prices) + tally.fixed
        return operating

    def _limits_hold(self, tally: Tally) -> NDArray[np.bool_]:
        budget = self.document.get("budget") or {}
        total = budget.get("investment_total_nok")
        ok = tally.invested.sum(axis=1) <= (inf if total is None else total) + SLACK
        ok &= self._within(tally.invested, budget.get("investment_nok"))
        ok &= self._within(self._operating(tally), budget.get("operating_nok"))
        for index, group in enumerate(self.groups):
            types = self.document["care_types"].values()
            each = [c["fte_per_place"].get(group, 0) for c in types]
            used = np.einsum("cjpt,p->ct", tally.stock, each) + tally.fte[:, index]
            ok &= self._within(used, self.document["staffing"]["available_fte"][group])
        return ok

    def _within(self, amounts: Floats, series: Any) -> NDArray[np.bool_]:
        limits = [held(series, t) for t in self.years]
        ceiling = np.array([inf if limit is None else limit for limit in limits])
        within: NDArray[np.bool_] = (amounts <= ceiling + SLACK).all(axis=1)
        return within

    def cost(self, tally: Tally) -> Floats:
        """What each combination costs, in NOK; inf where not all need can be met, and must."""
        cost = self.decided(tally)
        for index, t in enumerate(self.years):
            stocks = tally.stock[..., index].reshape(len(tally.opens), -1)
            kinds, which = np.unique(stocks, axis=0, return_inverse=True)
            served = transport(self.document, t, kinds)[which.ravel()]
            cost += self._discount[index] * served
        return cost

    def decided(self, tally: Tally) -> Floats:
        """What capital and operation cost in NOK, whoever is served where."""
        weight = (self.document["objective"].get("weights") or {"cost": 1})["cost"]
        decided: Floats = weight * (tally.capital + self._operating(tally)) @ self._discount
        return decided

    @property
    def _discount(self) -> Floats:
        rate = self.document["objective"]["discount_rate"]
        discount: Floats = (1 + rate) ** -np.arange(float(len(self.years)))
        return discount


@dataclass(frozen=True)
class Staff:
    """FTE `per_place` (groups, types), `left` for places (combinations, groups); inf: no limit.

    `price` of an FTE that lacks, in missing places, per group.
    """

    per_place: Floats
    left: Floats
    price: Floats


def transport(
    document: Document, year: int, stocks: Floats, staff: "Staff | None" = None
) -> Floats:
    """Least cost of serving a year's need, for each row of `stocks` (sites × types); inf: cannot.

    One linear program with a block for each row. Its last column is the minutes per place needed
    of the worst-off district, which cost nothing where they have no weight. With `staff` the
    places in use ask for FTE, and FTE that lack all the same are the columns before it.
    """
    needs = [
        (i, n, drawn(series, year))
        for i, district in document["districts"].items()
        for n, series in district["need"].items()
    ]
    journeys = list(journeys_of(document, needs))
    goal = document["objective"]
    weights = goal.get("weights") or {"cost": 1, "travel": 1}
    priced = goal["unmet_place_year_nok"] is not None
    missing = weights["cost"] * goal["unmet_place_year_nok"] if priced else MISSING_NOK
    per_minute = weights["travel"] * nok_per_minute(document)
    minutes = np.array([m for _, _, m in journeys])
    travelled = per_minute * minutes
    if weights.get("kolm_pollak"):
        felt = np.array([felt_minutes(document, m) for m in minutes])
        travelled = travelled + weights["kolm_pollak"] * nok_per_minute(document) * felt
    everybody = sum(places for _, _, places in needs)
    worst = weights.get("worst_off", 0) * nok_per_minute(document) * everybody
    lacking = missing * staff.price if staff is not None else np.zeros(0)
    price = np.concatenate([travelled, np.full(len(needs), missing), lacking, [worst]])

    balance = np.zeros((len(needs), len(price)))
    room = np.zeros((stocks.shape[1], len(price)))
    for column, (need, source, _) in enumerate(journeys):
        balance[need, column] = room[source, column] = 1
    unmet = slice(len(journeys), len(journeys) + len(needs))
    balance[:, unmet] = np.eye(len(needs))
    if staff is not None:
        asked = np.zeros((len(lacking), len(price)))
        types = list(document["care_types"])
        for column, (_, source, _) in enumerate(journeys):
            asked[:, column] = staff.per_place[:, source % len(types)]
        asked[:, unmet.stop : -1] = -np.eye(len(lacking))
        room, stocks = np.vstack([room, asked]), np.hstack([stocks, staff.left])
    unequal = _worse_than_the_worst(document, needs, journeys, len(lacking))
    room = np.vstack([room, unequal])
    stocks = np.hstack([stocks, np.zeros((len(stocks), len(unequal)))])
    within = (document.get("targets") or {}).get("within")
    share = held(within["share"], year) if within else None
    if share is not None:
        far = np.where(minutes <= within["minutes"], share - 1, share)
        room = np.vstack([room, np.append(far, np.zeros(len(price) - len(far)))])
        stocks = np.hstack([stocks, np.zeros((len(stocks), 1))])

    blocks = eye_array(len(stocks))
    answer = linprog(
        np.tile(price, len(stocks)),
        A_ub=kron(blocks, csr_array(room)),
        b_ub=stocks.ravel(),
        A_eq=kron(blocks, csr_array(balance)),
        b_eq=np.tile([places for _, _, places in needs], len(stocks)),
        method="highs",
    )
    assert answer.success, answer.message
    served = answer.x.reshape(len(stocks), -1)
    impossible = (served[:, unmet].sum(axis=1) > SLACK) & (not priced)
    cost: Floats = np.where(impossible, inf, served @ price)
    return cost


def _worse_than_the_worst(
    document: Document,
    needs: list[tuple[str, str, float]],
    journeys: list[tuple[int, int, float]],
    groups: int,
) -> Floats:
    """Per district, place-minutes less its need × the minutes of the worst: at most 0."""
    districts = sorted({i for i, _, _ in needs})
    rows = np.zeros((len(districts), len(journeys) + len(needs) + groups + 1))
    for column, (need, _, minutes) in enumerate(journeys):
        rows[districts.index(needs[need][0]), column] = minutes
    for column, (i, _, places) in enumerate(needs, len(journeys)):
        rows[districts.index(i), column] = longest_minutes(document, i)
        rows[districts.index(i), -1] -= places
    return rows


def journeys_of(
    document: Document, needs: list[tuple[str, str, float]]
) -> Iterator[tuple[int, int, float]]:
    """Need, source (site and type) and minutes of every journey that may be made."""
    limit = document["travel"].get("limit_minutes")
    sources = list(product(document["sites"], document["care_types"]))
    for row, (i, n, _) in enumerate(needs):
        for column, (j, p) in enumerate(sources):
            minutes = document["travel"]["minutes"][j].get(i)
            reached = minutes is not None and (limit is None or minutes <= limit)
            if reached and n in document["care_types"][p]["serves"]:
                yield row, column, minutes
