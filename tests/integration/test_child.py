"""The child process: whatever happens in it, the caller gets a plan or a known code."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from app.jobs import child
from app.jobs.child import (
    STOP_PATIENCE_S,
    TERM_PATIENCE_S,
    ChildResult,
    Limits,
    run_in_child,
)
from app.services.task import Task
from solver.domain import result
from solver.domain.result import Progress, SolveOptions, Strategy, Watcher

FAKE = Path(__file__).with_name("fake_child.py")


@pytest.fixture(autouse=True)
def fake_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "COMMAND", (sys.executable, str(FAKE)))


NOBODY_WATCHES, OPTIONS, LIMITS = Watcher(), SolveOptions(), Limits()


def run(
    behaviour: str,
    watcher: Watcher = NOBODY_WATCHES,
    options: SolveOptions = OPTIONS,
    limits: Limits = LIMITS,
) -> ChildResult:
    return run_in_child(Task({"title": behaviour}), options, limits=limits, watcher=watcher)


def stopping_after_progress() -> Watcher:
    """Asks for an end as soon as the child has said something."""
    heard = threading.Event()
    return Watcher(lambda _progress: heard.set(), heard.is_set)


def test_plan_and_progress_come_back() -> None:
    heard: list[Progress] = []
    result = run("answer", Watcher(heard.append))
    assert result.document is not None
    assert json.loads(result.document)["outcome"] == "optimal"
    assert result.failure is None
    assert heard == [
        Progress(0.1, None, 80.0, None),
        Progress(0.2, 100.0, 90.0, 0.1),
        Progress(0.3, 95.0, 95.0, 0.0),
    ]


def test_noise_of_the_solver_does_not_disturb_progress() -> None:
    heard: list[Progress] = []
    assert run("chatter", Watcher(heard.append)).document is not None
    assert heard == [Progress(0.1, 1.0, 1.0, 0.0)]


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("segfault", "solver_crashed"),
        ("abort", "solver_crashed"),
        ("fail_in_cpp", "out_of_memory"),
        ("be_killed", "solver_killed"),
        ("burn_cpu", "time_exceeded"),
        ("raise_unforeseen", "internal_error"),
        ("refuse", "scenario_invalid"),
        ("fail_verification", "verification_failed"),
    ],
)
def test_every_end_has_its_code(behaviour: str, code: str) -> None:
    result = run(behaviour)
    assert result.document is None
    assert result.failure is not None
    assert result.failure.code == code
    assert "secret" not in result.failure.detail


def test_issues_of_a_refused_scenario_come_back() -> None:
    failure = run("refuse").failure
    assert failure is not None
    assert [issue.pointer for issue in failure.issues] == ["/years"]
    assert failure.is_input


def test_what_the_solver_does_wrong_is_not_the_callers_fault() -> None:
    failure = run("fail_verification").failure
    assert failure is not None
    assert not failure.is_input


def test_options_come_through() -> None:
    options = SolveOptions(strategy=Strategy.DECOMPOSITION, referee=True)
    plan = run("tell_options", options=options).document
    assert plan is not None
    assert SolveOptions.from_json(json.loads(plan)["options"]) == options


def test_memory_is_limited() -> None:
    failure = run("eat_memory", options=SolveOptions(memory_limit_mb=200)).failure
    assert failure is not None
    assert failure.code == "out_of_memory"


def test_a_willing_child_hands_back_its_plan_when_stopped() -> None:
    result = run("work_until_stopped", stopping_after_progress())
    assert result.document is not None
    assert json.loads(result.document)["outcome"] == "dismissed"


@pytest.mark.parametrize(
    ("behaviour", "least"),
    [("hang", STOP_PATIENCE_S), ("hang_unmoved", STOP_PATIENCE_S + TERM_PATIENCE_S)],
)
def test_an_unwilling_child_is_stopped(behaviour: str, least: float) -> None:
    started = time.monotonic()
    failure = run(behaviour, stopping_after_progress()).failure
    assert failure is not None
    assert failure.code == "dismissed"
    assert least <= time.monotonic() - started


def test_a_frozen_child_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP keeps a process from everything but SIGKILL."""
    monkeypatch.setattr(child, "STOP_PATIENCE_S", 0.2)
    monkeypatch.setattr(child, "TERM_PATIENCE_S", 0.2)
    failure = run("freeze", stopping_after_progress()).failure
    assert failure is not None
    assert failure.code == "dismissed"


