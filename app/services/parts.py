"""Use cases of the parts of runs, as workers see them. Every method is one transaction.

A part is answered by the run's own process or by a helper, which is any worker with a free place.
Both take parts in the same way; what either says of a part that it no longer has is not heard.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from app.db import Database
from app.repositories import clock
from app.repositories.parts import PartRepository
from app.repositories.runs import Hold
from app.repositories.workers import WorkerRepository
from app.schemas.parameters import RunKind
from app.services.runs import options_of
from app.services.task import Task
from models import PartRow, RunRow
from solver.domain.crew import Part
from solver.domain.result import SolveOptions

MAX_FAILURES = 2  # a part that two helpers failed with is left to the run's own process
MOST_CALLS = 100  # for help with one run at a time

Call = Callable[[Session, RunRow, int], None]
"""Queues so many calls for help with a run, within the transaction that stores its parts."""
Withdraw = Callable[[Session], None]
"""Takes them back, within the transaction that removes the parts."""


@dataclass(frozen=True)
class Share:
    """Parts of a run that a worker has taken, and how long it may take for them."""

    run_id: str
    claim: str
    part_ids: Sequence[str]
    task: Task
    options: SolveOptions
    seconds_left: float

    @property
    def hold(self) -> Hold:
        """The claim, for whoever watches what a worker holds; it is only ever had once."""
        return claim_as_hold(self.claim)


def claim_as_hold(claim: str) -> Hold:
    """A claim as a hold."""
    return Hold(claim, 0)


class Parts:
    """The parts of the runs of one database."""

    def __init__(self, database: Database, memory_limit_mb: float, total_s: float) -> None:
        self._database = database
        self._memory_limit_mb = memory_limit_mb
        self._total_s = total_s

    def begin(self, hold: Hold) -> dict[str, Any]:
        """A run's process begins: what earlier ones had waits again; the answers that are known."""
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock_held(hold) is None:
                return {}
            repository.let_own_go(hold.run_id)
            return repository.answers(hold.run_id)

    def offer(self, hold: Hold, parts: Sequence[Part], call: Call) -> None:
        """Let workers with a free place take these parts."""
        with self._database.writing() as session:
            repository = PartRepository(session)
            run = repository.lock_held(hold)
            if run is not None:
                repository.add(hold.run_id, parts)
                session.flush()
                waiting = len(repository.waiting(hold.run_id))
                call(session, run, min(ceil(waiting / options_of(run).threads), MOST_CALLS))

    def ask(self, hold: Hold, number: int, given: Collection[str]) -> list[str]:
        """The ids of up to so many parts, now those of the run's own process.

        Beyond those it was `given`: asked again after an unknown commit they are the same.
        """
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock_held(hold) is None:
                return []
            had = repository.claimed(hold.run_id, _own(hold))
            taken = [row for row in had if row.id not in given]
            if not taken:
                taken = list(repository.waiting(hold.run_id)[:number])
            for row in taken:
                row.claim, row.worker_id = _own(hold), None
            return [row.id for row in taken]

    def tell(self, hold: Hold, answered: Sequence[tuple[Part, Any]]) -> None:
        """What the run's own process has answered."""
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock_held(hold) is None:
                return
            texts = {part.id: _text(answer) for part, answer in answered}
            repository.add(hold.run_id, [part for part, _ in answered])
            session.flush()
            for row in repository.waiting(hold.run_id):
                if row.id in texts:  # begun before the others were offered
                    row.claim = _own(hold)
            session.flush()
            repository.answer(hold.run_id, _own(hold), texts)

    def close(self, hold: Hold, withdraw: Withdraw) -> None:
        """What is not answered is not needed; who works on it finds that out."""
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock_held(hold) is not None:
                repository.remove_unanswered(hold.run_id)
            withdraw(session)

    def answers(self, run_id: str, known: Collection[str]) -> dict[str, Any]:
        """The answers beyond those known, by the part's id."""
        with self._database.reading() as session:
            return PartRepository(session).answers(run_id, known)

    def take(self, run_id: str, worker_id: str, claim: str) -> Share | None:
        """Take parts of a run that wait; None when there are none.

        Of what waits half an even share of a worker, one for each thread at the least: late claims
        are small, so that all end at about the same time (guided self-scheduling, Polychronopoulos
        and Kuck 1987). Asked again after an unknown commit the claim is on the same parts.
        """
        with self._database.writing() as session:
            repository = PartRepository(session)
            run = repository.lock(run_id)
            if run is None:
                return None
            taken = repository.claimed(run_id, claim)
            if not taken:
                waiting = repository.waiting(run_id, MAX_FAILURES)
                workers = max(len(WorkerRepository(session).all()), 1)
                taken = waiting[: max(ceil(len(waiting) / (2 * workers)), options_of(run).threads)]
            if not taken:
                return None
            for row in taken:
                row.claim, row.worker_id = claim, worker_id
            scenario = repository.scenario(run_id)
            return self._share(run, scenario, claim, taken, clock.now(session))

    def held_by(self, worker_id: str) -> dict[Hold, bool]:
        """The claims of a helper, and whether their run is no longer wanted."""
        with self._database.reading() as session:
            claims = PartRepository(session).claims_of(worker_id)
        return {claim_as_hold(claim): unwanted for claim, unwanted in claims.items()}

    def finish(self, share: Share, answers: Sequence[Any]) -> None:
        """What a helper has found; a part without an answer waits again, as one that failed."""
        texts = {
            part_id: _text(answer)
            for part_id, answer in zip(share.part_ids, answers, strict=True)
            if answer is not None
        }
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock(share.run_id) is not None:
                repository.answer(share.run_id, share.claim, texts)
                session.flush()
                repository.let_go(share.run_id, share.claim, failed=True)

    def let_go(self, share: Share) -> None:
        """Parts that a helper gives back wait again, and nothing is counted against them."""
        self._let_go(share.run_id, share.claim, failed=False)

    def lose(self, living: Collection[str]) -> None:
        """Take parts from helpers that are gone; one transaction for each of their claims."""
        with self._database.reading() as session:
            helpers = PartRepository(session).of_helpers()
        for (run_id, claim), worker_id in helpers.items():
            if worker_id not in living:
                self._let_go(run_id, claim, failed=True)

    def _let_go(self, run_id: str, claim: str, *, failed: bool) -> None:
        with self._database.writing() as session:
            repository = PartRepository(session)
            if repository.lock(run_id) is not None:
                repository.let_go(run_id, claim, failed=failed)

    def _share(
        self, run: RunRow, scenario: str, claim: str, taken: Sequence[PartRow], now: datetime
    ) -> Share:
        options = options_of(run)
        rounds = ceil(len(taken) / options.threads)
        whats = [json.loads(row.what) for row in taken]
        return Share(
            run_id=run.id,
            claim=claim,
            part_ids=[row.id for row in taken],
            task=Task(json.loads(scenario), cast(RunKind, run.kind), run.parameters, whats),
            options=replace(
                options,
                memory_limit_mb=self._memory_limit_mb,
                time_limit_s=rounds * max(row.seconds for row in taken),
                referee=False,
            ),
            seconds_left=self._total_s - (now - run.created).total_seconds(),
        )


def answers_in(document: bytes) -> list[Any] | None:
    """The answers in the document of a process that worked on parts; None when it is none."""
    try:
        return _ANSWERS.validate_json(document).answers
    except ValidationError:
        return None


@dataclass(frozen=True)
class _Answers:
    answers: list[Any]


_ANSWERS = TypeAdapter(_Answers)


def _own(hold: Hold) -> str:
    """The claim of a run's own process."""
    return f"attempt {hold.attempt}"


def _text(answer: Any) -> str:
    return json.dumps(answer, allow_nan=False)
