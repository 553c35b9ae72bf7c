"""An Amazon order as the shop has it, for a comparison. No buyer's name, address, phone or e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from orderferry.domain.orders import Channel
from orderferry.domain.reported import RateShare
from orderferry.domain.tax_scheme import TaxScheme

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CreditSlip:
    """A credit slip of the shop (order_slip), which is how PrestaShop books a refund. `issued` in UTC."""

    issued: datetime | None
    gross: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """The rows of `orders` that share one reference and one Amazon order id (several where a shipment was split).

    `placed` is `orders.date_add` in UTC. `total` and `net` are total_paid and total_paid_tax_excl. `cancelled`: each
    row stands in a state for cancelled orders; `shipped`: in one for orders that have left, or after it.
    `quantity` counts the units of articles; `fees` those of lines that are neither a product nor have a reference,
    such as the fee for cash on delivery. `tax_scheme` is the marker's word (domain.tax_scheme), '' without a marker, as
    is `seller`: the key of the account that the order came from.
    `left`: when PrestaShop took it for shipped (`orders.delivery_date`). `home_currency` is the shop's own, in which
    the order's amounts are divided by `conversion_rate`.
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
    seller: str = ""
    shares: tuple[RateShare, ...] = ()
    left: datetime | None = None
    slips: tuple[CreditSlip, ...] = ()
    home_currency: str = ""
    conversion_rate: Decimal = Decimal(1)

    def at_home(self, amount: Decimal) -> Decimal:
        """Given an amount of this order, return it in the shop's own currency, to the cent."""
        return (amount / self.conversion_rate).quantize(_CENT, ROUND_HALF_UP)

    @property
    def credited(self) -> Decimal:
        """The gross amount of all credit slips."""
        return sum((slip.gross for slip in self.slips), Decimal(0))

    @property
    def is_credited(self) -> bool:
        """Whether credit slips cover all of it to a cent, with or without tax: PrestaShop adds the tax of shipping at
        the carrier's own rate."""
        net = sum((slip.net for slip in self.slips), Decimal(0))
        return self.total - self.credited <= _CENT or self.net - net <= _CENT

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
class ShopOrders:
    """What the shop has: its orders by Amazon order id, and the ids whose marker stands without an order."""

    orders: Mapping[str, tuple[ShopOrder, ...]] = field(default_factory=dict)
    deleted: Mapping[str, int] = field(default_factory=dict)
