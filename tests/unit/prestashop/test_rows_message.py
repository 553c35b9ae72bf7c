"""What staff reads of an order: complete, and never markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderferry.domain.orders import (
    Buyer,
    DeliveryHours,
    Money,
    OrderStatus,
    Package,
    PaymentExecution,
    ProceedsType,
    TimeSpan,
)
from orderferry.domain.pricing.priced_order import PricedCharge
from orderferry.prestashop.planning.resolved_order import ResolvedLine, ResolvedOrder
from orderferry.prestashop.planning.shop_texts import harmless
from orderferry.prestashop.rows.message import message_rows, message_text, order_note, private_message
from support.resolved_orders import MUG, ORDER, PLACE, POSTAL, amount, priced_line, priced_order, resolved
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


def lines_of(made: ResolvedOrder) -> list[str]:
    """Return what a message says beyond what every message says."""
    usual = message_text(resolved()).splitlines()
    return [line for line in message_text(made).splitlines() if line not in usual]


def item_with(**more: Any) -> ResolvedOrder:
    """Return an order of one item, of which these things are known."""
    return resolved(replace(ORDER, items=(replace(ORDER.items[0], sku="A", **more),)))


def test_every_message_says_which_order_it_is_when_it_came_and_how_fast_it_must_be_sent() -> None:
    assert message_text(resolved()).splitlines() == [
        "Amazon order 402-1234567-1234567 (IT)",
        "Purchased: 2026-11-22 19:30",
        "Imported: 2026-11-23 08:12",
        "Service level: STANDARD",
        "Ship by: 2026-11-23 19:30 to 2026-11-24 19:30",
        "Deliver by: 2026-11-27 19:30",
    ]


def test_the_programs_that_staff_has_to_know_of_have_names() -> None:
    programs = (
        "PRIME",
        "AMAZON_BUSINESS",
        "PREMIUM",
        "PREORDER",
        "AMAZON_EASY_SHIP",
        "IN_STORE_PICK_UP",
        "INVOICE_BY_AMAZON",
        "SOME_OTHER",
    )
    assert lines_of(resolved(replace(ORDER, programs=programs))) == [
        "Programs: Prime, Business, Premium, Pre-order, Easy Ship, In-store pick-up, Invoice by Amazon"
    ]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("signatureConfirmation", "signature on delivery"),
        ("recipientIdentityVerification", "identity check, only for the addressee"),
        ("recipientAgeVerification", "age check of the recipient"),
        ("palletDelivery", "on a pallet"),
        ("whiteGloves", "white gloves"),
    ],
)
def test_each_demand_in_words(word: str, told: str) -> None:
    assert lines_of(item_with(demands=(word,))) == [f"Amazon demands on delivery: {told}"]


@pytest.mark.parametrize(
    ("word", "items", "told"),
    [
        ("DO_NOT_SUBSTITUTE", (), ["If A is not to be had: no substitute"]),
        ("AMAZON_RECOMMENDED", (), ["If A is not to be had: what Amazon recommends"]),
        ("CUSTOMER_PREFERENCE", ((2, "C"), (1, "D")), ["If A is not to be had: what the buyer chose: 2 × C, 1 × D"]),
        ("SOME_OTHER", (), ["If A is not to be had: some other"]),
        ("", ((2, "C"),), ["If A is not to be had: 2 × C"]),
        ("", (), []),
    ],
)
def test_what_to_send_in_place_of_an_item(word: str, items: tuple[tuple[int, str], ...], told: list[str]) -> None:
    assert lines_of(item_with(substitution=word, substitutes=items)) == told


@pytest.mark.parametrize(
    ("condition", "subtype", "told"),
    [
        ("Used", "VERY_GOOD", ["Condition of A: used very good"]),
        ("Refurbished", "", ["Condition of A: refurbished"]),
        ("New", "New", []),
        ("NEW", "", []),
        ("", "VERY_GOOD", []),
    ],
)
def test_a_condition_is_told_unless_it_is_new(condition: str, subtype: str, told: list[str]) -> None:
    assert lines_of(item_with(condition=condition, condition_subtype=subtype)) == told


def test_an_item_without_sku_goes_by_amazons_number_of_it() -> None:
    item = replace(
        ORDER.items[0],
        sku="",
        item_id="77",
        demands=("palletDelivery",),
        serial_numbers_required=True,
        programs=("TRANSPARENCY",),
    )
    order = replace(ORDER, items=(item, replace(ORDER.items[0], item_id="78")))

    assert lines_of(resolved(order)) == [
        "Amazon demands on delivery: on a pallet (77)",
        "Serial numbers to be reported for: 77",
        "Transparency codes needed for 77: 2",
    ]


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (TimeSpan(PURCHASED, PURCHASED + timedelta(hours=1)), "Ship by: 2026-11-22 19:30 to 2026-11-22 20:30"),
        (TimeSpan(PURCHASED), "Ship by: from 2026-11-22 19:30"),
        (TimeSpan(None, PURCHASED), "Ship by: 2026-11-22 19:30"),
        (TimeSpan(PURCHASED, PURCHASED), "Ship by: 2026-11-22 19:30"),
    ],
)
def test_a_span_of_time_as_people_write_it(span: TimeSpan, told: str) -> None:
    assert lines_of(resolved(replace(ORDER, ship_by=span))) == [told]


def test_hours_of_a_day_without_spans_are_open() -> None:
    assert lines_of(resolved(replace(ORDER, delivery_hours=(DeliveryHours("SAT"),)))) == ["Delivery hours: SAT open"]


def test_the_buyer_is_told_only_where_the_parcel_goes_to_another_person() -> None:
    assert lines_of(resolved(replace(ORDER, buyer=Buyer("Mario Rossi")))) == []
    assert lines_of(resolved(replace(ORDER, buyer=Buyer("Anna Verdi")))) == ["Buyer: Anna Verdi"]
    assert lines_of(resolved(replace(ORDER, delivery_address=None))) == ["Buyer: Mario Rossi"]


def test_what_two_addresses_could_not_take_is_told_once() -> None:
    first, second = "Country: JE", "Name: Mario Rossi 2°"
    made = resolved(
        delivery=replace(PLACE, postal=replace(POSTAL, kept=(first,))),
        invoice_place=replace(PLACE, postal=replace(POSTAL, kept=(first, second))),
    )

    assert lines_of(made) == [f"Address as Amazon gives it: {first}", f"Address as Amazon gives it: {second}"]


def test_two_texts_for_one_gift_are_told_once() -> None:
    items = tuple(replace(ORDER.items[0], item_id=str(number), gift_message="Auguri") for number in (1, 2))

    assert lines_of(resolved(replace(ORDER, items=items))) == ["Gift message: Auguri"]


def test_what_was_customised_and_what_was_declared_is_told_by_item() -> None:
    assert lines_of(item_with(customized_url="https://a/b.zip", ioss_number="IM1", condition="New")) == [
        "Customisation of A: https://a/b.zip",
        "IOSS number (A): IM1",
    ]


def test_promotions_on_lines_and_on_the_shipping() -> None:
    both = (ORDER.items[0], replace(ORDER.items[0], item_id="2", sku="demo_12"))
    off = ResolvedLine(priced_line(promotion=Decimal("3.66")), both, MUG)
    fee = ResolvedLine(priced_line(kind=ProceedsType.COD_FEE, item_ids=(), promotion=Decimal("1.00")))
    shipping = replace(priced_order().shipping, promotion=Decimal("2.44"))
    made = resolved(lines=(off, fee), priced=replace(priced_order(), shipping=shipping))

    assert lines_of(made) == [
        "Promotion: -3.66 EUR (demo_11, demo_12)",
        "Promotion: -1.00 EUR (cod_fee)",
        "Promotion: -2.44 EUR (shipping)",
    ]


COLLECTED = "Tax collected by Amazon"


@pytest.mark.parametrize(
    ("collected", "of_amazon", "told"),
    [
        (False, "0", []),
        (True, "0", [COLLECTED]),
        (True, "6.78", [COLLECTED]),
        (
            True,
            "1.54",
            [
                f"{COLLECTED}: 1.54 EUR of 6.78 EUR (the invoice adds it to your own where both have one rate)",
            ],
        ),
    ],
    ids=["none", "all of a tax of 0", "all", "a part"],
)
def test_the_tax_that_amazon_has_collected(collected: bool, of_amazon: str, told: list[str]) -> None:
    priced = priced_order(collected_by_amazon=collected, tax_of_amazon=Decimal(of_amazon))

    assert lines_of(resolved(priced=priced)) == told


def test_tax_beside_the_total_and_tax_without_a_row_of_its_own() -> None:
    unknown = priced_line(tax_key="")
    priced = priced_order(
        lines=(unknown,),
        shipping=PricedCharge(amount("7.00", "8.54"), Decimal(22)),
        wrapping=PricedCharge(amount("2.00", "2.44"), Decimal(22)),
        tax_beside=Decimal("1.20"),
    )
    line = replace(resolved().lines[0], priced=unknown)

    assert lines_of(resolved(priced=priced, lines=(line,))) == [
        "Tax collected by Amazon beside the total: 1.20 EUR",
        "Tax for which the shop has none, in the totals alone: 7.22 EUR",
    ]


def test_fees_that_had_to_go_into_the_shipping_are_explained() -> None:
    assert lines_of(resolved(fees_joined=True)) == [
        "Fees are in the shipping: the database user may not make a product for them (docs/database-rights.md)"
    ]


def test_what_the_buyer_asks_for_and_what_is_on_its_way_is_told_by_item() -> None:
    first = replace(ORDER.items[0], sku="A", cancel_requested_by="BUYER", cancel_request_reason="Changed mind")
    second = replace(first, item_id="2", sku="", cancel_request_reason="", quantity=3, quantity_fulfilled=1)
    order = replace(ORDER, items=(first, second))

    assert lines_of(resolved(order)) == ["Buyer asks to cancel: A (Changed mind), 2"]
    assert lines_of(resolved(replace(order, status=OrderStatus.PARTIALLY_SHIPPED))) == [
        "Amazon has it as partially shipped: 1 of 3 2",
        "Buyer asks to cancel: A (Changed mind), 2",
    ]
    untold = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED)
    assert lines_of(resolved(untold)) == ["Amazon has it as partially shipped: how many of what it does not say"]
