"""An Amazon order as the shop has it, for a comparison. No buyer's name, address, phone or e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orderferry.domain.orders import Channel
from orderferry.domain.reported import RateShare
from orderferry.domain.tax_scheme import TaxScheme


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """The rows of `orders` that share one reference and one Amazon order id (several where a shipment was split).

    `placed` is `orders.date_add` in UTC. `total` and `net` are total_paid and total_paid_tax_excl. `cancelled`: each
    row stands in a state for cancelled orders; `shipped`: in one for orders that have left, or after it.
    `quantity` counts the units of articles; `fees` those of lines that are neither a product nor have a reference,
    such as the fee for cash on delivery. `tax_scheme` is the marker's word (domain.tax_scheme), '' without a marker.
    """

    order_id: str
    ids: tuple[int, ...]
    placed: datetime
    state: str
    cancelled: bool
    shipped: bool
    total: Decimal
    net: Decimal
    currency: str
    quantity: int
    fees: int = 0
    country: str = ""
    invoice_number: int = 0
    invoiced: datetime | None = None
    marketplace_id: str = ""
    channel: Channel | None = None
    tax_scheme: str = ""
    shares: tuple[RateShare, ...] = ()

    @property
    def tax_owed_by(self) -> str:
        """'amazon', 'seller', or '' where the marker does not tell."""
        if self.tax_scheme == TaxScheme.COLLECTED_BY_AMAZON:
            return "amazon"
        return "" if self.tax_scheme in ("", TaxScheme.UNKNOWN) else "seller"

    @property
    def tax(self) -> Decimal:
        """The tax in `total`."""
        return self.total - self.net


@dataclass(frozen=True, slots=True)
class ShopSide:
    """What the shop has: its orders by Amazon order id, and the ids whose marker stands without an order."""

    orders: Mapping[str, tuple[ShopOrder, ...]] = field(default_factory=dict)
    deleted: Mapping[str, int] = field(default_factory=dict)
