"""Nobody meets what is another tenant's, whatever is asked of the database."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, func, make_url, select, text, update
from sqlalchemy.orm import aliased

from app.callers import AccessScope, Caller
from app.db import Database, migrate
from app.jobs.queue import DurableQueue
from app.repositories.figures import FigureRepository
from app.repositories.runs import RunRepository
from app.services.work import TimeLimits, Work
from models import IdempotencyRow, IncumbentRow, Packed, PartRow, RunRow, RunStatus, ScenarioRow
from solver.domain.result import Progress

from .conftest import StartClient
from .processes import post, until

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
NORD, SOR = (Caller(name, name, frozenset(AccessScope)) for name in ("nord", "sor"))


@pytest.fixture(params=["sqlite_url", "postgresql_url", "walled_url"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """With a run, an incumbent, a scenario and a key of each of two tenants."""
    url: str = request.getfixturevalue(request.param)
    migrate(url)
    database = Database(url)
    for caller in (NORD, SOR):
        fill(database, caller)
    yield database
    database.dispose()


def fill(database: Database, caller: Caller) -> None:
    now, name = datetime.now(UTC), caller.tenant
    with database.of(caller).writing() as session:
        session.add(
            RunRow(
                id=name,
                kind="solve",
                status=RunStatus.ACCEPTED,
                options={},
                parameters={},
                scenario=Packed.of("{}"),
                scenario_hash="",
                created=now,
            )
        )
        session.add(
            ScenarioRow(id=name, title="", version=1, document="{}", created=now, updated=now)
        )
        session.add(IdempotencyRow(key="k", route="/", body_hash="", resource_id=name, created=now))
        session.flush()
        RunRepository(session).add_incumbent(name, Progress(1.0, 1.0, 1.0, 0.0))
        session.add(PartRow(run_id=name, id=name, position=0, what="{}", seconds=1.0))


ROWS = {
    RunRow: "id",
    ScenarioRow: "id",
    IdempotencyRow: "resource_id",
    IncumbentRow: "run_id",
    PartRow: "run_id",
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__tablename__)
def test_queries_of_every_form_meet_ones_own_only(database: Database, row: type) -> None:
    name = getattr(row, ROWS[row])
    alias = aliased(row)
    queries = [
        select(name),
        select(row).with_only_columns(name),
        select(getattr(alias, ROWS[row])),
        select(func.max(name)).where(name == name),
        select(name).where(name.in_(["nord", "sor"])).order_by(name).limit(10),
        select(name).union_all(select(name)),
        select(select(func.max(name)).scalar_subquery()),
        select(name).where(select(alias).where(getattr(alias, ROWS[row]) == "sor").exists()),
    ]
    with database.of(NORD).reading() as session:
        found = [set(session.scalars(query)) for query in queries]
    assert found == [{"nord"}] * 7 + [set()]
    with database.reading() as session:
        assert set(session.scalars(select(name))) == {"nord", "sor"}


@pytest.mark.parametrize("row", [RunRow, ScenarioRow, IdempotencyRow, IncumbentRow])
def test_what_is_anothers_cannot_be_changed(database: Database, row: type) -> None:
    name = getattr(row, ROWS[row])
    with database.of(NORD).writing() as session:
        for statement in (
            update(row).where(name == "sor").values({name: "mine"}),
            delete(row).where(name == "sor"),
        ):
            assert session.execute(statement.returning(name)).all() == []
    with database.of(NORD).writing() as session:
        assert session.execute(delete(row).returning(name)).all() == [("nord",)]
    with database.reading() as session:
        assert set(session.scalars(select(name))) == {"sor"}


def test_nothing_can_be_made_for_another(database: Database) -> None:
    now = datetime.now(UTC)
    row = ScenarioRow(
        id="x", tenant="sor", title="", version=1, document="{}", created=now, updated=now
    )
    with (
        pytest.raises(RuntimeError, match="another tenant"),
        database.of(NORD).writing() as session,
    ):
        session.add(row)


def test_the_same_key_of_two_tenants_is_two_keys(database: Database) -> None:
    with database.of(SOR).reading() as session:
        assert session.scalars(select(IdempotencyRow.resource_id)).all() == ["sor"]


def test_figures_and_workers_are_over_all(database: Database) -> None:
    with database.reading() as session:
        assert FigureRepository(session).by_status() == {"accepted": 2}
    work = Work(database, memory_limit_mb=1000, limits=TimeLimits(1000, 1000))
    assert work.take("nord", "me") is not None
    assert work.take("sor", "me") is not None


def test_waiting_runs_are_ones_own(database: Database) -> None:
    with database.of(NORD).reading() as session:
        assert RunRepository(session).waiting(9) == 1


def test_a_role_that_owns_nothing_is_enough(
    start: StartClient,
    walled_url: str,
    empty_postgresql_url: str,
    fake_child: None,
    toy: dict[str, Any],
) -> None:
    """With the grants of docs/operations.md, it serves and solves, and cannot touch the audit."""
    migrate(empty_postgresql_url)
    DurableQueue(Database(empty_postgresql_url), "upgrade", workers=1).migrate()
    role = make_url(walled_url).username
    grants = re.findall(r"^(?:GRANT|REVOKE) .*?;$", OPERATIONS.read_text("utf-8"), re.M)
    assert len(grants) == 5
    with psycopg.connect(empty_postgresql_url, autocommit=True) as connection:
        for grant in grants:
            connection.execute(re.sub(r"\bservice\b", str(role), grant))
    with start(walled_url) as client:
        run_id = post(client, toy, "answer")
        until(lambda: client.get(f"/v1/runs/{run_id}").json()["status"] == "successful")
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with psycopg.connect(walled_url) as connection, refused:
        connection.execute("DELETE FROM audit_entry")


def test_a_session_is_told_to_the_database_anew_each_time(walled_url: str) -> None:
    """A pooled connection keeps nothing of the tenant before."""
    migrate(walled_url)
    database = Database(walled_url)
    for caller in (NORD, SOR):
        fill(database, caller)
    everything = text("SELECT id FROM run")  # a query that our own wall does not see
    for caller in (NORD, SOR, NORD):
        with database.of(caller).reading() as session:
            assert session.scalars(everything).all() == [caller.tenant]
    with database.reading() as session:
        assert sorted(session.scalars(everything)) == ["nord", "sor"]
    for table in ("run", "scenario", "idempotency_key", "incumbent", "part"):
        with psycopg.connect(walled_url) as connection:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    with psycopg.connect(walled_url) as connection:
        connection.execute("SELECT set_config('flerkjerne.tenant', 'nord', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE run SET tenant = 'sor'")
    database.dispose()
