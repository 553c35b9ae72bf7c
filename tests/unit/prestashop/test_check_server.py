"""What `check` says of the database server, the user's rights and the shop's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orderferry.config.model import PrestashopSettings
from orderferry.domain.check_result import CheckResult, failure, fine, warning
from orderferry.errors import ExitCode, ShopUnfit
from orderferry.prestashop.checking.tables import (
    check_collations,
    check_columns,
    check_rights,
    check_server,
    check_triggers,
    check_version,
)
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.rights import Access, needed_rights
from orderferry.prestashop.database.tables import EVENT_TABLES, OWN_TABLES, REQUIRED_TABLES, ShopTables
from orderferry.prestashop.facts import Column, ShopFacts, Table
from support.reading import opened, settings_for
from support.shop_database import ShopDatabase

SHOP = ExitCode.SHOP_UNAVAILABLE
ACCESS = Access("db.example:3306/shop", "u", "shop")
ON_A_COPY = "Try orderferry on a copy of the shop first, and look at an imported order in its back office."
NO_VERSION = warning(
    "version",
    "The shop does not say which version of PrestaShop it is.",
    "Try `orderferry import --dry-run` on a copy of the shop first.",
)


class Answers:
    """A MySQL server that answers each statement by its first words."""

    dialect = mysql.dialect()

    def __init__(self, answers: Mapping[str, Sequence[Any]]) -> None:
        self._answers = answers

    def execute(self, statement: sa.Executable, values: Mapping[str, Any]) -> Any:
        rows = self.exec_driver_sql(str(statement))
        if "Variable_name" in str(statement):
            return FoundRows(row for row in rows if row[0].lower() in values["names"])
        return rows

    def exec_driver_sql(self, statement: str) -> Any:
        rows = next((rows for words, rows in self._answers.items() if statement.strip().startswith(words)), None)
        if rows is None:
            raise sa.exc.OperationalError(statement, None, Exception("denied"))
        return FoundRows(rows)


class FoundRows(list[Any]):
    """The rows of an answer."""

    def scalars(self) -> FoundRows:
        return self

    def scalar(self) -> Any:
        return self[0]

    def mappings(self) -> FoundRows:
        return self


def connection(**answers: Sequence[Any]) -> sa.Connection:
    return cast("sa.Connection", Answers({words.replace("_", " "): rows for words, rows in answers.items()}))


def untested(version: str, where: str) -> CheckResult:
    message = f"PrestaShop {version} is untested: it lies {where} (1.6.1.24 to 9.1.4)."
    return warning("version", message, ON_A_COPY)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", NO_VERSION),
        ("9", NO_VERSION),
        ("9.1.x", NO_VERSION),
        ("x.1.0", NO_VERSION),
        ("9.1", fine("version", "PrestaShop 9.1; tested with 9.1.4, of the same branch.")),
        ("9.1.7", fine("version", "PrestaShop 9.1.7; tested with 9.1.4, of the same branch.")),
        ("8.2.0", fine("version", "PrestaShop 8.2.0; tested with 8.2.1, of the same branch.")),
        ("1.6.1.4", fine("version", "PrestaShop 1.6.1.4; tested with 1.6.1.24, of the same branch.")),
        ("1.7.8.2", fine("version", "PrestaShop 1.7.8.2; tested with 1.7.8.11, of the same branch.")),
        ("1.7.5.2", untested("1.7.5.2", "between tested versions")),
        ("9.0.2", untested("9.0.2", "between tested versions")),
        ("9.2.0", untested("9.2.0", "outside the tested versions")),
        ("1.6.0.14", untested("1.6.0.14", "outside the tested versions")),
    ],
)
def test_the_shop_s_version(version: str, expected: CheckResult) -> None:
    assert list(check_version(ShopFacts(version=version))) == [expected]


MARIADB = {
    "version": "10.11.6-MariaDB-log",
    "sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
    "time_zone": "SYSTEM",
    "system_time_zone": "CET",
    "read_only": "OFF",
    "tx_isolation": "REPEATABLE-READ",
    "binlog_format": "MIXED",
    "log_bin": "OFF",
    "auto_increment_increment": "1",
}
MYSQL = {
    "version": "8.0.36",
    "sql_mode": "NO_ENGINE_SUBSTITUTION",
    "time_zone": "+02:00",
    "system_time_zone": "CET",
    "read_only": "ON",
    "transaction_isolation": "READ-COMMITTED",
    "binlog_format": "ROW",
    "log_bin": "ON",
    "auto_increment_increment": "2",
}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            MARIADB,
            [
                fine("database", "MariaDB 10.11.6-MariaDB-log answers at 127.0.0.1:3306/shop."),
                fine(
                    "server",
                    "The server is strict, its time zone SYSTEM (CET), its isolation REPEATABLE-READ; orderferry sets "
                    "mode, zone and isolation for its own session.",
                ),
            ],
            id="MariaDB",
        ),
        pytest.param(
            MYSQL,
            [
                fine("database", "MySQL 8.0.36 answers at 127.0.0.1:3306/shop."),
                failure(
                    "server",
                    "The database server is read-only: no order could be written.",
                    "Let prestashop.url name the primary server, not a replica.",
                    SHOP,
                ),
                fine(
                    "server",
                    "The server is not strict, its time zone +02:00, its isolation READ-COMMITTED, binary log ROW, ids "
                    "in steps of 2; orderferry sets mode, zone and isolation for its own session.",
                ),
            ],
            id="a replica of MySQL",
        ),
        pytest.param(
            {"version": "5.6.1", "sql_mode": "STRICT_ALL_TABLES", "log_bin": "ON"},
            [
                fine("database", "MySQL 5.6.1 answers at 127.0.0.1:3306/shop."),
                fine(
                    "server",
                    "The server is strict, its time zone , its isolation , binary log ; orderferry sets mode, zone and "
                    "isolation for its own session.",
                ),
            ],
            id="a server that tells little",
        ),
    ],
)
def test_the_server(variables: dict[str, str], expected: list[CheckResult]) -> None:
    rows = [(name.upper(), value) for name, value in variables.items()]
    settings = settings_for("mysql+pymysql://u:p@127.0.0.1:3306/shop")

    assert list(check_server(connection(SHOW_GLOBAL_VARIABLES=rows), settings)) == expected


def test_an_sqlite_file_is_no_server(sqlite_shop: ShopDatabase) -> None:
    with opened(sqlite_shop) as shop, shop.database.reading("asking") as here:
        found = list(check_server(here, replace(settings_for(sqlite_shop.url), location="/a/shop.sqlite")))
    assert found == [fine("database", "The shop's database is the SQLite file /a/shop.sqlite.")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (settings_for("mysql+pymysql://u:p@localhost/shop"), []),
        (settings_for("mysql+pymysql://u:p@/shop?unix_socket=/run/mysqld.sock"), []),
        (
            settings_for("mysql+pymysql://u:p@db.example/shop"),
            [
                warning(
                    "tls",
                    "The database is on another host, and nothing vouches for it or for the encryption on the way.",
                    "Set prestashop.ssl_ca to the authority of its certificate, or reach it through an SSH tunnel.",
                )
            ],
        ),
        (
            replace(settings_for("mysql+pymysql://u:p@db.example/shop"), ssl_ca=Path("ca.pem")),
            [fine("tls", "The connection to the database is encrypted, and the server's certificate verified.")],
        ),
        (
            settings_for("mysql+pymysql://u:p@db.example/shop?ssl_ca=ca.pem"),
            [fine("tls", "The connection to the database is encrypted, and the server's certificate verified.")],
        ),
    ],
    ids=["this host", "a socket", "another host", "with an authority", "with an authority in the URL"],
)
def test_encryption(settings: PrestashopSettings, expected: list[CheckResult]) -> None:
    found = check_server(connection(SHOW_GLOBAL_VARIABLES=list(MARIADB.items())), settings)

    assert [result for result in found if result.name == "tls"] == expected


def tables_of(names: set[str], **columns: Column) -> ShopTables:
    """A shop with these tables, each with its definition's columns for our own ones."""
    return ShopTables("ps_", {name: Table(name, "InnoDB", columns) for name in names})


