"""Keep Amazon's usage plans in the ledger: tokens spent and calls per day.

All processes that share the ledger spend a token before each call. What is read within `Store.writing` stays true until
it is written back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from orderferry.domain.durations import iso
from orderferry.domain.quota import USAGE_PLANS, TokenBucket, full_bucket
from orderferry.errors import QuotaExhausted
from orderferry.ledger.ledger import Ledger
from orderferry.ledger.schema import calls_per_day, quota
from orderferry.ledger.store import put, retry_after_conflict

_NOTHING = Decimal(0)


class QuotaBook:
    """The tokens of one account (application and seller), of which this installation may use `share` (0 to 1).

    `reserve`: by operation, the tokens that this command leaves to others. `clock` gives aware UTC. All methods raise
    LedgerUnusable when the ledger fails, and KeyError for an operation without a usage plan.
    """

    def __init__(
        self,
        ledger: Ledger,
        account: str,
        share: Decimal,
        clock: Callable[[], datetime],
        reserve: Mapping[str, Decimal] | None = None,
    ) -> None:
        self._store = ledger.store
        self._account = account
        self._share = share
        self._clock = clock
        self._reserve = dict(reserve or {})

    @retry_after_conflict
    def spend(self, operation: str) -> None:
        """Take a token, for good, before the call is made. Raise QuotaExhausted when none is left above the reserve."""
        reserve = self._reserve.get(operation, _NOTHING)
        with self._store.writing(even_dry=True) as connection:
            now = self._clock()
            bucket, rate = self._bucket(connection, operation, now)
            after = bucket.spent(now, reserve)
            if after is not None:
                self._keep(connection, operation, after, rate)
                self._count(connection, operation, now, calls=1)
                return
            retry_at = bucket.ready_at(now, reserve)
        raise QuotaExhausted(
            f"Amazon's quota for {operation} is used up until {iso(retry_at)}.",
            operation=operation,
            retry_at=retry_at,
            hint="The next run goes on from here; `orderferry plan` shows a schedule that fits the quota.",
        )

    @retry_after_conflict
    def drained(self, operation: str) -> None:
        """Note that Amazon answered 429: the bucket is empty, whatever was counted here."""
        with self._store.writing(even_dry=True) as connection:
            now = self._clock()
            bucket, rate = self._bucket(connection, operation, now)
            self._keep(connection, operation, bucket.emptied(now), rate)
            self._count(connection, operation, now, refused=1)

    @retry_after_conflict
    def learn(self, operation: str, rate_limit: Decimal) -> None:
        """Note the rate that Amazon sends with its answers (`x-amzn-RateLimit-Limit`, requests a second)."""
        with self._store.reading() as connection:
            known = self._bucket(connection, operation, self._clock())[1]
        if rate_limit == (USAGE_PLANS[operation].rate if known is None else known):
            return
        with self._store.writing(even_dry=True) as connection:
            now = self._clock()
            bucket, _ = self._bucket(connection, operation, now)
            self._keep(connection, operation, bucket.refilled(now), rate_limit)  # until now at the rate that was known

    def left(self, operation: str, now: datetime) -> Decimal:
        """Return the tokens that are there at `now`, the reserve included."""
        with self._store.reading() as connection:
            return self._bucket(connection, operation, now)[0].refilled(now).tokens

    def rate(self, operation: str) -> Decimal | None:
        """Return the rate that Amazon named last, in requests a second, before our share; None before that."""
        with self._store.reading() as connection:
            return self._bucket(connection, operation, self._clock())[1]

    def ready_at(self, operation: str, now: datetime) -> datetime:
        """Return the first moment from `now` on at which `spend` would succeed, if no other process spends."""
        with self._store.reading() as connection:
            bucket, _ = self._bucket(connection, operation, now)
        return bucket.ready_at(now, self._reserve.get(operation, _NOTHING))

    def calls(self, since: date) -> dict[date, dict[str, int]]:
        """Return how often each operation was called, by day (UTC) from `since` on, without days of no call."""
        wanted = select(calls_per_day).where(
            calls_per_day.c.account == self._account, calls_per_day.c.day >= since.isoformat()
        )
        found: dict[date, dict[str, int]] = {}
        with self._store.reading() as connection:
            for row in connection.execute(wanted.order_by(calls_per_day.c.day, calls_per_day.c.operation)):
                found.setdefault(date.fromisoformat(row.day), {})[row.operation] = row.calls
        return found

    def _bucket(self, connection: Connection, operation: str, now: datetime) -> tuple[TokenBucket, Decimal | None]:
        """Return the stored bucket (a full one at first) in our share of it, and the rate that Amazon sent last."""
        plan = USAGE_PLANS[operation]
        row = connection.execute(
            select(quota).where(quota.c.account == self._account, quota.c.operation == operation)
        ).first()
        learned = None if row is None else row.rate
        bucket = full_bucket((learned or plan.rate) * self._share, plan.burst * self._share, now)
        if row is None:
            return bucket, None
        return TokenBucket(bucket.rate, bucket.burst, min(row.tokens, bucket.burst), row.as_of), learned

    def _keep(self, connection: Connection, operation: str, bucket: TokenBucket, rate: Decimal | None) -> None:
        key = {"account": self._account, "operation": operation}
        put(connection, quota, key, {"tokens": bucket.tokens, "as_of": bucket.as_of, "rate": rate})

    def _count(
        self, connection: Connection, operation: str, now: datetime, *, calls: int = 0, refused: int = 0
    ) -> None:
        key = {"account": self._account, "operation": operation, "day": now.date().isoformat()}
        found = connection.execute(select(calls_per_day).filter_by(**key)).first()
        before = (0, 0) if found is None else (found.calls, found.refused)
        put(connection, calls_per_day, key, {"calls": before[0] + calls, "refused": before[1] + refused})
