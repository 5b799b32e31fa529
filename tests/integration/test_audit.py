"""The audit log: every change leaves an entry, and none can be changed unseen."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.callers import AccessScope, Caller
from app.db import Database, migrate
from app.repositories.audit import Chain, note, verify
from models import AuditRow

from .processes import post, until

Toy = dict[str, Any]
NORD, SOR = (Caller(name, f"{name}'s", frozenset(AccessScope)) for name in ("nord", "sor"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate(database_url)
    database = Database(database_url)
    yield database
    database.dispose()


def entries(database: Database) -> list[AuditRow]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.tenant, AuditRow.seq)))


def chains(database: Database) -> list[Chain]:
    with database.reading() as session:
        return list(verify(session))


def make(database: Database, caller: Caller, number: int) -> None:
    for index in range(number):
        with database.of(caller).writing() as session:
            note(session, caller.tenant, "scenario.created", f"{index}", title="Ærfugl")


def test_every_change_over_http_is_told(client: TestClient, database_url: str, toy: Toy) -> None:
    named = {"x-request-id": "mine-1"}
    made = client.post("/v1/scenarios", json=toy, headers=named).json()["id"]
    client.patch(f"/v1/scenarios/{made}", json={"title": "Ny"})
    client.delete(f"/v1/scenarios/{made}")
    solved, stopped = post(client, toy, "answer"), post(client, toy, "hang")
    until(lambda: client.get(f"/v1/runs/{solved}").json()["status"] == "successful")
    client.delete(f"/v1/runs/{stopped}")
    key = client.post("/v1/keys", json={"name": "QGIS", "scopes": ["read"]}).json()
    client.delete(f"/v1/keys/{key['id']}")
    for refused in (client.delete(f"/v1/runs/{solved}"), client.post("/v1/scenarios", json={})):
        assert refused.is_client_error
    database = Database(database_url)
    found = entries(database)
    told = {
        subject: [e.action for e in found if e.subject == subject]
        for subject in (made, solved, stopped, key["id"])
    }
    assert told[made] == ["scenario.created", "scenario.changed", "scenario.deleted"]
    assert told[solved] == ["run.accepted", "run.ended"]
    assert told[stopped] in (
        ["run.accepted", "run.dismissed", "run.ended"],
        ["run.accepted", "run.ended"],
    )
    assert told[key["id"]] == ["key.created", "key.revoked"]
    assert len(found) == sum(map(len, told.values()))
    assert (found[0].request_id, found[0].actor, found[0].tenant) == (
        "mine-1",
        "anybody",
        "default",
    )
    assert [e.actor for e in found if e.subject == solved] == ["anybody", "worker"]
    assert not any(key["key"].partition(".")[2] in e.detail for e in found)
    assert [chain.broken_at for chain in chains(database)] == [None]
    database.dispose()


def test_a_change_that_is_taken_back_leaves_no_entry(database: Database) -> None:
    with suppress(ZeroDivisionError), database.of(NORD).writing() as session:
        note(session, "nord", "scenario.created", "x")
        raise ZeroDivisionError
    assert entries(database) == []


def test_each_tenant_has_a_chain(database: Database) -> None:
    make(database, NORD, 2)
    make(database, SOR, 1)
    with database.writing() as session:  # as a worker that finds the runs of many lost
        for tenant in ("sor", "nord"):
            note(session, tenant, "run.ended", "x")
    assert [(c.tenant, c.length, c.broken_at) for c in chains(database)] == [
        ("nord", 3, None),
        ("sor", 2, None),
    ]


def test_many_write_at_once(database: Database) -> None:
    """In the order that would deadlock if locks were taken as the notes come."""
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        for _ in range(10):
            with database.writing() as session:
                for tenant in ("nord", "sor") if number % 2 else ("sor", "nord"):
                    note(session, tenant, "run.ended", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert [(c.length, c.broken_at) for c in chains(database)] == [(80, None), (80, None)]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_entries_cannot_be_changed(database: Database, statement: str) -> None:
    make(database, NORD, 1)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(statement))
    assert len(entries(database)) == 1


TAMPERED = {
    "changed": "UPDATE audit_entry SET actor = 'x' WHERE seq = 2",
    "hash changed": "UPDATE audit_entry SET hash = '0' WHERE seq = 2",
    "removed": "DELETE FROM audit_entry WHERE seq = 2",
    "other time": "UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2",
    "order changed": "UPDATE audit_entry SET seq = -seq WHERE seq = 2",
}


@pytest.mark.parametrize("how", TAMPERED)
def test_who_gets_past_the_triggers_is_found_out(database: Database, how: str) -> None:
    make(database, NORD, 3)
    with database.writing() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER audit_entry_no_update"))
            session.execute(text("DROP TRIGGER audit_entry_no_delete"))
        else:
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        session.execute(text(TAMPERED[how]))
    (chain,) = chains(database)
    assert chain.broken_at == (1 if how == "order changed" else 2)
