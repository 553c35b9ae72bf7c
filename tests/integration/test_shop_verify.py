"""`verify` finds what would break list, page, invoice or statistics: each damage, done to a sound order, is found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.orders import Money, Order, Proceeds, ProceedsType
from support.shop_database import ShopDatabase
from support.writing import ORDER_ID, Importer, Sold, amazon_order, importer

ORDER = amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24", shipping="8.54", shipping_tax="1.54"))


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def places(writing: Importer) -> set[str]:
    return {finding.place for finding in writing.verify(ORDER_ID)}


@pytest.mark.sample(8)
@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ("UPDATE {p}orders SET total_paid_tax_excl = total_paid_tax_excl - 0.01", "orders.total_paid_tax_excl"),
        ("UPDATE {p}orders SET total_paid = 1", "orders.total_paid"),
        ("UPDATE {p}orders SET total_paid_real = 0", "orders.total_paid_real"),
        ("UPDATE {p}order_payment SET amount = amount + 1", "orders.total_paid_real"),
        ("UPDATE {p}order_detail SET total_price_tax_incl = 29", "orders.total_products_wt"),
        ("UPDATE {p}order_detail SET unit_price_tax_incl = 29.04", "order_detail.unit_price_tax_incl"),
        ("UPDATE {p}order_invoice SET total_shipping_tax_incl = 0", "order_invoice.total_shipping_tax_incl"),
        ("UPDATE {p}order_invoice SET total_discount_tax_excl = 5", "order_invoice.total_discount_tax_excl"),
        ("UPDATE {p}order_carrier SET shipping_cost_tax_excl = 0", "order_carrier.shipping_cost_tax_excl"),
        ("DELETE FROM {p}order_detail_tax", "order_detail_tax"),
        ("UPDATE {p}order_detail_tax SET id_tax = 999", "order_detail_tax.id_tax"),
        ("UPDATE {p}order_detail_tax SET total_amount = 4", "order_detail_tax.total_amount"),
        ("UPDATE {p}tax SET rate = 19 WHERE id_tax = 1", "order_detail_tax.total_amount"),
        ("UPDATE {p}order_invoice_tax SET id_tax = 999", "order_invoice_tax.id_tax"),
        ("DELETE FROM {p}customer", "customer"),
        ("DELETE FROM {p}address", "orders.id_address_delivery"),
        ("DELETE FROM {p}cart", "cart"),
        ("DELETE FROM {p}order_history", "order_history"),
        ("DELETE FROM {p}order_carrier", "order_carrier"),
        ("DELETE FROM {p}country_lang WHERE id_country = 10 AND id_lang = 2", "address.id_country"),
        ("DELETE FROM {p}currency", "orders.id_currency"),
        ("DELETE FROM {p}lang", "orders.id_lang"),
        ("DELETE FROM {p}carrier", "orders.id_carrier"),
        ("DELETE FROM {p}product WHERE id_product = 1", "order_detail.product_id"),
        ("UPDATE {p}orders SET id_shop = 9", "orders.id_shop"),
        ("UPDATE {p}orders SET current_state = 99", "orders.current_state"),
        ("UPDATE {p}orders SET current_state = 4", "order_history"),
        ("UPDATE {p}orders SET valid = 0", "orders.valid"),
        ("UPDATE {p}orders SET invoice_date = '0000-00-00 00:00:00'", "orders.invoice_date"),
        ("UPDATE {p}orders SET conversion_rate = 0", "orders.conversion_rate"),
        ("UPDATE {p}orders SET invoice_number = 7", "orders.invoice_number"),
        ("UPDATE {p}order_invoice SET delivery_number = 7", "orders.delivery_number"),
        ("DELETE FROM {p}order_invoice_payment", "order_invoice_payment"),
        ("UPDATE {p}cart SET secure_key = 'x'", "cart.secure_key"),
        ("UPDATE {p}customer SET secure_key = 'x'", "customer.secure_key"),
        ("UPDATE {p}cart SET delivery_option = '[]'", "cart.delivery_option"),
        ("UPDATE {p}cart SET delivery_option = 'x'", "cart.delivery_option"),
        ("UPDATE {p}customer_thread SET status = 'open'", "customer_thread.status"),
        ("UPDATE {p}customer_message SET id_employee = 9", "customer_message.id_employee"),
        ("UPDATE {p}orders SET reference = NULL", "orders.reference"),
        ("UPDATE {p}order_detail SET product_supplier_reference = NULL", "order_detail.product_supplier_reference"),
        ("UPDATE {p}order_detail SET product_attribute_id = NULL", "order_detail.product_attribute_id"),
        ("UPDATE {p}order_payment SET card_holder = NULL", "order_payment.card_holder"),
        ("UPDATE {p}address SET company = NULL", "address.company"),
        ("UPDATE {p}address SET phone_mobile = NULL", "address.phone_mobile"),
        (
            "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value) VALUES (1, 1, 'x', 3)",
            "order_cart_rule.value",
        ),
    ],
)
def test_each_damage_is_found(sqlite_shop: ShopDatabase, writing: Importer, damage: str, place: str) -> None:
    writing.take(ORDER)  # which has no findings
    sqlite_shop.execute(damage)

    assert place in places(writing)


def test_what_is_not_there_is_said(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    assert places(writing) == {"orderferry_order"}
    writing.take(ORDER)
    sqlite_shop.execute("DELETE FROM {p}orders")
    assert places(writing) == {"orders"}


def test_findings_hold_nothing_of_a_buyer(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDER)
    for table in ("order_detail_tax", "order_payment", "cart", "country_lang"):
        sqlite_shop.execute(f"DELETE FROM {{p}}{table}")
    sqlite_shop.execute("UPDATE {p}address SET company = NULL")

    told = " ".join(str(finding) for finding in writing.verify(ORDER_ID))
    assert "order_payment" in told
    assert not any(word in told for word in ("Rossi", "Mario", "Roma", "amazon.invalid", "20121"))


def discounted(shipping_discount: str, *, shipping_tax: str) -> Order:
    """Two mugs and a promotion on shipping of 8.54, whose tax after it is given."""
    (item,) = ORDER.items
    off = Money(Decimal(shipping_discount), "EUR")
    kept = [row for row in item.proceeds if row.type is not ProceedsType.TAX]
    details = (
        (ProceedsType.ITEM, Money(Decimal("5.24"), "EUR")),
        (ProceedsType.SHIPPING, Money(Decimal(shipping_tax), "EUR")),
    )
    tax = Proceeds(ProceedsType.TAX, Money(Decimal("5.24") + Decimal(shipping_tax), "EUR"), details)
    promotion = Proceeds(ProceedsType.DISCOUNT, off, ((ProceedsType.SHIPPING, off),))
    total = Money(Decimal("37.58") - off.amount, "EUR")
    changed = replace(item, proceeds=(*kept, promotion, tax), proceeds_total=total)
    return replace(ORDER, items=(changed,), grand_total=total)


@pytest.mark.parametrize(
    ("promotion", "tax", "shipping"), [("8.54", "0.00", ("0", "0")), ("4.27", "0.77", ("4.27", "3.50"))]
)
def test_a_promotion_on_shipping_makes_shipping_cheaper(
    sqlite_shop: ShopDatabase, writing: Importer, promotion: str, tax: str, shipping: tuple[str, str]
) -> None:
    """The goods and their tax stay whole."""
    writing.take(discounted(promotion, shipping_tax=tax))

    row = sqlite_shop.one("SELECT total_shipping_tax_incl, total_shipping_tax_excl FROM {p}orders")
    assert [Decimal(str(value)) for value in row.values()] == [Decimal(value) for value in shipping]
    assert Decimal(str(sqlite_shop.value("SELECT total_amount FROM {p}order_detail_tax"))) == Decimal("5.24")
    assert sqlite_shop.count("order_cart_rule") == 0


def test_a_promotion_on_one_of_several_lines_is_sound(writing: Importer) -> None:
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", discount="7.00"), Sold("MUG-RED", 3, "43.20")))

    assert places(writing) == set()


EDITS = {
    "DELETE FROM {p}cart_product": "cart_product",
    "DELETE FROM {p}product WHERE id_product = 1": "order_detail.product_id",
    "UPDATE {p}product_shop SET id_tax_rules_group = 2 WHERE id_product = 1": "order_detail_tax.id_tax",
    "UPDATE {p}order_detail SET unit_price_tax_excl = 16.31": "orders.total_paid",
    "UPDATE {p}configuration SET value = '1' WHERE name = 'PS_ORDER_RECALCULATE_SHIPPING'": "orders.total_shipping",
}


@pytest.mark.parametrize(("change", "place"), EDITS.items(), ids=EDITS.values())
def test_what_an_edit_would_move_is_said_before_it(
    sqlite_shop: ShopDatabase, tmp_path: Path, change: str, place: str
) -> None:
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_ORDER_RECALCULATE_SHIPPING'")
    values = {"name": "PS_ORDER_RECALCULATE_SHIPPING", "value": "0", "date_add": "2026-01-01", "date_upd": "2026-01-01"}
    sqlite_shop.insert("configuration", values)
    odd = amazon_order(Sold("MUG-BLUE", 3, "60.03", shipping="8.54", discount="0.33"))
    importer(sqlite_shop, tmp_path).take(odd)
    assert importer(sqlite_shop, tmp_path).moved_by_edits(ORDER_ID) == ()
    sqlite_shop.execute(change)

    told = importer(sqlite_shop, tmp_path).moved_by_edits(ORDER_ID)
    assert place in {finding.place for finding in told}