GRANT_ALL = "GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`"
LACKS_ORDERS = "The database user u@% lacks rights: ps_orders (INSERT)."
GRANT_ORDERS = "Run as an administrator of the database:\nGRANT INSERT ON `shop`.`ps_orders` TO 'u'@'%';"


def grants(*without: tuple[str, str], create: bool = True, more: Sequence[str] = ()) -> list[str]:
    """SHOW GRANTS of a user who has what is needed, but for some (table, right)."""
    lines = [*more]
    for table, rights in needed_rights(REQUIRED_TABLES | OWN_TABLES | EVENT_TABLES).items():
        kept = [right for right in rights if (table, right) not in without]
        kept += ["CREATE"] if create and table in OWN_TABLES | EVENT_TABLES else []
        lines += [f"GRANT {', '.join(kept)} ON `shop`.`ps_{table}` TO `u`@`%`"] if kept else []
    return lines


def rights(lines: Sequence[str], tables: ShopTables, *, events: bool = False) -> list[CheckResult]:
    server = connection(SHOW_GRANTS=lines, SELECT_CURRENT=["u@%"])
    return list(check_rights(server, tables, ACCESS, events=events))


ALL_RIGHTS = fine("rights", "The database user u@% may do all that is needed.")
TO_BE_MADE = fine("own-tables", "orderferry's own tables are not complete yet; the first run creates them.")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([GRANT_ALL], ALL_RIGHTS, id="all"),
        pytest.param(grants(), ALL_RIGHTS, id="no more than is needed"),
        pytest.param(
            grants(("orders", "INSERT")), failure("rights", LACKS_ORDERS, GRANT_ORDERS, SHOP), id="one is missing"
        ),
        pytest.param(
            grants(("orders", "INSERT"), more=["GRANT `shopkeeper`@`%` TO `u`@`%`"]),
            warning("rights", f"{LACKS_ORDERS} Its roles may hold them, which can't be seen.", GRANT_ORDERS),
            id="one is missing, but there are roles",
        ),
        pytest.param(
            grants(("product", "INSERT"), ("tax", "INSERT")),
            warning(
                "rights",
                "The database user u@% lacks rights: ps_product (INSERT), ps_tax (INSERT). Without them fees and gift "
                "wrapping can't be lines of the order.",
                "Run as an administrator of the database:\nGRANT INSERT ON `shop`.`ps_product` TO 'u'@'%';\n"
                "GRANT INSERT ON `shop`.`ps_tax` TO 'u'@'%';",
            ),
            id="those for hidden products",
        ),
        pytest.param(
            grants(("product", "INSERT"), ("orders", "INSERT")),
            failure(
                "rights",
                "The database user u@% lacks rights: ps_orders (INSERT), ps_product (INSERT).",
                f"{GRANT_ORDERS}\nGRANT INSERT ON `shop`.`ps_product` TO 'u'@'%';",
                SHOP,
            ),
            id="those for hidden products and one more",
        ),
        pytest.param(grants(("orderferry_event", "DELETE")), ALL_RIGHTS, id="one for the feed, which is switched off"),
    ],
)
def test_what_the_user_may_do(lines: list[str], expected: CheckResult) -> None:
    assert rights(lines, tables_of(set(REQUIRED_TABLES))) == [expected, TO_BE_MADE]


