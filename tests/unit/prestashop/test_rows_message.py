"""What staff reads of an order: complete, and never markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import Buyer, DeliveryHours, Money, OrderStatus, Package, PaymentExecution, TimeSpan
from orderferry.prestashop.planning.shop_texts import harmless
from orderferry.prestashop.rows.message import message_rows, message_text, order_note, private_message
from support.resolved_orders import ORDER, PLACE, POSTAL, resolved
from support.writing import HOME, PURCHASED


def test_everything_without_a_column_is_in_the_message() -> None:
    order = replace(
        ORDER,
        programs=("PRIME", "AMAZON_BUSINESS"),
        buyer=Buyer("Anna Bianchi", "", "", "PO-77"),
        delivery_instructions=("Ring twice",),
        replaces=("402-0000000-0000001",),
        items=(replace(ORDER.items[0], gift_message="Tanti auguri", ioss_number="IM123"),),
        packages=(
            Package("1", tracking_number="B", ship_time=PURCHASED + timedelta(days=2)),
            Package("2", tracking_number="A", ship_time=PURCHASED + timedelta(days=1)),
        ),
    )
    kept = replace(PLACE, postal=replace(POSTAL, kept=("name: Mario Rossi 2°",), placeholders=("phone",)))
    lines = message_text(resolved(order, delivery=kept), ("a text that was cut",)).splitlines()

    assert lines == [
        "Amazon order 402-1234567-1234567 (IT)",
        "Purchased: 2026-11-22 19:30",
        "Imported: 2026-11-23 08:12",
        "Service level: STANDARD",
        "Ship by: 2026-11-23 19:30 to 2026-11-24 19:30",
        "Deliver by: 2026-11-27 19:30",
        "Programs: Prime, Business",
        "Purchase order number: PO-77",
        "Buyer: Anna Bianchi",
        "Gift message: Tanti auguri",
        "Delivery instructions: Ring twice",
        "Address as Amazon gives it: name: Mario Rossi 2°",
        "In full: a text that was cut",
        "Placeholders stand for: phone",
        "Further tracking numbers: B",
        "Replacement for: 402-0000000-0000001",
        "IOSS number (demo_11): IM123",
    ]


def test_a_gift_text_is_whole_in_the_message() -> None:
    order = replace(ORDER, items=(replace(ORDER.items[0], gift_message="Ti amo <3"),))

    assert "Gift message: Ti amo <3" in message_text(resolved(order)).splitlines()


def test_what_is_on_its_way_already_is_told() -> None:
    item = replace(ORDER.items[0], quantity=3, quantity_fulfilled=1)
    order = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, items=(item,))

    assert f"Amazon has it as partially shipped: 1 of 3 {item.sku}" in message_text(resolved(order)).splitlines()


def test_what_the_delivery_must_have_is_told_to_those_who_pack() -> None:
    first, second = replace(ORDER.items[0], sku="A"), replace(ORDER.items[0], item_id="2", sku="B")
    noon = TimeSpan(PURCHASED, PURCHASED + timedelta(hours=8))
    order = replace(
        ORDER,
        items=(
            replace(
                first,
                demands=("palletDelivery", "signatureConfirmation", "recipientAgeVerification", "whiteGloves"),
                scheduled=noon,
                serial_numbers_required=True,
                programs=("TRANSPARENCY",),
            ),
            replace(
                second,
                demands=("signatureConfirmation", "recipientIdentityVerification"),
                measurement_unit="SQUARE_METERS",
                measurement_value=Decimal("2.50"),
                condition="Used",
                condition_subtype="VERY_GOOD",
                substitution="CUSTOMER_PREFERENCE",
                substitutes=((2, "C"),),
            ),
        ),
        delivery_hours=(
            DeliveryHours("MON", ((time(9), time(12, 30)), (time(14), time(17)))),
            DeliveryHours("TUE", ((time(9), time(12, 30)), (time(14), time(17)))),
            DeliveryHours("SUN", closed=True),
            DeliveryHours("2026-12-24", ((time(9), time(11)),)),
        ),
        delivery_capabilities=("HAS_ACCESS_POINT", "PALLET_ENABLED"),
        print_labels=TimeSpan(PURCHASED),
    )
    lines = message_text(resolved(order)).splitlines()

    assert [line for line in lines if line.split(":")[0] in TOLD_TO_PACKERS] == [
        "Scheduled delivery: 2026-11-22 19:30 to 2026-11-23 03:30 (A)",
        "Amazon demands on delivery: on a pallet (A), signature on delivery, age check of the recipient (A), "
        "white gloves (A), identity check, only for the addressee (B)",
        "Serial numbers to be reported for: A",
        "Delivery hours: MON, TUE 09:00-12:30 and 14:00-17:00; SUN closed; 2026-12-24 09:00-11:00",
        "At the place of delivery: has access point, pallet enabled",
        "Labels can be printed: from 2026-11-22 19:30",
        "Transparency codes needed for A: 2",
        "Amount of B: 2.5 square meters",
        "Condition of B: used very good",
        "If B is not to be had: what the buyer chose: 2 × C",
    ]


TOLD_TO_PACKERS = (
    "Scheduled delivery",
    "Amazon demands on delivery",
    "Serial numbers to be reported for",
    "Delivery hours",
    "At the place of delivery",
    "Labels can be printed",
    "Transparency codes needed for A",
    "Amount of A",
    "Amount of B",
    "Condition of A",
    "Condition of B",
    "If A is not to be had",
    "If B is not to be had",
)


def test_demands_are_in_the_note_and_the_recipients_hours_are_not() -> None:
    item = replace(ORDER.items[0], demands=("signatureConfirmation",))
    note = order_note(resolved(replace(ORDER, items=(item,), delivery_hours=(DeliveryHours("MON", closed=True),))))

    assert "| Amazon demands on delivery: signature on delivery" in note
    assert "MON" not in note


def test_a_cancelled_item_demands_nothing() -> None:
    gone = replace(ORDER.items[0], item_id="2", sku="B", quantity=0, demands=("palletDelivery",))
    order = replace(ORDER, items=(replace(ORDER.items[0], demands=("signatureConfirmation",)), gone))

    assert "Amazon demands on delivery: signature on delivery" in message_text(resolved(order)).splitlines()


@pytest.mark.parametrize(
    ("unit", "value", "told"),
    [
        ("COUNT", "1", ""),
        ("", "1", ""),
        ("COUNT", "6", "6 count"),
        ("GRAMS", "1", "1 grams"),
        ("KILOGRAMS", "100", "100 kilograms"),
    ],
)
def test_what_one_unit_measures_is_told_where_it_is_no_single_piece(unit: str, value: str, told: str) -> None:
    item = replace(ORDER.items[0], sku="A", measurement_unit=unit, measurement_value=Decimal(value))
    found = [
        line for line in message_text(resolved(replace(ORDER, items=(item,)))).splitlines() if "Amount of A" in line
    ]

    assert found == ([f"Amount of A: {told}"] if told else [])


@pytest.mark.parametrize(
    ("more", "amount"),
    [
        ({"payments": (PaymentExecution("CashOnDelivery", Money(Decimal("9.00"), "EUR")),)}, "9.00 EUR"),
        ({"payments": (PaymentExecution("CashOnDelivery"),)}, ""),
        ({"items": (replace(ORDER.items[0], cash_on_delivery=True),)}, ""),
    ],
)
def test_cash_on_delivery_is_told_with_what_to_collect(more: dict[str, Any], amount: str) -> None:
    made = resolved(replace(ORDER, **more))
    amount = amount or f"{made.priced.total.incl} {made.priced.currency}"

    assert f"Cash on delivery, to be collected: {amount}" in message_text(made).splitlines()
    assert "Cash on delivery" not in message_text(resolved())


def test_the_note_has_no_personal_data() -> None:
    note = order_note(resolved(replace(ORDER, delivery_instructions=("Ring at Rossi",))))

    assert note.startswith("Amazon 402-1234567-1234567 | Purchased: 2026-11-22 19:30 | Imported: 2026-11-23 08:12")
    assert "Ship by: 2026-11-23 19:30 to 2026-11-24 19:30 | Deliver by: 2026-11-27 19:30" in note
    assert HOME.name not in note
    assert "Ring" not in note


def test_the_thread_is_closed_and_the_message_private() -> None:
    thread, message = message_rows(resolved())

    assert (thread.values["status"], thread.values["id_contact"]) == ("closed", 0)
    assert (message.values["private"], message.values["id_employee"]) == (1, 1)


@given(st.text())
def test_no_text_is_markup_in_the_back_office(text: str) -> None:
    message = private_message(7, text, 1, "2026-11-23 08:12:35").values["message"]

    assert isinstance(message, str)
    assert not set("<>\x00\x1b\ud800") & set(message)


@given(st.text())
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)
    assert harmless("Grüße 🎁\nВаш") == "Grüße 🎁\nВаш"
