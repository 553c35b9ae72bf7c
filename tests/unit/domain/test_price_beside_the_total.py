"""Tax that is no part of the total, charges that are joined, and the sentences about taxes that are missing."""

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


@pytest.mark.parametrize(
    ("rank", "tax", "legal", "key"),
    [
        pytest.param(5, "19.00", "20", "3", id="another country's tax, which alone explains it to the cent"),
        pytest.param(5, "19.50", "20", None, id="more than a cent off, as is the rate of the place"),
        pytest.param(4, "19.50", "20", "3", id="a tax of the place"),
        pytest.param(5, "19.00", "19", None, id="the same rate: the shop lacks the place's own"),
        pytest.param(5, "19.50", "25", "3", id="the rate of the place does not explain it"),
    ],
)
def test_another_countrys_tax_is_taken_only_where_no_rate_of_the_place_explains_the_amount(
    rank: int, tax: str, legal: str, key: str | None
) -> None:
    paid = str(100 + D(tax))
    one = order(item(paid, row("ITEM", "100.00"), row("TAX", tax), quantity=100), grand=paid)
    rates = eu_rates(None, known=(DE_19,), ranks={"3": rank}, legal=(D(legal),), country="FR")
    result = price_order(one, rates, Rounding())
    if key is None:
        assert isinstance(result, Problem)
        assert result.subject == f"FR {legal} %"
    else:
        assert isinstance(result, PricedOrder)
        assert result.lines[0].tax_key == key


@pytest.mark.parametrize(("listed", "grand"), [("13.20", "13.20"), ("10.80", "13.20")], ids=["inside", "on top"])
def test_tax_that_was_rounded_for_each_unit_is_the_items_own_before_a_nearer_one(listed: str, grand: str) -> None:
    """40 x 0.33: 22 % of each is 0.06, of all 2.38."""
    one = order(item(grand, row("ITEM", listed), row("TAX", "2.40"), quantity=40), grand=grand)
    result = priced(one, eu_rates(known=(IT_22, RateChoice(D("22.2"), "9"))))
    assert (result.lines[0].tax_key, result.lines[0].total) == ("1", pair("10.80", "13.20"))


@pytest.mark.parametrize(
    ("rates", "excl", "key"),
    [
        pytest.param(eu_rates(vat_by_amazon=True, reverse_charge=True), "122.00", "", id="reverse charge"),
        pytest.param(eu_rates(reverse_charge=True), "100.00", "1", id="Amazon does not calculate the tax"),
        pytest.param(eu_rates(vat_by_amazon=True), "100.00", "1", id="no business"),
    ],
)
def test_an_order_without_tax_rows(rates: Any, excl: str, key: str) -> None:
    (one_line,) = priced(order(item("122.00", row("ITEM", "122.00")), grand="122.00"), rates).lines
    assert (one_line.total.excl, one_line.tax_key) == (D(excl), key)


def test_a_tax_of_zero_on_a_part_is_meant_where_another_part_of_the_item_has_tax() -> None:
    rows = (row("ITEM", "122.00"), row("SHIPPING", "5.00"), row("TAX", "22.00", ITEM="22.00", SHIPPING="0.00"))
    result = priced(order(item("127.00", *rows), grand="127.00"), eu_rates())
    assert (result.lines[0].tax_key, result.lines[0].total) == ("1", pair("100.00", "122.00"))
    assert (result.shipping.amount, result.shipping.tax_key, result.shipping.rate) == (pair("5.00", "5.00"), "", D(0))


def test_a_missing_rate_may_count_as_zero() -> None:
    one = order(item("12.20", row("ITEM", "12.20")), grand="12.20")
    assert priced(one, eu_rates(None, missing_is_zero=True)).lines[0].total == pair("12.20", "12.20")


