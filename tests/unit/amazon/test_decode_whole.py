"""One order with everything that Amazon's model has, field by field; and each field when it is amiss."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from orderferry.amazon.decode_order import decode_order
from orderferry.amazon.decode_values import (
    INCLUDED_DATA,
    MOST_UNITS,
    NOT_UTF8,
    TOO_DEEP,
    parse_amazon_time,
    parse_amount,
)
from orderferry.domain.orders import (
    Address,
    Buyer,
    Channel,
    DeliveryHours,
    Flaw,
    Item,
    Money,
    Order,
    OrderStatus,
    Package,
    PaymentExecution,
    Proceeds,
    ProceedsType,
    TaxRegistration,
    TimeSpan,
    UnreadableOrder,
)


def price(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "EUR"}


def window(day: int) -> dict[str, str]:
    return {"earliestDateTime": f"2026-11-{day}T06:00:00Z", "latestDateTime": f"2026-11-{day}T18:00:00Z"}


def breakdown(type_: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "subtotal": price(amount), **more}


ADDRESS = {
    "name": "Eva Rossi",
    "companyName": "Rossi Srl",
    "addressLine1": "Via Roma 1",
    "addressLine2": " ",
    "addressLine3": " Scala B ",
    "city": "Torino",
    "districtOrCounty": "Centro",
    "municipality": "Torino città",
    "stateOrRegion": "TO",
    "postalCode": "10121",
    "countryCode": "IT",
    "phone": "+39 011 123456",
    "addressType": "RESIDENTIAL",
}
ITEM: dict[str, Any] = {
    "orderItemId": "1",
    "quantityOrdered": 3,
    "programs": ["TRANSPARENCY", "SUBSCRIBE_AND_SAVE"],
    "product": {
        "asin": "B000000001",
        "title": "Mug",
        "sellerSku": "MUG",
        "price": {"unitPrice": price("10.00"), "priceDesignation": "BUSINESS_PRICE"},
        "condition": {"conditionType": "NEW", "conditionSubtype": "OEM"},
        "customization": {"customizedUrl": "https://a.example/1"},
    },
    "proceeds": {
        "proceedsTotal": price("28.00"),
        "breakdowns": [
            breakdown("ITEM", "30.00"),
            breakdown(
                "TAX",
                "5.05",
                detailedBreakdowns=[
                    {"subtype": "ITEM", "value": price("5.41")},
                    {"subtype": "DISCOUNT", "value": price("-0.36")},
                ],
            ),
            breakdown("DISCOUNT", "-2.00", status="PENDING"),
        ],
    },
    "cancellation": {
        "cancellationRequest": {"requester": "BUYER", "cancelReason": "too many"},
        "cancellationExecution": {"cancelledBy": "MERCHANT"},
    },
    "fulfillment": {
        "quantityFulfilled": 1,
        "quantityUnfulfilled": 1,
        "packing": {
            "giftOption": {"giftMessage": "For you", "giftWrapLevel": "PREMIUM"},
            "serialNumberRequirement": {"requirementType": "REQUIRED"},
        },
        "picking": {
            "substitutionPreference": {
                "substitutionType": "AMAZON_RECOMMENDED",
                "substitutionOptions": [
                    {"quantityOrdered": 2, "sellerSku": "CUP", "asin": "B000000002", "title": "Cup"},
                    {"asin": "B000000003", "title": "Jar"},
                    {"title": "Can"},
                    {"quantityOrdered": 4},
                ],
            }
        },
        "shipping": {
            "scheduledDeliveryWindow": window(20),
            "shippingConstraints": {
                "palletDelivery": "MANDATORY",
                "cashOnDelivery": "MANDATORY",
                "signatureConfirmation": "OPTIONAL",
                "no name at all": "MANDATORY",
            },
            "internationalShipping": {"iossNumber": "IM1"},
        },
    },
    "tax": {
        "taxCalculationBreakdowns": [{"reportingScheme": "UOSS"}, {}, {"reportingScheme": "IOSS"}],
        "taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}],
    },
    "measurement": {"unit": "KILOGRAMS", "value": "0.75"},
    "expense": {},
    "promotion": {},
}
ENTRY: dict[str, Any] = {
    "orderId": "402-0000000-0000001",
    "createdTime": "2026-11-01T06:00:00Z",
    "lastUpdatedTime": "2026-11-02T06:00:00Z",
    "programs": ["PRIME", "AMAZON_BUSINESS"],
    "associatedOrders": [
        {"associationType": "REPLACEMENT_ORIGINAL_ID", "orderId": "402-0000000-0000000"},
        {"associationType": "EXCHANGE_ORIGINAL_ID", "orderId": "402-0000000-0000009"},
        {"associationType": "REPLACEMENT_ORIGINAL_ID"},
    ],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "APJ6JRA9NG5V4", "marketplaceName": "Amazon.it"},
    "fulfillment": {
        "fulfillmentStatus": "PARTIALLY_SHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "NEXT_DAY",
        "shipByWindow": window(11),
        "deliverByWindow": window(12),
        "labelPrintingWindow": window(13),
    },
    "buyer": {
        "buyerName": "Eva Bianchi",
        "buyerEmail": "a@marketplace.amazon.it",
        "buyerCompanyName": "Bianchi Srl",
        "buyerPurchaseOrderNumber": "PO-1",
    },
    "recipient": {
        "deliveryAddress": ADDRESS,
        "deliveryPreference": {
            "dropOffLocation": "porter",
            "addressInstruction": " ring twice ",
            "deliveryCapabilities": ["HAS_ACCESS_POINT", "not a word", "BRAND_NEW"],
            "deliveryTime": {
                "businessHours": [
                    {
                        "dayOfWeek": "MON",
                        "timeWindows": [
                            {"startTime": {"hour": 9, "minute": 30}, "endTime": {"hour": 12}},
                            {"startTime": {"hour": 14}},
                        ],
                    },
                    {"timeWindows": [{"startTime": {"hour": 9}, "endTime": {"hour": 12}}]},
                ],
                "exceptionDates": [
                    {"exceptionDate": "2026-12-24T00:00:00Z", "exceptionDateType": "CLOSED"},
                    {
                        "exceptionDate": "2026-12-27",
                        "exceptionDateType": "OPEN",
                        "timeWindows": [{"startTime": {"hour": 0}, "endTime": {"hour": 23, "minute": 59}}],
                    },
                ],
            },
        },
    },
    "orderItems": [ITEM, {"orderItemId": "2", "quantityOrdered": 1}],
    "proceeds": {
        "grandTotal": price("33.00"),
        "breakdowns": [breakdown("DELIVERY_TIP", "5.00", status="FINALIZED")],
    },
    "packages": [
        {
            "packageReferenceId": "P1",
            "carrier": "GLS",
            "trackingNumber": "T1",
            "packageStatus": {"status": "IN_TRANSIT"},
            "shipTime": "2026-11-03T06:00:00Z",
            "packageItems": [{"orderItemId": "1", "quantity": 1}],
        },
        {"packageReferenceId": "P2"},
    ],
    "payment": {
        "paymentExecutions": [{"paymentMethod": "COD", "paymentAmount": price("33.00")}, {"paymentMethod": "CARD"}]
    },
    "tax": {
        "taxRegistrations": [
            {
                "entityType": "BUYER",
                "taxRegistrationType": "VAT",
                "taxRegistrationNumber": "IT1",
                "legalName": "Rossi Srl",
                "taxRegistrationAddress": {"addressLine1": "Via Po 2", "countryCode": "IT"},
            },
            {"entityType": "MERCHANT"},
        ]
    },
    "fulfillmentOrders": [],
}


def at(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def span(day: int) -> TimeSpan:
    return TimeSpan(at(day), at(day, 18))


def money(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


WHOLE = Order(
    order_id="402-0000000-0000001",
    created=at(1),
    updated=at(2),
    marketplace_id="APJ6JRA9NG5V4",
    status=OrderStatus.PARTIALLY_SHIPPED,
    channel=Channel.REGULAR,
    items=(
        Item(
            item_id="1",
            quantity=2,
            sku="MUG",
            asin="B000000001",
            title="Mug",
            unit_price=money("10.00"),
            price_designation="BUSINESS_PRICE",
            condition="NEW",
            condition_subtype="OEM",
            proceeds_total=money("28.00"),
            proceeds=(
                Proceeds(ProceedsType.ITEM, money("30.00")),
                Proceeds(
                    ProceedsType.TAX,
                    money("5.05"),
                    ((ProceedsType.ITEM, money("5.41")), (ProceedsType.DISCOUNT, money("-0.36"))),
                ),
                Proceeds(ProceedsType.DISCOUNT, money("-2.00"), status="PENDING"),
            ),
            programs=("TRANSPARENCY", "SUBSCRIBE_AND_SAVE"),
            quantity_fulfilled=1,
            cancel_requested_by="BUYER",
            cancel_request_reason="too many",
            cancelled_by="MERCHANT",
            gift_message="For you",
            gift_wrap_level="PREMIUM",
            cash_on_delivery=True,
            demands=("palletDelivery",),
            scheduled=span(20),
            serial_numbers_required=True,
            substitution="AMAZON_RECOMMENDED",
            substitutes=((2, "CUP"), (1, "B000000003"), (1, "Can")),
            ioss_number="IM1",
            reporting_schemes=("UOSS", "IOSS"),
            tax_collection_models=("MARKETPLACE_FACILITATOR",),
            customized_url="https://a.example/1",
            measurement_unit="KILOGRAMS",
            measurement_value=Decimal("0.75"),
        ),
        Item("2", 1),
    ),
    raw_status="PARTIALLY_SHIPPED",
    raw_channel="MERCHANT",
    sales_channel="AMAZON",
    marketplace_name="Amazon.it",
    service_level="NEXT_DAY",
    programs=("PRIME", "AMAZON_BUSINESS"),
    ship_by=span(11),
    deliver_by=span(12),
    print_labels=span(13),
    buyer=Buyer("Eva Bianchi", "a@marketplace.amazon.it", "Bianchi Srl", "PO-1"),
    delivery_address=Address(
        name="Eva Rossi",
        company="Rossi Srl",
        lines=("Via Roma 1", "Scala B"),
        city="Torino",
        district="Centro",
        municipality="Torino città",
        region="TO",
        postal_code="10121",
        country="IT",
        phone="+39 011 123456",
        kind="RESIDENTIAL",
    ),
    delivery_instructions=("porter", "ring twice"),
    delivery_hours=(
        DeliveryHours("MON", ((time(9, 30), time(12)),)),
        DeliveryHours("2026-12-24", closed=True),
        DeliveryHours("2026-12-27", ((time(0), time(23, 59)),)),
    ),
    delivery_capabilities=("HAS_ACCESS_POINT", "BRAND_NEW"),
    grand_total=money("33.00"),
    proceeds=(Proceeds(ProceedsType.DELIVERY_TIP, money("5.00"), status="FINALIZED"),),
    packages=(Package("P1", "GLS", "T1", "IN_TRANSIT", at(3), (("1", 1),)), Package("P2")),
    payments=(PaymentExecution("COD", money("33.00")), PaymentExecution("CARD")),
    tax_registrations=(
        TaxRegistration("BUYER", "VAT", "IT1", "Rossi Srl", Address(lines=("Via Po 2",), country="IT")),
        TaxRegistration("MERCHANT"),
    ),
    replaces=("402-0000000-0000000", "402-0000000-0000009"),
    datasets=frozenset(
        {
            "BUYER",
            "RECIPIENT",
            "PROCEEDS",
            "EXPENSE",
            "PROMOTION",
            "CANCELLATION",
            "FULFILLMENT",
            "PACKAGES",
            "TAX",
            "PAYMENT",
            "FULFILLMENT_ORDERS",
        }
    ),
)


def test_an_order_with_everything() -> None:
    assert decode_order(ENTRY) == WHOLE


def changed(path: str, value: Any) -> dict[str, Any]:
    """The whole order with another value; `...` takes the key out."""
    entry = copy.deepcopy(ENTRY)
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    place: Any = entry
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return entry


UNKNOWN = "is a word that orderferry does not know"
COUNT = "is no whole number from 0 to 1000000"
TIME = "is no time between 1995 and 2099"
NEITHER = "is neither true nor false"
CURRENCY = "is no ISO 4217 currency"
FIRST = "orderItems[0]"


# Where the flaw is below the place that was changed, ">" stands before the rest of its path.
GRAVE = [
    ("fulfillment/fulfillmentStatus", "TELEPORTED", UNKNOWN),
    ("fulfillment/fulfillmentStatus", ..., "is missing"),
    ("fulfillment/fulfillmentStatus", " ", "is empty"),
    ("fulfillment/fulfilledBy", 3, "is no text"),
    ("salesChannel/channelName", "MOON", UNKNOWN),
    ("salesChannel/marketplaceId", ..., "is missing"),
    ("salesChannel/marketplaceId", "x y", "is no marketplace id"),
    ("orderItems", ..., "is missing"),
    ("orderItems", [], "has no item"),
    ("orderItems>[1]", [ITEM, 5], "is no object"),
    ("orderItems/1/orderItemId", "1", "is the id of another item too"),
    ("orderItems/0/orderItemId", ..., "is missing"),
    ("orderItems/0/quantityOrdered", ..., "is missing"),
    ("orderItems/0/quantityOrdered", Decimal("1.5"), COUNT),
    ("orderItems/0/fulfillment/quantityFulfilled", -1, COUNT),
    ("orderItems/0/fulfillment/quantityUnfulfilled", "1", COUNT),
    ("orderItems/0/product/price/unitPrice/amount", "-1", "is negative"),
    ("orderItems/0/product/price/unitPrice", 5, "is no amount of money"),
    ("orderItems/0/proceeds/breakdowns", {}, "is no list"),
    ("orderItems/0/proceeds/breakdowns/0", 5, "is no object"),
    ("orderItems/0/proceeds/breakdowns/0/type", ..., "is missing"),
    ("orderItems/0/proceeds/breakdowns/0/type", "MAGIC", UNKNOWN),
    ("orderItems/0/proceeds/breakdowns/0/subtotal", ..., "is missing"),
    ("orderItems/0/proceeds/breakdowns/1/detailedBreakdowns/0/value", ..., "is missing"),
    ("proceeds/grandTotal/amount", "-33.00", "is negative"),
    ("proceeds/grandTotal/amount", "1,5", "is no decimal number"),
    ("proceeds/grandTotal/currencyCode", "eur", CURRENCY),
]
SMALL = [
    ("fulfillment/fulfillmentServiceLevel", "SLOW", UNKNOWN),
    ("salesChannel/marketplaceName", 5, "is no text"),
    ("orderItems/0/programs>[0]", ["MOON"], UNKNOWN),
    ("orderItems/0/product/price/priceDesignation", "GIFT", UNKNOWN),
    ("orderItems/0/proceeds/breakdowns/0/status", "GONE", UNKNOWN),
    ("orderItems/0/proceeds/breakdowns/1/detailedBreakdowns", 5, "is no list"),
    ("orderItems/0/proceeds/breakdowns/1/detailedBreakdowns/0", 5, "is no object"),
    ("orderItems/0/proceeds/breakdowns/1/detailedBreakdowns/0/subtype", "CARGO", UNKNOWN),
    ("orderItems/0/proceeds/breakdowns/1/detailedBreakdowns/0/subtype", ..., "is missing"),
    ("orderItems/0/cancellation/cancellationRequest/requester", "CAT", UNKNOWN),
    ("orderItems/0/cancellation/cancellationExecution/cancelledBy", "CAT", UNKNOWN),
    ("orderItems/0/measurement/value", "heavy", "is no decimal number"),
    ("orderItems/0/fulfillment/shipping/shippingConstraints", 5, "is no object"),
    ("orderItems/0/fulfillment/shipping/shippingConstraints/palletDelivery", "MAYBE", NEITHER),
    ("orderItems/0/fulfillment/shipping/shippingConstraints/palletDelivery", 1, NEITHER),
    ("orderItems/0/fulfillment/picking/substitutionPreference/substitutionType", "X", UNKNOWN),
    ("orderItems/0/tax/taxCollections/0/model", "X", UNKNOWN),
    ("proceeds/grandTotal/amount", Decimal("33.00"), "is a number where Amazon's model has text"),
    ("buyer", "Eva", "is no object"),
    ("recipient/deliveryAddress/addressType", "CASTLE", UNKNOWN),
    ("recipient/deliveryAddress", 5, "is no object"),
    ("recipient/deliveryPreference/deliveryCapabilities>[0]", [5], "is no text"),
    ("recipient/deliveryPreference/deliveryTime/businessHours/0/dayOfWeek", "DAY", UNKNOWN),
    (
        "recipient/deliveryPreference/deliveryTime/businessHours/0/timeWindows/0/endTime",
        {"hour": 25},
        "is no time of the day",
    ),
    ("recipient/deliveryPreference/deliveryTime/businessHours/0/timeWindows/0/endTime>.hour", {}, "is missing"),
    ("recipient/deliveryPreference/deliveryTime/exceptionDates/0/exceptionDate", "Christmas", "is no date"),
    ("recipient/deliveryPreference/deliveryTime/exceptionDates/0/exceptionDateType", "HALF", UNKNOWN),
    ("packages/0/packageStatus/status", "LOST", UNKNOWN),
    ("packages/0/shipTime", "yesterday", TIME),
    ("packages/0/packageItems/0/orderItemId", ..., "is missing"),
    ("packages/0/packageItems/0/quantity", ..., "is missing"),
    ("payment/paymentExecutions/0/paymentAmount/currencyCode", "€", CURRENCY),
    ("payment/paymentExecutions/0/paymentAmount", 5, "is no amount of money"),
    ("tax/taxRegistrations/0/entityType", "CAT", UNKNOWN),
    ("tax/taxRegistrations/0/taxRegistrationType", "CAT", UNKNOWN),
    ("associatedOrders/0/associationType", "CAT", UNKNOWN),
    ("fulfillment/shipByWindow", "soon", "is no object"),
    ("fulfillment/shipByWindow/earliestDateTime", "soon", TIME),
    ("programs", "PRIME", "is no list"),
    ("programs>[1]", ["PRIME", "MOON"], UNKNOWN),
]


@pytest.mark.parametrize(
    ("grave", "path", "value", "problem"),
    [*((True, *one) for one in GRAVE), *((False, *one) for one in SMALL)],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_is_amiss_is_told_once_with_path_problem_and_weight(
    grave: bool, path: str, value: Any, problem: str
) -> None:
    place, _, below = path.partition(">")
    order = decode_order(changed(place, value))
    assert isinstance(order, Order)
    told = re.sub(r"/(\d+)", r"[\1]", place).replace("/", ".") + below
    *_, word = value if isinstance(value, list) and value else [value]
    word = word if problem in {UNKNOWN, NEITHER} and isinstance(word, str) else ""
    assert order.flaws == (Flaw(told, problem, grave, word),)


def test_amounts_in_two_currencies_are_told_of_the_order() -> None:
    order = decode_order(changed("proceeds/grandTotal", price("1") | {"currencyCode": "USD"}))
    assert isinstance(order, Order)
    assert order.flaws == (Flaw("proceeds", "is in more than one currency", True),)


@pytest.mark.parametrize(
    ("path", "value", "flaw"),
    [
        ("orderId", ..., Flaw("orderId", "is missing", True)),
        ("orderId", " ", Flaw("orderId", "is empty", True)),
        ("orderId", "../x", Flaw("orderId", "is no order id", True)),
        ("createdTime", ..., Flaw("createdTime", "is missing", True)),
        ("lastUpdatedTime", "soon", Flaw("lastUpdatedTime", TIME, True)),
    ],
)
def test_what_makes_an_order_unreadable(path: str, value: Any, flaw: Flaw) -> None:
    unreadable = decode_order(changed(path, value))
    assert isinstance(unreadable, UnreadableOrder)
    assert flaw in unreadable.flaws
    assert all(one.grave for one in unreadable.flaws)
    assert unreadable.order_id == (None if path == "orderId" else "402-0000000-0000001")


def test_no_object_is_told_as_that() -> None:
    assert decode_order(5) == UnreadableOrder(None, (Flaw("", "is no object", True),))


def test_a_flaw_that_is_grave_once_is_told_as_grave_once() -> None:
    order = decode_order(changed("proceeds", 5))
    assert isinstance(order, Order)
    assert order.flaws == (Flaw("proceeds", "is no object", True),)
    order = decode_order(changed("orderItems/0/product", 5))
    assert isinstance(order, Order)
    assert order.flaws == (Flaw(f"{FIRST}.product", "is no object", True),)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "programs",
            "AMAZON_BAZAAR AMAZON_BUSINESS AMAZON_EASY_SHIP AMAZON_HAUL DELIVERY_BY_AMAZON FBM_SHIP_PLUS "
            "INVOICE_BY_AMAZON IN_STORE_PICK_UP PREMIUM PREORDER PRIME",
        ),
        (
            "fulfillment/fulfillmentServiceLevel",
            "EXPEDITED FREE_ECONOMY NEXT_DAY PRIORITY SAME_DAY SECOND_DAY SCHEDULED STANDARD",
        ),
        ("fulfillment/fulfilledBy", "MERCHANT AMAZON MFN AFN"),
        ("salesChannel/channelName", "AMAZON NON_AMAZON"),
        ("recipient/deliveryAddress/addressType", "RESIDENTIAL COMMERCIAL PICKUP_POINT"),
        ("orderItems/0/proceeds/breakdowns/2/status", "PENDING FINALIZED"),
        (
            "orderItems/0/proceeds/breakdowns/1/detailedBreakdowns/0/subtype",
            "ITEM SHIPPING GIFT_WRAP COD_FEE TAX DISCOUNT DELIVERY_TIP OTHER",
        ),
        ("orderItems/0/cancellation/cancellationExecution/cancelledBy", "BUYER MERCHANT AMAZON"),
        (
            "orderItems/0/fulfillment/picking/substitutionPreference/substitutionType",
            "CUSTOMER_PREFERENCE AMAZON_RECOMMENDED DO_NOT_SUBSTITUTE",
        ),
        ("packages/0/packageStatus/status", "PENDING IN_TRANSIT SHIPPED DELIVERED CANCELLED UNDELIVERABLE"),
        ("tax/taxRegistrations/0/entityType", "BUYER MERCHANT MARKETPLACE"),
        ("tax/taxRegistrations/0/taxRegistrationType", "BUSINESS VAT CST CPF CNPJ"),
        (
            "recipient/deliveryPreference/deliveryTime/businessHours/0/dayOfWeek",
            "SUN MON TUE WED THU FRI SAT",
        ),
        ("recipient/deliveryPreference/deliveryTime/exceptionDates/0/exceptionDateType", "CLOSED OPEN"),
        (
            "orderItems/0/fulfillment/shipping/shippingConstraints/palletDelivery",
            "MANDATORY required true True OPTIONAL none false",
        ),
    ],
)
def test_all_words_that_amazon_documents_are_known(path: str, words: str) -> None:
    for word in words.split():
        order = decode_order(changed(path, [word] if path == "programs" else word))
        assert order.flaws == (), word


def test_which_channel_each_word_is() -> None:
    for word, channel in (("MERCHANT", "regular"), ("MFN", "regular"), ("AMAZON", "fba"), ("AFN", "fba")):
        order = decode_order(changed("fulfillment/fulfilledBy", word))
        assert isinstance(order, Order)
        assert order.channel == channel


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ("buyer", "BUYER"),
        ("recipient", "RECIPIENT"),
        ("packages", "PACKAGES"),
        ("payment", "PAYMENT"),
        ("fulfillmentOrders", "FULFILLMENT_ORDERS"),
        ("orderItems/0/expense", "EXPENSE"),
        ("orderItems/0/promotion", "PROMOTION"),
        ("orderItems/0/cancellation", "CANCELLATION"),
    ],
)
def test_a_set_of_data_that_the_answer_lacks(taken: str, name: str) -> None:
    for value in (..., None, "text"):
        assert isinstance(order := decode_order(changed(taken, value)), Order)
        assert WHOLE.datasets - order.datasets == {name}


@pytest.mark.parametrize("key", ["proceeds", "fulfillment", "tax"])
def test_a_set_of_data_shows_at_the_order_or_at_its_items(key: str) -> None:
    for path in (key, f"orderItems/0/{key}"):
        assert isinstance(order := decode_order(changed(path, ...)), Order)
        assert order.datasets == WHOLE.datasets
    entry = changed(key, ...)
    del entry["orderItems"][0][key]
    assert isinstance(order := decode_order(entry), Order)
    assert WHOLE.datasets - order.datasets == {key.upper()}


def test_what_an_importer_asks_for() -> None:
    assert INCLUDED_DATA == (
        "BUYER",
        "RECIPIENT",
        "PROCEEDS",
        "PROMOTION",
        "CANCELLATION",
        "FULFILLMENT",
        "TAX",
        "PAYMENT",
        "PACKAGES",
    )


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("1995-01-01T00:00:00Z", True),
        ("1994-12-31T23:59:59Z", False),
        ("2099-12-31T23:59:59Z", True),
        ("2100-01-01T00:00:00Z", False),
        ("2026-11-23t06:00:00z", True),
        ("2026-11-23T06:00:00,5Z", True),
        ("2026-11-23T06:00:00.1234567890123Z", False),
    ],
)
def test_times_at_the_ends_of_what_can_be_one(text: str, taken: bool) -> None:
    assert (parse_amazon_time(text) is not None) is taken


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (10**15 - 1, True),
        (10**15, False),
        (-(10**15), False),
        ("1" * 15 + "." + "1" * 10, True),
        ("1" * 16, False),
        ("1." + "1" * 11, False),
        ("1.", False),
        (False, False),
        (None, False),
    ],
)
def test_amounts_at_the_ends_of_what_can_be_one(value: Any, taken: bool) -> None:
    assert (parse_amount(value) is not None) is taken


@pytest.mark.parametrize(
    ("value", "quantity"), [(0, 0), (MOST_UNITS, 1_000_000), (MOST_UNITS + 1, None), (Decimal("2.0"), 2), (False, None)]
)
def test_quantities_at_the_ends_of_what_can_be_one(value: Any, quantity: int | None) -> None:
    entry = changed("orderItems/1/quantityOrdered", value)
    order = decode_order(entry)
    assert isinstance(order, Order)
    assert order.items[1].quantity == (quantity or 0)
    assert bool(order.flaws) is (quantity is None)


def test_a_word_is_shown_if_it_is_short_and_plain() -> None:
    for word, shown in (("A" * 60, "A" * 60), ("A" * 61, ""), ("-A", ""), ("A-_9", "A-_9"), ("A b", "")):
        order = decode_order(changed("fulfillment/fulfillmentServiceLevel", word))
        assert isinstance(order, Order)
        assert (order.service_level, order.flaws[0].value) == (shown, shown)


@pytest.mark.parametrize(("order_id", "usable"), [("1" * 32, True), ("1" * 33, False), ("S01-A", True), ("1_2", False)])
def test_what_can_be_an_orders_id(order_id: str, usable: bool) -> None:
    assert (decode_order(changed("orderId", order_id)).order_id == order_id) is usable


@pytest.mark.parametrize(("marketplace", "usable"), [("A" * 5, True), ("A" * 4, False), ("A" * 33, False)])
def test_what_can_be_a_marketplaces_id(marketplace: str, usable: bool) -> None:
    order = decode_order(changed("salesChannel/marketplaceId", marketplace))
    assert isinstance(order, Order)
    assert order.marketplace_id == (marketplace if usable else "")


def test_another_sales_channels_marketplace_is_no_grave_matter() -> None:
    entry = changed("salesChannel", {"channelName": "NON_AMAZON", "marketplaceId": "x"})
    order = decode_order(entry)
    assert isinstance(order, Order)
    assert order.flaws == (Flaw("salesChannel.marketplaceId", "is no marketplace id"),)


@pytest.mark.parametrize(
    ("path", "value", "flaws"),
    [
        ("buyer/buyerName", f"Eva {NOT_UTF8}", (Flaw("buyer.buyerName", "is not UTF-8", True),)),
        ("packages/1/carrier", TOO_DEEP, (Flaw("packages[1].carrier", "is nested too deeply", True),)),
        ("buyer", {NOT_UTF8: "Eva"}, (Flaw("buyer", "has a name that is not UTF-8", True),)),
        ("buyer", {"é": "\ud83d"}, None),
    ],
    ids=["text", "depth", "name", "half a character"],
)
def test_what_could_not_be_read_makes_its_order_unreadable(
    path: str, value: Any, flaws: tuple[Flaw, ...] | None
) -> None:
    found = decode_order(changed(path, value))
    if flaws is None:
        assert isinstance(found, Order)
    else:
        assert found == UnreadableOrder("402-0000000-0000001", flaws)


def test_an_unreadable_order_with_an_unusable_id_tells_both() -> None:
    entry = changed("buyer/buyerName", NOT_UTF8) | {"orderId": "a b"}
    assert decode_order(entry) == UnreadableOrder(
        None, (Flaw("buyer.buyerName", "is not UTF-8", True), Flaw("orderId", "is no order id", True))
    )
