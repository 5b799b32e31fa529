"""Use cases of batches: the same computation on several scenarios, posted and stopped together.

A batch is its runs. Each is in the queue by itself, so all workers share them, and a worker that
dies takes no more than its own run with it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from app.db import CallersDatabase
from app.errors import Conflict, NotFound, Unprocessable
from app.repositories import clock
from app.repositories.runs import OPEN, RunRepository
from app.schemas.issues import issues_of
from app.schemas.run import BatchRequest
from app.services.acceptance import Acceptance
from app.services.idempotency import KeyedPost, made_before, resource_for
from app.services.pages import Page, page
from models import RunRow
from solver.domain.errors import DocumentInvalid, Issue

Runs = Sequence[RunRow]
"""Of one batch, in the order of its scenarios."""


class Batches:
    """The batches that one caller meets."""

    def __init__(self, database: CallersDatabase, acceptance: Acceptance) -> None:
        self._database = database
        self._acceptance = acceptance

    def create(self, body: Any, post: KeyedPost | None = None) -> Runs:
        """Accept all runs of a batch or, with every issue of every scenario, none.

        Of the same POST sent before it gives what was made then.
        """
        with self._database.reading() as session:
            earlier = made_before(session, post)
        if earlier is not None:
            return self.get(earlier)
        request = _request(body)
        self._acceptance.require_room(len(request.scenarios))
        rows = self._rows(request)
        new_id = str(uuid4())
        with self._database.writing() as session:
            self._acceptance.require_own_room(session, len(rows))
            now = clock.begun(session)
            batch_id = resource_for(session, post, new_id, now)
            if batch_id == new_id:
                for position, row in enumerate(rows):
                    row.created, row.batch_id, row.batch_position = now, batch_id, position
                self._acceptance.admit(session, rows)
                self._acceptance.queue(session, rows)
            return _found(RunRepository(session).of_batches([batch_id]))

    def get(self, batch_id: str) -> Runs:
        """One; NotFound when there is none."""
        with self._database.reading() as session:
            return _found(RunRepository(session).of_batches([batch_id]))

    def page(self, cursor: str | None, limit: int) -> tuple[list[Runs], Page[RunRow]]:
        """A page of batches, newest first, and that of their first runs."""
        with self._database.reading() as session:
            repository = RunRepository(session)
            firsts = page(repository.batch_page, cursor, limit)
            ids = [row.batch_id for row in firsts.items if row.batch_id is not None]
            members: dict[str | None, list[RunRow]] = {batch_id: [] for batch_id in ids}
            for row in repository.of_batches(ids):
                members[row.batch_id].append(row)
        return list(members.values()), firsts

    def ask_to_stop(self, batch_id: str) -> list[str]:
        """Dismiss the runs that wait and ask for those that are solved to be stopped.

        Gives the ids of the latter. Raises NotFound, and Conflict when all have ended.
        """
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            rows = _found(repository.of_batches([batch_id]))
            if not any(row.status in OPEN for row in rows):
                raise Conflict("batch_ended", "Alle kjøringene er allerede avsluttet.")
            repository.dismiss_waiting([row.id for row in rows], now)
            return [row.id for row in rows if repository.request_cancel(row.id)]

    def dismiss(self, batch_id: str) -> None:
        """Dismiss all that have not ended, whatever their workers do."""
        with self._database.writing() as session:
            repository, now = RunRepository(session), clock.now(session)
            for row in repository.of_batches([batch_id]):
                repository.dismiss(row.id, OPEN, now)

    def _rows(self, request: BatchRequest) -> list[RunRow]:
        rows: list[RunRow] = []
        issues: list[Issue] = []
        self._acceptance.options(request.options)
        for position, asked in enumerate(request.scenarios):
            try:
                rows.append(self._acceptance.row(asked, f"/scenarios/{position}", request))
            except (DocumentInvalid, Unprocessable) as error:
                issues.extend(error.issues)
        if issues:
            raise DocumentInvalid(issues)
        return rows


def _request(body: Any) -> BatchRequest:
    try:
        return BatchRequest.model_validate(body)
    except ValidationError as error:
        raise DocumentInvalid(issues_of(error, BatchRequest)) from error


def _found(rows: Runs) -> Runs:
    if not rows:
        raise NotFound("batch_not_found", "Bunken finnes ikke.")
    return rows
