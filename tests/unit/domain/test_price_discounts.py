"""Discounts: their sign, their place, and what they take of the tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from support.amazon_money import eu_rates, item, order, pair, priced, row

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
    assert (line.total, line.unit) == (pair("90.00", "109.80"), pair("90.00", "109.80"))
    assert (line.promotion, line.reduction) == (Decimal("12.20"), pair("10.00", "12.20"))
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
    assert (line.total, line.reduction, line.tax_key) == (pair("90.00", "109.80"), pair("10.00", "12.20"), "1")


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
    assert (result.shipping.amount, result.shipping.promotion) == (pair("0.00", "0.00"), Decimal("6.10"))
    assert result.lines[0].promotion == Decimal(on_item)
    assert result.lines[0].total.tax == Decimal(item_tax)


def test_a_discount_without_details_beside_a_tax_with_details() -> None:
    # The discount is on shipping, which only the tax betrays: as a whole, 22 % explains it, and the 0 is meant.
    tax = row("TAX", "22.00", ITEM="22.00", SHIPPING="0.00")
    rows = (row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("DISCOUNT", "-10.00"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert (result.lines[0].tax_key, result.lines[0].total.tax) == ("1", Decimal("22.00"))
    assert (result.shipping.amount, result.shipping.promotion) == (pair("0.00", "0.00"), Decimal("10.00"))
    assert result.total == pair("100.00", "122.00")


def test_the_tax_on_a_discount_is_taken_off_where_the_discount_is() -> None:
    tax = row("TAX", "22.00", ITEM="22.00", SHIPPING="2.20", DISCOUNT="-2.20")
    rows = (row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("DISCOUNT", "-10.00", SHIPPING="-10.00"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert result.lines[0].total.tax == Decimal("22.00")
    assert (result.shipping.amount, result.shipping.rate) == (pair("0.00", "0.00"), Decimal(22))


def test_shipping_that_a_discount_pays_keeps_the_shops_rate() -> None:
    tax = row("TAX", "22.00", ITEM="22.00")
    rows = (row("ITEM", "122.00"), row("SHIPPING", "6.10"), row("DISCOUNT", "-6.10", SHIPPING="-6.10"), tax)
    result = priced(order(item("122.00", *rows), grand="122.00"), eu_rates())
    assert (result.shipping.amount, result.shipping.tax_key) == (pair("0.00", "0.00"), "1")


def test_vine_order_is_paid_by_its_discount() -> None:
    result = priced(order(item("0.00", row("ITEM", "29.99"), row("DISCOUNT", "-29.99")), grand="0.00"), eu_rates())
    (line,) = result.lines
    assert (line.total, line.unit, line.tax_key) == (pair("0.00", "0.00"), pair("0", "0"), "1")
    assert (line.promotion, line.reduction) == (Decimal("29.99"), pair("24.581967", "29.99"))
    assert result.total == pair("0.00", "0.00")


def test_discount_above_the_products_takes_from_shipping() -> None:
    rows = (row("ITEM", "10.00"), row("SHIPPING", "5.00"), row("DISCOUNT", "-12.00"))
    result = priced(order(item("3.00", *rows), grand="3.00"), eu_rates())
    assert (result.lines[0].promotion, result.shipping.promotion) == (Decimal("10.00"), Decimal("2.00"))


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
    lines = priced(one, eu_rates()).lines
    assert [line.total for line in lines] == [pair("45.00", "54.90")] * 2
    assert [line.promotion for line in lines] == [Decimal("6.10")] * 2


def test_a_discount_of_the_whole_order_spares_the_tip() -> None:
    one = order(
        item("61.00", row("ITEM", "61.00")),
        grand="59.90",
        proceeds=(row("DISCOUNT", "-6.10"), row("DELIVERY_TIP", "5.00")),
    )
    assert [line.promotion for line in priced(one, eu_rates()).lines] == [Decimal("6.10"), 0]
