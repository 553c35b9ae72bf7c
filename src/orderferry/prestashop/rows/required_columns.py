"""Columns that must have a value and for which we have none: found before the first order, not by it.

A specimen of an order with everything in it is rendered as any other order is, so that no list of columns has to be
kept beside the row builders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orderferry.domain.orders import Channel, Item, Order, OrderStatus, ProceedsType
from orderferry.domain.postal import PostalAddress
from orderferry.domain.pricing import Amount, PricedCharge, PricedLine, PricedOrder, Reading
from orderferry.prestashop.database.values import columns_without_value, refusal
from orderferry.prestashop.facts import Column, Country, Currency, OrderState, ShopUnit, Table
from orderferry.prestashop.planning.resolved_order import Account, Paperwork, Place, ResolvedLine, ResolvedOrder
from orderferry.prestashop.rows.customer import customer_rows
from orderferry.prestashop.rows.drafts import Draft
from orderferry.prestashop.rows.message import message_rows
from orderferry.prestashop.rows.new_order import order_rows
from orderferry.prestashop.rows.product_sale import Sale, sale_row

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
    """Given the live tables, return the columns that an order of ours would fill and that the database computes."""
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
    """An invoiced order of one free line, whose invoice goes elsewhere: every kind of row, nobody's data."""
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
