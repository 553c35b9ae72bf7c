"""Orders of both sides for a comparison: Amazon's as a report or a listing gives them, and the shop's.

They hold no buyer's name, address, phone or e-mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from orderferry.domain.orders import NOT_OF_AMAZON_STATUSES, Channel, Item, Order, OrderStatus, ProceedsType
from orderferry.domain.pricing.components import reconcile
from orderferry.domain.pricing.proceeds import ZERO, CannotPrice
from orderferry.domain.pricing.tax_law import TaxScheme

HIGHEST_RATE = Decimal(27)  # of the EU's members, Hungary's


@dataclass(frozen=True, slots=True)
class RateShare:
    """The part of an order under one rate of tax, in percent; None: Amazon names no tax for it."""

    rate: Decimal | None
    gross: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """One Amazon order. `sold_by_amazon` False: another sales channel (NON_AMAZON). `marketplace_id` '' when unknown.

    `gross` is what the buyer pays, `tax` the part of it that is tax; `gross` None: Amazon names no price (pending).
    A report can leave more than one reading open (is a line that stands twice a repetition of the report's?):
    `totals` and `quantities` hold every reading, empty when there is none. `exact`: Amazon's own total, by getOrder
    or a listing. `tax_range`: between which amounts the tax lies by what Amazon gives (where it gives none of a part,
    the seller's own rates decide); None when it is unknown. `shipped`: when the last package left, if known.
    """

    order_id: str
    purchased: datetime
    updated: datetime | None
    status: OrderStatus | None
    channel: Channel | None
    marketplace_id: str
    raw_status: str = ""
    sold_by_amazon: bool = True
    currency: str = ""
    country: str = ""
    quantity: int = 0
    gross: Decimal | None = None
    tax: Decimal = ZERO
    shares: tuple[RateShare, ...] = ()
    totals: frozenset[Decimal] = frozenset()
    quantities: frozenset[int] = frozenset()
    exact: bool = False
    tax_range: tuple[Decimal, Decimal] | None = None
    shipped: datetime | None = None


class ReportEnd(StrEnum):
    """How a report ended (SP-API `processingStatus`). CANCELLED: no data, or cancelled by somebody."""

    DONE = "DONE"
    CANCELLED = "CANCELLED"
    FATAL = "FATAL"


@dataclass(frozen=True, slots=True)
class OrderReport:
    """One report of at most 30 days. `unreadable` counts lines that could not be used."""

    end: ReportEnd
    orders: tuple[ReportedOrder, ...] = ()
    unreadable: int = 0


def as_reported(order: Order) -> ReportedOrder:
    """Return an order of the Orders API as a report gives it, with Amazon's own total."""
    total = order.grand_total
    tax = sum((_tax_of(item) for item in order.items), ZERO)
    quantity = sum(item.quantity for item in order.items)
    gross = total.amount if total else None
    return ReportedOrder(
        order_id=order.order_id,
        purchased=order.created,
        updated=order.updated,
        status=order.status,
        channel=order.channel,
        marketplace_id=order.marketplace_id,
        raw_status=order.raw_status,
        sold_by_amazon=order.sales_channel != "NON_AMAZON" and order.status not in NOT_OF_AMAZON_STATUSES,
        currency=total.currency if total else "",
        country=order.delivery_address.country if order.delivery_address else "",
        quantity=quantity,
        gross=gross,
        tax=tax,
        shares=_shares(order),
        totals=frozenset() if gross is None else frozenset({gross}),
        quantities=frozenset({quantity}),
        exact=True,
        tax_range=_tax_range(order, total.currency) if total else None,
        shipped=max((package.ship_time for package in order.packages if package.ship_time), default=None),
    )


def open_tax(gross: Decimal) -> Decimal:
    """Return the most that may be tax in an amount of which Amazon gives no tax."""
    return max(gross, ZERO) * HIGHEST_RATE / (HIGHEST_RATE + 100)


def _tax_range(order: Order, currency: str) -> tuple[Decimal, Decimal] | None:
    """Return the least and the most that the tax can be: Amazon's own may count after discount or before it."""
    try:
        components, _, _ = reconcile(order, currency)
    except CannotPrice:
        return None
    least = most = ZERO
    for part in components:
        if part.tax:
            least += part.tax * part.rest / part.amount if part.amount else part.tax
            most += part.tax
        else:
            most += open_tax(part.rest)
    return least, most


def gathered(parts: Iterable[RateShare]) -> tuple[RateShare, ...]:
    """Return the shares added up, one for each rate."""
    sums: dict[Decimal | None, RateShare] = {}
    for part in parts:
        before = sums.get(part.rate, RateShare(part.rate, ZERO, ZERO))
        sums[part.rate] = RateShare(part.rate, before.gross + part.gross, before.tax + part.tax)
    return tuple(sums.values())


def implied_rate(gross: Decimal, tax: Decimal) -> Decimal | None:
    """Return the rate in percent, to the half, given a gross amount and the tax in it; None without tax.

    Amounts are rounded to cents, so that the quotient is only near the rate; every standard rate of Europe is a
    multiple of a half.
    """
    net = gross - tax
    if tax <= 0 or net <= 0:
        return None
    return ((tax * 200 / net).to_integral_value() / 2).normalize()


def _shares(order: Order) -> tuple[RateShare, ...]:
    """Return the items' totals by the rate that each implies."""
    parts = []
    for item in order.items:
        if item.proceeds_total is not None:
            gross, tax = item.proceeds_total.amount, _tax_of(item)
            parts.append(RateShare(implied_rate(gross, tax), gross, tax))
    return gathered(parts)


def _tax_of(item: Item) -> Decimal:
    return sum((row.amount.amount for row in item.proceeds if row.type is ProceedsType.TAX), ZERO)


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
        """Return an amount of this order in the shop's own currency, to the cent."""
        return (amount / self.conversion_rate).quantize(_CENT, ROUND_HALF_UP)

    @property
    def credited(self) -> Decimal:
        """Return the gross amount of all credit slips."""
        return sum((slip.gross for slip in self.slips), Decimal(0))

    @property
    def is_credited(self) -> bool:
        """Return whether credit slips cover all of it to a cent, with tax or without: carriers have own rates."""
        net = sum((slip.net for slip in self.slips), Decimal(0))
        return self.total - self.credited <= _CENT or self.net - net <= _CENT

    @property
    def tax_owed_by(self) -> str:
        """Return 'amazon', 'seller', or '' where the marker does not have it."""
        if self.tax_scheme == TaxScheme.COLLECTED_BY_AMAZON:
            return "amazon"
        return "" if self.tax_scheme in ("", TaxScheme.UNKNOWN) else "seller"

    @property
    def tax(self) -> Decimal:
        """Return the tax in `total`."""
        return self.total - self.net


@dataclass(frozen=True, slots=True)
class ShopOrders:
    """What the shop has: its orders by Amazon order id, and the ids whose marker stands without an order."""

    orders: Mapping[str, tuple[ShopOrder, ...]] = field(default_factory=dict)
    deleted: Mapping[str, int] = field(default_factory=dict)
