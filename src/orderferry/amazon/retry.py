"""A few short retries for what is worth one."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from orderferry.errors import AmazonUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

LATER = "The next run tries again; nothing is lost."  # the hint for what heals by itself


class TransientError(AmazonUnavailable):
    """A fault that may be gone a second later: a broken connection, a time-out, a 5xx, a body cut off."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Tries a call again after each of `pauses` (seconds, each with up to `jitter` more); the sleep is injected.

    Few and short: each try of searchOrders spends a token that takes three minutes to come back, and cron starts the
    next run soon anyway.
    """

    sleep: Callable[[float], None]
    pauses: tuple[float, ...] = (1.0, 2.0)
    jitter: float = 0.5
    chance: Callable[[], float] = random.random

    def call(self, attempt: Callable[[], T]) -> T:
        """Given a call, return what it returns. Raise the last TransientError, and any other error at once."""
        for pause in self.pauses:
            try:
                return attempt()
            except TransientError as fault:
                wait = pause + self.jitter * self.chance()
                log.info("%s; trying again in %.1f s", fault.message, wait)
                self.sleep(wait)
        return attempt()
