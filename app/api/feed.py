"""What happens to runs, for any number of readers at the price of one.

Whoever solves a run may be on another machine, so this reads the database: in one transaction for
all runs that somebody watches, and only while somebody does.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

from fastapi.concurrency import run_in_threadpool

from app.api.together import Together
from app.db import Database
from app.errors import DATABASE_AWAY
from app.repositories.runs import OPEN
from app.services.run_events import Event, Place, events_after
from app.services.runs import Runs, news_of
from models import IncumbentRow, RunRow

logger = logging.getLogger(__name__)

POLL_S = 0.4
MOST_LOOKS = 500


class _Watched:
    """A run that somebody watches, as it was at the last look."""

    def __init__(self, row: RunRow) -> None:
        self.row = row
        self.incumbents: list[IncumbentRow] = []
        self.readers = 0
        self.gone = False
        self._changed = asyncio.Event()

    @property
    def last_seq(self) -> int:
        """The newest incumbent known."""
        return self.incumbents[-1].seq if self.incumbents else 0

    def publish(self, row: RunRow, new: list[IncumbentRow]) -> None:
        """Take in what has been read, and wake every reader if it is new."""
        known, self.row = self.row, row
        new = [incumbent for incumbent in new if incumbent.seq > self.last_seq]
        self.incumbents += new
        if new or _standing(known) != _standing(row):
            self.wake()

    def wake(self) -> None:
        """Let every reader look."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, patience_s: float) -> bool:
        """Whether something happened before the patience was over."""
        try:
            await asyncio.wait_for(self._changed.wait(), patience_s)
        except TimeoutError:
            return False
        return True


class Feed:
    """The runs that are watched through this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.looks: Together[str, tuple[RunRow, list[IncumbentRow]]] = Together(MOST_LOOKS)
        """First looks, of those who begin to watch: after a restart all do so at once."""
        self._watched: dict[str, _Watched] = {}
        self._poller: asyncio.Task[None] | None = None
        self._closed = False

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for watched in self._watched.values():
            watched.wake()

    async def watch(self, runs: Runs, run_id: str) -> _Watched:
        """A run to read the events of; NotFound when the caller meets none of this id."""
        row, incumbents = await self.looks.ask(runs.tenant, runs.with_incumbents, run_id)
        watched = self._watched.get(run_id) or _Watched(row)
        watched.publish(row, incumbents)
        return watched

    async def events(
        self, watched: _Watched, place: Place, patience_s: float
    ) -> AsyncGenerator[Event | None, None]:
        """What happens to a run after a place, to its end; None when long nothing has."""
        watched = self._watched.setdefault(watched.row.id, watched)
        watched.readers += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        told: tuple[Any, ...] | None = None
        try:
            while not self._closed and not watched.gone:
                row, standing = watched.row, _standing(watched.row)
                news = events_after(place, row, watched.incumbents, moved=standing != told)
                told = standing
                for event in news:
                    place = event.place
                    yield event
                if row.status not in OPEN:
                    return
                if row is watched.row and not await watched.change(patience_s):
                    yield None
        finally:
            watched.readers -= 1

    async def _poll(self) -> None:
        while self._watched and not self._closed:
            try:
                await self._look()
            except DATABASE_AWAY:
                logger.warning("the database is away; readers of events wait", exc_info=True)
            await asyncio.sleep(POLL_S)
            self._watched = {i: one for i, one in self._watched.items() if one.readers}

    async def _look(self) -> None:
        known = {run_id: watched.last_seq for run_id, watched in self._watched.items()}
        rows, incumbents = await run_in_threadpool(news_of, self._database, known)
        found = {row.id: row for row in rows}
        for run_id in known.keys() & self._watched.keys():
            watched = self._watched[run_id]
            if run_id in found:
                watched.publish(found[run_id], incumbents[run_id])
            else:
                watched.gone = True
                watched.wake()


def _standing(row: RunRow) -> tuple[Any, ...]:
    """What a reader is told again when it differs."""
    return (
        *(row.status, row.attempt, row.seconds, row.progress_part, row.progress_parts),
        *(row.progress_incumbent_nok, row.progress_bound_nok, row.progress_gap),
    )