def test_what_amazon_owes_has_the_standard_rates_tax_where_nothing_else_is_known() -> None:
    one = order(item("120.00", row("ITEM", "120.00"), **FACILITATOR), grand="120.00")
    taxes = (RateChoice(D(5), "5"), RateChoice(D(20), "20"))
    result = priced(one, eu_rates(None, collected_by_amazon=taxes, legal=(D(20), D(5))))
    assert (result.lines[0].tax_key, result.lines[0].total) == ("20", pair("100.00", "120.00"))
    without_law = priced(one, eu_rates(None, collected_by_amazon=taxes))
    assert without_law.lines[0].tax_key == "5"
    booked = priced(one, eu_rates(RateChoice(D(20), "1"), collected_by_amazon=taxes))
    assert (booked.lines[0].tax_key, booked.lines[0].rate) == ("20", D(20))


def test_the_tax_of_an_item_and_its_shipping_may_be_explained_together_alone() -> None:
    """Amazon says that all tax is on the item, whose discount is on the shipping."""
    rows = (row("ITEM", "100.00"), row("SHIPPING", "20.00"), row("DISCOUNT", "-10.00", SHIPPING="-10.00"))
    tax = row("TAX", "24.20", ITEM="24.00", SHIPPING="0.20")
    result = priced(order(item("134.20", *rows, tax), grand="134.20"), eu_rates())
    assert [result.lines[0].tax_key, result.shipping.tax_key] == ["1", "1"]
    assert (result.lines[0].total, result.shipping.amount) == (pair("100.00", "124.00"), pair("10.00", "10.20"))


def test_a_discount_on_the_item_shrinks_tax_that_amazon_gave_before_it() -> None:
    rows = (row("ITEM", "122.00"), row("DISCOUNT", "-61.00"), row("TAX", "22.00", ITEM="22.00"))
    (one_line,) = priced(order(item("61.00", *rows), grand="61.00"), eu_rates()).lines
    assert (one_line.total, one_line.tax_key, one_line.promotion) == (pair("50.00", "61.00"), "1", D("61.00"))


def test_the_rest_of_a_small_tax_is_that_of_the_part_without_one() -> None:
    rows = (row("ITEM", "0.50"), row("SHIPPING", "0.40"), row("TAX", "0.20", ITEM="0.11"))
    result = priced(order(item("1.10", *rows), grand="1.10"), eu_rates())
    assert (result.lines[0].total, result.shipping.amount) == (pair("0.50", "0.61"), pair("0.40", "0.49"))


def test_a_rate_below_one_percent_is_one_of_the_country_too() -> None:
    one = order(item("100.90", row("ITEM", "100.00"), row("TAX", "0.90")), grand="100.90")
    problem = problem_of(one, eu_rates(None, known=(IT_22,), legal=(D(20), D("0.9")), country="FR-20R"))
    assert problem.subject == "FR-20R 0.9 %"
    assert problem.message.endswith("create a tax of 0.9 % (International > Taxes)")


def test_of_several_taxes_for_what_amazon_owes_the_one_that_explains_the_amount_is_booked() -> None:
    taxes = (RateChoice(D(5), "5"), RateChoice(D(20), "20"))
    for tax, key, rate in (("20.00", "20", D(20)), ("5.00", "5", D(5)), ("7.00", "5", D(7))):
        paid = str(100 + D(tax))
        one = order(item(paid, row("ITEM", "100.00"), row("TAX", tax), **FACILITATOR), grand=paid)
        (booked,) = priced(one, eu_rates(None, known=(), collected_by_amazon=taxes)).lines
        assert (booked.tax_key, booked.rate) == (key, rate)


