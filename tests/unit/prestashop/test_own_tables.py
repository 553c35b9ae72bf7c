"""Our own tables in the shop, column by column, and the values that they keep."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from orderferry.errors import ShopUnavailable
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import (
    creation_statements,
    ensure_tables,
    kept_value,
    kept_values,
    locked_value,
    missing_parts,
    own_table_names,
    post_locked_value,
    store_locked,
    store_value,
    value_of,
)
from orderferry.prestashop.database.rights import Access
from orderferry.prestashop.database.statements import Statements
from orderferry.prestashop.database.tables import ShopTables
from support.small_shop import records, small_shop

NOTHING = ShopTables("ps_", {})
ACCESS = Access("here", "ferry", "shop")
# What MySQL and MariaDB make: types as they are written, in any order of the words.
KEY, NEVER_NULL = "CHARACTER SET ascii COLLATE ascii_bin NOT NULL", "NOT NULL"
EMPTY, ZERO = "NOT NULL DEFAULT ''", "NOT NULL DEFAULT '0'"
TABLES: Mapping[str, Mapping[str, str]] = {
    "ps_orderferry_order": {
        "amazon_order_id": f"VARCHAR(32) {KEY}",
        "id_order": f"INTEGER UNSIGNED {NEVER_NULL}",
        "marketplace_id": f"VARCHAR(32) {KEY}",
        "amazon_updated": f"DATETIME(3) {NEVER_NULL}",
        "channel": f"VARCHAR(16) {EMPTY}",
        "order_reference": f"VARCHAR(255) {EMPTY}",
        "module": f"VARCHAR(64) {EMPTY}",
        "digest_version": f"INTEGER UNSIGNED {ZERO}",
        "digest_state": f"VARCHAR(64) {EMPTY}",
        "digest_lines": f"VARCHAR(64) {EMPTY}",
        "digest_address": f"VARCHAR(64) {EMPTY}",
        "digest_tracking": f"VARCHAR(64) {EMPTY}",
        "digest_totals": f"VARCHAR(64) {EMPTY}",
        "last_state": f"INTEGER UNSIGNED {ZERO}",
        "last_address": f"INTEGER UNSIGNED {ZERO}",
        "last_tracking": f"VARCHAR(64) {EMPTY}",
        "last_lines": f"VARCHAR(64) {EMPTY}",
        "last_told": f"VARCHAR(64) {EMPTY}",
        "ship_by": "DATETIME(3)",
        "programs": f"VARCHAR(255) {EMPTY}",
        "tax_scheme": f"VARCHAR(32) {EMPTY}",
        "adopted": f"INTEGER UNSIGNED {ZERO}",
        "seller": f"VARCHAR(64) {EMPTY}",
        "stock_moved": "TEXT",
        "line_items": "MEDIUMTEXT",
        "deliver_by": "DATETIME(3)",
        "forgotten": "DATETIME(3)",
        "date_add": "DATETIME(3)",
        "date_upd": "DATETIME(3)",
        "PRIMARY": "KEY (amazon_order_id)",
        "KEY": "id_order (id_order)",
    },
    "ps_orderferry_state": {
        "name": f"VARCHAR(64) {KEY}",
        "value": "MEDIUMTEXT",
        "date_upd": "DATETIME(3)",
        "PRIMARY": "KEY (name)",
    },
    "ps_orderferry_event": {
        "id_event": f"BIGINT UNSIGNED {NEVER_NULL}",
        "kind": f"VARCHAR(24) {KEY}",
        "id_order": f"INTEGER UNSIGNED {ZERO}",
        "id_shop": f"INTEGER UNSIGNED {ZERO}",
        "amazon_order_id": f"VARCHAR(64) {KEY} DEFAULT ''",
        "data": f"TEXT {NEVER_NULL}",
        "created": f"DATETIME {NEVER_NULL}",
        "PRIMARY": "KEY (id_event)",
        "KEY": "id_order (id_order) created (created) KEY",
    },
    "ps_orderferry_event_consumer": {
        "consumer": f"VARCHAR(32) {KEY}",
        "id_event": f"BIGINT UNSIGNED {ZERO}",
        "taken": "DATETIME",
        "note": f"VARCHAR(255) {EMPTY}",
        "PRIMARY": "KEY (consumer)",
    },
    "ps_orderferry_event_call": {
        "id_event": f"BIGINT UNSIGNED {NEVER_NULL}",
        "hook": f"VARCHAR(96) {KEY}",
        "sequence": f"SMALLINT UNSIGNED {ZERO}",
        "module": f"VARCHAR(64) {KEY}",
        "state": f"VARCHAR(8) {KEY}",
        "attempts": f"INTEGER UNSIGNED {ZERO}",
        "message": f"VARCHAR(255) {EMPTY}",
        "started": "DATETIME",
        "ended": "DATETIME",
        "next_try": "DATETIME",
        "PRIMARY": "KEY (id_event, hook, sequence, module)",
        "KEY": "state (state, next_try)",
    },
}


def parts_of(statement: str) -> tuple[str, dict[str, str], str]:
    """Return a CREATE TABLE's table, its columns and keys with their words sorted, and its options."""
    match = re.fullmatch(r"CREATE TABLE IF NOT EXISTS (\S+) \((.*)\)(.*)", " ".join(statement.split()))
    assert match is not None
    parts: dict[str, str] = {}
    for part in re.split(r", (?![^(]*\))", match[2]):
        name, _, rest = part.strip().partition(" ")
        parts[name] = _sorted(f"{parts[name]} {name} {rest}" if name in parts else rest)
    return match[1], parts, match[3].strip()


