"""What holds for every route: limits, problem documents, HEAD, health."""

import gzip
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.db import migrate
from app.main import create_app
from app.repositories.figures import FigureRepository
from app.services.scenarios import Scenarios
from app.services.work import Work
from app.settings import Settings
from tests.local_client import local_client

Toy = dict[str, Any]
JSON = {"content-type": "application/json"}


def assert_problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "issues"}
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/scenarios/", 404, "not_found"),
        ("GET", "/v1/scenarios/nothing", 404, "scenario_not_found"),
        ("GET", "/v1/scenarios/%00", 404, "not_found"),
        ("GET", "/v1/scenarios/%F0%9F%98%80", 404, "not_found"),
        ("GET", "/v1/scenarios/" + 300 * "a", 404, "not_found"),
        ("GET", "/v1/runs/nothing", 404, "run_not_found"),
        ("GET", "/v1/runs/nothing/plan", 404, "run_not_found"),
        ("GET", "/v1/runs/nothing/plan.geojson", 404, "run_not_found"),
        ("GET", "/v1/runs/nothing/plan.gpkg", 404, "run_not_found"),
        ("GET", "/v1/runs/nothing/incumbents", 404, "run_not_found"),
        ("DELETE", "/v1/runs/nothing", 404, "run_not_found"),
        ("DELETE", "/v1/scenarios/nothing", 404, "scenario_not_found"),
        ("GET", "/v1/scenarios?limit=0", 422, "parameter_invalid"),
        ("GET", "/v1/scenarios?limit=101", 422, "parameter_invalid"),
        ("GET", "/v1/scenarios?limit=x", 422, "parameter_invalid"),
        ("GET", "/v1/runs?limit=1e9", 422, "parameter_invalid"),
        ("GET", "/v1/runs/nothing/incumbents?after=99999999999", 422, "parameter_invalid"),
        ("PUT", "/v1/runs", 405, "method_not_allowed"),
        ("TRACE", "/healthz", 405, "method_not_allowed"),
    ],
)
def test_every_error_is_a_problem(
    sqlite_client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    assert_problem(sqlite_client.request(method, path), status, code)


def test_a_refused_parameter_is_named(sqlite_client: TestClient) -> None:
    (issue,) = sqlite_client.get("/v1/scenarios?limit=101").json()["issues"]
    assert issue["pointer"] == "/query/limit"
    assert issue["mend"] == "Tallet må være høyst 100."


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/runs", "GET, HEAD, OPTIONS, POST"),
        ("/v1/scenarios/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/v1/scenarios/validate", "OPTIONS, POST"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_an_address_tells_its_methods(sqlite_client: TestClient, path: str, allowed: str) -> None:
    options = sqlite_client.options(path)
    assert (options.status_code, options.content) == (204, b"")
    refused = sqlite_client.request("TRACE", path)
    assert_problem(refused, 405, "method_not_allowed")
    assert options.headers["allow"] == refused.headers["allow"] == allowed


def test_every_address_answers_head_and_options(sqlite_client: TestClient) -> None:
    for path in sqlite_client.get("/openapi.json").json()["paths"]:
        address = re.sub(r"{\w+}", "x", path)
        head, get = sqlite_client.head(address), sqlite_client.get(address)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert sqlite_client.options(address).status_code == 204
    assert_problem(sqlite_client.options("/nowhere"), 404, "not_found")


BAD_BODIES = {
    "empty": (b"", 400),
    "not JSON": (b"{", 400),
    "not UTF-8": (b'{"title": "\xff"}', 400),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), 400),
    "NaN": (b'{"title": NaN}', 422),
    "infinite": (b'{"price_year": 1e400}', 422),
    "half a character": (b'{"title": "\\ud800"}', 422),
    "half a key": (b'{"\\ud800": 1}', 422),
    "NUL": (b'{"title": "\\u0000"}', 422),
    "twice the same": (b'{"title": "a", "title": "b"}', 422),
    "many digits": (b'{"price_year": ' + 5000 * b"9" + b"}", 422),
    "too deep": (2000 * b"[" + 2000 * b"]", 422),
    "very deep": (400_000 * b"[", 422),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "a text": (b'"lillehammer"', 422),
    "a number": (b"1", 422),
}


