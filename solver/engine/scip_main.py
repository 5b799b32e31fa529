"""The process in which SCIP runs, started by `scip`: `python scip_main.py FOLDER`.

Reads program.npz and question.json in the folder and leaves answer.json; ends with the process
that started it. It imports nothing of this project, so it runs wherever the project lies.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyscipopt import ExprCons, Model, Variable, quicksum

# SCIP takes a row for satisfied within its tolerance, and a violation of its ordinary 1e-6 times a
# price of unmet need of 1e4 has given a "plan" 0.009 cheaper than any that is one.
TOLERANCE = 1e-9
# Address space that Python, numpy and SCIP reserve without using it.
RESERVED_MB = 1000

Arrays = Mapping[str, NDArray[Any]]


def main(folder: Path) -> None:
    """Put the question in the folder to SCIP."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    question = json.loads((folder / "question.json").read_bytes())
    _limit_memory(question["memory_mb"])
    with np.load(folder / "program.npz") as program:
        answer = solve(program, question)
    draft = folder / "answer.part"
    draft.write_text(json.dumps(answer, allow_nan=False), encoding="utf-8")
    draft.rename(folder / "answer.json")


def solve(program: Arrays, question: Mapping[str, Any]) -> dict[str, Any]:
    """Why SCIP stopped in its own word, its best point, and its objective and bound.

    `question` has `decides`: the value that decides, by a bound above or a point below it, or None
    for "is there any point?"; `seconds`; and `memory_mb`.
    """
    model = Model()
    model.hideOutput()
    variables = _pass_program(model, program)
    _set_limits(model, question)
    model.optimizeNogil()
    objective, bound = model.getPrimalbound(), model.getDualbound()
    return {
        "status": model.getStatus(),
        "x": _point(model, variables) if model.getNSols() else None,
        "objective": objective if abs(objective) < model.infinity() else None,
        "bound": bound if abs(bound) < model.infinity() else None,
    }


def _pass_program(model: Model, program: Arrays) -> list[Variable]:
    columns = zip(
        *(program[name].tolist() for name in ("integer", "lower", "upper", "cost")), strict=True
    )
    variables = [
        model.addVar(vtype="I" if integer else "C", lb=lower, ub=upper, obj=cost)
        for integer, lower, upper, cost in columns
    ]
    starts, indices, values = (program[name].tolist() for name in ("starts", "indices", "values"))
    bounds = zip(program["row_lower"].tolist(), program["row_upper"].tolist(), strict=True)
    for row, (least, most) in enumerate(bounds):
        entries = range(starts[row], starts[row + 1])
        terms = quicksum(values[entry] * variables[indices[entry]] for entry in entries)
        model.addCons(ExprCons(terms, lhs=_finite(least), rhs=_finite(most)))
    model.addObjoffset(float(program["offset"]))
    return variables


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None


def _set_limits(model: Model, question: Mapping[str, Any]) -> None:
    model.setParam("misc/catchctrlc", False)
    model.setParam("numerics/feastol", TOLERANCE)
    model.setParam("numerics/dualfeastol", TOLERANCE)
    model.setParam("limits/time", question["seconds"])
    model.setParam("limits/memory", question["memory_mb"])
    if question["decides"] is None:
        model.setParam("limits/solutions", 1)
    else:
        model.setParam("limits/dual", question["decides"])
        model.setParam("limits/primal", question["decides"])


def _point(model: Model, variables: list[Variable]) -> list[float]:
    best = model.getBestSol()
    return [model.getSolVal(best, variable) for variable in variables]


def _limit_memory(megabytes: float) -> None:
    if sys.platform == "linux":  # elsewhere the limit is refused or does nothing
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = int((megabytes + RESERVED_MB) * 1_000_000)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _end_with_parent() -> None:
    """The other end of standard input closes when the parent is done with us, or has died."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
