"""How far an order's amounts may lie from those that its rows add up to: at the limit, and one step beyond."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from orderferry.prestashop.checking.verify_money import EditedShop, edit_findings, money_findings, shipping_refund

RATES = {1: Decimal(22), 2: Decimal(10)}
Rows = dict[str, list[dict[str, Any]]]


def line(number: int, quantity: int, net: str, gross: str) -> dict[str, Any]:
    return {
        "id_order_detail": number,
        "product_id": number,
        "product_attribute_id": 0,
        "product_quantity": quantity,
        "unit_price_tax_excl": Decimal(net) / quantity,
        "unit_price_tax_incl": Decimal(gross) / quantity,
        "total_price_tax_excl": Decimal(net),
        "total_price_tax_incl": Decimal(gross),
    }


def bears(number: int, id_tax: int, amount: str) -> dict[str, Any]:
    return {"id_order_detail": number, "id_tax": id_tax, "total_amount": Decimal(amount)}


def order(lines: Sequence[dict[str, Any]], taxes: Sequence[dict[str, Any]], **charges: tuple[str, str]) -> Rows:
    """Rows that add up; charges and discounts as (net, gross)."""
    net, gross = (sum((one[f"total_price_tax_{way}"] for one in lines), Decimal(0)) for way in ("excl", "incl"))
    row: dict[str, Any] = {"total_products": net, "total_products_wt": gross, "carrier_tax_rate": 22}
    row |= {"round_mode": 2, "round_type": 2}
    for what in ("discounts", "shipping", "wrapping"):
        parts = [Decimal(part) for part in charges.get(what, ("0", "0"))]
        sign = -1 if what == "discounts" else 1
        net, gross = net + sign * parts[0], gross + sign * parts[1]
        row |= {f"total_{what}_tax_excl": parts[0], f"total_{what}_tax_incl": parts[1], f"total_{what}": parts[1]}
    paid = {"total_paid_tax_excl": net, "total_paid_tax_incl": gross, "total_paid": gross, "total_paid_real": gross}
    cart = (
        {"order_cart_rule": [{"value": row["total_discounts"], "free_shipping": 0}]} if row["total_discounts"] else {}
    )
    return {
        "orders": [row | paid],
        "order_detail": list(lines),
        "order_detail_tax": list(taxes),
        "order_payment": [{"amount": gross}],
        **cart,
    }


THREE = order([line(1, 3, "30.00", "36.60")], [bears(1, 1, "6.60")], shipping=("5.00", "6.10"))


def changed(rows: Rows, table: str, **steps: str) -> Rows:
    """The rows, with these columns of the table's first row moved."""
    copy = deepcopy(rows)
    for column, step in steps.items():
        copy[table][0][column] += Decimal(step)
    return copy


def told(rows: Rows, **options: Any) -> list[str]:
    return list(map(str, money_findings(rows, RATES, **options)))


def test_rows_that_add_up() -> None:
    assert told(THREE) == []


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ({"unit_price_tax_incl": "0.003"}, []),
        ({"unit_price_tax_incl": "-0.003"}, []),
        (
            {"unit_price_tax_incl": "0.0034"},
            ["order_detail.unit_price_tax_incl: 3 units are 0.0102 off the line's total"],
        ),
        ({"unit_price_tax_excl": "0.0133"}, []),
        (
            {"unit_price_tax_excl": "0.0134"},
            ["order_detail.unit_price_tax_excl: 3 units are 0.0402 off the line's total"],
        ),
    ],
)
def test_unit_prices_may_lie_off_by_less_than_a_cent_with_tax_and_a_cent_a_piece_without(
    steps: dict[str, str], found: list[str]
) -> None:
    assert told(changed(THREE, "order_detail", **steps)) == found


def test_a_whole_cent_is_too_much() -> None:
    two = order([line(1, 2, "30.00", "36.60")], [bears(1, 1, "6.60")])

    assert told(changed(two, "order_detail", unit_price_tax_incl="0.0049")) == []
    assert len(told(changed(two, "order_detail", unit_price_tax_incl="0.0050"))) == 1
    assert told(changed(two, "order_detail", unit_price_tax_excl="0.0149")) == []
    assert len(told(changed(two, "order_detail", unit_price_tax_excl="0.0150"))) == 1
    yen = {"unit": Decimal(1)}
    assert told(changed(two, "order_detail", unit_price_tax_excl="1.49"), **yen) == []
    assert len(told(changed(two, "order_detail", unit_price_tax_excl="1.50"), **yen)) == 1


@pytest.mark.parametrize(("step", "wrong"), [("0.05", False), ("-0.05", False), ("0.051", True), ("-0.051", True)])
def test_a_line_s_tax_may_lie_off_by_a_cent_a_piece_and_two_more(step: str, wrong: bool) -> None:
    """Three pieces: a cent each, one for a discount's share, and one at the least."""
    rows = changed(THREE, "order_detail_tax", total_amount=step)

    amount = Decimal("6.60") + Decimal(step)
    expected = f"order_detail_tax.total_amount: {amount}, but the invoice would show 6.60 at 22 %"
    assert told(rows) == ([expected] if wrong else [])
    assert told(rows, collected_by_amazon=True) == []
    assert told(changed(THREE, "order_detail_tax", total_amount="5"), unit=Decimal(1)) == []
    assert len(told(changed(THREE, "order_detail_tax", total_amount="5.1"), unit=Decimal(1))) == 1


