"""One entry of an answer as an `Order` of ours, or as what is known of an entry that is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from orderferry.amazon.decode_item import decode_items
from orderferry.amazon.decode_money import decode_price, decode_proceeds, mixed_currencies
from orderferry.amazon.decode_parts import (
    decode_address,
    decode_buyer,
    decode_hours,
    decode_instructions,
    decode_packages,
    decode_payments,
    decode_registrations,
    decode_replaced,
    decode_seller_order_id,
)
from orderferry.amazon.decode_values import Node, clean_word, distinct, find_damage
from orderferry.amazon.decode_words import (
    CHANNELS,
    DATASETS,
    ORDER_PROGRAMS,
    SALES_CHANNELS,
    SERVICE_LEVELS,
    STATUSES,
    squeeze,
)
from orderferry.domain.durations import iso
from orderferry.domain.orders import (
    CREATION_TIME,
    UPDATE_TIME,
    Flaw,
    Item,
    Money,
    Order,
    OrderStatus,
    Proceeds,
    UnreadableOrder,
)

# Amazon's own ids are 3-7-7 digits; other sales channels have letters. Anything else can't be an id, nor part of a URL.
ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", re.ASCII)
_APART = timedelta(minutes=5)  # how far the clocks of Amazon's machines may be apart
_MARKETPLACE_ID = re.compile(r"[A-Z0-9]{5,32}", re.ASCII)
T = TypeVar("T")


def decode_order(entry: object) -> Order | UnreadableOrder:
    """Given any JSON value, return the order that it is (SP-API `Order`), with a flaw for all that is amiss.

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
    """Given an order of an answer and Amazon's own time, return it with no time that lies ahead of that.

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
    items = decode_items(order, may_be_empty=status is OrderStatus.CANCELLED)
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
        seller_order_id=decode_seller_order_id(order),
        service_level=order.word("fulfillment.fulfillmentServiceLevel", SERVICE_LEVELS),
        programs=order.words("programs", ORDER_PROGRAMS),
        ship_by=order.window("fulfillment.shipByWindow"),
        deliver_by=order.window("fulfillment.deliverByWindow"),
        print_labels=order.window("fulfillment.labelPrintingWindow"),
        buyer=decode_buyer(order),
        delivery_address=decode_address(order.node("recipient.deliveryAddress")),
        delivery_instructions=decode_instructions(order),
        delivery_hours=decode_hours(order),
        delivery_capabilities=_words(order, "recipient.deliveryPreference.deliveryCapabilities"),
        items=items,
        grand_total=grand_total,
        proceeds=proceeds,
        packages=decode_packages(order),
        payments=decode_payments(order),
        tax_registrations=decode_registrations(order),
        replaces=decode_replaced(order),
        datasets=_datasets(order.fields),
        flaws=distinct(order.flaws),  # stays last: everything above adds to them
    )


def _decisive(order: Node, field: str, known: Mapping[str, T]) -> tuple[T | None, str]:
    """A word on which the decision hangs: its value, and what Amazon wrote. Missing or unknown is a grave flaw."""
    raw = order.text(field, grave=True, required=True)
    value = known.get(squeeze(raw))
    if value is None and raw.strip():
        order.flaw(field, "is a word that orderferry does not know", grave=True, value=raw)
    return value, clean_word(raw)


def _words(order: Node, field: str) -> tuple[str, ...]:
    """Words of a list that Amazon does not close: any is taken."""
    return tuple(filter(None, map(clean_word, order.texts(field))))


def _marketplace(order: Node, *, needed: bool) -> str:
    marketplace_id = order.text("salesChannel.marketplaceId", grave=needed, required=needed)
    if marketplace_id and not _MARKETPLACE_ID.fullmatch(marketplace_id):
        order.flaw("salesChannel.marketplaceId", "is no marketplace id", grave=needed)
        return ""
    return marketplace_id


def _amounts(total: Money | None, proceeds: tuple[Proceeds, ...], items: tuple[Item, ...]) -> list[Money | None]:
    """Every amount that takes part in the order's sum."""
    rows = [*proceeds, *(row for item in items for row in item.proceeds)]
    parts = [money for row in rows for _, money in row.details]
    prices = [money for item in items for money in (item.unit_price, item.proceeds_total)]
    return [total, *(row.amount for row in rows), *parts, *prices]


def _datasets(fields: Mapping[str, Any]) -> frozenset[str]:
    """The includedData sets that an entry holds, empty ones included; a set of the wrong type is none."""
    listed = fields.get("orderItems")
    items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return frozenset(
        name
        for name, (order_key, item_key) in DATASETS.items()
        if isinstance(fields.get(order_key), Mapping | list)
        or any(isinstance(item.get(item_key), Mapping | list) for item in items)
    )
