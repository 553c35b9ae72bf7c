"""What a run tells somebody who watches it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Progress(Protocol):
    """Told as a run goes on, from its own thread; none of the calls may take long or raise."""

    def step(self, what: str) -> None:
        """What is being done from now on, in words ("Amazon is preparing its report")."""

    def page_read(self, orders: int) -> None:
        """A page of a listing, or some orders one by one, came from Amazon."""

    def order_done(self) -> None:
        """One order has its verdict."""

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
