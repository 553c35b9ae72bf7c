"""Lines in the forms that stay right when a merchant edits the order: promotions, several items of one product."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import OrdersSettings, ProductsSettings
from orderferry.domain.orders import Money
from support.shop_database import ShopDatabase
from support.writing import NOW, Importer, Sold, amazon_order, importer

UNINVOICED = OrdersSettings(state_paid="1")  # awaiting cheque: no invoice


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def numbers(row: dict[str, Any], *columns: str) -> list[Decimal]:
    return [Decimal(str(row[column])) for column in columns]


def test_a_promotion_lowers_its_own_line_and_rate_alone(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    """61.00 at 22 % less 12.20, beside 55.00 at 10 % (prestashop-order-edits, 1)."""
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "61.00", discount="12.20"), Sold("COFFEE-1KG", 1, "55.00")))

    mug, coffee = sqlite_shop.rows("SELECT * FROM {p}order_detail ORDER BY id_order_detail")
    assert numbers(mug, "unit_price_tax_incl", "unit_price_tax_excl", "product_price", "original_product_price") == [
        Decimal("48.8"),
        40,
        40,
        50,
    ]
    assert numbers(mug, "reduction_amount", "reduction_amount_tax_incl", "reduction_amount_tax_excl") == [
        Decimal("12.2"),
        Decimal("12.2"),
        10,
    ]
    assert numbers(coffee, "total_price_tax_incl", "total_price_tax_excl", "reduction_amount") == [55, 50, 0]
    taxes = sqlite_shop.rows("SELECT unit_amount, total_amount FROM {p}order_detail_tax ORDER BY id_order_detail")
    assert [numbers(row, "unit_amount", "total_amount") for row in taxes] == [[Decimal("8.8")] * 2, [5, 5]]
    order = sqlite_shop.one("SELECT * FROM {p}orders")
    assert numbers(order, "total_discounts", "total_products_wt", "total_products", "total_paid") == [
        0,
        Decimal("103.8"),
        90,
        Decimal("103.8"),
    ]
    assert sqlite_shop.count("order_cart_rule") == 0
    assert sqlite_shop.count("cart_rule") == 0


def test_items_of_one_product_are_one_line_at_the_average_price(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    """24.40 + 12.20 is 2 × 18.30 (prestashop-order-edits, 2): two lines would both get the first one's price."""
    writing.take(amazon_order(Sold("MUG-BLUE", 1, "24.40"), Sold("MUG-BLUE", 1, "15.20", discount="3.00")))

    line = sqlite_shop.one("SELECT * FROM {p}order_detail")
    assert numbers(line, "product_quantity", "unit_price_tax_incl", "unit_price_tax_excl") == [2, Decimal("18.3"), 15]
    assert numbers(line, "total_price_tax_incl", "reduction_amount") == [Decimal("36.6"), Decimal("1.5")]
    assert sqlite_shop.value("SELECT quantity FROM {p}cart_product") == 2
    assert sqlite_shop.count("order_detail_tax") == 1
    assert sqlite_shop.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == 398
    assert sqlite_shop.value("SELECT quantity FROM {p}product_sale") == 2


