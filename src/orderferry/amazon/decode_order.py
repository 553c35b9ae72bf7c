"""From one entry of an answer to an `Order`, or to what is known of an entry that is none.

First the order itself, then its parts beside the items: addresses, buyer, packages, payments, tax registrations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from orderferry.amazon.decode_item import decode_items, decode_price, decode_proceeds, mixed_currencies
from orderferry.amazon.decode_values import (
    ADDRESS_KINDS,
    CHANNELS,
    DATASETS,
    EXCEPTION_KINDS,
    ORDER_PROGRAMS,
    PACKAGE_STATES,
    REPLACEMENT_KINDS,
    SALES_CHANNELS,
    SERVICE_LEVELS,
    STATUSES,
    TAX_ENTITIES,
    TAX_REGISTRATION_KINDS,
    WEEKDAYS,
    Node,
    TextFields,
    clean_word,
    distinct,
    find_damage,
    read_texts,
    squeeze,
)
from orderferry.domain.durations import iso
from orderferry.domain.orders import (
    CANCELLED_STATUSES,
    CREATION_TIME,
    UPDATE_TIME,
    Address,
    Buyer,
    DeliveryHours,
    Flaw,
    Item,
    Money,
    Order,
    Package,
    PaymentExecution,
    Proceeds,
    TaxRegistration,
    UnreadableOrder,
)

# Amazon's own ids are 3-7-7 digits; other sales channels have letters. Anything else can't be an id, nor part of a URL.
ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", re.ASCII)
_APART = timedelta(minutes=5)  # how far the clocks of Amazon's machines may be apart
_MARKETPLACE_ID = re.compile(r"[A-Z0-9]{5,32}", re.ASCII)
T = TypeVar("T")

_ADDRESS: TextFields = (
    ("name", "name", None),
    ("company", "companyName", None),
    ("city", "city", None),
    ("district", "districtOrCounty", None),
    ("municipality", "municipality", None),
    ("region", "stateOrRegion", None),
    ("postal_code", "postalCode", None),
    ("country", "countryCode", None),
    ("phone", "phone", None),
    ("kind", "addressType", ADDRESS_KINDS),
)
_LINES = ("addressLine1", "addressLine2", "addressLine3")
# Brazil: the same street once more in parts; taken only where there is no line.
_EXTENDED_LINES = (
    "extendedFields.streetName",
    "extendedFields.streetNumber",
    "extendedFields.complement",
    "extendedFields.neighborhood",
)
_BUYER: TextFields = (
    ("name", "buyer.buyerName", None),
    ("email", "buyer.buyerEmail", None),
    ("company", "buyer.buyerCompanyName", None),
    ("purchase_order_number", "buyer.buyerPurchaseOrderNumber", None),
)
_PACKAGE: TextFields = (
    ("reference", "packageReferenceId", None),
    ("carrier", "carrier", None),
    ("tracking_number", "trackingNumber", None),
    ("status", "packageStatus.status", PACKAGE_STATES),
)
_REGISTRATION: TextFields = (
    ("entity", "entityType", TAX_ENTITIES),
    ("kind", "taxRegistrationType", TAX_REGISTRATION_KINDS),
    ("number", "taxRegistrationNumber", None),
    ("legal_name", "legalName", None),
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|T)", re.ASCII)
_INSTRUCTIONS = ("recipient.deliveryPreference.dropOffLocation", "recipient.deliveryPreference.addressInstruction")


def decode_order(entry: object) -> Order | UnreadableOrder:
    """Return the order in a JSON value (SP-API `Order`), with a flaw for all that is amiss.

    An entry that is no object or has no usable `orderId` comes back unreadable without an id; one without a usable
    `createdTime` or `lastUpdatedTime`, or with bytes that are no text, with its id. Never raises.
    """
    if not isinstance(entry, Mapping):
        return UnreadableOrder(None, (Flaw("", "is no object", grave=True),))
    order = Node(entry, "", [])
    order_id = order.text("orderId", grave=True, required=True)
    if order_id and not ORDER_ID.fullmatch(order_id):
        order.flaw("orderId", "is no order id", grave=True)
        order_id = ""
    damage = find_damage(entry)
    if damage is not None:
        # nothing of it may be believed but an id that looks like one
        return UnreadableOrder(order_id or None, distinct([damage, *order.flaws]))
    created = order.moment("createdTime", grave=True, required=True)
    updated = order.moment("lastUpdatedTime", grave=True, required=True)
    if not order_id or created is None or updated is None:
        return UnreadableOrder(order_id or None, distinct(order.flaws))
    return _order(order, order_id, created, updated)


def not_ahead(order: Order | UnreadableOrder, now: datetime) -> Order | UnreadableOrder:
    """Return an order of an answer with no time that lies ahead of Amazon's own time.

    Amazon's machines may be a moment apart. What lies further ahead is flawed: a time of update then says nothing of
    what came first, and must not outrank the answers that come later.
    """
    if isinstance(order, UnreadableOrder):
        return order
    ahead = [
        Flaw(path, f"is ahead of Amazon's own clock: {iso(moment)}")
        for path, moment in ((CREATION_TIME, order.created), (UPDATE_TIME, order.updated))
        if moment > now + _APART
    ]
    created = min(order.created, now)
    updated = created if any(flaw.path == UPDATE_TIME for flaw in ahead) else min(order.updated, now)
    return replace(order, created=created, updated=updated, flaws=distinct([*order.flaws, *ahead]))


def _order(order: Node, order_id: str, created: datetime, updated: datetime) -> Order:
    status, raw_status = _decisive(order, "fulfillment.fulfillmentStatus", STATUSES)
    channel, raw_channel = _decisive(order, "fulfillment.fulfilledBy", CHANNELS)
    sales_channel = order.word("salesChannel.channelName", SALES_CHANNELS, grave=True, required=True)
    items = decode_items(order, may_be_empty=status in CANCELLED_STATUSES)
    grand_total = decode_price(order, "proceeds.grandTotal")
    proceeds = decode_proceeds(order)
    order.flaws.extend(mixed_currencies(_amounts(grand_total, proceeds, items)))
    return Order(
        order_id=order_id,
        created=created,
        updated=updated,
        status=status,
        raw_status=raw_status,
        channel=channel,
        raw_channel=raw_channel,
        sales_channel=sales_channel,
        marketplace_id=_marketplace(order, needed=sales_channel == "AMAZON"),
        marketplace_name=order.text("salesChannel.marketplaceName"),
        service_level=order.word("fulfillment.fulfillmentServiceLevel", SERVICE_LEVELS),
        programs=order.words("programs", ORDER_PROGRAMS),
        ship_by=order.window("fulfillment.shipByWindow"),
        deliver_by=order.window("fulfillment.deliverByWindow"),
        print_labels=order.window("fulfillment.labelPrintingWindow"),
        buyer=Buyer(**read_texts(order, _BUYER)),
        delivery_address=_address(order.node("recipient.deliveryAddress")),
        delivery_instructions=_present(order, _INSTRUCTIONS),
        delivery_hours=_hours(order),
        # a list that Amazon does not close: any word is taken
        delivery_capabilities=tuple(
            filter(None, map(clean_word, order.texts("recipient.deliveryPreference.deliveryCapabilities")))
        ),
        items=items,
        grand_total=grand_total,
        proceeds=proceeds,
        packages=_packages(order),
        payments=_payments(order),
        tax_registrations=_registrations(order),
        replaces=_replaced(order),
        datasets=_datasets(order.fields),
        flaws=distinct(order.flaws),  # stays last: everything above adds to them
    )


def _decisive(order: Node, field: str, known: Mapping[str, T]) -> tuple[T | None, str]:
    """Return the value of a word that decides what is done, and Amazon's word. Missing or unknown is a grave flaw."""
    raw = order.text(field, grave=True, required=True)
    value = known.get(squeeze(raw))
    if value is None and raw.strip():
        order.flaw(field, "is a word that orderferry does not know", grave=True, value=raw)
    return value, clean_word(raw)


