"""Amazon's usage plans as it enforces them: a token bucket an operation, on the simulator's clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from orderferry.domain.usage_plans import USAGE_PLANS, UsagePlan


class SimulatedTokenBucket:
    """Full at first; every spent token comes back at the plan's rate. A clock set back gives no tokens."""

    def __init__(self, plan: UsagePlan) -> None:
        self.plan = plan
        self._tokens = Decimal(plan.burst)
        self._counted: datetime | None = None

    def left(self, now: datetime) -> Decimal:
        """The tokens in the bucket at `now`, fractions included."""
        if self._counted is not None and now > self._counted:
            back = Decimal(str((now - self._counted).total_seconds())) * self.plan.rate
            self._tokens = min(self._tokens + back, Decimal(self.plan.burst))
        self._counted = now
        return self._tokens

    def spend(self, now: datetime) -> bool:
        """Take one token at `now`; False, and nothing taken, when there is no whole one."""
        if self.left(now) < 1:
            return False
        self._tokens -= 1
        return True


class Usage:
    """The buckets of one account. `plans` may be changed while the server runs; an operation without one is free."""

    def __init__(self, plans: Mapping[str, UsagePlan] = USAGE_PLANS) -> None:
        self._lock = threading.Lock()
        self._buckets = {operation: SimulatedTokenBucket(plan) for operation, plan in plans.items()}

    def spend(self, operation: str, now: datetime) -> bool:
        """Take a token for a call of `operation`; False when the plan is used up (Amazon's 429)."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return bucket is None or bucket.spend(now)

    def left(self, operation: str, now: datetime) -> Decimal | None:
        """The tokens that are left, or None where no plan applies."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return None if bucket is None else bucket.left(now)

    def rate(self, operation: str) -> Decimal | None:
        """The rate that Amazon names in x-amzn-RateLimit-Limit, or None where no plan applies."""
        with self._lock:
            bucket = self._buckets.get(operation)
            return None if bucket is None else bucket.plan.rate

    def change(self, plan: UsagePlan) -> None:
        """Give an operation another plan, with a full bucket."""
        with self._lock:
            self._buckets[plan.operation] = SimulatedTokenBucket(plan)

    def switch_off(self) -> None:
        """Let every operation be free."""
        with self._lock:
            self._buckets.clear()
