"""Parts of a stress that another process has offered: worked on here, answered in JSON values."""

from collections.abc import Mapping, Sequence

from solver.analysis.over_futures import FORESEEING, Foreseen, foresee
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.analysis.told import heard_decisions
from solver.analysis.trials import TRYING, Question, priced, try_all
from solver.domain.crew import Json
from solver.domain.futures import Future
from solver.domain.instance import SitingInstance

What = Mapping[str, Json]


def work_on_parts(
    whats: Sequence[What],
    instance: SitingInstance,
    futures: Mapping[str, Future],
    missing_place_year_nok: float,
    session: Session,
) -> list[Json | None]:
    """The answer to each part, in order; None where there is none, or was no time.

    `futures` are those that the parts name, as `stress_plan` was given them.
    """
    price = missing_place_year_nok
    everywhere = {**futures, "": Future("", instance, 0.0)}  # which is the scenario itself
    answers: dict[int, Json] = {}
    trying = {n: what for n, what in enumerate(whats) if what["work"] == TRYING.work}
    questions = [_question(what, everywhere[what["future"]], price) for what in trying.values()]
    for n, trials in zip(trying, work_on_all(try_all, questions, session), strict=True):
        answers[n] = None if trials is None else TRYING.answered(trials)
    seeking = {n: what for n, what in enumerate(whats) if what["work"] == FORESEEING.work}
    asked = [
        _foreseen(what, instance, everywhere[what["future"]], price) for what in seeking.values()
    ]
    for n, found in zip(seeking, work_on_all(foresee, asked, session), strict=True):
        answers[n] = None if found is None else FORESEEING.answered(found)
    return [answers.get(n) for n in range(len(whats))]


def _question(what: What, future: Future, price: float) -> Question:
    decisions = [heard_decisions(each) for each in what["decisions"]]
    return Question(future, decisions, price, own_price=what["own_price"])


def _foreseen(what: What, instance: SitingInstance, future: Future, price: float) -> Foreseen:
    starts = [heard_decisions(each) for each in what["starts"]]
    future = Future(future.name, priced(future.instance, price), future.weight, future.delay)
    return Foreseen(instance, future, price, starts, what["gap"])
