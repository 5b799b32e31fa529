"""Who gets in, and to what: every route with every kind of credential."""

import base64
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.api import access, lasting
from app.api.access import OF_OPERATORS, READ, RULES
from app.api.callers import OPEN_TO_ALL
from app.api.v1 import runs
from app.callers import DEFAULT_TENANT, AccessScope, Caller
from app.db import Database, migrate
from app.errors import NobodyCanLogIn
from app.jobs import child
from app.main import create_app
from app.services.keys import Keys
from app.services.login import LogIn
from app.settings import Settings
from models import AuditRow, KeyRow

from .conftest import StartClient
from .processes import refusal, until

REAL_CHILD = child.COMMAND

Toy = dict[str, Any]
Route = tuple[str, str]
ALL = frozenset(AccessScope)


def make_key(database: Database, tenant: str, scopes: frozenset[AccessScope] = ALL) -> str:
    keys = Keys(database.of(Caller(tenant, "test", frozenset())))
    return keys.create("test", scopes, days=1).key


def id_of(key: str) -> str:
    return key.partition(".")[0].removeprefix("flk_")


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def basic(key: str) -> dict[str, str]:
    text = base64.b64encode(f"qgis:{key}".encode()).decode()
    return {"authorization": f"Basic {text}"}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate(database_url)
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def guarded(start: StartClient, database: Database, fake_child: None) -> Iterator[TestClient]:
    """The service with a log-in that somebody can have."""
    make_key(database, "somebody")
    with start(database.url, require_login=True) as client:
        yield client


