"""The all-orders report, from text to orders. Pure and total: any text becomes orders and a count of unusable lines.

Columns: SP-API report type GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL. A line is an order item and has no
id: a line that stands twice is a repetition of the report's, or the same article bought twice, so both readings are
kept. Prices hold the tax in Europe and the Far East and do not in North America; for a marketplace that we do not know,
both readings are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from orderferry.amazon.decode_order import ORDER_ID
from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.decode_values import CHANNELS, STATUSES, parse_amazon_time, parse_amount
from orderferry.domain.compared_orders import RateShare, ReportedOrder, gathered, implied_rate, open_tax
from orderferry.domain.marketplaces import MARKETPLACES, Marketplace, Region
from orderferry.domain.orders import CANCELLED_STATUSES, Channel, OrderStatus
from orderferry.domain.pricing.proceeds import ZERO

_REQUIRED = ("amazon-order-id", "purchase-date", "order-status")
_CHARGES = ("item-price", "shipping-price", "gift-wrap-price")
_TAXES = ("item-tax", "shipping-tax", "gift-wrap-tax")
_DISCOUNTS = ("item-promotion-discount", "ship-promotion-discount")
# The report's words without spaces and hyphens, in lower case. "Shipped - Delivered to Buyer" begins like "Shipped".
_STATUSES: dict[str, OrderStatus] = {**STATUSES, "shipping": OrderStatus.UNSHIPPED}
_CHANNELS: dict[str, Channel] = {**CHANNELS, "seller": Channel.REGULAR}
_BY_DOMAIN = {marketplace.domain: marketplace for marketplace in MARKETPLACES}
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_QUANTITY = re.compile(r"\d{1,7}", re.ASCII)

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Line:
    """The money of one line: `charges` before `discount`; `tax` lies inside of them or comes on top (`on_top`)."""

    charges: Decimal
    discount: Decimal
    tax: Decimal
    on_top: bool

    @property
    def price(self) -> Decimal:
        """Return what is left of the charges."""
        return self.charges - self.discount

    @property
    def share(self) -> RateShare:
        """Return the line's gross amount and the tax in it, with the rate that they imply.

        Whether the tax was taken before or after the discount is not told: the way that gives a rate nearer to a
        multiple of a half is the one.
        """
        if self.on_top:
            gross = self.price + self.tax
            return RateShare(implied_rate(gross, self.tax), gross, self.tax)
        after, before = implied_rate(self.price, self.tax), implied_rate(self.charges, self.tax)
        if before is None or _miss(self.charges, self.tax) >= _miss(self.price, self.tax):
            return RateShare(after, self.price, self.tax)
        relief = (self.discount * before / (100 + before)).quantize(self.tax, ROUND_HALF_UP)
        return RateShare(before, self.price, self.tax - relief)


def parse_report(text: str) -> tuple[tuple[ReportedOrder, ...], int]:
    """Return the orders of a decoded document, in their sequence, and how many lines could not be used.

    Raise UnusableBody when it is no such report at all: a column that every order needs is missing.
    """
    by_order: dict[str, list[Row]] = {}
    unusable = 0
    for row in _rows(text):
        order_id = row["amazon-order-id"]
        if not ORDER_ID.fullmatch(order_id) or parse_amazon_time(row["purchase-date"]) is None:
            unusable += 1
            continue
        by_order.setdefault(order_id, []).append(row)
    return tuple(_order(order_id, rows) for order_id, rows in by_order.items()), unusable


def _rows(text: str) -> Iterator[Row]:
    """Yield the lines as mappings. Only line feeds end a line: titles hold other characters that Python splits at."""
    lines = text.removeprefix("\ufeff").split("\n")
    names = [name.strip().lower() for name in lines[0].rstrip("\r").split("\t")]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        raise UnusableBody(f"the report has no column {missing[0]}")
    for line in lines[1:]:
        values = line.rstrip("\r").split("\t")
        if any(values):
            yield {name: value.strip() for name, value in zip(names, values + [""] * len(names), strict=False)}


def _order(order_id: str, rows: list[Row]) -> ReportedOrder:
    newest = max(rows, key=lambda row: parse_amazon_time(row.get("last-updated-date", "")) or _purchased(row))
    marketplace = _BY_DOMAIN.get(newest.get("sales-channel", "").lower())
    raw_status = newest["order-status"]
    live = [row for row in rows if not row.get("item-status", "").lower().startswith("cancel")]
    if _status(raw_status) in CANCELLED_STATUSES:
        live = rows
    once = list({tuple(sorted(row.items())): row for row in live}.values())
    lines = _lines(once, marketplace)
    shares = gathered(line.share for line in lines or ())
    return ReportedOrder(
        order_id=order_id,
        purchased=_purchased(newest),
        updated=parse_amazon_time(newest.get("last-updated-date", "")),
        status=_status(raw_status),
        channel=_CHANNELS.get(newest.get("fulfillment-channel", "").lower()),
        marketplace_id=marketplace.id if marketplace else "",
        raw_status="" if _status(raw_status) else raw_status[:40],
        sold_by_amazon=marketplace is not None or not newest.get("sales-channel", "").lower().startswith("non-amazon"),
        currency=_first(_CURRENCY, (row.get("currency", "") for row in rows)),
        country=_first(_COUNTRY, (row.get("ship-country", "") for row in rows)),
        quantity=sum(_quantity(row) or 0 for row in once),
        gross=sum((share.gross for share in shares), ZERO) if lines else None,
        tax=sum((share.tax for share in shares), ZERO),
        shares=shares,
        totals=frozenset(_totals(lines, marketplace) | _totals(_lines(live, marketplace), marketplace)),
        quantities=_quantities(once, live),
        tax_range=_tax_range(lines) if lines else None,
    )


def _tax_range(lines: list[_Line]) -> tuple[Decimal, Decimal]:
    """Return the least and the most that the tax may be: the report may count it before the discount."""
    least = most = ZERO
    for line in lines:
        if line.tax:
            least += min(line.share.tax, line.tax * line.price / line.charges if line.charges else line.tax)
            most += line.tax
        else:
            most += open_tax(line.price)
    return least, most


def _lines(rows: Iterable[Row], marketplace: Marketplace | None) -> list[_Line] | None:
    """Return the money of the lines with a price; None when none has one, or an amount can't be read."""
    on_top = marketplace is not None and marketplace.region is Region.NA
    lines = []
    for row in rows:
        amounts = {name: row.get(name, "") for name in (*_CHARGES, *_TAXES, *_DISCOUNTS)}
        read = {name: parse_amount(text) for name, text in amounts.items() if text}
        if None in read.values():
            return None
        if row.get("item-price"):
            # a discount counts the same whatever its sign
            discount = sum((abs(read.get(name) or ZERO) for name in _DISCOUNTS), ZERO)
            lines.append(_Line(_sum(read, _CHARGES), discount, _sum(read, _TAXES), on_top))
    return lines or None


