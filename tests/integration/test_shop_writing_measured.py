"""Orders of ours beside the rows that PrestaShop wrote for the same orders, column by column, on every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import ProductsSettings
from orderferry.domain.orders import Order
from support.compare_rows import Comparison, accepted
from support.measured import (
    OLDEST,
    VERSIONS,
    like_the_measured_shop,
    order_of,
    placed,
    scenarios,
    seed_of,
    stock_rows_of,
)
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases
from support.sqlite_shop import sqlite_shop_in
from support.writing import Importer, Sold, amazon_order, cancelled, importer, shipped

pytestmark = pytest.mark.sample(3, always=(f"{VERSIONS[0]}-mariadb", f"{VERSIONS[-1]}-mariadb"))

# table: the query for the rows of an order, ordered as they were measured
QUERIES = {
    "orders": "SELECT * FROM {p}orders WHERE id_order = :id",
    "order_detail": "SELECT * FROM {p}order_detail WHERE id_order = :id ORDER BY id_order_detail",
    "order_detail_tax": "SELECT t.* FROM {p}order_detail_tax t JOIN {p}order_detail d"
    " ON d.id_order_detail = t.id_order_detail WHERE d.id_order = :id ORDER BY t.id_order_detail",
    "order_history": "SELECT * FROM {p}order_history WHERE id_order = :id ORDER BY id_order_history",
    "order_payment": "SELECT p.* FROM {p}order_payment p JOIN {p}orders o ON o.reference = p.order_reference"
    " WHERE o.id_order = :id",
    "order_invoice": "SELECT * FROM {p}order_invoice WHERE id_order = :id",
    "order_invoice_tax": "SELECT t.* FROM {p}order_invoice_tax t JOIN {p}order_invoice i"
    " ON i.id_order_invoice = t.id_order_invoice WHERE i.id_order = :id ORDER BY t.type",
    "order_invoice_payment": "SELECT * FROM {p}order_invoice_payment WHERE id_order = :id",
    "order_carrier": "SELECT * FROM {p}order_carrier WHERE id_order = :id",
    "order_cart_rule": "SELECT * FROM {p}order_cart_rule WHERE id_order = :id",
}
_OF_ORDER = " WHERE o.id_order = :id"
QUERIES |= {
    "customer": "SELECT c.* FROM {p}customer c JOIN {p}orders o ON o.id_customer = c.id_customer" + _OF_ORDER,
    "customer_group": "SELECT g.* FROM {p}customer_group g JOIN {p}orders o ON o.id_customer = g.id_customer"
    + _OF_ORDER,
    "address": "SELECT a.* FROM {p}address a JOIN {p}orders o ON o.id_address_delivery = a.id_address" + _OF_ORDER,
    "cart": "SELECT c.* FROM {p}cart c JOIN {p}orders o ON o.id_cart = c.id_cart" + _OF_ORDER,
    "cart_product": "SELECT c.* FROM {p}cart_product c JOIN {p}orders o ON o.id_cart = c.id_cart" + _OF_ORDER,
    "stock_mvt": "SELECT * FROM {p}stock_mvt WHERE id_order = :id",
}
Stock = Mapping[tuple[str, bool], Mapping[str, Any]]
Moves = dict[tuple[str, bool], tuple[int, int]]


@dataclass(frozen=True)
class MeasuredShop:
    """A shop like the measured one of a version, and an importer on it."""

    database: ShopDatabase
    writing: Importer

    @property
    def version(self) -> str:
        return self.database.version

    def order(self, name: str) -> Order:
        """A new order like the scenario's."""
        number = self.database.count("orders") + 1
        return replace(order_of(self.version, name), order_id=f"402-1234567-{number:07d}")

    def rows(self, table: str, id_order: int) -> list[Mapping[str, Any]]:
        return self.database.rows(QUERIES[table], id=id_order)

    def row(self, table: str, id_order: int) -> Mapping[str, Any]:
        (row,) = self.rows(table, id_order)
        return row

    def compare(self, name: str, id_order: int) -> Comparison:
        """Compare every table that the scenario wrote into."""
        comparison = Comparison(self.version, name)
        left_out = {rule["table"] for rule in accepted()["tables"]} | {"stock_available", "product_sale"}
        for table, diff in scenarios(self.version)[name].items():
            if table in left_out:
                continue
            measured = diff["inserted"]
            if table == "order_detail_tax":
                measured = sorted(measured, key=lambda row: int(row["id_order_detail"]))
            comparison.rows(table, measured, self.rows(table, id_order))
        return comparison

    def compare_people(self) -> Comparison:
        """Place an order of one shirt and two mugs; compare its customer, address and cart."""
        diffs = scenarios(self.version)
        mug = "SIMPLE1" if self.version == OLDEST else "demo_11"
        bought = amazon_order(Sold("demo_1", 1, "23.33", "4.21"), Sold(mug, 2, "29.04", "5.24"))
        taken = self.writing.take(replace(bought, order_id=self.order("a").order_id))
        comparison = Comparison(self.version, "guest")
        # 1.6's test shop refused guests: its registered customer stands in
        of_people = {**diffs["customer"], **diffs["guest"], **diffs["cart"]}
        for table in ("customer", "customer_group", "address", "cart", "cart_product"):
            comparison.rows(table, of_people[table]["inserted"], self.rows(table, taken.id_order))
        return comparison

    def count_slips(self) -> int:
        return int(self.database.value("SELECT COUNT(*) FROM {p}orders WHERE delivery_number > 0"))

    def sales(self) -> dict[int, tuple[int, int]]:
        rows = self.database.rows("SELECT * FROM {p}product_sale")
        return {row["id_product"]: (row["quantity"], row["sale_nbr"]) for row in rows}

    def stock(self) -> Stock:
        rows = self.database.rows(
            "SELECT p.reference, s.* FROM {p}stock_available s JOIN {p}product p ON p.id_product = s.id_product"
        )
        return {(row["reference"], bool(row["id_product_attribute"])): row for row in rows}