@pytest.mark.parametrize("behaviour", ["hang", "hang_unmoved", "freeze_at_once"])
def test_a_child_beyond_its_time_is_stopped(behaviour: str) -> None:
    """Whether it hangs, will not hear or cannot: SIGTERM, and 2 s later SIGKILL."""
    started = time.monotonic()
    options, limits = SolveOptions(time_limit_s=0.5), Limits(grace_s=0.5)
    failure = run(behaviour, options=options, limits=limits).failure
    assert failure is not None
    assert failure.code == "time_exceeded"
    assert 1.0 <= time.monotonic() - started < 5.0


def test_a_child_has_no_more_time_than_its_run() -> None:
    failure = run("hang", limits=Limits().within(1.0)).failure
    assert failure is not None
    assert failure.code == "time_exceeded"


def test_babble_is_not_heard() -> None:
    heard: list[Progress] = []
    assert run("babble", Watcher(heard.append)).document is not None
    assert heard == [Progress(0.5, 1.0, 1.0, 0.0)]


def test_what_is_left_behind_cannot_talk_for_ever() -> None:
    started = time.monotonic()
    assert run("leave_a_talker").document is not None
    assert time.monotonic() - started < 5


def test_a_failure_that_cannot_be_stored_has_a_code_of_ours() -> None:
    failure = run("fail_strangely").failure
    assert failure is not None
    assert failure.code == "answer_invalid"


def test_files_are_limited(tmp_path: Path) -> None:
    failure = run("write_a_huge_file", limits=Limits(folder=tmp_path)).failure
    assert failure is not None
    assert failure.code == "internal_error"


def test_the_child_has_no_descriptor_of_its_caller(tmp_path: Path) -> None:
    """Of the database least of all."""
    with (
        closing(sqlite3.connect(tmp_path / "secret.db")) as connection,
        socket.create_server(("127.0.0.1", 0)),
    ):
        connection.execute("CREATE TABLE t (x)")
        plan = run("tell_descriptors").document
    assert plan is not None
    targets = json.loads(plan)["descriptors"].values()
    assert {target.partition(":")[0] for target in targets} <= {"/dev/null", "pipe"}


def test_others_go_first() -> None:
    plan = run("tell_niceness", limits=Limits(niceness=7)).document
    assert plan is not None
    told = json.loads(plan)
    assert told["niceness"] == os.nice(0) + 7
    assert not told["session"] or told["session"].endswith(f"nice {told['niceness']}\n")


def test_the_referee_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "REFEREE_SECONDS", 1.0)
    options, limits = SolveOptions(time_limit_s=0.5, referee=True), Limits(grace_s=0.5)
    started = time.monotonic()
    failure = run("hang", options=options, limits=limits).failure
    assert failure is not None
    assert failure.code == "time_exceeded"
    assert 2.0 <= time.monotonic() - started < 4.0


def test_no_process_and_no_file_is_left(tmp_path: Path) -> None:
    heard: list[Progress] = []
    result = run("leave_a_grandchild", Watcher(heard.append), limits=Limits(folder=tmp_path))
    assert result.failure is not None
    assert ends(int(heard[0].seconds))
    assert list(tmp_path.iterdir()) == []


def test_the_child_knows_no_secrets_and_yields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", "postgresql://user:secret@host/base")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    plan = run("tell_environment", limits=Limits(niceness=10)).document
    assert plan is not None
    told = json.loads(plan)
    assert "secret" not in str(told)
    assert told["environment"]["OMP_NUM_THREADS"] == "1"
    assert told["nice"] == os.nice(0) + 10


CALLER = """
import sys
from app.jobs import child
from app.services.task import Task
from solver.domain.result import SolveOptions, Watcher

child.COMMAND = (sys.executable, sys.argv[1])
watcher = Watcher(lambda progress: print(int(progress.seconds), flush=True))
child.run_in_child(Task({"title": "tell_pid_and_hang"}), SolveOptions(), watcher=watcher)
"""


def test_the_child_dies_with_its_caller() -> None:
    """A caller that is killed without warning leaves no solver at work."""
    command = [sys.executable, "-c", CALLER, str(FAKE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        pid = int(caller.stdout.readline())
        assert not gone(pid)
        caller.kill()
    assert ends(pid)


def gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ends(pid: int) -> bool:
    """Whether a process ends within 2 s."""
    deadline = time.monotonic() + 2
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return gone(pid)
