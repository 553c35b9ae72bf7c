"""Where log lines go: stderr with -v, a rotating file or syslog when configured; text or JSON lines."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from orderferry.cli.terminal import printable
from orderferry.config.model import LoggingSettings
from orderferry.domain.durations import iso
from orderferry.errors import ConfigError
from orderferry.run.progress import log_context
from orderferry.safe_files import UnsafePlace, open_folder, open_for_writing

SYSLOG = "/dev/log"  # where systemd's journal listens too
LARGEST_FILE = 5_000_000
KEPT_FILES = 5


class TextLines(logging.Formatter):
    """Time (UTC), level and logger, then in brackets the shop, the command, the run's number and the order."""

    def __init__(self, *, with_time: bool = True) -> None:
        super().__init__()
        self._with_time = with_time

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line."""
        about, message = log_context(), printable(record.getMessage())
        run = f"{about['run'] or 'dry run'}" if "run" in about else ""
        order_id = about.get("order_id", "")
        words = (about.get("shop"), about.get("command"), run, "" if order_id in message else order_id)
        told = " ".join(word for word in words if word)
        time = f"{_time(record)} " if self._with_time else ""
        return f"{time}{record.levelname} {record.name}{f' [{told}]' if told else ''}: {message}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; of a run also shop, command and run, and the order
    that it has in hand as order_id.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        about = log_context()
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            **about,
            **({"run": about["run"] or None} if "run" in about else {}),
            "message": printable(record.getMessage()),
        }
        return json.dumps(line, ensure_ascii=False)


class LogFile(logging.Handler):
    """A file that only its owner can read, put aside as `.1` when it is full, the older ones as `.2` to `.5`.

    Several processes may write to it at once: each line is appended whole, and whoever finds that another one has put
    the file aside goes on in the new one. Raise OSError for a file that can't be opened, or is no ordinary one.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path.absolute()
        self._descriptor: int | None = self._opened()

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record's line. A line that can't be written is lost: the run goes on."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            if self._is_put_aside() or self._is_full(len(line)):
                self.close_file()
            if self._descriptor is None:
                self._descriptor = self._opened()
            os.write(self._descriptor, line)
        except OSError:
            self.close_file()

    def close(self) -> None:
        """Close the file."""
        self.close_file()
        super().close()

    def close_file(self) -> None:
        """Close the descriptor, if it is open."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _opened(self) -> int:
        return open_for_writing(self._path, os.O_WRONLY | os.O_APPEND)

    def _is_put_aside(self) -> bool:
        """Return whether the file of that name is another one by now, or none."""
        if self._descriptor is None:
            return False
        try:
            found = self._path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return True
        return not os.path.samestat(found, os.fstat(self._descriptor))

    def _is_full(self, more: int) -> bool:
        """Return whether the line would not fit any more. The file is put aside then, unless another process is
        doing so.
        """
        if self._descriptor is None or os.fstat(self._descriptor).st_size + more <= LARGEST_FILE:
            return False
        folder = open_folder(self._path.parent)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self._is_put_aside():
                self._put_aside(folder)
        except BlockingIOError:
            return False
        finally:
            os.close(folder)
        return True

    def _put_aside(self, folder: int) -> None:
        name = self._path.name
        names = [name, *(f"{name}.{number}" for number in range(1, KEPT_FILES + 1))]
        for older, newer in reversed(list(pairwise(names))):
            with suppress(FileNotFoundError):
                os.replace(older, newer, src_dir_fd=folder, dst_dir_fd=folder)


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
    handler: logging.Handler
    try:
        if settings.file == "syslog":
            from logging.handlers import SysLogHandler

            handler = SysLogHandler(address=SYSLOG)
            handler.ident = f"orderferry[{os.getpid()}]: "
        else:
            handler = LogFile(Path(settings.file))
    except OSError as error:
        hint = (
            error.hint if isinstance(error, UnsafePlace) else "Give a path in a folder that the program may write to."
        )
        raise ConfigError(f"logging.file: {settings.file} can't be written: {error.strerror}", hint=hint) from None
    handler.setLevel(settings.level.upper())
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines(with_time=settings.file != "syslog"))
    return handler
