"""Both sides of a comparison: what an order of the Orders API says, and what the shop's rows say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orderferry.domain.compared_orders import (
    CreditSlip,
    OrderReport,
    RateShare,
    ReportedOrder,
    ReportEnd,
    ShopOrder,
    as_reported,
    gathered,
    implied_rate,
    open_tax,
)
from orderferry.domain.orders import Address, Channel, Order, OrderStatus, Package
from support.amazon_money import MOMENT, ORDER_ID, item, order, row
from support.compared import in_shop

D = Decimal


def share(rate: str | None, gross: str, tax: str) -> RateShare:
    return RateShare(None if rate is None else D(rate), D(gross), D(tax))


def test_an_order_with_all_that_can_be_compared() -> None:
    one = order(
        item("122.00", row("ITEM", "122.00"), row("TAX", "22.00"), quantity=2),
        item("36.60", row("ITEM", "36.60"), row("TAX", "6.60"), item_id="2"),
        item("11.00", row("ITEM", "11.00"), row("TAX", "1.00"), item_id="3", quantity=3),
        grand="169.60",
        packages=(
            Package("1", ship_time=MOMENT + timedelta(days=1)),
            Package("2", ship_time=MOMENT + timedelta(days=2)),
            Package("3"),
        ),
        raw_status="UNSHIPPED",
    )
    assert as_reported(one) == ReportedOrder(
        order_id=ORDER_ID,
        purchased=MOMENT,
        updated=MOMENT,
        status=OrderStatus.UNSHIPPED,
        channel=Channel.REGULAR,
        marketplace_id="APJ6JRA9NG5V4",
        raw_status="UNSHIPPED",
        sold_by_amazon=True,
        currency="EUR",
        country="IT",
        quantity=6,
        gross=D("169.60"),
        tax=D("29.60"),
        shares=(share("22", "158.60", "28.60"), share("10", "11.00", "1.00")),
        totals=frozenset({D("169.60")}),
        quantities=frozenset({6}),
        exact=True,
        tax_range=(D("29.60"), D("29.60")),
        shipped=MOMENT + timedelta(days=2),
    )


def test_an_order_of_which_amazon_says_as_little_as_possible() -> None:
    bare = Order(ORDER_ID, MOMENT, MOMENT, "", None, None, ())
    expected = ReportedOrder(ORDER_ID, MOMENT, MOMENT, None, None, "", quantities=frozenset({0}), exact=True)
    assert as_reported(bare) == expected
    assert expected.sold_by_amazon
    assert (expected.quantity, expected.tax) == (0, Decimal(0))
    assert expected.gross is None


@pytest.mark.parametrize(
    ("more", "sold"),
    [({}, True), ({"sales_channel": "NON_AMAZON"}, False), ({"status": OrderStatus.UNFULFILLABLE}, False)],
)
def test_what_other_channels_sell_is_not_amazons(more: dict[str, object], sold: bool) -> None:
    facts = {"status": OrderStatus.SHIPPED, "channel": Channel.FBA, "items": (), **more}
    one = Order(ORDER_ID, MOMENT, MOMENT, "APJ6JRA9NG5V4", **facts)  # type: ignore[arg-type]
    assert as_reported(one).sold_by_amazon is sold


@pytest.mark.parametrize(
    ("rows", "paid", "least", "most"),
    [
        pytest.param((row("ITEM", "122.00"),), "122.00", "0", "25.94", id="no tax given: up to 27 %"),
        pytest.param(
            (row("ITEM", "122.00"), row("DISCOUNT", "-12.20"), row("TAX", "22.00")),
            "109.80",
            "19.80",
            "22.00",
            id="before discount or after it",
        ),
        pytest.param((row("ITEM", "122.00"), row("TAX", "22.00")), "122.00", "22.00", "22.00", id="no discount"),
        pytest.param(
            (row("ITEM", "0.00"), row("DISCOUNT", "0.00"), row("TAX", "0.01")),
            "0.01",
            "0.01",
            "0.01",
            id="tax of nothing",
        ),
        pytest.param(
            (row("ITEM", "0.00"), row("SHIPPING", "12.20"), row("TAX", "2.20", SHIPPING="2.20")),
            "12.20",
            "2.20",
            "2.20",
            id="a free item beside shipping",
        ),
    ],
)
def test_between_which_amounts_the_tax_lies(rows: tuple[object, ...], paid: str, least: str, most: str) -> None:
    found = as_reported(order(item(paid, *rows), grand=paid)).tax_range  # type: ignore[arg-type]
    assert found is not None
    assert [round(amount, 2) for amount in found] == [D(least), D(most)]


def test_the_tax_is_unknown_where_the_amounts_do_not_add_up() -> None:
    assert as_reported(order(item("10.00", row("ITEM", "10.00")), grand="99.00")).tax_range is None


def test_of_an_amount_without_tax_at_most_hungarys_rate_is_tax() -> None:
    assert open_tax(D(127)) == 27
    assert open_tax(D(-127)) == 0


def test_shares_are_added_up_by_rate() -> None:
    parts = [share("22", "122", "22"), share(None, "5", "0"), share("22", "61", "11"), share(None, "1", "0")]
    assert gathered(parts) == (share("22", "183", "33"), share(None, "6", "0"))


@pytest.mark.parametrize(
    ("gross", "tax", "rate"),
    [
        ("122.00", "22.00", "22"),
        ("12.56", "2.56", "25.5"),
        ("1.19", "0.19", "19"),
        ("105.50", "5.50", "5.5"),
        ("10.00", "0", None),
        ("10.00", "-1.00", None),
        ("10.00", "10.00", None),
        ("2.00", "1.00", "100"),
        ("1.01", "1.00", "10000"),
    ],
)
def test_the_rate_that_two_amounts_imply_to_the_half(gross: str, tax: str, rate: str | None) -> None:
    assert implied_rate(D(gross), D(tax)) == (None if rate is None else D(rate))


def credit(gross: str, net: str) -> CreditSlip:
    return CreditSlip(None, D(gross), D(net))


@pytest.mark.parametrize(
    ("slips", "credited"),
    [
        ((), False),
        ((credit("119.00", "90.00"),), True),
        ((credit("118.99", "90.00"),), True),
        ((credit("118.98", "99.98"),), False),
        ((credit("100.00", "99.99"),), True),
        ((credit("60.00", "50.00"), credit("59.00", "40.00")), True),
        ((credit("60.00", "60.00"), credit("50.00", "40.00")), True),
    ],
)
def test_credit_slips_cover_an_order_to_a_cent_with_tax_or_without(
    slips: tuple[CreditSlip, ...], credited: bool
) -> None:
    one = in_shop(slips=slips)
    assert one.is_credited is credited
    assert one.credited == sum(slip.gross for slip in slips)


@pytest.mark.parametrize(
    ("scheme", "by"),
    [
        ("collected-by-amazon", "amazon"),
        ("", ""),
        ("unknown", ""),
        ("domestic", "seller"),
        ("departure-unknown", "seller"),
    ],
)
def test_who_owes_the_tax(scheme: str, by: str) -> None:
    assert in_shop(tax_scheme=scheme).tax_owed_by == by


def test_amounts_of_an_order_of_the_shop() -> None:
    one = in_shop(conversion_rate=D(4))
    assert one.tax == D("19.000000")
    assert str(one.at_home(D("10.02"))) == "2.51"  # 2.505
    plain = ShopOrder(
        "1", (7,), MOMENT, "Paid", cancelled=False, shipped=False, total=D(1), net=D(1), currency="EUR", quantity=1
    )
    assert (plain.at_home(D("1.234")), plain.fees, plain.invoice_number) == (D("1.23"), 0, 0)


def test_a_report_without_lines_has_nothing() -> None:
    assert OrderReport(ReportEnd.CANCELLED) == OrderReport(ReportEnd.CANCELLED, (), 0)


def test_the_country_is_that_of_the_delivery() -> None:
    one = order(item("10.00"), grand="10.00", delivery_address=Address(country="AT"))
    assert as_reported(one).country == "AT"
