"""The work of a new order, rendered: every row, what leaves the stock, and the marker that guards it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from orderferry.domain.marker import Marker
from orderferry.prestashop.database.values import Cut, moment_text
from orderferry.prestashop.facts import Table
from orderferry.prestashop.planning.digest import digests_of, lines_digest
from orderferry.prestashop.planning.paperwork import NumbersToDraw
from orderferry.prestashop.planning.resolved_order import ResolvedOrder
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
    """Given a resolved order, return the order's own rows: all but the buyer's account and what staff reads."""
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
    """The whole text of each value that its column does not hold whole."""
    # tax_name holds 16 characters in every version: the tax is known by its id
    return tuple(dict.fromkeys(cut.full for cut in cuts if cut.column != "tax_name"))


def marker_of(resolved: ResolvedOrder) -> Marker:
    """The marker of a resolved order, whose id_order is not known yet."""
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
    """The marker's columns that other programs join: when it must be shipped, programs, and the tax scheme; and by
    when it should have been delivered, which `forget` counts from."""
    order = resolved.order
    return {
        "ship_by": moment_text(order.ship_by.latest) if order.ship_by.latest else None,
        "deliver_by": moment_text(order.deliver_by.latest) if order.deliver_by.latest else None,
        "programs": ",".join(order.programs),
        "tax_scheme": resolved.tax_scheme.value,
        "line_items": line_items(resolved),
    }


def line_items(resolved: ResolvedOrder) -> str:
    """Which of Amazon's items each line stands for, as JSON: items of one product are one line in the shop.

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
