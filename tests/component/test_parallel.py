"""The same work on many items, in several processes: order, errors, and an end that is heard."""

import os
import time
from functools import partial

import pytest

from solver.analysis.parallel import work_on_all
from solver.analysis.session import Session
from solver.domain.result import SolveOptions, Watcher

TWO = SolveOptions(threads=2, time_limit_s=60)


def square(number: int, options: SolveOptions, _watcher: Watcher) -> tuple[int, int, int]:
    if number < 0:
        raise ValueError(number)
    return number * number, os.getpid(), options.threads


def wait_for_the_end(seconds: float, _options: SolveOptions, watcher: Watcher) -> str:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if watcher.should_stop():
            return "stopped"
        time.sleep(0.01)
    return "never told"


def test_results_are_in_order_and_of_other_processes():
    seen = []
    session = Session(TWO, Watcher(seen.append), parts=5)
    results = work_on_all(square, list(range(5)), session)
    assert [square for square, _, _ in filter(None, results)] == [0, 1, 4, 9, 16]
    assert os.getpid() not in {pid for _, pid, _ in filter(None, results)}
    assert {threads for _, _, threads in filter(None, results)} == {1}
    assert session.solves == len(seen) == 5


def test_one_thread_is_this_process():
    session = Session(SolveOptions(), Watcher(), parts=2)
    results = work_on_all(square, [2, 3], session)
    assert results == [(4, os.getpid(), 1), (9, os.getpid(), 1)]


@pytest.mark.parametrize(("seconds", "here"), [(1.0, True), (2.0, False), (None, False)])
def test_processes_are_started_for_what_takes_long(seconds, here):
    """Two of four items at a time: half of the time they take is gained."""
    results = work_on_all(square, [0, 1, 2, 3], Session(TWO, Watcher(), parts=4), seconds=seconds)
    assert {pid == os.getpid() for _, pid, _ in filter(None, results)} == {here}


def test_what_is_raised_there_is_raised_here():
    with pytest.raises(ValueError, match="-1"):
        work_on_all(square, [1, -1], Session(TWO, Watcher(), parts=2))


@pytest.mark.parametrize("by_the_clock", [False, True])
def test_an_end_is_heard_in_the_other_processes(by_the_clock):
    """Of four, two have begun when the end comes; the others never do, or are told at once."""
    begun = time.monotonic()
    after = partial(lambda since: time.monotonic() > since + 6, begun)
    options = SolveOptions(threads=2, time_limit_s=6) if by_the_clock else TWO
    watcher = Watcher() if by_the_clock else Watcher(should_stop=after)
    results = work_on_all(wait_for_the_end, [60.0] * 4, Session(options, watcher, parts=4))
    assert set(results) <= {"stopped", None}
    assert "stopped" in results
    assert time.monotonic() - begun < 20


def test_nothing_is_begun_after_the_end():
    session = Session(TWO, Watcher(should_stop=lambda: True), parts=2)
    assert work_on_all(square, [1, 2], session) == [None, None]
