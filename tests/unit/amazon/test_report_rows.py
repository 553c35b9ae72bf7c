"""The all-orders report from text to orders: real columns, and everything that has ever been wrong with such files."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.amazon.decode_page import UnusableBody
from orderferry.amazon.report_rows import parse_report
from orderferry.domain.compared_orders import RateShare, ReportedOrder
from orderferry.domain.orders import Channel, OrderStatus

ID = "302-0000000-0000001"
USUAL = {
    "amazon-order-id": ID,
    "purchase-date": "2026-11-02T08:00:00+00:00",
    "last-updated-date": "2026-11-03T09:30:00+00:00",
    "order-status": "Shipped",
    "fulfillment-channel": "Merchant",
    "sales-channel": "Amazon.de",
    "sku": "SKU-1",
    "item-status": "Shipped",
    "quantity": "2",
    "currency": "EUR",
    "item-price": "119.00",
    "item-tax": "19.00",
    "ship-country": "AT",
}


def report(*rows: dict[str, str], columns: list[str] | None = None) -> str:
    names = columns or sorted({name for row in (USUAL, *rows) for name in row})
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join("\t".join(line) + "\r\n" for line in lines)


def row(**changes: str) -> dict[str, str]:
    return USUAL | {name.replace("_", "-"): value for name, value in changes.items()}


def one(*rows: dict[str, str]) -> ReportedOrder:
    (order,), unusable = parse_report(report(*rows))
    assert unusable == 0
    return order


def test_an_ordinary_order() -> None:
    assert one(row()) == ReportedOrder(
        order_id=ID,
        purchased=datetime(2026, 11, 2, 8, tzinfo=UTC),
        updated=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
        status=OrderStatus.SHIPPED,
        channel=Channel.REGULAR,
        marketplace_id="A1PA6795UKMFR9",
        currency="EUR",
        country="AT",
        quantity=2,
        gross=Decimal("119.00"),
        tax=Decimal("19.00"),
        shares=(RateShare(Decimal(19), Decimal("119.00"), Decimal("19.00")),),
        totals=frozenset({Decimal(119)}),
        quantities=frozenset({2}),
        tax_range=(Decimal("19.00"), Decimal("19.00")),
    )


def test_the_lines_of_an_order_are_summed_with_shipping_wrapping_and_discounts_of_either_sign() -> None:
    second = row(
        sku="SKU-2", quantity="1", item_price="10.00", item_tax="", shipping_price="4.90", gift_wrap_price="1.10",
        item_promotion_discount="-2.00", ship_promotion_discount="0.90",
    )  # fmt: skip
    order = one(row(), second)
    assert order.quantity == 3
    assert order.gross == Decimal("119.00") + Decimal("13.10")


def test_a_line_that_stands_twice_is_dropped_and_yet_may_be_the_same_article_bought_twice() -> None:
    order = one(row(), row())
    assert (order.quantity, order.gross) == (2, Decimal(119))
    assert order.quantities == {2, 4}
    assert order.totals == {Decimal(119), Decimal(238)}


def test_a_cancelled_line_counts_neither_units_nor_money() -> None:
    order = one(row(), row(sku="SKU-2", item_status="Cancelled", item_price="7.00"))
    assert (order.quantity, order.gross) == (2, Decimal(119))


def test_in_north_america_the_tax_comes_on_top() -> None:
    order = one(row(sales_channel="Amazon.com", currency="USD", item_price="100.00", item_tax="8.50"))
    assert (order.gross, order.totals) == (Decimal("108.50"), {Decimal("108.50")})


def test_of_an_unknown_marketplace_both_readings_are_kept() -> None:
    order = one(row(sales_channel="Amazon.nowhere", item_price="100.00", item_tax="20.00"))
    assert order.marketplace_id == ""
    assert order.sold_by_amazon
    assert order.totals == {Decimal(100), Decimal(120)}


def test_the_rate_shows_through_a_discount_whichever_way_the_tax_was_taken() -> None:
    before = one(row(item_price="119.00", item_tax="19.00", item_promotion_discount="11.90")).shares[0]
    assert (before.rate, before.gross, before.tax) == (Decimal(19), Decimal("107.10"), Decimal("17.10"))
    after = one(row(item_price="130.90", item_tax="19.00", item_promotion_discount="11.90")).shares[0]
    assert (after.rate, after.gross, after.tax) == (Decimal(19), Decimal("119.00"), Decimal("19.00"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Pending", OrderStatus.PENDING),
        ("Unshipped", OrderStatus.UNSHIPPED),
        ("Shipping", OrderStatus.UNSHIPPED),
        ("Partially Shipped", OrderStatus.PARTIALLY_SHIPPED),
        ("PartiallyShipped", OrderStatus.PARTIALLY_SHIPPED),
        ("Shipped - Delivered to Buyer", OrderStatus.SHIPPED),
        ("Canceled", OrderStatus.CANCELLED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("Teleported", None),
    ],
)
def test_statuses_in_all_spellings(word: str, status: OrderStatus | None) -> None:
    order = one(row(order_status=word))
    assert order.status is status
    assert order.raw_status == ("" if status else word)


@pytest.mark.parametrize(
    ("word", "channel"), [("Amazon", Channel.FBA), ("AFN", Channel.FBA), ("Merchant", Channel.REGULAR), ("", None)]
)
def test_channels(word: str, channel: Channel | None) -> None:
    assert one(row(fulfillment_channel=word)).channel is channel


def test_another_sales_channel_is_no_sale_of_amazons() -> None:
    assert not one(row(sales_channel="Non-Amazon DE")).sold_by_amazon


def test_without_a_price_or_with_one_that_cannot_be_read_there_is_no_total() -> None:
    for price in ("", "n/a"):
        order = one(row(item_price=price, item_tax=""))
        assert order.gross is None
        assert order.totals == frozenset()


def test_a_quantity_that_cannot_be_read_is_none_to_compare() -> None:
    assert one(row(quantity="two")).quantities == frozenset()


def test_the_newest_line_says_how_the_order_stands() -> None:
    older = row(sku="SKU-2", order_status="Unshipped", last_updated_date="2026-11-02T10:00:00+00:00")
    assert one(row(), older).status is OrderStatus.SHIPPED
    assert one(older, row()).status is OrderStatus.SHIPPED


def test_lines_that_name_no_order_are_counted_and_short_and_long_and_empty_ones_are_taken() -> None:
    text = report(row(amazon_order_id=""), row(purchase_date="yesterday"), row())
    text = text.removesuffix("\r\n") + "\tmore\tthan\tcolumns\r\n" + f"{ID}\r\n" + "\r\n" + "\t\t\r\n"
    orders, unusable = parse_report(text)
    assert [order.order_id for order in orders] == [ID]
    assert unusable == 3


def test_titles_may_hold_what_python_takes_for_line_ends_and_columns_may_stand_anywhere() -> None:
    strange = row(product_name="a\x0bb\x85c\u2028d\x1ce")
    columns = ["product-name", "Something-New", *sorted(USUAL, reverse=True)]
    (order,), unusable = parse_report("\ufeff" + report(strange, columns=columns))
    assert unusable == 0
    assert order.order_id == ID


def test_a_text_that_is_no_such_report_is_refused() -> None:
    for text in ("", "<html></html>", "sku\tasin\r\nA\tB\r\n"):
        with pytest.raises(UnusableBody, match="no column"):
            parse_report(text)


@given(st.lists(st.lists(st.text(max_size=30), max_size=16), max_size=8))
def test_any_text_under_the_right_columns_becomes_orders_or_is_counted(cells: list[list[str]]) -> None:
    text = report() + "".join("\t".join(line) + "\n" for line in cells)
    orders, unusable = parse_report(text)
    assert len(orders) + unusable <= text.count("\n")


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "sku": st.sampled_from(["A", "B", "C"]),
                "quantity": st.integers(0, 9).map(str),
                "item-price": st.decimals(0, 999, places=2).map(str),
                "shipping-price": st.sampled_from(["", "4.90"]),
            }
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_shares_add_up_to_the_total_and_both_readings_are_there(parts: list[dict[str, str]]) -> None:
    order = one(*(USUAL | {"item-tax": ""} | part for part in parts))
    assert order.gross == sum(share.gross for share in order.shares)
    assert order.gross in order.totals
    whole = sum(Decimal(part["item-price"]) + Decimal(part["shipping-price"] or 0) for part in parts)
    assert whole in order.totals
    assert sum(int(part["quantity"]) for part in parts) in order.quantities


@pytest.mark.parametrize(
    ("changes", "least", "most"),
    [
        pytest.param({}, "19.00", "19.00", id="no discount"),
        pytest.param({"item_promotion_discount": "11.90"}, "17.10", "19.00", id="before the discount or after it"),
        pytest.param({"item_tax": ""}, "0", "25.30", id="no tax given: up to 27 %"),
        pytest.param({"item_price": "0.00", "item_tax": "1.00"}, "1.00", "1.00", id="tax of nothing"),
        pytest.param(
            {"item_price": "130.90", "item_promotion_discount": "11.90"}, "17.27", "19.00", id="after the discount"
        ),
    ],
)
def test_between_which_amounts_the_tax_lies(changes: dict[str, str], least: str, most: str) -> None:
    found = one(row(**changes)).tax_range
    assert found is not None
    assert [round(amount, 2) for amount in found] == [Decimal(least), Decimal(most)]


def test_an_order_with_every_amount_and_column() -> None:
    order = one(
        row(
            sales_channel="AMAZON.COM",
            order_status="Teleported" * 5,
            fulfillment_channel="SELLER",
            currency="USD",
            ship_country="US",
            item_price="100.00",
            shipping_price="10.00",
            gift_wrap_price="5.00",
            item_tax="8.00",
            shipping_tax="0.80",
            gift_wrap_tax="0.40",
            item_promotion_discount="-4.00",
            ship_promotion_discount="1.00",
        ),
        row(
            sku="SKU-2", quantity="3", sales_channel="Amazon.com", item_price="20.00", item_tax="", currency="usd",
            ship_country="usa", last_updated_date="",
        ),
    )  # fmt: skip
    assert order == ReportedOrder(
        order_id=ID,
        purchased=datetime(2026, 11, 2, 8, tzinfo=UTC),
        updated=datetime(2026, 11, 3, 9, 30, tzinfo=UTC),
        status=None,
        channel=Channel.REGULAR,
        marketplace_id="ATVPDKIKX0DER",
        raw_status=("Teleported" * 5)[:40],
        currency="USD",
        country="US",
        quantity=5,
        gross=Decimal("139.20"),
        tax=Decimal("9.20"),
        shares=(
            RateShare(Decimal("8.5"), Decimal("119.20"), Decimal("9.20")),
            RateShare(None, Decimal("20.00"), Decimal(0)),
        ),
        totals=frozenset({Decimal("139.20")}),
        quantities=frozenset({5}),
        tax_range=order.tax_range,
    )


def test_a_cancelled_order_keeps_its_cancelled_lines() -> None:
    order = one(row(order_status="Cancelled", item_status="Cancelled"))
    assert (order.quantity, order.gross, order.quantities) == (2, Decimal(119), {2})


def test_an_order_of_which_every_line_is_cancelled_has_nothing() -> None:
    order = one(row(item_status="cancelled"))
    assert (order.quantity, order.gross, order.tax, order.totals) == (0, None, 0, frozenset())
    assert (order.quantities, order.tax_range, order.shares) == (frozenset(), None, ())


@pytest.mark.parametrize(("quantity", "read"), [("9999999", {9_999_999}), ("10000000", set()), ("-1", set())])
def test_quantities_at_the_ends_of_what_can_be_one(quantity: str, read: set[int]) -> None:
    order = one(row(quantity=quantity))
    assert order.quantities == read
    assert order.quantity == sum(read)


def test_an_amount_that_can_not_be_read_leaves_the_order_without_money() -> None:
    order = one(row(), row(sku="SKU-2", shipping_tax="n/a"))
    assert (order.gross, order.tax, order.totals, order.tax_range) == (None, 0, frozenset(), None)


def test_without_a_time_of_update_the_purchase_counts() -> None:
    late = row(sku="SKU-2", last_updated_date="", purchase_date="2026-11-04T08:00:00+00:00", order_status="Unshipped")
    order = one(row(), late)
    assert (order.status, order.updated) == (OrderStatus.UNSHIPPED, None)
    assert order.purchased == datetime(2026, 11, 4, 8, tzinfo=UTC)


def test_a_tax_that_is_all_of_a_price_implies_no_rate() -> None:
    share = one(row(item_price="19.00", item_promotion_discount="0.00")).shares[0]
    assert share == RateShare(None, Decimal("19.00"), Decimal("19.00"))


@pytest.mark.parametrize(
    ("price", "tax", "discount", "share"),
    [
        pytest.param("11.90", "1.90", "2.00", ("19", "9.90", "1.58"), id="before the discount"),
        pytest.param("119.00", "19.00", "100.00", ("19", "19.00", "3.03"), id="before a discount down to the tax"),
        pytest.param("13.90", "1.90", "2.00", ("19", "11.90", "1.90"), id="after the discount"),
    ],
)
def test_a_share_of_a_line_with_a_discount(price: str, tax: str, discount: str, share: tuple[str, str, str]) -> None:
    order = one(row(item_price=price, item_tax=tax, item_promotion_discount=discount))
    rate, gross, of_tax = map(Decimal, share)
    assert order.shares == (RateShare(rate, gross, of_tax),)
