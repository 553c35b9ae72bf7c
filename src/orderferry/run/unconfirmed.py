"""Orders that the shop has shipped and that Amazon still waits for: somebody forgot to confirm the shipment there.

orderferry confirms no shipments itself; an order that is not confirmed in time costs the seller's rating, and Amazon
cancels it in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from orderferry.domain.compared_orders import ShopOrders
from orderferry.domain.ledger_entry import Entry

NEAR = timedelta(days=1)


class SoldShop(Protocol):
    """The shop, looked into (prestashop.auditing.audit.ShopAudit). Raise ShopUnavailable or ShopUnfit."""

    def sold(self, since: datetime, order_ids: Iterable[str]) -> ShopOrders:
        """Given a time and Amazon order ids, return the shop's Amazon orders from then on and those with these ids."""


class UnshippedLedger(Protocol):
    """What of the ledger is needed here. Raise LedgerUnusable."""

    def unshipped(self, ship_by: datetime) -> Sequence[Entry]:
        """The imported regular orders that Amazon takes for unshipped and that have to be shipped by then, the most
        urgent first."""


def find_unconfirmed(ledger: UnshippedLedger, shop: SoldShop, now: datetime) -> tuple[Entry, ...]:
    """Return the orders that have left the shop and that Amazon, when it was asked last, did not know to be shipped,
    although they have to be within a day; the most urgent first. The shop is asked only if there may be any.

    Raise ShopError, LedgerUnusable.
    """
    urgent = ledger.unshipped(now + NEAR)
    if not urgent:
        return ()
    sold = shop.sold(now, [entry.order_id for entry in urgent]).orders
    return tuple(entry for entry in urgent if any(order.shipped for order in sold.get(entry.order_id, ())))
