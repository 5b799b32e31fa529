"""Between a solving process that shares its parts and the database, for the worker it runs on."""

import logging
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.errors import DATABASE_AWAY
from app.jobs.crew import HEARD, SAID, Heard, Said, mailboxes
from app.jobs.patience import RETRY_S
from app.jobs.queue import DurableQueue
from app.repositories.runs import Hold
from app.services.parts import Parts
from models import RunRow

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5  # for what helpers have answered


class Exchange:
    """Carries what the process says to the database, and back what helpers have found.

    A message is dropped when the database has it: while it is away they wait. Each may be carried
    twice, and is as good as once.
    """

    def __init__(self, parts: Parts, queue: DurableQueue, hold: Hold, folder: Path) -> None:
        self.folder = folder
        self._parts, self._queue, self._hold = parts, queue, hold
        self._said, self._heard = mailboxes(folder)
        self._known: set[str] = set()
        self._given: set[str] = set()
        self._name = uuid4().hex  # an attempt may have another process, which calls anew
        self._offers = 0
        self._calls: list[str] = []
        self._look_next = self._retry_at = 0.0

    def begin(self) -> None:
        """Before the process starts: tell it what is known."""
        self._pass_on(self._parts.begin(self._hold))

    def tend(self) -> None:
        """Carry what there is; called some times a second."""
        if time.monotonic() < self._retry_at:
            return
        try:
            while (message := self._said.first()) is not None:
                self._carry(message)
                self._said.drop()
            if self._calls and time.monotonic() >= self._look_next:
                self._look_next = time.monotonic() + LOOK_EVERY_S
                self._look()
        except DATABASE_AWAY:
            logger.exception("parts of run %s wait for the database", self._hold.run_id)
            self._retry_at = time.monotonic() + RETRY_S

    def _carry(self, message: bytes) -> None:
        try:
            said = SAID.validate_json(message)
        except ValidationError:
            logger.exception("run %s says what is not understood", self._hold.run_id)
            return
        self._do(said)

    def _do(self, said: Said) -> None:
        if said.offer:
            self._parts.offer(self._hold, said.offer, self._call)
            self._offers += 1
        if said.answers:
            self._parts.tell(self._hold, [(one.part, one.answer) for one in said.answers])
            self._known.update(one.part.id for one in said.answers)
        if said.ask:
            mine = self._parts.ask(self._hold, said.ask, self._given)
            self._given.update(mine)
            self._put(Heard(mine=tuple(mine)))
        if said.close:
            self._parts.close(self._hold, self._withdraw)
            self._calls = []

    def _call(self, session: Session, run: RunRow, number: int) -> None:
        names = [f"{self._name}.{self._offers}.{n}" for n in range(number)]
        self._calls = self._queue.call(session, run, names)

    def _withdraw(self, session: Session) -> None:
        self._queue.withdraw(session, self._calls)

    def _look(self) -> None:
        new = self._parts.answers(self._hold.run_id, self._known)
        if new:
            self._pass_on(new)

    def _pass_on(self, answers: dict[str, Any]) -> None:
        self._put(Heard(answers))
        self._known.update(answers)

    def _put(self, heard: Heard) -> None:
        self._heard.put(HEARD.dump_json(heard))
