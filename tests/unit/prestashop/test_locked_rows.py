"""Which order a marker stands for, what of it was sold, and that its rows are locked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from orderferry.prestashop.database.statements import Row, Statements
from orderferry.prestashop.planning.goods import Goods
from orderferry.prestashop.writing.apply_state import two_taxes
from orderferry.prestashop.writing.locked_order import LockedOrder, goods_left, lock_marker, lock_order, sold_now
from support.reading import OpenShop, opened
from support.sqlite_shop import sqlite_shop_in
from support.writing import ORDER_ID, Sold, amazon_order, importer


class Watched(Statements):
    """Statements that note which tables were locked."""

    locked: list[str]

    def rows(self, name: str, *arguments: Any, **options: Any) -> list[Row]:
        self.locked += [name] if options.get("lock") else []
        return super().rows(name, *arguments, **options)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """A shop with one imported order of two goods."""
    folder = tmp_path_factory.mktemp("locked")
    shop = sqlite_shop_in(folder)
    writing = importer(shop, folder)
    writing.take(amazon_order(Sold("MUG-BLUE", 2, "29.04", "5.24"), Sold("TSHIRT-S-WHITE", 1, "20.00", "3.61")))
    writing.shop.close()
    with opened(shop) as found:
        yield found
    shop.close()


@pytest.fixture
def writer(imported: OpenShop) -> Iterator[Watched]:
    """Statements that are taken back at the test's end."""
    with imported.database.reading("locking") as connection:
        statements = Watched(connection, imported.tables)
        statements.locked = []
        yield statements


def locked(writer: Watched) -> LockedOrder | None:
    marker = lock_marker(writer, ORDER_ID)
    assert marker is not None
    return lock_order(writer, marker, ORDER_ID)


def test_marker_and_order_are_locked(writer: Watched) -> None:
    """SQLite locks whole files: that the server locks these rows shows in the races on MariaDB."""
    found = locked(writer)

    assert found is not None
    assert writer.locked == ["orderferry_order", "orders"]
    assert (found.id_order, found.key) == (1, {"id_order": 1})
    assert found.reference == writer.rows("orders", ("reference",), {})[0]["reference"]
    assert found.digests.version == 1
    assert lock_marker(writer, "402-0000000-0000000") is None


MARKER, ORDER, PAYMENT = "orderferry_order", "orders", "order_payment"


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        ([], True),
        ([(ORDER, {"reference": "OTHER"})], False),
        ([(MARKER, {"order_reference": ""})], True),
        ([(MARKER, {"order_reference": ""}), (PAYMENT, {"transaction_id": "another"})], False),
        ([(MARKER, {"order_reference": ""}), (PAYMENT, {"order_reference": "another"})], False),
        ([(PAYMENT, {"transaction_id": "another"})], True),
        ([(ORDER, {"module": "ps_wirepayment"})], False),
        ([(ORDER, {"module": "ps_wirepayment"}), (MARKER, {"module": ""})], True),
        ([(ORDER, {"module": "ps_wirepayment"}), (MARKER, {"adopted": 1})], True),
        ([(ORDER, {"reference": "OTHER"}), (MARKER, {"adopted": 1})], False),
        ([(MARKER, {"adopted": 1, "order_reference": ""}), (PAYMENT, {"transaction_id": "another"})], True),
        ([(MARKER, {"id_order": 7})], False),
    ],
)
def test_an_order_that_got_the_id_of_ours_is_another_one(
    writer: Watched, changes: list[tuple[str, dict[str, Any]]], ours: bool
) -> None:
    """Old servers give an id a second time after a restart."""
    for table, values in changes:
        assert writer.update(table, values, {})

    assert (locked(writer) is not None) is ours


MUGS, SHIRT = Goods(1, 0, 2), Goods(3, 1, 1)


@pytest.mark.parametrize(
    ("changes", "sold", "left"),
    [
        ({}, (MUGS, SHIRT), (MUGS, SHIRT)),
        ({"product_quantity": 5}, (Goods(1, 0, 5), SHIRT), (MUGS, SHIRT)),
        ({"product_quantity": 1}, (Goods(1, 0, 1), SHIRT), (Goods(1, 0, 1), SHIRT)),
        ({"product_quantity_reinjected": 1}, (Goods(1, 0, 1), SHIRT), (Goods(1, 0, 1), SHIRT)),
        ({"product_quantity_reinjected": 2}, (SHIRT,), (SHIRT,)),
        ({"product_quantity_reinjected": 3}, (SHIRT,), (SHIRT,)),
        ({"product_id": 0}, (SHIRT,), (SHIRT,)),
        ({"product_id": 3, "product_attribute_id": 1}, (Goods(3, 1, 3),), (SHIRT,)),
    ],
)
def test_what_the_lines_sell_and_what_is_left_to_give_back(
    writer: Watched, changes: dict[str, int], sold: tuple[Goods, ...], left: tuple[Goods, ...]
) -> None:
    if changes:
        writer.update("order_detail", changes, {"id_order_detail": 1})
    found = locked(writer)
    assert found is not None

    assert sold_now(writer, found) == sold
    assert goods_left(writer, found) == left


@pytest.mark.parametrize(
    ("text", "sold"),
    [
        ('[{"product":[1,0],"items":[],"not_sold":1}]', (SHIRT,)),
        ('[{"product":[1,0],"items":[],"not_sold":0}]', (MUGS, SHIRT)),
        ("", (MUGS, SHIRT)),
        ("no JSON", (MUGS, SHIRT)),
        ("[1]", (MUGS, SHIRT)),
        ('[{"not_sold":1}]', (MUGS, SHIRT)),
        ("7", (MUGS, SHIRT)),
    ],
)
def test_fees_and_stand_ins_are_not_sold_even_where_a_person_has_edited_the_marker(
    writer: Watched, text: str, sold: tuple[Goods, ...]
) -> None:
    writer.update(MARKER, {"line_items": text}, {})
    found = locked(writer)
    assert found is not None

    assert sold_now(writer, found) == sold


def test_an_order_that_moved_no_stock_gives_none_back(writer: Watched) -> None:
    writer.update(MARKER, {"stock_moved": ""}, {})
    found = locked(writer)
    assert found is not None

    assert goods_left(writer, found) == ()


def test_a_little_tax_on_shipping_is_the_one_tax_of_the_lines() -> None:
    """The other rate is 0 %, so that the tax may be as small as it likes, but not larger than at the whole rate."""
    assert two_taxes(Decimal("6.00"), Decimal("0.03"), {1: Decimal(22)}) == [(1, Decimal("0.03")), (0, Decimal(0))]
    assert two_taxes(Decimal("6.00"), Decimal("1.40"), {1: Decimal(22)}) == []
    assert two_taxes(Decimal("6.00"), Decimal("0.66"), {}) == []
    some = {1: Decimal(22), 2: Decimal(10), 3: Decimal(4)}
    assert two_taxes(Decimal("6.00"), Decimal("0.66"), some) == []