def test_the_feed_s_tables_need_rights_too() -> None:
    (first, _) = rights(grants(("orderferry_event", "DELETE")), tables_of(set(REQUIRED_TABLES)), events=True)

    assert first == failure(
        "rights",
        "The database user u@% lacks rights: ps_orderferry_event (DELETE).",
        "Run as an administrator of the database:\nGRANT DELETE ON `shop`.`ps_orderferry_event` TO 'u'@'%';",
        SHOP,
    )


def test_a_user_who_may_not_make_our_tables_gets_the_statements() -> None:
    tables = tables_of(set(REQUIRED_TABLES))
    (first, own) = rights(grants(create=False), tables)

    assert first == ALL_RIGHTS
    assert own.message == "orderferry's own tables are not complete, and the database user may not create them."
    assert (own.name, own.result, own.exit_code) == ("own-tables", "failure", SHOP)
    assert own.hint.startswith(
        "Run as an administrator of the database:\nUSE `shop`;\nCREATE TABLE IF NOT EXISTS ps_orderferry_order ("
    )
    assert own.hint.count("CREATE TABLE") == 2
    (_, with_roles) = rights(grants(create=False, more=["GRANT `shopkeeper`@`%` TO `u`@`%`"]), tables)
    assert (with_roles.result, with_roles.exit_code) == ("warning", ExitCode.NEEDS_A_PERSON)
    assert with_roles.hint == own.hint
    (_, with_feed) = rights(grants(create=False), tables, events=True)
    assert with_feed.hint.count("CREATE TABLE") == 5


