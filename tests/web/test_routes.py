"""How the page and its files are sent, without a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.callers import AccessScope, Caller
from app.db import Database, migrate
from app.main import create_app
from app.services.keys import Keys
from app.settings import Settings
from app.web.routes import POLICY

PAGE = Path(__file__).parents[2] / "app" / "web" / "page"
FILES = sorted(str(path.relative_to(PAGE)) for path in PAGE.rglob("*.*") if path.suffix != ".md")
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".txt": "text/plain",
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service that asks for a key."""
    folder = tmp_path_factory.mktemp("locked")
    url = f"sqlite:///{folder / 'test.db'}"
    migrate(url)
    database = Database(url)
    Keys(database.of(Caller("nord", "test", frozenset()))).create("test", frozenset(AccessScope), 1)
    database.dispose()
    settings = Settings(database_url=url, job_folder=folder / "jobs", require_login=True)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_page_is_open_and_data_are_not(locked: TestClient) -> None:
    assert locked.get("/").status_code == 200
    for path in ("/v1/scenarios", "/v1/examples", "/v1/runs", "/v1/runs/x/scenario"):
        assert locked.get(path).status_code == 401


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_sent_once(locked: TestClient, name: str) -> None:
    first = locked.get(f"/web/{name}")
    assert first.status_code == 200
    assert first.content == (PAGE / name).read_bytes()
    assert first.headers["content-type"].startswith(TYPES[Path(name).suffix])
    again = locked.get(f"/web/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for answer in (first, again):  # a browser takes the headers of the newest
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/web/main.js"])
def test_head_tells_the_same_without_a_body(locked: TestClient, path: str) -> None:
    got, head = locked.get(path), locked.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "etag", "content-security-policy"):
        assert head.headers[name] == got.headers[name]


def test_the_policy_allows_no_script_of_elsewhere() -> None:
    parts = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["worker-src"] == "'self'"
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/web/",
        "/web/nothing.js",
        "/web/views",
        "/web/views/",
        "/web/vendor/maplibre-gl/README.md",
        "/web/%2e%2e/routes.py",
        "/web/..%2froutes.py",
        "/web/%2e%2e%2f%2e%2e%2fsettings.py",
        "/web/views/%2e%2e/main.js",
        "/web//etc/passwd",
        "/web/%2fetc%2fpasswd",
        "/web/main.js%00.css",
    ],
)
def test_nothing_but_the_files_is_sent(locked: TestClient, path: str) -> None:
    answer = locked.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "file_not_found"


@pytest.mark.parametrize("path", ["/", "/web/main.js"])
def test_nothing_can_be_posted(locked: TestClient, path: str) -> None:
    assert locked.post(path).status_code in (401, 405)
