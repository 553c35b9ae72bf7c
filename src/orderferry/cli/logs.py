"""Where log lines go: stderr with -v, a rotating file or syslog when configured; text or JSON lines."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path

from orderferry.config.model import LoggingSettings
from orderferry.errors import ConfigError

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LARGEST_FILE = 5_000_000
KEPT_FILES = 5


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(line, ensure_ascii=False)


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
    stderr.setFormatter(logging.Formatter(TEXT))
    root.addHandler(stderr)
    if settings is not None and settings.file:
        root.addHandler(_configured_handler(settings))


def _configured_handler(settings: LoggingSettings) -> logging.Handler:
    handler: logging.Handler
    try:
        if settings.file == "syslog":
            handler = logging.handlers.SysLogHandler(address="/dev/log")
        else:
            path = Path(settings.file)
            handler = logging.handlers.RotatingFileHandler(
                path, maxBytes=LARGEST_FILE, backupCount=KEPT_FILES, encoding="utf-8", delay=False
            )
            path.chmod(0o600)
    except OSError as error:
        raise ConfigError(
            f"logging.file: {settings.file} can't be written: {error.strerror}",
            hint="Give a path in a folder that the program may write to.",
        ) from None
    handler.setLevel(settings.level.upper())
    handler.setFormatter(JsonLines() if settings.format == "json" else logging.Formatter(TEXT))
    return handler