def _marketplace(order: Node, *, needed: bool) -> str:
    marketplace_id = order.text("salesChannel.marketplaceId", grave=needed, required=needed)
    if marketplace_id and not _MARKETPLACE_ID.fullmatch(marketplace_id):
        order.flaw("salesChannel.marketplaceId", "is no marketplace id", grave=needed)
        return ""
    return marketplace_id


def _amounts(total: Money | None, proceeds: tuple[Proceeds, ...], items: tuple[Item, ...]) -> list[Money | None]:
    """Return every amount that takes part in the order's sum."""
    rows = [*proceeds, *(row for item in items for row in item.proceeds)]
    parts = [money for row in rows for _, money in row.details]
    prices = [money for item in items for money in (item.unit_price, item.proceeds_total)]
    return [total, *(row.amount for row in rows), *parts, *prices]


def _datasets(fields: Mapping[str, Any]) -> frozenset[str]:
    """Return the includedData sets that an entry holds, empty ones included; a set of the wrong type is none."""
    listed = fields.get("orderItems")
    items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return frozenset(
        name
        for name, (order_key, item_key) in DATASETS.items()
        if isinstance(fields.get(order_key), Mapping | list)
        or any(isinstance(item.get(item_key), Mapping | list) for item in items)
    )


def _address(node: Node | None) -> Address | None:
    if node is None:
        return None
    return Address(lines=_present(node, _LINES) or _present(node, _EXTENDED_LINES), **read_texts(node, _ADDRESS))