def _sum(read: Mapping[str, Decimal | None], names: Iterable[str]) -> Decimal:
    return sum((read.get(name) or ZERO for name in names), ZERO)


def _totals(lines: list[_Line] | None, marketplace: Marketplace | None) -> set[Decimal]:
    """Return what the buyer may have paid for these lines; of an unknown marketplace with the tax on top as well."""
    if lines is None:
        return set()
    price, tax = sum((line.price for line in lines), ZERO), sum((line.tax for line in lines), ZERO)
    if marketplace is None:
        return {price, price + tax}
    return {price + tax if lines[0].on_top else price}


def _miss(gross: Decimal, tax: Decimal) -> Decimal:
    """Return how far the rate that these amounts imply is from a multiple of a half."""
    net = gross - tax
    if net <= 0:
        return Decimal(1)
    halves = tax * 200 / net
    return abs(halves - halves.to_integral_value())


def _quantities(once: list[Row], live: list[Row]) -> frozenset[int]:
    readings = [[_quantity(row) for row in rows] for rows in (once, live)]
    return frozenset(sum(filter(None, found)) for found in readings if found and None not in found)


def _quantity(row: Row) -> int | None:
    text = row.get("quantity", "")
    return int(text) if _QUANTITY.fullmatch(text) else None


def _status(word: str) -> OrderStatus | None:
    compact = re.sub(r"[\s_-]", "", word.lower())
    return OrderStatus.SHIPPED if compact.startswith("shipped") else _STATUSES.get(compact)


def _purchased(row: Row) -> datetime:
    moment = parse_amazon_time(row["purchase-date"])
    assert moment is not None  # noqa: S101 — parse_report has looked
    return moment


def _first(pattern: re.Pattern[str], texts: Iterable[str]) -> str:
    """Return the first of these texts that the pattern fits, else ''."""
    return next((text for text in texts if pattern.fullmatch(text)), "")
