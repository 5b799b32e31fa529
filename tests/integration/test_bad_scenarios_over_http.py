"""Every bad scenario through the HTTP interface: refused, with the place named, never a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.local_client import local_client
from tests.unit.app.bad_scenarios import CASES, BadCase


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from app.main import create_app
    from app.settings import Settings

    folder: Path = tmp_path_factory.mktemp("http")
    settings = Settings(database_url=f"sqlite:///{folder / 'test.db'}")
    with local_client(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_scenario_is_refused_with_its_place(client: TestClient, case: BadCase) -> None:
    answer = client.post(
        "/v1/scenarios", content=case.text, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 413, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    if answer.status_code != 413:
        found = {(issue["pointer"], issue["code"]) for issue in problem["issues"]}
        assert (case.pointer, case.code) in found
