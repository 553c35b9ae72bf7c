"""The sample shop: all rows of the default one, and what a seed changes. Made without a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest
import sqlalchemy as sa

from orderferry.prestashop.sample_shop import (
    DEFAULT_SKUS,
    MULTISHOP,
    VERSIONS,
    CombinationSeed,
    ProductSeed,
    ShopSeed,
    create_shop,
    create_statements,
    plain_products,
)
from orderferry.prestashop.sample_shop.catalog_rows import catalog_rows
from orderferry.prestashop.sample_shop.schema import Row, TableRows, _table, insert_rows, load_tables
from orderferry.prestashop.sample_shop.shop_rows import setting_rows, shop_rows
from orderferry.prestashop.sample_shop.trade_rows import (
    carrier_rows,
    currency_rows,
    order_state_rows,
    place_rows,
    tax_rows,
)

DEFAULT_SHOP = Path(__file__).parents[2] / "data" / "sample_shop" / "default.tsv"


def text_of(groups: Iterable[TableRows]) -> Iterator[str]:
    """Each table's name, its columns and its rows, as lines with tabs."""
    for name, rows in groups:
        yield f"[{name}]"
        yield "\t".join(rows[0])
        for row in rows:
            yield "\t".join("NULL" if value is None else str(value) for value in row.values())


def tables_of(groups: Iterable[TableRows]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, rows in groups:
        found.setdefault(name, []).extend(rows)
    return found


def columns(rows: Iterable[Row], *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_the_rows_of_the_default_shop() -> None:
    """They are those of a fresh Italian PrestaShop, with twenty products. The file holds each row of each table."""
    seed = ShopSeed()
    groups = chain(
        setting_rows(seed, "8.2.1"),
        shop_rows(seed),
        place_rows(seed),
        currency_rows(seed),
        tax_rows(seed),
        carrier_rows(seed),
        order_state_rows(seed),
        catalog_rows(seed),
    )
    assert list(text_of(groups)) == DEFAULT_SHOP.read_text("utf-8").splitlines()


def test_the_whole_shop_is_in_the_database() -> None:
    """Each line of the file is a row, and nothing else is there; dates of creation are the seed's, in local time."""
    engine = sa.create_engine("sqlite://")
    create_shop(engine, prefix="my_")
    expected: dict[str, int] = {}
    lines = DEFAULT_SHOP.read_text("utf-8").splitlines()
    for line in lines:
        if line.startswith("["):
            name = line.strip("[]")
            expected[name] = expected.get(name, 0) - 1
        else:
            expected[name] += 1
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        found = {
            name.removeprefix("my_"): connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one()
            for name in inspector.get_table_names()
            if name != "sqlite_sequence"
        }
        (added,) = connection.exec_driver_sql("SELECT DISTINCT date_add FROM my_product").scalars()
        version = connection.exec_driver_sql("SELECT value FROM my_configuration WHERE name = 'PS_VERSION_DB'").scalar()
    known = {name: count for name, count in expected.items() if name in load_tables("8.2.1")}
    assert {name: count for name, count in found.items() if count} == known
    assert set(found) == set(load_tables("8.2.1"))
    assert (added, version) == ("2026-01-02 09:00:00", "8.2.1")


@pytest.mark.parametrize(
    ("version", "settings"),
    [
        ("1.6.1.24", {"PS_PRICE_DISPLAY_PRECISION": "2", "PS_ADVANCED_STOCK_MANAGEMENT": "0"}),
        ("1.7.6.9", {"PS_PRICE_DISPLAY_PRECISION": "2", "PS_ADVANCED_STOCK_MANAGEMENT": "0"}),
        ("1.7.7.8", {"PS_ADVANCED_STOCK_MANAGEMENT": "0"}),
        ("8.0.5", {"PS_ADVANCED_STOCK_MANAGEMENT": "0"}),
        ("8.1.7", {"PS_ADVANCED_STOCK_MANAGEMENT": "0", "PS_ENABLE_BACKORDER_STATUS": "0"}),
        ("9.1.4", {"PS_ENABLE_BACKORDER_STATUS": "0"}),
    ],
)
def test_settings_come_and_go_with_releases(version: str, settings: dict[str, str]) -> None:
    ((_, rows),) = setting_rows(ShopSeed(), version)
    varying = {"PS_PRICE_DISPLAY_PRECISION", "PS_ADVANCED_STOCK_MANAGEMENT", "PS_ENABLE_BACKORDER_STATUS"}
    assert {row["name"]: row["value"] for row in rows if row["name"] in varying} == settings
    assert {row["value"] for row in rows if row["name"] in {"PS_VERSION_DB", "PS_INSTALL_VERSION"}} == {version}


def test_a_seed_overrides_adds_and_drops_settings() -> None:
    two_shops = ShopSeed(shops=MULTISHOP.shops[:2], groups=MULTISHOP.groups)
    seed = replace(two_shops, time_zone="Europe/Berlin", configuration={"PS_INVOICE": None, "PS_TAX": "0", "X": "1"})
    ((_, rows),) = setting_rows(seed, "8.2.1")
    values = {row["name"]: row["value"] for row in rows}
    assert "PS_INVOICE" not in values
    assert [values[name] for name in ("PS_TAX", "X", "PS_TIMEZONE", "PS_MULTISHOP_FEATURE_ACTIVE")] == [
        "0",
        "1",
        "Europe/Berlin",
        "1",
    ]
    assert [row["id_configuration"] for row in rows] == list(range(1, len(rows) + 1))


def test_several_shops() -> None:
    rows = tables_of(shop_rows(MULTISHOP))
    assert columns(rows["shop_group"], "id_shop_group", "name", "share_customer", "share_order", "share_stock") == [
        (1, "Default", 0, 0, 0),
        (2, "Shared", 1, 1, 1),
    ]
    assert columns(rows["shop"], "id_shop", "id_shop_group", "name") == [
        (1, 1, "Bottega di prova"),
        (2, 2, "Second shop"),
        (3, 2, "Third shop"),
    ]
    assert columns(rows["shop_url"], "id_shop", "domain", "domain_ssl") == [
        (1, "shop.example", "shop.example"),
        (2, "second.example", "second.example"),
        (3, "third.example", "third.example"),
    ]
    assert columns(rows["lang_shop"], "id_lang", "id_shop") == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)]
    catalog = tables_of(catalog_rows(MULTISHOP))
    mug = [row for row in catalog["stock_available"] if row["id_product"] == 1]
    assert columns(mug, "id_stock_available", "id_shop", "id_shop_group") == [(1, 1, 0), (2, 0, 2)]
    assert columns(catalog["product_lang"][:6], "id_shop", "id_lang", "name") == [
        (1, 1, "Tazza blu"),
        (1, 2, "Blue mug"),
        (2, 1, "Tazza blu"),
        (2, 2, "Blue mug"),
        (3, 1, "Tazza blu"),
        (3, 2, "Blue mug"),
    ]


