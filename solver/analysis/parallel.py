"""The same work on many items, in as many processes as the session has threads.

Each item is worked on alone, with one thread and its even share of the time that is left, in this
process or another: the results do not depend on how many there are. Processes are spawned, not
forked: a solver's threads do not survive a fork.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import replace
from math import ceil
from multiprocessing.synchronize import Event
from time import monotonic
from typing import TypeVar

from solver.analysis.session import LEAST_SECONDS, Session
from solver.domain.result import Progress, SolveOptions, Watcher

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item, SolveOptions, Watcher], Result]

POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1


def work_on_all(
    work: Work[Item, Result], items: Sequence[Item], session: Session, share: float = 1.0
) -> list[Result | None]:
    """work(item, options, watcher) of every item, in order; None of what was not begun in time.

    In all it takes at most this share of the time that is left. `work` is a function of a module,
    and items and results can be pickled. What it raises is raised here.
    """
    workers = min(session.options.threads, len(items))
    if session.over:
        return [None] * len(items)
    deadline = monotonic() + share * session.seconds_left
    if workers <= 1:
        pairs = enumerate(items)
        return [_work_here(work, one, len(items) - n, deadline, session) for n, one in pairs]
    return _work_beside(work, items, workers, deadline, session)


def _work_here(
    work: Work[Item, Result], item: Item, left: int, deadline: float, session: Session
) -> Result | None:
    if session.dismissed or monotonic() > deadline:
        return None
    return work(item, _limits(session, deadline, left), session.watcher())


def _work_beside(
    work: Work[Item, Result],
    items: Sequence[Item],
    workers: int,
    deadline: float,
    session: Session,
) -> list[Result | None]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    limits = _limits(session, deadline, ceil(len(items) / workers))
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(stop, os.getpid())
    ) as pool:
        running = [pool.submit(_work_there, work, item, limits) for item in items]
        try:
            _follow(running, stop, deadline, session)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [one.result() if not one.cancelled() else None for one in running]


def _follow(
    running: Sequence[Future[Result | None]], stop: Event, deadline: float, session: Session
) -> None:
    """Until all is done; tells of each that is, and of an end that somebody or the clock asks."""
    pending = set(running)
    while pending:
        done, pending = wait(pending, timeout=POLL_SECONDS)
        for _ in done:
            session.watcher().on_progress(Progress(0.0, None, None, None))
        if session.dismissed or monotonic() > deadline:
            stop.set()
            pending = {one for one in pending if not one.cancel()}


def _limits(session: Session, deadline: float, rounds: int) -> SolveOptions:
    share = (deadline - monotonic()) / rounds
    return replace(session.options, time_limit_s=max(share, LEAST_SECONDS), threads=1)


_stop: Event | None = None


def _begin(stop: Event, parent: int) -> None:
    """In a new process: hear when to stop, and die with the one that started it."""
    global _stop
    _stop = stop
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the caller is gone")


def _work_there(work: Work[Item, Result], item: Item, limits: SolveOptions) -> Result | None:
    assert _stop is not None
    if _stop.is_set():
        return None
    return work(item, limits, Watcher(should_stop=_stop.is_set))
