"""When a run has to end: a signal, or its time. Asked between two orders, never within one's transaction."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

from orderferry.errors import ExitCode, OrderferryError


class Stopped(OrderferryError):
    """A signal asked the run to end; `exit_code` is the contract's for that signal."""

    code = "stopped"

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__("Stopped on request; what is done is kept, and the next run goes on from there.")
        self.exit_code = exit_code


class OutOfTime(OrderferryError):
    """--max-time is over; heals by itself."""

    exit_code = ExitCode.AMAZON_UNAVAILABLE
    code = "out-of-time"
    heals = True


_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}


class StopSwitch:
    """Collects the wish to stop. `check()` raises it where stopping is safe; within `waiting()` (a call to Amazon, a
    sleep) a signal raises it at once.
    """

    def __init__(self, now: Callable[[], datetime], deadline: datetime | None = None) -> None:
        self._now = now
        self._deadline = deadline
        self._asked: ExitCode | None = None
        self._waiting = False

    def check(self) -> None:
        """Raise Stopped or OutOfTime if the run has to end here."""
        if self._asked is not None:
            raise Stopped(self._asked)
        if self._deadline is not None and self._now() >= self._deadline:
            raise OutOfTime(
                "The run reached its --max-time and stopped in good order.",
                hint="The next run goes on from there; raise --max-time if this repeats.",
            )

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within this block a signal ends the wait immediately: nothing is half-done there."""
        self.check()
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within this block SIGINT, SIGTERM and SIGHUP ask the run to stop; the old handlers come back after it."""
        previous = {number: signal.signal(number, self._receive) for number in _CODES}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._asked = self._asked or _CODES[signal.Signals(number)]
        if self._waiting:
            self._waiting = False
            raise Stopped(self._asked)
