"""The products that SKUs mean, with everything that order lines take of them, from rows that are all stated here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orderferry.config.model import ProductsSettings
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.facts import Product, ShopFacts, ShopUnit
from orderferry.prestashop.reading.product_match import Key, ProductMatcher
from orderferry.prestashop.reading.products import ProductFinder, combination_name
from support.small_shop import COMBINATION, PRODUCT_TABLES, records, small_shop

FIRST, SHARING = ShopUnit(1, 1, "A", False, False, False), ShopUnit(2, 2, "B", True, False, False)
FACTS = ShopFacts(version="8.2.1", configuration={("PS_LANG_DEFAULT", 0, 0): "1"}, shops={1: FIRST, 2: SHARING})
MUG = Product(
    id_product=1,
    id_product_attribute=0,
    name="Tazza",
    names={1: "Tazza", 2: "Mug"},
    reference="MUG",
    supplier_reference="OWN-MUG",
    ean13="400",
    upc="036",
    isbn="978",
    mpn="M-1",
    weight=Decimal("0.300"),
    wholesale_price=Decimal("5.49"),
    purchase_supplier_price=Decimal("4.20"),
    ecotax=Decimal("0.25"),
    id_tax_rules_group=1,
    stock_quantity=12,
    active=True,
    depends_on_stock=True,
    pack_stock_type=3,
)
SMALL = Product(
    id_product=3,
    id_product_attribute=31,
    name="Maglia (Colore: Rosso - Taglia: Piccola)",
    names={1: "Maglia (Colore: Rosso - Taglia: Piccola)", 2: "Shirt (Size: S)"},
    reference="SHIRT-S",
    supplier_reference="S-SHIRT-S",
    ean13="402",
    upc="038",
    isbn="970",
    mpn="M-31",
    weight=Decimal("0.250"),
    wholesale_price=Decimal("4.50"),
    ecotax=Decimal("0.2"),
    id_tax_rules_group=2,
    stock_quantity=4,
)
LARGE = replace(
    SMALL,
    id_product_attribute=32,
    name="Maglia (Taglia: Grande)",
    names={1: "Maglia (Taglia: Grande)", 2: "Shirt"},
    reference="SHIRT",
    supplier_reference="S-SHIRT",
    ean13="401",
    upc="037",
    isbn="979",
    mpn="M-3",
    weight=Decimal("0.200"),
    wholesale_price=Decimal(4),
    ecotax=Decimal("0.1"),
    stock_quantity=0,
)


def find(
    *wanted: tuple[int, str], shop: Mapping[str, Any] = PRODUCT_TABLES, facts: ShopFacts = FACTS
) -> Mapping[tuple[int, str], tuple[Product, ...]]:
    with small_shop(**shop) as (connection, tables):
        return ProductFinder(tables, facts, ProductsSettings(match=("reference",))).find(connection, wanted)


def test_a_product_with_all_that_an_order_line_takes_of_it() -> None:
    assert find((1, "MUG"), (1, "GONE")) == {(1, "MUG"): (MUG,)}


def test_a_product_of_a_shop_that_shares_its_stock() -> None:
    of_second = replace(
        MUG,
        name="Tazza 2",
        names={1: "Tazza 2"},
        wholesale_price=Decimal(5),
        ecotax=Decimal(0),
        id_tax_rules_group=8,
        stock_quantity=7,
        depends_on_stock=False,
    )
    assert find((2, "MUG")) == {(2, "MUG"): (of_second,)}


def test_a_combination_has_what_the_product_has_where_it_has_nothing_of_its_own() -> None:
    assert find((1, "SHIRT-S"), (1, "SHIRT")) == {(1, "SHIRT-S"): (SMALL,), (1, "SHIRT"): (SMALL, LARGE)}


def test_a_pack_with_its_contents() -> None:
    (pack,) = find((1, "SET"))[1, "SET"]

    assert (pack.pack_items, pack.pack_stock_type, pack.name, pack.stock_quantity) == (
        ((1, 0, 2), (3, 31, 1)),
        1,
        "Set",
        3,
    )


def test_a_product_that_no_shop_lists_has_its_own_values_and_the_name_of_its_reference() -> None:
    for id_shop in (1, 2):
        (found,) = find((id_shop, "UNLISTED"))[id_shop, "UNLISTED"]
        assert (found.id_tax_rules_group, found.wholesale_price, found.ecotax, found.active) == (
            7,
            6,
            Decimal("0.5"),
            True,
        )
        assert (found.name, found.names, found.pack_stock_type) == ("UNLISTED", {}, 3)


def test_a_product_without_a_name_in_the_shops_language_has_any() -> None:
    polish = replace(FACTS, configuration={("PS_LANG_DEFAULT", 0, 0): "7"})

    assert find((1, "MUG"), facts=polish)[1, "MUG"][0].name == "Tazza"


def test_a_suppliers_row_may_outlive_its_combination() -> None:
    settings = ProductsSettings(match=("supplier_reference",))
    with small_shop(**{**PRODUCT_TABLES, "product_attribute": COMBINATION}) as (connection, tables):
        assert ProductFinder(tables, FACTS, settings).find(connection, [(1, "GONE")]) == {}


def test_a_shop_of_an_old_version_lacks_tables_and_columns() -> None:
    old = {name: rows for name, rows in PRODUCT_TABLES.items() if name not in {"product_supplier", "pack"}}
    for name in ("product", "product_attribute", "product_shop"):
        lacking = {"isbn", "mpn", "pack_stock_type"}
        old[name] = [{key: value for key, value in row.items() if key not in lacking} for row in PRODUCT_TABLES[name]]

    found = find((1, "MUG"), (1, "SET"), (1, "SHIRT-S"), shop=old)
    assert found[1, "MUG"] == (
        replace(MUG, isbn="", mpn="", supplier_reference="S-MUG", purchase_supplier_price=Decimal(0)),
    )
    assert found[1, "SHIRT-S"] == (replace(SMALL, isbn="", mpn=""),)
    assert (found[1, "SET"][0].pack_items, found[1, "SET"][0].pack_stock_type) == ((), 3)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.6.1.24", "Shirt - Size : S, Color : White"),
        ("1.7.0.0", "Shirt - Size : S- Color : White"),
        ("1.7.7.8", "Shirt - Size : S- Color : White"),
        ("1.7.8.0", "Shirt (Size: S - Color: White)"),
        ("9.1.4", "Shirt (Size: S - Color: White)"),
        ("", "Shirt (Size: S - Color: White)"),
    ],
)
def test_the_name_of_a_combination_by_version(version: str, name: str) -> None:
    assert combination_name("Shirt", [("Size", "S"), ("Color", "White")], version) == name


CODES = "reference supplier_reference ean13 upc mpn"
MATCHED: dict[str, Any] = {
    "product": records(
        f"id_product {CODES}",
        (1, "A", "SA", "EA", "UA", "MA"),
        (2, "b", "SB", "EB", "UB", "MB"),
        (3, "B", "", "", "", ""),
        (4, " C ", "", "", "", ""),
        (5, "D", "", "", "", ""),
        (6, "E", "A", "", "", ""),
        (7, "F", "", "", "", ""),
    ),
    "product_shop": records("id_product id_shop", *((number, 1) for number in (1, 2, 3, 4, 5, 7)), (6, 2)),
    "product_attribute": records(
        f"id_product_attribute id_product {CODES}",
        (51, 5, "D-1", "SD1", "ED1", "UD1", "MD1"),
        (52, 5, "D-2", "", "", "", ""),
        (71, 7, "A2", "", "", "", ""),
        (72, 7, "a2", "", "", "", ""),
    ),
    "product_attribute_shop": records("id_product_attribute id_shop", (51, 1), (52, 1), (71, 1), (72, 1)),
    "product_supplier": records(
        "id_product id_product_attribute product_supplier_reference", (1, 0, "OWN"), (5, 52, "OWN52")
    ),
}


def match(
    sku: str, *, id_shop: int = 1, tables: Mapping[str, Any] = MATCHED, indexed: bool = False, **settings: Any
) -> tuple[Key, ...]:
    """Return the products of a SKU; `indexed`: the columns have keys."""
    with small_shop(**tables) as (connection, found):
        pair = (id_shop, sku)
        matcher = ProductMatcher(with_keys(found) if indexed else found, ProductsSettings(**settings))
        return matcher.match(connection, [pair]).get(pair, ())


def with_keys(tables: ShopTables, *names: str, **more: Any) -> ShopTables:
    """Return the tables with a key on each column; `more`: of the columns of these names."""
    live = {}
    for name, table in tables.live.items():
        columns = {
            key: replace(column, **{"indexed": True, **(more if key in names else {})})
            for key, column in table.columns.items()
        }
        live[name] = replace(table, columns=columns)
    return ShopTables(tables.prefix, live)


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize(
    ("field", "sku", "keys"),
    [
        ("reference", "A", ((1, 0),)),
        ("reference", "D-1", ((5, 51),)),
        ("reference", "D", ((5, 51), (5, 52))),  # sold in combinations only
        ("supplier_reference", "SA", ((1, 0),)),
        ("supplier_reference", "SD1", ((5, 51),)),
        ("supplier_reference", "OWN", ((1, 0),)),
        ("supplier_reference", "OWN52", ((5, 52),)),
        ("ean13", "EA", ((1, 0),)),
        ("ean13", "ED1", ((5, 51),)),
        ("upc", "UA", ((1, 0),)),
        ("upc", "UD1", ((5, 51),)),
        ("mpn", "MA", ((1, 0),)),
        ("mpn", "MD1", ((5, 51),)),
        ("reference", "SA", ()),
        ("ean13", "", ()),
    ],
)
def test_where_each_word_of_the_configuration_searches(
    field: str, sku: str, keys: tuple[Key, ...], *, indexed: bool
) -> None:
    assert match(sku, indexed=indexed, match=(field,)) == keys


@pytest.mark.parametrize(
    ("sku", "keys"),
    [
        ("B", ((3, 0),)),
        ("b", ((2, 0),)),
        ("a", ((1, 0),)),
        ("A2", ((7, 71),)),
        ("C", ((4, 0),)),
        (" C ", ((4, 0),)),
        ("E", ()),  # only in another shop
    ],
)
def test_the_exact_text_comes_before_one_in_another_case(sku: str, keys: tuple[Key, ...]) -> None:
    assert match(sku) == keys


@pytest.mark.parametrize(
    ("sku", "settings", "keys"),
    [
        ("A-FBA", {"suffixes": ("-FBA",)}, ((1, 0),)),
        ("a-fba", {"suffixes": ("-FBA",)}, ((1, 0),)),
        ("D-1-X", {"suffixes": ("X", "-X")}, ((5, 51),)),
        ("A-FBA", {}, ()),
        ("-FBA", {"suffixes": ("-FBA",)}, ()),
        ("A2", {"suffixes": ("2",)}, ((7, 71),)),  # the SKU itself comes first
        ("A", {"match": ("reference", "supplier_reference")}, ((1, 0),)),
        ("SB", {"match": ("reference", "supplier_reference")}, ((2, 0),)),
        ("other", {"map": {"other": " A "}}, ((1, 0),)),
        ("A", {"map": {"A": "nothing"}}, ()),
        ("A", {"map": {"A": " "}}, ((1, 0),)),
        ("A", {"match": ("supplier_reference", "reference"), "id_shop": 2}, ((6, 0),)),
        ("A", {"match": ("no such field",)}, ()),
    ],
)
def test_suffixes_the_map_and_the_order_of_the_fields(
    sku: str, settings: dict[str, Any], keys: tuple[Key, ...]
) -> None:
    assert match(sku, **settings) == keys


@pytest.mark.parametrize("indexed", [False, True])
def test_a_text_that_a_column_can_not_hold_is_not_searched(*, indexed: bool) -> None:
    """Such a text would keep the database from using the column's key, or be refused."""
    with small_shop(**MATCHED) as (connection, tables):
        narrow = with_keys(tables, "reference", length=3, charset="latin1", indexed=indexed)
        matched = ProductMatcher(narrow, ProductsSettings()).match(connection, [(1, "D-1"), (1, "D-1X"), (1, "靴")])

    assert matched == {(1, "D-1"): ((5, 51),)}


@pytest.mark.parametrize("indexed", [False, True])
def test_an_old_shop_is_searched_only_where_it_can_be(*, indexed: bool) -> None:
    """`mpn` came with 1.7.7."""
    old = {name: rows for name, rows in MATCHED.items() if name != "product_supplier"}
    for name in ("product", "product_attribute"):
        old[name] = [{key: value for key, value in row.items() if key != "mpn"} for row in MATCHED[name]]

    assert match("MA", tables=old, indexed=indexed, match=("mpn", "reference")) == ()
    assert match("SA", tables=old, indexed=indexed, match=("mpn", "supplier_reference")) == ((1, 0),)


def test_two_shops_and_two_skus_are_matched_at_once() -> None:
    with small_shop(**MATCHED) as (connection, tables):
        matcher = ProductMatcher(tables, ProductsSettings())
        assert matcher.match(connection, [(1, "A"), (2, "A"), (2, "E"), (1, "D")]) == {
            (1, "A"): ((1, 0),),
            (2, "E"): ((6, 0),),
            (1, "D"): ((5, 51), (5, 52)),
        }
        assert matcher.match(connection, []) == {}
