"""All rows of a new order, and what its marker keeps."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from orderferry.domain.orders import Item, ProceedsType, TimeSpan
from orderferry.domain.pricing.priced_order import PricedCharge, TaxShare
from orderferry.errors import ShopUnfit
from orderferry.prestashop.facts import Column, FeeKey, Table
from orderferry.prestashop.planning.goods import Goods
from orderferry.prestashop.planning.order_lines import hidden_product
from orderferry.prestashop.planning.resolved_order import Paperwork, ResolvedLine
from orderferry.prestashop.rows.invoice import invoice_tax_rows
from orderferry.prestashop.rows.lines import line_name, line_rows
from orderferry.prestashop.rows.new_order import (
    generated_columns,
    line_items,
    marker_extras,
    order_rows,
    refuse_unknown_columns,
    render,
    unfilled_columns,
)
from orderferry.prestashop.rows.order import cart_products
from support.resolved_orders import FACTS, MUG, ORDER, amount, market, priced_line, priced_order, resolved

FEE = FeeKey(ProceedsType.COD_FEE, 1)
STAND_IN = replace(MUG, stands_in=True)


def line(**more: Any) -> ResolvedLine:
    return replace(ResolvedLine(priced_line(), ORDER.items, MUG), **more)


LINES = {
    "a product": (line(), {}),
    "a placeholder": (line(product=STAND_IN), {"not_sold": 1}),
    "a fee": (
        line(items=(), product=hidden_product(FEE, 80), fee=FEE),
        {"product": [80, 0], "items": [], "not_sold": 1},
    ),
    "a free line": (line(product=None), {"product": [0, 0]}),
}


@pytest.mark.parametrize(("one", "entry"), LINES.values(), ids=LINES)
def test_the_marker_knows_which_items_a_line_stands_for(one: ResolvedLine, entry: dict[str, Any]) -> None:
    expected = {"product": [6, 0], "items": [[ORDER.items[0].item_id, 2]], **entry}
    assert json.loads(line_items(resolved(lines=(one,)))) == [expected]


@pytest.mark.parametrize(
    ("one", "sold"), [(one, (Goods(6, 0, 2),) if name == "a product" else ()) for name, (one, _) in LINES.items()]
)
def test_only_products_that_were_ordered_count_as_sold(one: ResolvedLine, sold: tuple[Goods, ...]) -> None:
    assert resolved(lines=(one,)).sold == sold


def test_the_marker_has_columns_for_other_programs() -> None:
    moment = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    order = replace(ORDER, ship_by=TimeSpan(None, moment), deliver_by=TimeSpan(moment, None), programs=("A", "B"))
    found = marker_extras(resolved(order))
    assert (found["ship_by"], found["deliver_by"]) == ("2026-11-24 09:00:00.000", None)
    assert (found["programs"], found["tax_scheme"]) == ("A,B", "unknown")


def test_rows_come_in_an_order_in_which_each_id_is_known() -> None:
    tables = [table for table, _ in groupby(draft.table for draft in order_rows(resolved()))]
    assert tables == [
        "address",
        "cart",
        "cart_product",
        "orders",
        "order_invoice",
        "order_detail",
        "order_detail_tax",
        "order_invoice_tax",
        "order_payment",
        "order_invoice_payment",
        "order_history",
        "order_carrier",
    ]


def column(name: str, **more: Any) -> Column:
    return Column(name, "varchar", **{"nullable": True, "has_default": True, "charset": "utf8mb4", **more})


def test_a_text_that_its_column_cuts_is_in_the_message() -> None:
    tables = {"address": Table("address", "InnoDB", {"address1": column("address1", length=4)})}
    work = render(resolved(market=market(replace(FACTS, tables=tables))), "ABCDEFGHI")
    message = next(draft for draft in work.rows if draft.table == "customer_message")
    assert "In full: Via Roma 1" in str(message.values["message"])
    assert (work.reference, work.recreates, work.marker.last_state) == ("ABCDEFGHI", False, 2)


def test_columns_that_no_order_of_ours_fills_are_found_before_the_first_order() -> None:
    own = column("colour", nullable=False, has_default=False)
    made = column("total", generated=True)
    tables = {"orders": Table("orders", "InnoDB", {one.name: one for one in (own, made, column("reference"))})}
    assert unfilled_columns(tables) == [("orders", own)]
    with pytest.raises(ShopUnfit, match=r"orders\.colour"):
        refuse_unknown_columns(tables)
    computed = {"orders": Table("orders", "InnoDB", {"payment": column("payment", generated=True)})}
    assert [(table, one.name) for table, one in generated_columns(computed)] == [("orders", "payment")]
    refuse_unknown_columns(computed)


def test_the_columns_of_every_table_that_an_order_is_written_into_are_looked_at() -> None:
    names = (
        "address",
        "cart",
        "cart_product",
        "customer",
        "customer_group",
        "customer_message",
        "customer_thread",
        "order_carrier",
        "order_detail",
        "order_detail_tax",
        "order_history",
        "order_invoice",
        "order_invoice_payment",
        "order_invoice_tax",
        "order_payment",
        "orders",
        "product_sale",
    )
    own, made = column("colour", nullable=False, has_default=False), column("date_add", generated=True)
    # of a pack nothing is written
    tables = {name: Table(name, "InnoDB", {"colour": own, "date_add": made}) for name in (*names, "pack")}

    assert [table for table, _ in unfilled_columns(tables)] == list(names)
    assert ("orders", made) in generated_columns(tables)


def test_an_id_that_has_lost_its_auto_increment_is_told_before_the_first_order() -> None:
    lost = column("id_order", nullable=False, has_default=False, primary=True, neutral=0)
    plain = column("colour", nullable=False, has_default=False, neutral="")
    for columns, is_refused in (([lost, plain], True), ([plain], False)):
        tables = {"orders": Table("orders", "InnoDB", {one.name: one for one in columns})}
        with pytest.raises(ShopUnfit, match=r"AUTO_INCREMENT of orders\.id_order,") if is_refused else nullcontext():
            refuse_unknown_columns(tables)


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (line(), "Tazza"),
        (line(product=STAND_IN), "Title of demo_11"),
        (line(product=None), "Title of demo_11"),
        (line(product=None, items=(Item("1", 1, sku="", title=""),)), "1"),
        (line(items=(), product=hidden_product(FEE), fee=FEE, priced=priced_line(kind=FEE.kind)), "Nachnahmegebühr"),
    ],
    ids=["product", "placeholder", "free line", "neither title nor SKU", "fee"],
)
def test_the_name_of_a_line(one: ResolvedLine, name: str) -> None:
    assert line_name(one, 1, "de") == name


def test_a_line_at_0_percent_has_a_tax_row_beside_taxed_ones_alone() -> None:
    untaxed = priced_line(rate=MUG.ecotax, tax_key="")
    mixed = resolved(priced=replace(resolved().priced, lines=(priced_line(), untaxed)), zero_tax=9)
    both = replace(mixed, lines=(line(), line(priced=untaxed)))
    assert [row.values["id_tax"] for row in line_rows(both)[1::2]] == [1, 9]

    plain = replace(resolved().priced, lines=(untaxed,), shipping=replace(resolved().priced.shipping, rate=MUG.ecotax))
    alone = replace(resolved(zero_tax=9), priced=replace(plain, shipping=replace(plain.shipping, tax_key="")))
    assert len(line_rows(replace(alone, lines=(line(priced=untaxed),)))) == 1


def test_shipping_at_two_rates_has_no_row_for_its_part_at_0_percent() -> None:
    whole, half = amount("7.00", "8.54"), amount("3.50", "4.27")
    one = PricedCharge(whole, Decimal(0))
    two = replace(one, shares=(TaxShare(Decimal(0), "", half), TaxShare(Decimal(22), "1", half)))
    for shipping, taxes in ((one, [9]), (two, [1])):
        order = resolved(priced=priced_order(shipping=shipping), zero_tax=9)
        assert [row.values["id_tax"] for row in invoice_tax_rows(order)] == taxes


def test_a_product_that_has_yet_to_be_made_is_not_in_the_cart() -> None:
    assert [row.values["id_product"] for row in cart_products(resolved(lines=(line(), line())))] == [6]
    unmade = line(items=(), product=hidden_product(FEE), fee=FEE)
    assert cart_products(resolved(lines=(unmade, line(product=None)))) == []


def test_without_papers_there_is_no_row_of_an_invoice() -> None:
    tables = {draft.table for draft in order_rows(resolved(paperwork=Paperwork(row=False)))}
    assert not {table for table in tables if "invoice" in table}
