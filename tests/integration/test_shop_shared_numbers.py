"""Invoice numbers that PrestaShop gave to another order too: found in the next run, until somebody corrects one."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderferry.domain.problems import ProblemCode
from support.shop_database import ShopDatabase
from support.writing import Importer, Sold, amazon_order, importer

MUG = Sold("MUG-BLUE", 1, "14.52", "2.62")
INSERT = (
    "INSERT INTO {p}order_invoice (id_order, number, delivery_number, date_add, shipping_tax_computation_method)"
    " VALUES (999, :number, 0, :moment, 0)"
)


def order_id(number: int) -> str:
    return f"402-0000000-{number:07d}"


def take(writing: Importer, *numbers: int) -> None:
    writing.take_all([amazon_order(MUG, order_id=order_id(number)) for number in numbers])


def found(writing: Importer) -> list[tuple[str, str, str]]:
    return [(p.code, p.order_id, p.subject) for p in writing.shop.shared_invoice_numbers()]


@pytest.mark.parametrize("kind", ["shop_database", "sqlite_shop"])
def test_a_number_that_prestashop_gave_away_too_is_found_as_long_as_it_stands(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    shop: ShopDatabase = request.getfixturevalue(kind)
    writing = importer(shop, tmp_path)
    take(writing, 1, 2)
    assert found(writing) == []
    take(writing, 3)
    shop.execute(INSERT, number=3, moment="2026-11-23 08:12:35")
    collision = (ProblemCode.DUPLICATE_INVOICE_NUMBER, order_id(3), "3")
    assert found(writing) == [collision]
    assert found(writing) == [collision], "it is not forgotten once it was said"
    shop.execute("UPDATE {p}order_invoice SET number = 4 WHERE id_order = 999")
    assert found(writing) == []


def test_what_was_shared_before_us_or_by_others_is_none_of_ours(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    for number in (70, 70, 71):
        sqlite_shop.execute(INSERT, number=number, moment="2026-11-22 08:12:35")
    writing = importer(sqlite_shop, tmp_path)
    take(writing, 1)
    assert found(writing) == []
    sqlite_shop.execute(INSERT, number=71, moment="2026-11-23 08:12:35")
    assert found(writing) == []


def test_numbers_that_begin_again_with_the_year_are_not_shared(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_INVOICE_RESET'")
    setting = {"name": "PS_INVOICE_RESET", "value": "1", "date_add": "2026-01-01", "date_upd": "2026-01-01"}
    sqlite_shop.insert("configuration", setting)
    sqlite_shop.execute(INSERT, number=1, moment="2025-12-30 08:12:35")
    writing = importer(sqlite_shop, tmp_path)
    take(writing, 1)
    assert sqlite_shop.value("SELECT MAX(invoice_number) FROM {p}orders") == 1
    assert found(writing) == []


def test_a_shop_that_was_restored_begins_anew(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path)
    take(writing, 1, 2)
    sqlite_shop.execute(INSERT, number=2, moment="2026-11-23 08:12:35")
    assert len(found(writing)) == 1
    sqlite_shop.execute("DELETE FROM {p}order_invoice WHERE number = 2")
    assert found(writing) == []
