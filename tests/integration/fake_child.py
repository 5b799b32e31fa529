"""A child that behaves as the title of its scenario says; started in place of the real one."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from app.jobs.child_main import answer_task, main
from app.services.task import Task
from solver.analysis import deal
from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.domain.errors import Issue, ScenarioInvalid, SitingError, VerificationFailed
from solver.domain.result import Progress, SolveOptions, Watcher

Act = Callable[[SolveOptions, Watcher], bytes]


def a_plan(outcome: str, **more: Any) -> bytes:
    figures = {"objective_nok": 95.0, "dual_bound_nok": 95.0, "mip_gap": 0.0}
    return json.dumps({"outcome": outcome, **figures, "projects": {}, "sites": {}, **more}).encode()


def answer(_options: SolveOptions, watcher: Watcher) -> bytes:
    watcher.on_progress(Progress(0.1, None, 80.0, None))
    watcher.on_progress(Progress(0.2, 100.0, 90.0, 0.1))
    watcher.on_progress(Progress(0.3, 95.0, 95.0, 0.0))
    return a_plan("optimal")


def babble(_options: SolveOptions, watcher: Watcher) -> bytes:
    """Says on the line for progress what is none."""
    channel = watcher.on_progress._channel  # type: ignore[attr-defined]
    for line in (b"[]", b"{", b"\xff\xfe", b'{"seconds": 1}', b'{"seconds": NaN}', b"null"):
        os.write(channel, line + b"\n")
    nan = b'{"seconds": 1, "incumbent_nok": Infinity, "bound_nok": null, "gap": null}\n'
    os.write(channel, nan)
    for _ in range(100):
        os.write(channel, b"x" * 100_000)
    os.write(channel, b"\n")
    watcher.on_progress(Progress(0.5, 1.0, 1.0, 0.0))
    return a_plan("optimal")


def answer_nonsense(_options: SolveOptions, _watcher: Watcher) -> bytes:
    return b'{"outcome": "splendid"}'


def answer_no_text(_options: SolveOptions, _watcher: Watcher) -> bytes:
    return b"\xff\xfe\x00"


def answer_infinity(_options: SolveOptions, _watcher: Watcher) -> bytes:
    return a_plan("optimal").replace(b"95.0", b"Infinity")


def fail_strangely(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    raise SitingError("no code\x00 of ours" * 100, "x" * 100_000)


def write_a_huge_file(_options: SolveOptions, _watcher: Watcher) -> bytes:
    with open(os.environ["TMPDIR"] + "/huge", "wb") as file:
        file.truncate(3_000_000_000)
    return a_plan("optimal")


def tell_niceness(_options: SolveOptions, _watcher: Watcher) -> bytes:
    group = Path("/proc/self/autogroup")
    session = group.read_text() if group.exists() else ""
    return a_plan("optimal", niceness=os.nice(0), session=session)


def tell_descriptors(_options: SolveOptions, _watcher: Watcher) -> bytes:
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    found = {link: os.readlink(link) for link in links if os.path.lexists(link)}
    return a_plan("optimal", descriptors=found)


def leave_a_talker(_options: SolveOptions, watcher: Watcher) -> bytes:
    """A process that goes on talking on both pipes when its parent has ended."""
    channel = watcher.on_progress._channel  # type: ignore[attr-defined]
    talk = "import os\nwhile True: os.write(1, b'x' * 9999); os.write(2, b'x' * 9999)"
    subprocess.Popen([sys.executable, "-c", talk], stdout=channel)
    return a_plan("optimal")


def freeze_at_once(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)


def tell_environment(_options: SolveOptions, _watcher: Watcher) -> bytes:
    return a_plan("optimal", environment=dict(os.environ), nice=os.nice(0))


def tell_options(options: SolveOptions, _watcher: Watcher) -> bytes:
    return a_plan("optimal", options=asdict(options))


def chatter(_options: SolveOptions, watcher: Watcher) -> bytes:
    os.write(1, b"the solver talks\n" * 100_000)
    os.write(2, b"and talks\n" * 100_000)
    watcher.on_progress(Progress(0.1, 1.0, 1.0, 0.0))
    return a_plan("optimal")


def work_until_stopped(_options: SolveOptions, watcher: Watcher) -> bytes:
    watcher.on_progress(Progress(0.1, 100.0, 90.0, 0.1))
    while not watcher.should_stop():
        time.sleep(0.01)
    return a_plan("dismissed")


def work_a_while(_options: SolveOptions, watcher: Watcher) -> bytes:
    for tenth in range(15):
        watcher.on_progress(Progress(tenth / 10, 100.0 - tenth, 50.0, None))
        time.sleep(0.1)
    return a_plan("optimal")


def hang(_options: SolveOptions, watcher: Watcher) -> NoReturn:
    watcher.on_progress(Progress(0.1, 100.0, 90.0, 0.1))
    while True:
        time.sleep(1)


def freeze(_options: SolveOptions, watcher: Watcher) -> NoReturn:
    watcher.on_progress(Progress(0.1, 100.0, 90.0, 0.1))
    while True:
        os.kill(os.getpid(), signal.SIGSTOP)


def tell_pid_and_hang(options: SolveOptions, watcher: Watcher) -> NoReturn:
    watcher.on_progress(Progress(float(os.getpid()), None, None, None))
    hang(options, Watcher())


def hang_unmoved(options: SolveOptions, watcher: Watcher) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hang(options, watcher)


def leave_a_grandchild(_options: SolveOptions, watcher: Watcher) -> NoReturn:
    sleeper = subprocess.Popen(["sleep", "600"])
    watcher.on_progress(Progress(float(sleeper.pid), None, None, None))
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def eat_memory(_options: SolveOptions, _watcher: Watcher) -> bytes:
    eaten = [np.empty(50_000_000, dtype=np.uint8) for _ in range(100)]
    return a_plan(f"ate {len(eaten)} pieces of 50 MB")


def fail_in_cpp(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def burn_cpu(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    os.kill(os.getpid(), signal.SIGXCPU)
    raise AssertionError


def be_killed(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def segfault(_options: SolveOptions, _watcher: Watcher) -> bytes:
    return ctypes.string_at(0)


def crash_the_first_time(_options: SolveOptions, _watcher: Watcher) -> bytes:
    """The folder of all jobs remembers."""
    been_here = Path(os.environ["TMPDIR"]).parent / "crashed"
    if not been_here.exists():
        been_here.touch()
        os.abort()
    return a_plan("optimal")


def abort(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    os.abort()


def raise_unforeseen(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    raise ZeroDivisionError("a secret of the machine room")


def refuse(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    raise ScenarioInvalid([Issue("/years", "bad_value", "Årene er feil.", "Rett dem.")])


def fail_verification(_options: SolveOptions, _watcher: Watcher) -> NoReturn:
    raise VerificationFailed("C2 holder ikke.")


NAPS, NAP_S = 24, 0.3


def nap(number: int, _options: SolveOptions, watcher: Watcher) -> int | None:
    for _ in range(10):
        time.sleep(NAP_S / 10)
        if watcher.should_stop():
            return None
    return number * number


NAPPING: deal.Portable[int, int] = deal.Portable("nap", lambda n: {"n": n}, int, int)


def share_naps(options: SolveOptions, watcher: Watcher) -> bytes:
    """Says the squares it has, and how many of them were known when it began."""
    deal.OFFER_AFTER_S = deal.WORTH_OFFERING_S = 0.1
    assert watcher.crew is not None
    parts = [deal.Sharing(watcher.crew, NAPPING, 1.0).part(n) for n in range(NAPS)]
    known = [part for part in parts if watcher.crew.known(part.id) is not None]
    session = Session(options, watcher, parts=NAPS)
    squares = work_on_all(nap, range(NAPS), session, portable=NAPPING)
    outcome = "optimal" if None not in squares else "dismissed"
    return a_plan(outcome, squares=squares, known=len(known))


def share_naps_and_crash(options: SolveOptions, watcher: Watcher) -> bytes:
    """The first time, when the others have had time for something."""
    been_here = Path(os.environ["TMPDIR"]).parent / "crashed"
    if been_here.exists():
        return share_naps(options, watcher)
    been_here.touch()
    until = time.monotonic() + NAP_S * NAPS / 3
    return share_naps(options, replace(watcher, should_stop=lambda: abort_after(until)))


def abort_after(until: float) -> bool:
    if time.monotonic() > until:
        os.abort()
    return False


def answer_parts(task: Task, options: SolveOptions, watcher: Watcher) -> bytes:
    """As somebody who helps."""
    if task.document["title"] == "help_nobody":
        os.abort()
    answers = [nap(what["n"], options, watcher) for what in task.parts]
    return json.dumps({"answers": answers}).encode()


def help_nobody(options: SolveOptions, watcher: Watcher) -> bytes:
    return share_naps(options, watcher)


SEARCH_S = 0.7


def slow_front(task: Task, options: SolveOptions, watcher: Watcher) -> bytes:
    """The real answer, of searches that take long and are shared one by one."""
    # Here: what solves takes 1.4 s to import, and every other child would wait for it.
    from solver.engine.tradeoff import _Whole

    search = _Whole.search

    def slowly(*asked: Any) -> Any:
        time.sleep(SEARCH_S)
        return search(*asked)

    _Whole.search = slowly  # type: ignore[method-assign]
    deal.OFFER_AFTER_S = deal.WORTH_OFFERING_S = deal.AHEAD_S = 0.0
    return answer_task(task, options, watcher)


def act(task: Task, options: SolveOptions, watcher: Watcher) -> bytes:
    """After colons: how many naps, of how many seconds each."""
    global NAPS, NAP_S
    name, *naps = task.document["title"].split(":")
    if naps:
        NAPS, NAP_S = int(naps[0]), float(naps[1])
    if name == "slow_front":
        return slow_front(task, options, watcher)
    if task.parts:
        return answer_parts(task, options, watcher)
    behaviour: Act = globals()[name]
    return behaviour(options, watcher)


if __name__ == "__main__":
    main(Path(sys.argv[1]), act)
