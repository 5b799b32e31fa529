"""Single runs, read at once for all who ask at the same time.

A read costs more to begin and end than to do. The more ask, the fewer reads each of them is.
"""

import asyncio
from collections.abc import Mapping

from fastapi.concurrency import run_in_threadpool

from app.services.runs import Runs, run_not_found
from models import RunRow


class _Asked:
    """Ids that are asked for, and the rows when they have been read."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.rows: asyncio.Future[Mapping[str, RunRow]] = asyncio.Future()


class ReadTogether:
    """Reads for one tenant at a time, one at a time.

    Who comes while one is under way waits for the next: it begins after they came, so that nobody
    is told of less than was there when they asked.
    """

    def __init__(self) -> None:
        self.waiting = 0
        """Requests that wait for a read."""
        self._asked: dict[str, _Asked] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}

    async def run(self, runs: Runs, run_id: str) -> RunRow:
        """One of those that `runs` are, as `Runs.get` gives it."""
        self.waiting += 1
        try:
            rows = await self._rows(runs, run_id)
        finally:
            self.waiting -= 1
        if run_id not in rows:
            raise run_not_found()
        return rows[run_id]

    async def _rows(self, runs: Runs, run_id: str) -> Mapping[str, RunRow]:
        tenant = runs.tenant
        asked = self._asked.get(tenant) or self._asked.setdefault(tenant, _Asked())
        asked.ids.add(run_id)
        if tenant not in self._readers:
            self._readers[tenant] = asyncio.create_task(self._read(runs))
        return await asyncio.shield(asked.rows)  # who hangs up does not end it for the others

    async def _read(self, runs: Runs) -> None:
        while (asked := self._asked.pop(runs.tenant, None)) is not None:
            try:
                asked.rows.set_result(await run_in_threadpool(runs.several, asked.ids))
            except Exception as error:  # theirs, who asked
                asked.rows.set_exception(error)
        del self._readers[runs.tenant]