def test_a_table_of_ours_that_lacks_a_column_needs_another_right() -> None:
    """A table that is there is altered: the right to create it helps nobody."""
    tables = tables_of({*REQUIRED_TABLES, *OWN_TABLES}, name=Column("name", "varchar", False, False))

    (_, own) = rights(grants(), tables)

    assert own.result == "failure"
    assert "ALTER TABLE ps_orderferry_order ADD COLUMN amazon_order_id" in own.hint
    assert rights([GRANT_ALL], tables) == [ALL_RIGHTS, TO_BE_MADE]


def test_our_tables_are_named_when_they_are_there(sqlite_shop: ShopDatabase) -> None:
    with opened(sqlite_shop) as shop, shop.database.reading("asking") as here:
        found = list(check_rights(here, shop.tables, ACCESS))
        with_feed = list(check_rights(here, shop.tables, ACCESS, events=True))
    assert found == [
        fine("rights", "SQLite has no users: whoever may write the file may write the tables."),
        fine("own-tables", "orderferry's own tables are there: ps_orderferry_order, ps_orderferry_state."),
    ]
    assert with_feed[1] == TO_BE_MADE


def trigger(name: str, table: str, definer: str) -> dict[str, str]:
    return {"name": name, "on_table": table, "event": "INSERT", "timing": "AFTER", "definer": definer}


TRIGGERS = [trigger("count_orders", "ps_orders", "root@localhost"), trigger("old", "ps_cart", "gone@%")]
THEY_RUN = fine(
    "triggers",
    "Triggers of other programs run when an order is written: count_orders (AFTER INSERT on ps_orders), old (AFTER "
    "INSERT on ps_cart).",
)


def test_triggers_are_named_and_those_of_a_user_that_is_gone_are_a_failure() -> None:
    found = {"SELECT_trigger": TRIGGERS}
    users = [("root", "localhost"), ("u", "%")]

    assert list(check_triggers(connection(SELECT_trigger=[]), "ps_")) == []
    assert list(check_triggers(connection(**found), "ps_")) == [THEY_RUN]  # mysql.user may not be read
    assert list(check_triggers(connection(**found, SELECT_user=users), "ps_")) == [
        THEY_RUN,
        failure(
            "triggers",
            "Triggers belong to a database user that is gone, so the database refuses every order: old (AFTER INSERT "
            "on ps_cart) by gone@%.",
            "Make the user again, or the trigger anew with a user that exists (SHOW CREATE TRIGGER `old`).",
            SHOP,
        ),
    ]
    assert list(check_triggers(connection(**found, SELECT_user=[*users, ("gone", "%")]), "ps_")) == [THEY_RUN]


