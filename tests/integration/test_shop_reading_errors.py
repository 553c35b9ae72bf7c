"""What goes wrong between us and the database, over real sockets: the class, the sentence and the hint."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.connection import open_engine
from orderferry.prestashop.database.database import ShopDatabase as Database
from orderferry.prestashop.database.database_errors import (
    ConnectionLost,
    DuplicateKey,
    RightsMissing,
    RowRefused,
    TransientTrouble,
)
from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.own_tables import ensure_tables
from support.certificates import Authority
from support.mariadb import MariadbServer, free_port
from support.reading import settings_for
from support.shop_database import ShopDatabase

PASSWORD = "s3cr3t-of-the-shop"


@contextmanager
def user(server: MariadbServer, shop: ShopDatabase, name: str, *rights: str) -> Iterator[sa.URL]:
    """A database user with these rights only; yields the URL for it."""
    url = sa.make_url(shop.url)
    account = f"'{name}'@'127.0.0.1'"
    with server.engine().connect() as connection:
        connection.exec_driver_sql(f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'")
        for right in rights:
            connection.exec_driver_sql(f"GRANT {right} TO {account}")
        try:
            yield url.set(username=name, password=PASSWORD)
        finally:
            connection.exec_driver_sql(f"DROP USER {account}")


def failure(url: str | sa.URL, timeout: float = 30) -> ShopError:
    database = Database(settings_for(url, timeout=timeout), sleep=lambda _: None)
    with pytest.raises(ShopError) as caught, database.reading("reading the shop's settings") as connection:
        read_tables(connection, "ps_")
    database.close()
    assert PASSWORD not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
    return caught.value


def test_a_refused_port_is_unavailable() -> None:
    error = failure(sa.URL.create("mysql+pymysql", "u", PASSWORD, "127.0.0.1", free_port(), "shop"))
    assert isinstance(error, ShopUnavailable)
    assert "refuses connections" in error.message
    assert "prestashop.port" in error.hint


def test_an_unknown_host_is_named_as_such() -> None:
    error = failure(sa.URL.create("mysql+pymysql", "u", PASSWORD, "no.such.host.invalid", 3306, "shop"))
    assert isinstance(error, ShopUnavailable)
    assert "can't be resolved" in error.message


def test_a_server_that_says_nothing_ends_in_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        error = failure(sa.URL.create("mysql+pymysql", "u", PASSWORD, "127.0.0.1", port, "shop"), timeout=1)
    assert isinstance(error, ShopUnavailable)


def test_a_missing_socket(tmp_path: Path) -> None:
    url = sa.URL.create("mysql+pymysql", "u", PASSWORD, "", None, "shop", {"unix_socket": str(tmp_path / "none")})
    error = failure(url)
    assert isinstance(error, ShopUnavailable)
    assert "no database socket" in error.message


def test_a_wrong_password(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    with user(mariadb_server, shop_database, "wrong", "USAGE ON *.*") as url:
        error = failure(url.set(password="not it"))
    assert isinstance(error, ShopUnfit)
    assert "'wrong'" in error.message
    assert "not it" not in error.message + error.hint


def test_an_unknown_database(mariadb_server: MariadbServer) -> None:
    error = failure(mariadb_server.url("no_such_database"))
    assert isinstance(error, ShopUnfit)
    assert "'no_such_database'" in error.message


def test_an_address_that_is_none() -> None:
    with pytest.raises(ShopUnfit, match=r"prestashop\.url"):
        open_engine(replace(settings_for("sqlite:///x"), url=type(settings_for("sqlite:///x").url)("nonsense")))
    with pytest.raises(ShopUnfit, match=r"prestashop\.url"):
        open_engine(settings_for("postgresql://u:p@h/d"))


def test_a_missing_sqlite_file_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    assert "no shop at" in failure(f"sqlite:///{path}").message
    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    path.write_bytes(b"<html>" * 400)
    assert isinstance(failure(f"sqlite:///{path}"), ShopUnfit)


def _over_tls(server: MariadbServer, authority: Authority | None = None, host: str = "127.0.0.1") -> str:
    ca = authority.ca if authority else None
    database = Database(replace(settings_for(server.url("information_schema").set(host=host)), ssl_ca=ca))
    with database.reading("reading") as connection:
        cipher = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()[1]
    database.close()
    return str(cipher)


def test_tls_is_verified_with_the_host_s_name(
    mariadb_with: Callable[..., MariadbServer], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path_factory.mktemp("other"))
    certificate, key = authority.certificate("127.0.0.1")
    server = mariadb_with(ssl_ca=str(authority.ca), ssl_cert=str(certificate), ssl_key=str(key))
    assert _over_tls(server, authority)
    with pytest.raises(ShopUnfit, match="can't be trusted"):
        _over_tls(server, other)
    elsewhere, its_key = authority.certificate("db.example")
    server = mariadb_with(ssl_ca=str(authority.ca), ssl_cert=str(elsewhere), ssl_key=str(its_key))
    with pytest.raises(ShopUnfit, match="can't be trusted"):
        _over_tls(server, authority)


def test_a_server_without_tls_is_refused_when_it_is_demanded(mariadb_server: MariadbServer, tmp_path: Path) -> None:
    with pytest.raises(ShopUnfit, match=r"TLS|encrypted"):
        _over_tls(mariadb_server, Authority(tmp_path))


@pytest.mark.skipif(pymysql.VERSION < (1, 2), reason="PyMySQL offers TLS by itself since 1.2")
def test_tls_that_a_server_offers_is_taken(mariadb_with: Callable[..., MariadbServer], tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.certificate("db.example")
    server = mariadb_with(ssl_ca=str(authority.ca), ssl_cert=str(certificate), ssl_key=str(key))
    assert _over_tls(server, host="127.1")  # not recognised as this machine, as any other server's name
    assert not _over_tls(server)


def test_an_authority_that_can_t_be_read(shop_database: ShopDatabase, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    for path in (broken, tmp_path / "none.pem"):
        with pytest.raises(ShopUnfit, match="ssl_ca"):
            open_engine(replace(settings_for(shop_database.url), ssl_ca=path))


def test_a_missing_right_names_the_grant(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    name = sa.make_url(shop_database.url).database
    with user(mariadb_server, shop_database, "reader", f"SELECT ON {name}.*") as url:
        database = Database(settings_for(url))
        with pytest.raises(RightsMissing) as caught, database.writing("writing the order") as connection:
            connection.execute(sa.text("UPDATE ps_orders SET module = 'x'"))
    assert f"GRANT UPDATE ON `{name}`.`ps_orders` TO 'reader'@'127.0.0.1';" in caught.value.hint
    assert "writing the order" in caught.value.message


def test_a_user_of_another_database(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    with user(mariadb_server, shop_database, "stranger") as url:
        error = failure(url)
    assert isinstance(error, RightsMissing)
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON" in error.hint


def test_who_may_not_create_tables_gets_the_statements(
    mariadb_server: MariadbServer, shop_database: ShopDatabase
) -> None:
    name = sa.make_url(shop_database.url).database
    with user(mariadb_server, shop_database, "modest", f"SELECT, INSERT, UPDATE, DELETE ON {name}.*") as url:
        database = Database(settings_for(url))
        with pytest.raises(ShopUnfit) as caught, database.reading("preparing") as connection:
            ensure_tables(connection, read_tables(connection, "ps_"), database.access)
        database.close()
        # the hint's statements are all that somebody has to run
        statements = [text.strip() for text in caught.value.hint.partition(":\n")[2].split(";") if text.strip()]
        with mariadb_server.engine().begin() as administrator:
            for statement in statements:
                administrator.exec_driver_sql(statement.replace("'%'", "'127.0.0.1'").replace("%", "%%"))
        with database.reading("preparing") as connection:
            tables = ensure_tables(connection, read_tables(connection, "ps_"), database.access)
        database.close()
    assert {"orderferry_order", "orderferry_state"} <= tables.live.keys()


def attempt(shop: ShopDatabase, statement: str, **parameters: Any) -> ShopError:
    database = Database(settings_for(shop.url))
    with pytest.raises(ShopError) as caught, database.writing("writing an order") as connection:
        connection.execute(sa.text(statement), parameters)
    database.close()
    return caught.value


@pytest.fixture(params=["mariadb", "sqlite"])
def shop(request: pytest.FixtureRequest) -> ShopDatabase:
    found: ShopDatabase = request.getfixturevalue("shop_database" if request.param == "mariadb" else "sqlite_shop")
    return found


def test_errors_of_rows_have_their_classes(shop: ShopDatabase) -> None:
    state = "INSERT INTO ps_order_state (id_order_state, unremovable) VALUES (:id, :unremovable)"
    assert isinstance(attempt(shop, state, id=2, unremovable=1), DuplicateKey)
    refused = attempt(shop, state, id=99, unremovable=None)
    assert isinstance(refused, RowRefused)
    assert refused.column.endswith("unremovable")
    missing = attempt(shop, "SELECT 1 FROM ps_no_such_table")
    assert isinstance(missing, ShopUnfit)
    assert "ps_no_such_table" in missing.message
    assert isinstance(attempt(shop, "UPDATE ps_orders SET no_such_column = 1"), ShopUnfit)


def test_no_value_of_a_row_is_ever_told(shop_database: ShopDatabase) -> None:
    long = "Very Private Name " * 30
    statement = "INSERT INTO ps_tax_lang (id_tax, id_lang, name) VALUES (77, 1, :name)"
    error = attempt(shop_database, statement, name=long)
    assert isinstance(error, RowRefused)
    assert error.column == "name"
    assert "Private" not in error.message + error.hint
    assert error.__suppress_context__


def test_a_killed_connection_is_lost_and_the_next_use_opens_another(shop_database: ShopDatabase) -> None:
    database = Database(settings_for(shop_database.url))
    with database.reading("reading") as connection:
        number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
    shop_database.execute(f"KILL {number}")
    with pytest.raises(ConnectionLost), database.reading("reading") as connection:
        connection.exec_driver_sql("SELECT 1")
    with database.reading("reading") as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    database.close()


def test_a_row_that_others_hold_ends_in_transient_trouble(shop_database: ShopDatabase) -> None:
    database = Database(settings_for(shop_database.url, timeout=2))
    with shop_database.engine().begin() as other:
        other.exec_driver_sql("SELECT * FROM ps_order_state WHERE id_order_state = 2 FOR UPDATE")
        with pytest.raises(TransientTrouble), database.writing("writing an order") as connection:
            connection.exec_driver_sql("UPDATE ps_order_state SET color = 'x' WHERE id_order_state = 2")
    database.close()


def test_a_global_read_lock_ends_in_transient_trouble(
    mariadb_server: MariadbServer, shop_database: ShopDatabase
) -> None:
    database = Database(settings_for(shop_database.url, timeout=2))
    with mariadb_server.engine().connect() as backup:
        backup.exec_driver_sql("FLUSH TABLES WITH READ LOCK")
        with pytest.raises(TransientTrouble), database.writing("writing an order") as connection:
            connection.exec_driver_sql("UPDATE ps_order_state SET color = 'x' WHERE id_order_state = 2")
    database.close()


def test_a_locked_sqlite_shop_is_transient(sqlite_shop: ShopDatabase) -> None:
    database = Database(settings_for(sqlite_shop.url))

    @sa.event.listens_for(database.engine, "connect")
    def _impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=1")

    holder = sqlite_shop.engine().connect()
    holder.exec_driver_sql("BEGIN IMMEDIATE")
    with pytest.raises(TransientTrouble), database.writing("writing an order") as connection:
        connection.exec_driver_sql("UPDATE ps_order_state SET color = 'x'")
    holder.close()
    database.close()


def test_full_houses_are_tried_again_a_little(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    name = sa.make_url(shop_database.url).database
    waited: list[float] = []
    with user(mariadb_server, shop_database, "crowded", f"SELECT ON {name}.*") as url:
        with mariadb_server.engine().connect() as root:
            root.exec_driver_sql("ALTER USER 'crowded'@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
        first = Database(settings_for(url))
        with first.reading("reading"):
            second = Database(settings_for(url), sleep=waited.append)
            with pytest.raises(ShopUnavailable, match="no connection left"), second.reading("reading"):
                pass
        assert waited == [0.5, 2.0]
        first.release()
        third = Database(settings_for(url))  # which really waits: the server may count the connection a little longer
        with third.reading("reading") as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        third.close()


def test_the_session_is_ours(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    with mariadb_server.variables(tx_isolation="SERIALIZABLE"):
        database = Database(settings_for(shop_database.url))
        with database.reading("reading") as connection:
            names = (
                "sql_mode, time_zone, tx_isolation, lock_wait_timeout, innodb_lock_wait_timeout, character_set_client"
            )
            row = connection.exec_driver_sql("SELECT @@" + names.replace(", ", ", @@")).one()
        database.close()
    assert "NO_ZERO_DATE" not in row[0]
    assert "STRICT_TRANS_TABLES" in row[0]
    assert tuple(row[1:]) == ("+00:00", "READ-COMMITTED", 20, 20, "utf8mb4")


def test_a_server_that_logs_statements_gets_a_level_it_can_write_at(
    mariadb_with: Callable[..., MariadbServer],
) -> None:
    server = mariadb_with(log_bin="binlog", binlog_format="STATEMENT", server_id="1")
    with server.engine().begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE logged")
        connection.exec_driver_sql("CREATE TABLE logged.t (a INT) ENGINE=InnoDB")
    database = Database(settings_for(server.url("logged")))
    with database.writing("writing") as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        assert connection.exec_driver_sql("SELECT @@tx_isolation").scalar_one() == "REPEATABLE-READ"
    database.close()


def test_what_is_not_committed_is_rolled_back(shop: ShopDatabase) -> None:
    database = Database(settings_for(shop.url))
    change = sa.text("UPDATE ps_order_state SET color = 'changed' WHERE id_order_state = 2")

    def interrupted() -> None:
        with database.writing("writing an order") as connection:
            connection.execute(change)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with database.reading("reading") as connection:
        connection.execute(change)
    color = "SELECT color FROM {p}order_state WHERE id_order_state = 2"
    assert shop.value(color) != "changed"
    with database.writing("writing an order") as connection:
        connection.execute(change)
    assert shop.value(color) == "changed"
    database.close()


def test_releasing_leaves_no_connection_behind(mariadb_server: MariadbServer, shop_database: ShopDatabase) -> None:
    name = sa.make_url(shop_database.url).database
    count = sa.text("SELECT COUNT(*) FROM information_schema.processlist WHERE db = :name")
    database = Database(settings_for(shop_database.url))
    with database.reading("reading"), mariadb_server.engine().connect() as watcher:
        assert watcher.execute(count, {"name": name}).scalar_one() >= 1
    database.release()
    own = sa.text("SELECT COUNT(*) FROM information_schema.processlist WHERE db = :name AND command <> 'Killed'")
    with mariadb_server.engine().connect() as watcher:
        for _ in range(100):
            left = watcher.execute(own, {"name": name}).scalar_one()
            if not left:
                break
    assert left == 0
