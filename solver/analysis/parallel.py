"""The same work on many items, in as many processes as the session has threads.

Each item is worked on alone, with one thread and its even share of the time that is left, in this
process or another: the results do not depend on how many there are. Processes are spawned, not
forked: a solver's threads do not survive a fork. A crew of others may take some of the items.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from math import ceil, inf
from multiprocessing.synchronize import Event
from time import monotonic, sleep
from typing import TypeVar

from solver.analysis.deal import Deal, Portable, Sharing
from solver.analysis.session import LEAST_SECONDS, Session
from solver.domain.result import Progress, SolveOptions, Watcher

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Item, SolveOptions, Watcher], Result | None]

POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
WORTH_STARTING_S = 3.0  # of clock time gained: a process needs some two seconds to begin


def work_on_all(
    work: Work[Item, Result],
    items: Sequence[Item],
    session: Session,
    share: float = 1.0,
    portable: Portable[Item, Result] | None = None,
    seconds: float | None = None,
) -> list[Result | None]:
    """work(item, options, watcher) of every item, in order; None of what was not begun in time.

    In all it takes at most this share of the time that is left. `work` is a function of a module,
    and items and results can be pickled. Where the session has a crew, and items are `portable`, it
    may work on some. What `work` raises is raised here.

    Where each item is expected to take so many `seconds`, processes are started only when that
    gains more than they cost, and a crew need not wait to see that it takes long.
    """
    if session.over or not items:
        return [None] * len(items)
    workers = _workers(len(items), session.options.threads, seconds)
    deadline = monotonic() + share * session.seconds_left
    sharing = None
    if session.crew is not None and portable is not None:
        limits = _limits(session, deadline, ceil(len(items) / workers))
        sharing = Sharing(session.crew, portable, limits.time_limit_s)
    deal = Deal(items, workers, sharing, seconds or 0.0)
    try:
        if workers <= 1:
            _work_here(work, items, deal, deadline, session)
        else:
            _work_beside(work, items, deal, workers, deadline, session)
    finally:
        deal.close()
    return deal.results


def _workers(items: int, threads: int, seconds: float | None) -> int:
    """How many processes it is worth to have."""
    workers = min(threads, items)
    gained = inf if seconds is None else seconds * (items - ceil(items / workers))
    return workers if gained >= WORTH_STARTING_S else 1


def _work_here(
    work: Work[Item, Result],
    items: Sequence[Item],
    deal: Deal[Item, Result],
    deadline: float,
    session: Session,
) -> None:
    while not session.dismissed and monotonic() <= deadline:
        _tell_of(deal.tend(), session)
        place = deal.next()
        if place is not None:
            limits = _limits(session, deadline, deal.left)
            watcher = session.watcher()
            deal.finish(place, work(items[place], limits, watcher))
            watcher.on_progress(Progress(0.0, None, None, None))
        elif deal.waiting:
            sleep(POLL_SECONDS)
        else:
            return


def _work_beside(
    work: Work[Item, Result],
    items: Sequence[Item],
    deal: Deal[Item, Result],
    workers: int,
    deadline: float,
    session: Session,
) -> None:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    limits = _limits(session, deadline, ceil(len(items) / workers))
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(stop, os.getpid())
    ) as pool:

        def begin(place: int) -> Future[Result | None]:
            return pool.submit(_work_there, work, items[place], limits)

        try:
            _follow(deal, begin, stop, workers, deadline, session)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _follow(
    deal: Deal[Item, Result],
    begin: Callable[[int], Future[Result | None]],
    stop: Event,
    workers: int,
    deadline: float,
    session: Session,
) -> None:
    """Until all is done, or somebody or the clock asks for an end; tells of each that is done."""
    running: dict[Future[Result | None], int] = {}
    while True:
        if session.dismissed or monotonic() > deadline:
            stop.set()
        else:
            _tell_of(deal.tend(), session)
            while len(running) < workers and (place := deal.next()) is not None:
                running[begin(place)] = place
        if not running and (stop.is_set() or not deal.waiting):
            return
        if not running:
            sleep(POLL_SECONDS)
            continue
        done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for one in done:
            deal.finish(running.pop(one), one.result())
            _tell_of(1, session)


def _tell_of(items: int, session: Session) -> None:
    """So many more are done."""
    for _ in range(items):
        session.watcher().on_progress(Progress(0.0, None, None, None))


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
