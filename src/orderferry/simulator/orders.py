"""A simulated order: who buys what at which price, and the scripted life that it leads on the simulator's clock."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from orderferry.domain.marketplaces import Marketplace, find_marketplace
from orderferry.domain.orders import Channel
from orderferry.simulator.events import PLACED, Event, EventKind

ZERO = Decimal(0)


class TaxMode(StrEnum):
    """How Amazon states the tax of an order (sp-api-orders 4.1 and 4.3)."""

    INSIDE = "inside"  # EU: prices are gross and a TAX row says how much of them is tax
    NONE = "none"  # EU without VAT Calculation Service: prices are gross, there is no TAX row
    ZERO = "zero"  # as NONE, with a TAX row of 0.00
    ON_TOP = "on-top"  # US: prices are net and the TAX row comes on top


@dataclass(frozen=True, slots=True)
class Line:
    """One order item. `price` is the unit price as Amazon shows it; all other amounts are for the whole line.

    Discounts are positive here; the order's `discount_sign` says how Amazon writes them. An empty `sku` is left out
    of the JSON, as Amazon may.
    """

    sku: str
    quantity: int = 1
    price: Decimal = ZERO
    title: str = ""
    asin: str = ""
    shipping: Decimal = ZERO
    gift_wrap: Decimal = ZERO
    cod_fee: Decimal = ZERO
    discount: Decimal = ZERO
    shipping_discount: Decimal = ZERO
    promotion: str = ""
    gift_message: str = ""
    gift_wrap_level: str = ""
    ioss_number: str = ""


@dataclass(frozen=True, slots=True)
class Business:
    """What an Amazon Business order says beyond the others."""

    company: str
    purchase_order: str = ""
    vat_number: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedOrder:
    """One order. `marketplace` is a country code, `country` that of the delivery ('': the marketplace's).

    `events` begin with PLACED and are in order of time. `tax_rate` is in percent. `address` overrides fields of
    Amazon's `deliveryAddress` (the rest is invented from the order id). Raise ValueError for what can't be.
    """

    order_id: str
    marketplace: str
    placed: datetime
    lines: tuple[Line, ...]
    events: tuple[Event, ...] = (PLACED,)
    channel: Channel = Channel.REGULAR
    country: str = ""
    tax_mode: TaxMode = TaxMode.INSIDE
    tax_rate: Decimal = ZERO
    discount_sign: int = -1
    tip: Decimal = ZERO
    programs: tuple[str, ...] = ()
    service_level: str = "STANDARD"
    business: Business | None = None
    replaces: str = ""
    payment_method: str = ""
    prices_while_pending: bool = False
    sales_channel: str = "AMAZON"
    seller_order_id: str = ""
    tax_scheme: str = ""  # UOSS or IOSS
    collected_by_amazon: bool = False
    address: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        if self.placed.tzinfo is None:
            raise ValueError(f"order {self.order_id} needs an aware time")
        if find_marketplace(self.marketplace) is None:
            raise ValueError(f"order {self.order_id} is of a marketplace that does not exist: {self.marketplace}")
        if not self.lines:
            raise ValueError(f"order {self.order_id} has no items")
        if not self.events or self.events[0].kind is not EventKind.PLACED:
            raise ValueError(f"the life of order {self.order_id} must begin with being placed")
        if any(first.after > second.after for first, second in zip(self.events, self.events[1:], strict=False)):
            raise ValueError(f"the events of order {self.order_id} must be in order of time")

    @property
    def market(self) -> Marketplace:
        """The marketplace itself."""
        marketplace = find_marketplace(self.marketplace)
        assert marketplace is not None  # noqa: S101 — __post_init__ has looked
        return marketplace

    @property
    def delivery_country(self) -> str:
        """Where it goes: the marketplace's own country unless another one is given."""
        return self.country or self.marketplace

    def update_times(self) -> tuple[datetime, ...]:
        """Every time at which `lastUpdatedTime` moves, the first being that of placing."""
        return tuple(self.placed + timedelta(seconds=event.after) for event in self.events)

    def happened(self, now: datetime, delay: int | None = None) -> int:
        """How many events Amazon knows of at `now`; 0: not placed yet.

        With `delay` (seconds), how many a *search* shows: an event becomes visible that long after it happened, or
        after its own `listed_after`, and shows all that happened before it, too.
        """
        elapsed = (now - self.placed).total_seconds()
        if delay is None:
            return bisect_right(self.events, elapsed, key=lambda event: event.after)
        for position in range(len(self.events) - 1, -1, -1):
            event = self.events[position]
            wait = delay if event.listed_after is None else event.listed_after
            if event.after + wait <= elapsed:
                return position + 1
        return 0

    def with_event(self, event: Event) -> SimulatedOrder:
        """The same order with one more event in its life, in its place of time (after others of the same moment)."""
        position = bisect_right(self.events, event.after, key=lambda known: known.after)
        return replace(self, events=(*self.events[:position], event, *self.events[position:]))
