"""The time that a run lives by: this machine's, set right by Amazon's where the machine's clock is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=2)  # clocks that differ by less are right enough


@dataclass(slots=True)
class RightClock:
    """Called, it gives aware UTC. What a run stores (the next look, an order's date) must not be a year off because
    the machine's clock was for an hour."""

    machine: Callable[[], datetime]
    off: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Now."""
        return self.machine() + self.off

    def set_right(self, offset: timedelta | None) -> None:
        """Go by Amazon's clock from now on if it differs so much; `offset`: how far it is ahead of the machine's."""
        if offset is not None and abs(offset) > TOLERANCE:
            self.off = offset