@pytest.fixture
def here(sqlite_shop: ShopDatabase) -> Iterator[tuple[sa.Connection, ShopTables]]:
    """A connection to a seeded shop, and its tables."""
    database = Database(settings_for(sqlite_shop.url))
    with database.reading("asking") as connected:
        yield connected, read_tables(connected, "ps_")
    database.close()


def test_triggers_of_an_sqlite_shop_have_no_author(sqlite_shop: ShopDatabase) -> None:
    sqlite_shop.execute("CREATE TRIGGER ps_count AFTER INSERT ON ps_orders BEGIN SELECT 1; END")
    sqlite_shop.execute("CREATE TRIGGER ps_other AFTER INSERT ON ps_product BEGIN SELECT 1; END")

    with opened(sqlite_shop) as shop, shop.database.reading("asking") as here:
        assert list(check_triggers(here, "ps_")) == [
            fine("triggers", "Triggers of other programs run when an order is written: ps_count (on ps_orders).")
        ]


def with_column(tables: ShopTables, table: str, name: str, **more: Any) -> ShopTables:
    """The tables, with one column of one of them replaced or added."""
    live = tables.live[table]
    column = replace(live.columns.get(name, Column(name, "int", False, False)), **more)
    changed = Table(live.name, live.engine, {**live.columns, name: column})
    return ShopTables(tables.prefix, {**tables.live, table: changed})


def test_columns_of_modules(here: tuple[sa.Connection, ShopTables]) -> None:
    tables = here[1]
    assert list(check_columns(tables)) == []
    more = with_column(with_column(tables, "orders", "erp_code", neutral=0), "cart", "erp_note", neutral="")
    assert list(check_columns(more)) == [
        fine(
            "columns",
            "Columns without a default that are not PrestaShop's get 0, '' or a zero date: ps_cart.erp_note, "
            "ps_orders.erp_code.",
        )
    ]
    computed = with_column(tables, "orders", "reference", generated=True)
    assert list(check_columns(computed)) == [
        warning(
            "columns",
            "The database computes columns that orders have values for: ps_orders.reference. They are left out.",
            "Ask whoever made them so (a module's author) whether Amazon orders come out right.",
        )
    ]
    with pytest.raises(ShopUnfit, match=r"orders\.erp_code"):
        list(check_columns(with_column(tables, "orders", "erp_code")))


def test_texts_of_several_collations_are_told(here: tuple[sa.Connection, ShopTables]) -> None:
    connected, tables = here
    assert list(check_collations(connected, tables)) == []
    one = with_column(tables, "customer", "email", collation="utf8mb4_unicode_ci")
    assert list(check_collations(connected, one)) == []  # no other is known
    two = with_column(one, "orders", "reference", collation="utf8mb3_general_ci")
    assert list(check_collations(connected, two)) == [
        fine(
            "collations",
            "Texts of the shop have several collations (utf8mb3_general_ci, utf8mb4_unicode_ci in ps_orders.reference, "
            "ps_order_payment.order_reference, ps_customer.email); orderferry compares them under one.",
        )
    ]


def test_the_joins_that_runs_make_are_tried(sqlite_shop: ShopDatabase) -> None:
    """On MySQL a join is refused when the collations can't be compared: each one that runs make has to be sent."""
    sent: list[str] = []
    with opened(sqlite_shop) as shop, shop.database.reading("asking") as connected:
        sa.event.listen(connected, "before_cursor_execute", lambda _c, _cursor, text, *_rest: sent.append(text))
        assert list(check_collations(connected, shop.tables)) == []
    joins = [" ".join(text.split()).partition("FROM ")[2].partition(" LIMIT")[0] for text in sent if "JOIN" in text]
    assert joins == [
        "ps_orders JOIN ps_order_payment ON ps_orders.reference = ps_order_payment.order_reference",
        "ps_order_payment JOIN ps_orders ON ps_order_payment.order_reference = ps_orders.reference",
        "ps_order_payment JOIN ps_orderferry_order ON ps_order_payment.transaction_id = "
        "ps_orderferry_order.amazon_order_id",
    ]
