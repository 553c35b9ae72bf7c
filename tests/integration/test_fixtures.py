"""The fixtures keep their promises: each test a pristine shop, no way out of this machine, variables set back."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from support.mariadb import DURABLE, MariadbServer, find
from support.shop_database import ShopDatabase
from support.shop_databases import ShopDatabases, state_of, structure_of

CHANGES = {
    "a row more": "INSERT INTO {p}zone (name) VALUES ('Atlantis')",
    "a row less": "DELETE FROM {p}hook_alias",
    "a row changed": "UPDATE {p}stock_available SET quantity = quantity - 1 WHERE id_product = 1",
    "an id used up": "INSERT INTO {p}address (id_country, date_add, date_upd) VALUES (1, '2026-01-01', '2026-01-01')",
    "a table more": "CREATE TABLE {p}orderferry_order (id INT)",
    "a table less": "DROP TABLE {p}orders",
    "a column less": "ALTER TABLE {p}orders DROP COLUMN note",
    "an index less": "ALTER TABLE {p}orders DROP INDEX reference",
    "an engine changed": "ALTER TABLE {p}order_detail ENGINE = MyISAM",
    "a trigger": "CREATE TRIGGER {p}t BEFORE INSERT ON {p}orders FOR EACH ROW SET NEW.valid = 1",
}


@pytest.mark.sample(3)
@pytest.mark.parametrize("change", CHANGES)
def test_a_shop_given_back_is_pristine_again(
    shop_databases: ShopDatabases, shop_database_of: Callable[..., ShopDatabase], change: str
) -> None:
    before = look_at(shop_databases, shop_database_of())
    used = shop_databases.create()
    used.execute(CHANGES[change])
    if change == "an id used up":
        used.execute("DELETE FROM {p}address")
    assert look_at(shop_databases, used) != before
    holding = used.engine().connect()
    holding.exec_driver_sql("DELETE FROM ps_lang")  # a transaction that a failed test left open
    shop_databases.give_back(used)
    assert look_at(shop_databases, shop_database_of()) == before
    holding.invalidate()


def look_at(shop_databases: ShopDatabases, shop: ShopDatabase) -> tuple[object, object]:
    """The whole of a shop's database, to compare."""
    name = str(sa.make_url(shop.url).database)
    with shop_databases.server.engine().connect() as connection:
        return structure_of(connection, name), state_of(connection, name)


def test_the_server_is_as_strict_as_mysql(shop_database: ShopDatabase) -> None:
    statement = sa.text(
        "INSERT INTO ps_order_invoice (id_order, number, delivery_number, date_add, delivery_date, "
        "shipping_tax_computation_method) VALUES (1, 1, 0, '2026-01-01', '0000-00-00', 0)"
    )
    with shop_database.engine().connect() as connection, pytest.raises(sa.exc.OperationalError, match="Incorrect"):
        connection.execute(statement)


def test_variables_hold_for_new_connections_and_are_set_back(
    mariadb_server: MariadbServer, shop_database: ShopDatabase
) -> None:
    shop_database.execute("CREATE TABLE {p}t (id INT AUTO_INCREMENT PRIMARY KEY, a INT)")
    with mariadb_server.variables(auto_increment_increment=3):
        shop_database.close()  # what follows is a new connection
        shop_database.insert("t", {"a": 1}, {"a": 2}, {"a": 3})
    shop_database.close()
    assert [row["id"] for row in shop_database.rows("SELECT id FROM {p}t")] == [1, 4, 7]
    assert shop_database.value("SELECT @@auto_increment_increment AS n") == 1


def test_a_killed_server_keeps_what_was_committed(mariadb_with: Callable[..., MariadbServer]) -> None:
    server = mariadb_with(**DURABLE, wait_timeout="61")
    engine = server.engine("mysql")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT @@innodb_flush_log_at_trx_commit, @@wait_timeout").one() == (1, 61)
        connection.exec_driver_sql("CREATE TABLE kept (id INT) ENGINE=InnoDB")
        connection.exec_driver_sql("INSERT INTO kept VALUES (7)")
    server.stop(kill=True)
    server.start()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id FROM kept").scalar_one() == 7


def test_a_missing_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="apt-get install mariadb-server"):
        find("no-such-program")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "sellingpartnerapi-eu.amazon.com"])
def test_nothing_leaves_this_machine(host: str) -> None:
    with pytest.raises((AssertionError, OSError), match="a test tried to"):
        socket.create_connection((host, 443), timeout=1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe, pytest.raises((AssertionError, OSError), match="a test tried to"):
        probe.connect_ex((host, 443))


def test_the_environment_is_neutral() -> None:
    assert os.environ["TZ"] == "UTC"
    assert not [name for name in os.environ if name.startswith(("SP_API_", "ORDERFERRY_", "AWS_"))]
