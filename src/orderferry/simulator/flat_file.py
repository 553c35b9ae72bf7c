"""The all-orders report as Amazon writes it: a line an order item, tab-separated, without personal data.

Columns and traps: sp-api-orders 3. Amounts are those of the older Orders API: of the whole line, discounts positive.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

COLUMNS = (
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
    "cpf",
    "is-business-order",
    "purchase-order-number",
    "price-designation",
)
_STATUS_WORDS = {
    "PENDING_AVAILABILITY": "Pending",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "Partially Shipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Cancelled",
    "UNFULFILLABLE": "Unfulfillable",
}
_CHANNEL_WORDS = {"MERCHANT": "Merchant", "AMAZON": "Amazon"}
# Each column of money: the type of the breakdown, and for TAX and DISCOUNT the subtype of its detail.
_MONEY = {
    "item-price": ("ITEM", None),
    "item-tax": ("TAX", "ITEM"),
    "shipping-price": ("SHIPPING", None),
    "shipping-tax": ("TAX", "SHIPPING"),
    "gift-wrap-price": ("GIFT_WRAP", None),
    "gift-wrap-tax": ("TAX", "GIFT_WRAP"),
    "item-promotion-discount": ("DISCOUNT", "ITEM"),
    "ship-promotion-discount": ("DISCOUNT", "SHIPPING"),
}
_REPEATED_OF = 7  # one order of so many has its lines twice


def flat_file(orders: Iterable[Mapping[str, Any]], *, repeats: bool) -> str:
    """Given orders as Orders API 2026-01-01 shows them, return the report; with `repeats` some lines stand twice."""
    lines: list[tuple[str, ...]] = [COLUMNS]
    for order in orders:
        rows = list(_rows(order))
        again = repeats and zlib.crc32(str(order.get("orderId")).encode()) % _REPEATED_OF == 0
        lines += [*rows, *rows] if again else rows
    return "".join("\t".join(line) + "\r\n" for line in lines)


def _rows(order: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    shared = _order_columns(order)
    for item in _list(order, "orderItems"):
        values = shared | _item_columns(order, item)
        yield tuple(_one_line(values.get(column, "")) for column in COLUMNS)


def _order_columns(order: Mapping[str, Any]) -> dict[str, Any]:
    status = _at(order, "fulfillment", "fulfillmentStatus")
    sold_here = _at(order, "salesChannel", "channelName") != "NON_AMAZON"
    address = _at(order, "recipient", "deliveryAddress", otherwise={})
    return {
        "amazon-order-id": order.get("orderId", ""),
        "merchant-order-id": next((_at(alias, "aliasId") for alias in _list(order, "orderAliases")), ""),
        "purchase-date": _moment(order.get("createdTime")),
        "last-updated-date": _moment(order.get("lastUpdatedTime")),
        "order-status": _STATUS_WORDS.get(status, status),
        "fulfillment-channel": _CHANNEL_WORDS.get(_at(order, "fulfillment", "fulfilledBy"), ""),
        "sales-channel": _at(order, "salesChannel", "marketplaceName") if sold_here else "Non-Amazon",
        "order-channel": "",
        "ship-service-level": str(_at(order, "fulfillment", "fulfillmentServiceLevel")).capitalize(),
        "ship-city": _at(address, "city"),
        "ship-state": _at(address, "stateOrRegion"),
        "ship-postal-code": _at(address, "postalCode"),
        "ship-country": _at(address, "countryCode"),
        "is-business-order": str("AMAZON_BUSINESS" in _at(order, "programs")).lower(),
        "purchase-order-number": _at(order, "buyer", "buyerPurchaseOrderNumber"),
    }


def _item_columns(order: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    quantity = item.get("quantityOrdered", 0)
    status = _at(order, "fulfillment", "fulfillmentStatus")
    gone = (
        "CANCELLED" if "cancellationExecution" in _at(item, "cancellation", otherwise={}) and not quantity else status
    )
    return {
        "product-name": _at(item, "product", "title"),
        "sku": _at(item, "product", "sellerSku"),
        "asin": _at(item, "product", "asin"),
        "item-status": _STATUS_WORDS.get(gone, gone),
        "quantity": 0 if gone == "CANCELLED" else quantity,
        "currency": _at(item, "proceeds", "proceedsTotal", "currencyCode"),
        "promotion-ids": ",".join(str(_at(part, "promotionId")) for part in _list(item, "promotion", "breakdowns")),
        "price-designation": _at(item, "product", "price", "priceDesignation"),
        **{column: _amount(item, kind, subtype) for column, (kind, subtype) in _MONEY.items()},
    }


def _amount(item: Mapping[str, Any], kind: str, subtype: str | None) -> str:
    """One amount of an item, its sign taken off; '' where Amazon names none."""
    for row in _list(item, "proceeds", "breakdowns"):
        if row.get("type") != kind:
            continue
        if subtype is None:
            return str(_at(row, "subtotal", "amount")).lstrip("-")
        for detail in _list(row, "detailedBreakdowns"):
            if detail.get("subtype") == subtype:
                return str(_at(detail, "value", "amount")).lstrip("-")
    return ""


def _at(value: Any, *path: str, otherwise: Any = "") -> Any:
    """What stands at a path of a JSON value; `otherwise` where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return otherwise if value is None else value


def _list(value: Any, *path: str) -> list[Mapping[str, Any]]:
    """The objects of the list that stands at a path of a JSON value."""
    found = _at(value, *path)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _moment(text: Any) -> str:
    return str(text or "").replace("Z", "+00:00")


def _one_line(value: Any) -> str:
    return str(value).replace("\t", " ").replace("\r", " ").replace("\n", " ")
