"""What a run tells somebody who watches it.

What a log line is about: the shop, the command, the run's number, and the order that is in hand just now.

Set where work begins, read by the formatters of the log (cli.logs); nobody has to hand it through.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from orderferry.errors import OrderferryError


class Progress(Protocol):
    """Told as a run goes on, from its own thread; none of the calls may take long or raise."""

    def step(self, what: str) -> None:
        """What is being done from now on, in words ("Amazon is preparing its report")."""

    def page_read(self, orders: int) -> None:
        """A page of a listing, or some orders one by one, came from Amazon."""

    def order_done(self) -> None:
        """One order has its result."""

    def waiting(self, operation: str, until: datetime) -> None:
        """The quota of an operation is spent until then (UTC)."""


class Silent:
    """Nobody watches."""

    def step(self, what: str) -> None:
        """Nothing."""

    def page_read(self, orders: int) -> None:
        """Nothing."""

    def order_done(self) -> None:
        """Nothing."""

    def waiting(self, operation: str, until: datetime) -> None:
        """Nothing."""


SILENT = Silent()


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogContext:
    """Empty before a run begins. `shop` is the configuration's name; `run` 0 stands for a dry run."""

    shop: str = ""
    command: str = ""
    run: int | None = None
    order_id: str = ""


_NOTHING = LogContext()
_CURRENT: ContextVar[LogContext] = ContextVar("orderferry_log")


def log_context() -> LogContext:
    """Return what a line that is logged now is about."""
    return _CURRENT.get(_NOTHING)


def log_run(shop: str, command: str, run: int) -> None:
    """From now on lines are about this run."""
    _CURRENT.set(LogContext(shop, command, run))


@contextmanager
def log_order(order_id: str) -> Iterator[None]:
    """Within, lines are about this order as well."""
    before = _CURRENT.set(replace(log_context(), order_id=order_id))
    try:
        yield
    finally:
        _CURRENT.reset(before)


def log_errors(errors: Iterable[OrderferryError]) -> None:
    """Say why a run ends with its exit code, every time: without `-v` a run says it only when it is news."""
    for error in errors:
        log.info("exit code %d: %s", error.exit_code, " ".join(filter(None, (error.message, error.hint))))
