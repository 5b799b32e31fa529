"""Parts of a run, told as JSON and worked on by another process: the answer is the same."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from app.schemas.parameters import StressParameters
from app.services.analyses import ANSWERING_PARTS, answer
from app.services.checking import check_scenario
from app.services.task import SHARED_KINDS, Task
from solver.analysis import deal
from solver.domain.crew import News, Part
from solver.domain.result import SolveOptions, Watcher
from tests.random_scenarios import random_scenario
from tests.streets import street

OPTIONS = SolveOptions(mip_gap=0, time_limit_s=60, seek_conflict=False)
MEASURED = ("statistics", "provenance")  # times, of which no two are the same


class Elsewhere:
    """A crew that does every part as another worker does, from text to text.

    `answers` are those an earlier attempt found.
    """

    def __init__(self, task: Task, answers: dict[str, Any] | None = None) -> None:
        self._task = task
        self._news: list[News] = []
        self._known = answers or {}
        self.works: set[str] = set()
        self.answers: dict[str, Any] = {}

    def known(self, part_id: str) -> Any | None:
        return self._known.get(part_id)

    def offer(self, parts: Sequence[Part]) -> None:
        self.works |= {part.what["work"] for part in parts}
        whats = json.loads(json.dumps([part.what for part in parts]))
        task = Task(self._task.document, self._task.kind, self._task.parameters, whats)
        answers = json.loads(json.dumps(answer(task, OPTIONS, Watcher())["answers"]))
        done = {part.id: one for part, one in zip(parts, answers, strict=True)}
        self.answers |= done
        self._news.append(News(done))

    def ask(self, _number: int) -> None:
        self._news.append(News({}, []))

    def tell(self, part: Part, _answer: Any) -> None:
        raise AssertionError(part)

    def news(self) -> Iterator[News]:
        while self._news:
            yield self._news.pop(0)

    def close(self) -> None:
        pass


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is offered before anything is begun."""
    monkeypatch.setattr(deal, "OFFER_AFTER_S", 0.0)
    monkeypatch.setattr(deal, "WORTH_OFFERING_S", 0.0)


def stress(seed: int) -> Task:
    document = random_scenario(seed)
    scenario = check_scenario(document)
    price = None if scenario.objective.unmet_place_year_nok is not None else 2e6
    parameters = StressParameters(missing_place_year_nok=price).model_dump(mode="json")
    return Task(document, "stress", parameters)


def front(document: Any, against: str) -> Task:
    return Task(document, "pareto", {"points": 10, "against": against})


@pytest.mark.parametrize(
    ("task", "works"),
    [
        *((stress(seed), {"try", "foresee"}) for seed in (1, 3, 4, 6)),
        (front(random_scenario(1), "travel"), {"seek"}),
        (front(street(5), "travel"), {"seek"}),
        (front(street(5), "worst_off"), {"seek"}),
    ],
)
def test_the_answer_is_the_same_wherever_its_parts_were_done(
    task: Task, works: set[str], at_once: None
):
    alone = answer(task, OPTIONS, Watcher())
    crew = Elsewhere(task)
    shared = answer(task, OPTIONS, Watcher(crew=crew))
    assert crew.works == works
    assert without_times(shared) == without_times(alone)
    again = Elsewhere(task, crew.answers)
    assert without_times(answer(task, OPTIONS, Watcher(crew=again))) == without_times(alone)
    assert again.works == set()


def without_times(document: Any) -> Any:
    if isinstance(document, dict):
        return {k: without_times(v) for k, v in document.items() if k not in MEASURED}
    return [*map(without_times, document)] if isinstance(document, list) else document


def test_every_kind_whose_parts_are_shared_can_answer_them():
    assert set(ANSWERING_PARTS) == SHARED_KINDS
