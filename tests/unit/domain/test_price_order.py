"""Which reading is taken, which tax is booked, and what is refused with which words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Address, Item, Money, Order
from orderferry.domain.pricing import Amount, RateChoice, Rates, Reading, Rounding
from orderferry.domain.problems import ProblemCode
from support.amazon_money import (
    DE_19,
    IT_10,
    IT_22,
    ORDER_ID,
    eu_rates,
    export_rates,
    item,
    money,
    order,
    priced,
    problem_of,
    row,
)

AMAZON_TAX = RateChoice(Decimal(0), "77")


def pair(excl: str, incl: str) -> Amount:
    return Amount(Decimal(excl), Decimal(incl))


READINGS = [
    pytest.param(
        order(item("122.00", row("ITEM", "100.00"), row("TAX", "22.00")), grand="122.00"),
        Reading.TAX_ON_TOP,
        ("100.00", "122.00"),
        id="tax on top",
    ),
    pytest.param(
        order(item("122.00", row("ITEM", "122.00"), row("TAX", "22.00")), grand="122.00"),
        Reading.TAX_INSIDE,
        ("100.00", "122.00"),
        id="tax inside",
    ),
    pytest.param(
        order(item(None, row("ITEM", "100.00"), row("TAX", "22.00")), grand="122.00"),
        Reading.TAX_ON_TOP,
        ("100.00", "122.00"),
        id="no proceedsTotal: the grand total decides",
    ),
    pytest.param(
        order(item("122.00", row("ITEM", "122.00"), row("TAX", "22.00"))),
        Reading.TAX_INSIDE,
        ("100.00", "122.00"),
        id="no grand total: proceedsTotal decides",
    ),
    pytest.param(order(item("122.00"), grand="122.00"), Reading.NO_TAX, ("100.00", "122.00"), id="no rows"),
    pytest.param(
        order(item("122.00", row("ITEM", "122.00"), row("TAX", "0.00")), grand="122.00"),
        Reading.NO_TAX,
        ("100.00", "122.00"),
        id="a tax of zero is no reading",
    ),
    pytest.param(
        order(item("122.01", row("ITEM", "100.00"), row("TAX", "22.00")), grand="122.01"),
        Reading.TAX_ON_TOP,
        ("100.01", "122.01"),
        id="a cent beyond the rows goes to the line, not to the tax",
    ),
    pytest.param(
        order(item(None, unit_price=money("61.00"), quantity=2), grand="122.00"),
        Reading.NO_TAX,
        ("100.00", "122.00"),
        id="the displayed price where the grand total confirms it",
    ),
]


@pytest.mark.parametrize(("one", "reading", "total"), READINGS)
def test_reading(one: Order, reading: Reading, total: tuple[str, str]) -> None:
    result = priced(one, eu_rates())
    assert result.reading is reading
    assert result.lines[0].total == pair(*total)
    assert result.total == pair(*total)


DISCOUNTS = [
    pytest.param((row("DISCOUNT", "-12.20"),), id="negative"),
    pytest.param((row("DISCOUNT", "12.20"),), id="positive"),
    pytest.param((row("DISCOUNT", "-12.20", ITEM="-12.20"),), id="detailed"),
    pytest.param((row("DISCOUNT", "-10.00"), row("DISCOUNT", "-2.20")), id="two rows"),
]


@pytest.mark.parametrize("rows", DISCOUNTS)
def test_a_discount_lowers_whatever_its_sign(rows: tuple[Any, ...]) -> None:
    result = priced(order(item("109.80", row("ITEM", "122.00"), *rows), grand="109.80"), eu_rates())
    (line,) = result.lines
    assert (line.total, result.discounts) == (pair("100.00", "122.00"), pair("10.00", "12.20"))
    assert line.tax_after_discount == Decimal("19.80")
    assert result.total == pair("90.00", "109.80")


TAXED_DISCOUNTS = [
    pytest.param("109.80", row("ITEM", "100.00"), "10.00", row("TAX", "19.80"), id="on top, after discount"),
    pytest.param(
        "109.80", row("ITEM", "100.00"), "10.00", row("TAX", "19.80", ITEM="22.00", DISCOUNT="-2.20"), id="detailed"
    ),
    pytest.param(
        "109.80",
        row("ITEM", "100.00"),
        "10.00",
        row("TAX", "22.00", ITEM="22.00", DISCOUNT="2.20"),
        id="its own tax has yet to be taken off",
    ),
    pytest.param("109.80", row("ITEM", "122.00"), "12.20", row("TAX", "19.80"), id="inside, after discount"),
    pytest.param("109.80", row("ITEM", "122.00"), "12.20", row("TAX", "22.00"), id="inside, before discount"),
    pytest.param(
        "109.80",
        row("ITEM", "122.00"),
        "12.20",
        row("TAX", "22.00", ITEM="22.00", DISCOUNT="2.20"),
        id="inside, its own tax has yet to be taken off",
    ),
]


@pytest.mark.parametrize(("paid", "listed", "discount", "tax"), TAXED_DISCOUNTS)
def test_tax_of_a_discount(paid: str, listed: Any, discount: str, tax: Any) -> None:
    result = priced(order(item(paid, listed, row("DISCOUNT", discount), tax), grand=paid), eu_rates())
    (line,) = result.lines
    assert (line.total, result.discounts) == (pair("100.00", "122.00"), pair("10.00", "12.20"))
    assert (line.tax_after_discount, line.tax_key) == (Decimal("19.80"), "1")


@pytest.mark.parametrize(
    ("rows", "paid", "on_item", "item_tax"),
    [
        pytest.param((row("DISCOUNT", "-6.10", SHIPPING="-6.10"),), "24.40", "0.00", "4.40", id="subtotal holds it"),
        pytest.param(
            (row("DISCOUNT", "-2.44", ITEM="-2.44", SHIPPING="-6.10"),),
            "21.96",
            "2.44",
            "3.96",
            id="beside the subtotal",
        ),
    ],
)
def test_discount_on_shipping_lowers_the_tax_of_shipping(
    rows: tuple[Any, ...], paid: str, on_item: str, item_tax: str
) -> None:
    result = priced(order(item(paid, row("ITEM", "24.40"), row("SHIPPING", "6.10"), *rows), grand=paid), eu_rates())
    assert result.shipping.amount == result.shipping.discount == pair("5.00", "6.10")
    assert result.lines[0].discount.incl == Decimal(on_item)
    assert result.lines[0].tax_after_discount == Decimal(item_tax)


def test_a_discount_without_details_beside_a_tax_with_details() -> None:
    # The discount is on shipping, which only the tax betrays: as a whole, 22 % explains it, and the 0 is meant.
    tax = row("TAX", "22.00", ITEM="22.00", SHIPPING="0.00")
    rows = (row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("DISCOUNT", "-10.00"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert (result.lines[0].tax_key, result.lines[0].tax_after_discount) == ("1", Decimal("22.00"))
    assert (result.shipping.amount, result.shipping.tax_key) == (pair("10.00", "10.00"), "")
    assert result.total == pair("100.00", "122.00")


def test_the_tax_on_a_discount_is_taken_off_where_the_discount_is() -> None:
    tax = row("TAX", "22.00", ITEM="22.00", SHIPPING="2.20", DISCOUNT="-2.20")
    rows = (row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("DISCOUNT", "-10.00", SHIPPING="-10.00"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert result.lines[0].tax_after_discount == Decimal("22.00")
    assert (result.shipping.discount, result.shipping.rate) == (result.shipping.amount, Decimal(22))


def test_shipping_that_a_discount_pays_keeps_the_shops_rate() -> None:
    tax = row("TAX", "22.00", ITEM="22.00")
    rows = (row("ITEM", "122.00"), row("SHIPPING", "6.10"), row("DISCOUNT", "-6.10", SHIPPING="-6.10"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert (result.shipping.amount, result.shipping.tax_key) == (pair("5.00", "6.10"), "1")


def test_vine_order_is_paid_by_its_discount() -> None:
    result = priced(order(item("0.00", row("ITEM", "29.99"), row("DISCOUNT", "-29.99")), grand="0.00"), eu_rates())
    assert result.lines[0].total == result.discounts == pair("24.58", "29.99")
    assert result.lines[0].tax_after_discount == 0
    assert result.total == pair("0.00", "0.00")


def test_discount_above_the_products_takes_from_shipping() -> None:
    rows = (row("ITEM", "10.00"), row("SHIPPING", "5.00"), row("DISCOUNT", "-12.00"))
    result = priced(order(item("3.00", *rows), grand="3.00"), eu_rates())
    assert (result.lines[0].discount.incl, result.shipping.discount.incl) == (Decimal("10.00"), Decimal("2.00"))


def test_negative_total() -> None:
    result = priced(order(item("-2.00", row("ITEM", "10.00"), row("DISCOUNT", "12.00")), grand="-2.00"), eu_rates())
    assert result.total.incl == Decimal("-2.00")


def test_discount_of_the_whole_order_is_shared() -> None:
    one = order(
        item("61.00", row("ITEM", "61.00")),
        item("61.00", row("ITEM", "61.00"), item_id="2"),
        grand="109.80",
        proceeds=(row("ITEM", "122.00"), row("DISCOUNT", "-12.20")),
    )
    assert [line.discount for line in priced(one, eu_rates()).lines] == [pair("5.00", "6.10"), pair("5.00", "6.10")]


def test_a_discount_of_the_whole_order_spares_the_tip() -> None:
    one = order(
        item("61.00", row("ITEM", "61.00")),
        grand="59.90",
        proceeds=(row("DISCOUNT", "-6.10"), row("DELIVERY_TIP", "5.00")),
    )
    assert [line.discount.incl for line in priced(one, eu_rates()).lines] == [Decimal("6.10"), 0]


def test_shipping_of_the_whole_order() -> None:
    one = order(
        item("61.00", row("ITEM", "61.00")),
        grand="73.20",
        proceeds=(row("ITEM", "61.00"), row("SHIPPING", "12.20")),
    )
    assert priced(one, eu_rates()).shipping.amount == pair("10.00", "12.20")


def test_free_lines() -> None:
    rows = (row("ITEM", "12.20"), row("COD_FEE", "6.10"), row("OTHER", "1.22"), row("NEW_FEE", "1.22"))
    one = order(item("20.74", *rows), grand="22.74", proceeds=(row("DELIVERY_TIP", "2.00"),))
    result = priced(one, eu_rates())
    assert [(line.item_id, line.label, line.quantity, line.total, line.tax_key) for line in result.lines[1:]] == [
        ("", "Cash on delivery fee", 1, pair("5.00", "6.10"), "1"),
        ("", "Other charges", 1, pair("2.00", "2.44"), "1"),
        ("", "Delivery tip", 1, pair("2.00", "2.00"), ""),
    ]


@pytest.mark.parametrize("status", ["PENDING", "FINALIZED"])
@pytest.mark.parametrize(("grand", "lines"), [("12.20", 1), ("14.20", 2)], ids=["not in the total", "in the total"])
def test_tip_is_charged_only_if_the_total_holds_it(status: str, grand: str, lines: int) -> None:
    one = order(item("12.20", row("ITEM", "12.20")), grand=grand, proceeds=(row("DELIVERY_TIP", "2.00"),))
    assert len(priced(one, eu_rates()).lines) == lines


def test_items_without_rows_beside_rows_of_the_order() -> None:
    one = order(
        item("15.00"),
        grand="17.00",
        proceeds=(row("ITEM", "10.00"), row("SHIPPING", "5.00"), row("DELIVERY_TIP", "2.00")),
    )
    assert [line.total.incl for line in priced(one, eu_rates()).lines] == [Decimal("15.00"), Decimal("2.00")]


def test_two_rates_of_shipping_become_one_charge_with_the_larger_ones_rate() -> None:
    one = order(
        item("18.30", row("ITEM", "12.20"), row("SHIPPING", "6.10"), row("TAX", "3.30", ITEM="2.20", SHIPPING="1.10")),
        item(
            "13.20",
            row("ITEM", "11.00"),
            row("SHIPPING", "2.20"),
            row("TAX", "1.20", ITEM="1.00", SHIPPING="0.20"),
            item_id="2",
        ),
        grand="31.50",
    )
    result = priced(one, eu_rates(by_item={"1": IT_22, "2": IT_10}))
    assert result.shipping.amount == pair("7.00", "8.30")
    assert (result.shipping.rate, result.shipping.tax_key) == (Decimal(22), "1")


def test_shipping_without_a_rate_of_its_own_takes_the_largest_lines() -> None:
    one = order(
        item("5.00", row("ITEM", "5.00")),
        item("22.00", row("ITEM", "11.00"), row("SHIPPING", "11.00"), item_id="2"),
        grand="27.00",
    )
    result = priced(one, eu_rates(by_item={"1": IT_22, "2": IT_10}, shipping=None))
    assert (result.shipping.amount, result.shipping.tax_key) == (pair("10.00", "11.00"), "2")


TAX_OF_ZERO = (row("ITEM", "122.00"), row("TAX", "0.00", ITEM="0.00"))


@pytest.mark.parametrize(
    ("rates", "excl", "key"),
    [
        pytest.param(eu_rates(), "100.00", "1", id="inside the EU: the shop's rate"),
        pytest.param(eu_rates(vat_by_amazon=True), "122.00", "", id="VAT by Amazon: 0 %"),
        pytest.param(export_rates(), "122.00", "", id="outside the EU: 0 %"),
        pytest.param(export_rates(by_configuration=True), "100.00", "1", id="configured for a country outside the EU"),
        pytest.param(eu_rates(None, missing_is_zero=True), "122.00", "", id="no rate, to be taken as zero"),
    ],
)
def test_a_tax_of_zero(rates: Any, excl: str, key: str) -> None:
    (line,) = priced(order(item("122.00", *TAX_OF_ZERO), grand="122.00"), rates).lines
    assert (line.total.excl, line.tax_key) == (Decimal(excl), key)


def test_no_tax_row_with_vat_by_amazon_takes_the_shops_rate() -> None:
    (line,) = priced(order(item("122.00", row("ITEM", "122.00")), grand="122.00"), eu_rates(vat_by_amazon=True)).lines
    assert line.total.excl == Decimal("100.00")


@pytest.mark.parametrize(
    ("tax", "quantity", "known", "key"),
    [
        pytest.param("22.00", 1, IT_22, "1", id="the item's own"),
        pytest.param("19.00", 1, IT_22, "3", id="another tax of the shop"),
        pytest.param("22.03", 3, IT_22, "1", id="a cent a unit"),
        pytest.param("19.00", 400, IT_22, "3", id="many units: an exact rate before a near one of its own"),
        pytest.param("22.00", 1, RateChoice(Decimal(22), "9"), "9", id="of two equal rates the item's own"),
    ],
)
def test_amazons_amount_finds_its_tax(tax: str, quantity: int, known: RateChoice, key: str) -> None:
    paid = str(100 + Decimal(tax))
    bought = item(paid, row("ITEM", "100.00"), row("TAX", tax), quantity=quantity)
    (line,) = priced(order(bought, grand=paid), eu_rates(known)).lines
    assert line.tax_key == key
    assert line.tax_after_discount == Decimal(tax)


def test_amazons_amount_stays_outside_the_eu() -> None:
    (line,) = priced(
        order(item("107.25", row("ITEM", "100"), row("TAX", "7.25")), grand="107.25"), export_rates()
    ).lines
    assert (line.rate, line.tax_key, line.tax_after_discount) == (Decimal("7.250"), "", Decimal("7.25"))


@pytest.mark.parametrize(
    "more", [{"tax_collection_models": ("MARKETPLACE_FACILITATOR",)}, {"reporting_schemes": ("IOSS",)}], ids=str
)
@pytest.mark.parametrize(
    ("rates", "rows", "tax", "key"),
    [
        pytest.param(eu_rates(), (row("ITEM", "122.00"),), "22.00", "1", id="nothing configured"),
        pytest.param(
            eu_rates(collected_by_amazon=AMAZON_TAX), (row("ITEM", "122.00"),), "22.00", "77", id="the shop's rate"
        ),
        pytest.param(
            eu_rates(collected_by_amazon=AMAZON_TAX),
            (row("ITEM", "99.00"), row("TAX", "23.00")),
            "23.00",
            "77",
            id="a rate that no tax of the shop has",
        ),
        pytest.param(
            export_rates(collected_by_amazon=AMAZON_TAX),
            (row("ITEM", "113.75"), row("TAX", "8.25")),
            "8.25",
            "77",
            id="sales tax",
        ),
        pytest.param(
            export_rates(collected_by_amazon=AMAZON_TAX), (row("ITEM", "122.00"),), "0.00", "", id="export without tax"
        ),
    ],
)
def test_tax_that_amazon_owes(more: dict[str, Any], rates: Any, rows: tuple[Any, ...], tax: str, key: str) -> None:
    result = priced(order(item("122.00", *rows, **more), grand="122.00"), rates)
    (line,) = result.lines
    assert result.collected_by_amazon
    assert (line.tax_after_discount, line.tax_key) == (Decimal(tax), key)


def test_only_the_facilitated_item_is_booked_as_amazons() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20"), tax_collection_models=("MARKETPLACE_FACILITATOR",)),
        item("12.20", row("ITEM", "12.20"), item_id="2"),
        grand="24.40",
    )
    result = priced(one, eu_rates(collected_by_amazon=AMAZON_TAX))
    assert [line.tax_key for line in result.lines] == ["77", "1"]


def test_tax_without_details_is_split_in_proportion() -> None:
    rows = (row("ITEM", "90.00"), row("SHIPPING", "10.00"), row("TAX", "22.00"))
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert (result.lines[0].total, result.shipping.amount) == (pair("90.00", "109.80"), pair("10.00", "12.20"))


def test_tax_beyond_its_details_belongs_to_what_is_not_detailed() -> None:
    rows = (row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("TAX", "24.20", ITEM="22.00"))
    result = priced(order(item("134.20", *rows), grand="134.20"), eu_rates())
    assert (result.lines[0].total, result.shipping.amount) == (pair("100.00", "122.00"), pair("10.00", "12.20"))


def test_a_little_tax_is_never_that_of_zero_percent() -> None:
    rates = Rates({"1": None}, None, (RateChoice(Decimal(0), "9"),), inside_eu=False)
    bought = item("100.00", row("ITEM", "99.98"), row("TAX", "0.02"), quantity=2)
    (line,) = priced(order(bought, grand="100.00"), rates).lines
    assert (line.rate, line.tax_key) == (Decimal("0.020"), "")


def test_tax_at_the_level_of_the_order_alone() -> None:
    one = order(
        item("100.00", row("ITEM", "100.00")),
        item("50.00", row("ITEM", "50.00"), item_id="2"),
        grand="183.00",
        proceeds=(row("ITEM", "150.00"), row("TAX", "33.00")),
    )
    assert [line.total for line in priced(one, eu_rates()).lines] == [pair("100.00", "122.00"), pair("50.00", "61.00")]


def test_cancelled_items_leave_no_line() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20")),
        item("0.00", row("ITEM", "0.00"), item_id="2", quantity=0),
        item(None, item_id="3", quantity=0, cancelled_by="BUYER"),
        grand="12.20",
    )
    assert [line.item_id for line in priced(one, eu_rates()).lines] == ["1"]


def test_what_is_still_charged_for_a_cancelled_item_is_another_charge() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20")), item("1.10", row("ITEM", "1.10"), item_id="2", quantity=0), grand="13.30"
    )
    line = priced(one, eu_rates(by_item={"1": IT_22, "2": IT_10})).lines[1]
    assert (line.item_id, line.label, line.total, line.tax_key) == ("", "Other charges", pair("1.00", "1.10"), "2")


@pytest.mark.parametrize("grand", [None, "0.00"], ids=["no total", "total of zero"])
def test_a_replacement_without_amounts_costs_nothing(grand: str | None) -> None:
    one = order(item(None, quantity=2, unit_price=money("61.00")), grand=grand, replaces=("402-0000000-0000000",))
    result = priced(one, eu_rates())
    assert result.total == pair("0.00", "0.00")
    assert [(line.quantity, line.rate) for line in result.lines] == [(2, Decimal(22))]
    assert result.currency == "EUR"


def test_a_free_item_needs_no_rate() -> None:
    one = order(item("12.20", row("ITEM", "12.20")), item("0.00", row("ITEM", "0.00"), item_id="2"), grand="12.20")
    assert len(priced(one, eu_rates(by_item={"1": IT_22})).lines) == 2


def test_currency_of_the_marketplace_where_no_amount_names_one() -> None:
    one = order(item(None), marketplace_id="A2NODRKZP88ZB9", replaces=("402-0000000-0000000",))
    assert priced(one, eu_rates()).currency == "SEK"


UNRECONCILED = [
    pytest.param(
        order(item("130.00", row("ITEM", "100.00"), row("TAX", "22.00")), grand="130.00"),
        "ITEM 100.00, TAX 22.00; sum of 1 proceedsTotal 130.00; grandTotal 130.00",
        id="rows against proceedsTotal",
    ),
    pytest.param(
        order(item("10.00", row("ITEM", "10.00")), grand="99.00"),
        "sum of 1 proceedsTotal 10.00; grandTotal 99.00",
        id="proceedsTotal against grand total",
    ),
    pytest.param(
        order(
            item("122.00", row("ITEM", "100.00"), row("TAX", "22.00")),
            item("122.00", row("ITEM", "122.00"), row("TAX", "22.00"), item_id="2"),
            grand="244.00",
        ),
        "ITEM 222.00, TAX 44.00",
        id="another reading for each item",
    ),
    pytest.param(
        order(item(None, row("ITEM", "100.00"), row("TAX", "22.00"))),
        "no proceedsTotal; no grandTotal",
        id="tax and no total",
    ),
    pytest.param(order(item(None)), "neither a grand total nor the proceeds of orderItems[0]", id="no amounts"),
    pytest.param(
        order(item(None, unit_price=money("5.00"))), "neither a grand total", id="the displayed price alone is no total"
    ),
    pytest.param(
        order(
            item("95.00", row("ITEM", "100.00"), row("DISCOUNT", "5.00")),
            grand="97.00",
            proceeds=(row("DISCOUNT", "3.00"),),
        ),
        "order DISCOUNT 3.00",
        id="a discount of the order below the items'",
    ),
    pytest.param(
        order(
            item("20.00", row("ITEM", "10.00"), row("SHIPPING", "10.00")),
            grand="14.00",
            proceeds=(row("SHIPPING", "4"),),
        ),
        "order SHIPPING 4",
        id="a shipping of the order below the items'",
    ),
    pytest.param(
        order(item("10.00"), grand="10.02"),
        "grandTotal 10.02",
        id="two cents off with one line",
    ),
    pytest.param(
        order(item(None), item(None, item_id="2"), grand="30.00", proceeds=(row("ITEM", "30.00"),)),
        "order ITEM 30.00",
        id="amounts of the order that belong to no item",
    ),
]


@pytest.mark.parametrize(("one", "figures"), UNRECONCILED)
def test_unreconciled(one: Order, figures: str) -> None:
    problem = problem_of(one, eu_rates())
    assert (problem.code, problem.order_id) == (ProblemCode.UNRECONCILED_TOTAL, ORDER_ID)
    assert figures in problem.message


@pytest.mark.parametrize(
    ("one", "rates", "words"),
    [
        pytest.param(
            order(item("12.20", row("ITEM", "12.20")), grand="12.20", delivery_address=Address(country="DE")),
            eu_rates(None),
            "no VAT rate is known for ITEM of orderItems[0], 12.20 of the order (EUR), delivery to DE",
            id="no rate",
        ),
        pytest.param(
            order(item("18.30", row("ITEM", "0"), row("SHIPPING", "18.30")), grand="18.30"),
            eu_rates(None),
            "no VAT rate is known for SHIPPING of orderItems[0]",
            id="no rate for shipping",
        ),
        pytest.param(
            order(item("107.00", row("ITEM", "100.00"), row("TAX", "7.00")), grand="107.00"),
            eu_rates(),
            "no tax of the shop explains the tax of 7.00 on 100.00",
            id="Amazon's tax is none of the shop's",
        ),
        pytest.param(
            order(item("107.00", row("ITEM", "100.00"), row("TAX", "7.00")), grand="107.00"),
            eu_rates(missing_is_zero=True),
            "no tax of the shop explains",
            id="a tax that was paid is never taken as zero",
        ),
    ],
)
def test_no_vat_rate(one: Order, rates: Any, words: str) -> None:
    problem = problem_of(one, rates)
    assert problem.code is ProblemCode.NO_VAT_RATE
    assert words in problem.message
    assert problem.subject == (one.delivery_address.country if one.delivery_address else "")


def bad(*items: Item, **more: Any) -> Order:
    return order(*items, **more)


@pytest.mark.parametrize(
    ("one", "subject"),
    [
        pytest.param(
            bad(item("10.00", row("ITEM", "10.00", "SEK")), grand="10.00"),
            "orderItems[0].proceeds.breakdowns[0].subtotal",
            id="two currencies",
        ),
        pytest.param(
            bad(item("10.00", unit_price=Money(Decimal(10), "USD")), grand="10.00"),
            "orderItems[0].product.price.unitPrice",
            id="a displayed price in another currency",
        ),
        pytest.param(bad(item("NaN"), grand="10.00"), "orderItems[0].proceeds.proceedsTotal", id="not a number"),
        pytest.param(bad(item("10.00"), grand="1E+30"), "proceeds.grandTotal", id="huge"),
        pytest.param(bad(item("10.00", quantity=-1), grand="10.00"), "orderItems[0].quantityOrdered", id="quantity"),
    ],
)
def test_bad_field(one: Order, subject: str) -> None:
    problem = problem_of(one, eu_rates())
    assert (problem.code, problem.subject) == (ProblemCode.BAD_FIELD, subject)


@pytest.mark.parametrize(
    ("mode", "excl"),
    [(0, "0.83"), (1, "0.82"), (2, "0.83"), (3, "0.82"), (4, "0.82"), (5, "0.83"), (99, "0.83")],
)
def test_the_shops_rounding_mode(mode: int, excl: str) -> None:
    # 0.99 / 1.2 = 0.825: every mode has its own opinion.
    rates = eu_rates(RateChoice(Decimal(20), "5"))
    (line,) = priced(order(item("0.99", row("ITEM", "0.99")), grand="0.99"), rates, Rounding(2, mode)).lines
    assert line.total == pair(excl, "0.99")


def test_yen_with_decimals_are_rounded_without_loss() -> None:
    items = [item("25.99", row("ITEM", "25.99", "JPY"), item_id=str(n), currency="JPY") for n in range(1, 4)]
    result = priced(order(*items, grand="77.97", currency="JPY"), export_rates(), Rounding(0, 2))
    assert [line.total.incl for line in result.lines] == [Decimal(26)] * 3
    halves = [item("0.40", row("ITEM", "0.40", "JPY"), item_id=str(n), currency="JPY") for n in range(1, 4)]
    result = priced(order(*halves, grand="1.20", currency="JPY"), export_rates(), Rounding(0, 2))
    assert [line.total.incl for line in result.lines] == [1, 0, 0]


def test_german_item_beside_an_italian_tax_of_the_same_order() -> None:
    one = order(item("11.90", row("ITEM", "11.90")), item("12.20", row("ITEM", "12.20"), item_id="2"), grand="24.10")
    result = priced(one, eu_rates(by_item={"1": DE_19, "2": IT_22}))
    assert [(line.total.excl, line.tax_key) for line in result.lines] == [
        (Decimal("10.00"), "3"),
        (Decimal("10.00"), "1"),
    ]
