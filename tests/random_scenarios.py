"""Small random scenarios, the same for the same seed, with every rule on now and then."""

from copy import deepcopy
from random import Random
from typing import Any

from app.services.checking import check_scenario
from solver.domain.errors import ScenarioInvalid
from tests.siting import Y1, Document, care_type, project, scenario

OWNERS = ("municipal", "non_profit", "private")


def random_scenario(seed: int) -> Document:
    """A valid scenario: 2–4 sites and projects, 2–5 districts, 1–3 years."""
    rng = Random(seed)
    while True:
        document = _Draw(rng).document()
        try:
            check_scenario(document)
        except ScenarioInvalid:
            continue
        return document


def random_scenario_with_twins(seed: int) -> Document:
    """A valid scenario where projects are copies of another, many of them a little worse."""
    rng = Random(seed)
    while True:
        document = _Draw(rng).document()
        _make_twins(rng, document)
        try:
            check_scenario(document)
        except ScenarioInvalid:
            continue
        return document


def _make_twins(rng: Random, document: Document) -> None:
    projects = document["projects"]
    original = projects[rng.choice(list(projects))]
    if rng.random() < 0.7:  # a project that others name has no twin
        for project in projects.values():
            project["excludes"] = project["requires"] = []
        document["policies"]["required_projects"] = []
    for k in rng.sample(list(projects), rng.randint(1, 2)):
        if projects[k] is not original:
            projects[k] = deepcopy(original)
            if rng.random() < 0.6:
                _change(rng, projects[k], document)
            if projects[k]["ownership"] != original["ownership"] and rng.random() < 0.7:
                document["policies"]["allowed_ownership"] = [projects[k]["ownership"]]


def _change(rng: Random, project: Document, document: Document) -> None:
    """Make a project a little different, mostly worse."""
    site, other = rng.choice(list(document["sites"])), rng.choice(list(document["projects"]))
    staffed = bool(document["staffing"])
    changes = [
        {"investment_nok": project["investment_nok"] + 5},
        {"investment_per_place_nok": project["investment_per_place_nok"] + 2},
        {"operating_cost_nok": project["operating_cost_nok"] + 2},
        {"places": {**project["places"], "max": project["places"]["max"] + 1}},
        {"places": {**project["places"], "min": project["places"]["max"]}},
        {"opens": {"earliest": document["years"]["last"], "latest": None}},
        {"opens": {"earliest": None, "latest": Y1}},
        {"lifetime_years": rng.choice([1, 2, 40])},
        {"ownership": rng.choice(OWNERS)},
        {"site": site, "removes": {}},
        {"removes": {}},
        {"available_years": rng.choice([1, 2, None])},
        {"places": {**project["places"], "step": 1}},
        {"care_types": rng.sample(list(document["care_types"]), 1)},
        *([{"fte": {"all": 4}}] * 3 if staffed else []),
        {"excludes": [other]},
        {"requires": [other]},
    ]
    for change in rng.sample(changes, rng.choice([1, 1, 2])):
        project.update(change)


def unequal_scenario(seed: int, **weights: float) -> Document:
    """`random_scenario` with weights on inequality: those given, or both drawn."""
    rng = Random(seed)
    drawn = {"worst_off": rng.choice([0.5, 1, 3]), "kolm_pollak": rng.choice([0.5, 1, 2])}
    document = random_scenario(seed)
    goal = document["objective"]
    goal["weights"] |= {"travel": rng.choice([0, 1])} | (weights or drawn)
    goal["inequality_aversion_per_minute"] = rng.choice([0.01, 0.1, 0.3])
    return document


