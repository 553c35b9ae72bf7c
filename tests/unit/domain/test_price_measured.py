"""Prices as PrestaShop itself wrote them (measured rows a, b, g, h) and of Amazon's published examples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.orders import Address, Item, Order, ProceedsType
from orderferry.domain.pricing.priced_order import PricedOrder, Rates, Reading, Rounding
from support.amazon_money import DE_19, IT_10, IT_22, eu_rates, export_rates, item, order, pair, priced, row


def test_one_line_with_taxed_shipping() -> None:
    result = priced(
        order(item("37.58", row("ITEM", "29.04"), row("SHIPPING", "8.54"), quantity=2), grand="37.58"), eu_rates()
    )
    (line,) = result.lines
    assert line.total == pair("23.80", "29.04")
    assert line.unit == pair("11.901639", "14.52")
    assert (line.total.tax, line.unit.tax) == (Decimal("5.24"), Decimal("2.618361"))
    assert (line.rate, line.tax_key) == (Decimal(22), "1")
    assert result.shipping.amount == pair("7.00", "8.54")
    assert (result.shipping.rate, result.shipping.tax_key) == (Decimal(22), "1")
    assert result.total == pair("30.80", "37.58")
    assert result.reading is Reading.NO_TAX


def test_two_lines_with_voucher_and_gift_wrap() -> None:
    result = priced(
        order(
            item(
                "53.82",
                row("ITEM", "46.65"),
                row("SHIPPING", "8.54"),
                row("GIFT_WRAP", "2.44"),
                row("DISCOUNT", "-3.81"),
                quantity=2,
            ),
            item("13.33", row("ITEM", "14.52"), row("DISCOUNT", "-1.19"), item_id="2"),
            grand="67.15",
        ),
        eu_rates(),
    )
    assert [line.total for line in result.lines] == [
        pair("35.11", "42.84"),
        pair("10.93", "13.33"),
        pair("2.00", "2.44"),
    ]
    assert [line.promotion for line in result.lines] == [Decimal("3.81"), Decimal("1.19"), 0]
    assert [line.reduction for line in result.lines[:2]] == [pair("1.561475", "1.905"), pair("0.975410", "1.19")]
    assert (result.lines[2].kind, result.lines[2].tax_key) == (ProceedsType.GIFT_WRAP, "1")
    assert result.wrapping.amount == pair("0", "0")
    assert result.shipping.amount == pair("7.00", "8.54")
    assert result.total == pair("55.04", "67.15")


def test_second_currency() -> None:
    result = priced(
        order(
            item(
                "432.12",
                row("ITEM", "333.91", "SEK"),
                row("SHIPPING", "98.21", "SEK"),
                quantity=2,
                currency="SEK",
            ),
            grand="432.12",
            currency="SEK",
        ),
        eu_rates(),
    )
    assert result.currency == "SEK"
    assert result.lines[0].total == pair("273.70", "333.91")
    assert result.lines[0].total.tax == Decimal("60.21")
    assert result.shipping.amount == pair("80.50", "98.21")
    assert result.total == pair("354.20", "432.12")


def test_two_tax_rates() -> None:
    result = priced(
        order(
            item("52.09", row("ITEM", "43.55"), row("SHIPPING", "8.54"), quantity=3),
            item("42.74", row("ITEM", "42.74"), quantity=5, item_id="2"),
            grand="94.83",
        ),
        eu_rates(by_item={"1": IT_22, "2": IT_10}),
    )
    assert [line.total for line in result.lines] == [pair("35.70", "43.55"), pair("38.85", "42.74")]
    assert [line.total.tax for line in result.lines] == [Decimal("7.85"), Decimal("3.89")]
    assert result.shipping.amount == pair("7.00", "8.54")
    assert result.total == pair("81.55", "94.83")


@pytest.mark.parametrize("on_top", [True, False], ids=["tax on top", "tax inside"])
def test_amazon_tax_gives_the_same_rows_in_either_reading(on_top: bool) -> None:
    listed = ("23.80", "7.00") if on_top else ("29.04", "8.54")
    result = priced(
        order(
            item(
                "37.58",
                row("ITEM", listed[0]),
                row("SHIPPING", listed[1]),
                row("TAX", "6.78", ITEM="5.24", SHIPPING="1.54"),
                quantity=2,
            ),
            grand="37.58",
        ),
        eu_rates(),
    )
    assert result.lines[0].total == pair("23.80", "29.04")
    assert result.shipping.amount == pair("7.00", "8.54")
    assert result.total == pair("30.80", "37.58")
    assert result.reading is (Reading.TAX_ON_TOP if on_top else Reading.TAX_INSIDE)
    assert (result.lines[0].tax_key, result.shipping.tax_key) == ("1", "1")


def published(currency: str, country: str, *items: Item, grand: str, **more: object) -> Order:
    return order(*items, grand=grand, currency=currency, delivery_address=Address(country=country), **more)


def figures(result: PricedOrder) -> list[tuple[str, str, str, str]]:
    return [
        ("".join(line.item_ids), str(line.total.excl), str(line.total.incl), str(line.rate)) for line in result.lines
    ]


def test_published_united_states_order_with_tip() -> None:
    result = priced(
        published(
            "USD",
            "US",
            item(
                "100.00",
                row("ITEM", "99.98", "USD"),
                row("TAX", "0.02", "USD", ITEM="0.02"),
                quantity=2,
                currency="USD",
            ),
            item("49.99", row("ITEM", "49.99", "USD"), item_id="2", currency="USD"),
            grand="154.99",
            proceeds=(row("ITEM", "149.97", "USD"), row("TAX", "0.02", "USD"), row("DELIVERY_TIP", "5.00", "USD")),
            replaces=("111-0000000-0000000",),
        ),
        export_rates(),
    )
    assert figures(result) == [
        ("1", "99.98", "100.00", "0.020"),
        ("2", "49.99", "49.99", "0"),
        ("", "5.00", "5.00", "0"),
    ]
    assert result.lines[2].kind is ProceedsType.DELIVERY_TIP
    assert result.reading is Reading.TAX_ON_TOP
    assert {line.tax_key for line in result.lines} == {""}


def test_published_in_store_order_with_a_tax_without_details() -> None:
    bought = item("49.99", row("ITEM", "39.99", "USD"), row("TAX", "10.00", "USD"), currency="USD")
    result = priced(published("USD", "US", bought, grand="49.99"), export_rates())
    assert figures(result) == [("1", "39.99", "49.99", "25.006")]
    assert result.lines[0].total.tax == Decimal("10.00")


def test_published_british_order() -> None:
    bought = item(
        "103.97",
        row("ITEM", "89.97", "GBP"),
        row("SHIPPING", "10.00", "GBP"),
        row("TAX", "4.00", "GBP", ITEM="3.00", SHIPPING="1.00"),
        quantity=3,
        currency="GBP",
    )
    repeated = (row("ITEM", "89.97", "GBP"), row("SHIPPING", "10.00", "GBP"), row("TAX", "4.00", "GBP"))
    result = priced(published("GBP", "GB", bought, grand="103.97", proceeds=repeated), export_rates())
    assert figures(result) == [("1", "89.97", "92.97", "3.334")]
    assert result.lines[0].unit == pair("29.990129", "30.99")
    assert result.shipping.amount == pair("10.00", "11.00")
    # The shop's own 10 % explains Amazon's tax on shipping, nothing explains the one on the item.
    assert (result.shipping.rate, result.shipping.tax_key, result.lines[0].tax_key) == (Decimal(10), "2", "")


def test_published_japanese_order_has_no_decimals() -> None:
    result = priced(
        published(
            "JPY",
            "JP",
            item("5980", row("ITEM", "5980", "JPY"), currency="JPY"),
            item("13960", row("ITEM", "13960", "JPY"), quantity=2, item_id="2", currency="JPY"),
            grand="19940",
        ),
        export_rates(),
        Rounding(decimals=0),
    )
    assert figures(result) == [("1", "5980", "5980", "0"), ("2", "13960", "13960", "0")]
    assert str(result.total.incl) == "19940"


@pytest.mark.parametrize(
    ("currency", "country", "quantity", "amount"),
    [
        pytest.param("GBP", "GB", 1, "34.99", id="202-7654321-1098765"),
        pytest.param("BRL", "BR", 1, "1599.90", id="171-2345678-9012345"),
        pytest.param("BRL", "BR", 1, "299.90", id="171-9876543-2109876"),
        pytest.param("TRY", "TR", 2, "125.00", id="028-1234567-8901234"),
    ],
)
def test_published_orders_without_tax(currency: str, country: str, quantity: int, amount: str) -> None:
    bought = item(
        amount,
        row("ITEM", amount, currency),
        quantity=quantity,
        currency=currency,
        tax_collection_models=("MARKETPLACE_FACILITATOR",) if country == "TR" else (),
    )
    result = priced(published(currency, country, bought, grand=amount), export_rates())
    assert figures(result) == [("1", amount, amount, "0")]
    assert result.lines[0].tax_key == ""
    assert result.collected_by_amazon is (country == "TR")


def test_german_delivery_of_an_italian_shop() -> None:
    rates: Rates = eu_rates(DE_19)
    result = priced(order(item("11.90", row("ITEM", "11.90")), grand="11.90"), rates)
    assert result.lines[0].total == pair("10.00", "11.90")
    assert result.lines[0].tax_key == "3"
