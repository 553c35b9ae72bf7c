"""All rows of a new order, made before its transaction begins, and the columns that no order could fill. Pure.

`refuse_unknown_columns` finds columns that must have a value and for which we have none, before the first order is
written. It renders a specimen order with everything in it, so that no list of columns has to be kept beside the
functions that make rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderferry.config.model import MarketplaceSettings, ProductsSettings, StockSettings
from orderferry.domain.marker import Marker
from orderferry.domain.orders import Channel, Item, Order, OrderStatus, ProceedsType
from orderferry.domain.postal_address import PostalAddress
from orderferry.domain.pricing.priced_order import Amount, PricedCharge, PricedLine, PricedOrder, Reading
from orderferry.prestashop.database.values import columns_without_value, moment_text, refusal
from orderferry.prestashop.facts import Column, Country, Currency, FeeKey, OrderState, ShopFacts, ShopUnit, Table
from orderferry.prestashop.planning.digest import digests_of, lines_digest
from orderferry.prestashop.planning.market import Market
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import Account, Paperwork, Place, ResolvedLine, ResolvedOrder
from orderferry.prestashop.rows.drafts import ORDER, Draft, cut_texts
from orderferry.prestashop.rows.invoice import invoice_payment_rows, invoice_rows, invoice_tax_rows
from orderferry.prestashop.rows.lines import line_rows, sale_row
from orderferry.prestashop.rows.message import message_rows
from orderferry.prestashop.rows.order import carrier_row, cart_rows, history_row, order_row, payment_row
from orderferry.prestashop.rows.people import address_rows, customer_rows


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Everything that is written for a new order, except what only the transaction can know.

    `customer`: the rows of the account, which are left out when the account exists. `marker_extras`: the marker's
    columns for other programs. `lines`: the digest of the lines as they are written. `reference`: the order's.
    `recreates`: the marker exists, but its order was deleted.
    """

    resolved: ResolvedOrder
    marker: Marker
    marker_extras: Mapping[str, str | int | None]
    customer: tuple[Draft, ...]
    rows: tuple[Draft, ...]
    lines: str
    reference: str
    recreates: bool


def render(resolved: ResolvedOrder, reference: str, *, recreates: bool = False) -> NewOrder:
    """Return all rows of a new order, in the order in which they are written.

    Texts that columns cut are in the private message in full. `reference`: one that no order of the shop has.
    """
    tables = resolved.market.facts.tables
    customer, rows = customer_rows(resolved), order_rows(resolved)
    message = message_rows(resolved, _texts(cut_texts([*customer, *rows], tables)))
    return NewOrder(
        resolved=resolved,
        marker=marker_of(resolved),
        marker_extras=marker_extras(resolved),
        customer=tuple(customer),
        rows=(*rows, *message),
        lines=lines_digest(draft.values for draft in rows if draft.table == "order_detail"),
        reference=reference,
        recreates=recreates,
    )


def order_rows(resolved: ResolvedOrder) -> list[Draft]:
    """Return the order's own rows: all but the buyer's account and the message for staff."""
    return [
        *address_rows(resolved),
        *cart_rows(resolved),
        order_row(resolved),
        *invoice_rows(resolved),
        *line_rows(resolved),
        *invoice_tax_rows(resolved),
        payment_row(resolved),
        *invoice_payment_rows(resolved),
        history_row(ORDER, resolved.state.id, resolved.written),
        carrier_row(resolved),
    ]


