"""The cheapest repair of a small scenario by trying everything.

Every plan that the physical rules allow, whatever the others say, and what each would have to be
let off: read straight from the scenario document, as `enumeration` does.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor, inf
from typing import Any

import numpy as np
from scipy.optimize import linprog

from tests.known_optimum.enumeration import Document, Enumeration, Floats, Tally, journeys_of
from tests.referee import drawn, held

Prices = Mapping[str, Any]
"""{rule: NOK per unit, or {id: NOK per unit}}; inf for what is never relaxed."""


class Relaxing(Enumeration):
    """A document in which everything but the physical rules may be broken."""

    def __init__(self, document: Document) -> None:
        self.wishes = document.get("policies") or {}
        free = {**self.wishes, "required_projects": [], "forbidden_projects": []}
        super().__init__({**document, "policies": {**free, "allowed_ownership": None}})

    def _opening_years(self, k: str) -> list[int]:
        """Any year from which on the places it removes stand there."""
        project = self.projects[k]
        standing = self.document["sites"][project["site"]].get("places") or {}
        return [
            t
            for t in self.years
            if all(
                (held(standing.get(p), later) or 0) >= places
                for p, places in (project.get("removes") or {}).items()
                for later in self.years
                if later >= t
            )
        ]

    def cheapest(self, prices: Prices) -> float:
        """The least price of any plan's relaxations; inf when rules never relaxed forbid all."""
        tally = self._tally()
        holds = (tally.removed <= self._standing()) | (tally.removed == 0)
        tally = tally.where(holds.all(axis=(1, 2, 3)))
        price = sum(
            (
                part(tally, prices)
                for part in (self._decisions, self._policies_broken, self._places, self._limits)
            ),
            np.zeros(len(tally.opens)),
        )
        if self.document["objective"]["unmet_place_year_nok"] is None:
            price = price + self._unserved(tally, prices)
        return float(price.min(initial=inf))

    def _decisions(self, tally: Tally, prices: Prices) -> Floats:
        """Exclusions, requirements and opening years."""
        total = np.zeros(len(tally.opens))
        column = {k: tally.opens[:, index] for index, k in enumerate(self.projects)}
        pairs = {
            tuple(sorted((k, other)))
            for k, project in self.projects.items()
            for other in project.get("excludes") or ()
        }
        for one, other in pairs:
            both = np.isfinite(column[one]) & np.isfinite(column[other])
            total += _cost(prices["exclusions"][one, other], both)
        for k, project in self.projects.items():
            for base in project.get("requires") or ():
                alone = np.isfinite(column[k]) & (column[base] > column[k])
                total += _cost(prices["requirements"][k, base], alone)
            window = project.get("opens") or {}
            earliest, latest = window.get("earliest") or 0, window.get("latest") or inf
            early = np.maximum(0, earliest - column[k])
            opens = np.where(np.isfinite(column[k]), column[k], 0)
            total += _cost(prices["opening_years"][k], early + np.maximum(0, opens - latest))
        return total

    def _policies_broken(self, tally: Tally, prices: Prices) -> Floats:
        """Required, forbidden, ownership, and the two numbers of C15."""
        total = np.zeros(len(tally.opens))
        opened = {k: np.isfinite(tally.opens[:, index]) for index, k in enumerate(self.projects)}
        for k in self.wishes.get("required_projects") or ():
            total += _cost(prices["required_projects"][k], ~opened[k])
        for k in self.wishes.get("forbidden_projects") or ():
            total += _cost(prices["forbidden_projects"][k], opened[k])
        allowed = self.wishes.get("allowed_ownership")
        if allowed is not None:
            owners = {p.get("ownership") or "municipal" for p in self.projects.values()}
            for owner in owners - set(allowed):
                theirs = [
                    opened[k]
                    for k, p in self.projects.items()
                    if (p.get("ownership") or "municipal") == owner
                ]
                total += _cost(prices["allowed_ownership"][owner], np.any(theirs, axis=0))
        most, least = (self.wishes.get(n) for n in ("max_projects", "min_cores_with_places"))
        number = np.isfinite(tally.opens).sum(axis=1)
        total += _cost(
            prices["max_projects"], np.maximum(0, number - (inf if most is None else most))
        )
        having = sum(self._counted(tally, g)[:, -1] >= 1 for g in self.document.get("cores") or ())
        return total + _cost(prices["min_cores"], np.maximum(0, (least or 0) - having))

    def _places(self, tally: Tally, prices: Prices) -> Floats:
        """Coverage, of the cores too, and kept types."""
        total = np.zeros(len(tally.opens))
        targets = self.document.get("targets") or {}
        coverage, cores = targets.get("coverage"), targets.get("core_coverage")
        for index, t in enumerate(self.years):
            if coverage and held(coverage["ratio"], t) is not None:
                asked = self._asked(coverage["ratio"], coverage["population"], t)
                short = floor(asked + Fraction(1, 2)) - self._counted(tally)[:, index]
                total += _cost(prices["coverage"], np.maximum(0, short))
            for core, ratio in cores["ratio"].items() if cores else ():
                if held(ratio, t) is not None:
                    asked = self._asked(ratio, cores["population"], t, core)
                    short = ceil(asked) - self._counted(tally, core)[:, index]
                    total += _cost(prices["core_coverage"], np.maximum(0, short))
        for p in self.wishes.get("keep_places") or ():
            there = tally.stock[:, :, self.types.index(p)].sum(axis=1)
            today = self._standing()[:, self.types.index(p), 0].sum()
            total += _cost(prices["keep_places"], np.maximum(0, today - there).sum(axis=1))
        return total

    def _limits(self, tally: Tally, prices: Prices) -> Floats:
        """Staff and money."""
        budget = self.document.get("budget") or {}
        limit = budget.get("investment_total_nok")
        spent = tally.invested.sum(axis=1) - (inf if limit is None else limit)
        total = _cost(prices["investment_total"], np.maximum(0, spent))
        for name, amounts, series in (
            ("investment_year", tally.invested, budget.get("investment_nok")),
            ("operating", self._operating(tally), budget.get("operating_nok")),
        ):
            total += _cost(prices[name], self._beyond(amounts, series))
        for index, group in enumerate(self.groups):
            types = self.document["care_types"].values()
            each = [c["fte_per_place"].get(group, 0) for c in types]
            used = np.einsum("cjpt,p->ct", tally.stock, each) + tally.fte[:, index]
            available = self.document["staffing"]["available_fte"][group]
            total += _cost(prices["staff"][group], self._beyond(used, available))
        return total

    def _beyond(self, amounts: Floats, series: Any) -> Floats:
        limits = [held(series, t) for t in self.years]
        ceiling = np.array([inf if limit is None else limit for limit in limits])
        beyond: Floats = np.maximum(0, amounts - ceiling).sum(axis=1)
        return np.where(beyond > 1e-9, beyond, 0)

    def _unserved(self, tally: Tally, prices: Prices) -> Floats:
        """Unmet need and places too far away, as cheap as the places of each year allow."""
        total = np.zeros(len(tally.opens))
        for index, t in enumerate(self.years):
            stocks = tally.stock[..., index].reshape(len(tally.opens), -1)
            kinds, which = np.unique(stocks, axis=0, return_inverse=True)
            prices_of = np.array([self._unserved_in(t, kind, prices) for kind in kinds])
            total += prices_of[which.ravel()]
        return total

    def _unserved_in(self, year: int, stock: Floats, prices: Prices) -> float:
        needs = [
            (i, n, drawn(series, year))
            for i, district in self.document["districts"].items()
            for n, series in district["need"].items()
        ]
        journeys = list(journeys_of(self.document, needs))
        columns = len(journeys) + len(needs) + 1
        balance, room = np.zeros((len(needs), columns)), np.zeros((len(stock) + 1, columns))
        within = (self.document.get("targets") or {}).get("within")
        share = held(within["share"], year) if within else None
        for column, (need, source, minutes) in enumerate(journeys):
            balance[need, column] = room[source, column] = 1
            if share is not None:
                room[-1, column] = share - (minutes <= within["minutes"])
        balance[:, len(journeys) : -1] = np.eye(len(needs))
        room[-1, -1] = -1
        ends = [(0, None)] * len(journeys)
        ends += [(0, None if prices["need_met"] < inf else 0)] * len(needs)
        ends.append((0, None if prices["within"] < inf else 0))
        unmet, far = (p if p < inf else 0 for p in (prices["need_met"], prices["within"]))
        answer = linprog(
            [0.0] * len(journeys) + [unmet] * len(needs) + [far],
            A_ub=room,
            b_ub=np.append(stock, 0),
            A_eq=balance,
            b_eq=[places for _, _, places in needs],
            bounds=ends,
            method="highs",
        )
        return float(answer.fun) if answer.success else inf


