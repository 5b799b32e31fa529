"""From a request to a run that waits: what is asked for is checked, then stored and queued."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.callers import EVERY_TENANT
from app.errors import TooManyWaiting, Unavailable
from app.repositories.runs import RunRepository
from app.schemas.run import BatchRequest, RunOptions, RunRequest
from app.schemas.scenario import Scenario
from app.services.checking import check_scenario
from app.services.parameters import check_parameters
from app.services.plan_document import scenario_hash
from app.services.room import Count, Room
from app.services.scenarios import Scenarios, as_text, etags
from app.services.sized_cache import SizedCache
from app.settings import Settings
from models import Packed, RunRow, RunStatus
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid
from solver.domain.result import SolveOptions

Enqueue = Callable[[Session, Sequence[RunRow]], None]
"""Puts new runs in the queue, within the transaction that stores them."""
logger = logging.getLogger(__name__)

KEPT_BYTES = 4e6
"""Of the packed texts of checked scenarios; the scenarios themselves take far more."""


@dataclass(frozen=True)
class Checked:
    """A scenario without faults, and what a run keeps of it."""

    scenario: Scenario
    packed: Packed
    hash: str


def checked_scenarios() -> SizedCache[Checked]:
    """Room for named scenarios: each version is checked once, however many runs ask for it."""
    return SizedCache(KEPT_BYTES, lambda checked: len(checked.packed.data))


class Acceptance:
    """Takes in runs for one caller.

    `waiting` counts the runs that wait, of everybody: more than a caller meets.
    """

    def __init__(
        self,
        scenarios: Scenarios,
        tenant: str,
        checked: SizedCache[Checked],
        room: Room,
        settings: Settings,
        enqueue: Enqueue,
        waiting: Count,
    ) -> None:
        self._scenarios = scenarios
        self._tenant = tenant
        self._known = checked
        self._room = room
        self._settings = settings
        self._enqueue = enqueue
        self._waiting = waiting

    def options(self, asked: RunOptions | None) -> dict[str, Any]:
        """The options asked for, with our own choice where there is none.

        Raises DocumentInvalid for more time than the server gives.
        """
        asked, own = asked or RunOptions(), SolveOptions()
        longest = self._settings.max_time_limit_s
        if asked.time_limit_s is not None and asked.time_limit_s > longest:
            message = f"Denne tjeneren regner i høyst {longest:g} sekunder."
            mend = f"Sett «time_limit_s» til {longest:g} eller mindre."
            raise DocumentInvalid([Issue("/options/time_limit_s", "too_large", message, mend)])
        choices = {
            "time_limit_s": min(own.time_limit_s, longest),
            "mip_gap": own.mip_gap,
            "threads": own.threads,
            "strategy": own.strategy,
            "referee": own.referee,
        }
        return choices | asked.model_dump(exclude_none=True)

    def require_room(self, runs: int) -> None:
        """Unavailable when the queue of everybody has no room; asked before the work of checking.

        Requests at the same time may go beyond it by what they bring.
        """
        if not self._room.take(EVERY_TENANT, runs, self._settings.max_queue, self._waiting):
            raise Unavailable("queue_full", "Køen er full. Prøv igjen senere.")

    def row(
        self, asked: str | dict[str, Any], pointer: str, request: RunRequest | BatchRequest
    ) -> RunRow:
        """A run on a scenario, checked and not yet stored; `pointer` is where it is asked about.

        Raises DocumentInvalid, and Unprocessable for a name that no scenario has.
        """
        if isinstance(asked, str):
            return self._row(self._named(asked, pointer), asked, request)
        return self._row(_checked(asked, pointer), None, request)

    def known_row(self, request: RunRequest, versions: Mapping[str, str]) -> RunRow | None:
        """The same when this version of the scenario that is named has been checked, else None."""
        name = request.scenario
        if not isinstance(name, str) or name not in versions:
            return None
        checked = self._known.peek((name, versions[name]))
        return None if checked is None else self._row(checked, name, request)

    def versions(self, session: Session, names: Collection[str]) -> Mapping[str, str]:
        """Entity tags of those of these scenarios that there are."""
        return etags(session, names)

    def _row(
        self, checked: Checked, scenario_id: str | None, request: RunRequest | BatchRequest
    ) -> RunRow:
        parameters = check_parameters(request.kind, request.parameters or {}, checked.scenario)
        return RunRow(
            id=str(uuid4()),
            scenario_id=scenario_id,
            kind=request.kind,
            status=RunStatus.ACCEPTED,
            options=self.options(request.options),
            parameters=parameters.model_dump(mode="json"),
            scenario=checked.packed,
            scenario_hash=checked.hash,
            priority=request.priority,
            has_result=False,  # known without asking for it
        )

    def _named(self, name: str, pointer: str) -> Checked:
        # Edited in between, the newer one is kept as the older, which nobody will be told of again.
        version = self._scenarios.etag_of_named(name, pointer)
        return self._known.get(
            (name, version),
            lambda: _checked(self._scenarios.named(name, pointer).document, pointer),
        )

    def require_own_room(self, session: Session, runs: int) -> None:
        """TooManyWaiting when the tenant may not have as many more; asked before a key is kept."""
        most = self._settings.max_queued_per_tenant
        if not self._room.take(self._tenant, runs, most, RunRepository(session).waiting):
            raise TooManyWaiting(most)

    def admit(self, session: Session, rows: Sequence[RunRow]) -> None:
        """Store runs, to be queued before the commit."""
        repository = RunRepository(session)
        for row in rows:
            repository.add(row)  # in the session it has its tenant
            logger.info("run accepted", extra={"run_id": row.id, "kind": row.kind})

    def queue(self, session: Session, rows: Sequence[RunRow]) -> None:
        """Queue runs that this transaction stores."""
        with session.no_autoflush:  # stored with the others, and read as it then is
            self._enqueue(session, rows)
        session.flush()


def _checked(document: dict[str, Any], pointer: str) -> Checked:
    """The scenario of a request; pointers of its issues start at the request."""
    try:
        scenario = check_scenario(document)
    except DocumentInvalid as error:
        issues = [replace(issue, pointer=f"{pointer}{issue.pointer}") for issue in error.issues]
        raise ScenarioInvalid(issues) from error
    return Checked(scenario, Packed.of(as_text(scenario.plain())), scenario_hash(scenario))
