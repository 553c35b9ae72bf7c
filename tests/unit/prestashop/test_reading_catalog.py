"""What is read for a page of orders, and whether what held an order is gone, from rows that are all stated here."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orderferry.config.model import CustomersSettings, MarketplaceSettings, ProductsSettings, Settings
from orderferry.domain.orders import Order, ProceedsType
from orderferry.domain.problems import Problem, ProblemCode
from orderferry.errors import ShopUnfit
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import Country, FeeKey, OwnThings, ShopFacts, Table
from orderferry.prestashop.reading import catalog
from orderferry.prestashop.reading.catalog import (
    CatalogReader,
    causes_gone,
    draw_references,
    find_accounts,
    read_own_things,
)
from orderferry.prestashop.reading.other_importers import ForeignOrders
from support.resolved_orders import FACTS
from support.shop_database import ShopDatabase
from support.small_shop import MARKER_ROW, PRODUCT_TABLES, records, small_shop
from support.writing import Sold, amazon_order, settings_for

KEPT = records(
    "name value",
    ("fee_product:cod_fee:1", "80"),
    ("fee_product:gift_wrap:2", "81"),
    ("fee_product:other:3", "99"),  # not there any more
    ("fee_product:unknown:1", "80"),
    ("fee_product:cod_fee", "80"),
    ("fee_product:cod_fee:1:2", "80"),
    ("zero_tax", "7"),
    ("vat-by-amazon", "80"),
)
THINGS: dict[str, Any] = {
    "orderferry_state": KEPT,
    "product": records("id_product", (80,), (81,)),
    "product_lang": "id_product",
    "product_shop": "id_product",
    "stock_available": "id_product",
    "tax": records("id_tax", (7,)),
    "tax_lang": "id_tax",
}


def test_products_and_a_tax_of_our_own_that_are_still_there() -> None:
    with small_shop(**THINGS) as shop:
        assert read_own_things(*shop) == OwnThings(
            {FeeKey(ProceedsType.COD_FEE, 1): 80, FeeKey(ProceedsType.GIFT_WRAP, 2): 81},
            zero_tax=7,
            may_make_products=True,
            may_make_taxes=True,
        )
    with small_shop(**{**THINGS, "tax": "id_tax", "product": "id_product"}) as shop:
        found = read_own_things(*shop)
        assert (found.products, found.zero_tax) == ({}, 0)


@pytest.mark.parametrize(
    ("missing", "products", "taxes"),
    [
        ("product_lang", False, True),
        ("product_shop", False, True),
        ("stock_available", False, True),
        ("tax_lang", True, False),
        ("orderferry_state", True, True),
    ],
)
def test_what_could_be_made_in_a_shop_that_lacks_a_table(missing: str, *, products: bool, taxes: bool) -> None:
    with small_shop(**{name: rows for name, rows in THINGS.items() if name != missing}) as shop:
        found = read_own_things(*shop)
    assert (found.may_make_products, found.may_make_taxes) == (products, taxes)


@pytest.mark.parametrize(
    ("grants", "products", "taxes"),
    [
        (["GRANT INSERT ON `shop`.* TO `u`@`%`"], True, True),
        (["GRANT INSERT ON `other`.* TO `u`@`%`"], False, False),
        (["GRANT SELECT ON `shop`.* TO `u`@`%`"], False, False),
        ([f"GRANT INSERT ON `shop`.`ps_{name}` TO `u`@`%`" for name in ("tax", "tax_lang")], False, True),
        ([f"GRANT INSERT ON `shop`.`{name}` TO `u`@`%`" for name in ("tax", "tax_lang")], False, False),
    ],
)
def test_what_a_user_may_make_is_read_from_its_rights(grants: list[str], *, products: bool, taxes: bool) -> None:
    asked: list[str] = []

    def answer(statement: str) -> Any:
        asked.append(statement)
        return SimpleNamespace(scalars=lambda: grants)

    server: Any = SimpleNamespace(
        dialect=SimpleNamespace(name="mysql"),
        engine=SimpleNamespace(url=SimpleNamespace(database="shop")),
        exec_driver_sql=answer,
    )
    tables = {name: Table(name, "InnoDB", {}) for name in THINGS if name != "orderferry_state"}
    found = read_own_things(server, ShopTables("ps_", tables))

    assert (found.may_make_products, found.may_make_taxes) == (products, taxes)
    assert asked == ["SHOW GRANTS FOR CURRENT_USER()"]


CUSTOMERS = records(
    "id_customer email deleted",
    (5, "Amazon@shop.example ", 0),
    (6, "amazon@shop.example", 0),
    (7, "old@shop.example", 1),
    (8, "other@shop.example", 0),
)


def test_accounts_by_id_or_by_the_oldest_with_an_address() -> None:
    with small_shop(customer=CUSTOMERS) as shop:
        assert find_accounts(*shop, ["6", " AMAZON@shop.example", "8"]) == {"6": 6, " AMAZON@shop.example": 6, "8": 8}
        assert find_accounts(*shop, []) == {}


@pytest.mark.parametrize(
    ("word", "named"),
    [("7", "7"), ("99", "99"), ("0", "0"), ("old@shop.example", "the configured e-mail address")],
    ids=["deleted", "none", "zero", "a deleted one's address"],
)
def test_an_account_that_is_not_there_is_told_without_its_address(word: str, named: str) -> None:
    with small_shop(customer=CUSTOMERS) as shop, pytest.raises(ShopUnfit) as caught:
        find_accounts(*shop, ["6", word])
    assert caught.value.message == f"customers.account: the shop has no customer {named}."


def test_references_are_nine_capitals_that_no_order_has(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    drawn = iter(("TAKEN", "FREE1", "FREE2"))

    def draw(alphabet: str, length: int) -> str:
        asked.append((alphabet, length))
        return next(drawn)

    monkeypatch.setattr(catalog, "random_text", draw)
    with small_shop(orders=records("id_order reference", (1, "TAKEN"))) as shop:
        assert draw_references(*shop, ["a", "b"]) == {"a": "FREE2", "b": "FREE1"}
    assert set(asked) == {(string.ascii_uppercase, 9)}


def problem(code: ProblemCode, subject: str) -> Problem:
    return Problem(code, "held", "402-1234567-1234567", subject)


def configured(folder: Path, **more: Any) -> Settings:
    return settings_for(ShopDatabase("sqlite:///none", "ps_", "8.2.1"), folder, **more)


def gone(shop: Any, folder: Path, *problems: Problem, taxes_changed: bool = False, **more: Any) -> list[bool]:
    facts = replace(FACTS, configuration={**FACTS.configuration, ("PS_ADVANCED_STOCK_MANAGEMENT", 0, 0): "1"})
    return causes_gone(*shop, facts, configured(folder, **more), problems, taxes_changed=taxes_changed)


@pytest.mark.parametrize(
    ("code", "subject", "is_gone"),
    [
        (ProblemCode.UNKNOWN_SKU, "UNLISTED", True),
        (ProblemCode.UNKNOWN_SKU, "NONE", False),
        (ProblemCode.AMBIGUOUS_SKU, "UNLISTED", True),
        (ProblemCode.AMBIGUOUS_SKU, "SHIRT", False),  # two combinations
        (ProblemCode.ADVANCED_STOCK, "UNLISTED", True),
        (ProblemCode.ADVANCED_STOCK, "MUG", False),  # still in warehouses
        (ProblemCode.UNMAPPED_CURRENCY, "eur", True),
        (ProblemCode.UNMAPPED_CURRENCY, "PLN", False),
        (ProblemCode.UNKNOWN_COUNTRY, "IT", True),
        (ProblemCode.UNKNOWN_COUNTRY, "FR", False),
        (ProblemCode.NO_VAT_RATE, "DE", False),
        (ProblemCode.NO_ADDRESS, "", False),
    ],
)
def test_whether_the_cause_of_a_held_order_is_gone(
    code: ProblemCode, subject: str, tmp_path: Path, *, is_gone: bool
) -> None:
    with small_shop(**PRODUCT_TABLES) as shop:
        assert gone(shop, tmp_path, problem(code, subject)) == [is_gone]


def test_changed_taxes_may_have_brought_the_rate_and_a_lenient_setting_takes_unknown_skus(tmp_path: Path) -> None:
    unknown, ambiguous = problem(ProblemCode.UNKNOWN_SKU, "NONE"), problem(ProblemCode.AMBIGUOUS_SKU, "SHIRT")
    rate = problem(ProblemCode.NO_VAT_RATE, "DE")
    with small_shop(**PRODUCT_TABLES) as shop:
        assert gone(shop, tmp_path, rate, unknown, taxes_changed=True) == [True, False]
        for lenient in ("line", "placeholder"):
            products = ProductsSettings(unknown=lenient)
            assert gone(shop, tmp_path, unknown, ambiguous, products=products) == [True, False]


ORDERS = (
    amazon_order(Sold("MUG", 1, "1.00"), order_id="402-0000000-0000001"),
    amazon_order(Sold("SHIRT-S", 1, "1.00"), Sold("NONE", 1, "1.00"), order_id="402-0000000-0000002"),
    amazon_order(Sold("MUG", 1, "1.00"), order_id="402-0000000-0000003"),
)
PAGE: dict[str, Any] = {
    **PRODUCT_TABLES,
    "orderferry_order": [
        {**MARKER_ROW, "forgotten": None},
        {**MARKER_ROW, "forgotten": None, "amazon_order_id": ORDERS[2].order_id, "id_order": 404},
    ],
    "orderferry_state": KEPT,
    "orders": records(
        "id_order reference module current_state invoice_number total_paid_tax_incl total_paid_tax_excl id_currency "
        "id_customer",
        (7, "ABCDEFGHI", "orderferry", 3, 17, "48.80", "40.00", 9, 5),
        (9, "FOREIGN", "other", 3, 17, "48.80", "40.00", 9, 5),
    ),
    "order_payment": records("id_order_payment order_reference transaction_id", (1, "FOREIGN", ORDERS[1].order_id)),
    "customer": CUSTOMERS,
    "tax": "id_tax",
    "tax_lang": "id_tax",
}
TWO_SHOPS = replace(
    FACTS,
    shops={1: FACTS.shops[1], 2: replace(FACTS.shops[1], id=2, name="B")},
    configuration={**FACTS.configuration, ("PS_SHOP_DEFAULT", 0, 0): "1"},
)


def read(folder: Path, orders: tuple[Order, ...] = ORDERS, facts: ShopFacts = TWO_SHOPS, **more: Any) -> Any:
    with small_shop(**PAGE) as (connection, tables):
        foreign = ForeignOrders(lambda _: None, lambda *_: None)
        foreign.refresh(connection, tables)
        return CatalogReader(tables, facts, configured(folder, **more), foreign).prefetch(connection, orders)


def test_everything_for_a_page_of_orders(tmp_path: Path) -> None:
    found = read(tmp_path)

    assert {key: [one.reference for one in products] for key, products in found.products.items()} == {
        (1, "MUG"): ["MUG"],
        (1, "SHIRT-S"): ["SHIRT-S"],
    }
    assert {order_id: marker.order_stands for order_id, marker in found.markers.items()} == {
        ORDERS[0].order_id: True,
        ORDERS[2].order_id: False,
    }
    assert list(found.shop_orders) == [7]
    assert found.foreign == {ORDERS[1].order_id: 9}
    # one for a new order, and one for an order that was deleted
    assert set(found.references) == {ORDERS[1].order_id, ORDERS[2].order_id}
    assert (found.customers, found.own.may_make_products) == ({}, True)


def test_placeholders_and_products_for_fees_are_read_for_each_shop_of_the_page(tmp_path: Path) -> None:
    german = replace(ORDERS[1], marketplace_id="A1PA6795UKMFR9")
    found = read(
        tmp_path,
        (ORDERS[0], german),
        products=ProductsSettings(
            unknown="placeholder", placeholder="UNLISTED", fees={"cod_fee": "MUG", "other": "product"}
        ),
        marketplaces={"DE": MarketplaceSettings(shop="B")},
    )
    assert set(found.products) == {(1, "MUG"), (1, "UNLISTED"), (2, "MUG"), (2, "UNLISTED")}
    without = read(tmp_path, (ORDERS[0],), products=ProductsSettings(placeholder="UNLISTED"))
    assert set(without.products) == {(1, "MUG")}


@pytest.mark.parametrize(
    ("shop_wide", "german", "accounts"),
    [
        (CustomersSettings(), CustomersSettings(), {}),
        (CustomersSettings(mode="fixed", account="6"), CustomersSettings(), {"6": 6, "fixed": 6}),
        (CustomersSettings(), CustomersSettings(mode="fixed", account="8"), {"8": 8, "fixed": 8}),
        (
            CustomersSettings(mode="fixed", account="6"),
            CustomersSettings(mode="fixed", account="8"),
            {"6": 6, "8": 8, "fixed": 6},
        ),
    ],
)
def test_accounts_that_the_configuration_names(
    shop_wide: CustomersSettings, german: CustomersSettings, accounts: Mapping[str, int], tmp_path: Path
) -> None:
    own = {"DE": MarketplaceSettings(customers=german)}

    assert read(tmp_path, customers=shop_wide, marketplaces=own).customers == accounts


def test_a_marketplace_whose_shop_is_not_there_is_named(tmp_path: Path) -> None:
    german = replace(ORDERS[0], marketplace_id="A1PA6795UKMFR9")
    with pytest.raises(ShopUnfit, match=r"marketplace\.DE\.shop = 'Z'"):
        read(tmp_path, (german,), marketplaces={"DE": MarketplaceSettings(shop="Z")})


def test_a_country_that_was_added_lets_its_orders_in(tmp_path: Path) -> None:
    held = problem(ProblemCode.UNKNOWN_COUNTRY, "FR")
    facts = replace(FACTS, countries={"FR": Country(8, "FR", 1, False, False, True)})
    with small_shop(**PRODUCT_TABLES) as shop:
        assert causes_gone(*shop, facts, configured(tmp_path), [held], taxes_changed=False) == [True]