def test_languages_have_their_names_or_their_codes() -> None:
    rows = tables_of(shop_rows(ShopSeed(languages=("de", "fr", "es", "pl"))))
    assert columns(rows["lang"], "id_lang", "name", "iso_code", "language_code", "locale") == [
        (1, "Deutsch (German)", "de", "de-de", "de-DE"),
        (2, "Français (French)", "fr", "fr-fr", "fr-FR"),
        (3, "Español (Spanish)", "es", "es-es", "es-ES"),
        (4, "PL", "pl", "pl-pl", "pl-PL"),
    ]


def test_with_the_italian_localisation_each_group_taxes_the_whole_union_as_italy() -> None:
    rows = tables_of(tax_rows(ShopSeed(italian_localisation=True)))
    rates = {row["id_tax"]: row["rate"] for row in rows["tax"]}
    found = {(row["id_tax_rules_group"], rates[row["id_tax"]]) for row in rows["tax_rule"]}
    assert found == {(1, "22"), (2, "10"), (3, "4")}
    assert rows["tax_rule"][0]["id_country"] == 10  # Italy
    assert len(rows["tax_rule"]) == 3 * 28  # with Monaco


COATS = ProductSeed(
    "COAT",
    "Coat",
    Decimal("100.00"),
    tax_group=2,
    weight=Decimal("1.5"),
    quantity=999,
    combinations=(
        CombinationSeed("COAT-S", "Size: S, Color: Red", 3, "1", "2", "3", "SUP-S"),
        CombinationSeed("COAT-M", "Size:M", 4),
    ),
    ean13="4",
    upc="5",
    isbn="6",
    mpn="7",
    supplier_reference="SUP",
    pack_stock_type=2,
    active=False,
    names={"en": "A coat"},
)


