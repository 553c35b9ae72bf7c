"""Orders of more than the stock holds: where PrestaShop itself would move them on into its backorder state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orderferry.config.model import OrdersSettings, StockSettings
from orderferry.domain.marker import Plan
from orderferry.domain.orders import OrderStatus
from support.feed import flaws_of_feed, told
from support.shop_database import ShopDatabase
from support.writing import NOW, Sold, amazon_order, cancelled, importer, shipped

LATER = NOW + timedelta(hours=3)
PAID, SHIPPED, CANCELLED, BACKORDER = 2, 4, 6, 9
ORDER = amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24"), Sold("MUG-RED", 1, "14.52", "2.62"))


@pytest.fixture
def backorders(sqlite_shop: ShopDatabase) -> ShopDatabase:
    """A shop of 8.2 that asks for backorder states, with one blue mug."""
    sqlite_shop.execute("UPDATE {p}configuration SET value = '1' WHERE name = 'PS_ENABLE_BACKORDER_STATUS'")
    sqlite_shop.execute("UPDATE {p}stock_available SET quantity = 1, physical_quantity = 1 WHERE id_product = 1")
    return sqlite_shop


def states(database: ShopDatabase) -> list[int]:
    return [row["id_order_state"] for row in database.rows("SELECT * FROM {p}order_history ORDER BY id_order_history")]


def sold(database: ShopDatabase) -> int:
    return database.count("product_sale")


def test_an_oversold_order_lives_on_from_its_backorder_state(backorders: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(backorders, tmp_path)
    applied = writing.take(ORDER)

    assert applied.changes[-1].startswith(f"state {BACKORDER} ")
    assert states(backorders) == [PAID, BACKORDER]
    order = backorders.one("SELECT * FROM {p}orders")
    assert (order["current_state"], order["valid"], order["invoice_number"]) == (BACKORDER, 0, 1)
    assert sold(backorders) == 0
    writing.take(replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED, updated=ORDER.updated + timedelta(hours=1)))
    assert states(backorders) == [PAID, BACKORDER]
    writing.take(shipped(ORDER), LATER)
    assert states(backorders) == [PAID, BACKORDER, SHIPPED]
    assert backorders.value("SELECT valid FROM {p}orders") == 1
    assert sold(backorders) == 2


def test_the_feed_tells_both_states_in_their_order(backorders: ShopDatabase, tmp_path: Path) -> None:
    importer(backorders, tmp_path, events_enabled=True).take(ORDER)

    second = backorders.value("SELECT MAX(id_order_history) FROM {p}order_history")
    moved = {"old": PAID, "new": BACKORDER, "id_order_history": second}
    assert [kind for kind, _ in told(backorders)][:2] == ["order_created", "state_changed"]
    assert told(backorders)[1] == ("state_changed", moved)
    assert flaws_of_feed(backorders) == []


def test_an_oversold_order_can_be_cancelled(backorders: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(backorders, tmp_path)
    writing.take(ORDER)
    assert backorders.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == -1
    writing.take(cancelled(ORDER), LATER)

    assert states(backorders) == [PAID, BACKORDER, CANCELLED]
    assert backorders.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == 1


def test_orders_of_one_page_are_counted_together(backorders: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(backorders, tmp_path)
    mug = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))
    orders = [mug, replace(mug, order_id="402-0000000-0000002")]
    plans = [writing.plan(order) for order in orders]
    for plan in plans:
        assert isinstance(plan, Plan)
        writing.shop.apply(plan, NOW)

    found = backorders.rows("SELECT current_state FROM {p}orders ORDER BY id_order")
    assert [row["current_state"] for row in found] == [PAID, BACKORDER]


@pytest.mark.parametrize("setting", ["PS_ENABLE_BACKORDER_STATUS", "PS_STOCK_MANAGEMENT", "PS_OS_OUTOFSTOCK%"])
def test_the_shops_settings_decide(backorders: ShopDatabase, tmp_path: Path, setting: str) -> None:
    backorders.execute("UPDATE {p}configuration SET value = '0' WHERE name LIKE :name", name=setting)
    importer(backorders, tmp_path).take(ORDER)

    assert states(backorders) == [PAID]
    assert backorders.value("SELECT quantity FROM {p}stock_available WHERE id_product = 1") == -1


def test_a_state_of_the_configuration_is_where_orders_stay(backorders: ShopDatabase, tmp_path: Path) -> None:
    importer(backorders, tmp_path, orders=OrdersSettings(state_paid="2")).take(ORDER)

    assert states(backorders) == [PAID]


def test_who_moves_no_stock_oversells_nothing(backorders: ShopDatabase, tmp_path: Path) -> None:
    importer(backorders, tmp_path, stock=StockSettings(regular="none")).take(ORDER)

    assert states(backorders) == [PAID]


def test_a_product_without_a_stock_row_is_never_oversold(backorders: ShopDatabase, tmp_path: Path) -> None:
    backorders.execute("DELETE FROM {p}stock_available WHERE id_product = 1")
    importer(backorders, tmp_path).take(ORDER)

    assert states(backorders) == [PAID]
