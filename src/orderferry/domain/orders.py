"""An Amazon order in our own words: what the decoder produces and everything after it reads.

Field names follow SP-API's Orders API 2026-01-01 where they carry a value of Amazon's; times are aware UTC; money is
Decimal. The `raw_…` field beside an enumeration holds Amazon's text. A value that we do not know is None, and
`Order.flaws` names it; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import Self

UPDATE_TIME, CREATION_TIME = "lastUpdatedTime", "createdTime"


class Channel(StrEnum):
    """Who ships (SP-API `fulfillment.fulfilledBy`: MERCHANT or AMAZON)."""

    REGULAR = "regular"
    FBA = "fba"


class Phase(Enum):
    """What a status of Amazon's means. It decides what is done with the order."""

    NOT_RELEASED = auto()  # it waits
    TO_BE_SHIPPED = auto()  # a regular order is imported, an FBA order waits; `doublecheck` reads these
    SHIPPED = auto()  # imported, with the state "shipped" and its stock; its address stays; `recheck` reads these
    CANCELLED = auto()  # not imported, or moved to the state "cancelled"
    NOT_OF_AMAZON = auto()  # no sale on Amazon: none of the importer's business


class OrderStatus(StrEnum):
    """SP-API `fulfillment.fulfillmentStatus`. A new status of Amazon's is a row here, with what it means."""

    phase: Phase

    def __new__(cls, word: str, phase: Phase) -> Self:
        """Make a status of Amazon's word for it and its meaning: none can be added without one."""
        status = str.__new__(cls, word)
        status._value_ = word
        status.phase = phase
        return status

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY", Phase.NOT_RELEASED
    PENDING = "PENDING", Phase.NOT_RELEASED
    UNSHIPPED = "UNSHIPPED", Phase.TO_BE_SHIPPED
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED", Phase.TO_BE_SHIPPED
    SHIPPED = "SHIPPED", Phase.SHIPPED
    INVOICE_UNCONFIRMED = "INVOICE_UNCONFIRMED", Phase.SHIPPED  # of the older API; it may still turn up
    CANCELLED = "CANCELLED", Phase.CANCELLED
    UNFULFILLABLE = "UNFULFILLABLE", Phase.NOT_OF_AMAZON


def _statuses(*phases: Phase) -> frozenset[OrderStatus]:
    return frozenset(status for status in OrderStatus if status.phase in phases)


NOT_RELEASED_STATUSES = _statuses(Phase.NOT_RELEASED)
TO_BE_SHIPPED_STATUSES = _statuses(Phase.TO_BE_SHIPPED)
SHIPPED_STATUSES = _statuses(Phase.SHIPPED)
RELEASED_STATUSES = TO_BE_SHIPPED_STATUSES | SHIPPED_STATUSES
CANCELLED_STATUSES = _statuses(Phase.CANCELLED)
NOT_OF_AMAZON_STATUSES = _statuses(Phase.NOT_OF_AMAZON)


def status_words(status: str) -> str:
    """Return a status of Amazon's as people read it: "partially shipped"."""
    return status.lower().replace("_", " ")


class ProceedsType(StrEnum):
    """SP-API `proceeds.breakdowns[].type` (and, for TAX and DISCOUNT, `detailedBreakdowns[].subtype`)."""

    ITEM = "ITEM"
    SHIPPING = "SHIPPING"
    GIFT_WRAP = "GIFT_WRAP"
    COD_FEE = "COD_FEE"
    TAX = "TAX"
    DISCOUNT = "DISCOUNT"
    DELIVERY_TIP = "DELIVERY_TIP"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as Amazon wrote it (any number of decimals) in an ISO 4217 currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A field of an order that could not be taken as it is. Never holds a value that may be personal.

    `path` is Amazon's own path (`orderItems[0].quantityOrdered`); `grave` says that the order can't be imported as
    long as the field is so (it touches identity, time, status, quantity or money); `value` is Amazon's text for an
    unknown enumeration value, else ''.
    """

    path: str
    problem: str
    grave: bool = False
    value: str = ""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """SP-API `shipByWindow` and its kin; either end may be missing."""

    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """SP-API `recipient.deliveryAddress`; '' where Amazon gives nothing. `lines` has no empty entries."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    district: str = ""
    municipality: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    kind: str = ""  # RESIDENTIAL, COMMERCIAL, PICKUP_POINT


