"""Posts of runs at the same time are one transaction, and each of them is answered for itself."""

import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.api.dependencies import ServicesForCaller
from app.callers import ANYBODY
from app.errors import TooManyWaiting, Unprocessable
from app.logs import request_id
from app.services import acceptance
from app.services.idempotency import KeyedPost
from app.services.submissions import Submission, Submissions
from models import AuditRow, RunRow
from solver.domain.errors import DocumentInvalid
from tests.integration.gathered import during_the_first

Toy = dict[str, Any]


def submissions_of(client: TestClient) -> Submissions:
    services = client.app.state.services  # type: ignore[attr-defined]
    return ServicesForCaller(services, ANYBODY).submissions


def entries(client: TestClient) -> list[tuple[str, str | None]]:
    """Runs that were accepted and under which request, in the order of the audit log."""
    database = client.app.state.services.database  # type: ignore[attr-defined]
    query = select(AuditRow).where(AuditRow.action == "run.accepted").order_by(AuditRow.seq)
    with database.reading() as session:
        return [(row.subject, row.request_id) for row in session.scalars(query)]


def stored(client: TestClient, toy: Toy) -> str:
    made: str = client.post("/v1/scenarios", json=toy).json()["id"]
    return made


def under(name: str, body: Any, key: str | None = None) -> Submission:
    """A POST as one that came with an id of its own."""
    post = None if key is None else KeyedPost(key, "/v1/runs", str(body).encode())
    context = copy_context()
    context.run(request_id.set, name)
    return Submission(body, post, context)


def test_each_of_several_is_answered_for_itself(client: TestClient, toy: Toy) -> None:
    made, submissions = stored(client, toy), submissions_of(client)
    good = {"scenario": made}
    asked = [
        under("first", good),
        under("wrong", {**good, "kind": "guess"}),
        under("unknown", {"scenario": "nowhere"}),
        under("keyed", good, key="k"),
        under("again", good, key="k"),
        under("other", {**good, "priority": "low"}, key="k"),
        under("last", good),
    ]
    assert [type(one) for one in submissions.several(asked[:1])] == [type(None)]
    submissions.check(asked[0])
    first, wrong, unknown, keyed, again, other, last = submissions.several(asked)
    assert isinstance(first, RunRow)
    assert isinstance(keyed, RunRow)
    assert isinstance(last, RunRow)
    assert isinstance(wrong, DocumentInvalid)
    assert wrong.issues[0].pointer == "/kind"
    assert unknown is None
    assert again is keyed
    assert isinstance(other, Unprocessable)
    assert other.code == "idempotency_key_reused"
    told = [("first", first.id), ("keyed", keyed.id), ("last", last.id)]
    assert sorted((name, run) for run, name in entries(client)) == told
    assert {run["id"] for run in client.get("/v1/runs").json()["items"]} == {
        first.id,
        keyed.id,
        last.id,
    }


def test_what_one_sends_stops_no_other(
    client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if two runs had drawn the same id: both are taken in, by themselves."""
    made, submissions = stored(client, toy), submissions_of(client)
    asked = [under(name, {"scenario": made}) for name in ("a", "b")]
    submissions.check(asked[0])
    with monkeypatch.context() as patched:
        patched.setattr(acceptance, "uuid4", lambda: UUID(int=1))
        assert submissions.several(asked) == [None, None]
    assert entries(client) == []
    taken = [submissions.alone(one) for one in asked]
    assert entries(client) == [(taken[0].id, "a"), (taken[1].id, "b")]


def test_several_are_no_more_than_there_is_room_for(
    start: Any, database_url: str, fake_child: None, toy: Toy
) -> None:
    with start(database_url, max_queued_per_tenant=2) as client:
        busy = {"scenario": {**toy, "title": "work_until_stopped"}}
        running = client.post("/v1/runs", json=busy).json()["id"]
        while client.get(f"/v1/runs/{running}").json()["status"] != "running":
            time.sleep(0.01)
        made, submissions = stored(client, toy), submissions_of(client)
        asked = [under(name, {"scenario": made}, key=name) for name in "abc"]
        submissions.check(asked[0])
        first, second, refused = submissions.several(asked)
        assert isinstance(first, RunRow)
        assert isinstance(second, RunRow)
        assert isinstance(refused, TooManyWaiting)
        assert [name for _, name in entries(client)][1:] == ["a", "b"]
        client.delete(f"/v1/runs/{first.id}")
        (again,) = submissions.several(asked[2:])
        assert isinstance(again, RunRow), "its key was not taken by a run that there is not"


def test_posts_at_the_same_time_are_one_transaction(
    client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"scenario": stored(client, toy)}
    assert client.post("/v1/runs", json=body).status_code == 202
    submits = client.app.state.services.submits  # type: ignore[attr-defined]

    def posting(name: str) -> Callable[[], Any]:
        return lambda: client.post("/v1/runs", json=body, headers={"x-request-id": name})

    posts = [posting(f"n{number}") for number in range(8)]
    sizes, answers = during_the_first(monkeypatch, (Submissions, "several"), submits, posts)
    assert sizes == [1, 7]
    assert [answer.status_code for answer in answers] == [202] * 8
    told = dict(entries(client)[1:])
    assert told == {answer.json()["id"]: f"n{n}" for n, answer in enumerate(answers)}
