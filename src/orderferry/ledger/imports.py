"""What the ledger knows of imported orders: how long they took, and which of them Amazon still takes for unshipped."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from orderferry.domain.entry import Entry, EntryState
from orderferry.domain.orders import Channel, OrderStatus
from orderferry.domain.records import ADOPTED
from orderferry.ledger.orders import ENTRIES, entry_of
from orderferry.ledger.tables import order_history, orders

_UNSHIPPED = (OrderStatus.UNSHIPPED, OrderStatus.PARTIALLY_SHIPPED)


def import_lags(connection: Connection, since: datetime) -> list[timedelta]:
    """Return how long the orders that were written into the shop from `since` on had taken since their purchase.

    Orders that were adopted, or found in the shop when a lost ledger was rebuilt, tell nothing of that.
    """
    of_order = order_history.c.amazon_order_id == orders.c.amazon_order_id
    imported = orders.c.state == EntryState.IMPORTED
    first = (
        select(func.min(order_history.c.id).label("id"), func.min(orders.c.purchased).label("purchased"))
        .join(orders, of_order)
        .where(
            imported,
            orders.c.state_since >= since,
            orders.c.purchased.is_not(None),
            order_history.c.state == EntryState.IMPORTED,
        )
        .group_by(order_history.c.amazon_order_id)
        .subquery()
    )
    wanted = (
        select(order_history.c.at, first.c.purchased)
        .join(first, order_history.c.id == first.c.id)
        .where(
            order_history.c.at >= since,
            order_history.c.detail != "",
            order_history.c.detail.not_like(f"{ADOPTED}%"),
        )
    )
    return [at - purchased for at, purchased in connection.execute(wanted)]


def unshipped(connection: Connection, ship_by: datetime) -> list[Entry]:
    """Return the imported regular orders that Amazon took for unshipped when it was seen last, and that have to be
    shipped by then; the most urgent first."""
    wanted = ENTRIES.where(
        orders.c.state == EntryState.IMPORTED,
        orders.c.channel == Channel.REGULAR,
        orders.c.amazon_status.in_([str(status) for status in _UNSHIPPED]),
        orders.c.ship_by <= ship_by,
    )
    return [entry_of(row) for row in connection.execute(wanted.order_by(orders.c.ship_by, orders.c.amazon_order_id))]
