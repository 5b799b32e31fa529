"""Small random location scenarios of one year, the same for the same seed."""

from random import Random

from app.services.checking import check_scenario
from solver import SitingInstance
from solver.domain.errors import ScenarioInvalid
from solver.engine.location.problem import LocationProblem, recognise
from tests.siting import Document, care_type, instance_of, project, scenario

EVERYBODY = 1000  # places: more than all need


def random_location(seed: int, unlimited: float = 1.0) -> Document:
    """A valid scenario: 2–9 sites with up to 2 projects each, 2–12 districts, 1–2 care types.

    `unlimited` is the share of projects and standing places with room for everybody.
    """
    rng = Random(seed)
    while True:
        document = _Draw(rng, unlimited).document()
        try:
            check_scenario(document)
        except ScenarioInvalid:
            continue
        return document


def random_problem(seed: int, capacitated: bool = False) -> LocationProblem:
    """The seed's first scenario that is a location problem with capacities, or one without."""
    unlimited = 0.2 if capacitated else 1.0
    while True:
        problem = recognise(instance_of(random_location(seed, unlimited)))
        if problem is not None and problem.capacitated == capacitated:
            return problem
        seed += 10_000


def random_instance(seed: int, capacitated: bool = False) -> SitingInstance:
    """The instance of `random_problem`."""
    return random_problem(seed, capacitated).instance


class _Draw:
    """One scenario on its way."""

    def __init__(self, rng: Random, unlimited: float) -> None:
        self.rng = rng
        self.unlimited = unlimited
        self.districts = [f"d{i}" for i in range(rng.randint(2, 12))]
        self.sites = [f"s{j}" for j in range(rng.randint(2, 9))]
        self.types = {"p": care_type()}
        if self.maybe(0.3):
            self.types["q"] = care_type(rng.choice(["m", "nm"]))

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def size(self, low: int, high: int) -> int:
        return EVERYBODY if self.maybe(self.unlimited) else self.rng.randint(low, high)

    def document(self) -> Document:
        rng = self.rng
        projects = {
            f"k{j}{number}": self._project(j)
            for j in self.sites
            for number in range(rng.choice([0, 1, 1, 1, 2]))
        }
        return scenario(
            care_types=self.types,
            districts={i: self._district() for i in self.districts},
            sites={j: self._site() for j in self.sites},
            projects=projects,
            minutes={j: self._minutes() for j in self.sites},
            travel={"limit_minutes": rng.choice([None, None, 12])},
            policies=self._policies(list(projects)),
            unmet_nok=rng.choice([None, None, 15, 60, 7.5]),
            objective={
                "weights": {"cost": rng.choice([1, 1, 0.5]), "travel": rng.choice([0, 1, 2])}
            },
        )

    def _district(self) -> Document:
        need = {"n": self.rng.choice([0, 0.5, 1, 2, 3])}
        return {"need": need | ({"m": self.rng.choice([0, 1, 2])} if "q" in self.types else {})}

    def _site(self) -> Document:
        return {"places": {"p": self.size(1, 6)}} if self.maybe(0.15) else {}

    def _minutes(self) -> Document:
        rng = self.rng
        near = [i for i in self.districts if self.maybe(0.85)]
        return {i: rng.randint(1, 20) / rng.choice([1, 1, 3]) for i in near}

    def _project(self, site: str) -> Document:
        rng = self.rng
        step = rng.choice([1, 1, 4])
        mixes = [["p"], ["p"], ["q"], ["p", "q"]] if "q" in self.types else [["p"]]
        return project(
            site,
            max(self.size(2, 12), step),
            least=rng.choice([0, 0, 2]) if step == 1 else 0,
            step=step,
            care_types=rng.choice(mixes),
            investment_nok=rng.choice([0, 5, 20, 33.3]),
            operating_cost_nok=rng.choice([0, 0, 2]),
            ownership=rng.choice(["municipal", "private"]),
        )

    def _policies(self, projects: list[str]) -> Document:
        rng = self.rng
        return {
            "max_projects": rng.randint(1, 4) if self.maybe(0.6) else None,
            "allowed_ownership": ["municipal"] if self.maybe(0.1) else None,
            "required_projects": rng.sample(projects, min(1, len(projects)))
            if self.maybe(0.15)
            else [],
            "forbidden_projects": rng.sample(projects, min(1, len(projects)))
            if self.maybe(0.1)
            else [],
        }