def _sorted(words: str) -> str:
    return " ".join(sorted(words.split()))


def test_each_table_of_our_own_column_by_column() -> None:
    made = [parts_of(statement) for statement in missing_parts(NOTHING, mysql.dialect(), events=True)]

    assert {name: parts for name, parts, _ in made} == {
        name: {key: _sorted(words) for key, words in columns.items()} for name, columns in TABLES.items()
    }
    assert {_sorted(options) for *_, options in made} == {
        _sorted("ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_general_ci")
    }
    assert [name for name, *_ in made] == list(TABLES)


def test_an_embedded_shop_has_the_same_columns_without_keys_beside_the_primary_one() -> None:
    made = [parts_of(statement) for statement in missing_parts(NOTHING, sqlite.dialect(), events=True)]

    assert {name: list(parts) for name, parts, _ in made} == {
        name: [key for key in columns if key != "KEY"] for name, columns in TABLES.items()
    }
    assert made[0][1]["line_items"] == "TEXT"


def test_only_where_the_feed_is_switched_on_it_has_tables() -> None:
    assert own_table_names(events=False) == ("orderferry_order", "orderferry_state")
    assert own_table_names(events=True) == (
        "orderferry_order",
        "orderferry_state",
        "orderferry_event",
        "orderferry_event_consumer",
        "orderferry_event_call",
    )
    assert len(missing_parts(NOTHING, mysql.dialect(), events=False)) == 2


def test_a_table_of_an_older_version_gets_the_columns_that_it_lacks() -> None:
    lacking = " ".join(name for name in TABLES["ps_orderferry_order"] if name not in {"seller", "KEY", "PRIMARY"})
    with small_shop(orderferry_order=lacking, orderferry_state="name value date_upd") as (connection, tables):
        (statement,) = missing_parts(tables, connection.dialect, events=False)
        assert statement == "ALTER TABLE ps_orderferry_order ADD COLUMN seller VARCHAR(64) DEFAULT '' NOT NULL"
        extended = ensure_tables(connection, tables, ACCESS)
        assert extended.has("orderferry_order", "seller")
        assert ensure_tables(connection, extended, ACCESS) is extended


def test_tables_are_made_and_known_at_once() -> None:
    with small_shop(orders="id_order") as (connection, tables):
        made = ensure_tables(connection, tables, ACCESS, events=True)
        assert sorted(made.live) == sorted([*own_table_names(events=True), "orders"])
        assert sorted(read_tables(connection, "ps_").live) == ["orderferry_order", "orderferry_state", "orders"]


def test_a_column_that_another_importer_has_added_in_the_same_moment_is_no_error() -> None:
    with small_shop(orders="id_order") as (connection, tables):
        made = ensure_tables(connection, tables, ACCESS)
        lacking = dict(made.live["orderferry_order"].columns)
        del lacking["seller"]
        seen = {**made.live, "orderferry_order": type(made.live["orders"])("orderferry_order", "sqlite", lacking)}
        found = ensure_tables(connection, ShopTables("ps_", seen), ACCESS)
        assert found.has("orderferry_order", "seller")


def test_a_table_that_can_not_be_made_is_an_error() -> None:
    with small_shop(orders="id_order") as (connection, tables):
        connection.exec_driver_sql("CREATE INDEX ps_orderferry_state ON ps_orders (id_order)")  # the name is taken
        with pytest.raises(ShopUnavailable, match=r"while creating orderferry's own tables"):
            ensure_tables(connection, tables, ACCESS)


def test_what_an_administrator_has_to_run() -> None:
    assert creation_statements("ps_", ["CREATE TABLE a", "ALTER TABLE b"], ACCESS, events=False) == (
        "Run as an administrator of the database:\n"
        "USE `shop`;\n"
        "CREATE TABLE a;\n"
        "ALTER TABLE b;\n"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`ps_orderferry_order` TO 'ferry'@'%';\n"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`ps_orderferry_state` TO 'ferry'@'%';"
    )
    assert creation_statements("ps_", [], ACCESS, events=True).count("GRANT") == 5


def test_values_are_kept_by_name() -> None:
    rows = records("name value", ("a:1", "x"), ("a:2", None), ("b", "y"))
    with small_shop(orderferry_state=rows) as (connection, tables):
        writer = Statements(connection, tables)
        assert (kept_value(writer, "a:1"), kept_value(writer, "a:2"), kept_value(writer, "c")) == ("x", "", "")
        assert kept_values(writer, "a:") == {"a:1": "x", "a:2": ""}
        assert kept_values(writer, "") == {"a:1": "x", "a:2": "", "b": "y"}
        assert (locked_value(writer, "b"), locked_value(writer, "c")) == ("y", "")
        store_value(writer, "b", "new")
        store_value(writer, "c", "first")
        for name, value in (("b", "newer"), ("d", "first")):
            before = post_locked_value(writer, name)
            store_locked(writer, name, value, before)
        assert value_of(post_locked_value(writer, "d")) == "first"
        assert connection.execute(sa.text("SELECT name, value FROM ps_orderferry_state ORDER BY name")).all() == [
            ("a:1", "x"),
            ("a:2", None),
            ("b", "newer"),
            ("c", "first"),
            ("d", "first"),
        ]