def _texts(cuts: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return the texts that their columns cut, in full."""
    # tax_name is left out: it holds 16 characters in every version, and the tax is known by its id
    return tuple(dict.fromkeys(text for column, text in cuts if column != "tax_name"))


def marker_of(resolved: ResolvedOrder) -> Marker:
    """Return the marker of an order whose id_order is not known yet."""
    order = resolved.order
    return Marker(
        order_id=order.order_id,
        id_order=0,
        marketplace_id=order.marketplace_id,
        channel=order.channel,
        amazon_updated=order.updated,
        digests=digests_of(order),
        last_state=resolved.state.id,
        seller=resolved.market.seller,
    )


def marker_extras(resolved: ResolvedOrder) -> dict[str, str | int | None]:
    """Return the marker's columns for other programs: when the order must be shipped, its programs, its tax scheme.

    `deliver_by` is for `forget`, which counts from there.
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
    """Return as JSON which of Amazon's items each line stands for: items of one product are one line in the shop.

    `not_sold` marks a product that was not ordered: a fee is booked on it, or it stands in for an unknown SKU.
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


def refuse_unknown_columns(tables: Mapping[str, Table]) -> None:
    """Raise ShopUnfit naming every live column that an order can't be written without and that we can't fill."""
    refused = [
        (table, column)
        for table, column in unfilled_columns(tables)
        if column.neutral is None or column.lost_auto_increment
    ]
    if refused:
        raise refusal(refused)


def unfilled_columns(tables: Mapping[str, Table]) -> list[tuple[str, Column]]:
    """Return the live columns that must have a value and get none from our orders, each with its table."""
    found: dict[tuple[str, str], Column] = {}
    for draft in _drafts():
        if draft.table in tables:
            for column in columns_without_value(tables[draft.table], draft.values):
                found[draft.table, column.name] = column
    return [(table, column) for (table, _), column in sorted(found.items())]


def generated_columns(tables: Mapping[str, Table]) -> list[tuple[str, Column]]:
    """Return the live columns that our orders would fill although the database computes them, each with its table."""
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
    yield Draft("product_sale", sale_row(_NUMBER, _NUMBER, _NUMBER, resolved.written))


# What the specimen order is made of: no value matters, only that there is one.
_NUMBER, _TEXT = 1, "x"
_FLAG = bool(_NUMBER)
_MOMENT = datetime.fromtimestamp(_NUMBER, UTC)
_RATE = Decimal(_NUMBER)
_AMOUNT = Amount(_RATE, _RATE)


def _specimen() -> ResolvedOrder:
    """Return an invented order with every kind of row: invoiced, with another address for the invoice."""
    item = Item(item_id=_TEXT, quantity=_NUMBER)
    order = Order(_TEXT, _MOMENT, _MOMENT, _TEXT, OrderStatus.UNSHIPPED, Channel.REGULAR, (item,))
    line = PricedLine(ProceedsType.ITEM, (_TEXT,), _NUMBER, _AMOUNT, _AMOUNT, _RATE, str(_NUMBER))
    charge = PricedCharge(_AMOUNT, _RATE, str(_NUMBER))
    place = Place(PostalAddress(*(_TEXT,) * 10), Country(_NUMBER, _TEXT, _NUMBER, _FLAG, _FLAG, _FLAG))
    market = Market(
        code=_TEXT,
        settings=MarketplaceSettings(),
        products=ProductsSettings(),
        stock=StockSettings(),
        facts=ShopFacts(),
        shop=ShopUnit(_NUMBER, _NUMBER, _TEXT, _FLAG, _FLAG, _FLAG),
        id_lang=_NUMBER,
        zone=ZoneInfo("UTC"),
        states={},
        carriers={},
        id_carrier_fba=_NUMBER,
        carrier_groups={},
        id_group=_NUMBER,
        id_business_group=_NUMBER,
        collected_by_amazon=(),
        round_mode=_NUMBER,
        round_type=_NUMBER,
    )
    return ResolvedOrder(
        order=order,
        priced=PricedOrder(_TEXT, (line,), charge, charge, _AMOUNT, Reading.NO_TAX),
        market=market,
        now=_MOMENT,
        currency=Currency(_NUMBER, _TEXT, _RATE, _NUMBER, active=_FLAG),
        conversion_rate=_RATE,
        carrier_tax_rate=_RATE,
        state=OrderState(_NUMBER, _TEXT, _FLAG, _FLAG, _FLAG, _FLAG, _FLAG, _FLAG),
        id_carrier=_NUMBER,
        account=Account(_TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _NUMBER),
        delivery=place,
        invoice_place=place,
        lines=(ResolvedLine(line, (item,), hidden_product(FeeKey(ProceedsType.COD_FEE, _NUMBER), _NUMBER)),),
        paperwork=Paperwork(row=True),
        payment_label=_TEXT,
        placed=_MOMENT,
        goods=(),
        movement=None,
    )
