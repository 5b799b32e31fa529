"""Queries on runs. A run that has ended never changes: every update names the status it needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import QueryableAttribute, Session, aliased, undefer

from app.repositories.audit import note
from app.repositories.cursor import Cursor
from models import IncumbentRow, PartRow, RunRow, RunStatus
from solver.domain.result import Progress

OPEN = (RunStatus.ACCEPTED, RunStatus.RUNNING)
_TOLD = (RunRow.id, RunRow.tenant, RunRow.status, RunRow.outcome, RunRow.error_code)
_WAITING = {"status": RunStatus.ACCEPTED, "worker_id": None, "started": None}

_PLANS = (
    select(RunRow)
    .where(
        RunRow.status == RunStatus.SUCCESSFUL,
        RunRow.kind == "solve",
        RunRow.outcome.in_(("optimal", "feasible")),
    )
    .order_by(RunRow.ended.desc(), RunRow.id)
)


@dataclass(frozen=True)
class Hold:
    """A worker's right to write to a run: it ends when somebody else takes or ends the run."""

    run_id: str
    attempt: int


class RunRepository:
    """Runs within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: RunRow) -> None:
        """Store a new one."""
        self._session.add(row)
        note(
            self._session,
            row.tenant,
            "run.accepted",
            row.id,
            kind=row.kind,
            scenario_hash=row.scenario_hash,
        )

    def get(self, run_id: str, *fields: QueryableAttribute[Any]) -> RunRow | None:
        """One, with the large fields that are named; None when there is none."""
        return self._session.get(RunRow, run_id, options=[undefer(field) for field in fields])

    def page(self, after: Cursor | None, limit: int) -> list[RunRow]:
        """Up to `limit`, newest first, beyond the cursor."""
        query = select(RunRow).order_by(RunRow.created.desc(), RunRow.id.desc())
        if after is not None:
            query = query.where(tuple_(RunRow.created, RunRow.id) < tuple_(*after))
        return list(self._session.scalars(query.limit(limit)))

    def batch_page(self, after: Cursor | None, limit: int) -> list[RunRow]:
        """The first run of up to `limit` batches, newest first, beyond the cursor."""
        query = select(RunRow).where(RunRow.batch_position == 0)
        if after is not None:
            query = query.where(tuple_(RunRow.created, RunRow.id) < tuple_(*after))
        newest = (RunRow.created.desc(), RunRow.id.desc())
        return list(self._session.scalars(query.order_by(*newest).limit(limit)))

    def of_batches(self, batch_ids: Sequence[str]) -> Sequence[RunRow]:
        """The runs of these batches, in order within each."""
        return self._session.scalars(
            select(RunRow)
            .where(RunRow.batch_id.in_(batch_ids))
            .order_by(RunRow.batch_id, RunRow.batch_position)
            .execution_options(populate_existing=True)
        ).all()

    def newest_with_plan(self, scenario_id: str) -> RunRow | None:
        """The plan of a scenario that was finished last."""
        return self._session.scalars(
            _PLANS.where(RunRow.scenario_id == scenario_id).limit(1)
        ).one_or_none()

    def newest_plans(self, limit: int) -> Sequence[RunRow]:
        """Up to `limit` runs with a plan, the one finished last first."""
        return self._session.scalars(_PLANS.limit(limit)).all()

    def lock(self, run_id: str) -> RunRow | None:
        """One with its scenario, ours alone until the end of the transaction."""
        return self._session.scalar(
            select(RunRow)
            .where(RunRow.id == run_id)
            .options(undefer(RunRow.scenario))
            .with_for_update()
        )

    def held_by(self, worker_id: str) -> dict[str, RunRow]:
        """What a worker is solving, by id."""
        rows = self._session.scalars(
            select(RunRow).where(RunRow.worker_id == worker_id, RunRow.status == RunStatus.RUNNING)
        )
        return {row.id: row for row in rows}

    def open(self) -> Sequence[RunRow]:
        """Every run that has not ended, oldest first."""
        return self._session.scalars(
            select(RunRow).where(RunRow.status.in_(OPEN)).order_by(RunRow.created, RunRow.id)
        ).all()

    def report(self, hold: Hold, progress: Progress) -> bool:
        """Write where a solve stands; False when the run is no longer the worker's."""
        return self._change(_held(hold).values(_columns(progress)))

    def add_incumbent(self, run_id: str, progress: Progress) -> None:
        """Number and keep a new incumbent; the run must be held."""
        newest = select(func.coalesce(func.max(IncumbentRow.seq), 0)).where(
            IncumbentRow.run_id == run_id
        )
        self._session.add(
            IncumbentRow(
                run_id=run_id,
                seq=self._session.scalars(newest).one() + 1,
                seconds=progress.seconds,
                objective_nok=progress.incumbent_nok,
                bound_nok=progress.bound_nok,
                gap=progress.gap,
            )
        )

    def incumbents(self, run_id: str, after: int, limit: int) -> Sequence[IncumbentRow]:
        """Up to `limit` incumbents numbered above `after`, in order."""
        return self._session.scalars(
            select(IncumbentRow)
            .where(IncumbentRow.run_id == run_id, IncumbentRow.seq > after)
            .order_by(IncumbentRow.seq)
            .limit(limit)
        ).all()

    def several(self, run_ids: Collection[str]) -> Sequence[RunRow]:
        """Those of these that there are."""
        return self._session.scalars(select(RunRow).where(RunRow.id.in_(run_ids))).all()

    def incumbents_beyond(self, known: Mapping[str, int]) -> Sequence[IncumbentRow]:
        """The incumbents of each run beyond the last one known, in order."""
        beyond = [
            and_(IncumbentRow.run_id == run_id, IncumbentRow.seq > seq)
            for run_id, seq in known.items()
        ]
        return self._session.scalars(
            select(IncumbentRow).where(or_(False, *beyond)).order_by(IncumbentRow.seq)
        ).all()

    def succeed(
        self, hold: Hold, result: str, outcome: str, *, final: Progress, now: datetime
    ) -> bool:
        """End with a result, dismissed if somebody asked for that; False when no longer held."""
        status = case(
            (RunRow.cancel_requested, RunStatus.DISMISSED.value), else_=RunStatus.SUCCESSFUL.value
        )
        return self._change(
            _held(hold)
            .values(status=status, outcome=outcome, result=result, ended=now)
            .values(_columns(final))
        )

    def fail(self, hold: Hold, code: str, detail: str, *, now: datetime, seconds: float) -> bool:
        """End without a plan, because of an error; False when no longer held."""
        return self._change(
            _held(hold).values(
                status=RunStatus.FAILED,
                error_code=code,
                error_detail=detail,
                ended=now,
                seconds=seconds,
            )
        )

    def count_crashes(self, hold: Hold, crashes: int) -> bool:
        """So many processes that solved it have died; False when no longer held."""
        return self._change(_held(hold).values(crashes=crashes))

    def dismiss(self, run_id: str, statuses: Sequence[RunStatus], now: datetime) -> bool:
        """End without a plan, because somebody asked; False when not in one of the statuses."""
        return self._change(
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status.in_(statuses))
            .values(status=RunStatus.DISMISSED, outcome="dismissed", ended=now)
        )

    def dismiss_if_asked(self, hold: Hold, *, now: datetime, seconds: float) -> bool:
        """End without a plan if somebody asked for that while it was running."""
        return self._change(
            _held(hold)
            .where(RunRow.cancel_requested)
            .values(status=RunStatus.DISMISSED, outcome="dismissed", ended=now, seconds=seconds)
        )

    def dismiss_waiting(self, run_ids: Sequence[str], now: datetime) -> None:
        """End those of these that wait, because somebody asked."""
        self._apply(
            update(RunRow)
            .where(RunRow.id.in_(run_ids), RunRow.status == RunStatus.ACCEPTED)
            .values(status=RunStatus.DISMISSED, outcome="dismissed", ended=now)
        )

    def request_cancel(self, run_id: str) -> bool:
        """Ask the worker to stop; False when the run is not running."""
        asked = (
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status == RunStatus.RUNNING)
            .values(cancel_requested=True)
            .returning(RunRow.tenant)
        )
        tenant = self._session.scalars(asked).one_or_none()
        if tenant is not None:
            note(self._session, tenant, "run.dismissed", run_id)
        return tenant is not None

    def release(self, hold: Hold) -> bool:
        """Give a run back untried: it waits again and nothing is counted against it."""
        return self._change(_held(hold).values(_WAITING))

    def lose(self, run_ids: Sequence[str], max_losses: int, now: datetime) -> None:
        """Take these runs from workers that are gone.

        Dismissed if asked for, failed when lost too often, else they wait again.
        """
        lost = update(RunRow).where(RunRow.id.in_(run_ids), RunRow.status == RunStatus.RUNNING)
        self._apply(
            lost.where(RunRow.cancel_requested).values(
                status=RunStatus.DISMISSED, outcome="dismissed", ended=now
            )
        )
        self._apply(
            lost.where(RunRow.losses >= max_losses).values(
                status=RunStatus.FAILED,
                error_code="interrupted",
                error_detail="Tjeneren stoppet under kjøringen flere ganger.",
                losses=RunRow.losses + 1,
                ended=now,
            )
        )
        self._apply(lost.values(_WAITING).values(losses=RunRow.losses + 1))

    def expire(
        self, code: str, detail: str, *, before: datetime, untried: bool, now: datetime
    ) -> None:
        """Fail what was posted before an instant and waits still; `untried`: never taken."""
        late = update(RunRow).where(RunRow.status == RunStatus.ACCEPTED, RunRow.created < before)
        if untried:
            late = late.where(RunRow.attempt == 0)
        self._apply(
            late.values(status=RunStatus.FAILED, error_code=code, error_detail=detail, ended=now)
        )

    def remove_ended(self, before: datetime, limit: int) -> Sequence[str]:
        """Remove up to `limit` runs that ended before an instant, with incumbents; their ids.

        Those of a batch stay until all of it has.
        """
        other = aliased(RunRow)
        batch_stays = (
            select(other.id)
            .where(other.batch_id == RunRow.batch_id)
            .where(or_(other.ended.is_(None), other.ended >= before))
            .exists()
        )
        old = (
            select(RunRow.id)
            .where(RunRow.status.not_in(OPEN), RunRow.created < before, RunRow.ended < before)
            .where(~batch_stays)
            .limit(limit)
        )
        gone = delete(RunRow).where(RunRow.id.in_(old)).returning(RunRow.id, RunRow.tenant)
        removed = self._session.execute(gone).all()
        for run in removed:
            note(self._session, run.tenant, "run.removed", run.id)
        return [run.id for run in removed]

    def waiting(self, most: int) -> int:
        """Number of accepted runs, counted up to so many."""
        some = select(RunRow.id).where(RunRow.status == RunStatus.ACCEPTED).limit(most).subquery()
        return self._session.scalars(select(func.count()).select_from(some)).one()

    def several_tenants(self) -> bool:
        """Whether there are runs of more than one tenant; two looks in an index."""
        first, last = func.min(RunRow.tenant), func.max(RunRow.tenant)
        query = select(select(first).scalar_subquery() != select(last).scalar_subquery())
        return bool(self._session.scalar(query))

    def _change(self, statement: Update) -> bool:
        return self._apply(statement) > 0

    def _apply(self, statement: Update) -> int:
        """The number of runs that it changed.

        Those that it ended are told to the audit log, and what is left of their parts is removed.
        """
        changed = self._session.execute(statement.returning(*_TOLD)).all()
        for run in changed:
            if run.status not in OPEN:
                told = {"status": run.status, "outcome": run.outcome, "error": run.error_code}
                note(self._session, run.tenant, "run.ended", run.id, **told)
        ended = [run.id for run in changed if run.status not in OPEN]
        if ended:
            self._session.execute(delete(PartRow).where(PartRow.run_id.in_(ended)))
        return len(changed)


def _held(hold: Hold) -> Update:
    return update(RunRow).where(
        RunRow.id == hold.run_id,
        RunRow.attempt == hold.attempt,
        RunRow.status == RunStatus.RUNNING,
    )


def _columns(progress: Progress) -> dict[str, float | None]:
    return {
        "progress_incumbent_nok": progress.incumbent_nok,
        "progress_bound_nok": progress.bound_nok,
        "progress_gap": progress.gap,
        "progress_part": progress.part,
        "progress_parts": progress.parts,
        "seconds": progress.seconds,
    }