def test_each_rate_is_compared_by_itself() -> None:
    lines = [line(1, 1, "10.00", "12.20"), line(2, 1, "20.00", "22.00"), line(3, 1, "10.00", "12.20")]
    taxes = [bears(1, 1, "2.20"), bears(2, 2, "2.00"), bears(3, 1, "2.20")]

    assert told(order(lines, taxes)) == []
    swapped = order(lines, [bears(1, 2, "2.20"), *taxes[1:]])
    assert told(swapped) == ["order_detail_tax.total_amount: 4.20, but the invoice would show 3.00 at 10 %"]
    unknown = order(lines, [*taxes[:2], bears(3, 9, "2.20")])
    assert told(unknown) == ["order_detail_tax.id_tax: there is no tax 9: the invoice leaves it out"]
    free = order([*lines, line(4, 5, "0", "0")], [*taxes, bears(4, 2, "0")])
    assert told(free) == []


@pytest.mark.parametrize(("gross", "missing"), [("10.00", ""), ("10.009", ""), ("10.01", "0.01"), ("12.20", "2.20")])
def test_a_tax_without_a_row_is_missing_from_a_cent_on(gross: str, missing: str) -> None:
    rows = order([line(1, 1, "10.00", gross)], [])
    sentence = (
        f"order_detail_tax: a line's tax of {missing} is missing in the invoice's tax table: the shop has no such tax "
        "(taxes.collected_by_amazon names one for tax that Amazon collects)"
    )
    assert told(rows) == ([sentence] if missing else [])


def discounted(net: str, gross: str, **more: Any) -> Rows:
    """Two lines at 22 %, shipping at 22 %, and a discount."""
    rows = order(
        [line(1, 1, "10.00", "12.20"), line(2, 1, "20.00", "24.40")],
        [bears(1, 1, "2.20"), bears(2, 1, "4.40")],
        shipping=("5.00", "6.10"),
        wrapping=("1.00", "1.22"),
        discounts=(net, gross),
    )
    rows["order_cart_rule"][0] |= more
    return rows


OFF = "order_detail_tax.total_amount: {}, but the invoice would show {} at 22 %"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(discounted("5.00", "6.10"), [], id="at the goods' rate"),
        pytest.param(discounted("5.00", "6.05"), [], id="5 cents off, at the limit for two pieces in two lines"),
        pytest.param(discounted("5.00", "6.15"), [], id="5 cents off on the other side"),
        pytest.param(discounted("5.00", "6.04"), [OFF.format("6.88", "6.82")], id="6 cents off"),
        pytest.param(
            discounted("5.10", "6.10"),
            [OFF.format("6.92", "6.80")],
            id="beyond it",
        ),
        pytest.param(discounted("5.00", "6.10", free_shipping=1), [], id="free shipping"),
        pytest.param(
            discounted("4.90", "6.10", free_shipping=1), [OFF.format("6.72", "6.84")], id="less than the shipping"
        ),
        pytest.param(
            discounted("5.10", "6.10", free_shipping=1), [OFF.format("6.92", "6.80")], id="more than the shipping"
        ),
    ],
)
def test_the_tax_of_an_order_with_a_discount(rows: Rows, expected: list[str]) -> None:
    assert told(rows) == expected


def test_a_discount_on_goods_of_several_rates_can_t_be_compared() -> None:
    lines = [line(1, 1, "10.00", "12.20"), line(2, 1, "20.00", "22.00")]
    rows = order(lines, [bears(1, 1, "2.20"), bears(2, 2, "2.00")], discounts=("9.00", "9.10"))
    assert told(rows) == []
    unknown = order(lines[:1], [bears(1, 9, "2.20")], discounts=("9.00", "9.10"))
    assert told(unknown) == ["order_detail_tax.id_tax: there is no tax 9: the invoice leaves it out"]


def test_a_discount_beside_shipping_at_another_rate_can_t_be_compared() -> None:
    rows = discounted("5.10", "6.10")
    rows["orders"][0] |= {"total_shipping_tax_excl": Decimal("5.60"), "total_paid_tax_excl": Decimal("31.50")}
    assert told(rows) == []


def test_a_standard_refund_of_shipping_is_rounded_to_the_currency_s_decimals() -> None:
    row = {"total_shipping_tax_excl": "4.02"}

    assert shipping_refund(row, EditedShop({}, Decimal(22))) == Decimal("4.90")
    assert shipping_refund(row, EditedShop({}, Decimal(22), decimals=0)) == Decimal(5)
    assert shipping_refund(row, EditedShop({})) == Decimal("4.02")


def test_rates_are_the_same_when_they_differ_by_a_cent_a_piece() -> None:
    rows = order([line(1, 1, "8.19", "9.99")], [bears(1, 1, "1.80")])
    shop = EditedShop({1: Decimal(22)})
    rows["cart_product"] = [{"id_product": 1, "id_product_attribute": 0}]

    assert edit_findings(rows, shop) == []  # 8.19 at 22 % is 9.9918
    near = changed(rows, "order_detail", unit_price_tax_excl="0.009")
    assert [str(one) for one in edit_findings(near, shop) if one.place == "order_detail_tax.id_tax"] == [
        "order_detail_tax.id_tax: product 1 is taxed with 21.844 % here and 22 % by its own group"
    ]
    assert [one for one in edit_findings(near, EditedShop({1: Decimal(22)}, decimals=1)) if "taxed" in str(one)] == []
