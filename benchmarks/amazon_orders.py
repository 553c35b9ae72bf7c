"""Amazon orders at the moment at which an importer first may take them, decoded and in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from orderferry.amazon.decode_order import decode_order
from orderferry.domain.orders import Channel, Order
from orderferry.simulator.catalog import DEMO_CATALOG, CatalogItem
from orderferry.simulator.orders import EventKind, SimulatedOrder
from orderferry.simulator.shop_life import generate

START = datetime(2026, 9, 1, tzinfo=UTC)
PAGE = 100  # what searchOrders gives at once
_READY = {Channel.REGULAR: EventKind.VERIFIED, Channel.FBA: EventKind.SHIPPED}
_PER_DAY = 500


def ready_orders(count: int, skus: Sequence[CatalogItem] = DEMO_CATALOG, seed: int = 11) -> list[Order]:
    """Return so many orders of a shop on four marketplaces, a quarter of them FBA, as Amazon shows them when released
    (regular) or shipped (FBA)."""
    days = count * 11 // 10 // _PER_DAY + 2  # a few are cancelled before they are ready
    world = generate(seed, START, days, _PER_DAY, ("IT", "DE", "FR", "ES"), skus=skus)
    found: list[Order] = []
    for simulated in world:
        assert isinstance(simulated, SimulatedOrder)
        moment = _ready_at(simulated)
        shown = world.find(simulated.order_id, moment) if moment else None
        order = decode_order(shown[1]) if shown else None
        if isinstance(order, Order):
            found.append(order)
        if len(found) == count:
            return found
    raise ValueError(f"the world has only {len(found)} orders that become ready")


def pages(orders: Sequence[Order]) -> list[Sequence[Order]]:
    """The orders as listings give them."""
    return [orders[start : start + PAGE] for start in range(0, len(orders), PAGE)]


def _ready_at(order: SimulatedOrder) -> datetime | None:
    event = next((event for event in order.events if event.kind is _READY[order.channel]), None)
    return order.placed + timedelta(seconds=event.after, minutes=5) if event else None
