"""The work of a new order, rendered: every row, what leaves the stock, and the marker that guards it. Pure.

Columns that must have a value and for which we have none: found before the first order, not by it.

A specimen of an order with everything in it is rendered as any other order is, so that no list of columns has to be
kept beside the row builders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderferry.domain.marker import Marker
from orderferry.domain.orders import Channel, Item, Order, OrderStatus, ProceedsType
from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.pricing.priced_order import Amount, PricedCharge, PricedLine, PricedOrder, Reading
from orderferry.prestashop.database.values import Cut, columns_without_value, moment_text, refusal
from orderferry.prestashop.facts import Column, Country, Currency, OrderState, ShopUnit, Table
from orderferry.prestashop.planning.digest import digests_of, lines_digest
from orderferry.prestashop.planning.resolved_order import (
    Account,
    NumbersToDraw,
    Paperwork,
    Place,
    ResolvedLine,
    ResolvedOrder,
)
from orderferry.prestashop.planning.shop_texts import shop_day
from orderferry.prestashop.rows.drafts import ORDER, Draft, try_drafts
from orderferry.prestashop.rows.invoice import invoice_payment_rows, invoice_rows, invoice_tax_rows
from orderferry.prestashop.rows.lines import Sale, detail_rows, detail_tax_rows, sale_row
from orderferry.prestashop.rows.message import message_rows
from orderferry.prestashop.rows.order import carrier_row, cart_rows, history_row, order_row, payment_row
from orderferry.prestashop.rows.people import address_rows, customer_rows


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What `write_order` needs. `customer` are the rows of the account, left out when it is there already;
    `marker_extras` are the marker's columns for other programs, `lines` is the digest of the lines as written,
    `reference` that of the order; `recreates`: the marker stands, its order is gone.
    """

    resolved: ResolvedOrder
    marker: Marker
    marker_extras: Mapping[str, str | int | None]
    customer: tuple[Draft, ...]
    rows: tuple[Draft, ...]
    lines: str
    reference: str
    papers: NumbersToDraw
    sales: tuple[Sale, ...]
    day: str
    recreates: bool = False


def render(
    resolved: ResolvedOrder, tables: Mapping[str, Table], reference: str, *, recreates: bool = False
) -> NewOrder:
    """Given a resolved order, the live tables and a free reference, return the order's rows in the order in which they
    are written. What the columns cut is kept in the private message.

    Raise ShopUnfit for a column that can't be filled.
    """
    customer, rows = customer_rows(resolved), order_rows(resolved)
    message = message_rows(resolved, _texts(try_drafts([*customer, *rows], tables)))
    try_drafts(message, tables)
    paper = resolved.paperwork
    return NewOrder(
        resolved=resolved,
        marker=marker_of(resolved),
        marker_extras=marker_extras(resolved),
        customer=tuple(customer),
        rows=(*rows, *message),
        lines=lines_digest(draft.values for draft in rows if draft.table == "order_detail"),
        reference=reference,
        papers=NumbersToDraw(paper.invoice, paper.slip, resolved.shop, resolved.written, paper.yearly),
        sales=_sales(resolved),
        day=shop_day(resolved.now, resolved.zone),
        recreates=recreates,
    )


