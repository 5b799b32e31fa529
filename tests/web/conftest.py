"""The service with a few runs, and a browser that is sent to it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.robustness.server import serving

from .browsing import ARGUMENTS, CHROMIUM, WITH_WEBGL, Planner, planner

TOWN = "lillehammer-2018"
"""Solved in less than a second."""


@dataclass(frozen=True)
class Service:
    """A server, the run of a plan, and one of the same scenario with another target."""

    address: str
    run: str
    other_run: str

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What is answered to a document; a run is waited for."""
        return post(self.address, path, body)

    def start(self, run: dict[str, Any]) -> str:
        """Id of a run that goes on."""
        return start(self.address, run)

    def get(self, path: str) -> dict[str, Any]:
        """A document."""
        found: dict[str, Any] = httpx.get(f"{self.address}{path}").raise_for_status().json()
        return found


def post(address: str, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """What is answered to a document; a run is waited for."""
    headers = {"Prefer": "wait=100", **headers}
    answer = httpx.post(f"{address}{path}", json=body, headers=headers, timeout=120)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def start(address: str, run: dict[str, Any]) -> str:
    """Id of a run that goes on."""
    return str(post(address, "/v1/runs", run, Prefer="respond-async")["id"])


def solved(address: str, scenario: str | dict[str, Any]) -> str:
    """Id of a run that has a plan."""
    run = post(address, "/v1/runs", {"scenario": scenario})
    assert run["outcome"] == "optimal", run
    return str(run["id"])


# A browser's loop runs in this thread as long as there is one, so others would start none: it
# must not outlive the tests of this folder.
@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Started once for all tests."""
    with serving(tmp_path_factory.mktemp("service")) as server:
        address = server.address
        changed = {"title": "Mer hjemme", "targets": {"coverage": {"ratio": {"2018": 0.12}}}}
        other = post(address, "/v1/scenarios", {"based_on": TOWN, "changes": changed})
        yield Service(address, solved(address, TOWN), solved(address, other["id"]))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Skips where there is no browser, except in CI, where there must be one."""
    if not Path(CHROMIUM).exists():
        assert not os.environ.get("FLERKJERNE_CI"), "Chromium is not installed: see .ci/browser"
        pytest.skip("Chromium is not installed")
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Draws maps without a graphics card."""
    found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *WITH_WEBGL])
    yield found
    found.close()


@pytest.fixture
def someone(browser: Browser, service: Service) -> Iterator[Planner]:
    """In a new window."""
    with planner(browser, service.address) as found:
        yield found
