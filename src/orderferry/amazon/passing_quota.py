"""Amazon's token buckets for one process that has no ledger to remember them in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from orderferry.domain.durations import iso
from orderferry.domain.quota import USAGE_PLANS, TokenBucket, full_bucket
from orderferry.errors import QuotaExhausted


class PassingQuota:
    """Satisfies amazon.quota.Quota. Full at first; `share` (0 to 1) of the account's plan, `clock` gives aware UTC."""

    def __init__(self, share: Decimal, clock: Callable[[], datetime]) -> None:
        self._share = share
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def spend(self, operation: str) -> None:
        """Take a token. Raise QuotaExhausted when none is left."""
        now = self._clock()
        bucket = self._bucket(operation, now)
        after = bucket.spent(now)
        if after is None:
            retry_at = bucket.ready_at(now)
            raise QuotaExhausted(
                f"Amazon's quota for {operation} is used up until {iso(retry_at)}.",
                operation=operation,
                retry_at=retry_at,
                hint="Wait until then; a shorter span costs fewer requests.",
            )
        self._buckets[operation] = after

    def learn(self, operation: str, rate_limit: Decimal | None) -> None:
        """Amazon named its rate, in requests a second."""
        if rate_limit is not None and rate_limit > 0:
            now = self._clock()
            self._buckets[operation] = self._bucket(operation, now).at_rate(rate_limit * self._share, now)

    def drained(self, operation: str) -> None:
        """Amazon answered 429: the bucket is empty."""
        now = self._clock()
        self._buckets[operation] = self._bucket(operation, now).emptied(now)

    def _bucket(self, operation: str, now: datetime) -> TokenBucket:
        plan = USAGE_PLANS[operation]
        return self._buckets.get(operation) or full_bucket(plan.rate * self._share, plan.burst * self._share, now)
