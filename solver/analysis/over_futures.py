"""The best plans over futures, as the programs say: expected cost, each future's own, regret.

What a program says of a plan is tried before it counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from solver.analysis.deal import Portable
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.analysis.told import heard_decisions, told_decisions
from solver.analysis.trials import Candidate, priced, try_in
from solver.domain.crew import Json
from solver.domain.errors import FormulationError, VerificationFailed
from solver.domain.futures import Decisions, Future
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Watcher
from solver.engine.goals import Goal
from solver.engine.handover import TriviallyInfeasible
from solver.engine.journal import Journal
from solver.engine.transport import Halted
from solver.engine.two_stage import Sought, TwoStage

Floats = NDArray[np.float64]

# Of the time that is left, one after the other.
EXPECTED_SHARE = 0.35
FORESIGHT_SHARE = 0.5
REGRET_SHARE = 0.9
FORESIGHT_SECONDS = 2.0  # for a future of a large instance; in less its relaxation is not solved
SEARCHING = 0.75  # of the time for a future: the rest is for building, and for trying what is found
# Regret is known by two searches, of what is best in each future and of the plan: half to each.
REGRET_GAP = 0.5
SAME = 1e-6  # of a cost: HiGHS's feasibility tolerance


@dataclass(frozen=True)
class Foresight:
    """The cheapest plan of a future, had one known it, of those that could be adopted today.

    `cost_nok` is of `decisions` in that future, both None where none was found; no plan costs less
    than `bound_nok`.
    """

    decisions: Decisions | None
    cost_nok: float | None
    bound_nok: float | None


class Search:
    """The best plans over the futures a plan was tried in, as the programs say.

    What there was no time for is None.
    """

    def __init__(
        self,
        instance: SitingInstance,
        price: float,
        futures: Sequence[Future],
        plan: Candidate,
        session: Session,
    ) -> None:
        self._instance, self._price, self._session = instance, price, session
        self._futures = [replace(f, instance=priced(f.instance, price)) for f in futures]
        self._plan = plan
        self.expected: Sought | None = None
        self.regret: Sought | None = None
        self.regret_goal: Goal | None = None
        self.foresight: dict[str, Foresight] = {}
        self.too_large: str | None = None

    @property
    def weights(self) -> Floats:
        """Of the futures, their sum 1."""
        weights = np.array([future.weight for future in self._futures])
        normed: Floats = weights / np.sum(weights)
        return normed

    def run(self, keeping: float) -> None:
        """Seek expected cost, each future's own, and regret; `keeping` so many seconds."""
        gap = self._session.options.mip_gap
        if not self._futures or not self._seconds(keeping):
            return
        program = self._program()
        before = self._seconds(keeping)
        later = (1 - EXPECTED_SHARE) * before
        each = FORESIGHT_SECONDS if program is None or program.decomposed else 0.0
        share = EXPECTED_SHARE if self._may_foresee(later, each) else 1.0
        self.expected = self._seek(program, Goal(self.weights), gap, share * before)
        left = self._seconds(keeping)
        if self._may_foresee(left, min(each, before - left)):
            self._foresee(FORESIGHT_SHARE * left, REGRET_GAP * gap)
        best = self._best_known()
        if len(self.foresight) == len(self._futures) and np.isfinite(best).all():
            self.regret_goal = Goal(self.weights, best)
            share = REGRET_SHARE * self._seconds(keeping)
            self.regret = self._seek(program, self.regret_goal, REGRET_GAP * gap, share)

    def _may_foresee(self, seconds: float, each: float) -> bool:
        """Whether there is time for every future's own plan, without which there is no regret.

        A future alone is taken to need no longer than all of them together did.
        """
        rounds = ceil(len(self._futures) / self._session.options.threads)
        return FORESIGHT_SHARE * seconds >= each * rounds

    def _seconds(self, keeping: float) -> float:
        """What there is to use; none once somebody asks for an end."""
        left = self._session.seconds_left - keeping
        return 0.0 if self._session.dismissed else max(left, 0.0)

    def _program(self) -> TwoStage | None:
        """None where it is too large, or the rules of the scenario allow nothing."""
        alone = replace(self._session.options, threads=1)  # so that threads change no plan
        try:
            return TwoStage(self._instance, self._futures, alone, lambda: self._session.dismissed)
        except FormulationError as error:
            self.too_large = error.detail
        except (TriviallyInfeasible, Halted):
            pass
        return None

    def _seek(
        self, program: TwoStage | None, goal: Goal, gap: float, seconds: float
    ) -> Sought | None:
        if program is None or not seconds:
            return None
        journal = Journal(self._session.watcher(), seconds)
        return program.seek(goal, self._starts(), journal, gap)

    def _starts(self) -> list[Decisions]:
        """Plans that hold the rules of the scenario, as far as they are known."""
        known = [self._plan.decisions] if self._plan.adoptable else []
        return known + new_decisions(known, (self.expected, *self.foresight.values()))

    def _foresee(self, seconds: float, gap: float) -> None:
        """The cheapest plan of each future by itself; those there is time for."""
        if not seconds:
            return
        starts = self._starts()
        asked = [
            Foreseen(self._instance, future, self._price, starts, gap) for future in self._futures
        ]
        share = min(seconds / max(self._session.seconds_left, seconds), 1.0)
        answers = work_on_all(foresee, asked, self._session, share, FORESEEING)
        for future, answer in zip(self._futures, answers, strict=True):
            if answer is not None:
                self.foresight[future.name] = answer

    def _best_known(self) -> Floats:
        """What each future costs at least, of the plans whose cost in it is known."""
        best = np.full(len(self._futures), np.inf)
        if self._plan.adoptable:
            best = np.array([self._plan.trials[each.name].cost_nok for each in self._futures])
        if self.expected is not None and self.expected.costs_nok is not None:
            best = np.minimum(best, self.expected.costs_nok)
        own = [self.foresight.get(each.name) for each in self._futures]
        costs = [np.inf if one is None or one.cost_nok is None else one.cost_nok for one in own]
        known: Floats = np.minimum(best, costs)
        return known


