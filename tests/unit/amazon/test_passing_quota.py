"""The token buckets of a process without a ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orderferry.amazon.exchange import PassingQuota
from orderferry.errors import QuotaExhausted
from support.amazon_side import MovableClock


def spend_all(quota: PassingQuota, operation: str = "getOrder") -> int:
    for spent in range(1000):
        try:
            quota.spend(operation)
        except QuotaExhausted:
            return spent
    raise AssertionError("the bucket has no bottom")


def test_a_full_bucket_and_what_comes_back() -> None:
    clock = MovableClock()
    quota = PassingQuota(Decimal(1), clock)
    assert spend_all(quota) == 30
    clock.advance(seconds=10)
    assert spend_all(quota) == 5
    assert spend_all(quota, "createReport") == 15


def test_the_configured_share_and_amazons_own_rate() -> None:
    clock = MovableClock()
    quota = PassingQuota(Decimal("0.5"), clock)
    assert spend_all(quota) == 15
    quota.learn("getOrder", Decimal(2))
    clock.advance(seconds=10)
    assert spend_all(quota) == 10


def test_after_a_429_the_bucket_is_empty() -> None:
    clock = MovableClock()
    quota = PassingQuota(Decimal(1), clock)
    quota.drained("getOrder")
    with pytest.raises(QuotaExhausted) as caught:
        quota.spend("getOrder")
    assert caught.value.retry_at is not None
    assert timedelta(seconds=1) < caught.value.retry_at - clock() < timedelta(seconds=3)