@pytest.mark.parametrize(
    ("amounts", "rounded"),
    [
        pytest.param(("10.30", "0.45", "0.25"), (10, 1, 0), id="one too few: to what lost most"),
        pytest.param(("10.70", "0.60", "0.70"), (11, 0, 1), id="one too many: from what gained most"),
        pytest.param(("0.40",) * 5, (1, 1, 0, 0, 0), id="two too few: one each, the first of equals"),
    ],
)
def test_what_rounding_leaves_goes_to_the_lines_that_were_rounded_furthest(
    amounts: tuple[str, ...], rounded: tuple[int, ...]
) -> None:
    items = [
        item(amount, row("ITEM", amount, "JPY"), item_id=str(number), currency="JPY")
        for number, amount in enumerate(amounts, 1)
    ]
    one = order(*items, grand=sum(map(D, amounts), D(0)), currency="JPY")
    result = priced(one, outside(), Rounding(0, 2))
    assert [line.total.incl for line in result.lines] == list(map(D, rounded))


def test_a_cent_in_amazons_own_figures_goes_to_the_largest_line_before_a_larger_shipping() -> None:
    one = order(
        item("2.00", row("ITEM", "2.00")),
        item("33.00", row("ITEM", "3.00"), row("SHIPPING", "30.00"), item_id="2"),
        grand="35.02",
    )
    result = priced(one, outside())
    assert [line.total.incl for line in result.lines] == [D("2.00"), D("3.02")]
    assert result.shipping.amount.incl == 30


def test_what_the_orders_rows_hold_beyond_the_items_is_taxed_by_itself() -> None:
    shipped = order(
        item("100.00", row("ITEM", "100.00")),
        grand="112.20",
        proceeds=(row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("TAX", "2.20")),
    )
    result = priced(shipped, eu_rates())
    assert (result.lines[0].total, result.shipping.amount) == (pair("81.97", "100.00"), pair("10.00", "12.20"))
    taxed = order(
        item("122.00", row("ITEM", "100.00"), row("TAX", "22.00")),
        grand="134.20",
        proceeds=(row("ITEM", "100.00"), row("SHIPPING", "10.00"), row("TAX", "24.20")),
    )
    result = priced(taxed, eu_rates())
    assert (result.lines[0].total, result.shipping.amount) == (pair("100.00", "122.00"), pair("10.00", "12.20"))


def test_what_the_orders_rows_hold_beyond_the_items_may_be_small_or_a_discount() -> None:
    small = order(item("10.00", row("ITEM", "10.00")), grand="10.50", proceeds=(row("SHIPPING", "0.50"),))
    assert priced(small, eu_rates()).shipping.amount.incl == D("0.50")
    less = order(
        item("90.00", row("ITEM", "100.00"), row("DISCOUNT", "-10.00")),
        grand="85.00",
        proceeds=(row("ITEM", "100.00"), row("DISCOUNT", "-15.00")),
    )
    (one_line,) = priced(less, eu_rates()).lines
    assert (one_line.total.incl, one_line.promotion) == (D("85.00"), D("15.00"))


@pytest.mark.parametrize(
    ("listed", "tax", "taken"),
    [
        pytest.param("122.00", row("TAX", "22.00", ITEM="22.00", DISCOUNT="2.20"), "19.80", id="yet to be taken off"),
        pytest.param("122.00", row("TAX", "22.00", ITEM="22.01", DISCOUNT="2.20"), "19.81", id="a cent of rounding"),
        pytest.param("122.00", row("TAX", "22.00", ITEM="22.02", DISCOUNT="2.20"), "22.00", id="two cents"),
        pytest.param("122.00", row("TAX", "19.80", ITEM="22.00", DISCOUNT="-2.20"), "19.80", id="taken off"),
        pytest.param("100.00", row("TAX", "19.80", ITEM="19.80", DISCOUNT="-2.20"), "19.80", id="on top, taken off"),
    ],
)
def test_the_tax_on_a_discount_where_no_rate_tells(listed: str, tax: Any, taken: str) -> None:
    off = "12.20" if listed == "122.00" else "10.00"
    one = order(item("109.80", row("ITEM", listed), row("DISCOUNT", off), tax), grand="109.80")
    assert priced(one, outside()).lines[0].total.tax == D(taken)
