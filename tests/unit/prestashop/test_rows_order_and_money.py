"""Rows as pure functions of a resolved order: money under PrestaShop's names, lines, papers, symbols."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import ProceedsType
from orderferry.domain.pricing.priced_order import Amount, PricedCharge
from orderferry.prestashop.database.values import ZERO_MOMENT, Ref, fit_row
from orderferry.prestashop.facts import Column, Table
from orderferry.prestashop.planning.market import invoice_address_text, tax_columns
from orderferry.prestashop.planning.resolved_order import Paperwork, ResolvedLine
from orderferry.prestashop.rows.drafts import (
    DELIVERY_ADDRESS,
    INVOICE,
    INVOICE_ADDRESS,
    REFERENCE,
    SECURE_KEY,
)
from orderferry.prestashop.rows.invoice import invoice_rows, invoice_tax_rows
from orderferry.prestashop.rows.lines import detail_rows, line_rows
from orderferry.prestashop.rows.order import (
    carrier_row,
    cart_rows,
    invoice_totals,
    order_row,
    order_totals,
    payment_row,
)
from orderferry.prestashop.rows.people import address_rows, customer_rows
from support.resolved_orders import (
    MUG,
    ORDER,
    PLACE,
    POSTAL,
    SHIPPED,
    amount,
    market,
    priced_line,
    priced_order,
    resolved,
)

cents = st.integers(0, 10**9).map(lambda number: Decimal(number).scaleb(-2))
amounts = st.builds(lambda excl, tax: Amount(excl, excl + tax), cents, cents)


@given(lines=st.lists(amounts, min_size=1, max_size=4), shipping=amounts, wrapping=amounts)
def test_every_total_stands_under_each_of_its_names(lines: list[Amount], shipping: Amount, wrapping: Amount) -> None:
    total = sum(lines, shipping + wrapping)
    priced = priced_order(
        lines=tuple(priced_line(total=line) for line in lines),
        shipping=PricedCharge(shipping, Decimal(22), "1"),
        wrapping=PricedCharge(wrapping, Decimal(22), "1"),
        total=total,
    )
    row, invoice = order_totals(priced), invoice_totals(priced)

    for what in ("discounts", "paid", "shipping", "wrapping"):
        assert row[f"total_{what}"] == row[f"total_{what}_tax_incl"]
    assert row["total_paid_real"] == row["total_paid"] == total.incl
    for way, products in (("incl", "total_products_wt"), ("excl", "total_products")):
        parts = row[products] + row[f"total_shipping_tax_{way}"] + row[f"total_wrapping_tax_{way}"]
        assert parts - row[f"total_discounts_tax_{way}"] == row[f"total_paid_tax_{way}"]
    # the invoice repeats the order: total_discount… in the singular, and nothing that the order does not have
    assert {key.replace("discount_", "discounts_"): value for key, value in invoice.items()}.items() <= row.items()


def test_symbols_become_values_when_they_are_known() -> None:
    values = {"id": DELIVERY_ADDRESS, "text": ('{"', DELIVERY_ADDRESS, '":"', 2, ',"}'), "plain": 7}
    table = Table("things", "InnoDB", {name: Column(name, "int", nullable=True, has_default=True) for name in values})

    assert fit_row(table, values, {"address_delivery": 13}) == {"id": 13, "text": '{"13":"2,"}', "plain": 7}
    with pytest.raises(KeyError):
        fit_row(table, {"id": Ref("cart")}, {})


def test_an_order_is_written_before_its_numbers_are_drawn() -> None:
    row = order_row(resolved()).values

    assert (row["invoice_number"], row["delivery_number"]) == (0, 0)
    assert row["invoice_date"] == row["delivery_date"] == ZERO_MOMENT
    assert (row["reference"], row["secure_key"]) == (REFERENCE, SECURE_KEY)
    assert (row["valid"], row["current_state"]) == (1, 2)
    assert row["id_address_invoice"] == DELIVERY_ADDRESS
    assert row["date_add"] == "2026-11-22 19:30:00"  # shop time
    assert row["date_upd"] == "2026-11-23 08:12:35"


def test_without_invoice_a_dated_order_counts_in_statistics() -> None:
    row = order_row(resolved(paperwork=Paperwork(row=False, dated=True))).values

    assert (row["invoice_number"], row["invoice_date"]) == (0, "2026-11-23 08:12:35")


def test_a_foreign_currency_keeps_its_rate_in_the_order_and_one_in_the_payment() -> None:
    made = resolved(conversion_rate=Decimal("11.5"))

    assert order_row(made).values["conversion_rate"] == Decimal("11.5")
    assert payment_row(made).values["conversion_rate"] == 1


def test_an_invoice_address_of_its_own_is_a_second_row() -> None:
    made = resolved(invoice_place=replace(PLACE, postal=replace(POSTAL, company="Rossi S.r.l.")))

    assert [row.name for row in address_rows(made)] == ["address_delivery", "address_invoice"]
    assert order_row(made).values["id_address_invoice"] == INVOICE_ADDRESS
    assert cart_rows(made)[0].values["id_address_invoice"] == INVOICE_ADDRESS


def test_texts_of_addresses_are_never_null() -> None:
    """NULL in these columns makes the order page of 1.7.7+ fail (prestashop-order-writing, "NULL that breaks")."""
    row = address_rows(resolved())[0].values

    assert all(row[name] is not None for name in ("company", "address2", "postcode", "phone", "phone_mobile"))
    line = detail_rows(resolved())[0].values
    assert all(
        line[name] is not None
        for name in ("product_attribute_id", "product_reference", "product_supplier_reference", "product_mpn")
    )
    paid = payment_row(resolved()).values
    assert all(
        paid[name] is not None
        for name in ("transaction_id", "card_number", "card_brand", "card_expiration", "card_holder")
    )


@pytest.mark.parametrize(
    ("version", "way", "name", "rate"),
    [
        ("1.6.1.24", "empty", "", 0),
        ("1.7.7.8", "empty", "", 0),
        ("1.7.8.11", "named", "IVA IT 22%", 22),
        ("8.2.1", "named", "IVA IT 22%", 22),
        ("9.1.4", "deprecated", "deprecated", 22),
        ("", "named", "IVA IT 22%", 22),
    ],
)
def test_tax_columns_follow_the_version(version: str, way: str, name: str, rate: int) -> None:
    assert tax_columns(version) == way
    row = detail_rows(resolved(market=market(tax_columns=way)))[0].values
    assert (row["tax_name"], row["tax_rate"]) == (name, rate)


def test_a_line_is_named_in_the_orders_language() -> None:
    assert detail_rows(resolved())[0].values["product_name"] == "Tazza"
    assert detail_rows(resolved(market=market(id_lang=2)))[0].values["product_name"] == "Mug"


def test_untaxed_lines_have_no_tax_row_and_free_lines_no_product() -> None:
    free = ResolvedLine(priced_line(1, kind=ProceedsType.DELIVERY_TIP, item_ids=(), tax_key="", rate=Decimal(0)))
    made = resolved(lines=(resolved().lines[0], free))
    rows = detail_rows(made)

    assert [row.name for row in rows] == ["order_detail_0", "order_detail_1"]
    assert [row.values["id_order_detail"] for row in line_rows(made)[1::2]] == [Ref("order_detail_0")]
    assert (rows[1].values["product_id"], rows[1].values["product_name"]) == (0, "Delivery tip")
    assert len(cart_rows(made)) == 2


def test_stock_at_the_moment_of_ordering_is_at_most_the_quantity() -> None:
    short = replace(resolved().lines[0], product=replace(MUG, stock_quantity=1))

    assert detail_rows(resolved())[0].values["product_quantity_in_stock"] == 2
    assert detail_rows(resolved(lines=(short,)))[0].values["product_quantity_in_stock"] == 1


def test_wrapping_has_a_tax_row_of_zero_where_the_shop_has_a_tax_for_it() -> None:
    with_tax = resolved(paperwork=Paperwork(row=True, invoice=True, wrapping_tax=1))

    assert [(row.values["type"], row.values["amount"]) for row in invoice_tax_rows(with_tax)] == [
        ("shipping", Decimal("1.54")),
        ("wrapping", Decimal(0)),
    ]
    assert [row.values["type"] for row in invoice_tax_rows(resolved())] == ["shipping"]


def test_without_papers_nothing_points_at_an_invoice() -> None:
    bare = resolved(paperwork=Paperwork(row=False))

    assert invoice_rows(bare) == invoice_tax_rows(bare) == []
    assert carrier_row(bare).values["id_order_invoice"] == detail_rows(bare)[0].values["id_order_invoice"] == 0
    assert carrier_row(resolved()).values["id_order_invoice"] == INVOICE


def test_a_promotion_is_the_lines_own_reduction() -> None:
    """As PrestaShop writes a specific price of 12.20 off 61.00 at 22 % (prestashop-order-edits, 1)."""
    line = priced_line(
        1,
        total=amount("40.00", "48.80"),
        unit=amount("40.000000", "48.800000"),
        promotion=Decimal("12.20"),
        reduction=amount("10.000000", "12.200000"),
    )
    made = resolved(lines=(replace(resolved().lines[0], priced=line),), priced=priced_order(lines=(line,)))
    row, tax = line_rows(made)

    columns = ("unit_price_tax_incl", "unit_price_tax_excl", "product_price", "original_product_price")
    assert [row.values[name] for name in columns] == [Decimal("48.8"), 40, 40, 50]
    columns = ("reduction_amount", "reduction_amount_tax_incl", "reduction_amount_tax_excl", "reduction_percent")
    assert [row.values[name] for name in columns] == [Decimal("12.2"), Decimal("12.2"), 10, 0]
    assert [tax.values[name] for name in ("unit_amount", "total_amount")] == [Decimal("8.8"), Decimal("8.8")]
    assert not any(value for name, value in order_totals(made.priced).items() if "discount" in name)


def test_the_parcel_weighs_what_its_products_weigh() -> None:
    assert carrier_row(resolved()).values["weight"] == Decimal("0.600")


def test_a_guest_is_in_one_group_and_gets_no_newsletter() -> None:
    customer, group = customer_rows(resolved(state=SHIPPED))

    assert customer.values["last_passwd_gen"] == "2026-11-23 02:12:35"
    assert (customer.values["is_guest"], customer.values["newsletter"], customer.values["optin"]) == (1, 0, 0)
    assert group.values == {"id_customer": Ref("customer"), "id_group": 2}


def test_the_shops_address_is_frozen_in_one_line() -> None:
    settings = {
        "PS_SHOP_NAME": "Shop",
        "PS_SHOP_ADDR1": "Via Roma 1",
        "PS_SHOP_CODE": "20121",
        "PS_SHOP_CITY": "Milano",
    }

    assert invoice_address_text(settings) == "Shop - Via Roma 1 - 20121 Milano"
    assert invoice_address_text({"PS_SHOP_NAME": "TestShop"}) == "TestShop"


def test_the_same_order_gives_the_same_rows() -> None:
    assert order_row(resolved()) == order_row(resolved(ORDER))
