"""Looking into a shop as an auditor does: with SELECT alone, on tables that every PrestaShop has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from orderferry.domain.compared_orders import RateShare, gathered
from orderferry.domain.money import net_at_higher_rate, quantise
from orderferry.domain.pricing.proceeds import ZERO
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.tables import ShopTables, chunks
from orderferry.prestashop.database.values import as_decimal, as_int, as_text
from orderferry.prestashop.facts import FEE_REFERENCE
from orderferry.prestashop.reading.other_importers import AMAZON_LIKE, amazon_id_in

AUDITED_TABLES = frozenset(
    """
    address configuration country currency order_detail order_detail_tax order_payment order_state order_state_lang
    orders tax
    """.split()  # noqa: SIM905 — a list of names reads better as text
)
SLIPS = "order_slip"  # read where the database user may: an audit without it has no refunds
Claims = set[tuple[str, int]]  # (Amazon order id, id_order)

_ORDER_COLUMNS = (
    "id_order",
    "reference",
    "date_add",
    "current_state",
    "total_paid",
    "total_paid_tax_excl",
    "total_shipping_tax_incl",
    "total_shipping_tax_excl",
    "carrier_tax_rate",
    "invoice_number",
    "invoice_date",
    "delivery_date",
    "conversion_rate",
    "id_shop",
)


def claims_since(connection: sa.Connection, tables: ShopTables, moment: str) -> Claims:
    """Given a time as the shop writes it, return which orders from then on bear which Amazon id in their payments."""
    orders, payment = tables["orders"], tables["order_payment"]
    rows = connection.execute(
        sa.select(payment.c.transaction_id, orders.c.id_order)
        .join_from(orders, payment, tables.same_text(("order_payment", "order_reference"), ("orders", "reference")))
        .where(orders.c.date_add >= moment, payment.c.transaction_id.like(AMAZON_LIKE))
    )
    return _claims(rows)


def claims_credited_since(connection: sa.Connection, tables: ShopTables, moment: str) -> Claims:
    """Return which orders with a credit slip from then on bear which Amazon id, given a time as the shop writes it."""
    if not tables.has(SLIPS):
        return set()
    orders, payment, slip = tables["orders"], tables["order_payment"], tables[SLIPS]
    rows = connection.execute(
        sa.select(payment.c.transaction_id, orders.c.id_order)
        .join_from(slip, orders, orders.c.id_order == slip.c.id_order)
        .join(payment, tables.same_text(("order_payment", "order_reference"), ("orders", "reference")))
        .where(slip.c.date_add >= moment, payment.c.transaction_id.like(AMAZON_LIKE))
    )
    return _claims(rows)


def claims_of(connection: sa.Connection, tables: ShopTables, order_ids: Iterable[str]) -> Claims:
    """Given Amazon order ids, return the orders of any date that bear one of them in their payments.

    The column has no index: one look through all payments for each 500 ids.
    """
    orders, payment = tables["orders"], tables["order_payment"]
    found: Claims = set()
    for some in chunks(sorted(order_ids)):
        rows = connection.execute(
            sa.select(payment.c.transaction_id, orders.c.id_order)
            .join_from(payment, orders, tables.same_text(("orders", "reference"), ("order_payment", "order_reference")))
            .where(payment.c.transaction_id.in_(some))
        )
        found |= _claims(rows)
    return found


@dataclass(frozen=True, slots=True)
class MarkerWords:
    """What our own table says of an order, as far as a comparison asks. `reference`: '' where it was not kept."""

    id_order: int
    reference: str = ""
    marketplace_id: str = ""
    channel: str = ""
    tax_scheme: str = ""
    seller: str = ""

    def fits(self, row: Mapping[Any, Any] | None) -> bool:
        """Return whether this row of `orders` still is the one that the marker was written with: old servers give an
        id again.
        """
        return row is not None and self.reference in ("", as_text(row["reference"]))


def marker_words(connection: sa.Connection, tables: ShopTables, order_ids: Iterable[str]) -> Mapping[str, MarkerWords]:
    """Given Amazon order ids, return what their markers say; nothing in a shop that orderferry never wrote to."""
    if not tables.has(MARKER_TABLE):
        return {}
    marker = tables[MARKER_TABLE]
    query = sa.select(
        marker.c.amazon_order_id,
        marker.c.id_order,
        marker.c.marketplace_id,
        *(tables.column(MARKER_TABLE, name, "") for name in ("order_reference", "channel", "tax_scheme", "seller")),
    )
    found = {}
    for some in chunks(sorted(order_ids)):
        for row in connection.execute(query.where(marker.c.amazon_order_id.in_(some))).mappings():
            found[as_text(row["amazon_order_id"])] = MarkerWords(
                as_int(row["id_order"]),
                as_text(row["order_reference"]),
                as_text(row["marketplace_id"]),
                as_text(row["channel"]),
                as_text(row["tax_scheme"]),
                as_text(row["seller"]),
            )
    return found


def order_facts(connection: sa.Connection, tables: ShopTables, ids: Iterable[int]) -> list[Mapping[Any, Any]]:
    """Given id_orders, return their rows of `orders`, with the ISO codes of currency and country of delivery."""
    orders, currency = tables["orders"], tables["currency"]
    address, country = tables["address"], tables["country"]
    query = sa.select(
        *(tables.column("orders", name, 0) for name in _ORDER_COLUMNS),
        currency.c.iso_code.label("currency"),
        country.c.iso_code.label("country"),
    ).select_from(
        orders.outerjoin(currency, currency.c.id_currency == orders.c.id_currency)
        .outerjoin(address, address.c.id_address == orders.c.id_address_delivery)
        .outerjoin(country, country.c.id_country == address.c.id_country)
    )
    found: list[Mapping[Any, Any]] = []
    for some in chunks(sorted(ids)):
        found += connection.execute(query.where(orders.c.id_order.in_(some))).mappings()
    return found


@dataclass(slots=True)
class Lines:
    """The lines of one order: units of articles, units of fees, amounts by rate of tax."""

    units: int = 0
    fees: int = 0
    shares: list[RateShare] = field(default_factory=list)


def order_lines(
    connection: sa.Connection, tables: ShopTables, ids: Iterable[int], fee_references: Collection[str] = ()
) -> Mapping[int, Lines]:
    """Given id_orders, return their lines. Fees are lines on a product of ours, or of `fee_references`; older versions
    wrote lines without product and without reference."""
    detail, link, tax = tables["order_detail"], tables["order_detail_tax"], tables["tax"]
    query = sa.select(
        detail.c.id_order,
        detail.c.id_order_detail,
        detail.c.product_id,
        detail.c.product_reference,
        detail.c.product_quantity,
        detail.c.total_price_tax_incl,
        detail.c.total_price_tax_excl,
        tax.c.rate,
    ).select_from(
        detail.outerjoin(link, link.c.id_order_detail == detail.c.id_order_detail).outerjoin(
            tax, tax.c.id_tax == link.c.id_tax
        )
    )
    found: dict[int, Lines] = defaultdict(Lines)
    for some in chunks(sorted(ids)):
        seen: set[int] = set()
        rows = connection.execute(query.where(detail.c.id_order.in_(some)).order_by(detail.c.id_order_detail))
        for row in rows.mappings():
            if as_int(row["id_order_detail"]) in seen:
                continue  # a second tax of the same line
            seen.add(as_int(row["id_order_detail"]))
            _add_line(found[as_int(row["id_order"])], row, fee_references)
    return found


def credit_slips(
    connection: sa.Connection, tables: ShopTables, ids: Iterable[int]
) -> Mapping[int, list[Mapping[Any, Any]]]:
    """Given id_orders, return the rows of their credit slips, the oldest first."""
    found: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    if not tables.has(SLIPS):
        return found
    slip = tables[SLIPS]
    wanted = sa.select(slip.c.id_order, slip.c.date_add, *(tables.column(SLIPS, name, 0) for name in _SLIP_AMOUNTS))
    for some in chunks(sorted(ids)):
        rows = connection.execute(wanted.where(slip.c.id_order.in_(some)).order_by(slip.c.id_order_slip))
        for row in rows.mappings():
            found[as_int(row["id_order"])].append(row)
    return found


_SLIP_AMOUNTS = (
    "total_products_tax_incl",
    "total_products_tax_excl",
    "total_shipping_tax_incl",
    "total_shipping_tax_excl",
    "amount",
    "shipping_cost_amount",
)


def currency_codes(connection: sa.Connection, tables: ShopTables) -> Mapping[int, str]:
    """Return the ISO codes of the shop's currencies by id."""
    currency = tables["currency"]
    rows = connection.execute(sa.select(currency.c.id_currency, currency.c.iso_code))
    return {as_int(id_currency): as_text(code).upper() for id_currency, code in rows}


