"""What holds an order, word for word, and when its cause is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orderferry.config.model import OrdersSettings, ProductsSettings, TaxesSettings
from orderferry.domain.orders import Address, Channel, OrderStatus
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopUnfit
from support.shop_database import ShopDatabase
from support.writing import HOME, Importer, Sold, amazon_order, importer

ORDER = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"))
UNKNOWN = amazon_order(Sold("MUG-BLUE", 1, "14.52", "2.62"), Sold("NO-SUCH-SKU", 2, "20.00"))


@pytest.fixture
def writing(sqlite_shop: ShopDatabase, tmp_path: Path) -> Importer:
    return importer(sqlite_shop, tmp_path)


def held(writing: Importer, order: Any) -> Problem:
    result = writing.plan(order)
    assert isinstance(result, Problem), result
    assert result.order_id == order.order_id
    for personal in ("Rossi", "Roma", "20121", "marketplace.amazon"):
        assert personal not in result.message
    return result


@pytest.mark.parametrize(
    ("order", "code", "subject"),
    [
        (UNKNOWN, ProblemCode.UNKNOWN_SKU, "NO-SUCH-SKU"),
        (amazon_order(Sold("MUG-BLUE", 1, "14.52"), currency="CHF"), ProblemCode.UNMAPPED_CURRENCY, "CHF"),
        (replace(ORDER, delivery_address=replace(HOME, country="KP")), ProblemCode.UNKNOWN_COUNTRY, "KP"),
        (replace(ORDER, delivery_address=None), ProblemCode.NO_ADDRESS, ""),
        (replace(ORDER, delivery_address=Address(city="Milano", country="IT")), ProblemCode.NO_ADDRESS, ""),
    ],
    ids=["unknown SKU", "currency", "country", "no address", "only a city"],
)
def test_orders_that_the_shop_cannot_take_are_held(
    sqlite_shop: ShopDatabase, writing: Importer, order: Any, code: ProblemCode, subject: str
) -> None:
    writing.shop.prefetch([ORDER])  # keeps that Amazon calculates the VAT here, which belongs to no order
    before = sqlite_shop.counts()
    problem = held(writing, order)

    assert (problem.code, problem.subject) == (code, subject)
    assert sqlite_shop.counts() == before


def test_several_products_of_one_sku_are_ambiguous(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    sqlite_shop.execute("UPDATE {p}product SET reference = 'MUG-BLUE' WHERE reference = 'MUG-RED'")
    problem = held(writing, ORDER)

    assert (problem.code, problem.subject) == (ProblemCode.AMBIGUOUS_SKU, "MUG-BLUE")
    assert writing.shop.cause_gone([problem]) == [False]
    sqlite_shop.execute("UPDATE {p}product SET reference = 'MUG-RED' WHERE id_product = 2")
    assert writing.shop.cause_gone([problem]) == [True]


def test_stock_in_warehouses_is_not_ours_to_write(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    """PrestaShop's advanced stock management, for a product that depends on it; others are taken."""
    sqlite_shop.execute("UPDATE {p}configuration SET value = '1' WHERE name = 'PS_ADVANCED_STOCK_MANAGEMENT'")
    writing = importer(sqlite_shop, tmp_path)
    assert not isinstance(writing.plan(ORDER), Problem)
    sqlite_shop.execute("UPDATE {p}stock_available SET depends_on_stock = 1 WHERE id_product = 1")
    problem = held(writing, ORDER)

    assert (problem.code, problem.subject) == (ProblemCode.ADVANCED_STOCK, "MUG-BLUE")
    assert "Quantities" in problem.hint
    assert writing.shop.cause_gone([problem]) == [False]
    sqlite_shop.execute("UPDATE {p}stock_available SET depends_on_stock = 0 WHERE id_product = 1")
    assert writing.shop.cause_gone([problem]) == [True]