def test_the_marker_knows_amazons_items_of_each_line(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    sold = Sold("MUG-BLUE", 1, "24.40"), Sold("COFFEE-1KG", 3, "33.00"), Sold("MUG-BLUE", 2, "24.40")
    writing.take(amazon_order(*sold))

    mug, coffee = sqlite_shop.rows("SELECT product_id FROM {p}order_detail ORDER BY id_order_detail")
    assert json.loads(sqlite_shop.value("SELECT line_items FROM {p}orderferry_order")) == [
        {"product": [mug["product_id"], 0], "items": [["00000000000001", 1], ["00000000000003", 2]]},
        {"product": [coffee["product_id"], 0], "items": [["00000000000002", 3]]},
    ]


def test_unknown_goods_under_one_placeholder_stay_apart(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    settings = ProductsSettings(unknown="placeholder", placeholder="MUG-RED")
    importer(sqlite_shop, tmp_path, products=settings).take(
        amazon_order(Sold("ONE", 1, "10.00"), Sold("OTHER", 1, "10.00"), Sold("ONE", 1, "10.00"))
    )

    rows = sqlite_shop.rows("SELECT product_reference, product_quantity FROM {p}order_detail ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [("ONE", 2), ("OTHER", 1)]


def test_new_lines_come_with_their_rows_in_the_cart(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """PrestaShop can't edit an order that has a line without a row in the cart."""
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    order = amazon_order(Sold("MUG-BLUE", 1, "14.52"))
    writing.take(order)
    more = amazon_order(Sold("MUG-BLUE", 1, "14.52"), Sold("COFFEE-1KG", 2, "22.00"))
    writing.take(replace(more, updated=order.updated + timedelta(hours=1)), NOW + timedelta(hours=3))

    lines = sqlite_shop.rows("SELECT product_id, product_attribute_id FROM {p}order_detail ORDER BY 1")
    held = sqlite_shop.rows("SELECT id_product, id_product_attribute, id_cart FROM {p}cart_product ORDER BY 1")
    assert [tuple(row.values()) for row in lines] == [(row["id_product"], row["id_product_attribute"]) for row in held]
    assert {row["id_cart"] for row in held} == {sqlite_shop.value("SELECT id_cart FROM {p}orders")}
    assert len(json.loads(sqlite_shop.value("SELECT line_items FROM {p}orderferry_order"))) == 2


# What version 0.1 before this wrote for 14.52 less 2.00: the price before it, and a rule of ours for the promotion.
OLD_FORM = (
    "UPDATE {p}order_detail SET unit_price_tax_incl = 14.52, unit_price_tax_excl = 11.90, product_price = 11.90,"
    " total_price_tax_incl = 14.52, total_price_tax_excl = 11.90, original_product_price = 11.90,"
    " reduction_amount = 0, reduction_amount_tax_incl = 0, reduction_amount_tax_excl = 0",
    "UPDATE {p}orders SET total_products = 11.90, total_products_wt = 14.52, total_discounts = 2,"
    " total_discounts_tax_incl = 2, total_discounts_tax_excl = 1.64",
    "INSERT INTO {p}order_cart_rule (id_order, id_cart_rule, name, value, value_tax_excl)"
    " VALUES (1, 1, 'Amazon promotion', 2, 1.64)",
    "UPDATE {p}orderferry_order SET line_items = NULL, last_lines = ''",
)


def test_an_order_of_the_old_form_stays_as_it_is_and_changes_into_the_new_one(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    writing = importer(sqlite_shop, tmp_path, orders=UNINVOICED)
    order = amazon_order(Sold("MUG-BLUE", 1, "14.52", discount="2.00"))
    writing.take(order)
    for statement in OLD_FORM:
        sqlite_shop.execute(statement)
    old = sqlite_shop.one("SELECT * FROM {p}order_detail")
    later = replace(order, updated=order.updated + timedelta(hours=1))
    writing.take(later, NOW + timedelta(hours=3))
    assert sqlite_shop.one("SELECT * FROM {p}order_detail") == old
    assert writing.verify(order.order_id) == ()

    cheaper = amazon_order(Sold("MUG-BLUE", 1, "14.52", discount="3.00"))
    assert cheaper.grand_total == Money(Decimal("11.52"), "EUR")
    writing.take(replace(cheaper, updated=later.updated + timedelta(hours=1)), NOW + timedelta(hours=5))
    row = sqlite_shop.one("SELECT * FROM {p}orders")
    assert numbers(row, "total_paid", "total_discounts", "total_products_wt") == [Decimal("11.52"), 0, Decimal("11.52")]
    line = sqlite_shop.one("SELECT * FROM {p}order_detail")
    assert numbers(line, "total_price_tax_incl", "reduction_amount") == [Decimal("11.52"), 3]
    assert sqlite_shop.count("order_cart_rule") == 0
