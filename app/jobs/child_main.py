"""The process that solves, started by `child`: `python -m app.jobs.child_main FOLDER`.

Reads job.json in the folder; leaves result.json, or error.json when the reason is known; ends
early when a file `stop` appears. Nothing heavy is imported before the limits hold.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app.jobs.child import DETAILS, LARGEST_FILE
from app.jobs.crew import CrewByMail
from app.services.task import Task
from solver.domain.errors import DocumentInvalid, InputError, SitingError
from solver.domain.result import Progress, SolveOptions, Watcher

Answer = Callable[[Task, SolveOptions, Watcher], bytes]

# Address space that Python, numpy and GDAL reserve without using it, beside the solve's own.
RESERVED_MB = 1000
LOOK_EVERY_S = 0.1
PR_SET_PDEATHSIG = 1
AUTOGROUP = Path("/proc/self/autogroup")
TRIES, AGAIN_S = 5, 0.05


def main(folder: Path, answer: Answer) -> None:
    """Do the job in the folder."""
    job = json.loads((folder / "job.json").read_bytes())
    _die_with(job["parent"])
    options = SolveOptions.from_json(job["options"])
    _accept_limits(options, job["cpu_seconds"], job["niceness"])
    crew = None if job["crew"] is None else CrewByMail(Path(job["crew"]))
    watcher = Watcher(_Reporter(), _StopFile(folder / "stop"), crew)
    try:
        result = answer(Task(**job["task"]), options, watcher)
    except SitingError as error:
        _leave(folder / "error.json", _described(error))
    except MemoryError:
        out_of_memory = SitingError("out_of_memory", DETAILS["out_of_memory"])
        _leave(folder / "error.json", _described(out_of_memory))
    else:
        _leave(folder / "result.json", result)


def answer_task(task: Task, options: SolveOptions, watcher: Watcher) -> bytes:
    """The result document of a task, as it is stored and sent."""
    from app.services.analyses import answer
    from app.services.plan_document import dump

    return dump(answer(task, options, watcher))


class _Reporter:
    """Sends progress to the caller, and lets nobody else write there."""

    def __init__(self) -> None:
        self._channel = os.dup(1)
        os.dup2(2, 1)

    def __call__(self, progress: Progress) -> None:
        line = json.dumps(asdict(progress), allow_nan=False) + "\n"
        os.write(self._channel, line.encode())


class _StopFile:
    """Whether the caller wants an end; looks now and then, however often it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._there = False
        self._look_next = 0.0

    def __call__(self) -> bool:
        if not self._there and time.monotonic() >= self._look_next:
            self._there = self._path.exists()
            self._look_next = time.monotonic() + LOOK_EVERY_S
        return self._there


def _die_with(parent: int) -> None:
    """Be killed when the thread that started us ends, and end now if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the caller is gone")


def _step_back(niceness: int) -> None:
    """Let others go first.

    Linux may share the processor between sessions, each as much whatever its processes' niceness,
    and this process has one of its own. Then the session's own counts (sched(7), autogroup).
    """
    now = os.nice(niceness)
    for _ in range(TRIES):
        try:
            AUTOGROUP.write_text(str(now))
        except BlockingIOError:  # ten times a second in all is as often as any may say so
            time.sleep(AGAIN_S)
        except OSError:
            return  # there is no such sharing here
        else:
            return


def _accept_limits(options: SolveOptions, cpu_seconds: int, niceness: int) -> None:
    _step_back(niceness)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, LARGEST_FILE)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    if sys.platform == "linux":  # elsewhere the limit is refused or does nothing
        _limit(resource.RLIMIT_AS, int((options.memory_limit_mb + RESERVED_MB) * 1_000_000))


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (value, value))


def _described(error: SitingError) -> bytes:
    issues = error.issues if isinstance(error, DocumentInvalid) else ()
    told = {
        "code": error.code,
        "detail": error.detail,
        "issues": [asdict(issue) for issue in issues],
        "is_input": isinstance(error, InputError),
    }
    return json.dumps(told).encode()


def _leave(path: Path, content: bytes) -> None:
    """All of it or nothing: a child that is killed while writing leaves no half document."""
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), answer_task)
