"""Queries on the parts of runs. Whoever writes to several locks their run first, see `lock`."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.repositories.runs import OPEN, Hold
from models import PartRow, RunRow, RunStatus
from solver.domain.crew import Part

_WAITS = (PartRow.claim.is_(None), PartRow.result.is_(None))


class PartRepository:
    """Parts within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self, run_id: str) -> RunRow | None:
        """The run of some parts, if it is still wanted: nobody else changes its parts before the
        end of the transaction.
        """
        return self._session.scalar(
            select(RunRow)
            .where(RunRow.id == run_id, RunRow.status.in_(OPEN), ~RunRow.cancel_requested)
            .with_for_update()
        )

    def scenario(self, run_id: str) -> str:
        """The scenario of a run that there is."""
        packed = self._session.scalars(select(RunRow.scenario).where(RunRow.id == run_id)).one()
        return packed.text

    def lock_held(self, hold: Hold) -> RunRow | None:
        """The same, while its own process may write to it."""
        row = self.lock(hold.run_id)
        held = row is not None and (row.attempt, row.status) == (hold.attempt, RunStatus.RUNNING)
        return row if held else None

    def answers(self, run_id: str, known: Collection[str] = ()) -> dict[str, Any]:
        """The answers to the parts of a run beyond those known, by id."""
        found = self._session.execute(
            select(PartRow.id, PartRow.result).where(
                PartRow.run_id == run_id, PartRow.result.is_not(None), PartRow.id.not_in(known)
            )
        )
        return {part_id: json.loads(result) for part_id, result in found if result is not None}

    def add(self, run_id: str, parts: Sequence[Part]) -> None:
        """Store those that are not known; they wait."""
        of_run = PartRow.run_id == run_id
        there = set(self._session.scalars(select(PartRow.id).where(of_run)))
        newest = self._session.scalar(select(func.max(PartRow.position)).where(of_run))
        first = 0 if newest is None else newest + 1
        new = {part.id: part for part in parts if part.id not in there}
        self._session.add_all(
            PartRow(
                run_id=run_id,
                id=part.id,
                position=first + n,
                what=json.dumps(part.what, allow_nan=False),
                seconds=part.seconds,
            )
            for n, part in enumerate(new.values())
        )

    def waiting(self, run_id: str, most_failures: int | None = None) -> Sequence[PartRow]:
        """Parts that nobody has, in turn; with `most_failures` those that failed less often."""
        query = select(PartRow).where(PartRow.run_id == run_id, *_WAITS)
        if most_failures is not None:
            query = query.where(PartRow.failures < most_failures)
        return self._session.scalars(query.order_by(PartRow.position)).all()

    def claimed(self, run_id: str, claim: str) -> Sequence[PartRow]:
        """Parts that a claim is on, in turn."""
        return self._session.scalars(
            select(PartRow)
            .where(PartRow.run_id == run_id, PartRow.claim == claim, PartRow.result.is_(None))
            .order_by(PartRow.position)
        ).all()

    def answer(self, run_id: str, claim: str, answers: Mapping[str, str]) -> None:
        """Write answers, JSON text by id, to the parts that the claim is still on."""
        for row in self.claimed(run_id, claim):
            if row.id in answers:
                row.result = answers[row.id]

    def let_go(self, run_id: str, claim: str, *, failed: bool) -> None:
        """What a claim is still on waits again."""
        for row in self.claimed(run_id, claim):
            row.claim = row.worker_id = None
            row.failures += failed

    def let_own_go(self, run_id: str) -> None:
        """What earlier processes of the run itself had waits again."""
        self._session.execute(
            update(PartRow)
            .where(PartRow.run_id == run_id, PartRow.worker_id.is_(None), PartRow.result.is_(None))
            .values(claim=None)
        )

    def remove_unanswered(self, run_id: str) -> None:
        """Nobody is to answer these any more."""
        self._session.execute(
            delete(PartRow).where(PartRow.run_id == run_id, PartRow.result.is_(None))
        )

    def of_helpers(self) -> dict[tuple[str, str], str]:
        """The workers that help, by run and claim."""
        rows = self._session.execute(
            select(PartRow.run_id, PartRow.claim, PartRow.worker_id)
            .where(PartRow.worker_id.is_not(None), PartRow.result.is_(None))
            .order_by(PartRow.run_id, PartRow.claim)
            .distinct()
        )
        return {(run, claim): worker for run, claim, worker in rows if claim and worker}

    def claims_of(self, worker_id: str) -> dict[str, bool]:
        """A worker's claims, and whether their run is no longer wanted."""
        rows = self._session.execute(
            select(PartRow.claim, RunRow.cancel_requested)
            .join(RunRow, RunRow.id == PartRow.run_id)
            .where(PartRow.worker_id == worker_id, PartRow.result.is_(None))
            .distinct()
        )
        return {claim: unwanted for claim, unwanted in rows if claim}
