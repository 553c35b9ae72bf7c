"""Orders of ours beside the rows that PrestaShop 8.2.1 wrote for the same orders, column by column."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.domain.orders import Order
from orderferry.prestashop.embedded import create_shop
from support.measured import (
    SEED,
    STOCK_KEYS,
    Comparison,
    accepted,
    like_the_measured_shop,
    scenario,
)
from support.shop_database import ShopDatabase
from support.writing import Importer, Sold, amazon_order, cancelled, importer, shipped

MUG, SHIRT = "demo_11", "demo_1"
SHIPPING = {"shipping": "8.54", "shipping_tax": "1.54"}
SWEDEN = "A2NODRKZP88ZB9"

ORDERS: Mapping[str, Order] = {
    "a": amazon_order(Sold(MUG, 2, "29.04", "5.24", **SHIPPING)),
    "b": amazon_order(
        Sold(SHIRT, 2, "46.65", "7.73", discount="3.81", wrap="2.44", wrap_tax="0.44", **SHIPPING),
        Sold(MUG, 1, "14.52", "2.40", discount="1.19", gift_message="Tanti auguri"),
    ),
    "c1": amazon_order(Sold(MUG, 1, "14.52", "2.62", **SHIPPING)),
    "d1": amazon_order(Sold(SHIRT, 2, "46.65", "8.41", **SHIPPING)),
    "e1": amazon_order(Sold(SHIRT, 3, "69.98", "12.62", **SHIPPING)),
    "g": amazon_order(
        Sold(MUG, 2, "333.91", "60.21", shipping="98.21", shipping_tax="17.71"),
        currency="SEK",
        marketplace_id=SWEDEN,
    ),
    "h": amazon_order(
        Sold(MUG, 3, "43.55", "7.85", **SHIPPING),
        Sold("REDUCED10", 5, "42.74", "3.89"),
    ),
    "k": amazon_order(Sold("OVERSOLD", 2, "24.40", "4.40", **SHIPPING)),
}
# table: the query for the rows of order 1, ordered as they were measured
QUERIES = {
    "orders": "SELECT * FROM {p}orders",
    "order_detail": "SELECT * FROM {p}order_detail ORDER BY id_order_detail",
    "order_detail_tax": "SELECT * FROM {p}order_detail_tax ORDER BY id_order_detail",
    "order_history": "SELECT * FROM {p}order_history ORDER BY id_order_history",
    "order_payment": "SELECT * FROM {p}order_payment",
    "order_invoice": "SELECT * FROM {p}order_invoice",
    "order_invoice_tax": "SELECT * FROM {p}order_invoice_tax ORDER BY type",
    "order_invoice_payment": "SELECT * FROM {p}order_invoice_payment",
    "order_carrier": "SELECT * FROM {p}order_carrier",
    "order_cart_rule": "SELECT * FROM {p}order_cart_rule",
}


def sqlite_copy_of_the_measured_shop(path: Path) -> ShopDatabase:
    create_shop(sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool), seed=SEED)
    return like_the_measured_shop(ShopDatabase(f"sqlite:///{path}", "ps_", "8.2.1"))


@pytest.fixture(params=["mariadb", "sqlite"])
def measured_shop(request: pytest.FixtureRequest, tmp_path: Path) -> ShopDatabase:
    """The measured shop's catalogue in an empty shop."""
    if request.param == "mariadb":
        make: Callable[..., ShopDatabase] = request.getfixturevalue("shop_database_of")
        return like_the_measured_shop(make(seed=SEED))
    return sqlite_copy_of_the_measured_shop(tmp_path / "shop.sqlite")