@pytest.mark.parametrize("body", BAD_BODIES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/scenarios"),
        ("PUT", "/v1/scenarios/{stored}"),
        ("PATCH", "/v1/scenarios/{stored}"),
        ("POST", "/v1/runs"),
    ],
)
def test_a_bad_body_is_a_problem_and_not_a_crash(
    stored: tuple[TestClient, str], body: str, method: str, path: str
) -> None:
    client, scenario_id = stored
    content, status = BAD_BODIES[body]
    answer = client.request(method, path.format(stored=scenario_id), content=content, headers=JSON)
    assert answer.status_code == status
    assert_problem(answer, status, answer.json()["code"])
    validated = client.post("/v1/scenarios/validate", content=content, headers=JSON)
    assert validated.status_code == status


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    """A client for all bad bodies, for none of them leaves anything; and a scenario's id.

    Nobody is at work: one engine is all that a process can hold, and other tests here start one.
    """
    url = f"sqlite:///{tmp_path_factory.mktemp('bad') / 'test.db'}"
    migrate(url)
    client = local_client(create_app(Settings(database_url=url)))
    made = client.post("/v1/scenarios", json={"based_on": "lillehammer-2018"}).json()
    yield client, made["id"]
    assert len(client.get("/v1/scenarios").json()["items"]) == 1
    assert client.get("/v1/runs").json()["items"] == []


@pytest.mark.parametrize("declared", ["text/plain", "multipart/form-data"])
def test_only_json_is_read(sqlite_client: TestClient, declared: str) -> None:
    headers = {"content-type": declared}
    answer = sqlite_client.post("/v1/scenarios", content=b"{}", headers=headers)
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("declared", [None, "application/x-www-form-urlencoded"])
def test_what_nobody_declared_is_read_as_json(
    sqlite_client: TestClient, declared: str | None
) -> None:
    headers = {} if declared is None else {"content-type": declared}
    body = b'{"based_on": "lillehammer-2018"}'
    answer = sqlite_client.post("/v1/scenarios", content=body, headers=headers)
    assert answer.status_code == 201
    browser = {**headers, "sec-fetch-site": "cross-site"}
    refused = sqlite_client.post("/v1/scenarios", content=body, headers=browser)
    assert_problem(refused, 403, "cross_site")


@pytest.fixture
def small(start: Any, sqlite_url: str) -> Iterator[TestClient]:
    with start(sqlite_url, max_body_bytes=5000) as client:
        yield client


