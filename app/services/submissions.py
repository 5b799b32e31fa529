"""Runs taken in: one by itself, or all that are posted at the same time in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.db import CallersDatabase
from app.repositories import clock
from app.repositories.runs import RunRepository
from app.schemas.issues import issues_of
from app.schemas.run import RunRequest
from app.services.acceptance import Acceptance
from app.services.idempotency import KeyedPost, made_before, resource_for
from app.services.runs import run_not_found
from models import RunRow
from solver.domain.errors import DocumentInvalid, SitingError

Taken = RunRow | SitingError | None
"""A run, why there is none, or None for one to be taken in alone."""

_OF_ONE = (DataError, IntegrityError)
"""What a database says of a row and not of itself; nothing is committed then."""


@dataclass(frozen=True)
class Submission:
    """A POST of a run."""

    body: Any
    post: KeyedPost | None = None
    context: Context = field(default_factory=copy_context)
    """Of the request: what is done for it is told under its id."""

    @cached_property
    def request(self) -> RunRequest:
        """What it asks for; DocumentInvalid when that is nothing."""
        try:
            return RunRequest.model_validate(self.body)
        except ValidationError as error:
            raise DocumentInvalid(issues_of(error, RunRequest)) from error

    @property
    def named(self) -> str | None:
        """The scenario it names, unchecked.

        None when it sends one, or has more fields than there are: to tell of each takes long.
        """
        if not isinstance(self.body, dict) or len(self.body) > len(RunRequest.model_fields):
            return None
        asked = self.body.get("scenario")
        return asked if isinstance(asked, str) else None


class Submissions:
    """Takes in runs for one caller."""

    def __init__(self, database: CallersDatabase, acceptance: Acceptance) -> None:
        self._database = database
        self._acceptance = acceptance

    def alone(self, submission: Submission) -> RunRow:
        """Accept a run request, or give the run of the same POST sent before.

        What was made before, and the scenario that is named, are read in transactions of their own.
        """
        with self._database.reading() as session:
            earlier = _earlier(session, submission)
        if earlier is not None:
            return earlier
        request = submission.request
        self._acceptance.require_room(1)
        row = self._acceptance.row(request.scenario, "/scenario", request)
        with self._database.writing() as session:
            first = self._first(session, submission, row)
            if first is row:
                self._acceptance.queue(session, [row])
            return first

    def check(self, submission: Submission) -> None:
        """Check what is asked for, so that it can be one of several; raises as `alone` does."""
        request = submission.request
        self._acceptance.row(request.scenario, "/scenario", request)

    def several(self, submissions: Sequence[Submission]) -> Sequence[Taken]:
        """The same for several that name their scenarios, quickly and in one transaction.

        None is in the place of one whose scenario is yet to be checked, and of each of them when
        one breaks a rule of the database: nobody waits, or fails, for another.
        """
        new: list[RunRow] = []
        try:
            with self._database.writing() as session:
                named = {one.named for one in submissions if one.named is not None}
                versions = self._acceptance.versions(session, named)
                take_in = partial(self._quickly, session, versions, new)
                taken = {n: _or_why_not(take_in, submissions[n]) for n in _in_turn(submissions)}
                self._acceptance.queue(session, new)
        except _OF_ONE:
            return [None] * len(submissions)
        return [taken[n] for n in range(len(submissions))]

    def _quickly(
        self,
        session: Session,
        versions: Mapping[str, str],
        new: list[RunRow],
        submission: Submission,
    ) -> RunRow | None:
        """The run of a POST, which is added to `new` if it is that."""
        earlier = _earlier(session, submission)
        if earlier is not None:
            return earlier
        row = self._acceptance.known_row(submission.request, versions)
        if row is None:
            return None
        self._acceptance.require_room(1)
        first = self._first(session, submission, row)
        if first is row:
            new.append(row)
        return first

    def _first(self, session: Session, submission: Submission, row: RunRow) -> RunRow:
        """The row, stored, unless another sending of the POST was faster: then the run of that.

        One that is refused leaves nothing, its key neither: the others of its transaction stay.
        """
        self._acceptance.require_own_room(session, 1)
        row.created = clock.begun(session)
        run_id = resource_for(session, submission.post, row.id, row.created)
        if run_id != row.id:
            return _found(session, run_id)
        submission.context.run(self._acceptance.admit, session, [row])
        return row


def _in_turn(submissions: Sequence[Submission]) -> list[int]:
    """Places by key: of two processes that are sent the same keys none waits for one that waits
    for it.
    """
    keys = [one.post.key if one.post is not None else "" for one in submissions]
    return sorted(range(len(keys)), key=keys.__getitem__)


def _earlier(session: Session, submission: Submission) -> RunRow | None:
    """The run of an earlier sending of a POST."""
    run_id = made_before(session, submission.post)
    return None if run_id is None else _found(session, run_id)


def _found(session: Session, run_id: str) -> RunRow:
    row = RunRepository(session).get(run_id)
    if row is None:
        raise run_not_found()
    return row


def _or_why_not(do: Callable[..., RunRow | None], *arguments: Any) -> Taken:
    try:
        return do(*arguments)
    except SitingError as error:
        return error
