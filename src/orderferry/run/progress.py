"""Progress of a run, for whoever watches it, and what a log line is about: shop, command, number of the run, order.

The context of log lines is set where work begins and read by the formatters of the log (cli/logs.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from orderferry.errors import OrderferryError

log = logging.getLogger(__name__)


class Progress:
    """What a run tells of its progress, from its own thread: this one shows nothing, that of a terminal
    (cli/progress.py) a line. No call may take long or raise."""

    def step(self, what: str) -> None:
        """Note what is being done from now on, in words ("Amazon is preparing its report")."""

    def page_read(self, orders: int) -> None:
        """Note that a page of a listing, or some orders one by one, came from Amazon."""

    def order_done(self) -> None:
        """Note that one order has its result."""

    def waiting(self, operation: str, until: datetime) -> None:
        """Note that the quota of an operation is spent until then (UTC)."""


SILENT = Progress()


_CURRENT: ContextVar[Mapping[str, Any]] = ContextVar("orderferry_log")


def log_context() -> Mapping[str, Any]:
    """Return what a line that is logged now is about: `shop` (the configuration's name), `command` and `run` (0 for a
    dry run) once a run has begun, and `order_id` where an order is in hand."""
    return _CURRENT.get({})


def log_run(shop: str, command: str, run: int) -> None:
    """Let log lines be about this run from now on."""
    _CURRENT.set({"shop": shop, "command": command, "run": run})


@contextmanager
def log_order(order_id: str) -> Iterator[None]:
    """Let log lines within the block be about this order as well."""
    before = _CURRENT.set({**log_context(), "order_id": order_id})
    try:
        yield
    finally:
        _CURRENT.reset(before)


def log_errors(errors: Iterable[OrderferryError]) -> None:
    """Log why a run ends with its exit code, every time: without `-v` it is printed only when it is news."""
    for error in errors:
        log.info("exit code %d: %s", error.exit_code, " ".join(filter(None, (error.message, error.hint))))