def routes(client: TestClient) -> list[Route]:
    """Every one of the OpenAPI document; those that end something come last."""
    paths = client.get("/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path in paths for method in paths[path]]
    return sorted(found, key=lambda route: (route[0] == "DELETE", route))


class Owner:
    """A tenant with a scenario, two solved runs, one that never ends, a batch that waits behind it,
    and a key to revoke.
    """

    def __init__(self, client: TestClient, key: str, spare_key: str, toy: Toy) -> None:
        self._client = client
        self._toy = toy
        headers = bearer(key)
        made = client.post("/v1/scenarios", json=toy, headers=headers)
        self.scenario = made.json()["id"]
        titled = [{"scenario": {**toy, "title": title}} for title in ("answer", "answer", "hang")]
        self.runs = [
            client.post("/v1/runs", json=one, headers=headers).json()["id"] for one in titled
        ]
        for run in self.runs[:2]:
            until(lambda: self._status(run, headers) == "successful")  # noqa: B023
        waiting = client.post("/v1/batches", json={"scenarios": [toy]}, headers=headers)
        self.batch = waiting.json()["id"]
        self.key = id_of(spare_key)
        self.bodies: dict[Route, Any] = {
            ("POST", "/v1/scenarios"): {"based_on": self.scenario},
            ("POST", "/v1/scenarios/validate"): {"based_on": self.scenario},
            ("PUT", "/v1/scenarios/{scenario_id}"): toy,
            ("PATCH", "/v1/scenarios/{scenario_id}"): {"title": "answer"},
            ("POST", "/v1/runs"): {"scenario": self.scenario},
            ("POST", "/v1/batches"): {"scenarios": [self.scenario]},
            ("POST", "/v1/keys"): {"name": "QGIS", "scopes": ["read"]},
        }

    def _status(self, run: str, headers: dict[str, str]) -> str:
        status: str = self._client.get(f"/v1/runs/{run}", headers=headers).json()["status"]
        return status

    @property
    def ids(self) -> list[str]:
        """Of all there is."""
        return [self.scenario, *self.runs, self.batch, self.key]

    def ask(self, route: Route, headers: dict[str, str], method: str = "") -> httpx.Response:
        """A request that is right but for who sends it."""
        named = {
            "scenario_id": self.scenario,
            "run_id": self.runs[0],
            "batch_id": self.batch,
            "key_id": self.key,
        }
        if route[0] == "DELETE":
            named["run_id"] = self.runs[2]
        path = route[1].format(**named, kind="price")
        if "/compare" in path:
            path += f"?run={self.runs[0]}&run={self.runs[1]}"
        answer: httpx.Response = self._client.request(
            method or route[0], path, headers=headers, json=self.bodies.get(route)
        )
        return answer


Wrong = list[tuple[Route, str, int]]


@pytest.fixture
def owner(guarded: TestClient, database: Database, toy: Toy) -> Owner:
    return Owner(guarded, make_key(database, "nord"), make_key(database, "nord"), toy)


def closed(client: TestClient) -> list[Route]:
    return [route for route in routes(client) if route[1] not in OPEN_TO_ALL]


def bad_credentials(database: Database) -> dict[str, dict[str, str]]:
    right, expired, revoked = (make_key(database, "nord") for _ in range(3))
    Keys(database.of(Caller("nord", "test", ALL))).revoke(id_of(revoked))
    with database.writing() as session:
        row = session.get_one(KeyRow, id_of(expired))
        row.expires = row.created
    known = right.partition(".")[0]
    as_user = base64.b64encode(f"{right}:".encode()).decode()
    return {
        "none": {},
        "garbage": bearer("garbage"),
        "no such key": bearer("flk_" + "0" * 16 + "." + "A" * 43),
        "other secret": bearer(f"{known}.{'A' * 43}"),
        "no secret": bearer(known),
        "a token": bearer("e30.e30.e30"),
        "Basic garbage": {"authorization": "Basic !"},
        "key as user": {"authorization": f"Basic {as_user}"},
        "other scheme": {"authorization": f"Digest {right}"},
        "expired": bearer(expired),
        "revoked": basic(revoked),
    }


def changes(database: Database) -> int:
    with database.reading() as session:
        told = select(func.count()).where(AuditRow.action != "key.created")
        return session.scalars(told).one()


def test_routes_that_are_open(guarded: TestClient, owner: Owner) -> None:
    found = routes(guarded)
    undescribed = {"/", "/openapi.json"}
    assert {path for _, path in found} >= OPEN_TO_ALL - undescribed
    for route in [*found, *(("GET", path) for path in sorted(undescribed))]:
        if route[1] in OPEN_TO_ALL:
            assert owner.ask(route, {}).is_success


def test_route_by_bad_credential(guarded: TestClient, database: Database, owner: Owner) -> None:
    credentials = bad_credentials(database)
    before, wrong = changes(database), Wrong()
    for route in closed(guarded):
        for name, headers in credentials.items():
            for method in (route[0], "HEAD") if route[0] == "GET" else (route[0],):
                answer = owner.ask(route, headers, method)
                if answer.status_code != 401 or "www-authenticate" not in answer.headers:
                    wrong.append((route, name, answer.status_code))
        without = make_key(database, "nord", ALL - {RULES[route]})
        answer = owner.ask(route, bearer(without))
        if answer.status_code != 403:
            wrong.append((route, "wrong scope", answer.status_code))
    assert wrong == []
    assert changes(database) == before


def test_route_by_other_tenant(guarded: TestClient, database: Database, owner: Owner) -> None:
    other = bearer(make_key(database, "sor"))
    before, wrong = changes(database), Wrong()
    for route in closed(guarded):
        answer = owner.ask(route, other)
        if answer.status_code != status_for_others(route, owner):
            wrong.append((route, "other tenant", answer.status_code))
        if answer.is_success and any(one in answer.text for one in owner.ids):
            wrong.append((route, "other tenant's id", answer.status_code))
    assert wrong == []
    assert changes(database) == before


def status_for_others(route: Route, owner: Owner) -> int:
    """As if what it names were not there."""
    if route[1] in OF_OPERATORS:
        return 403
    if "_id}" in route[1] or "/compare" in route[1]:
        return 404
    if owner.scenario in str(owner.bodies.get(route)):
        return 422
    return 201 if route[0] == "POST" else 200


def test_route_by_right_key(
    guarded: TestClient, database: Database, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "COMMAND", REAL_CHILD)  # for plans that can be compared
    right, operator = make_key(database, "nord"), make_key(database, DEFAULT_TENANT)
    owner = Owner(guarded, right, make_key(database, "nord"), toy)
    wrong = Wrong()
    for route in closed(guarded):
        key = operator if route[1] in OF_OPERATORS else right
        answer = owner.ask(route, basic(key) if route[0] == "GET" else bearer(key))
        has_ended = route == ("DELETE", "/v1/runs/{run_id}") and answer.status_code == 409
        if not answer.is_success and not has_ended:
            wrong.append((route, "right", answer.status_code))
    assert wrong == []


def test_a_route_without_a_rule_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = dict(RULES)
    del rules["GET", "/v1/runs/{run_id}/plan"]
    monkeypatch.setattr(access, "RULES", rules)
    with pytest.raises(RuntimeError, match=r"/v1/runs/\{run_id\}/plan"):
        create_app(Settings())


def test_a_revoked_key_is_refused_at_once(guarded: TestClient, database: Database) -> None:
    key = make_key(database, "nord")
    assert guarded.get("/v1/runs", headers=bearer(key)).status_code == 200
    assert guarded.delete(f"/v1/keys/{id_of(key)}", headers=bearer(key)).status_code == 204
    assert guarded.get("/v1/runs", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_an_open_stream_ends_with_its_key(
    guarded: TestClient, database: Database, toy: Toy, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(runs, "COMMENT_EVERY_S", 0.1)
    monkeypatch.setattr(lasting, "LOOK_AGAIN_S", 0.1)
    writer, reader = make_key(database, "nord"), make_key(database, "nord", frozenset({READ}))
    asked = {"scenario": {**toy, "title": "hang"}}
    run = guarded.post("/v1/runs", json=asked, headers=bearer(writer)).json()["id"]
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(guarded.get, f"/v1/runs/{run}/events", headers=bearer(reader))
        until(lambda: key_row(database, reader).last_used is not None)
        time.sleep(0.5)
        assert not stream.done(), "it ended before its key did"
        if end == "revoked":
            Keys(database.of(Caller("nord", "test", ALL))).revoke(id_of(reader))
        else:
            with database.writing() as session:
                row = session.get_one(KeyRow, id_of(reader))
                row.expires = row.created
        told = stream.result(timeout=20)
    assert told.status_code == 200
    assert "event: state" in told.text
    status = guarded.get(f"/v1/runs/{run}", headers=bearer(writer)).json()["status"]
    assert status in ("accepted", "running")


def test_a_stream_outlives_a_database_that_is_away_for_a_while(
    guarded: TestClient, database: Database, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "LOOK_AGAIN_S", 0.0)
    looked = 0
    caller = LogIn.caller

    def away_but_for_the_first(self: LogIn, header: str | None) -> Caller:
        nonlocal looked
        looked += 1
        if looked > 1:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return caller(self, header)

    headers = bearer(make_key(database, "nord"))
    asked = {"scenario": {**toy, "title": "answer"}}
    run = guarded.post("/v1/runs", json=asked, headers=headers).json()["id"]
    monkeypatch.setattr(LogIn, "caller", away_but_for_the_first)
    told = guarded.get(f"/v1/runs/{run}/events", headers=headers)
    assert '"successful"' in told.text
    assert looked > 1


def key_row(database: Database, key: str) -> KeyRow:
    with database.reading() as session:
        return session.get_one(KeyRow, id_of(key))


def test_keys_over_http(guarded: TestClient, database: Database) -> None:
    admin = bearer(make_key(database, "nord"))
    asked = {"name": "QGIS på kontoret", "scopes": ["read"], "days": 30}
    made = guarded.post("/v1/keys", json=asked, headers=admin)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    told = made.json()
    assert guarded.get("/v1/runs", headers=basic(told["key"])).status_code == 200
    assert guarded.post("/v1/keys", json=asked, headers=bearer(told["key"])).status_code == 403
    listed = guarded.get("/v1/keys", headers=admin)
    assert told["key"].partition(".")[2] not in listed.text
    newest = listed.json()["items"][0]
    assert (newest["id"], newest["scopes"], newest["name"]) == (told["id"], ["read"], asked["name"])
    assert newest["last_used"] is not None
    for wrong in ({}, {**asked, "tenant": "sor"}, {**asked, "days": 0}, {**asked, "scopes": ["x"]}):
        answer = guarded.post("/v1/keys", json=wrong, headers=admin)
        assert (answer.status_code, bool(answer.json()["issues"])) == (422, True)


def test_the_same_idempotency_key_of_two_tenants(
    guarded: TestClient, database: Database, toy: Toy
) -> None:
    made = [
        guarded.post(
            "/v1/scenarios",
            json=toy,
            headers={**bearer(make_key(database, tenant)), "idempotency-key": "k"},
        ).json()["id"]
        for tenant in ("nord", "sor")
    ]
    assert made[0] != made[1]


def test_a_tenant_has_one_rate_however_many_keys(start: StartClient, database: Database) -> None:
    keys = [make_key(database, "nord") for _ in range(3)]
    modest = make_key(database, "sor")
    with start(database.url, require_login=True, reads_per_s=0.5) as client:
        asked = [client.get("/v1/runs", headers=bearer(key)).status_code for key in keys]
        assert asked == [200, 429, 429]
        assert client.get("/v1/runs", headers=bearer(modest)).status_code == 200
        assert client.get("/v1/runs").status_code == 401
        assert client.get("/v1/runs", headers=bearer("x")).status_code == 429, "the same address"


def test_last_used_is_to_the_minute(guarded: TestClient, database: Database) -> None:
    key = make_key(database, "nord")

    def used() -> Any:
        with database.reading() as session:
            return session.get_one(KeyRow, id_of(key)).last_used

    assert used() is None
    guarded.get("/v1/runs", headers=bearer(key))
    first = used()
    guarded.get("/v1/runs", headers=bearer(key))
    assert used() == first
    with database.writing() as session:
        row = session.get_one(KeyRow, id_of(key))
        row.last_used = first - timedelta(minutes=2)
    guarded.get("/v1/runs", headers=bearer(key))
    assert used() >= first


def test_on_loopback_everybody_may_do_everything(sqlite_client: TestClient) -> None:
    assert sqlite_client.get("/v1/runs", headers=bearer("x")).status_code == 200
    assert sqlite_client.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("host", "required"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", True),
        ("localhost.example.no", True),
        ("", True),
    ],
)
def test_where_a_login_is_asked_for(host: str, required: bool) -> None:
    assert Settings(host=host).login_required == required
    assert Settings(host=host, require_login=True).login_required


def test_a_service_that_nobody_could_use_does_not_start(
    start: StartClient, sqlite_url: str, database_url: str
) -> None:
    line = refusal(sqlite_url, "serve", "--host", "0.0.0.0", "--port", "0")
    assert line.endswith("[nobody_can_log_in]")
    assert "flerkjerne keys create" in line
    with pytest.raises(NobodyCanLogIn), start(database_url, require_login=True):
        pass
