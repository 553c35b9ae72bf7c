"""The last lines of the log, kept in memory for the alert of a run that fails."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

LINES = 60
_LINE = logging.Formatter("%(asctime)s %(levelname)s %(message)s")


class LogTail(logging.Handler):
    """Keeps the last lines at `info` and above while it is attached. Log lines hold no personal data, no secrets."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=LINES)
        self.setFormatter(_LINE)

    @classmethod
    @contextmanager
    def attached(cls, logger: str) -> Iterator[Self]:
        """Within, a new tail of this logger's lines."""
        tail = cls()
        logging.getLogger(logger).addHandler(tail)
        try:
            yield tail
        finally:
            logging.getLogger(logger).removeHandler(tail)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self._lines.append(self.format(record))

    def __str__(self) -> str:
        return "\n".join(self._lines)
