"""A service without log-in answers only to names of its own machine (DNS rebinding)."""

import pytest
from fastapi.testclient import TestClient

from app.db import Database, migrate

from .conftest import StartClient
from .test_access import bearer, make_key
from .test_http import assert_problem

OWN = ("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000")
OTHERS = (
    *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"),
    *("192.0.2.1", "[2001:db8::1]", "0.0.0.0", "", "[::1", "::1", "localhost:x", "a@localhost"),
    *("2130706433", "localhost, evil.example"),
)


@pytest.mark.parametrize("host", OWN)
def test_own_names(sqlite_client: TestClient, host: str) -> None:
    assert sqlite_client.get("/v1/runs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", OTHERS)
def test_other_names(sqlite_client: TestClient, host: str) -> None:
    for path in ("/v1/runs", "/metrics", "/healthz", "/nowhere"):
        assert_problem(sqlite_client.get(path, headers={"host": host}), 421, "wrong_host")
    made = sqlite_client.post(
        "/v1/scenarios", json={"based_on": "lillehammer-2018"}, headers={"host": host}
    )
    assert_problem(made, 421, "wrong_host")
    assert sqlite_client.get("/v1/scenarios").json()["items"] == []


def test_of_two_names_both_are_looked_at(sqlite_client: TestClient) -> None:
    two = [("host", "localhost"), ("host", "evil.example")]
    assert_problem(sqlite_client.get("/v1/runs", headers=two), 421, "wrong_host")


def test_names_that_an_operator_adds(start: StartClient, sqlite_url: str) -> None:
    with start(sqlite_url, own_hosts="plan.example.no, Plan") as client:
        for host, status in (
            ("plan.example.no", 200),
            ("PLAN:8000", 200),
            ("localhost", 200),
            ("evil.plan.example.no", 421),
        ):
            assert client.get("/v1/runs", headers={"host": host}).status_code == status


def test_with_a_login_any_name_will_do(start: StartClient, sqlite_url: str) -> None:
    migrate(sqlite_url)
    database = Database(sqlite_url)
    key = make_key(database, "nord")
    database.dispose()
    with start(sqlite_url, require_login=True) as client:
        headers = {**bearer(key), "host": "plan.example.no"}
        assert client.get("/v1/runs", headers=headers).status_code == 200