class _Draw:
    """One scenario on its way; `maybe` turns a rule on in a third of them."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.last = Y1 + rng.choice([0, 1, 1, 2])
        self.years = range(Y1, self.last + 1)
        self.types = ["p", "q"][: rng.choice([1, 1, 2])]
        self.sites = ["s", "u", "v", "w"][: rng.randint(2, 4)]
        self.districts = ["a", "b", "c", "d", "e"][: rng.randint(2, 5)]
        self.projects = ["k", "l", "m", "n"][: rng.randint(2, 4)]
        self.staffed = self.maybe()

    def maybe(self, share: float = 0.3) -> bool:
        return self.rng.random() < share

    def series(self, low: int, high: int) -> Any:
        """A number, or a step series that begins now or a year later."""
        if self.maybe(0.6):
            return self.rng.randint(low, high)
        return {str(self.rng.choice(self.years)): self.rng.randint(low, high)}

    def document(self) -> Document:
        rng = self.rng
        standing = {j: self._places() for j in self.sites}
        cores = {"g": {}, "h": {}}
        return scenario(
            self.last,
            care_types={p: self._care_type(p) for p in self.types},
            cores=cores,
            districts={i: self._district() for i in self.districts},
            sites={j: {"places": standing[j], "core": rng.choice("gh")} for j in self.sites},
            projects={k: self._project(k, standing) for k in self.projects},
            minutes={j: self._minutes() for j in self.sites},
            travel={"limit_minutes": rng.randint(8, 14)} if self.maybe(0.2) else {},
            objective={
                "discount_rate": rng.choice([0, 0.04]),
                "unmet_place_year_nok": rng.choice([20, 60, 60, 60, 60, None]),
                "weights": {"cost": rng.choice([1, 1, 0.5]), "travel": rng.choice([1, 1, 2])},
            },
            targets=self._targets(),
            budget=self._budget(),
            policies=self._policies(),
            staffing={"available_fte": {"all": self.series(4, 12)}} if self.staffed else None,
        )

    def _care_type(self, name: str) -> Document:
        return care_type(
            {"p": "n", "q": "nm"}[name],
            operating_cost_nok=self.rng.choice([0, 0, 1, 3]),
            counts_towards_coverage=self.rng.random() < 0.8,
            fte_per_place={"all": self.rng.choice([0.5, 1])} if self.staffed else {},
        )

    def _district(self) -> Document:
        rng = self.rng
        needs = ["n", "m"] if "q" in self.types and self.maybe() else ["n"]
        return {
            "need": {n: {str(t): rng.choice([0, 0.5, 1, 2, 3]) for t in self.years} for n in needs},
            "population": {"80+": {str(t): rng.randint(5, 20) / 2 for t in self.years}},
            "core": rng.choice("gh"),
        }

    def _places(self) -> Document:
        rng = self.rng
        places: Document = {}
        for p in self.types:
            if self.maybe(0.5):
                places[p] = rng.randint(1, 4)
                if self.maybe(0.2):
                    places[p] = {str(Y1): places[p], str(self.last): rng.randint(0, 4)}
        return places

    def _minutes(self) -> Document:
        return {i: self.rng.randint(1, 15) for i in self.districts if self.rng.random() < 0.9}

    def _project(self, k: str, standing: Document) -> Document:
        rng = self.rng
        site = rng.choice(self.sites)
        step = rng.choice([1, 2, 3])
        lasts = rng.randint(1, 2) if self.maybe(0.25) else None
        per_place = 0 if lasts else rng.choice([0, 2, 5])
        others = [other for other in self.projects if other != k]
        return project(
            site,
            step * rng.randint(1, 2) + rng.choice([0, step - 1]),
            least=rng.choice([0, 0, step, 2]),
            step=step,
            care_types=rng.sample(self.types, rng.randint(1, len(self.types))),
            ownership=rng.choice(OWNERS),
            investment_nok=rng.choice([0, 5, 20]),
            investment_per_place_nok=per_place,
            grant_per_place_nok=min(per_place, rng.choice([0, 1])),
            lifetime_years=rng.choice([1, 2, 40]),
            operating_cost_nok=rng.choice([0, 2]),
            fte={"all": 0.5} if self.staffed and self.maybe() else {},
            opens={
                "earliest": rng.choice(self.years) if self.maybe() else None,
                "latest": rng.choice(self.years) if self.maybe() else None,
            },
            available_years=lasts,
            removes={p: rng.randint(1, 2) for p in standing[site] if self.maybe(0.25)},
            excludes=[rng.choice(others)] if self.maybe(0.2) else [],
            requires=[rng.choice(others)] if self.maybe(0.2) else [],
        )

    def _targets(self) -> Document:
        rng = self.rng
        targets: Document = {}
        if self.maybe():
            targets["coverage"] = {"ratio": self._share(0.1, 0.35), "population": "80+"}
        if self.maybe(0.2):
            ratio = {core: self._share(0.1, 0.3) for core in rng.choice(["g", "h", "gh"])}
            targets["core_coverage"] = {"ratio": ratio, "population": "80+"}
        if self.maybe(0.25):
            targets["within"] = {"minutes": rng.randint(4, 12), "share": self._share(0.2, 0.9)}
        return targets

    def _share(self, low: float, high: float) -> Any:
        share = round(self.rng.uniform(low, high), 2)
        return share if self.maybe(0.5) else {str(self.rng.choice(self.years)): share}

    def _budget(self) -> Document:
        return {
            "investment_nok": self.series(5, 30) if self.maybe() else None,
            "investment_total_nok": self.rng.randint(10, 40) if self.maybe() else None,
            "operating_nok": self.series(10, 40) if self.maybe() else None,
        }

    def _policies(self) -> Document:
        rng = self.rng
        chosen = rng.choice(self.projects)
        return {
            "allowed_ownership": rng.sample(OWNERS, 2) if self.maybe(0.2) else None,
            "max_projects": rng.randint(1, 3) if self.maybe(0.4) else None,
            "min_cores_with_places": rng.randint(1, 2) if self.maybe(0.2) else None,
            "required_projects": [chosen] if self.maybe(0.2) else [],
            "forbidden_projects": [chosen] if self.maybe(0.2) else [],
            "keep_places": rng.sample(self.types, 1) if self.maybe() else [],
        }