@pytest.mark.parametrize("length", ["5001", 400 * "9", 5000 * "9"])
def test_a_large_body_is_refused_by_its_declared_length(small: TestClient, length: str) -> None:
    headers = {**JSON, "content-length": length}
    answer = small.post("/v1/scenarios", content=b"{}", headers=headers)
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("path", ["/v1/scenarios", "/v1/scenarios/validate", "/v1/runs"])
def test_a_large_body_that_hides_its_length_is_refused(
    small: TestClient, toy: Toy, path: str
) -> None:
    def pieces() -> Iterator[bytes]:
        yield json.dumps(toy).encode()
        yield from 5 * [1000 * b" "]

    assert_problem(small.post(path, content=pieces(), headers=JSON), 413, "body_too_large")
    assert small.get("/v1/scenarios").json()["items"] == []
    assert small.post("/v1/scenarios", json=toy).status_code == 201


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/v1/scenarios", "/v1/scenarios/lillehammer"]
)
def test_head_is_get_without_the_body(sqlite_client: TestClient, path: str) -> None:
    get, head = sqlite_client.get(path), sqlite_client.head(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    own = {"x-request-id", "ratelimit"}
    assert {k: v for k, v in head.headers.items() if k not in own} == {
        k: v for k, v in get.headers.items() if k not in own
    }


def test_health_and_figures(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert (ready["sqlite_version"] is None) == (ready["database"] == "postgresql")
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'flerkjerne_runs{status="accepted"} 0.0\n' in metrics.text


def figures(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_figures_count_what_was_solved(client: TestClient, toy: Toy) -> None:
    done = {"prefer": "wait=30"}
    client.post("/v1/runs", json={"scenario": toy}, headers=done)
    client.post("/v1/runs", json={"scenario": {**toy, "title": "infeasible"}}, headers=done)
    found = figures(client)
    assert found['flerkjerne_runs{status="successful"}'] >= 1
    assert found["flerkjerne_database_up"] == 1
    assert found["flerkjerne_queue_oldest_seconds"] == 0
    assert found['flerkjerne_run_outcomes{kind="solve",outcome="optimal"}'] >= 1
    ended = found['flerkjerne_solve_seconds_count{kind="solve"}']
    assert ended == found['flerkjerne_solve_seconds_bucket{kind="solve",le="+Inf"}'] == 2
    assert 0 < found['flerkjerne_solve_seconds_sum{kind="solve"}'] < 60
    assert found['flerkjerne_solve_seconds_bucket{kind="solve",le="3600"}'] == 2
    assert 'flerkjerne_gap_ratio_bucket{kind="solve",le="0.001"}' in found


def test_figures_tell_how_long_a_run_has_waited(
    sqlite_client: TestClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Work, "take", lambda _self: None)
    time.sleep(1.2)  # a worker that was about to look has looked
    sqlite_client.post("/v1/runs", json={"scenario": toy})
    time.sleep(0.2)
    found = figures(sqlite_client)
    assert found['flerkjerne_runs{status="accepted"}'] == 1
    assert 0.2 <= found["flerkjerne_queue_oldest_seconds"] < 60


def test_figures_of_requests_are_by_route(sqlite_client: TestClient) -> None:
    for address in ("/v1/runs/one", "/v1/runs/two", "/nowhere/one", "/nowhere/two"):
        sqlite_client.get(address)
    sqlite_client.head("/v1/runs")
    sqlite_client.request("BREW", "/v1/runs")
    found = figures(sqlite_client)
    count = "flerkjerne_http_request_seconds_count"
    assert found[f'{count}{{method="GET",route="/v1/runs/{{run_id}}",status="404"}}'] == 2
    assert found[f'{count}{{method="GET",route="other",status="404"}}'] == 2
    assert found[f'{count}{{method="HEAD",route="/v1/runs",status="200"}}'] == 1
    assert found[f'{count}{{method="other",route="/v1/runs",status="405"}}'] == 1
    assert not [name for name in found if "nowhere" in name or "BREW" in name]


def test_figures_are_there_while_the_database_is_away(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(FigureRepository, "by_status", fail)
    found = figures(sqlite_client)
    assert found["flerkjerne_database_up"] == 0
    assert 'flerkjerne_runs{status="accepted"}' not in found


def test_json_schemas_are_served(sqlite_client: TestClient) -> None:
    for name, field in (("scenario", "care_types"), ("plan", "outcome")):
        answer = sqlite_client.get(f"/v1/schemas/{name}")
        assert answer.headers["content-type"] == "application/schema+json"
        assert field in answer.json()["properties"]


def test_an_unforeseen_error_tells_only_where_to_look(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("a secret of the machine room")

    monkeypatch.setattr(Scenarios, "page", fail)
    answer = sqlite_client.get("/v1/scenarios")
    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    log_id = answer.json()["detail"].removesuffix(".").rpartition(" ")[2]
    assert log_id == answer.headers["x-request-id"]
    assert any(log_id in record.getMessage() for record in caplog.records)


def test_a_database_that_is_away_is_503(
    sqlite_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(Scenarios, "page", fail)
    answer = sqlite_client.get("/v1/scenarios")
    assert_problem(answer, 503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_a_client_that_asks_too_often_is_told_when_to_come_back(
    start: Any, sqlite_url: str, toy: Toy
) -> None:
    with start(sqlite_url, reads_per_s=0.5, writes_per_s=0.25) as client:
        first = client.get("/v1/scenarios")
        assert first.status_code == 200
        assert first.headers["ratelimit-policy"] == '"read";q=1;w=2'
        assert first.headers["ratelimit"] == '"read";r=0;t=2'
        again = client.get("/v1/scenarios")
        assert_problem(again, 429, "rate_limited")
        assert again.headers["retry-after"] == "2"
        assert again.headers["ratelimit"] == '"read";r=0;t=2'
        assert client.post("/v1/scenarios", json=toy).status_code == 201
        refused = client.post("/v1/scenarios", json=toy)
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["ratelimit-policy"] == '"write";q=1;w=2'
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_a_service_with_too_much_to_do_answers_that_at_once(
    start: Any, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads are at work, and as many requests wait as may."""
    release = threading.Event()
    monkeypatch.setattr(Scenarios, "page", lambda *_: release.wait(60))
    with start(sqlite_url, max_waiting=3) as client, ThreadPoolExecutor(101) as pool:
        answers = [pool.submit(client.get, "/v1/scenarios") for _ in range(100)]
        done, _ = wait(answers, timeout=30, return_when=FIRST_COMPLETED)
        refused = done.pop().result()
        assert_problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        health = pool.submit(client.get, "/healthz")
        try:
            assert health.result(timeout=20).status_code == 200
        finally:
            release.set()


def test_what_browsers_are_told(sqlite_client: TestClient) -> None:
    for address, status in (("/healthz", 200), ("/nowhere", 404), ("/v1/runs?limit=0", 422)):
        answer = sqlite_client.get(address, headers={"origin": "https://elsewhere.example"})
        assert answer.status_code == status
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_only_named_origins_may_call_from_a_browser(start: Any, sqlite_url: str, toy: Toy) -> None:
    ours, other = "https://kart.example", "https://elsewhere.example"
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "if-match"}
    with start(sqlite_url, cors_origins=ours) as client:
        preflight = client.options("/v1/scenarios", headers={"origin": ours, **asked})
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == ours
        assert "If-Match" in preflight.headers["access-control-allow-headers"]
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        browser = {"origin": ours, "sec-fetch-site": "cross-site"}
        made = client.post("/v1/scenarios", json=toy, headers=browser)
        assert made.status_code == 201
        assert made.headers["access-control-allow-origin"] == ours
        assert "ETag" in made.headers["access-control-expose-headers"]
        assert "origin" in made.headers["vary"].lower()
        for origin in (other, "null", "", ours + ".evil.example"):
            browser = {"origin": origin, "sec-fetch-site": "cross-site"}
            refused = client.post("/v1/scenarios", json=toy, headers=browser)
            assert_problem(refused, 403, "cross_site")
            closed = client.options("/v1/scenarios", headers={"origin": origin, **asked})
            for answer in (refused, closed):
                assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("abc-123_X.9", True),
        (64 * "a", True),
        (65 * "a", False),
        ("", False),
        ("a b", False),
        ('a"b', False),
        ("æ".encode("latin-1"), False),
        ("\x1b[31m", False),
    ],
)
def test_a_request_has_an_id(sqlite_client: TestClient, given: Any, taken: bool) -> None:
    own = sqlite_client.get("/nowhere", headers={"x-request-id": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9A-Za-z._-]{1,64}", own)
    assert (own == given) == taken


def test_answers_are_compressed_and_have_tags_of_their_own(sqlite_client: TestClient) -> None:
    address = "/v1/scenarios/lillehammer"
    as_is = {"accept-encoding": "identity"}
    plain = sqlite_client.get(address, headers=as_is)
    assert "content-encoding" not in plain.headers
    with sqlite_client.stream("GET", address, headers={"accept-encoding": "gzip"}) as packed:
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    for etag in (plain.headers["etag"], packed.headers["etag"]):
        again = sqlite_client.get(address, headers={"if-none-match": etag})
        assert (again.status_code, again.headers["etag"]) == (304, etag)
    refused = sqlite_client.get(address, headers={"accept-encoding": "br, gzip;q=0"})
    assert "content-encoding" not in refused.headers
    assert "content-encoding" not in sqlite_client.get("/healthz").headers


def test_a_compressed_version_can_be_changed_by_its_tag(
    sqlite_client: TestClient, toy: Toy
) -> None:
    toy["description"] = 3000 * "x"
    made = sqlite_client.post("/v1/scenarios", json=toy)
    assert made.headers["etag"] == '"1-gzip"'
    changed = sqlite_client.patch(
        made.headers["location"], json={"title": "To"}, headers={"if-match": made.headers["etag"]}
    )
    assert changed.status_code == 200
    again = sqlite_client.patch(
        made.headers["location"], json={"title": "Tre"}, headers={"if-match": made.headers["etag"]}
    )
    assert_problem(again, 412, "precondition_failed")
