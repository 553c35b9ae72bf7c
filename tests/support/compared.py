"""Both sides of a comparison in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orderferry.domain.compared_orders import RateShare, ReportedOrder, ShopOrder, ShopOrders
from orderferry.domain.ledger_entry import Entry, EntryState
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.spans import Span
from orderferry.run.compare.rules import CompareInput

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = Span(NOW - 30 * DAY, NOW - timedelta(hours=2))
DE, IT, US = "A1PA6795UKMFR9", "APJ6JRA9NG5V4", "ATVPDKIKX0DER"
ID = "302-0000000-0000001"


def reported(order_id: str = ID, **changes: Any) -> ReportedOrder:
    """A shipped regular order of 119.00 EUR, two units, but for `changes`."""
    gross = changes.get("gross", Decimal("119.00"))
    facts: dict[str, Any] = {
        "purchased": NOW - 5 * DAY,
        "updated": NOW - 4 * DAY,
        "status": OrderStatus.SHIPPED,
        "channel": Channel.REGULAR,
        "marketplace_id": DE,
        "currency": "EUR",
        "country": "DE",
        "quantity": 2,
        "gross": gross,
        "tax": Decimal("19.00"),
        "shares": (RateShare(Decimal(19), Decimal("119.00"), Decimal("19.00")),),
        "totals": frozenset() if gross is None else frozenset({gross}),
        "quantities": frozenset({changes.get("quantity", 2)}),
        "tax_range": None if gross is None else (Decimal("19.00"), Decimal("19.00")),
    }
    return ReportedOrder(order_id, **(facts | changes))


def in_shop(order_id: str = ID, **changes: Any) -> ShopOrder:
    """The same order as a shop has it, but for `changes`."""
    facts: dict[str, Any] = {
        "ids": (7,),
        "placed": NOW - 5 * DAY,
        "state": "Shipped",
        "cancelled": False,
        "shipped": True,
        "total": Decimal("119.000000"),
        "net": Decimal("100.000000"),
        "currency": "EUR",
        "quantity": 2,
        "country": "DE",
        "shares": (RateShare(Decimal(19), Decimal("119.00"), Decimal("19.00")),),
    }
    return ShopOrder(order_id, **(facts | changes))


def entry(order_id: str = ID, state: EntryState = EntryState.IMPORTED, **changes: Any) -> Entry:
    """What the ledger knows of the order."""
    facts: dict[str, Any] = {
        "marketplace_id": DE,
        "channel": Channel.REGULAR,
        "amazon_status": "SHIPPED",
        "purchased": NOW - 5 * DAY,
        "amazon_updated": NOW - 4 * DAY,
        "first_seen": NOW - 5 * DAY,
        "last_seen": NOW - 4 * DAY,
        "state_since": NOW - 3 * DAY,
    }
    return Entry(order_id, state, **(facts | changes))


def compare_input(*orders: ShopOrder, entries: tuple[Entry, ...] = (), **changes: Any) -> CompareInput:
    """A shop with these orders, and a ledger with these entries."""
    found: dict[str, tuple[ShopOrder, ...]] = {}
    for order in orders:
        found[order.order_id] = (*found.get(order.order_id, ()), order)
    facts: dict[str, Any] = {
        "span": SPAN,
        "now": NOW,
        "marketplaces": frozenset({DE, IT}),
        "shop": ShopOrders(found, changes.pop("deleted", {})),
        "entries": {each.order_id: each for each in entries},
        "has_ledger": True,
    }
    return CompareInput(**(facts | changes))
