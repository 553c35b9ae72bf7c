"""When a run has to end or wait: a signal, its time, a lost lease, spent quota; and the time that it goes by.

A run ends between two orders, not within one's transaction. What hangs there (a database, a network) is broken off
after a grace period: its transaction is rolled back, or its marker shows the next run that it was written. Waiting for
quota is short, and never holds a database connection.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Protocol, TypeVar

from orderferry.errors import ExitCode, OrderferryError, QuotaExhausted
from orderferry.run.progress import SILENT, Progress

log = logging.getLogger(__name__)


class Stopped(OrderferryError):
    """A signal asked the run to end; `exit_code` is the documented one for that signal."""

    code = "stopped"

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__("Stopped on request; what is done is kept, and the next run goes on from there.")
        self.exit_code = exit_code


class OutOfTime(OrderferryError):
    """--max-time is over; heals by itself."""

    exit_code = ExitCode.AMAZON_UNAVAILABLE
    code = "out-of-time"
    heals = True


class Overdue(BaseException):
    """The order that was being written was not done in the time that was left for it. `error`: what the user reads.

    It is no Exception, so that nobody's retries catch it: SQLAlchemy then drops the connection instead of waiting for
    it once more.
    """

    def __init__(self, error: OrderferryError) -> None:
        super().__init__(str(error))
        self.error = error


# Longer than an order's transaction; shorter than what service managers wait between SIGTERM and SIGKILL (30 s).
GRACE = timedelta(seconds=20)
_AT_ONCE = 0.001  # seconds: 0 would turn the timer off

_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.HUNG_UP,
}


def stopped_by(number: int) -> Stopped:
    """Return the error of a run that SIGINT, SIGTERM or SIGHUP ended."""
    return Stopped(_CODES[signal.Signals(number)])


class StopSwitch:
    """Collects the wish to stop. `check()` raises it where stopping is safe; within `waiting()` (a call to Amazon, a
    sleep) a signal, or the deadline, raises it at once. Whatever still hangs `grace` later is broken off by
    Overdue."""

    def __init__(
        self, now: Callable[[], datetime], deadline: datetime | None = None, *, grace: timedelta = GRACE
    ) -> None:
        self._now = now
        self._deadline = deadline
        self._grace = grace
        self._asked: ExitCode | None = None
        self._is_over = False
        self._waiting = False
        self._guard: Callable[[], None] = lambda: None

    def guard(self, is_ours: Callable[[], None]) -> None:
        """Let each check ask this too; it raises when the run may not go on (a lease that was lost)."""
        self._guard = is_ours

    def check(self) -> None:
        """Raise Stopped or OutOfTime if the run has to end here, or what the guard raises."""
        if self._asked is not None or self._is_over or (self._deadline is not None and self._now() >= self._deadline):
            raise self._reason()
        self._guard()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """End the wait within this block as soon as a signal comes: nothing is half-done there."""
        self.check()
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let SIGINT, SIGTERM and SIGHUP ask the run to stop within this block, and a timer watch its time; restore
        the old handlers after it. Raise OutOfTime or Stopped for what had to be broken off within."""
        previous = {number: signal.signal(number, self._receive) for number in _CODES}
        previous[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._ring)
        if self._deadline is not None:
            _set_timer(self._deadline - self._now())
        try:
            yield
        except Overdue as overdue:
            raise overdue.error from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._asked = self._asked or _CODES[signal.Signals(number)]
        self._end_wait()

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the timer: at the deadline, and once more when the grace that began there, or at a signal, is over."""
        if self._is_over or self._asked is not None:
            raise Overdue(self._reason())
        self._is_over = True
        self._end_wait()

    def _end_wait(self) -> None:
        _set_timer(self._grace)
        if self._waiting:
            self._waiting = False
            raise self._reason()

    def _reason(self) -> OrderferryError:
        if self._asked is not None:
            return Stopped(self._asked)
        return OutOfTime(
            "The run reached its --max-time and stopped in good order.",
            hint="The next run goes on from there; raise --max-time if this repeats.",
        )


def _set_timer(length: timedelta) -> None:
    signal.setitimer(signal.ITIMER_REAL, max(length.total_seconds(), _AT_ONCE))


T = TypeVar("T")

# getOrder regains a token every two seconds: worth a pause. searchOrders every three minutes: the next run's business.
LONGEST_WAIT = timedelta(seconds=10)
MOST_WAITS_A_CALL = 3


class HoldsConnection(Protocol):
    """What gives its connection back before a wait: the ledger, and the shop (PrestashopShop, or ShopAudit)."""

    def release(self) -> None:
        """Give the connection back while nobody needs it; the next call opens another."""


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """Calls Amazon. Where the quota is spent and a token comes back soon, it waits for it, else it raises the error."""

    shop: HoldsConnection
    stop: StopSwitch
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    progress: Progress = SILENT
    ledger: HoldsConnection | None = None

    def call(self, ask: Callable[[], T]) -> T:
        """Call into the source and return its answer. Raise what it raises, QuotaExhausted included."""
        for _ in range(MOST_WAITS_A_CALL):
            try:
                with self.stop.waiting():
                    return ask()
            except QuotaExhausted as exhausted:
                self._wait_for(exhausted)
        with self.stop.waiting():
            return ask()

    def _wait_for(self, exhausted: QuotaExhausted) -> None:
        wait = (exhausted.retry_at - self.now()) if exhausted.retry_at else None
        if wait is None or wait > LONGEST_WAIT:
            raise exhausted
        log.info("waiting %.1f s for Amazon's quota of %s", wait.total_seconds(), exhausted.operation)
        self.progress.waiting(exhausted.operation, self.now() + wait)
        self.shop.release()
        if self.ledger is not None:
            self.ledger.release()
        with self.stop.waiting():
            self.sleep(max(wait.total_seconds(), 0.05))


TOLERANCE = timedelta(minutes=2)  # clocks that differ by less are right enough


@dataclass(slots=True)
class RightClock:
    """A clock of aware UTC that follows Amazon's if this machine's is far off. What a run stores (the next check, an
    order's date) must not be a year off because the machine's clock was for an hour."""

    machine: Callable[[], datetime]
    off: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Return the time now."""
        return self.machine() + self.off

    def set_right(self, offset: timedelta | None) -> None:
        """Go by Amazon's clock from now on if it differs so much; `offset`: how far it is ahead of the machine's."""
        if offset is not None and abs(offset) > TOLERANCE:
            self.off = offset
