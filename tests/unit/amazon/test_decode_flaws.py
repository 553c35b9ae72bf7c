"""What is amiss in an order is named with Amazon's path, and is grave where it must forbid an import."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderferry.amazon.decode_order import decode_order, not_ahead
from orderferry.amazon.decode_page import UnusableBody, decode_page, decode_single, parse_body
from orderferry.amazon.decode_values import parse_amazon_time, parse_amount
from orderferry.domain.orders import Channel, Order, OrderStatus, UnreadableOrder
from orderferry.domain.search import Basis
from support.amazon_side import order_json, sandbox_orders

MISSING = "(taken out)"  # stands for no key at all


def changed(path: str, value: Any, order: dict[str, Any] | None = None) -> dict[str, Any]:
    """An example order with one value replaced or, with MISSING, taken out."""
    order = order if order is not None else order_json()
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    place: Any = order
    for key in way:
        place = place[key]
    if value == MISSING:
        del place[last]
    else:
        place[last] = value
    return order


GRAVE = [
    ("fulfillment", MISSING, "fulfillment.fulfillmentStatus"),
    ("fulfillment", [], "fulfillment"),
    ("fulfillment/fulfillmentStatus", MISSING, "fulfillment.fulfillmentStatus"),
    ("fulfillment/fulfillmentStatus", "TELEPORTED", "fulfillment.fulfillmentStatus"),
    ("fulfillment/fulfillmentStatus", "", "fulfillment.fulfillmentStatus"),
    ("fulfillment/fulfillmentStatus", 7, "fulfillment.fulfillmentStatus"),
    ("fulfillment/fulfilledBy", None, "fulfillment.fulfilledBy"),
    ("fulfillment/fulfilledBy", "DRONE", "fulfillment.fulfilledBy"),
    ("salesChannel", MISSING, "salesChannel.channelName"),
    ("salesChannel/channelName", "AMAZON_PLUS", "salesChannel.channelName"),
    ("salesChannel/marketplaceId", MISSING, "salesChannel.marketplaceId"),
    ("salesChannel/marketplaceId", "../x", "salesChannel.marketplaceId"),
    ("orderItems", MISSING, "orderItems"),
    ("orderItems", {}, "orderItems"),
    ("orderItems", [], "orderItems"),
    ("orderItems", [None], "orderItems[0]"),
    ("orderItems/0/orderItemId", MISSING, "orderItems[0].orderItemId"),
    ("orderItems/0/orderItemId", 20276543210987, "orderItems[0].orderItemId"),
    ("orderItems/0/orderItemId", "  ", "orderItems[0].orderItemId"),
    ("orderItems/0/quantityOrdered", MISSING, "orderItems[0].quantityOrdered"),
    ("orderItems/0/quantityOrdered", -1, "orderItems[0].quantityOrdered"),
    ("orderItems/0/quantityOrdered", "1", "orderItems[0].quantityOrdered"),
    ("orderItems/0/quantityOrdered", True, "orderItems[0].quantityOrdered"),
    ("orderItems/0/quantityOrdered", Decimal("1.5"), "orderItems[0].quantityOrdered"),
    ("orderItems/0/quantityOrdered", 10**9, "orderItems[0].quantityOrdered"),
    ("orderItems/0/fulfillment/quantityFulfilled", -1, "orderItems[0].fulfillment.quantityFulfilled"),
    ("orderItems/0/product", [], "orderItems[0].product"),
    ("orderItems/0/product/price/unitPrice/amount", "-1.00", "orderItems[0].product.price.unitPrice.amount"),
    ("orderItems/0/proceeds", "none", "orderItems[0].proceeds"),
    ("orderItems/0/proceeds/breakdowns", {}, "orderItems[0].proceeds.breakdowns"),
    ("orderItems/0/proceeds/breakdowns/0", 1, "orderItems[0].proceeds.breakdowns[0]"),
    ("orderItems/0/proceeds/breakdowns/0/type", "MAGIC", "orderItems[0].proceeds.breakdowns[0].type"),
    ("orderItems/0/proceeds/breakdowns/0/type", None, "orderItems[0].proceeds.breakdowns[0].type"),
    ("orderItems/0/proceeds/breakdowns/0/subtotal", None, "orderItems[0].proceeds.breakdowns[0].subtotal"),
    ("proceeds/grandTotal", "34.99", "proceeds.grandTotal"),
    ("proceeds/grandTotal/amount", "-34.99", "proceeds.grandTotal.amount"),
    ("proceeds/grandTotal/amount", MISSING, "proceeds.grandTotal.amount"),
    ("proceeds/grandTotal/currencyCode", "EUR", "proceeds"),
    *(
        ("proceeds/grandTotal/amount", amount, "proceeds.grandTotal.amount")
        for amount in ("NaN", "Infinity", "-Infinity", "1e400", "1E2", "", " 1", "1,5", "٣", "0x10", "1_0", "9" * 40)
    ),
    *(("proceeds/grandTotal/amount", amount, "proceeds.grandTotal.amount") for amount in (True, [], {}, 10**30, 1.5)),
    *(
        ("proceeds/grandTotal/currencyCode", code, "proceeds.grandTotal.currencyCode")
        for code in (MISSING, None, "gbp", "£", "", 826, ["GBP"])
    ),
]


@pytest.mark.parametrize(("path", "value", "flawed"), GRAVE, ids=lambda value: str(value)[:30])
def test_grave_flaws_name_the_field(path: str, value: Any, flawed: str) -> None:
    order = decode_order(changed(path, value))
    assert isinstance(order, Order)
    assert flawed in [flaw.path for flaw in order.grave_flaws]
    assert all(flaw.problem for flaw in order.flaws)


SHIPPING = "orderItems/0/fulfillment/shipping"
HOURS = "recipient.deliveryPreference.deliveryTime.businessHours[0]"
SMALL = [
    ("programs", ["PRIME", "MOON"], "programs[1]", "MOON"),
    ("programs", "PRIME", "programs", ""),
    ("programs", ["PRIME", 3], "programs[1]", ""),
    ("fulfillment/fulfillmentServiceLevel", "LATER", "fulfillment.fulfillmentServiceLevel", "LATER"),
    ("fulfillment/shipByWindow", "soon", "fulfillment.shipByWindow", ""),
    ("fulfillment/shipByWindow/latestDateTime", "9999-12-31T23:59:59Z", "fulfillment.shipByWindow.latestDateTime", ""),
    ("buyer/buyerName", 7, "buyer.buyerName", ""),
    ("buyer", "Sarah", "buyer", ""),
    ("recipient/deliveryAddress", ["x"], "recipient.deliveryAddress", ""),
    ("recipient/deliveryAddress/addressType", "CASTLE", "recipient.deliveryAddress.addressType", "CASTLE"),
    ("recipient/deliveryAddress/postalCode", 12345, "recipient.deliveryAddress.postalCode", ""),
    ("packages", {}, "packages", ""),
    ("packages/0/packageStatus/status", "LOST", "packages[0].packageStatus.status", "LOST"),
    ("packages/0/packageItems/0/quantity", "one", "packages[0].packageItems[0].quantity", ""),
    ("packages/0/shipTime", "yesterday", "packages[0].shipTime", ""),
    ("orderItems/0/measurement/value", "heavy", "orderItems[0].measurement.value", ""),
    ("orderItems/0/product/title", None, None, ""),
    ("orderItems/0/product/sellerSku", 12, "orderItems[0].product.sellerSku", ""),
    ("proceeds/grandTotal/amount", Decimal("34.99"), "proceeds.grandTotal.amount", ""),
    (SHIPPING, {"shippingConstraints": "MANDATORY"}, "orderItems[0].fulfillment.shipping.shippingConstraints", ""),
    (
        SHIPPING,
        {"shippingConstraints": {"palletDelivery": "MAYBE"}},
        "orderItems[0].fulfillment.shipping.shippingConstraints.palletDelivery",
        "MAYBE",
    ),
    (
        SHIPPING,
        {"scheduledDeliveryWindow": "noon"},
        "orderItems[0].fulfillment.shipping.scheduledDeliveryWindow",
        "",
    ),
    (
        "recipient/deliveryPreference",
        {"deliveryTime": {"businessHours": [{"dayOfWeek": "PAY"}]}},
        f"{HOURS}.dayOfWeek",
        "PAY",
    ),
    (
        "recipient/deliveryPreference",
        {"deliveryTime": {"businessHours": [{"timeWindows": [{"startTime": {"hour": 24}, "endTime": {"hour": 3}}]}]}},
        f"{HOURS}.timeWindows[0].startTime",
        "",
    ),
    (
        "recipient/deliveryPreference",
        {"deliveryTime": {"exceptionDates": [{"exceptionDate": "31/12/2024"}]}},
        "recipient.deliveryPreference.deliveryTime.exceptionDates[0].exceptionDate",
        "",
    ),
]


@pytest.mark.parametrize(("path", "value", "flawed", "word"), SMALL, ids=lambda value: str(value)[:30])
def test_small_flaws_are_named_and_forbid_nothing(path: str, value: Any, flawed: str | None, word: str) -> None:
    order = decode_order(changed(path, value))
    assert isinstance(order, Order)
    assert not order.grave_flaws
    assert [(flaw.path, flaw.value) for flaw in order.flaws] == ([(flawed, word)] if flawed else [])


def test_a_demand_that_is_new_at_amazon_is_kept() -> None:
    constraints = {
        "whiteGloves": "MANDATORY",
        "signatureConfirmation": "true",
        "palletDelivery": None,
        "cashOnDelivery": "MANDATORY",
    }
    order = decode_order(changed(SHIPPING, {"shippingConstraints": constraints}))
    assert isinstance(order, Order)
    assert (order.items[0].demands, order.flaws) == (("whiteGloves", "signatureConfirmation"), ())


def test_a_serial_number_may_be_required() -> None:
    order = decode_order(
        changed("orderItems/0/fulfillment/packing", {"serialNumberRequirement": {"requirementType": "REQUIRED"}})
    )
    assert isinstance(order, Order)
    assert (order.items[0].serial_numbers_required, order.flaws) == (True, ())


def test_unknown_words_are_kept_as_amazon_wrote_them() -> None:
    order = order_json()
    changed("fulfillment/fulfillmentStatus", "TELEPORTED", order)
    changed("fulfillment/fulfilledBy", "DRONE", order)
    changed("fulfillment/fulfillmentServiceLevel", "LATER", order)
    changed("orderItems/0/proceeds/breakdowns/0/type", "MAGIC", order)
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert (decoded.status, decoded.raw_status) == (None, "TELEPORTED")
    assert (decoded.channel, decoded.raw_channel) == (None, "DRONE")
    assert decoded.service_level == "LATER"
    assert (decoded.items[0].proceeds[0].type, decoded.items[0].proceeds[0].raw_type) == (None, "MAGIC")


def test_an_unknown_part_of_the_tax_is_named_but_the_amount_stands() -> None:
    order = sandbox_orders()["202-1234567-8901234"]
    changed("orderItems/0/proceeds/breakdowns/2/detailedBreakdowns/1/subtype", "CARGO", order)
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert not decoded.grave_flaws
    assert decoded.flaws[0].value == "CARGO"
    assert [subtype for subtype, _ in decoded.items[0].proceeds[2].details][1] is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Canceled", OrderStatus.CANCELLED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("PartiallyShipped", OrderStatus.PARTIALLY_SHIPPED),
        ("PendingAvailability", OrderStatus.PENDING_AVAILABILITY),
        ("InvoiceUnconfirmed", OrderStatus.INVOICE_UNCONFIRMED),
    ],
)
def test_other_spellings_of_a_status_are_the_same_status(word: str, status: OrderStatus) -> None:
    order = decode_order(changed("fulfillment/fulfillmentStatus", word))
    assert isinstance(order, Order)
    assert (order.status, order.raw_status, order.flaws) == (status, word, ())


def test_older_names_of_the_channels() -> None:
    channels = [decode_order(changed("fulfillment/fulfilledBy", word)) for word in ("MFN", "AFN")]
    assert [order.channel for order in channels if isinstance(order, Order)] == [Channel.REGULAR, Channel.FBA]


def test_a_cancelled_order_may_have_no_items_and_a_cancelled_item_no_quantity() -> None:
    order = changed("orderItems", [], changed("fulfillment/fulfillmentStatus", "CANCELLED"))
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert decoded.flaws == ()
    nothing_left = decode_order(changed("orderItems/0/quantityOrdered", 0))
    assert isinstance(nothing_left, Order)
    assert (nothing_left.items[0].quantity, nothing_left.flaws) == (0, ())


@pytest.mark.parametrize(
    ("fulfilled", "unfulfilled", "by", "sold"),
    [
        (0, 0, "BUYER", 0),
        (0, 2, "MERCHANT", 2),
        (2, 0, "AMAZON", 2),
        (1, 1, "BUYER", 2),
        (4, 4, "BUYER", 3),
        (0, 3, "BUYER", 3),
        (MISSING, 0, "BUYER", 3),
        (0, MISSING, "BUYER", 3),
        (0, 0, MISSING, 3),
    ],
)
def test_of_a_cancelled_item_only_what_is_sent_or_to_be_sent_is_sold(
    fulfilled: Any, unfulfilled: Any, by: str, sold: int
) -> None:
    """Amazon may leave quantityOrdered as it was."""
    order = changed("orderItems/0/quantityOrdered", 3)
    item = order["orderItems"][0]
    item["fulfillment"] = {"quantityFulfilled": fulfilled, "quantityUnfulfilled": unfulfilled}
    item["fulfillment"] = {name: value for name, value in item["fulfillment"].items() if value != MISSING}
    item["cancellation"] = {} if by == MISSING else {"cancellationExecution": {"cancelledBy": by}}
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert (decoded.items[0].quantity, decoded.flaws) == (sold, ())
    assert [one.item_id for one in decoded.sold_items] == [one.item_id for one in decoded.items if one.quantity]


SHOWN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # Amazon's clock when it answered
YEAR = timedelta(days=365)


def shown(created: datetime, updated: datetime) -> Order:
    order = order_json(createdTime=created.isoformat(), lastUpdatedTime=updated.isoformat())
    found = not_ahead(decode_order(order), SHOWN)
    assert isinstance(found, Order)
    return found


def test_a_time_of_update_in_amazons_future_is_flagged_and_counts_for_nothing() -> None:
    created = SHOWN - timedelta(days=2)
    order = shown(created, SHOWN + YEAR)
    assert not order.has_update_time
    assert (order.created, order.updated) == (created, created)
    assert [(flaw.path, flaw.problem, flaw.grave) for flaw in order.flaws] == [
        ("lastUpdatedTime", "is ahead of Amazon's own clock: 2027-11-23T12:00:00Z", False)
    ]


def test_no_time_of_an_order_is_later_than_the_answer_that_tells_it() -> None:
    near = shown(SHOWN + timedelta(minutes=1), SHOWN + timedelta(minutes=4))
    assert (near.created, near.updated, near.flaws) == (SHOWN, SHOWN, ())
    both = shown(SHOWN + YEAR, SHOWN + YEAR)
    assert (both.created, both.updated) == (SHOWN, SHOWN)
    assert [flaw.path for flaw in both.flaws] == ["createdTime", "lastUpdatedTime"]


def test_times_of_the_past_stay_as_they_are() -> None:
    order = decode_order(order_json())
    assert isinstance(order, Order)
    assert not_ahead(order, SHOWN) == order
    unreadable = decode_order({"orderId": "1"})
    assert not_ahead(unreadable, SHOWN) is unreadable


def test_another_sales_channel_needs_no_marketplace() -> None:
    order = decode_order(order_json(salesChannel={"channelName": "NON_AMAZON"}))
    assert isinstance(order, Order)
    assert (order.sales_channel, order.marketplace_id, order.flaws) == ("NON_AMAZON", "", ())


def test_two_items_with_one_id_are_a_grave_flaw_and_two_with_one_sku_are_none() -> None:
    order = sandbox_orders()["250-1234567-8901234"]
    order["orderItems"][1]["product"]["sellerSku"] = order["orderItems"][0]["product"]["sellerSku"]
    decoded = decode_order(order)
    assert decoded.flaws == ()
    order["orderItems"][1]["orderItemId"] = order["orderItems"][0]["orderItemId"]
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert [flaw.path for flaw in decoded.grave_flaws] == ["orderItems[1].orderItemId"]


@pytest.mark.parametrize(
    ("value", "expected", "flawed"),
    [
        ("MANDATORY", True, False),
        ("true", True, False),
        (True, True, False),
        ("false", False, False),
        (False, False, False),
        (None, False, False),
        ("PERHAPS", False, True),
        (1, False, True),
    ],
)
def test_a_constraint_may_be_a_word_or_a_boolean(value: Any, expected: bool, flawed: bool) -> None:
    order = order_json()
    order["orderItems"][0]["fulfillment"]["shipping"] = {"shippingConstraints": {"cashOnDelivery": value}}
    decoded = decode_order(order)
    assert isinstance(decoded, Order)
    assert (decoded.items[0].cash_on_delivery, bool(decoded.flaws)) == (expected, flawed)


@pytest.mark.parametrize("entry", [None, 1, "x", [], [{}], True])
def test_an_entry_that_is_no_object_is_unreadable_without_an_id(entry: Any) -> None:
    decoded = decode_order(entry)
    assert isinstance(decoded, UnreadableOrder)
    assert decoded.order_id is None
    assert decoded.flaws[0].grave


@pytest.mark.parametrize("order_id", [None, "", 5, "../../token", "1" * 33, "é", "a b", "-1"])
def test_an_entry_without_a_usable_id_is_unreadable(order_id: Any) -> None:
    decoded = decode_order(order_json(order_id))
    assert isinstance(decoded, UnreadableOrder)
    assert decoded.order_id is None


@pytest.mark.parametrize("field", ["createdTime", "lastUpdatedTime"])
@pytest.mark.parametrize("value", [None, "", 0, "2024-12-25", "9999-12-31T00:00:00Z", "2024-13-01T00:00:00Z"])
def test_an_entry_without_usable_times_is_unreadable_but_known_by_its_id(field: str, value: Any) -> None:
    decoded = decode_order(order_json(**{field: value}))
    assert isinstance(decoded, UnreadableOrder)
    assert decoded.order_id == "202-7654321-1098765"
    assert [flaw.path for flaw in decoded.flaws] == [field]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-12-25T02:30:00Z", datetime(2024, 12, 25, 2, 30, tzinfo=UTC)),
        ("2024-12-25T02:30:00.1Z", datetime(2024, 12, 25, 2, 30, 0, 100_000, tzinfo=UTC)),
        ("2024-12-25T02:30:00.123456789Z", datetime(2024, 12, 25, 2, 30, 0, 123_456, tzinfo=UTC)),
        ("2024-12-25T02:30:00", datetime(2024, 12, 25, 2, 30, tzinfo=UTC)),
        ("2024-12-25T02:30:00+09:00", datetime(2024, 12, 24, 17, 30, tzinfo=UTC)),
        ("2024-12-25T02:30:00-0330", datetime(2024, 12, 25, 6, 0, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2024-02-30T00:00:00Z", None),
        ("2024-12-25", None),
        ("1735093800", None),
        ("２０２４-12-25T02:30:00Z", None),
        (None, None),
        (1735093800, None),
    ],
)
def test_moments(text: Any, moment: datetime | None) -> None:
    assert parse_amazon_time(text) == moment


@pytest.mark.parametrize(
    ("value", "amount"),
    [("19940", "19940"), ("0.00", "0.00"), ("-5.10", "-5.10"), (7, "7"), (Decimal("1.10"), "1.10"), ("+1", None)],
)
def test_amounts_keep_their_decimals(value: Any, amount: str | None) -> None:
    parsed = parse_amount(value)
    assert (None if parsed is None else str(parsed)) == amount


def test_lone_surrogates_do_not_get_through() -> None:
    body = parse_body(json.dumps(order_json(buyer={"buyerName": "A\ud83d B 😀"})).encode())
    decoded = decode_order(body)
    assert isinstance(decoded, Order)
    assert decoded.buyer.name == "A\N{REPLACEMENT CHARACTER} B 😀"


def test_brazils_parts_of_a_street_stand_in_for_missing_lines() -> None:
    order = sandbox_orders()["171-2345678-9012345"]
    assert decode_order(order).delivery_address.lines == ("Avenida Paulista, 1000", "Sala 301")
    del order["recipient"]["deliveryAddress"]["addressLine1"], order["recipient"]["deliveryAddress"]["addressLine2"]
    assert decode_order(order).delivery_address.lines == ("Avenida Paulista", "1000", "Sala 301", "Bela Vista")


def test_no_personal_value_gets_into_a_flaw() -> None:
    order = order_json(buyer={"buyerName": {"canary": "Jane Canary"}, "buyerEmail": ["canary@example.org"]})
    order["recipient"]["deliveryAddress"] = {"name": 3, "addressLine1": ["Canary Street"], "phone": {"canary": 1}}
    order["fulfillment"]["fulfillmentStatus"] = "Canary\nJane <jane@example.org>"
    assert "anary" not in repr(decode_order(order).flaws)


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"<html>", b"\xff\xfe{}", b'{"orders": [', b"[" * 100_000, b'{"orders": []} x'],
    ids=lambda body: repr(body)[:30],
)
def test_bodies_that_are_no_json(body: bytes) -> None:
    with pytest.raises(UnusableBody):
        parse_body(body)


def test_numbers_beyond_any_use_spoil_a_field_and_not_the_page() -> None:
    text = '{"a": NaN, "b": -Infinity, "c": 1e999999999999999999, "d": %s, "e": 1.10, "f": 3}' % ("9" * 5000)
    values = parse_body(text.encode())
    assert [type(values[key]) for key in "abcd"] == [str] * 4
    assert (values["e"], values["f"]) == (Decimal("1.10"), 3)


@pytest.mark.parametrize(
    "body",
    [
        [],
        None,
        {},
        {"orders": None},
        {"orders": {}},
        {"payload": {"Orders": []}},
        {"orders": [], "pagination": []},
        {"orders": [], "pagination": "next"},
        {"orders": [], "pagination": {"nextToken": 7}},
        {"orders": [], "pagination": {"nextToken": ["x"]}},
    ],
    ids=str,
)
def test_pages_that_do_not_count(body: Any) -> None:
    with pytest.raises(UnusableBody):
        decode_page(body, Basis.UPDATED, None)


@pytest.mark.parametrize("pagination", [None, {}, {"nextToken": None}, {"nextToken": ""}])
def test_last_pages(pagination: Any) -> None:
    assert decode_page({"orders": [], "pagination": pagination}, Basis.UPDATED, None).next_token is None


@pytest.mark.parametrize("body", [[], None, {}, {"order": None}, {"order": []}, {"orders": [{}]}], ids=str)
def test_single_answers_that_do_not_count(body: Any) -> None:
    with pytest.raises(UnusableBody):
        decode_single(body)


AMAZON_NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize(
    "cut_off",
    ["yesterday", "", "2026-11-23", 1795420800, {}, "0001-01-01T00:00:00Z", "2027-11-23T06:00:00Z"],
    ids=repr,
)
def test_a_cut_off_that_is_no_time_or_in_the_future_makes_the_page_unusable(basis: Basis, cut_off: object) -> None:
    field = {Basis.UPDATED: "lastUpdatedBefore", Basis.CREATED: "createdBefore"}[basis]
    with pytest.raises(UnusableBody, match=field):
        decode_page({"orders": [], field: cut_off}, basis, AMAZON_NOW)


@pytest.mark.parametrize("cut_off", ["2026-11-23T05:57:00Z", "2026-11-23T06:00:30Z"])
def test_a_cut_off_of_the_hosts_own_now_is_taken(cut_off: str) -> None:
    page = decode_page({"orders": [], "lastUpdatedBefore": cut_off}, Basis.UPDATED, AMAZON_NOW)
    assert page.observed_until == datetime.fromisoformat(cut_off)


@pytest.mark.parametrize("body", [{}, {"lastUpdatedBefore": None}])
def test_a_cut_off_may_be_missing(body: dict[str, object]) -> None:
    assert decode_page({"orders": [], **body}, Basis.UPDATED, AMAZON_NOW).observed_until is None


def test_amazons_machines_may_be_five_minutes_apart() -> None:
    five = timedelta(minutes=5)
    assert shown(SHOWN, SHOWN + five).flaws == ()
    assert shown(SHOWN + five, SHOWN).flaws == ()
    assert [flaw.path for flaw in shown(SHOWN, SHOWN + five + timedelta(seconds=1)).flaws] == ["lastUpdatedTime"]
