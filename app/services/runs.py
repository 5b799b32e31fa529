"""Use cases of runs, as clients see them. Every method is one transaction unless it says so."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.db import CallersDatabase, Database
from app.errors import Conflict, NotFound, Unavailable
from app.repositories import clock
from app.repositories.runs import OPEN, RunRepository
from app.schemas.issues import issues_of
from app.schemas.run import RunOptions, RunRequest
from app.schemas.scenario import Scenario
from app.services.checking import check_scenario
from app.services.etags import tag_of
from app.services.idempotency import KeyedPost, made_before, resource_for
from app.services.pages import Page, page
from app.services.parameters import check_parameters
from app.services.plan_document import scenario_hash
from app.services.scenarios import Scenarios, as_text
from app.settings import Settings
from geodata.exporters import write_geopackage
from geodata.layers import all_layers, layer
from models import IncumbentRow, RunRow, RunStatus
from solver.domain.errors import DocumentInvalid, Issue, ScenarioInvalid
from solver.domain.result import SolveOptions

Enqueue = Callable[[Session, RunRow], None]
"""Puts a new run in the queue, within the transaction that stores it."""

logger = logging.getLogger(__name__)


class Runs:
    """The runs that one caller meets."""

    def __init__(self, database: CallersDatabase, settings: Settings, enqueue: Enqueue) -> None:
        self._database = database
        self._scenarios = Scenarios(database)
        self._settings = settings
        self._enqueue = enqueue

    def create(self, body: Any, post: KeyedPost | None = None) -> RunRow:
        """Accept a run request, or give the run of the same POST sent before.

        What was made before, and the scenario that is named, are read in transactions of their own.
        """
        with self._database.reading() as session:
            earlier = made_before(session, post)
        if earlier is not None:
            return self.get(earlier)
        request = _request(body)
        options = self._options(request.options or RunOptions())
        scenario_id, document = self._scenario(request.scenario)
        scenario = _checked(document)
        parameters = check_parameters(request.kind, request.parameters or {}, scenario)
        row = RunRow(
            id=str(uuid4()),
            scenario_id=scenario_id,
            kind=request.kind,
            status=RunStatus.ACCEPTED,
            options=options,
            parameters=parameters.model_dump(mode="json"),
            scenario=as_text(scenario.plain()),
            scenario_hash=scenario_hash(scenario),
            priority=request.priority,
        )
        with self._database.writing() as session:
            repository = RunRepository(session)
            row.created = clock.now(session)
            run_id = resource_for(session, post, row.id, row.created)
            if run_id == row.id:
                self._require_room(repository)
                self._enqueue(session, row)
                repository.add(row)
                logger.info("run accepted", extra={"run_id": row.id, "kind": row.kind})
            return _found(repository.get(run_id))

    def get(self, run_id: str) -> RunRow:
        """One; NotFound when there is none."""
        with self._database.reading() as session:
            return _found(RunRepository(session).get(run_id))

    def page(self, cursor: str | None, limit: int) -> Page[RunRow]:
        """A page of them, newest first."""
        with self._database.reading() as session:
            return page(RunRepository(session).page, cursor, limit)

    def incumbents(self, run_id: str, after: int, limit: int) -> Sequence[IncumbentRow]:
        """Up to `limit` incumbents of a run numbered above `after`, in order."""
        with self._database.reading() as session:
            repository = RunRepository(session)
            _found(repository.get(run_id))
            return repository.incumbents(run_id, after, limit)

    def news(self, run_id: str) -> "News":
        """A run and all its incumbents; NotFound when there is none."""
        with self._database.reading() as session:
            rows, incumbents = _news(RunRepository(session), {run_id: 0})
        if not rows:
            raise run_not_found()
        return rows, incumbents

    def result(self, run_id: str) -> str:
        """The result document as it was made; NotFound while there is none."""
        with self._database.reading() as session:
            return _result(_found(RunRepository(session).get(run_id, RunRow.result)))

    def plan(self, run_id: str) -> str:
        """The plan document as it was verified; NotFound while there is none, or never will be."""
        with self._database.reading() as session:
            return _plan(_found(RunRepository(session).get(run_id, RunRow.result)))

    def plan_tag(self, run_id: str, *what: str | int | None) -> str:
        """Entity tag of what is made of a run's plan, `what` saying which; NotFound without one."""
        with self._database.reading() as session:
            row = _found(RunRepository(session).get(run_id, RunRow.result, RunRow.scenario))
            return tag_of(_plan(row), row.scenario, version("flerkjerne"), *map(str, what))

    def layers(self, run_id: str, name: str | None, year: int | None) -> dict[str, Any]:
        """A layer of the plan as GeoJSON, all of them without a name.

        Raises NotFound without a plan, GeodataError for an unknown layer or year.
        """
        scenario, plan = self.documents(run_id)
        if name is None:
            return all_layers(scenario, plan, year)
        return layer(name, scenario, plan, year)

    def geopackage(self, run_id: str) -> bytes:
        """Every layer of the plan as a GeoPackage; NotFound without a plan."""
        scenario, plan = self.documents(run_id)
        with TemporaryDirectory(prefix="flerkjerne-") as folder:
            path = Path(folder, "plan.gpkg")
            write_geopackage(path, scenario, plan)
            return path.read_bytes()

    def ask_to_stop(self, run_id: str) -> bool:
        """Dismiss a run that waits, or ask for it to be stopped: True when a worker must act.

        Raises NotFound, and Conflict when it has already ended.
        """
        with self._database.writing() as session:
            repository = RunRepository(session)
            if repository.dismiss(run_id, [RunStatus.ACCEPTED], clock.now(session)):
                return False
            if repository.request_cancel(run_id):
                return True
            _found(repository.get(run_id))
            raise Conflict("run_ended", "Kjøringen er allerede avsluttet.")

    def dismiss(self, run_id: str) -> None:
        """Dismiss a run whatever its worker does; one that has ended stays as it is."""
        with self._database.writing() as session:
            RunRepository(session).dismiss(run_id, OPEN, clock.now(session))

    def _options(self, asked: RunOptions) -> dict[str, Any]:
        """The options asked for, with our own choice where there is none."""
        longest, own = self._settings.max_time_limit_s, SolveOptions()
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

    def _scenario(self, asked: str | dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Id and document of what a request names; no id when it brings the document."""
        if isinstance(asked, str):
            return asked, self._scenarios.named(asked, "/scenario").document
        return None, asked

    def _require_room(self, repository: RunRepository) -> None:
        if repository.waiting() >= self._settings.max_queue:
            raise Unavailable("queue_full", "Køen er full. Prøv igjen senere.")

    def documents(self, run_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Scenario and plan of a run; NotFound without a plan."""
        with self._database.reading() as session:
            row = _found(RunRepository(session).get(run_id, RunRow.result, RunRow.scenario))
            return json.loads(row.scenario), json.loads(_plan(row))


News = tuple[Sequence[RunRow], Mapping[str, list[IncumbentRow]]]


def news_of(database: Database, known: Mapping[str, int]) -> News:
    """Those of these runs that there are, and of each its incumbents beyond the one known.

    Whoever's they are: only for runs that a caller has been seen to meet.
    """
    with database.reading() as session:
        return _news(RunRepository(session), known)


def _news(repository: RunRepository, known: Mapping[str, int]) -> News:
    """The rows are read first: what a run had found when it ended is among its incumbents."""
    incumbents: dict[str, list[IncumbentRow]] = {run_id: [] for run_id in known}
    rows = repository.several(list(known))
    for incumbent in repository.incumbents_beyond(known):
        incumbents[incumbent.run_id].append(incumbent)
    return rows, incumbents


def options_of(row: RunRow) -> SolveOptions:
    """The options of a run; one stored before an option came has its default."""
    return SolveOptions.from_json(row.options)


def _request(body: Any) -> RunRequest:
    try:
        return RunRequest.model_validate(body)
    except ValidationError as error:
        raise DocumentInvalid(issues_of(error, RunRequest)) from error


def _checked(document: dict[str, Any]) -> Scenario:
    """The scenario of a request; pointers of its issues start at the request."""
    try:
        return check_scenario(document)
    except DocumentInvalid as error:
        issues = [replace(issue, pointer=f"/scenario{issue.pointer}") for issue in error.issues]
        raise ScenarioInvalid(issues) from error


def run_not_found() -> NotFound:
    """There is no such run."""
    return NotFound("run_not_found", "Kjøringen finnes ikke.")


def _found(row: RunRow | None) -> RunRow:
    if row is None:
        raise run_not_found()
    return row


def _plan(row: RunRow) -> str:
    if row.kind != "solve":
        raise NotFound(
            "not_a_plan", f"En kjøring av slaget «{row.kind}» gir ikke én plan. Les /result."
        )
    return _result(row)


def _result(row: RunRow) -> str:
    if row.result is not None:
        return row.result
    what = "plan" if row.kind == "solve" else "result"
    if row.status in OPEN:
        raise NotFound(f"{what}_not_ready", "Kjøringen er ikke ferdig ennå.")
    raise NotFound(f"no_{what}", "Kjøringen endte uten svar.")