def test_a_product_with_combinations() -> None:
    rows = tables_of(catalog_rows(ShopSeed(products=(COATS,), languages=("en",))))
    shared = {
        "id_product": 1,
        "id_category_default": 2,
        "id_tax_rules_group": 2,
        "price": "100.00",
        "wholesale_price": "50.00",
        "active": 0,
        "cache_default_attribute": 1,
        "pack_stock_type": 2,
    }
    assert rows["product"] == [
        {
            **shared,
            "id_supplier": 1,
            "reference": "COAT",
            "supplier_reference": "SUP",
            "ean13": "4",
            "upc": "5",
            "isbn": "6",
            "mpn": "7",
            "weight": "1.5",
            "cache_is_pack": 0,
            "is_virtual": 0,
            "product_type": "combinations",
        }
    ]
    assert rows["product_shop"] == [{**shared, "id_shop": 1}]
    assert rows["product_lang"] == [
        {"id_product": 1, "id_shop": 1, "id_lang": 1, "name": "A coat", "link_rewrite": "coat"}
    ]
    small = {"id_product_attribute": 1, "id_product": 1, "default_on": 1}
    medium = {"id_product_attribute": 2, "id_product": 1, "default_on": None}
    empty = {"supplier_reference": "", "ean13": "", "upc": "", "mpn": ""}
    assert rows["product_attribute"] == [
        {
            **small,
            "reference": "COAT-S",
            "supplier_reference": "SUP-S",
            "ean13": "1",
            "upc": "2",
            "mpn": "3",
            "quantity": 3,
        },
        {**medium, "reference": "COAT-M", **empty, "quantity": 4},
    ]
    assert rows["product_attribute_shop"] == [{**small, "id_shop": 1}, {**medium, "id_shop": 1}]
    assert columns(rows["attribute"], "id_attribute", "id_attribute_group", "position") == [
        (1, 1, 0),
        (2, 2, 1),
        (3, 1, 2),
    ]
    assert columns(rows["attribute_lang"], "id_attribute", "name") == [(1, "S"), (2, "Red"), (3, "M")]
    assert columns(rows["attribute_group"], "id_attribute_group", "is_color_group") == [(1, 0), (2, 1)]
    assert columns(rows["product_attribute_combination"], "id_attribute", "id_product_attribute") == [
        (1, 1),
        (2, 1),
        (3, 2),
    ]
    assert columns(rows["product_supplier"], "id_product", "id_product_attribute", "product_supplier_reference") == [
        (1, 0, "SUP"),
        (1, 1, "SUP-S"),
    ]
    assert columns(rows["stock_available"], "id_product_attribute", "quantity", "physical_quantity") == [
        (0, 7, 7),
        (1, 3, 3),
        (2, 4, 4),
    ]


def test_packs_and_virtual_products() -> None:
    products = (
        ProductSeed("SONG", "Song", Decimal(1), virtual=True),
        ProductSeed("PAIR", "Pair", Decimal(2), pack=(("SONG", 2),), quantity=5),
    )
    rows = tables_of(catalog_rows(ShopSeed(products=products)))
    assert columns(rows["product"], "product_type", "is_virtual", "cache_is_pack", "weight", "active") == [
        ("virtual", 1, 0, "0.300", 1),
        ("pack", 0, 1, "0.300", 1),
    ]
    assert rows["pack"] == [{"id_product_pack": 2, "id_product_item": 1, "quantity": 2}]
    assert columns(rows["stock_available"], "id_product", "quantity") == [(1, 100), (2, 5)]
    assert "product_supplier" not in rows


def test_products_come_in_batches_of_2000_and_are_numbered_on() -> None:
    products = tuple(ProductSeed(f"P{number}", "P", Decimal(1)) for number in range(2001))
    batches = [rows for name, rows in catalog_rows(ShopSeed(products=products)) if name == "product"]
    assert [len(batch) for batch in batches] == [2000, 1]
    assert columns(batches[1], "id_product", "reference") == [(2001, "P2000")]


FACTS = {
    "engine": "InnoDB",
    "collation": "utf8mb4_general_ci",
    "columns": [
        ["id", "int(10) unsigned", "A"],
        ["shop", "tinyint(1)", ""],
        ["name", "varchar(64)", "", None, "utf8mb4_bin"],
        ["code", "char(2)", "N"],
        ["text", "text", ""],
        ["words", "mediumtext", "N"],
        ["essay", "longtext", "N", None, "latin1_swedish_ci"],
        ["price", "decimal(20,6) unsigned", "", "0.000000"],
        ["sum", "decimal(10,2)", ""],
        ["kind", "enum('select','radio button')", ""],
        ["small", "smallint(5)", ""],
        ["medium", "mediumint(8) unsigned", ""],
        ["big", "bigint(20)", ""],
        ["whole", "int(11)", ""],
        ["day", "date", ""],
        ["added", "datetime", ""],
        ["stamped", "timestamp", ""],
        ["touched", "timestamp", "", "current_timestamp()"],
    ],
    "primary": ["id"],
    "unique": {"name": ["name", "shop"]},
    "keys": {"price": ["price"], "day": ["day", "added"]},
}
THINGS = _table("things", FACTS)


def lines_of(statement: str) -> list[str]:
    return [line for line in map(str.strip, statement.splitlines()) if line]


