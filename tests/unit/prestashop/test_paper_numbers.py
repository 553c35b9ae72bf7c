"""Which number an invoice gets: after what was drawn before, what the shop's rows hold, and what a person has set."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shop_database import ShopDatabase
from support.writing import NOW, Sold, amazon_order, importer

LAST = "last_number"
START = "PS_INVOICE_START_NUMBER"


def drawn(shop: ShopDatabase, folder: Path) -> int:
    """The invoice number of an order that is imported now."""
    writing = importer(shop, folder)
    id_order = writing.take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))).id_order
    writing.shop.close()
    row = shop.one("SELECT invoice_number, number FROM {p}orders JOIN {p}order_invoice USING (id_order)")
    assert row["invoice_number"] == row["number"]
    assert id_order
    return int(row["number"])


def keep(shop: ShopDatabase, folder: Path, text: str) -> None:
    importer(shop, folder).shop.close()  # which makes our tables
    shop.execute("INSERT INTO {p}orderferry_state (name, value) VALUES (:name, :text)", name=LAST, text=text)


def set_up(shop: ShopDatabase, name: str, value: str, id_shop: int | None = None, id_group: int | None = None) -> None:
    shop.execute(
        "INSERT INTO {p}configuration (id_shop_group, id_shop, name, value, date_add, date_upd)"
        " VALUES (:group, :shop, :name, :value, '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
        group=id_group,
        shop=id_shop,
        name=name,
        value=value,
    )


@pytest.mark.parametrize(
    ("kept", "yearly", "number"),
    [
        ("2025 700 0 0", False, 701),
        ("2026 700 0 0", False, 701),
        ("2026 700 0 0", True, 701),
        ("2025 700 0 0", True, 1),
        ("2026 700 0", False, 701),  # as an older version kept it
        ("700", False, 1),
        ("", False, 1),
    ],
)
def test_numbers_go_on_and_begin_again_with_a_year_only_where_the_shop_does_so(
    sqlite_shop: ShopDatabase, tmp_path: Path, kept: str, yearly: bool, number: int
) -> None:
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = 'PS_INVOICE_RESET'")
    set_up(sqlite_shop, "PS_INVOICE_RESET", str(int(yearly)))
    keep(sqlite_shop, tmp_path, kept)
    assert drawn(sqlite_shop, tmp_path) == number
    newest = sqlite_shop.value("SELECT MAX(id_order_invoice) FROM {p}order_invoice")
    assert sqlite_shop.value("SELECT value FROM {p}orderferry_state WHERE name = :name", name=LAST) == (
        f"{NOW.year} {number} {newest} 1"
    )


@pytest.mark.parametrize(
    ("settings", "number", "left"),
    [
        ([("900", None, None)], 900, [""]),
        ([("900", None, None), ("950", 1, 1)], 950, ["", "900"]),
        ([("900", 1, None), ("800", None, None)], 900, ["", "800"]),
        ([("900", 2, 2)], 701, ["900"]),  # another shop's
        ([("0", None, None)], 701, ["0"]),
    ],
)
def test_a_number_that_a_person_has_set_holds_once_for_the_narrowest_shop(
    sqlite_shop: ShopDatabase,
    tmp_path: Path,
    settings: list[tuple[str, int | None, int | None]],
    number: int,
    left: list[str],
) -> None:
    sqlite_shop.execute("DELETE FROM {p}configuration WHERE name = :name", name=START)
    for value, group, shop in settings:
        set_up(sqlite_shop, START, value, shop, group)
    keep(sqlite_shop, tmp_path, "2026 700 0 0")
    assert drawn(sqlite_shop, tmp_path) == number
    rows = sqlite_shop.rows("SELECT value FROM {p}configuration WHERE name = :name", name=START)
    assert sorted(row["value"] for row in rows) == left
