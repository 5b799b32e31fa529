"""Searches for points of a front by themselves: in this process, another, or on another worker.

What a search comes to depends on what is asked and nothing else, so that a front is the same
wherever its points were sought. Plans are told as the numbers of the whole program that are not
zero: decisions alone would not do, as more than one whole point has the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from solver.analysis.deal import Portable
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.domain.crew import Json
from solver.domain.instance import SitingInstance
from solver.domain.result import SolveOptions, Watcher
from solver.engine.highs import Stop
from solver.engine.journal import Journal
from solver.engine.tradeoff import Measure, Reached, Seeking, Tradeoff

Floats = NDArray[np.float64]
What = Mapping[str, Json]


class Program:
    """The program of a front, which each process that is asked for it builds once.

    Pickled it is what it is built of, under a name by which the other process knows it again.
    """

    def __init__(
        self,
        instance: SitingInstance,
        measure: Measure,
        options: SolveOptions,
        built: Tradeoff | None = None,
    ) -> None:
        self._name = uuid4().hex
        self._of = instance, measure, options
        self._built = built

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_built": None}

    def built(self) -> Tradeoff:
        """Raises what building a `Tradeoff` does."""
        if self._built is None:
            self._built = _latest.get(self._name) or Tradeoff(*self._of)
            _latest.clear()
            _latest[self._name] = self._built
        return self._built


_latest: dict[str, Tradeoff] = {}
"""The last program built for an item of this process, which its next items ask for too."""


@dataclass(frozen=True)
class Asked:
    """A point to seek, and the x of a plan to begin from where one is known."""

    program: Program
    seeking: Seeking
    start: Floats | None


def seek_alone(asked: Asked, options: SolveOptions, watcher: Watcher) -> Reached:
    """Seek one point."""
    journal = Journal(watcher, options.time_limit_s)
    return asked.program.built().search(asked.seeking, asked.start, journal)


def answer_points(
    whats: Sequence[What], instance: SitingInstance, measure: Measure, session: Session
) -> list[Json | None]:
    """The answer to each point that another process has offered; None where there was no time."""
    program = Program(instance, measure, session.options)
    asked = [Asked(program, Seeking(**what["seeking"]), _heard_x(what["start"])) for what in whats]
    reached = work_on_all(seek_alone, asked, session)
    return [None if one is None else SEEKING.answered(one) for one in reached]


def _told(asked: Asked) -> dict[str, Json]:
    return {"seeking": asdict(asked.seeking), "start": _told_x(asked.start)}


def _answered(reached: Reached) -> Json:
    return {
        "stop": reached.stop.name,
        "x": _told_x(reached.x),
        "bound": reached.bound,
        "nodes": reached.nodes,
    }


def _heard(answer: Json) -> Reached:
    x = _heard_x(answer["x"])
    return Reached(Stop[answer["stop"]], x, answer["bound"], answer["nodes"])


def _told_x(x: Floats | None) -> Json | None:
    """The positions that are not zero, and their numbers, which come back to the last bit."""
    if x is None:
        return None
    at = np.flatnonzero(x)
    return {"columns": len(x), "at": at.tolist(), "is": x[at].tolist()}


def _heard_x(told: Json | None) -> Floats | None:
    if told is None:
        return None
    x = np.zeros(told["columns"])
    x[told["at"]] = told["is"]
    return x


SEEKING = Portable("seek", _told, _answered, _heard)
