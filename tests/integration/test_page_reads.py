"""What the page reads beside what others do: bundled scenarios, and a run's own copy of its."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geodata import bundled

from .processes import until

Toy = dict[str, Any]


@pytest.fixture
def stored(client: TestClient, toy: Toy) -> tuple[str, str]:
    """Ids of a scenario and a run of it."""
    scenario = client.post("/v1/scenarios", json=toy).json()["id"]
    run = client.post("/v1/runs", json={"scenario": scenario}).json()["id"]
    until(lambda: client.get(f"/v1/runs/{run}").json()["status"] == "successful")
    return scenario, run


def test_bundled_scenarios_are_told_with_their_titles(client: TestClient) -> None:
    items = client.get("/v1/examples").json()["items"]
    told = {item["id"]: item["title"] for item in items}
    assert told == {name: bundled.load(name)["title"] for name in bundled.names()}
    assert {item["created"] for item in items} == {None}
    for name in told:
        assert client.get(f"/v1/scenarios/{name}").status_code == 200


def test_a_run_keeps_its_scenario(client: TestClient, stored: tuple[str, str], toy: Toy) -> None:
    scenario, run = stored
    here = f"/v1/runs/{run}/scenario"
    first = client.get(here)
    assert first.json()["title"] == toy["title"]
    assert first.json()["districts"]["nord"]["need"] == toy["districts"]["nord"]["need"]
    changed = client.patch(
        f"/v1/scenarios/{scenario}",
        json={"title": "Noe annet"},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert changed.json()["title"] == "Noe annet"
    assert client.get(here).json() == first.json()
    assert client.delete(f"/v1/scenarios/{scenario}").status_code == 204
    assert client.get(here).json() == first.json()
    again = client.get(here, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_run_that_is_not_there_has_none(client: TestClient) -> None:
    answer = client.get("/v1/runs/nothing/scenario")
    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
