"""Orders whose money is not taken, and the words for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Address, Money, Order
from orderferry.domain.pricing import RateChoice
from orderferry.domain.problems import ProblemCode
from support.amazon_money import ORDER_ID, eu_rates, item, money, order, problem_of, row

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
        pytest.param(
            order(item("119.00", row("ITEM", "119.00")), grand="119.00"),
            eu_rates(RateChoice(Decimal("19.00"))),
            "the shop has no tax of 19 %, the rate configured for ITEM of orderItems[0]; create it",
            id="the configured rate is none of the shop's",
        ),
        pytest.param(
            order(item("107.00", row("ITEM", "100.00"), row("TAX", "7.00")), grand="107.00"),
            eu_rates(RateChoice(Decimal(7))),
            "no tax of the shop explains the tax of 7.00 on 100.00",
            id="Amazon's tax is the configured one and none of the shop's",
        ),
    ],
)
def test_no_vat_rate(one: Order, rates: Any, words: str) -> None:
    problem = problem_of(one, rates)
    assert problem.code is ProblemCode.NO_VAT_RATE
    assert words in problem.message
    assert problem.subject == (one.delivery_address.country if one.delivery_address else "")


@pytest.mark.parametrize(
    ("one", "subject"),
    [
        pytest.param(
            order(item("10.00", row("ITEM", "10.00", "SEK")), grand="10.00"),
            "orderItems[0].proceeds.breakdowns[0].subtotal",
            id="two currencies",
        ),
        pytest.param(
            order(item("10.00", unit_price=Money(Decimal(10), "USD")), grand="10.00"),
            "orderItems[0].product.price.unitPrice",
            id="a displayed price in another currency",
        ),
        pytest.param(order(item("NaN"), grand="10.00"), "orderItems[0].proceeds.proceedsTotal", id="not a number"),
        pytest.param(order(item("10.00"), grand="1E+30"), "proceeds.grandTotal", id="huge"),
        pytest.param(order(item("10.00", quantity=-1), grand="10.00"), "orderItems[0].quantityOrdered", id="quantity"),
    ],
)
def test_bad_field(one: Order, subject: str) -> None:
    problem = problem_of(one, eu_rates())
    assert (problem.code, problem.subject) == (ProblemCode.BAD_FIELD, subject)
