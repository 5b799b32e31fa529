"""The service as map programs meet it, and QGIS as planners have it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.county import county_scenario
from tests.robustness.server import serving

PYTHON = "/usr/bin/python3"
"""The one that Debian's QGIS is made for."""
SCRIPT = Path(__file__).with_name("in_qgis.py")
SOLVED = {"scenario": "lillehammer", "options": {"mip_gap": 0.02}}

Qgis = Callable[..., Any]


@dataclass(frozen=True)
class Service:
    """A server with a solved run of `lillehammer`, and a scenario of 14 000 districts."""

    address: str
    run_id: str
    county: str
    """Id of the large scenario."""

    @property
    def run(self) -> str:
        """Landing page of the run."""
        return f"{self.address}/ogc/runs/{self.run_id}"

    @property
    def scenario(self) -> str:
        """Landing page that follows the scenario."""
        return f"{self.address}/ogc/scenarios/lillehammer"

    def get(self, path: str, **query: Any) -> httpx.Response:
        """What the service answers."""
        answer = httpx.get(f"{self.address}{path}", params=query or None, timeout=60)
        return answer.raise_for_status()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Started once."""
    with (
        serving(tmp_path_factory.mktemp("service")) as server,
        httpx.Client(base_url=server.address, timeout=120) as client,
    ):
        run = client.post("/v1/runs", json=SOLVED, headers={"Prefer": "wait=100"}).json()
        assert run["status"] == "successful"
        county = client.post("/v1/scenarios", json=county_scenario(14_000))
        assert county.status_code == 201, county.text
        yield Service(server.address, run["id"], county.json()["id"])


@pytest.fixture(scope="session")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> Qgis:
    """Asks QGIS; skips where there is none, except in CI, where there must be one."""
    folder = tmp_path_factory.mktemp("qgis")
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "TZ": "Europe/Oslo",
    }

    def ask(task: str, **about: Any) -> Any:
        done = subprocess.run(
            [PYTHON, str(SCRIPT), task, json.dumps(about)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    there = Path(PYTHON).exists() and subprocess.run(
        [PYTHON, "-c", "import qgis.core"], env=environment, capture_output=True
    )
    if not there or there.returncode:
        assert not os.environ.get("FLERKJERNE_CI"), "QGIS is not installed: see .ci/qgis"
        pytest.skip("QGIS is not installed")
    return ask
