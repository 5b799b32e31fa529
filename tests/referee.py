"""The rules and the cost once more, read straight from the scenario document.

A third opinion beside the formulation and `solver.verify`, plain and slow, for small scenarios
with explicit need and a travel matrix.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, exp, floor, inf
from typing import Any

import numpy as np

from solver.domain.plan import Plan

SLACK = 1e-6


def held(series: Any, year: int) -> Any:
    """A step series in a year."""
    if not isinstance(series, dict):
        return series
    begun = [int(since) for since in series if int(since) <= year]
    return series[str(max(begun))] if begun else None


def drawn(series: Any, year: int) -> float:
    """A linear series in a year."""
    if not isinstance(series, dict):
        return float(series or 0)
    knots = sorted(series, key=int)
    return float(np.interp(year, [int(knot) for knot in knots], [series[knot] for knot in knots]))


class Referee:
    """A document and a plan, and what they come to."""

    def __init__(self, document: dict[str, Any], plan: Plan) -> None:
        self.document, self.plan = document, plan
        self.years = range(document["years"]["first"], document["years"]["last"] + 1)
        self.types, self.sites = document["care_types"], document["sites"]
        self.projects = document.get("projects") or {}
        self.minutes = document["travel"]["minutes"]
        self.policies = document.get("policies") or {}
        self.budget = document.get("budget") or {}
        self.targets = document.get("targets") or {}
        self.fte_limits = (document.get("staffing") or {}).get("available_fte") or {}

    def open(self, k: str, t: int) -> bool:
        return k in self.plan.opens and self.plan.opens[k] <= t

    def active(self, k: str, t: int) -> bool:
        lasts = self.projects[k].get("available_years") or inf
        return self.open(k, t) and t < self.plan.opens[k] + lasts

    def size(self, k: str, t: int) -> int:
        types = self.projects[k]["care_types"]
        return sum(self.plan.places.get((k, p, t), 0) for p in types)

    def standing(self, j: str, p: str, t: int) -> int:
        return held((self.sites[j].get("places") or {}).get(p), t) or 0

    def removed(self, j: str, p: str, t: int) -> int:
        here = [k for k in self.projects if self.projects[k]["site"] == j and self.open(k, t)]
        return sum((self.projects[k].get("removes") or {}).get(p, 0) for k in here)

    def stock(self, j: str, p: str, t: int) -> int:
        built = sum(
            q
            for (k, care_type, year), q in self.plan.places.items()
            if (self.projects[k]["site"], care_type, year) == (j, p, t)
        )
        return self.standing(j, p, t) - self.removed(j, p, t) + built

    def total(self, p: str, t: int) -> int:
        return sum(self.stock(j, p, t) for j in self.sites)

    def counted(self, t: int, core: str | None = None) -> int:
        types = [p for p in self.types if self.types[p]["counts_towards_coverage"]]
        sites = [j for j in self.sites if core is None or self.sites[j].get("core") == core]
        return sum(self.stock(j, p, t) for j in sites for p in types)

    def people(self, group: str, t: int, core: str | None = None) -> Fraction:
        districts = self.document["districts"].values()
        here = [d for d in districts if core is None or d.get("core") == core]
        return sum((Fraction(str(drawn(d["population"][group], t))) for d in here), Fraction(0))

    def invested(self, t: int) -> float:
        spent = 0.0
        for k, project in self.projects.items():
            spent += project["investment_nok"] * (self.plan.opens.get(k) == t)
            spent += net_per_place(project) * (self.size(k, t) - self.size(k, t - 1))
        return spent

    def operated(self, t: int) -> float:
        places = sum(c["operating_cost_nok"] * self.total(p, t) for p, c in self.types.items())
        active = [project for k, project in self.projects.items() if self.active(k, t)]
        return float(places + sum(project.get("operating_cost_nok") or 0 for project in active))

    def employed(self, group: str, t: int) -> float:
        places = sum(
            c["fte_per_place"].get(group, 0) * self.total(p, t) for p, c in self.types.items()
        )
        active = [project for k, project in self.projects.items() if self.active(k, t)]
        return float(places + sum((project.get("fte") or {}).get(group, 0) for project in active))

    def cost(self) -> float:
        """The objective in NOK."""
        goal = self.document["objective"]
        weights = goal.get("weights") or {"cost": 1, "travel": 1}
        rate = goal["discount_rate"]
        return sum(
            (
                weights["cost"] * self._spent(t)
                + weights["travel"] * self._travelled(t)
                + (weights["kolm_pollak"] * self._felt(t) if "kolm_pollak" in weights else 0)
                + (weights["worst_off"] * self._as_the_worst(t) if "worst_off" in weights else 0)
            )
            / (1 + rate) ** (t - self.years[0])
            for t in self.years
        )

    def _spent(self, t: int) -> float:
        goal = self.document["objective"]
        unmet = sum(q for (_, _, year), q in self.plan.unmet.items() if year == t)
        capital = sum(
            annuity(goal["discount_rate"], project["lifetime_years"])
            * (project["investment_nok"] + net_per_place(project) * self.size(k, t))
            for k, project in self.projects.items()
            if self.active(k, t)
        )
        return float(capital + self.operated(t) + (goal["unmet_place_year_nok"] or 0) * unmet)

    def _travelled(self, t: int) -> float:
        return nok_per_minute(self.document) * sum(
            q * self.minutes[j][i]
            for (i, _, j, _, year), q in self.plan.allocation.items()
            if year == t
        )

    def _felt(self, t: int) -> float:
        return nok_per_minute(self.document) * sum(
            q * felt_minutes(self.document, self.minutes[j][i])
            for (i, _, j, _, year), q in self.plan.allocation.items()
            if year == t
        )

    def _as_the_worst(self, t: int) -> float:
        needs = {
            i: sum(drawn(series, t) for series in district["need"].values())
            for i, district in self.document["districts"].items()
        }
        travelled = dict.fromkeys(needs, 0.0)
        for (i, _, j, _, year), q in self.plan.allocation.items():
            if year == t:
                travelled[i] += q * self.minutes[j][i]
        for (i, _, year), q in self.plan.unmet.items():
            if year == t:
                travelled[i] += q * longest_minutes(self.document, i)
        worst = max(travelled[i] / needs[i] if needs[i] else 0 for i in needs)
        return nok_per_minute(self.document) * sum(needs.values()) * worst

    def broken(self) -> set[str]:
        """The codes of the rules that the plan breaks."""
        return {code for code, rule in RULES if not all(rule(self))}


def net_per_place(project: dict[str, Any]) -> float:
    return float(project["investment_per_place_nok"] - (project.get("grant_per_place_nok") or 0))


def annuity(rate: float, years: int) -> float:
    return rate / (1 - (1 + rate) ** -years) if rate else 1 / years


def nok_per_minute(document: dict[str, Any]) -> float:
    travel = document["travel"]
    return float(2 * travel["visits_per_place_year"] * travel["value_of_time_nok_per_hour"] / 60)


def longest_minutes(document: dict[str, Any], i: str) -> float:
    """The longest journey of a district within the travel limit; 0 without any."""
    limit = document["travel"].get("limit_minutes") or inf
    minutes = [row[i] for row in document["travel"]["minutes"].values() if i in row]
    return max((m for m in minutes if m <= limit), default=0)


def felt_minutes(document: dict[str, Any], minutes: float) -> float:
    aversion = document["objective"]["inequality_aversion_per_minute"]
    return (exp(aversion * minutes) - 1) / aversion


def _need(r: Referee) -> Iterator[bool]:
    met: dict[tuple[str, str, int], float] = {}
    for (i, n, j, p, t), q in r.plan.allocation.items():
        met[i, n, t] = met.get((i, n, t), 0) + q
        limit = r.document["travel"].get("limit_minutes")
        reached = i in r.minutes[j] and (limit is None or r.minutes[j][i] <= limit)
        yield q >= 0 and n in r.types[p]["serves"] and reached
    for (i, n, t), q in r.plan.unmet.items():
        met[i, n, t] = met.get((i, n, t), 0) + q
        yield q >= 0
        yield q <= SLACK or r.document["objective"]["unmet_place_year_nok"] is not None
    for i, district in r.document["districts"].items():
        for n, series in district["need"].items():
            for t in r.years:
                yield abs(drawn(series, t) - met.get((i, n, t), 0)) <= SLACK


def _places(r: Referee) -> Iterator[bool]:
    for j in r.sites:
        for p in r.types:
            for t in r.years:
                users = [q for key, q in r.plan.allocation.items() if key[2:] == (j, p, t)]
                yield sum(users) <= r.stock(j, p, t) + SLACK or not users
                yield r.removed(j, p, t) <= r.standing(j, p, t) or not r.removed(j, p, t)


def _sizes(r: Referee) -> Iterator[bool]:
    for k, project in r.projects.items():
        for t in r.years:
            least, most = project["places"]["min"], project["places"]["max"]
            yield least <= r.size(k, t) <= most if r.active(k, t) else r.size(k, t) == 0
    for (k, p, t), q in r.plan.places.items():
        yield q >= 0 and q % r.projects[k]["places"]["step"] == 0
        yield p in r.projects[k]["care_types"] and t in r.years


def _growth(r: Referee) -> Iterator[bool]:
    for k, project in r.projects.items():
        for p in project["care_types"]:
            course = [r.plan.places.get((k, p, t), 0) for t in r.years if r.active(k, t)]
            yield course == sorted(course)


def _excludes(r: Referee) -> Iterator[bool]:
    for k in r.plan.opens:
        yield r.plan.opens.keys().isdisjoint(r.projects[k].get("excludes") or ())


def _requires(r: Referee) -> Iterator[bool]:
    for k, year in r.plan.opens.items():
        for base in r.projects[k].get("requires") or ():
            yield r.open(base, year)


def _openings(r: Referee) -> Iterator[bool]:
    for k, year in r.plan.opens.items():
        opens = r.projects[k].get("opens") or {}
        yield year in r.years
        yield (opens.get("earliest") or year) <= year <= (opens.get("latest") or year)
        yield k not in (r.policies.get("forbidden_projects") or ())
        owner = r.projects[k].get("ownership") or "municipal"
        yield owner in (r.policies.get("allowed_ownership") or [owner])
    yield set(r.policies.get("required_projects") or ()) <= r.plan.opens.keys()


def _coverage(r: Referee) -> Iterator[bool]:
    target = r.targets.get("coverage")
    for t in r.years if target else ():
        ratio = held(target["ratio"], t)
        if ratio is not None:
            asked = floor(Fraction(str(ratio)) * r.people(target["population"], t) + Fraction(1, 2))
            yield r.counted(t) >= asked


def _core_coverage(r: Referee) -> Iterator[bool]:
    target = r.targets.get("core_coverage")
    for core, series in target["ratio"].items() if target else ():
        for t in r.years:
            ratio = held(series, t)
            if ratio is not None:
                people = r.people(target["population"], t, core)
                yield r.counted(t, core) >= ceil(Fraction(str(ratio)) * people)


def _staff(r: Referee) -> Iterator[bool]:
    for group, series in r.fte_limits.items():
        for t in r.years:
            yield _within(r.employed(group, t), held(series, t))


def _investment(r: Referee) -> Iterator[bool]:
    for t in r.years:
        yield _within(r.invested(t), held(r.budget.get("investment_nok"), t))


def _investment_total(r: Referee) -> Iterator[bool]:
    yield _within(sum(map(r.invested, r.years)), r.budget.get("investment_total_nok"))


def _operating(r: Referee) -> Iterator[bool]:
    for t in r.years:
        yield _within(r.operated(t), held(r.budget.get("operating_nok"), t))


def _kept(r: Referee) -> Iterator[bool]:
    for p in r.policies.get("keep_places") or ():
        today = sum(r.standing(j, p, r.years[0]) for j in r.sites)
        for t in r.years:
            yield r.total(p, t) >= today


def _numbers(r: Referee) -> Iterator[bool]:
    yield _within(len(r.plan.opens), r.policies.get("max_projects"))
    having = sum(r.counted(r.years[-1], core) >= 1 for core in r.document.get("cores") or ())
    yield having >= (r.policies.get("min_cores_with_places") or 0)


def _near(r: Referee) -> Iterator[bool]:
    target = r.targets.get("within")
    for t in r.years if target else ():
        share = held(target["share"], t)
        served = {key: q for key, q in r.plan.allocation.items() if key[4] == t}
        near = sum(
            q
            for (i, _, j, _, _), q in served.items()
            if r.minutes[j].get(i, inf) <= target["minutes"]
        )
        yield share is None or near >= share * sum(served.values()) - SLACK


def _within(amount: float, limit: float | None) -> bool:
    return limit is None or amount <= limit + SLACK


RULES: tuple[tuple[str, Callable[[Referee], Iterator[bool]]], ...] = (
    ("C1", _need),
    ("C2", _places),
    ("C3", _sizes),
    ("C4", _growth),
    ("C5", _excludes),
    ("C6", _requires),
    ("C7", _openings),
    ("C8", _coverage),
    ("C9", _core_coverage),
    ("C10", _staff),
    ("C11", _investment),
    ("C12", _investment_total),
    ("C13", _operating),
    ("C14", _kept),
    ("C15", _numbers),
    ("C16", _near),
)
