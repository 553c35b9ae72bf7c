"""Which order state of the shop an Amazon order belongs into."""

from __future__ import annotations

from orderferry.config.model import OrdersSettings
from orderferry.domain.orders import Channel, Order, OrderStatus

SHIPPED_STATUSES = frozenset({OrderStatus.SHIPPED, OrderStatus.INVOICE_UNCONFIRMED})

# Each kind of state: the key of [orders] that names it, and the shop's own setting where the key is empty.
STATE_SOURCES: dict[str, tuple[str, str]] = {
    "paid": ("state_paid", "PS_OS_PAYMENT"),
    "shipped": ("state_shipped", "PS_OS_SHIPPING"),
    "cancelled": ("state_cancelled", "PS_OS_CANCELED"),
    "fba": ("state_fba", "PS_OS_SHIPPING"),
    "prime": ("state_prime", ""),
    "business": ("state_business", ""),
    "cancel_requested": ("state_cancel_requested", ""),
}


def state_kind(order: Order, settings: OrdersSettings) -> str:
    """Given an order, return which kind of state it belongs into (a key of STATE_SOURCES).

    Prime and Business states are for orders still to be packed; a buyer's request to cancel comes before them, since
    somebody has to look before anything is sent. Kinds without a configured state are passed over.
    """
    if order.status is OrderStatus.CANCELLED:
        return "cancelled"
    if order.status in SHIPPED_STATUSES:
        return "fba" if order.channel is Channel.FBA else "shipped"
    if settings.state_cancel_requested and any(item.cancel_requested_by for item in order.sold_items):
        return "cancel_requested"
    if settings.state_prime and "PRIME" in order.programs:
        return "prime"
    if settings.state_business and "AMAZON_BUSINESS" in order.programs:
        return "business"
    return "paid"
