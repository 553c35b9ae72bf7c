"""Orders of the simulated world: who buys what at which price, what happens to it when, and orders of raw JSON."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dateutil import parser as iso_parser

from orderferry.domain.marketplaces import Marketplace, find_marketplace
from orderferry.domain.orders import Channel

# Order ids of Amazon's form 3-7-7: unique by construction, in any number, without a list of those given.
# The first three digits as sellers see them, by region of the world (not a rule of Amazon's).
_PREFIXES = {
    "IT": "171", "ES": "402", "DE": "302", "FR": "405", "NL": "404", "BE": "407", "PL": "408", "SE": "403",
    "IE": "206", "GB": "202", "TR": "028", "US": "114", "CA": "702", "MX": "701", "BR": "701", "JP": "250",
    "AU": "250", "SG": "503", "IN": "408", "AE": "405", "SA": "405", "EG": "404", "ZA": "406",
}  # fmt: skip
_SPACE = 10**14
_STRIDE = 61803398874989  # has no factor in common with 10, so that it visits every number once


def invent_order_id(marketplace: str, number: int, seed: int = 0) -> str:
    """Return an order id, given a country code and a running number (from 0); different numbers give different ids.

    `seed` moves the whole sequence, so that two worlds do not use the same ids.
    """
    scattered = (number * _STRIDE + seed * 7919 + 10**13 // 3) % _SPACE
    first, second = divmod(scattered, 10**7)
    return f"{_PREFIXES.get(marketplace, '305')}-{first:07d}-{second:07d}"


class EventKind(StrEnum):
    """The kinds of events. Each one moves the order's `lastUpdatedTime`."""

    PLACED = "placed"
    AVAILABLE = "available"  # a pre-order's release: PENDING_AVAILABILITY -> PENDING
    VERIFIED = "verified"  # payment authorised: PENDING -> UNSHIPPED
    SHIPPED = "shipped"  # all that is left, or `quantities`
    DELIVERED = "delivered"
    CANCELLED = "cancelled"  # the whole order
    ITEM_CANCELLED = "item-cancelled"  # `quantities` of single items
    CANCEL_REQUESTED = "cancel-requested"  # the buyer asks; nothing is cancelled by that
    ADDRESS_CORRECTED = "address-corrected"
    TIP_FINALIZED = "tip-finalized"
    TOUCHED = "touched"  # any other change: only the time moves
    STATUS_SET = "status-set"  # Amazon says `status`, whatever it is (an unknown one, a resurrection)


@dataclass(frozen=True, slots=True)
class Event:
    """One event, `after` seconds after the order was placed.

    `listed_after`: seconds until searches show it (None: the world's read delay); getOrder shows it at once.
    `quantities`: pairs of the item's position (from 0) and a quantity. `changes`: pairs of a field of Amazon's
    `deliveryAddress` and its new text. `by` and `reason` are Amazon's `cancelledBy` and `cancelReason`.
    """

    kind: EventKind
    after: int = 0
    listed_after: int | None = None
    quantities: tuple[tuple[int, int], ...] = ()
    carrier: str = ""
    tracking: str = ""
    by: str = ""
    reason: str = ""
    status: str = ""
    changes: tuple[tuple[str, str], ...] = ()


PLACED = Event(EventKind.PLACED)


ZERO = Decimal(0)


class TaxMode(StrEnum):
    """How Amazon states the tax of an order."""

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
    """The extra fields of an Amazon Business order."""

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
        """Return the marketplace itself."""
        marketplace = find_marketplace(self.marketplace)
        assert marketplace is not None  # noqa: S101 — __post_init__ has looked
        return marketplace

    @property
    def delivery_country(self) -> str:
        """Return where it goes: the marketplace's own country unless another one is given."""
        return self.country or self.marketplace

    def update_times(self) -> tuple[datetime, ...]:
        """Return every time at which `lastUpdatedTime` moves, the first being that of placing."""
        return tuple(self.placed + timedelta(seconds=event.after) for event in self.events)

    def happened(self, now: datetime, delay: int | None = None) -> int:
        """Return how many events Amazon knows of at `now`; 0: not placed yet.

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
        """Return the order with one more event, sorted by time (after others of the same moment)."""
        position = bisect_right(self.events, event.after, key=lambda known: known.after)
        return replace(self, events=(*self.events[:position], event, *self.events[position:]))


@dataclass(frozen=True, slots=True)
class SearchFields:
    """The fields of an order that searches filter by, at one moment, in Amazon's own words. None fits every filter."""

    created: datetime
    updated: datetime
    marketplace_id: str | None
    fulfilled_by: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class RawOrder:
    """An order's JSON with nothing added and, but for datasets that were not asked for, nothing taken away.

    Searches go by the JSON's own times, marketplace, channel and status; what it does not say in a usable form fits
    every filter, so that broken orders arrive. `created` and `updated` (aware) stand in where the JSON has no usable
    `createdTime` and `lastUpdatedTime`. `shown_as_updated` is what Amazon goes by where the JSON tells
    another time of update (one of the future). Raise ValueError when a time is neither here nor there.
    """

    json: dict[str, Any]
    created_at: datetime | None = None
    updated_at: datetime | None = None
    listed_after: int | None = None
    shown_as_updated: datetime | None = None

    def __post_init__(self) -> None:
        if self._time("createdTime", self.created_at) is None or self._time("lastUpdatedTime", self.updated_at) is None:
            raise ValueError("a raw order without usable times needs created_at and updated_at")

    @property
    def order_id(self) -> str | None:
        """Return Amazon's id, if the JSON has one in the form of a text."""
        value = self.json.get("orderId")
        return value if isinstance(value, str) else None

    @property
    def created(self) -> datetime:
        """Return the JSON's createdTime; `created_at` where that is no time."""
        moment = self._time("createdTime", self.created_at)
        assert moment is not None  # noqa: S101 — __post_init__ has looked
        return moment

    @property
    def updated(self) -> datetime:
        """Return the JSON's lastUpdatedTime; `updated_at` where that is no time."""
        moment = self.shown_as_updated or self._time("lastUpdatedTime", self.updated_at)
        assert moment is not None  # noqa: S101 — __post_init__ has looked
        return moment

    def update_times(self) -> tuple[datetime, ...]:
        """Return the one time of update."""
        return (self.updated,)

    def search_fields(self, now: datetime, delay: int | None = None) -> SearchFields | None:
        """Return the order as Amazon has it at `now`, or with `delay` (seconds) as a search does; None before that."""
        wait = 0 if delay is None else (delay if self.listed_after is None else self.listed_after)
        if self.updated + timedelta(seconds=wait) > now:
            return None
        return SearchFields(
            created=self.created,
            updated=self.updated,
            marketplace_id=_text(self.json.get("salesChannel"), "marketplaceId"),
            fulfilled_by=_text(self.json.get("fulfillment"), "fulfilledBy"),
            status=_text(self.json.get("fulfillment"), "fulfillmentStatus"),
        )

    def _time(self, field: str, fallback: datetime | None) -> datetime | None:
        try:
            moment = iso_parser.isoparse(self.json[field])
            return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
            return fallback


def _text(part: Any, field: str) -> str | None:
    value = part.get(field) if isinstance(part, dict) else None
    return value if isinstance(value, str) else None
