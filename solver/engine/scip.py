"""SCIP, the second solver, in a process of its own: by PySCIPOpt, an optional dependency.

A process, because inside a long linear program SCIP hears neither an interrupt nor its time limit
for seconds (7 s measured at 100 000 nonzeros), and because a crash of it must not take the plan
along.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from solver.domain.errors import SolverUnavailable
from solver.engine.handover import Program

SOLVER = "SCIP (PySCIPOpt)"
MAIN = Path(__file__).with_name("scip_main.py")
POLL_S = 0.1
PATIENCE_S = 10.0  # beyond its time: it starts up, and looks at the clock between linear programs


class ScipStop(Enum):
    """Why a run of SCIP stopped."""

    ANSWERED = auto()
    INFEASIBLE = auto()
    TIME_LIMIT = auto()
    MEMORY_LIMIT = auto()
    INTERRUPTED = auto()
    CRASHED = auto()


_STOPS = {
    "optimal": ScipStop.ANSWERED,
    "duallimit": ScipStop.ANSWERED,
    "primallimit": ScipStop.ANSWERED,
    "sollimit": ScipStop.ANSWERED,
    "infeasible": ScipStop.INFEASIBLE,
    # Every variable has finite bounds, so nothing can be unbounded.
    "inforunbd": ScipStop.INFEASIBLE,
    "timelimit": ScipStop.TIME_LIMIT,
    "memlimit": ScipStop.MEMORY_LIMIT,
}


@dataclass(frozen=True)
class ScipRun:
    """What one run gave; objective and bound in NOK, None where there is none."""

    stop: ScipStop
    x: NDArray[np.float64] | None = None
    objective: float | None = None
    bound: float | None = None


def require_scip() -> None:
    """Raise SolverUnavailable when PySCIPOpt is not installed."""
    if find_spec("pyscipopt") is None:
        raise SolverUnavailable(
            "Kontrollen med en annen løser trenger SCIP, som ikke er installert. "
            "Installer med: pip install 'flerkjerne[referee]'"
        )


def scip_version() -> str:
    """The version of PySCIPOpt, which brings its own SCIP."""
    return version("pyscipopt")


def run_scip(
    program: Program,
    decides_nok: float | None,
    seconds: float,
    memory_mb: float,
    should_stop: Callable[[], bool],
) -> ScipRun:
    """Ask SCIP about a program, from nothing.

    It ends when its bound is at least, or a point costs at most, `decides_nok`; when that is None,
    with the first point. A caller that asks for an end has it within a second.
    """
    scale = program.objective_scale
    question = {
        "decides": None if decides_nok is None else decides_nok / scale,
        "seconds": seconds,
        "memory_mb": memory_mb,
    }
    with tempfile.TemporaryDirectory(prefix="flerkjerne-") as name:
        folder = Path(name)
        _write_program(folder / "program.npz", program)
        (folder / "question.json").write_text(json.dumps(question), encoding="utf-8")
        stop = _run(folder, seconds + PATIENCE_S, should_stop)
        if stop is not None:
            return ScipRun(stop)
        return _read(folder / "answer.json", scale)


def _write_program(path: Path, program: Program) -> None:
    rows = program.matrix.tocsr()
    np.savez(
        path,
        cost=program.cost,
        offset=np.float64(program.offset),
        lower=program.lower,
        upper=program.upper,
        integer=program.integer,
        row_lower=program.row_lower,
        row_upper=program.row_upper,
        starts=rows.indptr,
        indices=rows.indices,
        values=rows.data,
    )


def _run(folder: Path, seconds: float, should_stop: Callable[[], bool]) -> ScipStop | None:
    """Until the process has ended; why it was ended, None when it ended by itself."""
    deadline = monotonic() + seconds
    command = [sys.executable, "-P", str(MAIN), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if should_stop():
                process.kill()
                return ScipStop.INTERRUPTED
            if monotonic() > deadline:
                process.kill()
                return ScipStop.TIME_LIMIT
            _wait(process)
    return None


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return


def _read(path: Path, scale: float) -> ScipRun:
    if not path.exists():
        return ScipRun(ScipStop.CRASHED)
    answer = json.loads(path.read_bytes())
    x, objective, bound = answer["x"], answer["objective"], answer["bound"]
    return ScipRun(
        stop=_STOPS.get(answer["status"], ScipStop.CRASHED),
        x=None if x is None else np.array(x),
        objective=None if objective is None else objective * scale,
        bound=None if bound is None else bound * scale,
    )