def _hours(order: Node) -> tuple[DeliveryHours, ...]:
    """Return when somebody is there to take the parcel: by day of the week, then the dates that are exceptions."""
    days = [
        DeliveryHours(day.word("dayOfWeek", WEEKDAYS), _spans(day))
        for day in order.nodes("recipient.deliveryPreference.deliveryTime.businessHours")
    ]
    dates = [
        DeliveryHours(_day(date), _spans(date), date.word("exceptionDateType", EXCEPTION_KINDS) == "CLOSED")
        for date in order.nodes("recipient.deliveryPreference.deliveryTime.exceptionDates")
    ]
    return tuple(one for one in (*days, *dates) if one.day)


def _day(node: Node) -> str:
    """Return a calendar day, also where Amazon writes it as a time."""
    text = node.text("exceptionDate")
    found = _DAY.match(text)
    if text and not found:
        node.flaw("exceptionDate", "is no date")
    return found[0] if found else ""


def _spans(node: Node) -> tuple[tuple[time, time], ...]:
    found = [(span.clock_time("startTime"), span.clock_time("endTime")) for span in node.nodes("timeWindows")]
    return tuple((start, end) for start, end in found if start is not None and end is not None)


def _packages(order: Node) -> tuple[Package, ...]:
    return tuple(
        Package(
            ship_time=package.moment("shipTime"),
            items=tuple(
                (item.text("orderItemId", required=True), item.count("quantity", required=True) or 0)
                for item in package.nodes("packageItems")
            ),
            **read_texts(package, _PACKAGE),
        )
        for package in order.nodes("packages")
    )


def _payments(order: Node) -> tuple[PaymentExecution, ...]:
    """Return how an order was paid. An amount that can't be read is no grave flaw: totals decide."""
    return tuple(
        PaymentExecution(execution.text("paymentMethod"), execution.money("paymentAmount", grave=False))
        for execution in order.nodes("payment.paymentExecutions")
    )


def _registrations(order: Node) -> tuple[TaxRegistration, ...]:
    return tuple(
        TaxRegistration(
            address=_address(registration.node("taxRegistrationAddress")),
            **read_texts(registration, _REGISTRATION),
        )
        for registration in order.nodes("tax.taxRegistrations")
    )


def _replaced(order: Node) -> tuple[str, ...]:
    """Return the ids of the orders that this one replaces or is exchanged for."""
    rows = [
        (row.word("associationType", REPLACEMENT_KINDS), row.text("orderId")) for row in order.nodes("associatedOrders")
    ]
    return tuple(order_id for kind, order_id in rows if kind in REPLACEMENT_KINDS and order_id)


def _present(node: Node, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (node.text(field).strip() for field in fields)))
