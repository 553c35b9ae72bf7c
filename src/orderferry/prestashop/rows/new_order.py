"""The work of a new order, rendered: every row, what leaves the stock, and the marker that guards it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from orderferry.domain.marker import Marker
from orderferry.prestashop.database.fit import Cut
from orderferry.prestashop.database.values import moment_text
from orderferry.prestashop.facts import Table
from orderferry.prestashop.planning.digest import digests_of, lines_digest
from orderferry.prestashop.planning.frame import Frame
from orderferry.prestashop.planning.paperwork import NumbersToDraw
from orderferry.prestashop.planning.shop_time import shop_day
from orderferry.prestashop.rows.address import address_rows
from orderferry.prestashop.rows.cart import cart_rows
from orderferry.prestashop.rows.customer import customer_rows
from orderferry.prestashop.rows.detail import detail_rows, detail_tax_rows
from orderferry.prestashop.rows.drafts import ORDER, Draft, try_drafts
from orderferry.prestashop.rows.invoice import invoice_payment_rows, invoice_rows, invoice_tax_rows
from orderferry.prestashop.rows.message import message_rows
from orderferry.prestashop.rows.order import carrier_row, history_row, order_row
from orderferry.prestashop.rows.payment import payment_row
from orderferry.prestashop.rows.product_sale import Sale


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What `write_order` needs. `customer` are the rows of the account, left out when it is there already;
    `marker_extras` are the marker's columns for other programs, `lines` is the digest of the lines as written,
    `reference` that of the order; `recreates`: the marker stands, its order is gone.
    """

    frame: Frame
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


def render(frame: Frame, tables: Mapping[str, Table], reference: str, *, recreates: bool = False) -> NewOrder:
    """Given a frame, the live tables and a free reference, return the order's rows in the order in which they are
    written. What the columns cut is kept in the private message.

    Raise ShopUnfit for a column that can't be filled.
    """
    customer, rows = customer_rows(frame), order_rows(frame)
    message = message_rows(frame, _texts(try_drafts([*customer, *rows], tables)))
    try_drafts(message, tables)
    paper = frame.paperwork
    return NewOrder(
        frame=frame,
        marker=marker_of(frame),
        marker_extras=marker_extras(frame),
        customer=tuple(customer),
        rows=(*rows, *message),
        lines=lines_digest(draft.values for draft in rows if draft.table == "order_detail"),
        reference=reference,
        papers=NumbersToDraw(paper.invoice, paper.slip, frame.shop, frame.written, paper.yearly),
        sales=_sales(frame),
        day=shop_day(frame.now, frame.zone),
        recreates=recreates,
    )


def order_rows(frame: Frame) -> list[Draft]:
    """Given a frame, return the order's own rows: all but the buyer's account and what staff reads."""
    return [
        *address_rows(frame),
        *cart_rows(frame),
        order_row(frame),
        *invoice_rows(frame),
        *detail_rows(frame),
        *detail_tax_rows(frame),
        *invoice_tax_rows(frame),
        payment_row(frame),
        *invoice_payment_rows(frame),
        history_row(ORDER, frame.state.id, frame.written),
        carrier_row(frame),
    ]


def _texts(cuts: list[Cut]) -> tuple[str, ...]:
    """The whole text of each value that its column does not hold whole."""
    # tax_name holds 16 characters in every version: the tax is known by its id
    return tuple(dict.fromkeys(cut.full for cut in cuts if cut.column != "tax_name"))


def marker_of(frame: Frame) -> Marker:
    """The marker of a frame's order, whose id_order is not known yet."""
    order = frame.order
    return Marker(
        order_id=order.order_id,
        id_order=0,
        marketplace_id=order.marketplace_id,
        channel=order.channel,
        amazon_updated=order.updated,
        digests=digests_of(order),
        last_state=frame.state.id,
    )


def marker_extras(frame: Frame) -> dict[str, str | int | None]:
    """The marker's columns that other programs join: when it must be shipped, programs, and the tax scheme; and by
    when it should have been delivered, which `forget` counts from."""
    order = frame.order
    return {
        "ship_by": moment_text(order.ship_by.latest) if order.ship_by.latest else None,
        "deliver_by": moment_text(order.deliver_by.latest) if order.deliver_by.latest else None,
        "programs": ",".join(order.programs),
        "tax_scheme": frame.tax_scheme.value,
        "line_items": line_items(frame),
    }


def line_items(frame: Frame) -> str:
    """Which of Amazon's items each line stands for, as JSON: items of one product are one line in the shop.

    `not_sold`: the product is no goods of the order; it bears a fee, or stands in for an unknown SKU.
    """
    lines: list[dict[str, object]] = []
    for line in frame.lines:
        product = line.product
        entry: dict[str, object] = {
            "product": [product.id_product, product.id_product_attribute] if product else [0, 0],
            "items": [[item.item_id, item.quantity] for item in line.items],
        }
        lines.append(entry if line.sells is not None or product is None else {**entry, "not_sold": 1})
    return json.dumps(lines, separators=(",", ":"))


def _sales(frame: Frame) -> tuple[Sale, ...]:
    if not frame.state.logable:
        return ()
    return tuple(Sale(line.sells.id_product, line.priced.quantity) for line in frame.lines if line.sells is not None)
