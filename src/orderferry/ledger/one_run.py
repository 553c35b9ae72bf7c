"""One run of a command at a time: the kernel's lock beside a file, a lease where hosts share the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from orderferry.config.model import LedgerPlace, Secret
from orderferry.ledger.lease import RunLease
from orderferry.ledger.lock import RunLock


class OneRun(Protocol):
    """What keeps two runs of a command apart. Raise LedgerUnusable when its file or server fails."""

    def acquire(self, wait: timedelta = ...) -> None:
        """Take it, queueing up to `wait`. Raise AlreadyRunning."""

    def confirm(self) -> None:
        """Called before each step that writes: raise AlreadyRunning's kin if it is no longer ours."""

    def release(self) -> None:
        """Give it back, if it is held."""


def one_run(
    place: LedgerPlace, command: str, *, clock: Callable[[], datetime], sleep: Callable[[float], None]
) -> OneRun:
    """Given ledger.path, or ledger.url as a Secret, return what keeps runs of `command` apart. Raise LedgerUnusable."""
    if isinstance(place, Secret):
        return RunLease(place, command, sleep=sleep)
    return RunLock(place, command, clock=clock, sleep=sleep)
