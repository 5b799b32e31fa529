"""Parts of a stress, told as JSON and worked on by another process: the answer is the same."""

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

OPTIONS = SolveOptions(mip_gap=0, time_limit_s=60, seek_conflict=False)


class Elsewhere:
    """A crew that does every part as another worker does, from text to text."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._news: list[News] = []
        self.works: set[str] = set()

    def known(self, _part_id: str) -> Any | None:
        return None

    def offer(self, parts: Sequence[Part]) -> None:
        self.works |= {part.what["work"] for part in parts}
        whats = json.loads(json.dumps([part.what for part in parts]))
        task = Task(self._task.document, self._task.kind, self._task.parameters, whats)
        answers = json.loads(json.dumps(answer(task, OPTIONS, Watcher())["answers"]))
        done = {part.id: one for part, one in zip(parts, answers, strict=True)}
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


@pytest.mark.parametrize("seed", [1, 3, 4, 6])
def test_the_answer_is_the_same_wherever_its_parts_were_done(
    seed: int, monkeypatch: pytest.MonkeyPatch
):
    document = random_scenario(seed)
    scenario = check_scenario(document)
    price = None if scenario.objective.unmet_place_year_nok is not None else 2e6
    parameters = StressParameters(missing_place_year_nok=price).model_dump(mode="json")
    task = Task(document, "stress", parameters)
    alone = answer(task, OPTIONS, Watcher())
    monkeypatch.setattr(deal, "OFFER_AFTER_S", 0.0)
    monkeypatch.setattr(deal, "WORTH_OFFERING_S", 0.0)
    crew = Elsewhere(task)
    shared = answer(task, OPTIONS, Watcher(crew=crew))
    assert crew.works == {"try", "foresee"}
    assert without_times(shared) == without_times(alone)


def without_times(document: Any) -> Any:
    return {k: v for k, v in document.items() if k not in ("statistics", "provenance", "plan")}


def test_every_kind_whose_parts_are_shared_can_answer_them():
    assert set(ANSWERING_PARTS) == SHARED_KINDS
