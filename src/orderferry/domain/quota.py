"""Amazon's usage plans: the token bucket of each operation (requests a second, burst), and its arithmetic.

Source: SP-API "Usage plans and rate limits". All times aware UTC, tokens and rates exact decimals. A bucket never
grants more than `burst + rate * t` calls in any span of t seconds; what is rounded is rounded to Amazon's advantage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """A token bucket: `rate` tokens come back a second, `burst` is its size."""

    operation: str
    rate: Decimal
    burst: int


USAGE_PLANS: dict[str, UsagePlan] = {
    plan.operation: plan
    for plan in (
        UsagePlan("searchOrders", Decimal("0.0056"), 20),
        UsagePlan("getOrder", Decimal("0.5"), 30),
        UsagePlan("createReport", Decimal("0.0167"), 15),
        UsagePlan("getReport", Decimal("2"), 15),
        UsagePlan("getReportDocument", Decimal("0.0167"), 15),
    )
}

SECONDS_A_DAY = 86_400


def daily_quota(operation: str, share: Decimal = Decimal(1), rate: Decimal | None = None) -> int:
    """Return how many requests of an operation come back in a day, rounded. `share`: what part of them may be used;
    `rate`: Amazon's own where known, in requests a second."""
    return int(((rate or USAGE_PLANS[operation].rate) * SECONDS_A_DAY * share).to_integral_value())


_TICK = timedelta(milliseconds=1)  # the ledger keeps times to the millisecond: no part of one is counted twice
_TICKS_A_SECOND = 1000
_FINEST = Decimal("1e-12")
_NO_RESERVE = Decimal(0)


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """`tokens` were left at `as_of`; `rate` come back a second; never more than `burst` (at least one)."""

    rate: Decimal
    burst: Decimal
    tokens: Decimal
    as_of: datetime

    def refilled(self, now: datetime) -> TokenBucket:
        """Return the bucket as it stands at `now`.

        A clock that went back a little gives nothing twice: the bucket waits until its own time has come again. One
        that went back by more than a whole refill was wrong before: the bucket then goes on from `now`.
        """
        if Decimal((self.as_of - now) // _TICK) / _TICKS_A_SECOND * self.rate > self.burst:
            return replace(self, tokens=min(self.tokens, self.burst), as_of=now)
        ticks = max(now - self.as_of, timedelta()) // _TICK
        gained = (self.rate * ticks / _TICKS_A_SECOND).quantize(_FINEST, ROUND_FLOOR)
        return replace(self, tokens=min(self.burst, self.tokens + gained), as_of=self.as_of + ticks * _TICK)

    def spent(self, now: datetime, reserve: Decimal = _NO_RESERVE) -> TokenBucket | None:
        """Return the bucket with one token less, or None when fewer than `reserve` would be left after that."""
        bucket = self.refilled(now)
        if bucket.tokens < bucket._needed(reserve):
            return None
        return replace(bucket, tokens=bucket.tokens - 1)

    def emptied(self, now: datetime) -> TokenBucket:
        """Return the bucket without tokens from `now` on: what an answer 429 says of it."""
        ahead = self.refilled(now).as_of
        return replace(self, tokens=Decimal(0), as_of=max(ahead, now + _TICK))

    def at_rate(self, rate: Decimal, now: datetime) -> TokenBucket:
        """Return the bucket filled at its old rate until `now` and at `rate` from then on."""
        return replace(self.refilled(now), rate=rate)

    def ready_at(self, now: datetime, reserve: Decimal = _NO_RESERVE) -> datetime:
        """Return the first moment from `now` on at which `spent` grants a token."""
        bucket = self.refilled(now)
        missing = bucket._needed(reserve) - bucket.tokens
        if missing <= 0:
            return now
        ticks = (missing * _TICKS_A_SECOND / self.rate).to_integral_value(ROUND_CEILING)
        return max(now, bucket.as_of + int(ticks) * _TICK)

    def _needed(self, reserve: Decimal) -> Decimal:
        """Return the tokens that must be there before one is taken; more than the bucket holds could never be there."""
        return min(1 + reserve, self.burst)


def full_bucket(rate: Decimal, burst: Decimal, now: datetime) -> TokenBucket:
    """Return the full bucket of a usage plan (tokens a second, size)."""
    size = max(Decimal(1), burst)
    return TokenBucket(rate=rate, burst=size, tokens=size, as_of=now)