def test_a_table_on_mysql_is_prestashops_own() -> None:
    (statement,) = create_statements([THINGS], "mysql", "ps_")
    assert lines_of(statement) == [
        "CREATE TABLE ps_things (",
        "id INTEGER(10) UNSIGNED NOT NULL AUTO_INCREMENT,",
        "shop TINYINT(1) NOT NULL,",
        "name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,",
        "code CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,",
        "text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,",
        "words MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,",
        "essay LONGTEXT CHARACTER SET latin1 COLLATE latin1_swedish_ci,",
        "price DECIMAL(20, 6) UNSIGNED NOT NULL DEFAULT '0.000000',",
        "sum DECIMAL(10, 2) NOT NULL,",
        "kind ENUM('select','radio button') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,",
        "small SMALLINT(5) NOT NULL,",
        "medium MEDIUMINT(8) UNSIGNED NOT NULL,",
        "big BIGINT(20) NOT NULL,",
        "whole INTEGER(11) NOT NULL,",
        "day DATE NOT NULL,",
        "added DATETIME NOT NULL,",
        "stamped TIMESTAMP NOT NULL,",
        "touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,",
        "PRIMARY KEY (id),",
        "CONSTRAINT name UNIQUE (name, shop),",
        "KEY price (price),",
        "KEY day (day, added)",
        ")ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_general_ci",
    ]


def test_a_table_on_sqlite_has_the_same_names_and_rules() -> None:
    create, *indexes = create_statements([THINGS], "sqlite", "ps_")
    assert lines_of(create) == [
        "CREATE TABLE ps_things (",
        "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,",
        "shop INTEGER NOT NULL,",
        "name VARCHAR(64) NOT NULL,",
        'code VARCHAR(2) COLLATE "NOCASE",',
        'text TEXT COLLATE "NOCASE" NOT NULL,',
        'words TEXT COLLATE "NOCASE",',
        'essay TEXT COLLATE "NOCASE",',
        "price DECIMAL(20, 6) DEFAULT '0.000000' NOT NULL,",
        "sum DECIMAL(10, 2) NOT NULL,",
        'kind VARCHAR(12) COLLATE "NOCASE" NOT NULL,',
        "small INTEGER NOT NULL,",
        "medium INTEGER NOT NULL,",
        "big INTEGER NOT NULL,",
        "whole INTEGER NOT NULL,",
        "day DATE NOT NULL,",
        "added DATETIME NOT NULL,",
        "stamped TIMESTAMP NOT NULL,",
        "touched TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,",
        "CONSTRAINT ps_things_name UNIQUE (name, shop)",
        ")",
    ]
    assert indexes == [
        "CREATE INDEX ps_things_day ON ps_things (day, added)",
        "CREATE INDEX ps_things_price ON ps_things (price)",
    ]


def test_there_are_the_tables_of_each_version() -> None:
    assert VERSIONS == ("1.6.1.24", "1.7.6.9", "1.7.7.8", "1.7.8.11", "8.0.5", "8.1.7", "8.2.1", "9.1.4")
    assert {version: "order_detail" in load_tables(version) for version in VERSIONS} == dict.fromkeys(VERSIONS, True)


def test_a_type_that_the_data_should_not_have_is_refused() -> None:
    odd = _table("odd", FACTS | {"columns": [["id", "int(10) unsigned zerofill", "A"]]})
    with pytest.raises(ValueError, match="id: a type that the schema data should not have: int"):
        create_statements([odd], "mysql", "")


def test_rows_are_cut_to_the_columns_of_a_version_and_filled_where_it_demands_a_value() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql(create_statements([THINGS], "sqlite", "ps_")[0])
        groups: list[TableRows] = [
            ("no_such_table", [{"a": 1}]),
            ("things", []),
            ("things", [{"id": 7, "name": "a", "no_such_column": 1}, {"id": 8, "name": "b", "no_such_column": 2}]),
        ]
        insert_rows(connection, {"things": THINGS}, "ps_", groups, "2026-07-01 14:00:00")
        first, second = connection.exec_driver_sql("SELECT * FROM ps_things").mappings()
    assert (second["id"], second["name"]) == (8, "b")
    assert {name: value for name, value in first.items() if value is not None and name != "touched"} == {
        "id": 7,
        "shop": 0,
        "name": "a",
        "text": "",
        "price": 0,
        "sum": 0,
        "kind": "select",
        "small": 0,
        "medium": 0,
        "big": 0,
        "whole": 0,
        "day": "2026-07-01",
        "added": "2026-07-01 14:00:00",
        "stamped": "2026-07-01 14:00:00",
    }


def test_what_a_marketplace_sells_are_the_combinations_instead_of_their_products() -> None:
    assert DEFAULT_SKUS[:4] == ("MUG-BLUE", "MUG-RED", "TSHIRT-S-WHITE", "TSHIRT-S-BLACK")
    assert len(DEFAULT_SKUS) == 26
    assert "TSHIRT" not in DEFAULT_SKUS


def test_plain_products() -> None:
    assert plain_products(["A", "B"], quantity=3)[1] == ProductSeed("B", "Product B", Decimal("10.00"), quantity=3)
    assert plain_products(["A"])[0].quantity == 100