@dataclass(frozen=True)
class Foreseen:
    """A future whose own cheapest plan is sought."""

    instance: SitingInstance
    future: Future
    missing_place_year_nok: float
    starts: Sequence[Decisions]
    gap: float


def foresee(asked: Foreseen, options: SolveOptions, watcher: Watcher) -> Foresight | None:
    """The cheapest plan of a future by itself; None where the program cannot be built."""
    journal = Journal(watcher, SEARCHING * options.time_limit_s)
    try:
        program = TwoStage(asked.instance, [asked.future], options, watcher.should_stop)
    except (FormulationError, TriviallyInfeasible, Halted):
        return None
    sought = program.seek(Goal(np.ones(1)), asked.starts, journal, asked.gap)
    if sought.decisions is None or sought.value_nok is None:
        return Foresight(None, None, sought.bound_nok)
    trial = try_in(asked.future, sought.decisions, asked.missing_place_year_nok, watcher)
    if trial is None:
        return Foresight(None, None, sought.bound_nok)
    require_same(asked.future.name, trial.cost_nok, sought.value_nok)
    bound = sought.bound_nok
    sound = None if bound is None else sound_bound(bound, trial.cost_nok, abs(trial.cost_nok))
    return Foresight(sought.decisions, trial.cost_nok, sound)


def _told(asked: Foreseen) -> dict[str, Json]:
    starts = [told_decisions(each) for each in asked.starts]
    return {"future": asked.future.name, "starts": starts, "gap": asked.gap}


def _answered(foresight: Foresight) -> Json:
    decisions = foresight.decisions
    return {
        "decisions": None if decisions is None else told_decisions(decisions),
        "cost_nok": foresight.cost_nok,
        "bound_nok": foresight.bound_nok,
    }


def _heard(answer: Json) -> Foresight:
    decisions = answer["decisions"]
    found = None if decisions is None else heard_decisions(decisions)
    return Foresight(found, answer["cost_nok"], answer["bound_nok"])


FORESEEING = Portable("foresee", _told, _answered, _heard)


def new_decisions(
    known: Sequence[Decisions], found: Iterable[Sought | Foresight | None]
) -> list[Decisions]:
    """The decisions that were found and are not known, each once."""
    fresh: list[Decisions] = []
    for one in found:
        decisions = None if one is None else one.decisions
        if decisions is not None and decisions not in known and decisions not in fresh:
            fresh.append(decisions)
    return fresh


def sound_bound(bound: float, value: float, scale: float) -> float:
    """The bound, at most the value. Raises VerificationFailed when it is higher beyond noise."""
    if bound > value + SAME * max(scale, 1.0):
        raise VerificationFailed(f"den nedre skranken {bound} er høyere enn planens {value}")
    return min(bound, value)


def require_same(name: str, tried: float, claimed: float) -> None:
    """Raise VerificationFailed when a plan costs other than the solver says in a future [NOK]."""
    if abs(tried - claimed) > SAME * max(abs(tried), 1.0):
        raise VerificationFailed(
            f"løserens sum {claimed} i framtiden {name} er en annen enn den omregnede {tried}"
        )
