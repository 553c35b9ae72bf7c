"""Tax that is no part of the total, charges that are joined, and what is told of the taxes that are missing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing.price_order import price_order
from orderferry.domain.pricing.priced_order import (
    Amount,
    PricedCharge,
    PricedLine,
    PricedOrder,
    RateChoice,
    Rates,
    Reading,
    Rounding,
    TaxShare,
    join_lines,
    make_line,
)
from orderferry.domain.pricing.proceeds import order_currency, sheet_of
from orderferry.domain.pricing.tax_split import TaxUnknown, has_tax_of_seller, refusal
from orderferry.domain.problems import Problem, ProblemCode
from support.amazon_money import (
    DE_19,
    IT_10,
    IT_22,
    ORDER_ID,
    check_identities,
    eu_rates,
    export_rates,
    item,
    money,
    order,
    pair,
    priced,
    problem_of,
    row,
)

D = Decimal
FACILITATOR: dict[str, Any] = {"tax_collection_models": ("MARKETPLACE_FACILITATOR",)}


def outside(**more: Any) -> Rates:
    """Rates for a delivery outside the EU."""
    return replace(export_rates(), **more)


@pytest.mark.parametrize(
    ("rates", "tax", "beside"),
    [
        pytest.param(outside(prices_without_tax=True), "8.00", True, id="a marketplace that adds tax"),
        pytest.param(outside(legal=(D(20),)), "20.00", True, id="the place's rate beside the price"),
        pytest.param(outside(legal=(D(20),)), "16.67", False, id="the place's rate within the price"),
        pytest.param(outside(legal=(D(20),)), "8.00", False, id="no rate explains it"),
        pytest.param(outside(known=(DE_19,)), "19.00", True, id="a tax of the shop's beside the price"),
        pytest.param(
            outside(known=(), collected_by_amazon=(RateChoice(D(20), "7"),), by_item={"1": None}),
            "20.00",
            True,
            id="a tax for what Amazon owes",
        ),
        pytest.param(outside(known=(), by_item={"1": RateChoice(D(20), "7")}), "20.00", True, id="the item's own rate"),
    ],
)
def test_tax_that_amazon_collects_beside_the_total(rates: Any, tax: str, beside: bool) -> None:
    one = order(item("100.00", row("ITEM", "100.00"), row("TAX", tax), **FACILITATOR), grand="100.00")
    result = priced(one, rates)
    (line,) = result.lines
    assert result.reading is Reading.TAX_INSIDE
    assert result.tax_beside == (D(tax) if beside else 0)
    assert line.total == (pair("100.00", "100.00") if beside else Amount(100 - D(tax), D("100.00")))
    assert result.tax_of_amazon == (0 if beside else D(tax))
    assert result.collected_by_amazon


def test_tax_of_the_sellers_is_never_beside_the_total() -> None:
    one = order(item("100.00", row("ITEM", "100.00"), row("TAX", "8.00")), grand="100.00")
    result = priced(one, outside(prices_without_tax=True))
    assert (result.tax_beside, result.lines[0].total.tax, result.tax_of_amazon) == (D(0), D("8.00"), D(0))
    assert not result.collected_by_amazon


def test_tax_on_top_is_never_beside_the_total() -> None:
    one = order(item("108.00", row("ITEM", "100.00"), row("TAX", "8.00"), **FACILITATOR), grand="108.00")
    result = priced(one, outside(prices_without_tax=True))
    assert (result.tax_beside, result.tax_of_amazon) == (D(0), D("8.00"))


@pytest.mark.parametrize(
    ("one", "told"),
    [
        pytest.param(order(item("1", row("TAX", "0.01"))), True, id="an item's"),
        pytest.param(order(item("1", row("TAX", "0.00"))), False, id="a tax of zero"),
        pytest.param(order(item("1", row("ITEM", "5.00"))), False, id="no tax"),
        pytest.param(order(item("1"), proceeds=(row("TAX", "1.00"),)), True, id="the order's"),
        pytest.param(order(item("1", row("TAX", "1.00"), **FACILITATOR)), False, id="Amazon's own"),
        pytest.param(
            order(item("1", row("TAX", "1.00"), **FACILITATOR), proceeds=(row("TAX", "1.00"),)),
            False,
            id="the order's, which may be Amazon's",
        ),
        pytest.param(
            order(item("1", **FACILITATOR), item("1", row("TAX", "1.00"), item_id="2")), True, id="one of two items"
        ),
    ],
)
def test_whether_amazon_calculates_the_sellers_tax(one: Order, told: bool) -> None:
    assert has_tax_of_seller(one, seller_in_eu=True) is told


def test_the_one_stop_shop_is_amazons_for_a_seller_from_outside() -> None:
    one = order(item("1", row("TAX", "1.00"), reporting_schemes=("UOSS",)))
    assert [has_tax_of_seller(one, seller_in_eu=inside) for inside in (True, False)] == [True, False]


def joined(one: Order, *kinds: ProceedsType, **more: Any) -> PricedOrder:
    result = price_order(one, eu_rates(**more), Rounding(), kinds)
    assert isinstance(result, PricedOrder), result
    check_identities(one, result, Rounding())
    return result


FEES = order(
    item("29.28", row("ITEM", "12.20"), row("SHIPPING", "6.10"), row("COD_FEE", "3.66"), row("GIFT_WRAP", "7.32")),
    grand="29.28",
)


def test_fees_are_lines_or_join_the_shipping_and_wrapping_the_order() -> None:
    assert [(line.kind, line.total.incl) for line in joined(FEES).lines] == [
        ("ITEM", D("12.20")),
        ("GIFT_WRAP", D("7.32")),
        ("COD_FEE", D("3.66")),
    ]
    result = joined(FEES, ProceedsType.COD_FEE, ProceedsType.GIFT_WRAP)
    assert [line.kind for line in result.lines] == ["ITEM"]
    assert result.shipping == PricedCharge(
        pair("8.00", "9.76"), D(22), "1", D(0), (TaxShare(D(22), "1", pair("8.00", "9.76")),)
    )
    assert result.wrapping == PricedCharge(
        pair("6.00", "7.32"), D(22), "1", D(0), (TaxShare(D(22), "1", pair("6.00", "7.32")),)
    )


def test_a_total_of_which_no_item_tells_anything_is_a_line_or_shipping() -> None:
    one = order(grand="5.00", proceeds=(row("OTHER", "5.00"),))
    (line,) = joined(one).lines
    assert (line.kind, line.item_ids, line.total.incl, line.quantity) == ("OTHER", (), D("5.00"), 1)
    result = joined(one, ProceedsType.OTHER)
    assert (result.lines, result.shipping.amount.incl) == ((), D("5.00"))


def test_a_charge_has_a_share_of_each_tax_the_largest_first() -> None:
    one = order(
        item("15.20", row("ITEM", "12.20"), row("SHIPPING", "3.00")),
        item("17.60", row("ITEM", "11.00"), row("SHIPPING", "6.60"), item_id="2"),
        grand="32.80",
    )
    rates = eu_rates(by_item={"1": IT_22, "2": IT_10}, shipping=None)
    result = priced(one, rates)
    assert [(share.tax_key, share.amount.incl) for share in result.shipping.shares] == [("1", D("9.60"))]
    taxed = order(
        item("15.20", row("ITEM", "12.20"), row("SHIPPING", "3.00"), row("TAX", "2.74", ITEM="2.20", SHIPPING="0.54")),
        item(
            "17.60",
            row("ITEM", "11.00"),
            row("SHIPPING", "6.60"),
            row("TAX", "1.60", ITEM="1.00", SHIPPING="0.60"),
            item_id="2",
        ),
        grand="32.80",
    )
    shipping = priced(taxed, eu_rates(by_item={"1": IT_22, "2": IT_10})).shipping
    assert shipping == PricedCharge(
        pair("8.46", "9.60"),
        D(10),
        "2",
        D(0),
        (TaxShare(D(10), "2", pair("6.00", "6.60")), TaxShare(D(22), "1", pair("2.46", "3.00"))),
    )
    assert shipping.effective_rate == D("13.475")  # 1.14 on 8.46


def test_a_charge_of_nothing_has_no_tax() -> None:
    result = priced(order(item("12.20", row("ITEM", "12.20")), grand="12.20"), eu_rates())
    assert (result.shipping, result.wrapping) == (PricedCharge(Amount(), D(0)),) * 2
    assert (result.tax_beside, result.tax_of_amazon) == (D(0), D(0))


def line(total: tuple[str, str], quantity: int = 2, **more: Any) -> PricedLine:
    facts: dict[str, Any] = {"rate": D(22), "tax_key": "1", "promotion": D(0), "rounding": Rounding(), **more}
    return make_line(ProceedsType.ITEM, ("1",), quantity, pair(*total), **facts)


def test_unit_prices_follow_from_the_total_with_tax_by_the_rate() -> None:
    assert line(("23.80", "29.04")).unit == pair("11.901639", "14.52")
    assert line(("23.78", "29.04")).unit == pair("11.89", "14.52"), "more than a cent a unit off: the net total decides"
    assert line(("23.79", "29.04")).unit == pair("11.901639", "14.52")
    promoted = line(("23.80", "29.04"), promotion=D("2.44"))
    assert (promoted.reduction, promoted.promotion) == (pair("1.00", "1.22"), D("2.44"))


def test_lines_of_one_product_are_joined_at_the_average_price() -> None:
    first, second = line(("23.80", "29.04"), promotion=D("1.00")), line(("10.00", "12.20"), 1, promotion=D("0.22"))
    second = replace(second, item_ids=("2",))
    assert join_lines([first, second], Rounding()) == make_line(
        ProceedsType.ITEM,
        ("1", "2"),
        3,
        pair("33.80", "41.24"),
        rate=D(22),
        tax_key="1",
        promotion=D("1.22"),
        rounding=Rounding(),
    )
    assert join_lines([first], Rounding()) is first


def test_amounts_are_pairs() -> None:
    assert pair("1", "2") + pair("10", "20") == pair("11", "22")
    assert (Amount().excl, Amount().incl, pair("1", "3").tax) == (D(0), D(0), D(2))
    assert Rounding() == Rounding(2, 2)


def test_the_rows_of_a_sheet_are_added_up_by_type() -> None:
    sheet = sheet_of(
        (
            row("ITEM", "10.00"),
            row("ITEM", "5.00"),
            row("NEW_FEE", "1.00"),
            row("OTHER", "2.00"),
            row("TAX", "2.00", ITEM="1.50"),
            row("TAX", "1.00", ITEM="0.50", SHIPPING="0.50"),
            row("DISCOUNT", "-3.00", ITEM="-3.00"),
            row("DISCOUNT", "1.00", ITEM="1.00"),
        )
    )
    assert sheet.amounts == {"ITEM": D(15), "OTHER": D(3)}
    assert (sheet.tax, sheet.tax_details) == (D(3), {"ITEM": D(2), "SHIPPING": D("0.5")})
    assert (sheet.discount, sheet.discount_details) == (D(2), {"ITEM": D(2)})
    assert sheet.listed == 18
    assert sheet_of(()).tax is None


def test_the_currency_is_the_first_that_is_named_else_the_marketplaces() -> None:
    assert order_currency(order(item(None, unit_price=money("1", "SEK")))) == "SEK"
    assert order_currency(order(item(None), marketplace_id="A2NODRKZP88ZB9")) == "SEK"
    assert order_currency(order(item(None), marketplace_id="nowhere")) == ""


@pytest.mark.parametrize(
    ("one", "path", "told"),
    [
        (
            order(item("10.00"), grand="10.00", proceeds=(row("TIP", "1", "USD"),)),
            "proceeds.breakdowns[0].subtotal",
            "amounts of one order stand in different currencies: EUR in proceeds.grandTotal and USD in "
            "proceeds.breakdowns[0].subtotal",
        ),
        (
            order(item("10.00", row("TAX", "1"), row("TAX", "1", ITEM="1E12")), grand="10.00"),
            "orderItems[0].proceeds.breakdowns[1].detailedBreakdowns[0].value",
            "the amount in orderItems[0].proceeds.breakdowns[1].detailedBreakdowns[0].value is out of range",
        ),
        (
            order(item("1"), item("10.00", quantity=-1, item_id="2"), grand="10.00"),
            "orderItems[1].quantityOrdered",
            "orderItems[1].quantityOrdered is negative",
        ),
    ],
)
def test_a_bad_field_is_told_whole(one: Order, path: str, told: str) -> None:
    assert problem_of(one, eu_rates()) == Problem(ProblemCode.BAD_FIELD, told, ORDER_ID, path)


def test_an_amount_may_have_twelve_digits_before_the_point() -> None:
    largest = "999999999999.99"
    result = priced(order(item(largest, row("ITEM", largest)), grand=largest), eu_rates())
    assert result.total.incl == D(largest)


def test_amounts_that_do_not_add_up_are_told_whole() -> None:
    one = order(
        item("10.00", row("ITEM", "10.00"), row("SHIPPING", "2.00"), row("TAX", "2.20"), row("DISCOUNT", "-1.00")),
        item("5.00", item_id="2"),
        grand="99.00",
        proceeds=(row("DELIVERY_TIP", "3.00"), row("TAX", "0.00")),
    )
    assert problem_of(one, eu_rates()) == Problem(
        ProblemCode.UNRECONCILED_TOTAL,
        "Amazon's amounts add up in no reading (EUR: items ITEM 10.00, SHIPPING 2.00, TAX 2.20, DISCOUNT 1.00; order "
        "DELIVERY_TIP 3.00, TAX 0.00; sum of 2 proceedsTotal 15.00; grandTotal 99.00)",
        ORDER_ID,
        "proceeds.grandTotal",
    )
    bare = order(item(None, row("ITEM", "1.00"), row("TAX", "0.22")))
    assert problem_of(bare, eu_rates()) == Problem(
        ProblemCode.UNRECONCILED_TOTAL,
        "Amazon gives tax, but no total that tells if it is on top (EUR: items ITEM 1.00, TAX 0.22; no proceedsTotal; "
        "no grandTotal)",
        ORDER_ID,
        "proceeds.grandTotal",
    )
    nothing = order(item(None, quantity=0), item(None, item_id="2"))
    assert problem_of(nothing, eu_rates()) == Problem(
        ProblemCode.UNRECONCILED_TOTAL,
        "Amazon gives neither a grand total nor the proceeds of orderItems[1]",
        ORDER_ID,
        "proceeds",
    )


TOLD = [
    pytest.param(
        eu_rates(None, country="IT"),
        [TaxUnknown("A", D("22.0"), is_configured=True), TaxUnknown("B", D("10"), is_configured=True)],
        "the shop has no tax of 22 % and 10 %, the rate configured for A, B, delivery to IT: create taxes of 22 % and "
        "10 % (International > Taxes)",
        "IT 22 %, 10 %",
        id="configured",
    ),
    pytest.param(
        eu_rates(None, known=(IT_22,), legal=(D(22), D(10)), country="PT-20"),
        [TaxUnknown("A")],
        "no VAT rate is known for A, delivery to PT-20: add a rule for the region's postcodes to the product's tax "
        "rules group (International > Taxes > Tax Rules), or configure taxes.PT-20 = 22",
        "PT-20",
        id="unknown in a region",
    ),
    pytest.param(
        eu_rates(None),
        [TaxUnknown("A"), TaxUnknown("B")],
        "no VAT rate is known for A, B, delivery to IT: add a rule for the country to the product's tax rules group "
        "(International > Taxes > Tax Rules)",
        "IT",
        id="unknown where no law is known",
    ),
    pytest.param(
        eu_rates(None, legal=(D(22),), country="IT"),
        [TaxUnknown("1.00 on 10.00 EUR", None, D(10)), TaxUnknown("2.20 on 10.00 EUR", D(22), D(22))],
        "no tax of the shop explains the tax of 1.00 on 10.00 EUR and 2.20 on 10.00 EUR, delivery to IT: create a tax "
        "of 22 % (International > Taxes), or it comes to 10 %, none of the rates of IT (22 %): if that is right, "
        "create such a tax (International > Taxes)",
        "IT 22 %",
        id="a rate of the country's and one that is none",
    ),
    pytest.param(
        eu_rates(None, country="IT"),
        [TaxUnknown("A", D(22), is_configured=True), TaxUnknown("B", None, D(10)), TaxUnknown("C")],
        "the shop has no tax of 22 %, the rate configured for A, delivery to IT: create a tax of 22 % (International > "
        "Taxes); no tax of the shop explains the tax of B, delivery to IT: it comes to 10 %: if that is right, create "
        "such a tax (International > Taxes); no VAT rate is known for C, delivery to IT: add a rule for the country to "
        "the product's tax rules group (International > Taxes > Tax Rules)",
        "IT 22 %",
        id="all kinds at once",
    ),
]


@pytest.mark.parametrize(("rates", "missing", "message", "subject"), TOLD)
def test_what_is_missing_is_told_whole(rates: Any, missing: list[TaxUnknown], message: str, subject: str) -> None:
    problem = refusal(order(item("1.00")), rates, missing).problem
    assert problem == Problem(ProblemCode.NO_VAT_RATE, message, ORDER_ID, subject)


def test_without_a_place_no_place_is_told() -> None:
    nowhere = order(item("1.00"), delivery_address=None)
    problem = refusal(nowhere, eu_rates(None, legal=(D(22),)), [TaxUnknown("A")]).problem
    assert (problem.subject, problem.message) == (
        "",
        "no VAT rate is known for A: add a rule for the country to the product's tax rules group (International > "
        "Taxes > Tax Rules)",
    )
