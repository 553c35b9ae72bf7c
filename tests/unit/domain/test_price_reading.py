"""Which reading is taken, what becomes a line of its own, and how sums are rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.pricing.priced_order import RateChoice, Reading, Rounding
from support.amazon_money import IT_10, IT_22, eu_rates, export_rates, item, money, order, pair, priced, row

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


@pytest.mark.parametrize("grand", ["73.20", None], ids=["with a grand total", "without one"])
def test_shipping_of_the_whole_order(grand: str | None) -> None:
    one = order(
        item("61.00", row("ITEM", "61.00")),
        grand=grand,
        proceeds=(row("ITEM", "61.00"), row("SHIPPING", "12.20")),
    )
    assert priced(one, eu_rates()).shipping.amount == pair("10.00", "12.20")


def test_free_lines() -> None:
    rows = (row("ITEM", "12.20"), row("COD_FEE", "6.10"), row("OTHER", "1.22"), row("NEW_FEE", "1.22"))
    one = order(item("20.74", *rows), grand="22.74", proceeds=(row("DELIVERY_TIP", "2.00"),))
    result = priced(one, eu_rates())
    assert [(line.item_ids, line.kind, line.quantity, line.total, line.tax_key) for line in result.lines[1:]] == [
        ((), ProceedsType.COD_FEE, 1, pair("5.00", "6.10"), "1"),
        ((), ProceedsType.OTHER, 1, pair("2.00", "2.44"), "1"),
        ((), ProceedsType.DELIVERY_TIP, 1, pair("2.00", "2.00"), ""),
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


def test_cancelled_items_leave_no_line() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20")),
        item("0.00", row("ITEM", "0.00"), item_id="2", quantity=0),
        item(None, item_id="3", quantity=0, cancelled_by="BUYER"),
        grand="12.20",
    )
    assert [line.item_ids for line in priced(one, eu_rates()).lines] == [("1",)]


def test_what_is_still_charged_for_a_cancelled_item_is_another_charge() -> None:
    one = order(
        item("12.20", row("ITEM", "12.20")), item("1.10", row("ITEM", "1.10"), item_id="2", quantity=0), grand="13.30"
    )
    line = priced(one, eu_rates(by_item={"1": IT_22, "2": IT_10})).lines[1]
    assert (line.item_ids, line.kind, line.total, line.tax_key) == ((), ProceedsType.OTHER, pair("1.00", "1.10"), "2")


@pytest.mark.parametrize("shipping", [None, IT_10], ids=["no rate of the carrier", "another rate of the carrier"])
def test_a_charge_for_a_cancelled_item_of_which_nothing_is_known_has_the_orders_own_rate(
    shipping: RateChoice | None,
) -> None:
    """Its product is looked for no more, so that it has no rate of its own; it may stand before the others."""
    one = order(
        item("6.10", row("ITEM", "6.10"), item_id="1", quantity=0, cancelled_by="BUYER"),
        item("12.20", row("ITEM", "12.20"), item_id="2"),
        grand="18.30",
    )
    lines = priced(one, eu_rates(by_item={"2": IT_22}, shipping=shipping)).lines
    assert [(line.item_ids, line.kind, line.total, line.tax_key) for line in lines] == [
        (("2",), ProceedsType.ITEM, pair("10.00", "12.20"), "1"),
        ((), ProceedsType.OTHER, pair("5.00", "6.10"), "1"),
    ]


def test_what_is_left_of_an_item_that_was_cancelled_in_part_costs_its_displayed_price() -> None:
    one = order(item(None, quantity=2, cancelled_by="BUYER", unit_price=money("6.10")), grand="12.20")
    assert [(line.quantity, line.total) for line in priced(one, eu_rates()).lines] == [(2, pair("10.00", "12.20"))]


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