def test_an_fba_order_without_any_address_gets_a_placeholder(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    writing.take(replace(ORDER, channel=Channel.FBA, status=OrderStatus.SHIPPED, delivery_address=None))

    row = sqlite_shop.one("SELECT a.*, c.iso_code FROM {p}address a JOIN {p}country c ON c.id_country = a.id_country")
    assert row["iso_code"] == "IT"
    assert "Amazon" in row["address1"]
    assert (row["firstname"], row["lastname"]) == ("Mario", "Rossi")  # the buyer's, since there is no recipient


def test_causes_are_tested_against_the_shop(sqlite_shop: ShopDatabase, writing: Importer) -> None:
    def problem(code: ProblemCode, subject: str) -> Problem:
        return Problem(code, "…", "402-1234567-1234567", subject)

    stored = [
        problem(ProblemCode.UNKNOWN_SKU, "NO-SUCH-SKU"),
        problem(ProblemCode.UNKNOWN_SKU, "MUG-RED"),
        problem(ProblemCode.UNMAPPED_CURRENCY, "CHF"),
        problem(ProblemCode.UNMAPPED_CURRENCY, "SEK"),
        problem(ProblemCode.UNKNOWN_COUNTRY, "KP"),
        problem(ProblemCode.UNKNOWN_COUNTRY, "DE"),
        problem(ProblemCode.NO_VAT_RATE, "DE"),
        problem(ProblemCode.UNRECONCILED_TOTAL, ""),
    ]

    assert writing.shop.cause_gone(stored) == [False, True, False, True, False, True, False, False]


def test_a_missing_rate_is_tried_again_when_taxes_changed(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    problem = Problem(ProblemCode.NO_VAT_RATE, "…", "402-1234567-1234567", "DE")
    writing = importer(sqlite_shop, tmp_path)
    assert writing.shop.cause_gone([problem]) == [False]
    sqlite_shop.execute("UPDATE {p}tax SET rate = 16 WHERE rate = 19")
    writing.shop.prepare(write=True)
    assert writing.shop.cause_gone([problem]) == [True]
    writing.shop.prepare(write=True)
    assert writing.shop.cause_gone([problem]) == [False]


def test_unknown_skus_can_become_free_lines(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    taxes = TaxesSettings(by_country={"IT": "IVA IT 22%"})
    sqlite_shop.execute("UPDATE {p}tax_lang SET name = 'IVA IT 22%' WHERE id_tax = 1")
    writing = importer(sqlite_shop, tmp_path, products=ProductsSettings(unknown="line"), taxes=taxes)
    writing.take(UNKNOWN)

    line = sqlite_shop.one("SELECT * FROM {p}order_detail WHERE product_reference = 'NO-SUCH-SKU'")
    assert (line["product_id"], line["product_name"]) == (0, "Title of NO-SUCH-SKU")
    assert [row["id_product"] for row in sqlite_shop.rows("SELECT id_product FROM {p}cart_product")] == [1]


def test_unknown_skus_can_use_a_placeholder_whose_stock_stays(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    before = sqlite_shop.rows("SELECT * FROM {p}stock_available WHERE id_product = 2")
    products = ProductsSettings(unknown="placeholder", placeholder="MUG-RED")
    importer(sqlite_shop, tmp_path, products=products).take(UNKNOWN)

    line = sqlite_shop.one("SELECT * FROM {p}order_detail WHERE product_reference = 'NO-SUCH-SKU'")
    assert (line["product_id"], line["product_name"]) == (2, "Title of NO-SUCH-SKU")
    assert sqlite_shop.rows("SELECT * FROM {p}stock_available WHERE id_product = 2") == before


def test_a_configured_state_that_the_shop_lacks_stops_the_run_before_anything(
    sqlite_shop: ShopDatabase, tmp_path: Path
) -> None:
    with pytest.raises(ShopUnfit, match="state_paid"):
        importer(sqlite_shop, tmp_path, orders=OrdersSettings(state_paid="Paid by pigeon"))


def test_a_dry_run_creates_no_tables(sqlite_shop: ShopDatabase, tmp_path: Path) -> None:
    writing = importer(sqlite_shop, tmp_path)
    sqlite_shop.execute("DROP TABLE {p}orderferry_order")
    sqlite_shop.execute("DROP TABLE {p}orderferry_state")
    writing.shop.prepare(write=False)
    plan = writing.plan(ORDER)

    assert not isinstance(plan, Problem)
    assert plan.changes[0] == "order of 1 line, 14.52 EUR"
    assert not any("orderferry" in table for table in sqlite_shop.tables())
