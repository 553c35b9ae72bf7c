"""What the engine needs of the outside world. Adapters satisfy these by shape; they do not import them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orderferry.domain.marker import Marker
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.problems import Problem
from orderferry.domain.search import Page, Search
from orderferry.domain.shopwork import Applied, Intent, Plan, ShopView


class OrderSource(Protocol):
    """Amazon. Raise AmazonUnavailable, QuotaExhausted, PaginationExpired, AmazonRefused or MarketplaceRefused."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests made so far, by operation."""

    def now(self) -> datetime:
        """Amazon's clock (the Date header of its token answer, kept up with every answer since)."""

    def search(self, search: Search, token: str | None = None) -> Page:
        """One page of a listing; `token` from the page before it. Spends one searchOrders token."""

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        """One order; None when Amazon does not know it. Spends one getOrder token."""

    def close(self) -> None: ...


class Shop(Protocol):
    """PrestaShop. Raise ShopUnavailable or ShopUnfit; what concerns one order only comes back as a Problem."""

    def prepare(self, *, write: bool) -> None:
        """Connect, read the live schema and settings once, refuse an unfit shop; with `write`, create our tables."""

    def look(self, orders: Sequence[Order]) -> ShopView:
        """All look-ups for a page of orders, a bounded number of statements."""

    def markers(self, order_ids: Iterable[str]) -> Mapping[str, Marker]:
        """The markers of these orders."""

    def foreign(self, order_ids: Iterable[str]) -> Mapping[str, int]:
        """Orders that another importer has put into the shop: Amazon id to id_order."""

    def plan(self, order: Order, intent: Intent, view: ShopView, now: datetime) -> Plan | Problem:
        """Everything that would be written for this order, or why it can't be. Writes nothing."""

    def apply(self, plan: Plan, now: datetime) -> Applied:
        """Write the plan in one transaction, the marker first. Look again, and write nothing twice."""

    def cause_gone(self, problems: Sequence[Problem]) -> Sequence[bool]:
        """For each stored problem of a held order, whether the shop could take the order now."""

    def release(self) -> None:
        """Give the connection back (before waiting for Amazon)."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the engine may sleep for quota within a run (seconds), and the sleep itself comes from bootstrap."""

    longest: float
