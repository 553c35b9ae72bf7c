"""The life of an order on the tables of every version that we have: created, shipped, another cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from orderferry.domain.marker import Outcome
from orderferry.prestashop.sample_shop import VERSIONS
from support.shop_database import ShopDatabase
from support.writing import HOME, NOW, Sold, amazon_order, cancelled, importer, shipped

pytestmark = pytest.mark.sample(2)

EMOJI = replace(HOME, name="Zoë 🎁 Rossi")
ORDER = amazon_order(
    Sold("TSHIRT-S-WHITE", 2, "40.00", "7.21", shipping="8.54", shipping_tax="1.54", discount="2.00", wrap="1.00"),
    Sold("COFFEE-1KG", 1, "24.90", "2.26", gift_message="Auguri 🎄"),
    delivery_address=EMOJI,
)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_lives_on_every_version(
    shop_database_of: Callable[..., ShopDatabase], tmp_path: Path, version: str
) -> None:
    database = shop_database_of(version)
    writing = importer(database, tmp_path)
    another = replace(ORDER, order_id="402-0000000-0000001")
    assert [applied.outcome for applied in writing.take_all([ORDER, another])] == [Outcome.CREATED] * 2
    later = NOW + timedelta(hours=1)
    assert writing.take(shipped(ORDER), later).outcome is Outcome.UPDATED
    assert writing.take(cancelled(another), later).outcome is Outcome.UPDATED
    assert writing.take(shipped(ORDER), later).outcome is Outcome.UNCHANGED

    orders = database.rows("SELECT * FROM {p}orders ORDER BY id_order")
    assert [row["current_state"] for row in orders] == [4, 6]
    assert {Decimal(str(row["total_paid"])) for row in orders} == {Decimal("72.44")}
    assert [row["invoice_number"] for row in orders] == [1, 2]
    assert orders[0]["delivery_number"] == 1
    assert database.count("order_detail") == database.count("order_detail_tax") == database.count("cart_product") == 6
    hidden = database.one("SELECT * FROM {p}product WHERE reference = 'orderferry-gift-wrap'")  # which bears no tax
    assert (hidden["active"], hidden["visibility"], hidden["id_tax_rules_group"]) == (0, "none", 0)
    assert database.value("SELECT COUNT(*) FROM {p}tax WHERE rate = 0 AND deleted = 1") == 1
    assert database.value("SELECT COUNT(*) FROM {p}order_cart_rule") == 0
    reduced = database.value("SELECT reduction_amount FROM {p}order_detail WHERE product_quantity = 2 LIMIT 1")
    assert Decimal(str(reduced)) == 1
    stock = database.rows("SELECT quantity FROM {p}stock_available WHERE id_product = 3 ORDER BY id_product_attribute")
    assert [row["quantity"] for row in stock[:2]] == [718, 118]
    assert database.value("SELECT tracking_number FROM {p}order_carrier WHERE id_order = 1") == "1Z999"
    assert database.value("SELECT COUNT(*) FROM {p}customer_message") == 3