def moved(before: Stock, after: Stock) -> Moves:
    """How (quantity, reserved) changed, for the stock rows that did. 1.6 reserves nothing."""

    def step(key: Any, column: str) -> int:
        return int(after[key].get(column, 0)) - int(before[key].get(column, 0))

    steps = {key: (step(key, "quantity"), step(key, "reserved_quantity")) for key in after}
    return {key: change for key, change in steps.items() if any(change)}


def measured_moves(version: str, name: str) -> Moves:
    """What PrestaShop moved. On the first order that it placed (a) it also put an older drift of `reserved` right."""
    steps = {}
    for row in scenarios(version)[name].get("stock_available", {}).get("updated", []):
        quantity, reserved = (
            [int(value) for value in row["changed"].get(column, (0, 0))] for column in ("quantity", "reserved_quantity")
        )
        taken = quantity[1] - quantity[0]
        healed = name == "a" and version != OLDEST
        steps[stock_rows_of(version)[row["key"]]] = (taken, -taken if healed else reserved[1] - reserved[0])
    return {key: change for key, change in steps.items() if any(change)}


@pytest.fixture(scope="module", params=[(v, kind) for v in VERSIONS for kind in ("mariadb", "sqlite")], ids="-".join)
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuredShop]:
    """The measured shop's catalogue in a shop of a version, on both kinds of database; each test has its own orders."""
    version, kind = request.param
    folder = tmp_path_factory.mktemp("measured")
    if kind == "sqlite":
        yield measured_shop(sqlite_shop_in(folder, seed_of(version), version), folder)
        return
    databases: ShopDatabases = request.getfixturevalue("shop_databases")
    database = databases.create(version, seed=seed_of(version))
    yield measured_shop(database, folder)
    databases.give_back(database)


def measured_shop(database: ShopDatabase, folder: Path) -> MeasuredShop:
    # gift wrapping as a checkout of the shop books it: the order's own total
    products = ProductsSettings(fees={"default": "shipping"})
    return MeasuredShop(like_the_measured_shop(database), importer(database, folder, products=products))


