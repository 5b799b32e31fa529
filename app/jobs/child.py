"""One solve in a process of its own, so that a crash, a runaway or a full memory ends only it.

This is the caller's side; `child_main` is the child's. Input and output are files in a private
folder, progress comes as JSON lines on the child's standard output, and what the solver itself
prints goes to its standard error. The child has no database address, no secrets and no more
memory than it was given, and it dies with the thread that started it.
"""

import contextlib
import json
import logging
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from app.services.task import Task
from solver.domain.errors import Issue
from solver.domain.result import Progress, SolveOptions, Watcher

logger = logging.getLogger(__name__)

# -P: the folder the caller happens to stand in is no place to import from.
COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "app.jobs.child_main")

POLL_S = 0.1
STOP_PATIENCE_S = 2.0  # from the stop file to SIGTERM
TERM_PATIENCE_S = 1.0  # from SIGTERM to SIGKILL: of the 5 s in which a run stops, the rest is spare
KEPT_NOISE = 64_000
LONGEST_LINE = 64_000  # of progress, which needs some 200 bytes
DRAIN_S = 1.0  # to hear what a child said before it ended
LARGEST_FILE = 1_000_000_000  # bytes; PostgreSQL takes no longer text

_PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"),
        *("LANG", "LC_ALL", "LC_CTYPE", "GDAL_DATA", "PROJ_DATA"),
    }
)
# A thread pool in each numerical library would only reserve address space.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

DETAILS = {
    "answer_invalid": "Løseren leverte et svar som ikke kan leses.",
    "dismissed": "Kjøringen ble avbrutt før det fantes en plan.",
    "internal_error": "Uventet feil i beregningen. Loggen forteller mer.",
    "out_of_memory": "Oppgaven trengte mer minne enn den fikk.",
    "solver_crashed": "Løseren stanset uten svar.",
    "solver_killed": "Operativsystemet stanset løseren, oftest fordi maskinen manglet minne.",
    "time_exceeded": "Oppgaven ble ikke ferdig innen tidsgrensen og måtte stanses.",
}


@dataclass(frozen=True)
class Limits:
    """What a child is held to beside its options.

    It is ended `grace_s` seconds after its time is up, which covers search and referee and not the
    building and verifying around them, or `most_s` seconds after its start if that is sooner.
    `niceness` is added to the caller's own; `folder` is where its files are, the system's temporary
    folder when None.
    """

    grace_s: float = 60.0
    most_s: float = math.inf
    niceness: int = 0
    folder: Path | None = None

    def within(self, seconds: float) -> "Limits":
        """These, and no longer than so many seconds."""
        return replace(self, most_s=seconds)


@dataclass(frozen=True)
class Failure:
    """Why there is no plan: a code of `SitingError` or of `DETAILS`, and words for people.

    `is_input`: what was asked for cannot be done, and asking again is no use.
    """

    code: Annotated[str, Field(pattern="^[a-z_]{1,64}$")]
    detail: Annotated[str, Field(pattern="^[^\\x00]*$", max_length=10_000)]
    issues: tuple[Issue, ...] = ()
    is_input: bool = False


@dataclass(frozen=True)
class ChildResult:
    """The result document as it was written, or why there is none; exactly one of them."""

    document: bytes | None
    failure: Failure | None


ORDINARY_LIMITS = Limits()


def run_in_child(
    task: Task,
    options: SolveOptions,
    *,
    watcher: Watcher,
    limits: Limits = ORDINARY_LIMITS,
    crew: Path | None = None,
) -> ChildResult:
    """Carry out a task in a child process and wait for it.

    From this thread `watcher.on_progress` is called as the child reports, and
    `watcher.should_stop` about ten times a second. A child that is told to stop may still hand
    back the best it has verified, and is gone 4 s later at most. `crew` is the folder in which it
    talks of its parts with whoever calls, see `crew`.
    """
    seconds = min(options.seconds_in_all + limits.grace_s, limits.most_s)
    with tempfile.TemporaryDirectory(prefix="flerkjerne-", dir=limits.folder) as name:
        folder = Path(name)
        job = {
            "task": asdict(task),
            "options": asdict(options),
            "niceness": limits.niceness,
            "cpu_seconds": 60 + int(2 * options.threads * max(seconds, 0)),
            "parent": os.getpid(),
            "crew": None if crew is None else str(crew),
        }
        (folder / "job.json").write_text(json.dumps(job, allow_nan=False), encoding="utf-8")
        with _Child(folder, watcher) as child:
            why_stopped = child.follow(seconds)
        return _result(folder, child, why_stopped)


