"""Use cases of scenarios. Every public method is one transaction unless it says otherwise."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.db import CallersDatabase
from app.errors import Conflict, NotFound, Unprocessable
from app.repositories.scenarios import ScenarioRepository
from app.schemas.issues import issues_of, shown
from app.schemas.merge_patch import merge_patch
from app.schemas.stored_scenario import ScenarioChange
from app.services.checking import check_scenario
from app.services.etags import require_match
from app.services.idempotency import KeyedPost, made_before, resource_for
from app.services.pages import Page, page
from geodata import bundled
from models import ScenarioRow
from solver.domain.errors import DocumentInvalid, Issue


@dataclass(frozen=True)
class StoredScenario:
    """A scenario that an id names: stored, or bundled and then without dates."""

    id: str
    title: str
    etag: str
    created: datetime | None
    updated: datetime | None
    document: dict[str, Any]


def as_text(document: Mapping[str, Any]) -> str:
    """A document as compact JSON text, its fields in the order they came."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Scenarios:
    """The scenarios that one caller meets, and the bundled ones."""

    def __init__(self, database: CallersDatabase) -> None:
        self._database = database

    def create(self, body: Any, post: KeyedPost | None = None) -> StoredScenario:
        """Store a scenario document, or a change of another: `{"based_on": …, "changes": …}`.

        What the same POST made before, and the scenario it is based on, are read in transactions of
        their own.
        """
        with self._database.reading() as session:
            earlier = made_before(session, post)
        if earlier is not None:
            return self.get(earlier)
        document = self.proposed(body)
        title = check_scenario(document).title
        now, new_id = datetime.now(UTC), str(uuid4())
        with self._database.writing() as session:
            scenario_id = resource_for(session, post, new_id, now)
            repository = ScenarioRepository(session)
            if scenario_id == new_id:
                repository.add(
                    ScenarioRow(
                        id=new_id,
                        title=title,
                        version=1,
                        document=as_text(document),
                        created=now,
                        updated=now,
                    )
                )
            return _stored(_found(repository.get(scenario_id)))

    def proposed(self, body: Any) -> Any:
        """The document that a body proposes, unchecked: itself, or a change of another."""
        return self._changed(body) if _is_change(body) else body

    def get(self, scenario_id: str) -> StoredScenario:
        """A stored scenario by id or a bundled one by name; NotFound when there is neither."""
        if scenario_id in bundled.names():
            return _bundled(scenario_id)
        with self._database.reading() as session:
            return _stored(_found(ScenarioRepository(session).get(scenario_id)))

    def etag(self, scenario_id: str) -> str:
        """Of what `get` gives, without the document; NotFound when there is none."""
        if scenario_id in bundled.names():
            return _bundled_etag(scenario_id)
        with self._database.reading() as session:
            return _etag(_found(ScenarioRepository(session).head(scenario_id)))

    def page(self, cursor: str | None, limit: int) -> Page[ScenarioRow]:
        """Stored scenarios without their documents, newest first."""
        with self._database.reading() as session:
            return page(ScenarioRepository(session).page, cursor, limit)

    def examples(self) -> list[StoredScenario]:
        """The bundled ones."""
        return [_bundled(name) for name in bundled.names()]

    def replace(self, scenario_id: str, document: Any, if_match: str | None) -> StoredScenario:
        """Put another document in place of the stored one."""
        return self._edit(scenario_id, lambda _stored: document, if_match)

    def patch(self, scenario_id: str, changes: Any, if_match: str | None) -> StoredScenario:
        """Apply a JSON Merge Patch to the stored document."""
        return self._edit(scenario_id, lambda stored: merge_patch(stored, changes), if_match)

    def delete(self, scenario_id: str, if_match: str | None) -> None:
        """Forget a stored scenario; its runs keep their copies."""
        _require_own(scenario_id)
        with self._database.writing() as session:
            repository = ScenarioRepository(session)
            row = _found(repository.get(scenario_id, to_change=True))
            require_match(if_match, _etag(row))
            repository.remove(row)

    def _edit(
        self, scenario_id: str, edit: Callable[[dict[str, Any]], Any], if_match: str | None
    ) -> StoredScenario:
        """Read, edit and check without a lock, then store unless somebody was faster: then again.

        So a large document that takes long to check keeps no other writer waiting.
        """
        _require_own(scenario_id)
        while True:
            before = self.get(scenario_id)
            require_match(if_match, before.etag)
            document = edit(before.document)
            title = check_scenario(document).title
            with self._database.writing() as session:
                repository = ScenarioRepository(session)
                row = _found(repository.get(scenario_id, to_change=True))
                if _etag(row) == before.etag:
                    row.title, row.document = title, as_text(document)
                    row.version += 1
                    row.updated = datetime.now(UTC)
                    repository.changed(row)
                    return _stored(row)

    def _changed(self, body: Any) -> Any:
        try:
            change = ScenarioChange.model_validate(body)
        except ValidationError as error:
            raise DocumentInvalid(issues_of(error, ScenarioChange)) from error
        base = self.named(change.based_on, "/based_on")
        return merge_patch(base.document, change.changes or {})

    def named(self, scenario_id: str, pointer: str) -> StoredScenario:
        """As `get`, for an id at `pointer` in a body: Unprocessable when nothing has it."""
        with _asked_for(scenario_id, pointer):
            return self.get(scenario_id)

    def etag_of_named(self, scenario_id: str, pointer: str) -> str:
        """As `etag`, likewise."""
        with _asked_for(scenario_id, pointer):
            return self.etag(scenario_id)


def etags(session: Session, scenario_ids: Collection[str]) -> Mapping[str, str]:
    """As `Scenarios.etag`, of those of these scenarios that there are."""
    own = [one for one in scenario_ids if one not in bundled.names()]
    rows = ScenarioRepository(session).heads(own) if own else []
    built_in = {one: _bundled_etag(one) for one in scenario_ids if one in bundled.names()}
    return built_in | {row.id: _etag(row) for row in rows}


@contextmanager
def _asked_for(scenario_id: str, pointer: str) -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        known = ", ".join(bundled.names())
        issue = Issue(
            pointer,
            "scenario_not_found",
            f"Det finnes ikke noe scenario {shown(scenario_id)}.",
            f"Bruk id-en til et lagret scenario, eller et innebygd: {known}.",
        )
        raise Unprocessable(issue.code, issue.message, [issue]) from error


def _is_change(body: Any) -> bool:
    return isinstance(body, dict) and "based_on" in body


def _found(row: ScenarioRow | None) -> ScenarioRow:
    if row is None:
        raise NotFound("scenario_not_found", "Scenariet finnes ikke.")
    return row


def _require_own(scenario_id: str) -> None:
    if scenario_id in bundled.names():
        raise Conflict(
            "scenario_bundled",
            "Et innebygd scenario kan ikke endres. Lag et eget med «based_on» og «changes».",
        )


def _etag(row: ScenarioRow) -> str:
    return f'"{row.version}"'


def _stored(row: ScenarioRow) -> StoredScenario:
    return StoredScenario(
        row.id, row.title, _etag(row), row.created, row.updated, json.loads(row.document)
    )


def _bundled(name: str) -> StoredScenario:
    document = bundled.load(name)
    return StoredScenario(name, document["title"], _bundled_etag(name), None, None, document)


@cache
def _bundled_etag(name: str) -> str:
    digest = hashlib.sha256(as_text(bundled.load(name)).encode()).hexdigest()
    return f'"{digest[:32]}"'
