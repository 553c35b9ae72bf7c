"""The life of an imported order: what Amazon's news change in the shop, and what they must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import InvoicesSettings, MarketplaceSettings, OrdersSettings, StockSettings
from orderferry.domain.marker import Outcome
from orderferry.domain.orders import Channel, Money, Order, OrderStatus, Proceeds, ProceedsType
from orderferry.domain.problems import ProblemCode
from orderferry.prestashop.database.values import ZERO_MOMENT
from support.shop_database import ShopDatabase
from support.writing import HOME, NOW, Importer, Sold, amazon_order, cancelled, importer, shipped

LATER = NOW + timedelta(hours=3)
ORDER = amazon_order(
    Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54"),
    Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61"),
)
UNINVOICED = OrdersSettings(state_paid="1")  # awaiting cheque: no invoice, not valid


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def news(order: Order, **changes: Any) -> Order:
    """The same order an hour later, changed."""
    return replace(order, updated=order.updated + timedelta(hours=1), **changes)


def stock_of(database: ShopDatabase, reference: str) -> tuple[int, int, int]:
    row = database.one(
        "SELECT s.* FROM {p}stock_available s JOIN {p}product p ON p.id_product = s.id_product"
        " WHERE p.reference = :reference AND s.id_product_attribute = 0",
        reference=reference,
    )
    return row["quantity"], row["physical_quantity"], row["reserved_quantity"]


def credit(database: ShopDatabase, amount: str, net: str = "0") -> None:
    """Issue a credit slip for the only order, as the back office does."""
    dates = dict.fromkeys(("date_add", "date_upd"), "2026-11-23 12:00:00")
    money = {"total_products_tax_incl": amount, "total_shipping_tax_incl": "0", "amount": amount}
    money |= {"total_products_tax_excl": net, "total_shipping_tax_excl": "0"}
    database.insert(
        "order_slip", {"id_order": 1, "id_customer": 1, "partial": 1, "shipping_cost_amount": "0", **money, **dates}
    )


def messages(database: ShopDatabase) -> list[str]:
    return [row["message"] for row in database.rows("SELECT message FROM {p}customer_message ORDER BY 1")]


def test_a_second_import_changes_nothing(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    before = sqlite_shop.counts()
    again = writing.take(ORDER, LATER)

    assert again.outcome is Outcome.UNCHANGED
    assert sqlite_shop.counts() == before
    assert sqlite_shop.value("SELECT date_upd FROM {p}orders") == "2026-11-23 08:12:35"


def test_news_that_concern_nothing_of_ours_move_the_marker_alone(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    applied = writing.take(news(ORDER), LATER)

    assert applied.outcome is Outcome.UNCHANGED
    assert sqlite_shop.value("SELECT amazon_updated FROM {p}orderferry_order").startswith("2026-11-22 20:30")
    assert sqlite_shop.value("SELECT date_upd FROM {p}orders") == "2026-11-23 08:12:35"


def test_older_news_are_refused(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    stale = writing.plan(news(ORDER, status=OrderStatus.PARTIALLY_SHIPPED))
    writing.take(shipped(ORDER))
    marker = sqlite_shop.one("SELECT * FROM {p}orderferry_order")
    applied = writing.shop.apply(stale, LATER)  # type: ignore[arg-type]

    assert applied is None
    assert sqlite_shop.one("SELECT * FROM {p}orderferry_order") == marker
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 4


def test_a_person_who_moved_the_state_is_not_overruled(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    writing.verifies = False  # the state is moved without its history
    sqlite_shop.execute("UPDATE {p}orders SET current_state = 3")
    applied = writing.take(shipped(ORDER), LATER)

    assert applied.changes == ("tracking", "message")
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 3
    assert sqlite_shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z999"
    assert any("Tracking number at Amazon: 1Z999" in text for text in messages(sqlite_shop))


def test_a_tracking_number_of_the_shops_own_stays(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    sqlite_shop.execute("UPDATE {p}order_carrier SET tracking_number = 'OWN-1'")
    writing.take(shipped(ORDER), LATER)

    assert sqlite_shop.value("SELECT tracking_number FROM {p}order_carrier") == "OWN-1"
    assert any("1Z999" in text for text in messages(sqlite_shop))


def test_a_tracking_number_of_ours_follows_amazons(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    sent = shipped(ORDER)
    writing.take(ORDER)
    writing.take(sent, LATER)
    corrected = shipped(sent, number="1Z777")
    applied = writing.take(corrected, LATER)

    assert applied.changes == ("tracking", "message")
    assert sqlite_shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z777"
    assert any("Tracking number at Amazon: 1Z777" in text for text in messages(sqlite_shop))
    sqlite_shop.execute("UPDATE {p}order_carrier SET tracking_number = 'BY-HAND'")
    assert writing.take(shipped(corrected, number="1Z666"), LATER).changes == ("message",)
    assert sqlite_shop.value("SELECT tracking_number FROM {p}order_carrier") == "BY-HAND"


def test_what_the_label_software_wrote_first_is_no_news(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    writing.verifies = False  # the state is moved without its history
    sqlite_shop.execute("UPDATE {p}orders SET current_state = 4")
    sqlite_shop.execute("UPDATE {p}order_carrier SET tracking_number = '1Z999'")
    applied = writing.take(shipped(ORDER), LATER)

    assert (applied.outcome, applied.changes) == (Outcome.UNCHANGED, ())
    assert sqlite_shop.count("customer_message") == 1


def test_a_carrier_that_a_person_chose_stays(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    by_hand, amazons = sqlite_shop.rows("SELECT id_carrier, name FROM {p}carrier WHERE deleted = 0 AND active = 1")[-2:]
    for table in ("orders", "order_carrier"):
        sqlite_shop.execute(f"UPDATE {{p}}{table} SET id_carrier = :id", id=by_hand["id_carrier"])
    sqlite_shop.execute("UPDATE {p}cart SET id_carrier = :id", id=amazons["id_carrier"])
    writing.take(shipped(ORDER, carrier=amazons["name"]), LATER)

    assert sqlite_shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z999"
    assert sqlite_shop.value("SELECT id_carrier FROM {p}order_carrier") == by_hand["id_carrier"]


def test_the_packages_carrier_is_taken_over_by_name(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    carrier = sqlite_shop.rows("SELECT id_carrier, name FROM {p}carrier WHERE deleted = 0 AND active = 1")[-1]
    writing.take(shipped(ORDER, carrier=carrier["name"].upper()), LATER)

    assert sqlite_shop.value("SELECT id_carrier FROM {p}order_carrier") == carrier["id_carrier"]
    assert sqlite_shop.value("SELECT id_carrier FROM {p}orders") == carrier["id_carrier"]


def test_cancelled_after_shipping_is_reported_each_time_and_not_undone(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    sent = shipped(ORDER)
    writing.take(sent)
    held = stock_of(sqlite_shop, "MUG-BLUE")
    for now, outcome in ((LATER, Outcome.UPDATED), (LATER + timedelta(hours=1), Outcome.UNCHANGED)):
        applied = writing.take(cancelled(sent), now)
        assert [note.code for note in applied.notes] == [ProblemCode.CANCELLED_AFTER_SHIPPING]
        assert applied.outcome is outcome

    assert len([text for text in messages(sqlite_shop) if "stop the parcel" in text]) == 1
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 4
    assert stock_of(sqlite_shop, "MUG-BLUE") == held


def test_an_order_that_a_person_prepares_is_cancelled_too_and_who_packs_is_told_once(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    writing.take(ORDER)
    writing.verifies = False  # the state is moved without its history
    sqlite_shop.execute("UPDATE {p}orders SET current_state = 3")
    for now in (LATER, LATER + timedelta(hours=1)):
        writing.take(cancelled(ORDER), now)

    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 6
    assert stock_of(sqlite_shop, "MUG-BLUE") == (400, 400, 0)
    assert len([text for text in messages(sqlite_shop) if "do not send it" in text]) == 1


def test_a_cancellation_after_the_invoice_stays_reported_until_a_credit_slip_covers_it(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    writing.take(ORDER)
    for now in (LATER, LATER + timedelta(hours=1)):
        applied = writing.take(replace(cancelled(ORDER), grand_total=None), now)  # Amazon takes the amounts away
        assert [note.code for note in applied.notes] == [ProblemCode.CHANGED_AFTER_INVOICE]
        assert "total 57.58 → 0.00 EUR, VAT 10.39 → 0.00 EUR; credit slips so far: 0.00 EUR" in applied.notes[0].message
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 6
    assert len([text for text in messages(sqlite_shop) if "A credit slip is needed" in text]) == 1

    credit(sqlite_shop, "49.04")
    assert "credit slips so far: 49.04" in writing.take(cancelled(ORDER), LATER).notes[0].message
    credit(sqlite_shop, "8.54")
    assert writing.take(cancelled(ORDER), LATER).notes == ()


def test_a_full_refund_by_a_carrier_without_tax_settles_a_cancelled_order(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    """PrestaShop refunds the shipping of 8.54 as its net of 7.00 then."""
    writing.take(ORDER)
    credit(sqlite_shop, "56.04", "40.19")
    assert "credit slips so far: 56.04" in writing.take(cancelled(ORDER), LATER).notes[0].message
    credit(sqlite_shop, "0", "7.00")

    assert writing.take(cancelled(ORDER), LATER).notes == ()


def test_an_order_that_was_cancelled_before_its_invoice_needs_no_credit_slip(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("shipped"))
    writing.take(ORDER)
    applied = writing.take(cancelled(ORDER), LATER)

    assert applied.notes == ()
    assert sqlite_shop.one("SELECT current_state, invoice_number FROM {p}orders") == {
        "current_state": 6,
        "invoice_number": 0,
    }


@pytest.mark.parametrize("moved_by_hand", [False, True])
def test_an_invoice_that_waits_for_the_shipment_bears_its_date(
    sqlite_shop: ShopDatabase, tmp_path: Path, moved_by_hand: bool
) -> None:
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("shipped"))
    writing.take(ORDER)
    assert sqlite_shop.one("SELECT invoice_number, invoice_date FROM {p}orders") == {
        "invoice_number": 0,
        "invoice_date": "2026-11-23 08:12:35",  # counts in the dashboards
    }
    if moved_by_hand:
        writing.verifies = False  # the state is moved without its history
        sqlite_shop.execute("UPDATE {p}orders SET current_state = 4")
    applied = writing.take(shipped(ORDER), LATER)

    assert ("invoice" in applied.changes) is moved_by_hand
    assert sqlite_shop.one("SELECT invoice_number, invoice_date FROM {p}orders") == {
        "invoice_number": 1,
        "invoice_date": "2026-11-23 11:12:35",
    }
    assert sqlite_shop.one("SELECT number, delivery_number FROM {p}order_invoice") == {
        "number": 1,
        "delivery_number": 0 if moved_by_hand else 1,
    }
    assert sqlite_shop.count("order_invoice_payment") == 1
    writing.take(news(shipped(ORDER)), LATER)
    assert sqlite_shop.count("order_invoice") == 1


def test_an_order_that_comes_shipped_is_invoiced_at_once(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("shipped")).take(shipped(ORDER))

    assert sqlite_shop.value("SELECT invoice_number FROM {p}orders") == 1


@pytest.mark.parametrize(
    ("invoices", "programs", "number"),
    [
        (InvoicesSettings("state", "never"), ("AMAZON_BUSINESS",), 0),
        (InvoicesSettings("state", "never"), (), 1),
        (InvoicesSettings("never", "state"), ("AMAZON_BUSINESS",), 1),
        (InvoicesSettings("never"), ("AMAZON_BUSINESS",), 0),
    ],
)
def test_business_buyers_may_be_invoiced_otherwise(
    sqlite_shop: ShopDatabase, tmp_path: Path, invoices: InvoicesSettings, programs: tuple[str, ...], number: int
) -> None:
    importer(sqlite_shop, tmp_path, invoices=invoices).take(replace(ORDER, programs=programs))

    assert sqlite_shop.value("SELECT invoice_number FROM {p}orders") == number


def test_a_marketplace_may_be_invoiced_otherwise(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    own = {"IT": MarketplaceSettings(invoices=InvoicesSettings("never"))}
    importer(sqlite_shop, tmp_path, marketplaces=own).take(ORDER)

    assert sqlite_shop.value("SELECT invoice_number FROM {p}orders") == 0


@pytest.mark.parametrize("mode", ["state", "shipped"])
@pytest.mark.parametrize(
    "order",
    [
        shipped(replace(ORDER, replaces=("402-7654321-7654321",))),
        shipped(amazon_order(Sold("MUG-BLUE", 1, "0.00"))),
    ],
    ids=["a replacement", "for nothing"],
)
def test_what_is_no_sale_gets_no_invoice(sqlite_shop: ShopDatabase, tmp_path: Path, order: Order, mode: str) -> None:
    importer(sqlite_shop, tmp_path, invoices=InvoicesSettings(mode)).take(order)

    assert sqlite_shop.value("SELECT invoice_number FROM {p}orders") == 0


def test_a_cancelled_order_gives_its_stock_back_once(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    before = stock_of(sqlite_shop, "MUG-BLUE"), stock_of(sqlite_shop, "TSHIRT")
    writing.take(ORDER)
    assert stock_of(sqlite_shop, "MUG-BLUE") == (398, 400, 2)
    writing.take(cancelled(ORDER), LATER)
    again = writing.take(news(cancelled(ORDER)), LATER)

    assert again.outcome is Outcome.UNCHANGED
    assert (stock_of(sqlite_shop, "MUG-BLUE"), stock_of(sqlite_shop, "TSHIRT")) == before
    assert sqlite_shop.value("SELECT valid FROM {p}orders") == 0


def test_pieces_that_a_person_took_off_the_order_are_not_given_back_again(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    writing.take(ORDER)
    writing.verifies = False  # the line's total is left as it was
    sqlite_shop.execute("UPDATE {p}order_detail SET product_quantity = 1 WHERE product_reference = 'MUG-BLUE'")
    writing.take(cancelled(ORDER), LATER)

    assert stock_of(sqlite_shop, "MUG-BLUE")[0] == 399


def test_a_corrected_address_is_a_new_row(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    old = sqlite_shop.one("SELECT * FROM {p}address")
    applied = writing.take(news(ORDER, delivery_address=replace(HOME, lines=("Via Torino 2",))), LATER)

    assert applied.changes == ("address",)
    order = sqlite_shop.one("SELECT * FROM {p}orders")
    new = sqlite_shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=order["id_address_delivery"])
    assert new["address1"] == "Via Torino 2"
    assert new["id_address"] == order["id_address_invoice"] != old["id_address"]
    assert new["id_customer"] == order["id_customer"]
    assert sqlite_shop.one("SELECT * FROM {p}address WHERE id_address = :id", id=old["id_address"]) == old
    assert order["date_upd"] == "2026-11-23 11:12:35"
    assert any("address" in text for text in messages(sqlite_shop))


EDITED_ADDRESSES = {
    "a row of its own, as the back office does": (
        "INSERT INTO {p}address (id_address, id_country, id_customer, alias, lastname, firstname, address1, postcode,"
        " city, company, address2, phone, phone_mobile, date_add, date_upd) SELECT 77, id_country, id_customer, alias,"
        " lastname, firstname, 'Via Larga 9', postcode, city, company, address2, phone, phone_mobile, date_add,"
        " date_upd FROM {p}address",
        "UPDATE {p}orders SET id_address_delivery = 77, id_address_invoice = 77",
    ),
    "in place, as modules do": ("UPDATE {p}address SET address1 = 'Via Larga 9', date_upd = '2026-11-23 09:00:00'",),
}


@pytest.mark.parametrize("edits", EDITED_ADDRESSES.values(), ids=EDITED_ADDRESSES)
def test_an_address_that_a_person_edited_stays(
    sqlite_shop: ShopDatabase, writing: Importer, edits: tuple[str, ...]
) -> None:
    writing.take(ORDER)
    for edit in edits:
        sqlite_shop.execute(edit)
    applied = writing.take(news(ORDER, delivery_address=replace(HOME, lines=("Via Torino 2",))), LATER)

    assert applied.changes == ("message",)
    row = sqlite_shop.one("SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address")
    assert row["address1"] == "Via Larga 9"
    (told,) = [text for text in messages(sqlite_shop) if "edited in the shop" in text]
    assert "At Amazon: Mario Rossi, Via Torino 2, 20121 Milano" in told


def test_an_address_of_ours_follows_amazons_each_time(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    first = news(ORDER, delivery_address=replace(HOME, lines=("Via Torino 2",)))
    writing.take(first, LATER)
    writing.take(news(first, delivery_address=replace(HOME, lines=("Via Torino 4",))), LATER)

    row = sqlite_shop.one("SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address")
    assert row["address1"] == "Via Torino 4"
    assert sqlite_shop.count("address") == 3


def test_a_corrected_address_that_can_t_be_taken_silences_nothing_else(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    writing.take(ORDER)
    asked = replace(ORDER.items[0], cancel_requested_by="BUYER")
    nowhere = replace(HOME, country="KP")
    applied = writing.take(news(ORDER, items=(asked, ORDER.items[1]), delivery_address=nowhere), LATER)

    assert applied.changes == ("message",)
    assert [note.code for note in applied.notes] == [ProblemCode.UNKNOWN_COUNTRY]
    (told,) = [text for text in messages(sqlite_shop) if "asks to cancel" in text]
    assert "address" not in told


def test_withdrawn_personal_data_blank_nothing(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    gone = news(ORDER, delivery_address=replace(HOME, name="", lines=(), phone="", postal_code=""))
    assert writing.take(gone, LATER).outcome is Outcome.UNCHANGED
    assert writing.take(news(gone, delivery_address=None), LATER).outcome is Outcome.UNCHANGED

    assert sqlite_shop.value("SELECT address1 FROM {p}address") == "Via Roma 1"
    assert sqlite_shop.count("address") == 1


def test_a_placeholder_is_replaced_even_after_shipping(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    fba = replace(ORDER, channel=Channel.FBA, status=OrderStatus.SHIPPED, delivery_address=None)
    writing.take(fba)
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 4
    writing.take(news(fba, delivery_address=HOME), LATER)

    row = sqlite_shop.one("SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address")
    assert (row["address1"], row["city"]) == ("Via Roma 1", "Milano")


def without_shirt(order: Order) -> Order:
    """The second item cancelled: quantity and amounts 0."""
    zero = Money(Decimal(0), "EUR")
    item = replace(order.items[1], quantity=0, proceeds_total=zero, proceeds=(Proceeds(ProceedsType.ITEM, zero),))
    return news(order, items=(order.items[0], item), grand_total=Money(Decimal("37.58"), "EUR"))


def test_a_cancelled_line_follows_while_there_is_no_invoice(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    applied = writing.take(without_shirt(ORDER), LATER)

    assert applied.changes == ("lines and totals",)
    assert not applied.notes
    order = sqlite_shop.one("SELECT * FROM {p}orders")
    assert Decimal(str(order["total_paid"])) == Decimal("37.58")
    line = sqlite_shop.one("SELECT * FROM {p}order_detail")
    assert (line["product_reference"], line["product_quantity"]) == ("MUG-BLUE", 2)
    assert sqlite_shop.value("SELECT id_order_detail FROM {p}order_detail_tax") == line["id_order_detail"]
    assert Decimal(str(sqlite_shop.value("SELECT amount FROM {p}order_payment"))) == Decimal("37.58")
    assert stock_of(sqlite_shop, "TSHIRT") == (720, 720, 0)
    assert stock_of(sqlite_shop, "MUG-BLUE") == (398, 400, 2)
    assert writing.take(without_shirt(ORDER), LATER).outcome is Outcome.UNCHANGED


def test_lines_that_a_person_edited_stay(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    writing.verifies = False  # the line's total is left as it was
    sqlite_shop.execute("UPDATE {p}order_detail SET product_quantity = 3 WHERE product_reference = 'MUG-BLUE'")
    applied = writing.take(without_shirt(ORDER), LATER)

    assert applied.changes == ("message",)
    assert sqlite_shop.count("order_detail") == 2
    (told,) = [text for text in messages(sqlite_shop) if "edited in the shop" in text]
    assert "Amazon's total is 37.58 EUR" in told
    assert stock_of(sqlite_shop, "TSHIRT")[0] == 719


def test_lines_of_ours_follow_amazons_each_time(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    writing.take(without_shirt(ORDER), LATER)
    applied = writing.take(news(news(ORDER)), LATER)

    assert applied.changes == ("lines and totals",)
    assert sqlite_shop.count("order_detail") == 2


def test_a_cancelled_line_after_the_invoice_is_reported_until_somebody_acts(
    sqlite_shop: ShopDatabase, writing: Importer
) -> None:
    writing.take(ORDER)
    changed = without_shirt(ORDER)
    for now in (LATER, LATER + timedelta(hours=1)):
        applied = writing.take(changed, now)
        assert [note.code for note in applied.notes] == [ProblemCode.CHANGED_AFTER_INVOICE]
        assert "total 57.58 → 37.58 EUR, VAT 10.39 → 6.78 EUR (now 2 × MUG-BLUE)" in applied.notes[0].message

    assert len([text for text in messages(sqlite_shop) if "after invoice 1 was issued" in text]) == 1
    credit(sqlite_shop, "20.00")
    assert writing.take(changed, LATER).notes == ()
    assert sqlite_shop.count("order_detail") == 2
    assert Decimal(str(sqlite_shop.value("SELECT total_paid FROM {p}orders"))) == Decimal("57.58")


def test_the_invoice_comes_with_the_state_that_asks_for_it(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    assert sqlite_shop.count("order_invoice") == 0
    assert sqlite_shop.value("SELECT valid FROM {p}orders") == 0
    assert sqlite_shop.count("product_sale") == 0
    writing.take(shipped(ORDER), LATER)

    invoice = sqlite_shop.one("SELECT * FROM {p}order_invoice")
    order = sqlite_shop.one("SELECT * FROM {p}orders")
    assert invoice["number"] == order["invoice_number"] == 1
    assert invoice["delivery_number"] == order["delivery_number"] == 1
    assert invoice["date_add"] == order["invoice_date"] == "2026-11-23 11:12:35"
    assert invoice["total_paid_tax_incl"] == order["total_paid"]
    for table in ("order_detail", "order_carrier"):
        assert {row["id_order_invoice"] for row in sqlite_shop.rows(f"SELECT * FROM {{p}}{table}")} == {1}
    assert sqlite_shop.count("order_invoice_payment") == 1
    taxes = sqlite_shop.rows("SELECT type, id_tax, amount FROM {p}order_invoice_tax ORDER BY type")
    assert [(row["type"], Decimal(str(row["amount"]))) for row in taxes] == [
        ("shipping", Decimal("1.54")),
        ("wrapping", Decimal(0)),
    ]
    assert order["valid"] == 1
    assert sqlite_shop.count("product_sale") == 2


def test_a_later_invoice_of_a_shop_without_taxes_names_none_on_shipping(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    sqlite_shop.execute("UPDATE {p}configuration SET value = '0' WHERE name = 'PS_TAX'")
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    order = amazon_order(Sold("MUG-BLUE", 1, "14.52", shipping="5.00"))
    writing.take(order)
    writing.take(shipped(order), LATER)
    assert sqlite_shop.count("order_invoice") == 1
    assert sqlite_shop.rows("SELECT * FROM {p}order_invoice_tax WHERE type = 'shipping'") == []


def test_never_invoicing_still_counts_in_statistics(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("never"))
    writing.take(ORDER)
    order = sqlite_shop.one("SELECT * FROM {p}orders")
    assert (order["invoice_number"], order["invoice_date"]) == (0, "2026-11-23 08:12:35")
    writing.take(shipped(ORDER), LATER)

    assert sqlite_shop.one("SELECT number, delivery_number FROM {p}order_invoice") == {
        "number": 0,
        "delivery_number": 1,
    }


@pytest.mark.parametrize(("setting", "mode"), [("0", "state"), ("1", "never")], ids=["PS_INVOICE off", "never"])
def test_a_sale_that_becomes_one_later_counts_in_the_dashboards_without_invoice(
    sqlite_shop: ShopDatabase, tmp_path: Path, setting: str, mode: str
) -> None:
    sqlite_shop.execute("UPDATE {p}configuration SET value = :v WHERE name = 'PS_INVOICE'", v=setting)
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings(mode), orders=UNINVOICED)
    writing.take(ORDER)
    assert sqlite_shop.one("SELECT valid, invoice_date FROM {p}orders") == {"valid": 0, "invoice_date": ZERO_MOMENT}
    writing.take(shipped(ORDER), LATER)

    order = sqlite_shop.one("SELECT valid, invoice_number, invoice_date FROM {p}orders")
    assert order == {"valid": 1, "invoice_number": 0, "invoice_date": "2026-11-23 11:12:35"}


def test_a_request_to_cancel_is_told_before_anybody_ships(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    asked = replace(ORDER.items[0], cancel_requested_by="BUYER", cancel_request_reason="BOUGHT_BY_MISTAKE")
    applied = writing.take(news(ORDER, items=(asked, ORDER.items[1])), LATER)

    assert applied.changes == ("message",)
    assert any("asks to cancel: MUG-BLUE" in text for text in messages(sqlite_shop))
    assert {row["status"] for row in sqlite_shop.rows("SELECT status FROM {p}customer_thread")} == {"closed"}


def test_a_request_to_cancel_moves_into_its_own_state(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=OrdersSettings(state_cancel_requested="12"))
    writing.take(ORDER)
    asked = replace(ORDER.items[0], cancel_requested_by="BUYER")
    writing.take(news(ORDER, items=(asked, ORDER.items[1])), LATER)

    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 12
    # back on backorder is no shipping and no cancelling: the goods stay reserved
    assert stock_of(sqlite_shop, "MUG-BLUE") == (398, 400, 2)


def test_fba_orders_move_no_stock_and_have_no_carrier(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    before = stock_of(sqlite_shop, "MUG-BLUE")
    fba = replace(ORDER, channel=Channel.FBA, status=OrderStatus.SHIPPED)
    writing.take(fba)

    assert stock_of(sqlite_shop, "MUG-BLUE") == before
    assert sqlite_shop.count("stock_mvt") == 0
    assert sqlite_shop.value("SELECT id_carrier FROM {p}orders") == 0
    assert sqlite_shop.value("SELECT id_carrier FROM {p}order_carrier") == 0


def test_fba_stock_moves_where_it_is_configured(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, stock=StockSettings(fba="move"))
    writing.take(replace(ORDER, channel=Channel.FBA, status=OrderStatus.SHIPPED))

    assert stock_of(sqlite_shop, "MUG-BLUE") == (398, 398, 0)
    assert sqlite_shop.count("stock_mvt") == 2


def test_an_adopted_order_is_followed_in_state_and_tracking_alone(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    sqlite_shop.execute("UPDATE {p}orderferry_order SET adopted = 1, module = '', order_reference = ''")
    sqlite_shop.execute("UPDATE {p}orders SET module = 'amazonmodule'")
    moved = replace(without_shirt(shipped(ORDER)), delivery_address=replace(HOME, lines=("Via Torino 2",)))
    applied = writing.take(moved, LATER)

    assert applied.changes == ("state 4", "tracking")
    assert sqlite_shop.count("address") == 1
    assert sqlite_shop.count("order_detail") == 2


def test_an_order_of_another_that_got_the_id_is_left_alone(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    plan = writing.plan(shipped(ORDER))
    sqlite_shop.execute("UPDATE {p}orders SET reference = 'SOMEBODYS', module = 'ps_wirepayment'")
    result = writing.shop.apply(plan, LATER)  # type: ignore[arg-type]

    assert result is None
    assert not writing.shop.markers([ORDER.order_id])[ORDER.order_id].order_stands  # planned again, it is held
    assert sqlite_shop.value("SELECT current_state FROM {p}orders") == 2


def test_deleted_orders_come_back_when_asked_for(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    sqlite_shop.execute("DELETE FROM {p}orders")
    again = writing.take(ORDER, LATER)

    assert again.outcome is Outcome.CREATED
    assert sqlite_shop.count("orders") == sqlite_shop.count("orderferry_order") == 1
    marker = sqlite_shop.one(
        "SELECT m.id_order, o.reference, m.order_reference FROM {p}orderferry_order m"
        " JOIN {p}orders o ON o.id_order = m.id_order"
    )
    assert marker["reference"] == marker["order_reference"]
    assert writing.take(ORDER, LATER).outcome is Outcome.UNCHANGED


def test_from_one_shipped_state_into_another_nothing_is_shipped_twice(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=OrdersSettings(state_paid="5"))  # delivered: shipped as well
    writing.take(ORDER)
    taken, moves = stock_of(sqlite_shop, "MUG-BLUE"), sqlite_shop.rows("SELECT * FROM {p}stock_mvt")
    assert taken == (398, 398, 0)
    assert moves
    applied = writing.take(shipped(ORDER), LATER)

    assert "state 4" in applied.changes
    assert stock_of(sqlite_shop, "MUG-BLUE") == taken
    assert sqlite_shop.rows("SELECT * FROM {p}stock_mvt") == moves


def test_a_second_state_with_a_slip_draws_no_second_number(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=OrdersSettings(state_paid="3"))  # in preparation: a slip
    writing.take(ORDER)
    first = sqlite_shop.one("SELECT delivery_number, delivery_date FROM {p}orders")
    assert first == {"delivery_number": 1, "delivery_date": "2026-11-23 08:12:35"}
    writing.take(shipped(ORDER), LATER)

    order = sqlite_shop.one("SELECT delivery_number, delivery_date, invoice_number FROM {p}orders")
    assert order == {"delivery_number": 1, "delivery_date": "2026-11-23 11:12:35", "invoice_number": 1}
    assert sqlite_shop.rows("SELECT number, delivery_number FROM {p}order_invoice") == [
        {"number": 1, "delivery_number": 1}
    ]


def test_a_sale_without_invoice_number_keeps_its_invoice_date(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, invoices=InvoicesSettings("never"))
    writing.take(ORDER)
    writing.take(shipped(ORDER), LATER)

    order = sqlite_shop.one("SELECT invoice_number, invoice_date, delivery_date FROM {p}orders")
    assert order == {
        "invoice_number": 0,
        "invoice_date": "2026-11-23 08:12:35",
        "delivery_date": "2026-11-23 11:12:35",
    }


def test_staff_hears_that_lines_and_amounts_changed(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    writing.take(without_shirt(ORDER), LATER)

    told = [text for text in messages(sqlite_shop) if "changed quantities or amounts" in text]
    assert [text.splitlines()[1:] for text in told] == [
        ["Amazon has changed quantities or amounts; lines and totals follow."]
    ]
    (row,) = sqlite_shop.rows("SELECT * FROM {p}customer_message WHERE message = :text", text=told[0])
    assert (row["private"], row["date_add"]) == (1, "2026-11-23 11:12:35")


def test_changed_lines_that_the_shop_cannot_take_are_reported_and_the_old_ones_stay(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    writing.take(ORDER)
    before = sqlite_shop.rows("SELECT * FROM {p}order_detail"), stock_of(sqlite_shop, "MUG-BLUE")
    unknown = news(ORDER, items=(replace(ORDER.items[0], sku="NO-SUCH"), *ORDER.items[1:]))
    for now in (LATER, LATER + timedelta(hours=1)):
        applied = writing.take(unknown, now)
        assert [note.code for note in applied.notes] == [ProblemCode.UNKNOWN_SKU]
        assert (sqlite_shop.rows("SELECT * FROM {p}order_detail"), stock_of(sqlite_shop, "MUG-BLUE")) == before
    assert not [text for text in messages(sqlite_shop) if "lines and totals follow" in text]
    sqlite_shop.execute("UPDATE {p}product SET reference = 'NO-SUCH' WHERE reference = 'MUG-RED'")
    applied = writing.take(unknown, LATER + timedelta(hours=2))

    assert (applied.changes, applied.notes) == (("lines and totals",), ()), "as soon as the shop can take them"


def test_an_order_whose_thread_is_gone_gets_another_closed_one(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    sqlite_shop.execute("DELETE FROM {p}customer_message")
    sqlite_shop.execute("DELETE FROM {p}customer_thread")
    item = replace(ORDER.items[0], cancel_requested_by="BUYER", cancel_request_reason="too late")
    writing.verifies = False  # the first message is gone
    writing.take(news(ORDER, items=(item, *ORDER.items[1:])), LATER)

    thread, order = sqlite_shop.one("SELECT * FROM {p}customer_thread"), sqlite_shop.one("SELECT * FROM {p}orders")
    assert (thread["status"], thread["id_order"], thread["id_customer"]) == (
        "closed",
        order["id_order"],
        order["id_customer"],
    )
    assert thread["email"] == sqlite_shop.value("SELECT email FROM {p}customer")
    message = sqlite_shop.one("SELECT * FROM {p}customer_message")
    assert (message["id_customer_thread"], message["private"]) == (thread["id_customer_thread"], 1)
    assert "asks to cancel: MUG-BLUE (too late)" in message["message"]
