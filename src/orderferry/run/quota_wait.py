"""Waiting for quota within a run: a little, in good order, and never with a database connection in hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from orderferry.errors import QuotaExhausted
from orderferry.run.progress import SILENT, Progress
from orderferry.run.shared_ports import HoldsConnection
from orderferry.run.stop import StopSwitch

log = logging.getLogger(__name__)
T = TypeVar("T")

# getOrder regains a token every two seconds: worth a pause. searchOrders every three minutes: the next run's business.
LONGEST_WAIT = timedelta(seconds=10)
MOST_WAITS_A_CALL = 3


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """Calls Amazon; where the quota is spent and a token comes back soon, waits for it, else lets the error out."""

    shop: HoldsConnection
    stop: StopSwitch
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    longest: timedelta = field(default=LONGEST_WAIT)
    progress: Progress = SILENT
    ledger: HoldsConnection | None = None

    def call(self, ask: Callable[[], T]) -> T:
        """Given a call into the source, return its answer. Raise what it raises, QuotaExhausted included."""
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
        if wait is None or wait > self.longest:
            raise exhausted
        log.info("waiting %.1f s for Amazon's quota of %s", wait.total_seconds(), exhausted.operation)
        self.progress.waiting(exhausted.operation, self.now() + wait)
        self.shop.release()
        if self.ledger is not None:
            self.ledger.release()
        with self.stop.waiting():
            self.sleep(max(wait.total_seconds(), 0.05))
