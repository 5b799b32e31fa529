"""Decisions tried in futures: what breaks, what is missing, what it costs.

In a future the decisions say what stands; what is late comes late. Of the places that stand as many
are used as can be staffed, everybody is served at least cost, and who gets no place costs what a
missing place does. A nearness target holds among those who are served. Then the verifier recomputes
every rule on the future's numbers in exact arithmetic.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from solver.analysis.deal import Portable
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.analysis.told import heard_trial, told_decisions, told_trial
from solver.analysis.trial import Break, Trial
from solver.domain.crew import Json
from solver.domain.futures import Decisions, Future, late
from solver.domain.instance import SitingInstance
from solver.domain.plan import Plan
from solver.domain.result import SolveOptions, Watcher
from solver.engine.consequences import Forms
from solver.engine.ensemble import Scene, ties_districts
from solver.engine.extract import NOISE_PLACES
from solver.engine.service_block import serve_year
from solver.engine.transport import Halted, ServedYear, Transport
from solver.verify.books import ZERO, Books, target_places
from solver.verify.checks import CHECKS, TOLERANCE, Row
from solver.verify.figures import figures

Floats = NDArray[np.float64]
_Link = tuple[str, str, str, str]
_Served = tuple[list[tuple[_Link, float]], list[float]]

UNITS = {
    **dict.fromkeys(("C1", "C2", "C3", "C4", "C8", "C9", "C14", "C16"), "places"),
    **dict.fromkeys(("C11", "C12", "C13"), "nok"),
    **dict.fromkeys(("C5", "C6", "C15"), "count"),
    "C7": "years",
    "C10": "fte",
}
POLICY_ON_PROJECTS = "påkrevde og forbudte prosjekter og eierformer"  # C7 too, in no years
IMPOSSIBLE = "C2"  # places are taken that do not stand there


@dataclass(frozen=True)
class Candidate:
    """Decisions to compare, in the scenario itself and in futures by name."""

    decisions: Decisions
    as_planned: Trial
    trials: Mapping[str, Trial]

    @property
    def adoptable(self) -> bool:
        """Whether it breaks no rule today, and can be carried out in every future."""
        possible = (
            one.code != IMPOSSIBLE for trial in self.trials.values() for one in trial.breaks
        )
        return not self.as_planned.breaks and all(possible)


def priced(instance: SitingInstance, missing_place_year_nok: float) -> SitingInstance:
    """The instance, with a price on unmet need where it has none."""
    goal = instance.objective
    if goal.unmet_place_year_nok is not None:
        return instance
    return replace(instance, objective=replace(goal, unmet_place_year_nok=missing_place_year_nok))


@dataclass(frozen=True)
class Question:
    """Decisions to try in a future; `own_price`: by the scenario's own rule on unmet need."""

    future: Future
    decisions: Sequence[Decisions]
    missing_place_year_nok: float
    own_price: bool = False


class Trials:
    """Tries decisions in the scenario itself and in futures."""

    def __init__(
        self, instance: SitingInstance, missing_place_year_nok: float, session: Session
    ) -> None:
        self._now = Future("", instance, 0.0)
        self._price = missing_place_year_nok
        self._session = session

    def of(
        self, chosen: Sequence[Decisions], futures: Sequence[Future]
    ) -> tuple[list[Future], list[Candidate]]:
        """The futures that were reached, and what became of each of the chosen in them.

        In a future that does not concern decisions they are as in the scenario. Nothing at all
        where there was no time for the scenario itself.
        """
        asked = [Question(each, chosen, self._price) for each in futures]
        today = Question(self._now, chosen, self._price, own_price=True)
        now, *answers = work_on_all(try_all, [today, *asked], self._session, portable=TRYING)
        if now is None:
            return [], []
        reached = [(f, trials) for f, trials in zip(futures, answers, strict=True) if trials]
        candidates = []
        for number, (each, as_planned) in enumerate(zip(chosen, now, strict=True)):
            assert as_planned is not None  # the scenario concerns everybody
            trials = {f.name: answer[number] or as_planned for f, answer in reached}
            candidates.append(Candidate(each, as_planned, trials))
        return [future for future, _ in reached], candidates


def try_in(
    future: Future, decisions: Decisions, missing_place_year_nok: float, watcher: Watcher
) -> Trial | None:
    """Decisions in one future; None when asked to stop on the way."""
    try:
        return _Service(Question(future, [], missing_place_year_nok), watcher).trial(decisions)
    except Halted:
        return None


def try_all(
    question: Question, options: SolveOptions, watcher: Watcher
) -> list[Trial | None] | None:
    """A trial of each of the decisions the future concerns; None when asked to stop on the way."""
    future, service = question.future, _Service(question, watcher)
    # Where unmet need is not allowed today is judged by that rule, not by the price.
    everywhere = future.instance.objective.unmet_place_year_nok is None
    try:
        return [
            service.trial(each) if everywhere or future.concerns(each) else None
            for each in question.decisions
        ]
    except Halted:
        return None


def _told(question: Question) -> dict[str, Json]:
    return {
        "future": question.future.name,
        "decisions": [told_decisions(each) for each in question.decisions],
        "own_price": question.own_price,
    }


def _answered(trials: list[Trial | None]) -> Json:
    return [None if one is None else told_trial(one) for one in trials]


def _heard(answer: Json) -> list[Trial | None]:
    return [None if one is None else heard_trial(one) for one in answer]