def _cost(price: float, amounts: Floats) -> Floats:
    """Amounts at a price, where nothing at an infinite price costs nothing."""
    with np.errstate(invalid="ignore"):
        return np.where(amounts > 0, np.asarray(amounts, dtype=float) * price, 0.0)


def usual_prices(document: Document) -> dict[str, Any]:
    """The prices of docs/explanations/repair.md, worked out from the document."""
    types, projects = document["care_types"].values(), document["projects"]
    dearest = max(c["operating_cost_nok"] for c in types)
    place = document["objective"]["unmet_place_year_nok"] or dearest or 1
    decision = {k: p["places"]["max"] * place for k, p in projects.items()}
    owners = {p.get("ownership") or "municipal" for p in projects.values()}
    per_fte = {
        group: max(
            (
                c["operating_cost_nok"] / c["fte_per_place"][group]
                for c in types
                if c["fte_per_place"].get(group)
            ),
            default=0,
        )
        or place
        for group in (document.get("staffing") or {}).get("available_fte") or {}
    }
    pairs = {(k, q): max(decision[k], decision[q]) for k in projects for q in projects}
    rules = document.get("rules") or {}

    def priced(name: str, usual: str, base: Any) -> Any:
        terms = rules.get(name, {})
        factor = {"physical": inf, "law": 100, "policy": 10, "assumption": 1}
        times, own = factor[terms.get("class", usual)], terms.get("price_nok_per_unit")
        if isinstance(base, dict):
            return {key: own if own is not None else times * value for key, value in base.items()}
        return own if own is not None else times * base

    return {
        "need_met": priced("need_met", "law", place),
        "exclusions": priced("exclusions", "assumption", pairs),
        "requirements": priced("requirements", "assumption", pairs),
        "opening_years": priced("opening_years", "assumption", decision),
        "required_projects": priced("required_projects", "policy", decision),
        "forbidden_projects": priced("forbidden_projects", "policy", decision),
        "allowed_ownership": priced(
            "allowed_ownership",
            "policy",
            {
                owner: max(
                    decision[k]
                    for k, p in projects.items()
                    if (p.get("ownership") or "municipal") == owner
                )
                for owner in owners
            },
        ),
        "coverage": priced("coverage", "policy", place),
        "core_coverage": priced("core_coverage", "policy", place),
        "staff": priced("staff", "assumption", per_fte),
        "investment_year": priced("investment_year", "policy", 1),
        "investment_total": priced("investment_total", "policy", 1),
        "operating": priced("operating", "policy", 1),
        "keep_places": priced("keep_places", "policy", place),
        "max_projects": priced("max_projects", "policy", max(decision.values())),
        "min_cores": priced("min_cores", "policy", max(decision.values())),
        "within": priced("within", "policy", place),
    }
