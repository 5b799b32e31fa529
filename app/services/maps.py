"""What there is to show on maps: finished runs, and scenarios by the newest plan they have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import CallersDatabase
from app.errors import NotFound
from app.repositories.runs import RunRepository
from app.repositories.scenarios import ScenarioRepository
from app.schemas.scenario import Scenario
from app.services.runs import Runs
from app.services.scenarios import Scenarios
from app.services.sized_cache import SizedCache
from geodata import bundled
from geodata.frame import Frame, frame
from geodata.qgis.project import Data, qgz
from geodata.tables import Table, table
from models import RunRow

MOST_LISTED = 50
"""Scenarios and runs that are named unasked, the newest; the others have their addresses."""

Documents = tuple[Mapping[str, Any], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Source:
    """A run, or a scenario: then with its newest plan, or alone while it has none."""

    kind: str
    """`run` or `scenario`."""
    id: str
    version: str
    """What its layers are made from: the id of a run, or the entity tag of a scenario alone."""
    run_id: str | None
    scenario_id: str | None
    ended: datetime | None


class MapCache:
    """Layers kept while there is room, for all callers: who asks has met the source."""

    def __init__(self, most_megabytes: float) -> None:
        self.tables: SizedCache[Table] = SizedCache(1e6 * most_megabytes, lambda t: t.nbytes)
        self.frames: SizedCache[Frame] = SizedCache(MOST_LISTED, lambda _: 1)


class Maps:
    """The layers of the runs and scenarios that one caller meets.

    Every source is asked the database for; its layers, which never change under one version, are
    kept.
    """

    def __init__(
        self, database: CallersDatabase, scenarios: Scenarios, runs: Runs, cache: MapCache
    ) -> None:
        self._database = database
        self._scenarios = scenarios
        self._runs = runs
        self._cache = cache

    def of_run(self, run_id: str) -> Source:
        """A run; NotFound unless it has ended with a plan document."""
        return _of_run(self._runs.with_plan(run_id))

    def of_scenario(self, scenario_id: str) -> Source:
        """A stored or bundled scenario, by its newest plan; NotFound when there is no such one.

        A scenario that was deleted lives on in its newest plan.
        """
        with self._database.reading() as session:
            newest = RunRepository(session).newest_with_plan(scenario_id)
        if newest is not None:
            ended = newest.ended
            return Source("scenario", scenario_id, newest.id, newest.id, scenario_id, ended)
        etag = self._scenarios.etag(scenario_id)
        return Source("scenario", scenario_id, etag, None, scenario_id, None)

    def scenarios(self) -> list[tuple[str, str]]:
        """Ids and titles: the bundled ones, then the newest stored."""
        own = [(name, str(bundled.load(name)["title"])) for name in bundled.names()]
        with self._database.reading() as session:
            rows = ScenarioRepository(session).page(None, MOST_LISTED)
        return own + [(row.id, row.title) for row in rows]

    def runs(self) -> list[Source]:
        """The newest that have a plan."""
        with self._database.reading() as session:
            return [_of_run(row) for row in RunRepository(session).newest_plans(MOST_LISTED)]

    def frame(self, source: Source) -> Frame:
        """What is known of a source at once."""
        return self._cache.frames.get(_key(source), lambda: frame(self.documents(source)[0]))

    def table(self, source: Source, layer: str) -> Table:
        """One of `MAP_LAYERS` of a source."""
        return self._cache.tables.get(
            (*_key(source), layer), lambda: table(layer, *self.documents(source))
        )

    def project(self, run_id: str, data: Data) -> bytes:
        """A QGIS project of a run's layers, read from there; NotFound without a plan."""
        return qgz(self.frame(self.of_run(run_id)), data)

    def documents(self, source: Source) -> Documents:
        """Scenario and plan; no plan of a scenario that has none yet."""
        if source.run_id is not None:
            return self._runs.documents(source.run_id)
        document = self._scenarios.get(source.id).document
        return Scenario.model_validate(document).plain(), None


def _of_run(row: RunRow) -> Source:
    return Source("run", row.id, row.id, row.id, row.scenario_id, row.ended)


def _key(source: Source) -> tuple[str, str]:
    """Of what the layers are made from: a scenario's newest plan is that of the run."""
    return (source.run_id or source.id, source.version)


class NoSuchLayer(NotFound):
    """The layer is none of ours."""

    def __init__(self) -> None:
        super().__init__("collection_not_found", "Kartlaget finnes ikke.")
