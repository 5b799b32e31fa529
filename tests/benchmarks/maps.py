"""How fast layers are served: `python -m tests.benchmarks.maps`.

A scenario of 14 000 districts over 15 years, by the service in a process of its own. Medians of 20
requests, each to a page that the client does not have; the first one, which makes the layer, apart.
"""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

from tests.benchmarks.markdown import Table
from tests.gis.conftest import county_scenario
from tests.robustness.server import serving

TIMES = 20
UTM32 = "http://www.opengis.net/def/crs/EPSG/0/25832"
BOX = "9.0,60.3,9.1,60.35"
ASKED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("First page of 1000, districts", "districts", {}),
    ("The same in EPSG:25832", "districts", {"crs": UTM32}),
    ("A box, districts", "districts", {"bbox": BOX}),
    ("First page of 1000, districts per year", "district_years", {}),
    ("A box and a year, districts per year", "district_years", {"bbox": BOX, "year": "2026"}),
    ("The last of 14 pages, districts", "districts", {"offset": "13000"}),
)


def main() -> None:
    """Print the table."""
    town = county_scenario() | {"years": {"first": 2026, "last": 2040}}
    with (
        TemporaryDirectory() as folder,
        serving(Path(folder)) as server,
        httpx.Client(base_url=server.address, timeout=120) as client,
    ):
        scenario = client.post("/v1/scenarios", json=town).json()["id"]
        collections = f"/ogc/scenarios/{scenario}/collections"
        table = Table(
            "Layers of 14 000 districts", ("Asked for", "First (ms)", "Median (ms)", "kB")
        )
        for title, layer, query in ASKED:
            taken = [_ask(client, f"{collections}/{layer}/items", query) for _ in range(TIMES + 1)]
            again = median(ms for ms, _ in taken[1:])
            table.row(title, f"{taken[0][0]:.0f}", f"{again:.0f}", f"{taken[0][1] / 1000:.0f}")
        table.row("Memory of the process, MB", "", f"{server.memory_mb:.0f}", "")


def _ask(client: httpx.Client, address: str, query: dict[str, str]) -> tuple[float, int]:
    started = time.perf_counter()
    answer = client.get(address, params=query).raise_for_status()
    return 1000 * (time.perf_counter() - started), len(answer.content)


if __name__ == "__main__":
    main()
