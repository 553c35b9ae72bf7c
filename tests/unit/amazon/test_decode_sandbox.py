"""Amazon's own example payloads decode, without a flaw and with the values that stand in them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest

from orderferry.amazon.decode_order import decode_order
from orderferry.amazon.decode_page import decode_page
from orderferry.domain.orders import (
    Address,
    Channel,
    DeliveryHours,
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
)
from orderferry.domain.search import Basis
from support.amazon_side import sandbox_cases, sandbox_orders


def decoded(order_id: str) -> Order:
    order = decode_order(sandbox_orders()[order_id])
    assert isinstance(order, Order)
    return order


def money(amount: str, currency: str) -> Money:
    return Money(Decimal(amount), currency)


@pytest.mark.parametrize("order_id", sorted(sandbox_orders()))
def test_every_example_decodes_without_a_flaw(order_id: str) -> None:
    order = decoded(order_id)
    assert order.flaws == ()
    assert order.order_id == order_id
    assert order.status is not None
    assert order.channel is not None
    assert order.grand_total is not None
    assert order.marketplace_id
    assert all(item.quantity > 0 and item.item_id and item.sku and item.proceeds_total for item in order.items)


def test_the_eight_examples_are_all_there() -> None:
    assert len(sandbox_orders()) == 8


@pytest.mark.parametrize(
    "case", [case for case in sandbox_cases() if case["operation"] == "searchOrders"], ids=lambda case: case["kind"]
)
def test_pages_have_amazons_cut_off_and_token(case: dict) -> None:
    body = case["response"]
    basis = Basis.CREATED if "createdBefore" in body else Basis.UPDATED
    page = decode_page(body, basis, None)
    assert page.next_token == body.get("pagination", {}).get("nextToken")
    cut_off = body.get("createdBefore") or body["lastUpdatedBefore"]
    assert page.observed_until == datetime.fromisoformat(cut_off)
    other = Basis.UPDATED if basis is Basis.CREATED else Basis.CREATED
    assert decode_page(body, other, None).observed_until is None


def test_a_japanese_fba_order() -> None:
    order = decoded("250-1234567-8901234")
    assert (order.status, order.channel) == (OrderStatus.SHIPPED, Channel.FBA)
    assert (order.raw_status, order.raw_channel) == ("SHIPPED", "AMAZON")
    assert order.created == datetime(2024, 12, 25, 2, 30, tzinfo=UTC)
    assert order.updated == datetime(2024, 12, 25, 6, 45, tzinfo=UTC)
    assert order.grand_total == money("19940", "JPY")
    assert (order.marketplace_id, order.marketplace_name) == ("A1VC38T7YXB528", "Amazon.co.jp")
    assert order.programs == ("PRIME",)
    first, second = order.items
    assert first.title.startswith("Echo Dot (第4世代)")
    assert (second.item_id, second.quantity, second.unit_price) == ("25012345678902", 2, money("6980", "JPY"))
    assert order.datasets == {"BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "FULFILLMENT"}


def test_an_american_replacement_with_tip_gift_and_cancellation() -> None:
    order = decoded("123-4567890-1234567")
    assert order.replaces == ("123-4567890-1234566",)
    assert order.buyer.purchase_order_number == "PO-2024-12345"
    assert order.delivery_instructions == (
        "Front desk reception",
        "Enter through main lobby, ask for John Smith at reception",
    )
    assert order.proceeds == (
        Proceeds(ProceedsType.ITEM, money("149.97", "USD")),
        Proceeds(ProceedsType.TAX, money("0.02", "USD")),
        Proceeds(ProceedsType.DELIVERY_TIP, money("5.00", "USD"), status="FINALIZED"),
    )
    item = order.items[0]
    assert item.proceeds[1].details == ((ProceedsType.ITEM, money("0.02", "USD")),)
    assert (item.cancel_requested_by, item.cancel_request_reason) == ("BUYER", "Changed mind about purchase")
    assert item.cancelled_by == "MERCHANT"
    assert (item.gift_message, item.gift_wrap_level) == ("Happy Holidays! Enjoy your new smart speakers.", "PREMIUM")
    assert item.cash_on_delivery
    assert not order.items[1].cash_on_delivery
    nine_to_five = ((time(9), time(17)),)
    assert order.delivery_hours == (
        *(DeliveryHours(day, nine_to_five) for day in ("MON", "TUE", "WED", "THU", "FRI")),
        DeliveryHours("2024-12-31", closed=True),
    )
    assert order.delivery_capabilities == ("HAS_ACCESS_POINT", "PALLET_ENABLED")
    assert item.demands == (
        "palletDelivery",
        "signatureConfirmation",
        "recipientIdentityVerification",
        "recipientAgeVerification",
    )
    assert item.scheduled == TimeSpan(datetime(2024, 12, 28, 9, tzinfo=UTC), datetime(2024, 12, 28, 17, tzinfo=UTC))
    assert order.items[1].demands == ("signatureConfirmation",)
    assert item.customized_url == "https://amazon.com/custom/view/12345"
    assert order.packages == (
        Package(
            reference="PKG-2024-001",
            carrier="UPS",
            tracking_number="1Z999AA1234567890",
            status="DELIVERED",
            ship_time=datetime(2024, 12, 25, 14, tzinfo=UTC),
            items=(("12345678901234", 2), ("12345678901235", 1)),
        ),
    )


def test_an_order_whose_buyer_takes_something_else_instead() -> None:
    (item,) = decoded("202-7654321-1098765").items
    assert item.substitution == "CUSTOMER_PREFERENCE"
    assert item.substitutes == ((1, "ECHO-DOT-4-UK-WHITE-SINGLE"), (1, "ECHO-DOT-4-UK-BLUE-SINGLE"))
    assert (item.measurement_unit, item.measurement_value) == ("COUNT", Decimal(1))


def test_the_window_to_print_labels_in_may_be_half_open() -> None:
    assert decoded("171-9876543-2109876").print_labels == TimeSpan(datetime(2024, 12, 26, 17, tzinfo=UTC))


def test_a_british_business_order() -> None:
    order = decoded("202-1234567-8901234")
    assert order.delivery_address == Address(
        name="James Wilson",
        company="Wilson Electronics Ltd",
        lines=("123 High Street", "Unit 4B"),
        city="Manchester",
        district="Greater Manchester",
        region="England",
        postal_code="M1 2AB",
        country="GB",
        phone="+44 161 123 4567",
        kind="COMMERCIAL",
    )
    assert order.ship_by == TimeSpan(datetime(2024, 12, 25, tzinfo=UTC), datetime(2024, 12, 26, 23, 59, 59, tzinfo=UTC))
    (item,) = order.items
    assert item.price_designation == "BUSINESS_PRICE"
    assert item.ioss_number == "IM1234567890"
    assert item.proceeds_total == money("103.97", "GBP")
    assert {row.type: row.amount.amount for row in item.proceeds} == {
        ProceedsType.ITEM: Decimal("89.97"),
        ProceedsType.SHIPPING: Decimal("10.00"),
        ProceedsType.TAX: Decimal("4.00"),
    }
    assert item.proceeds[2].details == (
        (ProceedsType.ITEM, money("3.00", "GBP")),
        (ProceedsType.SHIPPING, money("1.00", "GBP")),
    )


def test_a_turkish_order_with_tax_registration_and_scheme() -> None:
    order = decoded("028-1234567-8901234")
    (registration,) = order.tax_registrations
    assert isinstance(registration, TaxRegistration)
    assert (registration.entity, registration.kind, registration.number) == ("BUYER", "BUSINESS", "TR1234567890")
    assert registration.legal_name == "Test company name"
    assert registration.address is not None
    assert registration.address.lines == ("Istiklal Caddesi No:42", "Kat 3")
    item: Item = order.items[0]
    assert item.reporting_schemes == ("IOSS",)
    assert item.tax_collection_models == ("MARKETPLACE_FACILITATOR",)


def test_a_brazilian_order_with_payment() -> None:
    order = decoded("171-2345678-9012345")
    assert order.payments == (PaymentExecution("CreditCard", money("1599.90", "BRL")),)
    assert [registration.kind for registration in order.tax_registrations] == ["VAT", "CNPJ", ""]
    assert {"TAX", "PAYMENT"} <= order.datasets


def test_an_order_for_collection_in_a_shop_has_no_buyer_dataset() -> None:
    order = decoded("114-9876543-1234567")
    assert order.programs == ("IN_STORE_PICK_UP",)
    assert "BUYER" not in order.datasets
    assert order.buyer.name == ""
