"""The log: one line of JSON for each event, or plain lines where somebody reads along.

What comes from outside is written so that it cannot act on a terminal or look like a line of
its own. Bodies, queries of addresses and secrets are not logged at all.
"""

import json
import logging
import logging.config
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

LogFormat = Literal["json", "text"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being served; None outside of one."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def configure(chosen: LogFormat | None) -> None:
    """Log to standard error; without a choice as text on a terminal, else as JSON."""
    log_format = chosen or ("text" if sys.stderr.isatty() else "json")
    formatters = {"json": {"()": JsonLines}, "text": {"()": PlainLines}}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": formatters,
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": log_format}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
            # These tell of every start, and of every file written. DBOS writes in its own way
            # unless its logger has a handler.
            "loggers": {
                "alembic": {"level": "WARNING"},
                "dbos": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
                "pyogrio": {"level": "WARNING"},
            },
        }
    )


class JsonLines(logging.Formatter):
    """An event as one line of ASCII: a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(_fields(record) | _trace(self, record), default=str)


class PlainLines(logging.Formatter):
    """An event as a line for people, with its traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = _fields(record)
        head = [fields.pop(name) for name in ("time", "level", "logger", "event")]
        named = [f"{name}={value}" for name, value in fields.items()]
        trace = _trace(self, record).get("exception", "").splitlines()
        return "\n  ".join(map(_harmless, [" ".join(map(str, head + named)), *trace]))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What an event says: when, how grave, who says so, what, in which request, and its own."""
    own = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
        **({} if request_id.get() is None else {"request_id": request_id.get()}),
        **own,
    }


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, str]:
    return {"exception": formatter.formatException(record.exc_info)} if record.exc_info else {}


def _harmless(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
