"""The embedded shop has PrestaShop's tables exactly, in every version, on MariaDB and on SQLite."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.prestashop.sample_shop import VERSIONS, create_shop, create_statements, load_tables
from support.shop_database import ShopDatabase

pytestmark = pytest.mark.sample(2)

ShopMaker = Callable[..., ShopDatabase]
every_version = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def live(shop_database_of: ShopMaker, version: str) -> Callable[[str], list[Mapping[str, Any]]]:
    """Reads a table of information_schema about a fresh shop of `version`."""
    shop = shop_database_of(version)
    catalog = "SELECT * FROM information_schema.{} WHERE table_schema = DATABASE()"
    return lambda name: [{key.lower(): value for key, value in row.items()} for row in shop.rows(catalog.format(name))]


@every_version
def test_mariadb_has_the_columns_of_the_data(live: Callable[..., Any], version: str) -> None:
    found = {
        (row["table_name"], row["ordinal_position"]): (
            row["column_name"],
            row["column_type"],
            row["is_nullable"] == "YES",
            unquoted(row["column_default"]),
            row["extra"] == "auto_increment",
            row["collation_name"] or "",
            row["character_set_name"] or "",
        )
        for row in live("columns")
    }
    expected = {
        (f"ps_{table.name}", position): (
            column.name,
            column.type,
            column.nullable,
            column.default,
            column.auto_increment,
            column.collation,
            column.charset,
        )
        for table in load_tables(version).values()
        for position, column in enumerate(table.columns.values(), 1)
    }
    assert found == expected


@every_version
def test_mariadb_has_the_keys_and_engines_of_the_data(live: Callable[..., Any], version: str) -> None:
    keys: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for row in sorted(live("statistics"), key=lambda row: row["seq_in_index"]):
        keys[row["table_name"], row["index_name"], not row["non_unique"]].append(row["column_name"])
    tables = load_tables(version).values()
    expected = {
        (f"ps_{table.name}", key, unique): list(columns)
        for table in tables
        for unique, group in ((True, {"PRIMARY": table.primary}), (True, table.unique), (False, table.keys))
        for key, columns in group.items()
        if columns
    }
    assert keys == expected
    engines = {row["table_name"]: (row["engine"], row["table_collation"]) for row in live("tables")}
    assert engines == {f"ps_{table.name}": (table.engine, table.collation) for table in tables}


@every_version
def test_sqlite_has_the_same_tables_columns_and_rules(version: str) -> None:
    engine = sa.create_engine("sqlite://")
    create_shop(engine, version)
    inspector = sa.inspect(engine)
    tables = load_tables(version)
    assert set(inspector.get_table_names()) - {"sqlite_sequence"} == {f"ps_{name}" for name in tables}
    for table in tables.values():
        name = f"ps_{table.name}"
        columns = {
            row["name"]: (row["nullable"], (row["default"] or "none").strip("'")) for row in inspector.get_columns(name)
        }
        assert columns == {
            column.name: (column.nullable, sqlite_default(column.default)) for column in table.columns.values()
        }
        assert tuple(inspector.get_pk_constraint(name)["constrained_columns"]) == table.primary
        unique = {tuple(found["column_names"]) for found in inspector.get_unique_constraints(name)}
        assert unique == set(table.unique.values())
        assert {tuple(found["column_names"]) for found in inspector.get_indexes(name)} >= set(table.keys.values())


def sqlite_default(default: str | None) -> str:
    """A default of the data as SQLite's catalogue says it."""
    return {None: "none", "current_timestamp()": "CURRENT_TIMESTAMP"}.get(default, default or "")


def unquoted(default: str | None) -> str | None:
    """A default as MariaDB's catalogue says it, as the data has it."""
    return None if default in {None, "NULL"} else default.strip("'")


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_the_prefix_and_reserved_words_are_quoted(dialect: str) -> None:
    group = [load_tables("8.2.1")["group"]]
    (statement, *_) = create_statements(group, dialect, "")
    assert statement.split("(")[0].split() == ["CREATE", "TABLE", {"mysql": "`group`", "sqlite": '"group"'}[dialect]]
    (statement, *_) = create_statements(group, dialect, "my-shop_")
    assert "my-shop_group" in statement.split("(")[0].strip(' "`\n').replace('"', "").replace("`", "")


def test_a_version_without_data_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"1\.5\.0.*8\.2\.1"):
        load_tables("1.5.0")


@pytest.mark.parametrize(
    ("table", "column", "first"),
    [
        ("orders", "note", "1.7.8.11"),
        ("order_payment", "id_employee", "8.1.7"),
        ("hook", "active", "1.7.8.11"),
        ("stock_available", "physical_quantity", "1.7.6.9"),
    ],
)
def test_columns_come_with_the_version_that_brought_them(table: str, column: str, first: str) -> None:
    having = [version for version in VERSIONS if column in load_tables(version)[table].columns]
    assert having == list(VERSIONS[VERSIONS.index(first) :])


def test_required_is_what_an_insert_must_give() -> None:
    required = {name for name, column in load_tables("8.2.1")["orders"].columns.items() if column.required}
    assert required == {  # prestashop-schema, "NOT NULL without default"
        *(
            "id_carrier",
            "id_lang",
            "id_customer",
            "id_cart",
            "id_currency",
            "id_address_delivery",
            "id_address_invoice",
        ),
        *("current_state", "payment", "invoice_date", "delivery_date", "date_add", "date_upd"),
    }