@pytest.fixture
def writing(measured_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(measured_shop, tmp_path)


Rows = Mapping[Any, Mapping[str, Any]]


def stock(database: ShopDatabase) -> dict[tuple[str, bool], Mapping[str, Any]]:
    rows = database.rows(
        "SELECT p.reference, s.* FROM {p}stock_available s JOIN {p}product p ON p.id_product = s.id_product"
    )
    return {(row["reference"], bool(row["id_product_attribute"])): row for row in rows}


def sales(database: ShopDatabase) -> dict[int, tuple[int, int]]:
    rows = database.rows("SELECT * FROM {p}product_sale")
    return {row["id_product"]: (row["quantity"], row["sale_nbr"]) for row in rows}


def moved(
    before: Mapping[Any, Mapping[str, Any]], after: Mapping[Any, Mapping[str, Any]]
) -> dict[Any, tuple[int, int]]:
    """How (quantity, reserved) changed, for the stock rows that did."""
    changes = {
        key: (row["quantity"] - before[key]["quantity"], row["reserved_quantity"] - before[key]["reserved_quantity"])
        for key, row in after.items()
    }
    return {key: change for key, change in changes.items() if any(change)}


def measured_moves(name: str) -> dict[Any, tuple[int, int]]:
    moves = {}
    for row in scenario(name).get("stock_available", {}).get("updated", []):
        changed = row["changed"]
        quantity, reserved = changed.get("quantity", [0, 0]), changed.get("reserved_quantity", [0, 0])
        moves[STOCK_KEYS[row["key"]]] = (quantity[1] - quantity[0], reserved[1] - reserved[0])
    return {key: change for key, change in moves.items() if any(change)}


def compare_inserted(database: ShopDatabase, name: str) -> Comparison:
    """Compare every table that the scenario wrote into."""
    comparison = Comparison()
    left_out = {rule["table"] for rule in accepted()["tables"]} | {"stock_available", "product_sale"}
    for table, diff in scenario(name).items():
        if table in left_out:
            continue
        measured = diff.get("inserted", [])
        if table == "order_detail_tax":
            measured = sorted(measured, key=lambda row: row["id_order_detail"])
        comparison.rows(table, measured, database.rows(QUERIES[table]))
    return comparison


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_order_rows_equal_prestashops(measured_shop: ShopDatabase, writing: Importer, name: str) -> None:
    before = stock(measured_shop)
    writing.take(ORDERS[name])

    assert compare_inserted(measured_shop, name).found == []
    ours = moved(before, stock(measured_shop))
    if name == "a":  # PrestaShop healed an older drift of this row on the way: reserved rose by 1, not by 2
        assert ours == {(MUG, False): (-2, 2)}
    else:
        assert ours == measured_moves(name)


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_identities_hold(measured_shop: ShopDatabase, writing: Importer, name: str) -> None:
    order = ORDERS[name]
    writing.take(order)

    row = measured_shop.one("SELECT * FROM {p}orders")
    cents = {key: round(float(value) * 100) for key, value in row.items() if key.startswith("total_")}
    assert order.grand_total is not None
    assert cents["total_paid"] == round(float(order.grand_total.amount) * 100)
    for way, products in (("incl", "total_products_wt"), ("excl", "total_products")):
        parts = cents[products] + cents[f"total_shipping_tax_{way}"] + cents[f"total_wrapping_tax_{way}"]
        assert parts - cents[f"total_discounts_tax_{way}"] == cents[f"total_paid_tax_{way}"]
    for what in ("discounts", "paid", "shipping", "wrapping"):
        assert cents[f"total_{what}"] == cents[f"total_{what}_tax_incl"]
    assert cents["total_paid_real"] == cents["total_paid"]
    lines = measured_shop.one(
        "SELECT SUM(total_price_tax_incl) AS incl, SUM(total_price_tax_excl) AS excl FROM {p}order_detail"
    )
    assert round(float(lines["incl"]) * 100) == cents["total_products_wt"]
    assert round(float(lines["excl"]) * 100) == cents["total_products"]
    for held in stock(measured_shop).values():
        assert held["physical_quantity"] == held["quantity"] + held["reserved_quantity"]


def test_guest_address_and_cart_equal_prestashops(measured_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(amazon_order(Sold(SHIRT, 1, "23.33", "4.21", **SHIPPING), Sold(MUG, 2, "29.04", "5.24")))

    comparison = Comparison()
    for table in ("customer", "customer_group", "address"):
        comparison.rows(table, scenario("guest")[table]["inserted"], measured_shop.rows(f"SELECT * FROM {{p}}{table}"))
    for table in ("cart", "cart_product"):
        rows = measured_shop.rows(f"SELECT * FROM {{p}}{table}")
        comparison.rows(table, scenario("cart")[table]["inserted"], rows)
    assert comparison.found == []


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {column for column in before if before[column] != after[column]}


@pytest.mark.parametrize(("paid", "shipping"), [("c1", "c2"), ("e1", "e3")])
def test_shipping_changes_what_prestashop_changes(
    measured_shop: ShopDatabase, writing: Importer, paid: str, shipping: str
) -> None:
    order = ORDERS[paid]
    writing.take(order)
    held, old = stock(measured_shop), measured_shop.one("SELECT * FROM {p}orders")
    old_invoice = measured_shop.one("SELECT * FROM {p}order_invoice")
    writing.take(shipped(order))

    new = measured_shop.one("SELECT * FROM {p}orders")
    expected = {"current_state", "delivery_number", "delivery_date"}
    assert changed(old, new) - {"date_upd"} == expected
    assert new["current_state"] == 4
    invoice = measured_shop.one("SELECT * FROM {p}order_invoice")
    assert changed(old_invoice, invoice) == {"delivery_number", "delivery_date"}
    assert invoice["delivery_number"] == new["delivery_number"] == 1
    assert moved(held, stock(measured_shop)) == measured_moves(shipping)
    movement = Comparison()
    nobody = {"employee_firstname": "", "employee_lastname": ""}
    written = [{**row, **nobody} for row in measured_shop.rows("SELECT * FROM {p}stock_mvt")]
    movement.rows("stock_mvt", [{**row, **nobody} for row in scenario(shipping)["stock_mvt"]["inserted"]], written)
    assert movement.found == []
    assert [row["id_order_state"] for row in measured_shop.rows(QUERIES["order_history"])] == [2, 4]
    assert measured_shop.value("SELECT tracking_number FROM {p}order_carrier") == "1Z999"


def test_cancelling_changes_what_prestashop_changes(measured_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(ORDERS["d1"])
    held, old, sold = stock(measured_shop), measured_shop.one("SELECT * FROM {p}orders"), sales(measured_shop)
    writing.take(cancelled(ORDERS["d1"]))

    new = measured_shop.one("SELECT * FROM {p}orders")
    assert changed(old, new) - {"date_upd"} == {"current_state", "valid"}
    assert (new["current_state"], new["valid"]) == (6, 0)
    assert moved(held, stock(measured_shop)) == measured_moves("d2")
    assert len(sold) == 1
    assert sales(measured_shop) == {}
    assert measured_shop.count("order_invoice") == measured_shop.count("order_payment") == 1


def test_accepted_differences_are_short_argued_and_all_met(tmp_path: Path) -> None:
    """The list holds nothing that is not (any more) a difference."""
    template = sqlite_copy_of_the_measured_shop(tmp_path / "template.sqlite")
    used: set[tuple[str, str]] = set()
    for name, order in ORDERS.items():
        copy = shutil.copy(tmp_path / "template.sqlite", tmp_path / f"{name}.sqlite")
        database = ShopDatabase(f"sqlite:///{copy}", template.prefix, template.version)
        importer(database, tmp_path).take(order)
        used |= compare_inserted(database, name).used

    assert {(rule["table"], rule["column"]) for rule in accepted()["different"]} == used
    assert all(rule["reason"] for rules in accepted().values() for rule in rules)
