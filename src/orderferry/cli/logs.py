"""Where log lines go: stderr with -v, a rotating file or syslog when configured; text or JSON lines."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from orderferry.config.model import LoggingSettings
from orderferry.domain.durations import iso
from orderferry.errors import ConfigError
from orderferry.run.log_context import log_context

SYSLOG = "/dev/log"  # where systemd's journal listens too
LARGEST_FILE = 5_000_000
KEPT_FILES = 5


class TextLines(logging.Formatter):
    """Time (UTC), level and logger, then in brackets the shop, the command, the run's number and the order."""

    def __init__(self, *, with_time: bool = True) -> None:
        super().__init__()
        self._with_time = with_time

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        about, message = log_context(), record.getMessage()
        run = f"{about.run or 'dry run'}" if about.run is not None else ""
        order_id = "" if about.order_id in message else about.order_id
        told = " ".join(word for word in (about.shop, about.command, run, order_id) if word)
        time = f"{_time(record)} " if self._with_time else ""
        return f"{time}{record.levelname} {record.name}{f' [{told}]' if told else ''}: {message}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; of a run also shop, command and run, and the order
    that it has in hand as order_id.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        about = log_context()
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **(
                {"shop": about.shop, "command": about.command, "run": about.run or None}
                if about.run is not None
                else {}
            ),
            **({"order_id": about.order_id} if about.order_id else {}),
            "message": record.getMessage(),
        }
        return json.dumps(line, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(round(record.created, 3), UTC))


def set_up_logging(stderr_level: int, settings: LoggingSettings | None) -> None:
    """Set the handlers of the package's logger anew. Raise ConfigError for a log file that can't be opened."""
    root = logging.getLogger("orderferry")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.propagate = False
    root.setLevel(logging.DEBUG)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setLevel(stderr_level)
    stderr.setFormatter(TextLines())
    root.addHandler(stderr)
    if settings is not None and settings.file:
        root.addHandler(_configured_handler(settings))


def _configured_handler(settings: LoggingSettings) -> logging.Handler:
    from logging import handlers

    handler: logging.Handler
    try:
        if settings.file == "syslog":
            handler = handlers.SysLogHandler(address=SYSLOG)
            handler.ident = f"orderferry[{os.getpid()}]: "
        else:
            path = Path(settings.file)
            handler = handlers.RotatingFileHandler(
                path, maxBytes=LARGEST_FILE, backupCount=KEPT_FILES, encoding="utf-8", delay=False
            )
            path.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"logging.file: {settings.file} can't be written: {error.strerror}",
            hint="Give a path in a folder that the program may write to.",
        ) from None
    handler.setLevel(settings.level.upper())
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines(with_time=settings.file != "syslog"))
    return handler
