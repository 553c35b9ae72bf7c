"""Digests of Amazon's data about an order, one for each group: they tell what changed since it was written last.

They are made from Amazon's data alone, so that no change by a person in the shop looks like a change at Amazon.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from orderferry.domain.marker import DIGEST_GROUPS, DIGEST_VERSION, Digests
from orderferry.domain.orders import Address, Item, Money, Order, OrderStatus, Proceeds
from orderferry.prestashop.database.values import as_decimal, as_int
from orderferry.prestashop.planning.resolved_order import tracking_of

_MAY_BE_EMPTY = ("address", "tracking")  # groups of which Amazon may say nothing
_LENGTH = 16  # hex digits: 64 bits, compared only with the same order's own earlier digest


def digests_of(order: Order) -> Digests:
    """Return the digests of an order.

    An address that Amazon withholds has the digest '', which never counts as a change: the shop's address stays.
    """
    tracking = tracking_of(order.packages)
    return Digests(
        state=short_hash(
            order.status,
            sorted(item.item_id for item in order.sold_items if item.cancel_requested_by),
            *_progress(order),
        ),
        lines=short_hash(sorted(map(_line, order.items))),
        address=_address_digest(order.delivery_address),
        tracking=short_hash(tracking.number, tracking.carrier, tracking.others) if tracking.number else "",
        totals=short_hash(
            _money(order.grand_total),
            [[item.item_id, *map(_proceeds, item.proceeds)] for item in sorted(order.items, key=lambda i: i.item_id)],
            list(map(_proceeds, order.proceeds)),
        ),
        version=DIGEST_VERSION,
    )


def changed_groups(old: Digests, new: Digests) -> frozenset[str]:
    """Return the names of the groups that changed between the digests written last and Amazon's of today.

    Digests of another version are not compared, except that an empty one means "no data" in each version: data that
    Amazon gives for the first time are a change. An empty new digest is no change: Amazon has withdrawn the data.
    """
    if old.version != new.version:
        return frozenset(name for name in _MAY_BE_EMPTY if getattr(new, name) and not getattr(old, name))
    return frozenset(name for name in DIGEST_GROUPS if getattr(new, name) and getattr(new, name) != getattr(old, name))


def merge_digests(old: Digests, new: Digests) -> Digests:
    """Return the digests to keep: the new ones, and the old one where the new one is empty."""
    return Digests(**{name: getattr(new, name) or getattr(old, name) for name in DIGEST_GROUPS}, version=new.version)


def is_deliverable(address: Address | None) -> bool:
    """Return whether an address has a name and a street; Amazon withdraws both some time after the delivery."""
    return address is not None and bool(address.name or address.company) and bool(address.lines)


def _line(item: Item) -> tuple[str, str, int, str]:
    """Return what is sold of an item.

    Amazon may keep `cancelled_by` when pieces are sold again, so it counts only without pieces.
    """
    return item.item_id, item.sku, item.quantity, "" if item.quantity else item.cancelled_by


def _progress(order: Order) -> list[Any]:
    """Return how much of a partially shipped order was sent; nothing for any other order."""
    if order.status is not OrderStatus.PARTIALLY_SHIPPED:
        return []
    return [sorted((item.item_id, item.quantity_fulfilled) for item in order.items if item.quantity_fulfilled)]


def _address_digest(address: Address | None) -> str:
    if address is None or not is_deliverable(address):
        return ""
    return short_hash(
        address.name,
        address.company,
        list(address.lines),
        address.city,
        address.district,
        address.municipality,
        address.region,
        address.postal_code,
        address.country,
    )


def _money(money: Money | None) -> list[str]:
    # normalised, since "12.5" and "12.50" are the same amount
    return [f"{money.amount.normalize():f}", money.currency] if money else []


def _proceeds(row: Proceeds) -> list[Any]:
    return [row.type, row.raw_type, _money(row.amount)]


def short_hash(*values: Any) -> str:
    """Return a hash of 64 bits of values that JSON knows."""
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_LENGTH]


def lines_digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a hash of what rows of order_detail (or their drafts) sell, and for how much."""
    lines = sorted(
        [as_int(row["product_id"]), as_int(row["product_attribute_id"]), as_int(row["product_quantity"]), amount]
        for row in rows
        for amount in [f"{as_decimal(row['total_price_tax_incl']):.6f}"]
    )
    return short_hash(lines)