@dataclass(frozen=True, slots=True)
class DeliveryHours:
    """SP-API `deliveryTime.businessHours[]` and `exceptionDates[]`: when somebody is there to take the parcel.

    `day` is Amazon's day of the week (`MON`) or a date (`2024-12-31`); `spans` are hours of the place of delivery, none
    for the whole day.
    """

    day: str
    spans: tuple[tuple[time, time], ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    """SP-API `buyer`; '' where Amazon gives nothing."""

    name: str = ""
    email: str = ""
    company: str = ""
    purchase_order_number: str = ""


@dataclass(frozen=True, slots=True)
class TaxRegistration:
    """SP-API `tax.taxRegistrations[]`."""

    entity: str  # BUYER, MERCHANT, MARKETPLACE
    kind: str = ""  # BUSINESS, VAT, CST, CPF, CNPJ
    number: str = ""
    legal_name: str = ""
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Proceeds:
    """One row of `proceeds.breakdowns`. `details` holds the split of TAX and DISCOUNT by subtype."""

    type: ProceedsType | None  # None: a type that we do not know; see raw_type
    amount: Money
    details: tuple[tuple[ProceedsType | None, Money], ...] = ()
    raw_type: str = ""
    status: str = ""  # DELIVERY_TIP: PENDING or FINALIZED


@dataclass(frozen=True, slots=True)
class Item:
    """SP-API `orderItems[]`, keyed by `item_id` (two items may have the same SKU).

    `quantity` is what is sold: 0 for an item that was cancelled, also where Amazon leaves `quantityOrdered` as it was.
    """

    item_id: str
    quantity: int
    sku: str = ""
    asin: str = ""
    title: str = ""
    unit_price: Money | None = None
    price_designation: str = ""  # BUSINESS_PRICE
    condition: str = ""
    condition_subtype: str = ""
    proceeds_total: Money | None = None
    proceeds: tuple[Proceeds, ...] = ()
    programs: tuple[str, ...] = ()
    quantity_fulfilled: int | None = None
    cancel_requested_by: str = ""
    cancel_request_reason: str = ""
    cancelled_by: str = ""
    gift_message: str = ""
    gift_wrap_level: str = ""
    cash_on_delivery: bool = False
    # names of the other shippingConstraints[] that are MANDATORY, as Amazon writes them: signatureConfirmation
    demands: tuple[str, ...] = ()
    scheduled: TimeSpan = field(default_factory=TimeSpan)  # shipping.scheduledDeliveryWindow
    serial_numbers_required: bool = False  # packing.serialNumberRequirement
    substitution: str = ""  # CUSTOMER_PREFERENCE, AMAZON_RECOMMENDED, DO_NOT_SUBSTITUTE
    substitutes: tuple[tuple[int, str], ...] = ()  # (quantity, SKU, else ASIN, else title)
    ioss_number: str = ""
    reporting_schemes: tuple[str, ...] = ()  # UOSS, IOSS
    tax_collection_models: tuple[str, ...] = ()  # MARKETPLACE_FACILITATOR
    customized_url: str = ""
    measurement_unit: str = ""
    measurement_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """SP-API `packages[]` (merchant-fulfilled orders only)."""

    reference: str
    carrier: str = ""
    tracking_number: str = ""
    status: str = ""
    ship_time: datetime | None = None
    items: tuple[tuple[str, int], ...] = ()  # (item_id, quantity)


@dataclass(frozen=True, slots=True)
class PaymentExecution:
    """SP-API `payment.paymentExecutions[]`: the method, and the amount where given."""

    method: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One Amazon order as one answer of Amazon's showed it.

    `status` and `channel` are None when Amazon's word is unknown or missing (then `flaws` says which).
    `datasets` names the includedData sets that the answer really held: a name that is missing was not granted or not
    there, which is not the same as empty.
    """

    order_id: str
    created: datetime
    updated: datetime
    marketplace_id: str
    status: OrderStatus | None
    channel: Channel | None
    items: tuple[Item, ...]
    raw_status: str = ""
    raw_channel: str = ""
    sales_channel: str = "AMAZON"  # salesChannel.channelName: AMAZON or NON_AMAZON
    marketplace_name: str = ""
    service_level: str = ""
    programs: tuple[str, ...] = ()
    ship_by: TimeSpan = field(default_factory=TimeSpan)
    deliver_by: TimeSpan = field(default_factory=TimeSpan)
    print_labels: TimeSpan = field(default_factory=TimeSpan)  # labelPrintingWindow
    buyer: Buyer = field(default_factory=Buyer)
    delivery_address: Address | None = None
    delivery_instructions: tuple[str, ...] = ()
    delivery_hours: tuple[DeliveryHours, ...] = ()
    delivery_capabilities: tuple[str, ...] = ()  # HAS_ACCESS_POINT, PALLET_ENABLED, …
    grand_total: Money | None = None
    proceeds: tuple[Proceeds, ...] = ()
    packages: tuple[Package, ...] = ()
    payments: tuple[PaymentExecution, ...] = ()
    tax_registrations: tuple[TaxRegistration, ...] = ()
    replaces: tuple[str, ...] = ()  # associatedOrders: order ids of REPLACEMENT_/EXCHANGE_ORIGINAL_ID
    datasets: frozenset[str] = frozenset()
    flaws: tuple[Flaw, ...] = ()

    @property
    def sold_items(self) -> tuple[Item, ...]:
        """Return the items of which anything is still sold."""
        return tuple(item for item in self.items if item.quantity)

    @property
    def has_update_time(self) -> bool:
        """Return whether Amazon's time of update can be believed; else `updated` only stands in for it."""
        return not any(flaw.path == UPDATE_TIME for flaw in self.flaws)

    @property
    def grave_flaws(self) -> tuple[Flaw, ...]:
        """Return the flaws that forbid an import."""
        return tuple(flaw for flaw in self.flaws if flaw.grave)


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """An entry of an answer that is no order: no object, or without a usable id (`order_id` None) or times."""

    order_id: str | None
    flaws: tuple[Flaw, ...]


def without_buyer(order: Order) -> Order:
    """Return an order as if Amazon no longer gave anything of the buyer.

    Country, region, city and the postcode stay: VAT depends on them.
    """
    return replace(
        order,
        buyer=Buyer(),
        delivery_address=_place_only(order.delivery_address),
        delivery_instructions=(),
        delivery_hours=(),
        tax_registrations=(),
        items=tuple(
            replace(item, gift_message="", customized_url="", cancel_request_reason="") for item in order.items
        ),
    )


def without_postcode(order: Order) -> Order:
    """Return an order without the postcode, which is personal once it is written down."""
    address = order.delivery_address
    return order if address is None else replace(order, delivery_address=replace(address, postal_code=""))


def _place_only(address: Address | None) -> Address | None:
    if address is None:
        return None
    return Address(
        city=address.city,
        district=address.district,
        municipality=address.municipality,
        region=address.region,
        postal_code=address.postal_code,
        country=address.country,
        kind=address.kind,
    )
