"""Use cases of runs, as clients see them. Every method is one transaction unless it says so."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.db import CallersDatabase, Database
from app.errors import Conflict, NotFound
from app.repositories import clock
from app.repositories.runs import OPEN, RunRepository
from app.services.etags import tag_of
from app.services.pages import Page, page
from geodata.exporters import write_geopackage
from geodata.layers import all_layers, layer
from models import IncumbentRow, RunRow, RunStatus
from solver.domain.result import SolveOptions


class Runs:
    """The runs that one caller meets."""

    def __init__(self, database: CallersDatabase) -> None:
        self._database = database

    def get(self, run_id: str) -> RunRow:
        """One; NotFound when there is none."""
        with self._database.reading() as session:
            return _found(RunRepository(session).get(run_id))

    @property
    def tenant(self) -> str:
        """Whose they are."""
        return self._database.caller.tenant

    def several(self, run_ids: Sequence[str]) -> Sequence[RunRow | NotFound]:
        """Each of these, as `get` gives or raises it."""
        with self._database.reading() as session:
            found = {row.id: row for row in RunRepository(session).several(set(run_ids))}
        return [found.get(run_id) or run_not_found() for run_id in run_ids]

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

    def with_incumbents(
        self, run_ids: Sequence[str]
    ) -> Sequence[tuple[RunRow, list[IncumbentRow]] | NotFound]:
        """Each of these as `several` gives it, with all its incumbents."""
        with self._database.reading() as session:
            rows, incumbents = _news(RunRepository(session), dict.fromkeys(run_ids, 0))
        found = {row.id: (row, incumbents[row.id]) for row in rows}
        return [found.get(run_id) or run_not_found() for run_id in run_ids]

    def result(self, run_id: str) -> str:
        """The result document as it was made; NotFound while there is none."""
        with self._database.reading() as session:
            return _result(_found(RunRepository(session).get(run_id, RunRow.result)))

    def scenario(self, run_id: str) -> str:
        """The run's own copy of its scenario, as it was when the run was accepted."""
        with self._database.reading() as session:
            return _found(RunRepository(session).get(run_id, RunRow.scenario)).scenario.text

    def plan(self, run_id: str) -> str:
        """The plan document as it was verified; NotFound while there is none, or never will be."""
        with self._database.reading() as session:
            return _plan(_found(RunRepository(session).get(run_id, RunRow.result)))

    def with_plan(self, run_id: str) -> RunRow:
        """A run that has a plan document; NotFound while there is none, or never will be."""
        row = self.get(run_id)
        if row.kind != "solve" or not row.has_result:
            raise _no_plan(row)
        return row

    def plan_tag(self, run_id: str, *what: str | int | None) -> str:
        """Entity tag of what is made of a run's plan, `what` saying which; NotFound without one."""
        with self._database.reading() as session:
            row = _found(RunRepository(session).get(run_id, RunRow.result, RunRow.scenario))
            return tag_of(_plan(row), row.scenario.text, version("flerkjerne"), *map(str, what))

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

    def documents(self, run_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Scenario and plan of a run; NotFound without a plan."""
        with self._database.reading() as session:
            row = _found(RunRepository(session).get(run_id, RunRow.result, RunRow.scenario))
            return json.loads(row.scenario.text), json.loads(_plan(row))


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


def run_not_found() -> NotFound:
    """There is no such run."""
    return NotFound("run_not_found", "Kjøringen finnes ikke.")


def _found(row: RunRow | None) -> RunRow:
    if row is None:
        raise run_not_found()
    return row


def _plan(row: RunRow) -> str:
    if row.kind != "solve" or row.result is None:
        raise _no_plan(row)
    return row.result


def _result(row: RunRow) -> str:
    if row.result is None:
        raise _nothing_yet(row)
    return row.result


def _no_plan(row: RunRow) -> NotFound:
    if row.kind != "solve":
        return NotFound(
            "not_a_plan", f"En kjøring av slaget «{row.kind}» gir ikke én plan. Les /result."
        )
    return _nothing_yet(row)


def _nothing_yet(row: RunRow) -> NotFound:
    what = "plan" if row.kind == "solve" else "result"
    if row.status in OPEN:
        return NotFound(f"{what}_not_ready", "Kjøringen er ikke ferdig ennå.")
    return NotFound(f"no_{what}", "Kjøringen endte uten svar.")
