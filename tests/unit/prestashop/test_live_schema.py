"""The shop's tables as the database describes them, and the shops that are refused for what their tables are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from orderferry.errors import ShopUnfit
from orderferry.prestashop.database import live_schema
from orderferry.prestashop.database.live_schema import Trigger, read_tables, read_triggers, refuse_unfit
from orderferry.prestashop.database.rights import Access
from orderferry.prestashop.database.tables import REQUIRED_TABLES, WRITTEN_TABLES, ShopTables
from orderferry.prestashop.facts import Column, Table

ACCESS = Access("10.0.0.7:3306/shop", "ferry", "shop")


class Server:
    """A MySQL server that answers with these rows, one list after the other."""

    dialect = SimpleNamespace(name="mysql")

    def __init__(self, *answers: list[Mapping[str, Any]]) -> None:
        self.asked: list[Any] = []
        self._answers = list(answers)

    def execute(self, _statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        self.asked.append(dict(values or {}))
        rows = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return SimpleNamespace(mappings=lambda: rows, scalars=lambda: [row["name"] for row in rows])


def engine_of(name: str, engine: str = "InnoDB") -> dict[str, Any]:
    return {**described(name, None), "engine": engine}


def described(table: str, column: str | None, data_type: str = "int", **more: Any) -> dict[str, Any]:
    """Return a row of information_schema for a column that must have a value; `more` replaces what it says."""
    return {
        "name": table,
        "engine": None,
        "column_name": column,
        "data_type": data_type,
        "nullable": "NO",
        "default_value": None,
        "extra": "",
        "length": None,
        "scale": None,
        "charset": None,
        "column_type": data_type,
        "column_key": "",
        "collated": None,
        **more,
    }


def column(row: Mapping[str, Any]) -> Column:
    connection: Any = Server([engine_of("ps_orders"), row])
    return read_tables(connection, "ps_", ["orders"]).live["orders"].columns["x"]


PLAIN = Column("x", "int", nullable=False, has_default=False, neutral=0, definition="int")


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({}, PLAIN),
        ({"nullable": "YES"}, replace(PLAIN, nullable=True, has_default=True)),
        ({"default_value": "0"}, replace(PLAIN, has_default=True)),
        ({"default_value": ""}, replace(PLAIN, has_default=True)),
        (
            {"extra": "AUTO_INCREMENT", "column_key": "PRI", "column_type": "int(10) unsigned"},
            replace(
                PLAIN,
                has_default=True,
                auto_increment=True,
                indexed=True,
                primary=True,
                definition="int(10) unsigned",
            ),
        ),
        ({"column_key": "MUL"}, replace(PLAIN, indexed=True)),
        ({"extra": "STORED GENERATED"}, replace(PLAIN, has_default=True, generated=True)),
        ({"extra": "virtual generated"}, replace(PLAIN, has_default=True, generated=True)),
        ({"extra": "PERSISTENT"}, replace(PLAIN, has_default=True, generated=True)),
        ({"extra": "DEFAULT_GENERATED", "default_value": "now()"}, replace(PLAIN, has_default=True)),
        (
            {
                "data_type": b"VARCHAR",
                "length": 64,
                "charset": "UTF8MB4",
                "collated": "utf8mb4_General_ci",
                "column_type": "varchar(64)",
            },
            replace(
                PLAIN,
                data_type="varchar",
                length=64,
                charset="utf8mb4",
                collation="utf8mb4_general_ci",
                neutral="",
                definition="varchar(64)",
            ),
        ),
        (
            {"data_type": "decimal", "scale": 6, "column_type": "decimal(20,6)"},
            replace(PLAIN, data_type="decimal", scale=6, definition="decimal(20,6)"),
        ),
    ],
)
def test_a_column_as_mysql_describes_it(row: dict[str, Any], found: Column) -> None:
    assert column(described("ps_orders", "x", **row)) == found


@pytest.mark.parametrize(
    ("types", "neutral"),
    [
        ("tinyint smallint mediumint int bigint decimal float double year", 0),
        ("char varchar tinytext text mediumtext longtext set", ""),
        ("binary varbinary tinyblob blob mediumblob longblob", ""),
        ("date", "0000-00-00"),
        ("datetime timestamp", "0000-00-00 00:00:00"),
        ("time", "00:00:00"),
        ("json geometry point", None),
    ],
)
def test_what_mysql_makes_of_a_missing_value(types: str, neutral: str | int | None) -> None:
    found = {name: column(described("ps_orders", "x", name)).neutral for name in types.split()}

    assert found == dict.fromkeys(types.split(), neutral)


@pytest.mark.parametrize(
    ("definition", "neutral"),
    [("enum('a','b')", "a"), ("ENUM('it''s','b')", "it's"), ("enum('')", ""), ("enum", None)],
)
def test_a_missing_value_of_an_enumeration_is_its_first(definition: str, neutral: str | None) -> None:
    assert column(described("ps_orders", "x", "enum", column_type=definition)).neutral == neutral


def test_a_table_goes_by_its_name_without_prefix_whatever_case_the_server_tells_it_in() -> None:
    rows = [
        engine_of("ps_orders"),
        described("PS_ORDERS", "x"),
        engine_of("ps_cart", "MyISAM"),
        described("ps_cart", "y"),
    ]
    server: Any = Server(rows)
    found = read_tables(server, "ps_", ["orders", "cart", "gone"])

    assert (found.prefix, sorted(found.live), found.live["cart"].engine) == ("ps_", ["cart", "orders"], "MyISAM")
    assert list(found.live["orders"].columns) == ["x"]
    assert found.live["orders"].engine == "InnoDB"
    assert server.asked == [{"names": ["ps_cart", "ps_gone", "ps_orders"]}]


@pytest.mark.parametrize(("missing", "reads"), [(0, 1), (1, 2), (3, 4), (4, 4)])
def test_a_table_that_is_being_made_is_read_again_three_times(
    missing: int, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(live_schema.time, "sleep", slept.append)
    half, whole = [described("ps_orders", "x")], [engine_of("ps_orders"), described("ps_orders", "x")]
    server: Any = Server(*[half] * missing, whole)
    found = read_tables(server, "ps_", ["orders"])

    assert len(server.asked) == reads
    assert slept == [0.1, 0.3, 0.6][: reads - 1]
    assert found.live["orders"].engine == ("" if missing == 4 else "InnoDB")


def test_a_column_of_an_embedded_shop() -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE ps_things (id INTEGER PRIMARY KEY, name VARCHAR(64) NOT NULL, note TEXT, "
            "price DECIMAL(20,6) NOT NULL DEFAULT 0, code CHAR(3), second INT NOT NULL, flag TINYINT(1) NOT NULL, "
            "plain, made DATETIME NOT NULL)"
        )
        connection.exec_driver_sql("CREATE INDEX two ON ps_things (code, second)")
        connection.exec_driver_sql("CREATE TABLE ps_pairs (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b))")
        found = read_tables(connection, "ps_", ["things", "pairs"]).live
    engine.dispose()

    def live(name: str, kind: str, definition: str, **more: Any) -> Column:
        return Column(name, kind, **{"nullable": True, "has_default": True, "definition": definition, **more})

    must: dict[str, Any] = {"nullable": False, "has_default": False}
    assert list(found["things"].columns.values()) == [
        live("id", "int", "INTEGER", nullable=False, auto_increment=True, indexed=True, primary=True, neutral=0),
        live("name", "varchar", "VARCHAR(64)", **must, length=64, charset="utf8mb4", neutral=""),
        live("note", "text", "TEXT", charset="utf8mb4", neutral=""),
        live("price", "decimal", "DECIMAL(20,6)", nullable=False, scale=6, neutral=0),
        live("code", "char", "CHAR(3)", length=3, charset="utf8mb4", indexed=True, neutral=""),
        live("second", "int", "INT", **must, neutral=0),
        live("flag", "tinyint", "TINYINT(1)", **must, neutral=0),
        live("plain", "text", "", charset="utf8mb4", neutral=""),
        live("made", "datetime", "DATETIME", **must, neutral="0000-00-00 00:00:00"),
    ]
    assert found["pairs"].columns["b"] == live("b", "int", "INT", **must, primary=True, neutral=0)
    assert {table.engine for table in found.values()} == {"sqlite"}


def test_triggers_as_they_are_told() -> None:
    rows = [
        {"name": b"log", "on_table": "ps_orders", "event": "INSERT", "timing": "AFTER", "definer": "a@b"},
        {"name": "other", "on_table": "ps_cart", "event": "", "timing": "", "definer": ""},
    ]
    server: Any = Server(rows)
    found = read_triggers(server, ["ps_orders", "ps_cart"])

    assert found == [Trigger("log", "ps_orders", "INSERT", "AFTER", "a@b"), Trigger("other", "ps_cart")]
    assert [str(one) for one in found] == ["log (AFTER INSERT on ps_orders)", "other (on ps_cart)"]
    assert server.asked == [{"names": ["ps_cart", "ps_orders"]}]


def test_triggers_of_an_embedded_shop() -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE ps_orders (id)")
        connection.exec_driver_sql("CREATE TRIGGER log AFTER INSERT ON ps_orders BEGIN SELECT 1; END")
        assert read_triggers(connection, ["ps_orders"]) == [Trigger("log", "ps_orders")]
        assert read_triggers(connection, ["ps_cart"]) == []
    engine.dispose()


def shop(names: Iterable[str], prefix: str = "ps_", **engines: str) -> ShopTables:
    return ShopTables(prefix, {name: Table(name, engines.get(name, "InnoDB"), {}) for name in names})


def refusal(tables: ShopTables, *there: str) -> ShopUnfit:
    connection: Any = Server([{"name": name} for name in there])
    with pytest.raises(ShopUnfit) as caught:
        refuse_unfit(connection, tables, ACCESS)
    return caught.value


def test_a_shop_that_has_all_tables_is_taken() -> None:
    connection: Any = Server([])
    for engine in ("InnoDB", "innodb", "sqlite"):
        names = REQUIRED_TABLES | WRITTEN_TABLES
        refuse_unfit(connection, shop(names, **dict.fromkeys(names, engine)), ACCESS)
    refuse_unfit(connection, shop(REQUIRED_TABLES, configuration="MyISAM"), ACCESS)  # it is only read


@pytest.mark.parametrize("missing", ["orders", "configuration"])
def test_a_database_without_a_shop_of_this_prefix_names_those_that_are_there(missing: str) -> None:
    error = refusal(
        shop(REQUIRED_TABLES - {missing}), "b_orders", "b_configuration", "a_orders", "a_configuration", "c_orders", "x"
    )

    assert error.message == "No tables of a shop begin with 'ps_' in the database at 10.0.0.7:3306/shop."
    assert error.hint == "Prefixes of shops that are there: 'a_', 'b_'. Set prestashop.table_prefix to one of them."
    assert error.keys == ("prestashop.table_prefix",)


def test_a_database_without_any_shop_is_another_database() -> None:
    error = refusal(shop([]), "c_orders")

    assert error.hint == "Check prestashop.database and the user's rights; the shop's own parameters.php names both."
    assert error.keys == ("prestashop.database", "prestashop.table_prefix")


def test_tables_that_are_missing_are_named_with_the_rights_that_would_show_them() -> None:
    error = refusal(shop(REQUIRED_TABLES - {"tax", "cart"}))

    assert error.message == (
        "The shop at 10.0.0.7:3306/shop lacks tables that orders need, or its user may not see them: ps_cart, ps_tax."
    )
    assert error.hint == (
        "Finish the shop's upgrade, or give the user its rights: "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO 'ferry'@'%';"
    )


def test_tables_that_know_no_transactions_are_named() -> None:
    error = refusal(shop(REQUIRED_TABLES, orders="MyISAM", cart="Aria", tax="MyISAM"))

    assert error.message == (
        "Tables of the shop know no transactions, so an order could be left half-written: "
        "ps_cart (Aria), ps_orders (MyISAM)."
    )
    assert error.hint == "Convert each of them: ALTER TABLE `ps_cart` ENGINE=InnoDB; (after a backup)."
