"""Measured facts of a solve."""

import resource
import sys
from importlib.metadata import version
from pathlib import Path

from solver.domain.result import RunStatistics, Strategy
from solver.engine.handover import Program

_STATUS = Path("/proc/self/status")


def measured(
    strategy: Strategy,
    reason: str,
    program: Program | None,
    *,
    nodes: int,
    threads: int,
    build_seconds: float,
    total_seconds: float,
    solve_seconds: float,
) -> RunStatistics:
    """The facts, with the size of a program (None: none was built) and this process' memory."""
    rows, columns = program.matrix.shape if program else (0, 0)
    return RunStatistics(
        strategy=strategy,
        strategy_reason=reason,
        build_seconds=build_seconds,
        solve_seconds=solve_seconds,
        total_seconds=total_seconds,
        variables=columns,
        constraints=rows,
        nonzeros=int(program.matrix.nnz) if program else 0,
        nodes=nodes,
        peak_memory_mb=_peak_memory_mb(),
        solver="HiGHS",
        solver_version=version("highspy"),
        threads=threads,
    )


def _peak_memory_mb() -> float:
    """Of this process; the system counts in kB on Linux, in bytes on macOS.

    On Linux the peak of the process that started it would be counted in `getrusage`.
    """
    if _STATUS.exists():
        line = next(one for one in _STATUS.read_text().splitlines() if one.startswith("VmHWM"))
        return float(line.split()[1]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
