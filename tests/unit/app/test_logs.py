"""The log's lines: one for each event, harmless whatever is in them."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from app.logs import JsonLines, PlainLines, request_id

EVIL = '\x1b[31mred\r\n{"level": "forged"}\u2028\x00\x85\u202e'


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    happened = sys.exc_info()
    return logging.getLogger("app.x").makeRecord(
        "app.x",
        logging.WARNING,
        __file__,
        1,
        message,
        args,
        happened if happened[0] else None,
        extra=extra,
    )


def test_json_is_one_line_that_says_everything() -> None:
    token = request_id.set("r-1")
    line = JsonLines().format(record("run %s ended", "7", run_id="7", seconds=1.5))
    request_id.reset(token)
    told = json.loads(line)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning",
        "logger": "app.x",
        "event": "run 7 ended",
        "request_id": "r-1",
        "run_id": "7",
        "seconds": 1.5,
    }


@pytest.mark.parametrize("lines", [JsonLines(), PlainLines()])
def test_what_comes_from_outside_cannot_act(lines: logging.Formatter) -> None:
    line = lines.format(record("path %s", EVIL, client=EVIL))
    assert line.isprintable()
    assert "\\u202e" in line


@pytest.mark.parametrize("lines", [JsonLines(), PlainLines()])
def test_a_traceback_is_told_and_cannot_look_like_an_event(lines: logging.Formatter) -> None:
    try:
        raise ValueError(EVIL)
    except ValueError:
        text = lines.format(record("failed"))
    first, *others = text.split("\n")
    assert "failed" in first
    assert all(line.startswith("  ") for line in others)
    assert text.replace("\n", "").isprintable()
    assert "test_logs.py" in text


def test_plain_lines_name_what_they_know() -> None:
    line = PlainLines().format(record("request", path="/v1/runs", status=404))
    assert line.endswith("warning app.x request path=/v1/runs status=404")
    assert "request_id" not in line


def test_the_queue_writes_as_we_do() -> None:
    told = """
from app import logs
from dbos._logger import dbos_logger, init_logger

logs.configure("json")
init_logger()
dbos_logger.error("away")
"""
    ended = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    (line,) = (line for line in ended.stderr.splitlines() if "away" in line)
    assert json.loads(line)["logger"] == "dbos"
