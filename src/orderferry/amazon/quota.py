"""What the source asks of whoever keeps the book of Amazon's quota (the ledger does)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Protocol

RATE_HEADER = "x-amzn-ratelimit-limit"  # requests a second; Amazon sends it on some answers only


class Quota(Protocol):
    """The token buckets of this account and application, by operation (`searchOrders`, `getOrder`)."""

    def spend(self, operation: str) -> None:
        """Take one token before a call. Raise QuotaExhausted when none is left; the call is not made then."""

    def learn(self, operation: str, rate_limit: Decimal | None) -> None:
        """Amazon named its rate for the operation, in requests a second."""

    def drained(self, operation: str) -> None:
        """Amazon answered 429: whatever the book says, the bucket is empty."""


def parse_rate(header: str | None) -> Decimal | None:
    """Given the header's value, return the rate in requests a second; None where it is missing or no rate."""
    try:
        rate = Decimal((header or "").strip())
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 < rate <= 1000 else None