TRYING = Portable("try", _told, _answered, _heard)


class _Service:
    """Who is served where in a future, for given decisions."""

    def __init__(self, question: Question, watcher: Watcher) -> None:
        self._future, self._stop = question.future, watcher.should_stop
        self._instance = question.future.instance
        self._priced = priced(self._instance, question.missing_place_year_nok)
        groups = sorted(self._instance.limits.available_fte)
        self._serving = self._instance if question.own_price else self._priced
        self._transport = Transport(self._serving, groups)
        self._fte_price = self._transport.fte_price
        if self._serving is not self._priced:
            self._fte_price = Transport(self._priced, groups).fte_price
        self._known: dict[tuple[int, bytes], _Served] = {}

    def trial(self, decisions: Decisions) -> Trial:
        """What becomes of decisions. Raises Halted when asked to stop on the way."""
        if self._future.delay is not None:
            decisions = late(decisions, self._future.delay, self._instance.years)
        plan = self._plan(decisions)
        books = Books(self._instance, plan)
        found = figures(Books(self._priced, plan))
        unmet = {t: sum(found.years[t].unmet.values()) for t in self._instance.years}
        short = sum(float(books.discount(t)) * self._short_fte_nok(books, t) for t in found.years)
        return Trial(
            breaks=tuple(_breaks(books)),
            missing={t: max(unmet[t], float(_short(books, t))) for t in unmet},
            unmet=unmet,
            cost_nok=found.objective_nok + short,
        )

    def _plan(self, decisions: Decisions) -> Plan:
        """The decisions with everybody served at least cost."""
        bare = Plan(decisions.opens, decisions.places, {}, {})
        books = Books(self._instance, bare)
        rows = [(i, n) for i in self._instance.districts for n in self._instance.needs]
        allocation: dict[tuple[str, str, str, str, int], float] = {}
        unmet: dict[tuple[str, str, int], float] = {}
        for index, t in enumerate(self._instance.years):
            places = [max(books.stock[p, t][j], 0) for j, p in self._transport.pairs]
            fte = [self._fte_for_places(books, e, t) for e in self._transport.groups]
            links, missing = self._year(index, np.array(places, float), np.array(fte, float))
            allocation |= {(*link, t): used for link, used in links if used > NOISE_PLACES}
            unmet |= {
                (*row, t): lacking
                for row, lacking in zip(rows, missing, strict=True)
                if lacking > NOISE_PLACES
            }
        return replace(bare, allocation=allocation, unmet=unmet)

    def _year(self, index: int, places: Floats, fte: Floats) -> _Served:
        """Links with places used, and unmet places per row."""
        key = index, places.tobytes() + fte.tobytes()
        if key not in self._known:
            tied = ties_districts(self._instance)
            serve = self._serve_tied if tied else self._serve
            self._known[key] = serve(index, places, fte)
        return self._known[key]

    def _serve(self, index: int, places: Floats, fte: Floats) -> _Served:
        year: ServedYear = self._transport.solve(
            self._transport.need(index), places, self._stop, fte
        )
        return list(self._transport.allocation(year)), year.unmet.tolist()

    def _serve_tied(self, index: int, places: Floats, fte: Floats) -> _Served:
        need = self._transport.need(index)
        scene = Scene(self._serving, index, 0, need, Forms.of(places), Forms.of(fte))
        block, x = serve_year(scene, self._transport, self._stop)
        unmet, used = block.service(x)
        return list(zip(block.links(), used.tolist(), strict=True)), unmet.tolist()

    def _fte_for_places(self, books: Books, group: str, year: int) -> Fraction | float:
        """FTE that open projects leave for places."""
        available = self._instance.limits.available_fte[group][year - books.first]
        return np.inf if available is None else available - books.fixed_fte(group, year)

    def _short_fte_nok(self, books: Books, year: int) -> float:
        """What FTE cost that lack even with every place empty that nobody has, weighted NOK."""
        cost = 0.0
        for group, price in zip(self._transport.groups, self._fte_price.tolist(), strict=True):
            left = self._fte_for_places(books, group, year)
            if left != np.inf:
                cost += price * max(float(books.used_fte(group, year) - left), 0.0)
        return cost


def _short(books: Books, year: int) -> Fraction:
    """Places that the coverage target lacks; less than nothing where there are more."""
    target = books.instance.targets.coverage
    asked = target_places(books.instance, target).get(year, 0) if target is not None else 0
    return ZERO + asked - books.counted(year)


def _breaks(books: Books) -> Iterator[Break]:
    """Every row of the verifier's that does not hold; unmet need that is not allowed by year."""
    unmet: dict[int | None, Break] = {}
    for code, claim, rows in CHECKS:
        for row in rows(books):
            if row.violation > TOLERANCE:
                one = _break(code, claim, row)
                if code != "C1":
                    yield one
                elif one.year in unmet:
                    before = unmet[one.year].amount
                    unmet[one.year] = replace(one, where=(), amount=before + one.amount)
                else:
                    unmet[one.year] = replace(one, where=())
    yield from unmet.values()


def _break(code: str, claim: str, row: Row) -> Break:
    year = row.where[-1] if row.where and isinstance(row.where[-1], int) else None
    where = row.where if year is None else row.where[:-1]
    unit = "count" if claim == POLICY_ON_PROJECTS else UNITS[code]
    return Break(code, claim, tuple(map(str, where)), year, float(row.excess), unit)
