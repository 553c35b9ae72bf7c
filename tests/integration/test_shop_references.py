"""References for new orders, drawn for a page at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderferry.prestashop.reading import catalog
from orderferry.prestashop.reading.catalog import draw_references
from support.reading import opened, statements
from support.shop_database import ShopDatabase
from support.writing import Sold, amazon_order, importer

IDS = [f"402-0000000-{number:07d}" for number in range(100)]


@pytest.mark.parametrize("shop", ["shop_database", "sqlite_shop"])
def test_each_order_of_a_page_gets_one_by_one_statement(request: pytest.FixtureRequest, shop: str) -> None:
    with (
        opened(request.getfixturevalue(shop)) as open_shop,
        open_shop.database.reading("drawing") as connection,
        statements(open_shop.database.engine) as sent,
    ):
        drawn = draw_references(connection, open_shop.tables, IDS)
        assert draw_references(connection, open_shop.tables, []) == {}
    assert list(drawn) == IDS
    assert len(set(drawn.values())) == len(IDS)
    assert all(re.fullmatch("[A-Z]{9}", reference) for reference in drawn.values())
    assert len(sent) == 1, sent


def test_one_that_an_order_has_already_is_drawn_again(
    sqlite_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer(sqlite_shop, tmp_path).take(amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62")))
    taken = sqlite_shop.value("SELECT reference FROM {p}orders")
    letters: Iterator[str] = iter([taken, "FREEFREEA", "FREEFREEB"])
    monkeypatch.setattr(catalog, "random_text", lambda _alphabet, _length: next(letters))
    with opened(sqlite_shop) as open_shop, open_shop.database.reading("drawing") as connection:
        assert draw_references(connection, open_shop.tables, IDS[:2]) == {IDS[0]: "FREEFREEB", IDS[1]: "FREEFREEA"}
