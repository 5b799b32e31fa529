"""Where the tests keep their files, and in which order they come."""

import os
import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2_000_000_000

LONGEST_FILES = (
    *(
        "integration/test_faults.py",
        "integration/test_runs_api.py",
        "integration/test_job_engine.py",
    ),
    *("gis/test_qgis.py", "integration/test_cli.py", "integration/test_kill_loop.py"),
    *("integration/test_backup.py", "integration/test_access.py", "integration/test_compare.py"),
    *("known_optimum/test_repairs.py", "integration/test_end_to_end.py"),
    *("integration/test_restarts.py", "robustness/test_slow_clients.py"),
)
"""Of the order of a minute each: begun last, one of them would keep one process busy alone."""

# SQLite waits for the disk at each commit, and nobody misses what a test wrote.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; a file stays together, for with `loadfile` one process has it."""
    here = Path(__file__).parent
    place = {here / name: number for number, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
