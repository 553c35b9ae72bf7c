"""The simulator's clock: Amazon's "now" for orders, tokens and quota. It runs or stands still, and can be moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _real_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """A clock that starts at `at` (aware; default: the real time) and either runs with real time or stands still.

    `real` gives the real time and is only replaced by tests. Safe to use from several threads.
    """

    def __init__(
        self, at: datetime | None = None, *, running: bool = True, real: Callable[[], datetime] = _real_now
    ) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._running = running
        self._set(at if at is not None else real())

    @classmethod
    def still(cls, at: datetime) -> Clock:
        """Return a clock that stands at `at` until it is moved: what tests want."""
        return cls(at, running=False)

    def now(self) -> datetime:
        """Return the simulated time, aware UTC."""
        with self._lock:
            return self._base + (self._real() - self._since) if self._running else self._base

    def move_to(self, moment: datetime) -> datetime:
        """Set the clock to `moment` (forwards or backwards) and return the new time. Raise ValueError if naive."""
        with self._lock:
            self._set(moment)
            return self._base

    def advance(self, duration: timedelta) -> datetime:
        """Move the clock by `duration` and return the new time."""
        return self.move_to(self.now() + duration)

    def _set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError("the simulator's clock needs an aware time")
        self._base = moment.astimezone(UTC)
        self._since = self._real()
