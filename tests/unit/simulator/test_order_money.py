"""The proceeds of simulated orders: they add up, in one reading only, as the order's tax mode says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orderferry.simulator.orders import Line, SimulatedOrder, TaxMode
from orderferry.simulator.world import World
from support.proceeds import grand_total_adds_up, money, readings, sum_of
from support.simulated import simulated_order, verified

FULL = Line("A", 2, Decimal("10.00"), shipping=Decimal("4.90"), gift_wrap=Decimal("3.50"))
REDUCED = Line("A", 2, Decimal("10.00"), shipping=Decimal("4.90"), discount=Decimal("2.00"))
TWICE_REDUCED = Line(
    "A", 1, Decimal("30.00"), shipping=Decimal("5.00"), discount=Decimal("6"), shipping_discount=Decimal("5")
)


def priced(line: Line, **fields: Any) -> dict[str, Any]:
    """The JSON of an order of one line, once it is verified."""
    order = simulated_order(1, verified(minutes=10), lines=[line], **fields)
    return shown(order)


def shown(order: SimulatedOrder) -> dict[str, Any]:
    found = World([order]).find(order.order_id, order.placed + timedelta(hours=1))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("line", "mode", "sign", "total", "reading"),
    [
        (FULL, TaxMode.INSIDE, -1, "28.40", ("inside", "none")),
        (FULL, TaxMode.NONE, -1, "28.40", ("none", "none")),
        (FULL, TaxMode.ZERO, -1, "28.40", ("none", "none")),
        (FULL, TaxMode.ON_TOP, -1, "33.80", ("on-top", "none")),
        (REDUCED, TaxMode.INSIDE, -1, "22.90", ("inside", "added")),
        (REDUCED, TaxMode.INSIDE, 1, "22.90", ("inside", "subtracted")),
        (REDUCED, TaxMode.ON_TOP, 1, "27.25", ("on-top", "subtracted")),
        (REDUCED, TaxMode.NONE, -1, "22.90", ("none", "added")),
        (TWICE_REDUCED, TaxMode.INSIDE, -1, "24.00", ("inside", "added")),
    ],
)
def test_the_total_reconciles_in_exactly_one_reading(
    line: Line, mode: TaxMode, sign: int, total: str, reading: tuple[str, str]
) -> None:
    order = priced(line, tax_mode=mode, discount_sign=sign)
    assert order["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] == total
    assert readings(order["orderItems"][0]) == {reading}
    assert grand_total_adds_up(order)


def test_the_tax_row_says_what_is_inside_and_splits_it() -> None:
    item = priced(TWICE_REDUCED, tax_mode=TaxMode.INSIDE)["orderItems"][0]
    tax = next(row for row in item["proceeds"]["breakdowns"] if row["type"] == "TAX")
    details = {detail["subtype"]: Decimal(detail["value"]["amount"]) for detail in tax["detailedBreakdowns"]}
    assert details == {"ITEM": Decimal("4.79"), "SHIPPING": Decimal("0.80"), "DISCOUNT": Decimal("-1.76")}
    assert money(tax["subtotal"]) == Decimal("3.83") == sum(details.values())


def test_the_discount_row_is_split_into_item_and_shipping() -> None:
    item = priced(TWICE_REDUCED, discount_sign=1)["orderItems"][0]
    row = next(row for row in item["proceeds"]["breakdowns"] if row["type"] == "DISCOUNT")
    assert row["subtotal"]["amount"] == "11.00"
    assert [(part["subtype"], part["value"]["amount"]) for part in row["detailedBreakdowns"]] == [
        ("ITEM", "6.00"),
        ("SHIPPING", "5.00"),
    ]


def test_a_zero_tax_row_stands_only_where_amazon_states_no_rate() -> None:
    rows = priced(FULL, tax_mode=TaxMode.ZERO)["orderItems"][0]["proceeds"]["breakdowns"]
    assert [row["subtotal"]["amount"] for row in rows if row["type"] == "TAX"] == ["0.00"]
    assert not [row for row in priced(FULL, tax_mode=TaxMode.NONE)["proceeds"]["breakdowns"] if row["type"] == "TAX"]


def test_order_rows_are_the_sums_of_the_items_rows_and_the_tip() -> None:
    order = shown(
        simulated_order(1, verified(minutes=1), lines=[FULL, FULL], tip=Decimal("2.00"), tax_mode=TaxMode.ON_TOP)
    )
    rows = order["proceeds"]["breakdowns"]
    assert {row["type"]: row["subtotal"]["amount"] for row in rows} == {
        "ITEM": "40.00",
        "SHIPPING": "9.80",
        "GIFT_WRAP": "7.00",
        "TAX": "10.80",
        "DELIVERY_TIP": "2.00",
    }
    assert order["proceeds"]["grandTotal"]["amount"] == "69.60"
    assert sum_of(rows, "ITEM", "SHIPPING", "GIFT_WRAP", "TAX", "DELIVERY_TIP") == Decimal("69.60")


def test_yen_have_no_decimals() -> None:
    line = Line("A", 2, Decimal("1980"), discount=Decimal("333"))
    order = priced(line, marketplace="JP", tax_mode=TaxMode.INSIDE, tax_rate=Decimal(10))
    assert order["proceeds"]["grandTotal"] == {"amount": "3627", "currencyCode": "JPY"}
    assert all("." not in row["subtotal"]["amount"] for row in order["proceeds"]["breakdowns"])


def test_a_vine_order_costs_nothing_at_its_full_price() -> None:
    line = Line("A", 1, Decimal("19.99"), discount=Decimal("19.99"), promotion="VINE-ENROLLMENT")
    order = priced(line)
    item = order["orderItems"][0]
    assert order["proceeds"]["grandTotal"]["amount"] == "0.00"
    assert item["product"]["price"]["unitPrice"]["amount"] == "19.99"
    assert item["promotion"] == {"breakdowns": [{"promotionId": "VINE-ENROLLMENT"}]}
    assert readings(item) == {("none", "added")}


def test_cash_on_delivery_costs_a_fee_and_says_so() -> None:
    order = priced(Line("A", 1, Decimal("20.00"), cod_fee=Decimal("2.90")), payment_method="CashOnDelivery")
    assert [row["type"] for row in order["orderItems"][0]["proceeds"]["breakdowns"]] == ["ITEM", "COD_FEE", "TAX"]
    assert order["payment"]["paymentExecutions"][0] == {
        "paymentMethod": "CashOnDelivery",
        "paymentAmount": {"amount": "22.90", "currencyCode": "EUR"},
    }
    assert order["orderItems"][0]["fulfillment"]["shipping"] == {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}


def test_tax_that_amazon_collects_is_named() -> None:
    item = priced(Line("A", 1, Decimal(9), ioss_number="IM1234567890"), tax_scheme="IOSS", collected_by_amazon=True)
    first = item["orderItems"][0]
    assert first["tax"]["taxCalculationBreakdowns"] == [{"reportingScheme": "IOSS"}]
    assert first["tax"]["taxCollections"][0]["model"] == "MARKETPLACE_FACILITATOR"
    assert first["fulfillment"]["shipping"]["internationalShipping"] == {"iossNumber": "IM1234567890"}


AMOUNTS = st.decimals("0.00", "500.00", places=2)


@given(
    price=st.decimals("0.01", "900.00", places=2),
    quantity=st.integers(1, 12),
    shipping=AMOUNTS,
    wrap=AMOUNTS,
    reduced=st.integers(0, 100),
    mode=st.sampled_from(TaxMode),
    rate=st.sampled_from([Decimal(value) for value in ("5.5", "8.25", "19", "22", "25")]),
    sign=st.sampled_from((-1, 1)),
)
def test_every_line_adds_up_in_the_reading_of_its_tax_mode(
    price: Decimal,
    quantity: int,
    shipping: Decimal,
    wrap: Decimal,
    reduced: int,
    mode: TaxMode,
    rate: Decimal,
    sign: int,
) -> None:
    discount = (price * quantity * reduced / 100).quantize(Decimal("0.01"))
    assume(discount <= price * quantity)
    line = Line("A", quantity, price, shipping=shipping, gift_wrap=wrap, discount=discount)
    order = priced(line, tax_mode=mode, tax_rate=rate, discount_sign=sign)
    tax = {TaxMode.INSIDE: "inside", TaxMode.ON_TOP: "on-top"}.get(mode, "none")
    found = readings(order["orderItems"][0])
    discounts = {-1: "added", 1: "subtracted"}[sign] if discount else "none"
    assert (tax, discounts) in found or ("none", discounts) in found
    assert grand_total_adds_up(order)
