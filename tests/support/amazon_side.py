"""What tests of Amazon's side share: a source under test, a book of quota that remembers, Amazon's sandbox orders."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from orderferry.amazon.source import AmazonSource
from orderferry.config.model import AmazonSettings, Secret
from orderferry.domain.marketplaces import Region, find_marketplace
from orderferry.domain.search import Basis, Search
from orderferry.domain.spans import Span
from orderferry.errors import QuotaExhausted

SANDBOX = Path(__file__).parents[1] / "data" / "amazon" / "sandbox-2026-01-01.json"
LOCAL_NOW = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)
SECRETS = ("amzn1.oa2-cs.v1.canary-secret", "Atzr|canary-refresh", "Atza|canary-access")
A_SEARCH = Search(
    marketplaces=("A1PA6795UKMFR9", "APJ6JRA9NG5V4"),
    basis=Basis.UPDATED,
    span=Span(datetime(2026, 11, 22, 6, tzinfo=UTC), datetime(2026, 11, 23, 5, 57, tzinfo=UTC)),
)


@cache
def _cases() -> list[dict[str, Any]]:
    return [case for case in json.loads(SANDBOX.read_text())["cases"] if case["status"] == 200]


def sandbox_cases() -> list[dict[str, Any]]:
    """Amazon's good example answers, free to be changed."""
    return copy.deepcopy(_cases())


def sandbox_orders() -> dict[str, Any]:
    """Amazon's example orders by id, as JSON values that are free to be changed."""
    bodies = [case["response"] for case in sandbox_cases()]
    return {order["orderId"]: order for body in bodies for order in body.get("orders") or [body["order"]]}


def order_json(order_id: str = "202-7654321-1098765", **fields: Any) -> dict[str, Any]:
    """One of Amazon's example orders with other fields."""
    order: dict[str, Any] = sandbox_orders()["202-7654321-1098765"]
    return order | {"orderId": order_id} | fields


@dataclass
class QuotaDouble:
    """Satisfies amazon.quota.Quota. `left` tokens, then it is exhausted."""

    left: int = 1000
    spent: list[str] = field(default_factory=list)
    learnt: list[tuple[str, Decimal | None]] = field(default_factory=list)
    drained_operations: list[str] = field(default_factory=list)

    def spend(self, operation: str) -> None:
        if self.left <= len(self.spent):
            raise QuotaExhausted("no token", operation=operation)
        self.spent.append(operation)

    def learn(self, operation: str, rate_limit: Decimal | None) -> None:
        self.learnt.append((operation, rate_limit))

    def drained(self, operation: str) -> None:
        self.drained_operations.append(operation)


@dataclass
class MovableClock:
    """This machine's clock, as the test sets it."""

    moment: datetime = LOCAL_NOW

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass
class SourceUnderTest:
    """A source under test with all that was injected into it."""

    source: AmazonSource
    quota: QuotaDouble
    clock: MovableClock
    sleeps: list[float]


def amazon_settings(endpoint: str, token_url: str, **fields: Any) -> AmazonSettings:
    """Settings of a European seller."""
    marketplaces = tuple(filter(None, map(find_marketplace, ("IT", "DE"))))
    values: dict[str, Any] = {
        "region": Region.EU,
        "marketplaces": marketplaces,
        "client_id": "amzn1.application-oa2-client.canary",
        "client_secret": Secret(SECRETS[0]),
        "refresh_token": Secret(SECRETS[1]),
        "endpoint": endpoint,
        "token_url": token_url,
        "timeout": timedelta(seconds=5),
        **fields,
    }
    return AmazonSettings(**values)


def source_under_test(endpoint: str, token_url: str, *, tokens: int = 1000, **fields: Any) -> SourceUnderTest:
    """A source that talks to these addresses; sleeps are written down and not slept."""
    quota, clock, sleeps = QuotaDouble(tokens), MovableClock(), list[float]()
    source = AmazonSource(
        amazon_settings(endpoint, token_url, **fields), quota, clock=clock, sleep=sleeps.append, chance=lambda: 0.0
    )
    return SourceUnderTest(source, quota, clock, sleeps)