class _Child:
    """A running child: hears what it says, and stops it when it must stop."""

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        self._stop_file = folder / "stop"
        self._watcher = watcher
        self._unread = b""
        self.noise = b""
        self._selector = selectors.DefaultSelector()
        kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
        self._process = subprocess.Popen(
            [*COMMAND, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=kept | _ONE_THREAD | {"TMPDIR": str(folder)},
            start_new_session=True,
        )

    def __enter__(self) -> "_Child":
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ, self._on_progress)
        self._selector.register(self._process.stderr, selectors.EVENT_READ, self._on_noise)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._signal(signal.SIGKILL)  # whatever is left of its process group
        with self._process:
            self._selector.close()

    @property
    def status(self) -> int | None:
        """Exit status, minus the signal's number if one ended it; None while it runs."""
        return self._process.poll()

    def follow(self, seconds: float) -> str | None:
        """Until the child has ended; why it was stopped, None when it ended by itself."""
        deadline = time.monotonic() + seconds
        why = None
        while self.status is None and why is None:
            self._listen(POLL_S)
            why = self._reason_to_stop(deadline)
        if why is not None:
            self._stop(gently=why == "dismissed")
        self._signal(signal.SIGKILL)  # what it left behind could talk for ever
        until = time.monotonic() + DRAIN_S
        while self._listen(0) and time.monotonic() < until:
            pass
        return why

    def _reason_to_stop(self, deadline: float) -> str | None:
        if self._watcher.should_stop():
            return "dismissed"
        return "time_exceeded" if time.monotonic() > deadline else None

    def _stop(self, *, gently: bool) -> None:
        if gently:
            self._stop_file.touch()
            if self._ended_within(STOP_PATIENCE_S):
                return
        self._signal(signal.SIGTERM)
        if not self._ended_within(TERM_PATIENCE_S):
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _ended_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.status is None and time.monotonic() < until:
            self._listen(POLL_S)
        return self.status is not None

    def _signal(self, number: int) -> None:
        """To the whole process group; macOS says EPERM where all of it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _listen(self, patience: float) -> bool:
        """Take in what the child has said; False when that was nothing."""
        heard = False
        for key, _events in self._selector.select(patience):
            chunk = os.read(key.fd, 65_536)
            if chunk:
                key.data(chunk)
                heard = True
            else:
                self._selector.unregister(key.fileobj)
        return heard

    def _on_progress(self, chunk: bytes) -> None:
        *lines, rest = (self._unread + chunk).split(b"\n")
        self._unread = rest[-LONGEST_LINE:]
        for line in lines:
            progress = _progress_in(line)
            if progress is not None:
                self._watcher.on_progress(progress)

    def _on_noise(self, chunk: bytes) -> None:
        self.noise = (self.noise + chunk)[-KEPT_NOISE:]


_PROGRESS = TypeAdapter(Progress)


def _progress_in(line: bytes) -> Progress | None:
    """None when it is no progress: a solver out of its mind is not followed, and not believed."""
    try:
        progress = _PROGRESS.validate_json(line)
    except ValidationError:
        return None
    said = (progress.seconds, progress.incumbent_nok, progress.bound_nok, progress.gap)
    return progress if all(math.isfinite(x) for x in said if x is not None) else None


def _result(folder: Path, child: _Child, why_stopped: str | None) -> ChildResult:
    """What the child left in its folder, or what its end tells."""
    result, error = folder / "result.json", folder / "error.json"
    if result.exists():
        return ChildResult(result.read_bytes(), None)
    if why_stopped is None and error.exists():
        return ChildResult(None, _failure_in(error.read_bytes()))
    code = why_stopped or _code_of(child.status, child.noise)
    if why_stopped is None:
        logger.error(
            "the solving process ended with status %s (%s): %s",
            child.status, code, child.noise.decode(errors="replace"),
        )  # fmt: skip
    return ChildResult(None, Failure(code, DETAILS[code]))


_FAILURE = TypeAdapter(Failure)


def _failure_in(text: bytes) -> Failure:
    """What the child says of its failure, if that can be read and stored."""
    try:
        return _FAILURE.validate_json(text)
    except ValidationError:
        return Failure("answer_invalid", DETAILS["answer_invalid"])


def _code_of(status: int | None, noise: bytes) -> str:
    """The code for a child that ended by itself and left nothing."""
    # Nobody but the kernel, when memory runs out, sends SIGKILL to a child that we did not stop.
    if status == -signal.SIGKILL:
        return "solver_killed"
    if b"bad_alloc" in noise or b"MemoryError" in noise:
        return "out_of_memory"
    if status == -signal.SIGXCPU:
        return "time_exceeded"
    return "solver_crashed" if status is not None and status < 0 else "internal_error"
