"""What a figure was measured on: machine, versions and date, in one paragraph."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("highspy", "pyomo", "numpy", "scipy", "linopy", "ortools", "pulp", "pyscipopt", "spopt"),
    *("igraph", "pandana", "osmium"),
)


def description() -> str:
    """One paragraph; a package that is not there is left out."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores ({_processor()}), {gib:.0f} GiB, {platform.system()}"
    versions = [f"Python {platform.python_version()}", *filter(None, map(_versioned, PACKAGES))]
    return f"{machine}; {', '.join(versions)}; {datetime.now(UTC):%Y-%m-%d}."


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versioned(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""