def order_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the order's own rows, given a resolved order: all but the buyer's account and what staff reads."""
    return [
        *address_rows(resolved),
        *cart_rows(resolved),
        order_row(resolved),
        *invoice_rows(resolved),
        *detail_rows(resolved),
        *detail_tax_rows(resolved),
        *invoice_tax_rows(resolved),
        payment_row(resolved),
        *invoice_payment_rows(resolved),
        history_row(ORDER, resolved.state.id, resolved.written),
        carrier_row(resolved),
    ]


def _texts(cuts: list[Cut]) -> tuple[str, ...]:
    """Return the whole text of each value that its column does not hold whole."""
    # tax_name holds 16 characters in every version: the tax is known by its id
    return tuple(dict.fromkeys(cut.full for cut in cuts if cut.column != "tax_name"))


def marker_of(resolved: ResolvedOrder) -> Marker:
    """Return the marker of a resolved order, whose id_order is not known yet."""
    order = resolved.order
    return Marker(
        order_id=order.order_id,
        id_order=0,
        marketplace_id=order.marketplace_id,
        channel=order.channel,
        amazon_updated=order.updated,
        digests=digests_of(order),
        last_state=resolved.state.id,
    )


def marker_extras(resolved: ResolvedOrder) -> dict[str, str | int | None]:
    """Return the marker's columns that other programs join: when it must be shipped, programs, and the tax scheme;
    and by when it should have been delivered, which `forget` counts from.
    """
    order = resolved.order
    return {
        "ship_by": moment_text(order.ship_by.latest) if order.ship_by.latest else None,
        "deliver_by": moment_text(order.deliver_by.latest) if order.deliver_by.latest else None,
        "programs": ",".join(order.programs),
        "tax_scheme": resolved.tax_scheme.value,
        "line_items": line_items(resolved),
    }


def line_items(resolved: ResolvedOrder) -> str:
    """Return which of Amazon's items each line stands for, as JSON: items of one product are one line in the shop.

    `not_sold`: the product is no goods of the order; it bears a fee, or stands in for an unknown SKU.
    """
    lines: list[dict[str, object]] = []
    for line in resolved.lines:
        product = line.product
        entry: dict[str, object] = {
            "product": [product.id_product, product.id_product_attribute] if product else [0, 0],
            "items": [[item.item_id, item.quantity] for item in line.items],
        }
        lines.append(entry if line.sells is not None or product is None else {**entry, "not_sold": 1})
    return json.dumps(lines, separators=(",", ":"))


def _sales(resolved: ResolvedOrder) -> tuple[Sale, ...]:
    if not resolved.state.logable:
        return ()
    return tuple(Sale(line.sells.id_product, line.priced.quantity) for line in resolved.lines if line.sells is not None)


_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_ONE = Amount(Decimal(1), Decimal(1))


def refuse_unknown_columns(tables: Mapping[str, Table]) -> None:
    """Given the live tables, raise ShopUnfit naming every column that no order of ours could fill."""
    refused = [
        (table, column)
        for table, column in unfilled_columns(tables)
        if column.neutral is None or column.lost_auto_increment
    ]
    if refused:
        raise refusal(refused)


def unfilled_columns(tables: Mapping[str, Table]) -> list[tuple[str, Column]]:
    """Given the live tables, return the columns that must have a value and get none from an order of ours, each with
    its table."""
    found: dict[tuple[str, str], Column] = {}
    for draft in _drafts():
        if draft.table in tables:
            for column in columns_without_value(tables[draft.table], draft.values):
                found[draft.table, column.name] = column
    return [(table, column) for (table, _), column in sorted(found.items())]


def generated_columns(tables: Mapping[str, Table]) -> list[tuple[str, Column]]:
    """Return the columns that an order of ours would fill and that the database computes, given the live tables."""
    found: dict[tuple[str, str], Column] = {}
    for draft in _drafts():
        columns = tables[draft.table].columns if draft.table in tables else {}
        found |= {(draft.table, name): columns[name] for name in draft.values if name in columns}
    return [(table, column) for (table, _), column in sorted(found.items()) if column.generated]


def _drafts() -> Iterator[Draft]:
    resolved = _specimen()
    yield from customer_rows(resolved)
    yield from order_rows(resolved)
    yield from message_rows(resolved)
    yield Draft("product_sale", sale_row(Sale(1, 1), resolved.written[:10]))


def _specimen() -> ResolvedOrder:
    """Return an invoiced order of one free line, whose invoice goes elsewhere: every kind of row, nobody's data."""
    item = Item(item_id="1", quantity=1, sku="1", title="1")
    order = Order("000-0000000-0000000", _MOMENT, _MOMENT, "", OrderStatus.UNSHIPPED, Channel.REGULAR, (item,))
    line = PricedLine(ProceedsType.ITEM, ("1",), 1, _ONE, _ONE, Decimal(0), "1")
    charge = PricedCharge(_ONE, Decimal(0), "1")
    place = Place(
        PostalAddress("A", "B", "", "1", "", "1", "1", "IT", "", ""), Country(1, "IT", 1, False, False, False, True)
    )
    return ResolvedOrder(
        order=order,
        priced=PricedOrder("EUR", (line,), charge, charge, _ONE, Reading.NO_TAX),
        marketplace="IT",
        shop=ShopUnit(1, 1, "", share_stock=False, share_customer=False, share_order=False),
        zone=ZoneInfo("UTC"),
        now=_MOMENT,
        id_lang=1,
        currency=Currency(1, "EUR", Decimal(1), 2, active=True),
        conversion_rate=Decimal(1),
        carrier_tax_rate=Decimal(0),
        state=OrderState(1, "", *(True,) * 6),
        id_carrier=1,
        account=Account("order", "", "A", "B", "", 1),
        delivery=place,
        invoice_place=place,
        lines=(ResolvedLine(line, (item,)),),
        paperwork=Paperwork(row=True, invoice=True),
        round_mode=2,
        round_type=2,
        payment_label="",
        module_name="",
        placed=_MOMENT,
        goods=(),
        movement=None,
        id_employee=1,
    )