def test_order_rows_equal_prestashops(measured: MeasuredShop) -> None:
    found: dict[str, Any] = {}
    for name in placed(measured.version):
        before = measured.stock()
        id_order = measured.writing.take(measured.order(name)).id_order
        found |= {name: differences} if (differences := measured.compare(name, id_order).found) else {}
        moves, expected = moved(before, measured.stock()), measured_moves(measured.version, name)
        found |= {f"stock of {name}": (moves, expected)} if moves != expected else {}
    assert found == {}
    for held in measured.stock().values():
        physical = held.get("physical_quantity")
        assert physical is None or physical == held["quantity"] + held["reserved_quantity"]


def test_guest_address_and_cart_equal_prestashops(measured: MeasuredShop) -> None:
    assert measured.compare_people().found == []


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {column for column in before if before[column] != after[column]}


@pytest.mark.parametrize(("paid", "shipping"), [("c1", "c2"), ("e1", "e3")])
def test_shipping_changes_what_prestashop_changes(measured: MeasuredShop, paid: str, shipping: str) -> None:
    order = measured.order(paid)
    id_order = measured.writing.take(order).id_order
    held, old = measured.stock(), measured.row("orders", id_order)
    old_invoice, slips = measured.row("order_invoice", id_order), measured.count_slips()
    measured.writing.take(shipped(order))

    new = measured.row("orders", id_order)
    # before 8.0 the order has a column of its own for the parcel's number
    expected = {"current_state", "delivery_number", "delivery_date"} | ({"shipping_number"} & new.keys())
    assert changed(old, new) - {"date_upd"} == expected
    assert new["current_state"] == 4
    invoice = measured.row("order_invoice", id_order)
    assert changed(old_invoice, invoice) == {"delivery_number", "delivery_date"}
    assert invoice["delivery_number"] == new["delivery_number"] == slips + 1
    assert moved(held, measured.stock()) == measured_moves(measured.version, shipping)
    movements = scenarios(measured.version)[shipping].get("stock_mvt", {"inserted": []})["inserted"]
    comparison = Comparison(measured.version, shipping)
    nobody = {"employee_firstname": "", "employee_lastname": ""}
    written = [{**row, **nobody} for row in measured.rows("stock_mvt", id_order)] if movements else []
    comparison.rows("stock_mvt", [{**row, **nobody} for row in movements], written)
    assert comparison.found == []
    assert movements or measured.database.count("stock_mvt") == 0
    assert [row["id_order_state"] for row in measured.rows("order_history", id_order)] == [2, 4]
    assert measured.row("order_carrier", id_order)["tracking_number"] == "1Z999"


def test_cancelling_changes_what_prestashop_changes(measured: MeasuredShop) -> None:
    order, sold = measured.order("d1"), measured.sales()
    id_order = measured.writing.take(order).id_order
    held, old = measured.stock(), measured.row("orders", id_order)
    assert measured.sales() != sold
    measured.writing.take(cancelled(order))

    new = measured.row("orders", id_order)
    assert changed(old, new) - {"date_upd"} == {"current_state", "valid"}
    assert (new["current_state"], new["valid"]) == (6, 0)
    assert moved(held, measured.stock()) == measured_moves(measured.version, "d2")
    assert measured.sales() == sold
    assert len(measured.rows("order_invoice", id_order)) == len(measured.rows("order_payment", id_order)) == 1


def test_accepted_differences_are_short_argued_and_all_met(tmp_path: Path) -> None:
    """The list holds nothing that is not (any more) a difference."""
    listed = {(rule["table"], rule["column"]) for rule in accepted()["different"]}
    used: set[tuple[str, str]] = set()
    for version in VERSIONS:
        if used == listed:
            break  # the versions that are left can only meet them again
        folder = tmp_path / version
        folder.mkdir()
        shop = measured_shop(sqlite_shop_in(folder, seed_of(version), version), folder)
        for name in placed(version):
            used |= shop.compare(name, shop.writing.take(shop.order(name)).id_order).used
        used |= shop.compare_people().used

    assert used == listed
    assert all(rule["reason"] for rules in accepted().values() for rule in rules)
