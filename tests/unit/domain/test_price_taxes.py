"""Which tax is booked for what Amazon says of tax, and for what it does not say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderferry.domain.pricing.priced_order import Amount, PricedCharge, RateChoice, Rates, TaxShare
from support.amazon_money import DE_19, IT_10, IT_22, eu_rates, export_rates, item, order, pair, priced, row

AMAZON_TAX = RateChoice(Decimal(0), "77")


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
    assert result.shipping.effective_rate == Decimal("18.571"), "1.30 on 7.00"


def test_shipping_without_a_rate_of_its_own_takes_the_largest_lines() -> None:
    one = order(
        item("5.00", row("ITEM", "5.00")),
        item("22.00", row("ITEM", "11.00"), row("SHIPPING", "11.00"), item_id="2"),
        grand="27.00",
    )
    result = priced(one, eu_rates(by_item={"1": IT_22, "2": IT_10}, shipping=None))
    assert (result.shipping.amount, result.shipping.tax_key) == (pair("10.00", "11.00"), "2")
    assert result.shipping.effective_rate == 10


def test_a_charge_of_nothing_at_several_rates_has_that_of_the_largest() -> None:
    free = tuple(TaxShare(choice.rate, choice.key, Amount()) for choice in (IT_22, IT_10))
    assert PricedCharge(Amount(), IT_22.rate, IT_22.key, shares=free).effective_rate == IT_22.rate


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
    assert line.total.tax == Decimal(tax)


def test_amazons_amount_stays_outside_the_eu() -> None:
    (line,) = priced(
        order(item("107.25", row("ITEM", "100"), row("TAX", "7.25")), grand="107.25"), export_rates()
    ).lines
    assert (line.rate, line.tax_key, line.total.tax) == (Decimal("7.250"), "", Decimal("7.25"))


def test_a_rate_beyond_reason_is_written_as_a_thousand_percent() -> None:
    (line,) = priced(order(item("5.01", row("ITEM", "0.01"), row("TAX", "5.00")), grand="5.01"), export_rates()).lines
    assert (line.rate, line.total) == (Decimal(1000), pair("0.01", "5.01"))


@pytest.mark.parametrize(
    "more", [{"tax_collection_models": ("MARKETPLACE_FACILITATOR",)}, {"reporting_schemes": ("IOSS",)}], ids=str
)
@pytest.mark.parametrize(
    ("rates", "rows", "tax", "key"),
    [
        pytest.param(eu_rates(), (row("ITEM", "122.00"),), "22.00", "1", id="nothing configured"),
        pytest.param(
            eu_rates(collected_by_amazon=(AMAZON_TAX,)), (row("ITEM", "122.00"),), "22.00", "77", id="the shop's rate"
        ),
        pytest.param(
            eu_rates(collected_by_amazon=(AMAZON_TAX,)),
            (row("ITEM", "99.00"), row("TAX", "23.00")),
            "23.00",
            "77",
            id="a rate that no tax of the shop has",
        ),
        pytest.param(
            export_rates(collected_by_amazon=(AMAZON_TAX,)),
            (row("ITEM", "113.75"), row("TAX", "8.25")),
            "8.25",
            "77",
            id="sales tax",
        ),
        pytest.param(
            export_rates(collected_by_amazon=(AMAZON_TAX,)),
            (row("ITEM", "122.00"),),
            "0.00",
            "",
            id="export without tax",
        ),
    ],
)
def test_tax_that_amazon_owes(more: dict[str, Any], rates: Any, rows: tuple[Any, ...], tax: str, key: str) -> None:
    result = priced(order(item("122.00", *rows, **more), grand="122.00"), rates)
    (line,) = result.lines
    assert result.collected_by_amazon
    assert (line.total.tax, line.tax_key) == (Decimal(tax), key)


@pytest.mark.parametrize(("tax", "rate"), [("20.00", "20"), ("23.00", "23")])
def test_a_tax_of_amazons_lends_its_rate_only_where_it_explains_the_amount(tax: str, rate: str) -> None:
    paid = str(100 + Decimal(tax))
    sold = item(paid, row("ITEM", "100.00"), row("TAX", tax), tax_collection_models=("MARKETPLACE_FACILITATOR",))
    rates = eu_rates(collected_by_amazon=(RateChoice(Decimal(20), "77"),))
    (line,) = priced(order(sold, grand=paid), rates).lines
    assert (line.rate, line.tax_key, line.total.tax) == (Decimal(rate), "77", Decimal(tax))


def test_only_the_facilitated_item_is_booked_as_amazons() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20"), tax_collection_models=("MARKETPLACE_FACILITATOR",)),
        item("12.20", row("ITEM", "12.20"), item_id="2"),
        grand="24.40",
    )
    result = priced(one, eu_rates(collected_by_amazon=(AMAZON_TAX,)))
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
    rates = Rates({"1": None}, None, (RateChoice(Decimal(0), "9"),), prices_hold_tax=False)
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


def test_german_item_beside_an_italian_tax_of_the_same_order() -> None:
    one = order(item("11.90", row("ITEM", "11.90")), item("12.20", row("ITEM", "12.20"), item_id="2"), grand="24.10")
    result = priced(one, eu_rates(by_item={"1": DE_19, "2": IT_22}))
    assert [(line.total.excl, line.tax_key) for line in result.lines] == [
        (Decimal("10.00"), "3"),
        (Decimal("10.00"), "1"),
    ]