def _add_line(lines: Lines, row: Mapping[Any, Any], fee_references: Collection[str]) -> None:
    quantity, reference = as_int(row["product_quantity"]), as_text(row["product_reference"])
    is_fee = reference.startswith(FEE_REFERENCE) or reference in fee_references
    if is_fee or not (as_int(row["product_id"]) or reference):
        lines.fees += quantity
    else:
        lines.units += quantity
    gross = as_decimal(row["total_price_tax_incl"])
    lines.shares.append(RateShare(plain_rate(row["rate"]), gross, gross - as_decimal(row["total_price_tax_excl"])))


def whole_shares(row: Mapping[Any, Any], lines: Sequence[RateShare]) -> tuple[RateShare, ...]:
    """Given an order's row and its lines by rate, return all of its total by rate.

    Shipping stands under the carrier's rate, or under the two rates of the lines of which that is the mean; what
    wrapping and discounts leave goes to the largest share.
    """
    parts = [*lines, *_shipping_shares(row, {part.rate for part in lines})]
    total = as_decimal(row["total_paid"])
    missing = total - sum((part.gross for part in parts), ZERO)
    tax = total - as_decimal(row["total_paid_tax_excl"])
    missing_tax = tax - sum((part.tax for part in parts), ZERO)
    if missing or missing_tax:
        largest = max(parts, key=lambda part: abs(part.gross), default=RateShare(None, ZERO, ZERO))
        parts.append(RateShare(largest.rate, missing, missing_tax))
    return gathered(parts)


def _shipping_shares(row: Mapping[Any, Any], rates: Collection[Decimal | None]) -> list[RateShare]:
    gross, net = as_decimal(row["total_shipping_tax_incl"]), as_decimal(row["total_shipping_tax_excl"])
    rate, tax = plain_rate(row["carrier_tax_rate"]), gross - net
    if not gross:
        return []
    if rate is not None and rate not in rates and len(rates) == 2:
        low, high = sorted(one or ZERO for one in rates)
        part = net_at_higher_rate(net, tax, low, high)
        if part is not None:
            of_high = quantise(part * high / 100, 2)
            at_high = RateShare(high, quantise(part, 2) + of_high, of_high)
            return [at_high, RateShare(low or None, gross - at_high.gross, tax - of_high)]
    return [RateShare(rate, gross, tax)]


def plain_rate(value: object) -> Decimal | None:
    """Given a rate as the database has it (22.000), return it without needless digits; None for 0 and NULL."""
    rate = as_decimal(value)
    return rate.normalize() if rate else None


def _claims(rows: Iterable[Any]) -> Claims:
    found = {(amazon_id_in(as_text(text)), as_int(id_order)) for text, id_order in rows}
    return {(order_id, id_order) for order_id, id_order in found if order_id}
