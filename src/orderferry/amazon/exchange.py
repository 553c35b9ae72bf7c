"""One request to Amazon: access token, quota, the HTTP call, what the answer means, and a few retries.

Amazon's quota is kept by the ledger, or by `PassingQuota` where there is none (`check`, `init`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol, TypeVar

from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.login import Login
from orderferry.amazon.response_errors import (
    AccessTokenExpired,
    AmazonResponse,
    quota_spent,
    unusable_answer,
    with_retries,
)
from orderferry.amazon.transport import AmazonClock
from orderferry.domain.durations import iso
from orderferry.domain.quota import USAGE_PLANS, TokenBucket, full_bucket
from orderferry.errors import QuotaExhausted

log = logging.getLogger(__name__)
T = TypeVar("T")

RATE_HEADER = "x-amzn-ratelimit-limit"  # requests a second; Amazon sends it on some answers only
_LEAST_RATE = Decimal("0.000001")  # what could be a rate at all


class Exchange:
    """The requests of one account to any API. `calls` counts them by operation, with retries and without logins."""

    def __init__(
        self,
        login: Login,
        quota: Quota,
        clock: AmazonClock,
        sleep: Callable[[float], None],
        chance: Callable[[], float],
    ) -> None:
        self.login = login
        self.calls: Counter[str] = Counter()
        self._quota = quota
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    def ask(self, operation: str, send: Callable[[], AmazonResponse], read: Callable[[AmazonResponse], T]) -> T:
        """Send a request, with its retries, and return what was read; an access token that expired early is renewed
        once.

        `read` judges the answer: it raises UnusableBody or one of our errors, or returns what was asked for. Raise
        QuotaExhausted without asking when no token of `operation` is left.
        """

        def attempt() -> T:
            # A token that Amazon no longer takes is renewed within one try: there is nothing to wait for.
            try:
                return self._try_once(operation, send, read)
            except AccessTokenExpired:
                log.info("the access token has expired before its time: logging in again")
                self.login.forget()
                return self._try_once(operation, send, read)

        return self.retried(attempt)

    def retried(self, attempt: Callable[[], T]) -> T:
        """Call `attempt`, with the retries of a request, and return its result."""
        return with_retries(attempt, self._sleep, self._chance)

    def _try_once(self, operation: str, send: Callable[[], AmazonResponse], read: Callable[[AmazonResponse], T]) -> T:
        self.login.token()  # before the quota: a failed login must not cost a token
        self._quota.spend(operation)
        self.calls[operation] += 1
        answer = send()
        arrived = self._clock.local()
        log.debug("%s: HTTP %d, Amazon's request id %s", operation, answer.status, answer.request_id or "not given")
        rate = parse_rate(answer.headers.get(RATE_HEADER))
        if rate is not None:
            self._quota.learn(operation, rate)
        if answer.status == 429:
            self._quota.drained(operation)
            one_token = timedelta(seconds=float(1 / USAGE_PLANS[operation].rate))  # by the documented rate
            raise quota_spent(operation, self._clock.local() + one_token)
        try:
            result = read(answer)
        except UnusableBody as unusable:
            raise unusable_answer(operation, str(unusable)) from None
        self._clock.learn(answer.headers.get("date"), arrived)
        return result


class Quota(Protocol):
    """The token buckets of this account and application, by operation (`searchOrders`, `getOrder`).

    Kept by the ledger (orderferry.ledger.quota), and by PassingQuota.
    """

    def spend(self, operation: str) -> None:
        """Take one token before a call. Raise QuotaExhausted when none is left; the call is not made then."""

    def learn(self, operation: str, rate_limit: Decimal) -> None:
        """Take over the rate that Amazon named for the operation, in requests a second."""

    def drained(self, operation: str) -> None:
        """Empty the bucket: Amazon answered 429, whatever was counted here."""


def parse_rate(header: str | None) -> Decimal | None:
    """Return the rate in requests a second, given the header's value; None where it is missing or no rate."""
    try:
        rate = Decimal((header or "").strip())
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and _LEAST_RATE <= rate <= 1000 else None


class PassingQuota:
    """Amazon's token buckets for one process that has no ledger. They are full at first.

    `share` (0 to 1) of the account's plan is used; `clock` gives aware UTC.
    """

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

    def learn(self, operation: str, rate_limit: Decimal) -> None:
        """Take over the rate that Amazon named, in requests a second."""
        now = self._clock()
        self._buckets[operation] = self._bucket(operation, now).at_rate(rate_limit * self._share, now)

    def drained(self, operation: str) -> None:
        """Empty the bucket: Amazon answered 429."""
        now = self._clock()
        self._buckets[operation] = self._bucket(operation, now).emptied(now)

    def _bucket(self, operation: str, now: datetime) -> TokenBucket:
        plan = USAGE_PLANS[operation]
        return self._buckets.get(operation) or full_bucket(plan.rate * self._share, plan.burst * self._share, now)
