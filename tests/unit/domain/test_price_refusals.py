"""Orders whose money is not taken, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Address, Money, Order
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import PricedOrder, RateChoice, Rounding
from orderferry.domain.problems import ProblemCode
from support.amazon_money import IT_10, IT_22, ORDER_ID, eu_rates, item, money, order, problem_of, row

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


DE_LEGAL: dict[str, Any] = {"legal": (Decimal(19), Decimal(7)), "country": "DE"}
GERMAN_TAX = order(item("119.00", row("ITEM", "100.00"), row("TAX", "19.00")), grand="119.00")
TWO_RATES = order(
    item("119.00", row("ITEM", "100.00"), row("TAX", "19.00")),
    item("10.70", row("ITEM", "10.00"), row("TAX", "0.70"), item_id="2"),
    grand="129.70",
)


@pytest.mark.parametrize(
    ("one", "rates", "words", "subject"),
    [
        pytest.param(
            order(item("12.20", row("ITEM", "12.20")), grand="12.20", delivery_address=Address(country="DE")),
            eu_rates(None, known=(IT_22, IT_10), **DE_LEGAL),
            "no VAT rate is known for ITEM of orderItems[0], 12.20 EUR, delivery to DE: add a rule for the country to "
            "the product's tax rules group (International > Taxes > Tax Rules), or configure taxes.DE = 19 (for which "
            "the shop needs a tax of 19 %)",
            "DE",
            id="no rate",
        ),
        pytest.param(
            order(item("12.20", row("ITEM", "12.20")), grand="12.20", delivery_address=Address(country="DE")),
            eu_rates(None, **DE_LEGAL),
            "or configure taxes.DE = 19",
            "DE",
            id="no rate, and the shop has the tax",
        ),
        pytest.param(
            order(item("18.30", row("ITEM", "0"), row("SHIPPING", "18.30")), grand="18.30"),
            eu_rates(None),
            "no VAT rate is known for SHIPPING of orderItems[0]",
            "IT",
            id="no rate for shipping",
        ),
        pytest.param(
            GERMAN_TAX,
            eu_rates(known=(IT_22, IT_10), **DE_LEGAL),
            "no tax of the shop explains the tax of 19.00 on 100.00 EUR, delivery to DE: create a tax of 19 % "
            "(International > Taxes)",
            "DE 19 %",
            id="Amazon's tax is none of the shop's",
        ),
        pytest.param(
            TWO_RATES,
            eu_rates(known=(IT_22, IT_10), **DE_LEGAL),
            "no tax of the shop explains the tax of 19.00 on 100.00 EUR and 0.70 on 10.00 EUR, delivery to DE: create "
            "taxes of 19 % and 7 % (International > Taxes)",
            "DE 19 %, 7 %",
            id="two taxes are missing, and told at once",
        ),
        pytest.param(
            replace(
                GERMAN_TAX,
                items=(replace(GERMAN_TAX.items[0], tax_collection_models=("MARKETPLACE_FACILITATOR",)),),
            ),
            eu_rates(known=(IT_22, IT_10), **DE_LEGAL),
            "Amazon owes this tax itself: name a tax of the shop for it as taxes.collected_by_amazon, or create a tax "
            "of 19 % (International > Taxes)",
            "DE 19 %",
            id="Amazon owes it",
        ),
        pytest.param(
            order(item("123.00", row("ITEM", "100.00"), row("TAX", "23.00")), grand="123.00"),
            eu_rates(**DE_LEGAL),
            "it comes to 23 %, none of the rates of DE (19 % and 7 %): if that is right, create such a tax",
            "DE",
            id="no rate of the country's",
        ),
        pytest.param(
            order(item("107.00", row("ITEM", "100.00"), row("TAX", "7.00")), grand="107.00"),
            eu_rates(missing_is_zero=True),
            "no tax of the shop explains",
            "IT",
            id="a tax that was paid is never taken as zero",
        ),
        pytest.param(
            order(item("119.00", row("ITEM", "119.00")), grand="119.00"),
            eu_rates(RateChoice(Decimal("19.00"))),
            "the shop has no tax of 19 %, the rate configured for ITEM of orderItems[0], delivery to IT: create a tax "
            "of 19 % (International > Taxes)",
            "IT 19 %",
            id="the configured rate is none of the shop's",
        ),
        pytest.param(
            order(item("107.00", row("ITEM", "100.00"), row("TAX", "7.00")), grand="107.00"),
            eu_rates(RateChoice(Decimal(7))),
            "no tax of the shop explains the tax of 7.00 on 100.00 EUR, delivery to IT: create a tax of 7 %",
            "IT 7 %",
            id="Amazon's tax is the configured one and none of the shop's",
        ),
    ],
)
def test_no_vat_rate_names_everything_that_is_missing(one: Order, rates: Any, words: str, subject: str) -> None:
    problem = problem_of(one, rates)
    assert problem.code is ProblemCode.NO_VAT_RATE
    assert words in problem.message
    assert problem.subject == subject


@pytest.mark.parametrize(
    ("net", "tax", "rate"),
    [("100.00", "23.00", "23"), ("10000.00", "1234.50", "12.345"), ("1000000.00", "123456.78", "12.346")],
)
def test_a_tax_that_no_rate_explains_is_told_with_as_few_decimals_as_explain_it(net: str, tax: str, rate: str) -> None:
    paid = str(Decimal(net) + Decimal(tax))
    one = order(item(paid, row("ITEM", net), row("TAX", tax)), grand=paid)
    assert f"it comes to {rate} %: if that is right" in problem_of(one, eu_rates(None)).message


def test_an_order_of_nothing_is_never_held_for_its_tax() -> None:
    gift = item("0.00", row("ITEM", "20.00"), row("DISCOUNT", "-20.00"))
    result = price_order(order(gift, grand="0.00"), eu_rates(None), Rounding())
    assert isinstance(result, PricedOrder)
    assert result.total.incl == 0


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
