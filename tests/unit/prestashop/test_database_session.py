"""The session of a connection, transactions that are tried again, and what a wrong address is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from orderferry.config.model import PrestashopSettings, Secret
from orderferry.errors import ShopError, ShopUnavailable, ShopUnfit
from orderferry.prestashop.database import database as module
from orderferry.prestashop.database.connection import (
    WRITES,
    access_of,
    open_engine,
    prepare_session,
)
from orderferry.prestashop.database.database import ShopDatabase, retry, retry_order
from orderferry.prestashop.database.database_errors import ConnectionLost, DuplicateKey, RowRefused, TransientTrouble
from orderferry.prestashop.database.rights import Access

MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"


class Session:
    """A new connection to a server with these settings; it keeps what it is sent."""

    def __init__(self, **answers: str) -> None:
        self.sent: list[Any] = []
        self._answers = answers

    def cursor(self) -> Session:
        return self

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, text: str, values: tuple[Any, ...] = ()) -> None:
        self.sent.append((text, values) if values else text)

    def fetchone(self) -> tuple[str, str] | None:
        asked = next((name for name in self._answers if f"'{name}'" in self.sent[-1]), None)
        return (asked, self._answers[asked]) if asked else None


SETTINGS = (
    "SET SESSION sql_mode = %s, time_zone = '+00:00', innodb_lock_wait_timeout = %s, lock_wait_timeout = %s,"
    " wait_timeout = %s"
)


@pytest.mark.parametrize(("seconds", "waits"), [(30, 20), (29, 19), (3, 2), (1, 1), (600, 20)])
def test_a_lock_is_waited_for_less_long_than_an_answer(seconds: int, waits: int) -> None:
    session = Session()

    assert prepare_session(session, seconds, demand_tls=False) is True
    assert session.sent == [
        (SETTINGS, (MODE, waits, waits, 600)),
        "SHOW VARIABLES LIKE 'log_bin'",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ]


@pytest.mark.parametrize(
    ("log_bin", "binlog_format", "reads_committed"),
    [
        ("ON", "STATEMENT", False),
        ("on", "statement", False),
        ("ON", "ROW", True),
        ("ON", "MIXED", True),
        ("OFF", "STATEMENT", True),
    ],
)
def test_a_server_that_logs_statements_gets_the_other_isolation_level(
    log_bin: str, binlog_format: str, *, reads_committed: bool
) -> None:
    session = Session(log_bin=log_bin, binlog_format=binlog_format)

    assert prepare_session(session, 30, demand_tls=False) is reads_committed
    level = "READ COMMITTED" if reads_committed else "REPEATABLE READ"
    assert session.sent[-1] == f"SET SESSION TRANSACTION ISOLATION LEVEL {level}"


@pytest.mark.parametrize(("cipher", "refused"), [("TLS_AES_256", False), ("", True)])
def test_a_connection_without_the_tls_that_is_demanded_is_refused(cipher: str, *, refused: bool) -> None:
    session = Session(Ssl_cipher=cipher)
    if not refused:
        assert prepare_session(session, 30, demand_tls=True)
        return
    with pytest.raises(ShopUnfit, match=r"is not encrypted although prestashop\.ssl_ca is set"):
        prepare_session(session, 30, demand_tls=True)
    assert session.sent == ["SHOW SESSION STATUS LIKE 'Ssl_cipher'"]


def settings(url: str, **more: Any) -> PrestashopSettings:
    return PrestashopSettings(Secret(url), "here", timeout=timedelta(seconds=30), **more)


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/d", "nonsense", "mysql+pymysql://u:secret@h:x/d"])
def test_an_address_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ShopUnfit) as caught:
        open_engine(settings(url))
    assert caught.value.message == "prestashop.url is no address of a MySQL, MariaDB or SQLite database."
    assert "secret" not in caught.value.hint


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:////no/such/shop.sqlite", "There is no shop at /no/such/shop.sqlite."),
        ("sqlite://", "There is no shop at an SQLite address without a file."),
        ("mysql://u@/d?unix_socket=/no/such.sock", "There is no database socket /no/such.sock."),
    ],
)
def test_a_file_or_a_socket_that_is_not_there_is_named(url: str, message: str) -> None:
    with pytest.raises(ShopUnavailable) as caught:
        open_engine(settings(url))
    assert caught.value.message == message


def test_files_for_tls_that_can_not_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    for path in (tmp_path / "none.pem", tmp_path / "ca.pem"):
        with pytest.raises(ShopUnfit, match=r"^prestashop\.ssl_ca, ssl_cert or ssl_key can't be read, or holds no"):
            open_engine(settings("mysql://u@h/d", ssl_ca=path))


@pytest.mark.parametrize("name", ["mysql", "mariadb", "mysql+pymysql"])
def test_how_the_server_is_asked_for_a_connection(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def connect(**given: Any) -> None:
        asked.update(given)
        raise pymysql.err.OperationalError(2003, "no")

    monkeypatch.setattr(pymysql, "connect", connect)
    engine = open_engine(settings(f"{name}://ferry:s%40cret@10.0.0.7:3307/shop"))
    with pytest.raises(sa.exc.OperationalError):
        engine.connect()

    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS | pymysql.constants.CLIENT.FOUND_ROWS
    expected = {
        "host": "10.0.0.7",
        "port": 3307,
        "user": "ferry",
        "password": "s@cret",
        "database": "shop",
        "charset": "utf8mb4",
        "connect_timeout": 30,
        "read_timeout": 30,
        "write_timeout": 30,
        "sql_mode": MODE,
        "client_flag": flags,
    }
    assert {key: asked.get(key) for key in expected} == expected
    assert (engine.dialect.name, engine.dialect.paramstyle, engine.hide_parameters) == ("mysql", "format", True)


def test_a_timeout_is_at_least_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def connect(**given: Any) -> None:
        asked.update(given)
        raise pymysql.err.OperationalError(2003, "no")

    monkeypatch.setattr(pymysql, "connect", connect)
    short = PrestashopSettings(Secret("mysql://u@h/d"), "here", timeout=timedelta(seconds=0.4))
    with pytest.raises(sa.exc.OperationalError):
        open_engine(short).connect()
    assert asked["read_timeout"] == 1


def test_what_messages_may_say_of_a_database() -> None:
    found = access_of(settings("mysql://ferry:secret@h/shop", password_from=Path("/shop/parameters.php")))

    assert found == Access("here", "ferry", "shop", "/shop/parameters.php")
    assert access_of(settings("mysql://h")) == Access("here")


@pytest.fixture
def shop(tmp_path: Path) -> ShopDatabase:
    path = tmp_path / "shop.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE words (word TEXT UNIQUE)")
    engine.dispose()
    return ShopDatabase(settings(f"sqlite:///{path}"))


def words(shop: ShopDatabase) -> list[str]:
    with shop.reading("reading") as connection:
        return list(connection.exec_driver_sql("SELECT word FROM words ORDER BY word").scalars())


def test_what_is_written_is_kept_at_the_end_and_not_after_an_error(shop: ShopDatabase) -> None:
    with shop.writing("writing") as connection:
        connection.exec_driver_sql("INSERT INTO words VALUES ('kept')")
        assert connection.get_execution_options()[WRITES] is True
    with pytest.raises(ZeroDivisionError), shop.writing("writing") as connection:
        _insert_and_fail(connection)
    with shop.reading("reading") as connection:
        connection.exec_driver_sql("INSERT INTO words VALUES ('by a look-up')")
        assert connection.get_execution_options()[WRITES] is False
    assert words(shop) == ["kept"]
    shop.close()


def _insert_and_fail(connection: sa.Connection) -> None:
    connection.exec_driver_sql("INSERT INTO words VALUES ('lost')")
    raise ZeroDivisionError


def test_an_error_says_what_was_done(shop: ShopDatabase) -> None:
    with pytest.raises(ShopUnfit, match="needed while counting words") as caught, shop.reading("counting words") as one:
        one.exec_driver_sql("SELECT x FROM none")
    assert not isinstance(caught.value, RowRefused)
    for _ in range(2):
        with pytest.raises(ShopError) as refused, shop.writing("writing words", rows=True) as one:
            one.exec_driver_sql("INSERT INTO words VALUES ('a'), ('a')")
        assert isinstance(refused.value, DuplicateKey)
    shop.close()


def test_one_connection_is_used_until_it_is_released(shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    sa.event.listen(shop.engine, "connect", lambda *_: opened.append("connect"))
    words(shop)
    words(shop)
    assert len(opened) == 1
    shop.release()
    words(shop)
    assert len(opened) == 2
    shop.close()
    words(shop)
    assert len(opened) == 3
    shop.close()
    ShopDatabase(settings("sqlite:////no/such")).close()  # nothing was opened


@pytest.mark.parametrize(("idle", "pings"), [(20.0, 0), (20.5, 1)])
def test_a_connection_that_was_idle_is_tried_before_it_is_trusted(
    shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch, idle: float, pings: int
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    words(shop)
    sent: list[str] = []
    sa.event.listen(shop.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    now[0] += idle
    words(shop)
    assert sent.count("SELECT 1") == pings
    shop.close()


def test_a_connection_that_has_died_while_idle_is_opened_anew(
    shop: ShopDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    words(shop)
    connection: Any = shop._connection
    connection.connection.driver_connection.close()
    now[0] += 21
    assert words(shop) == []
    shop.close()


def test_a_server_without_a_free_connection_is_asked_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    tries = 0

    def connect(**_: Any) -> None:
        nonlocal tries
        tries += 1
        raise pymysql.err.OperationalError(1040, "Too many connections")

    monkeypatch.setattr(pymysql, "connect", connect)
    shop = ShopDatabase(settings("mysql://u@h/d"), sleep=slept.append)
    with pytest.raises(ShopUnavailable, match="no connection left for this user while connecting"):
        words(shop)
    assert (tries, slept) == (3, [0.5, 2.0])


def test_any_other_error_of_a_connection_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def connect(**_: Any) -> None:
        raise pymysql.err.OperationalError(1045, "Access denied")

    monkeypatch.setattr(pymysql, "connect", connect)
    shop = ShopDatabase(settings("mysql://u@h/d"), sleep=slept.append)
    with pytest.raises(ShopUnfit, match="refuses the user 'u' or its password"):
        words(shop)
    assert slept == []


TRANSIENT, LOST = TransientTrouble("deadlock"), ConnectionLost("gone")
OF_MARKER = DuplicateKey("taken", table="ps_orderferry_order")
OF_NOBODY = DuplicateKey("taken")
SHARED = DuplicateKey("taken", table="ps_product_sale")


def attempts(*outcomes: Any) -> Callable[[], Any]:
    """Return a transaction with these outcomes, one after the other."""
    left = list(outcomes)

    def attempt() -> Any:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt


@pytest.mark.parametrize(
    ("outcomes", "written", "result", "slept"),
    [
        (["done"], None, ("done", False), []),
        ([TRANSIENT, "done"], None, ("done", False), [0.1]),
        ([TRANSIENT] * 3 + ["done"], None, ("done", False), [0.1, 0.5, 2.0]),
        ([LOST, "done"], None, ("done", True), [0.1]),
        ([LOST, TRANSIENT, "done"], None, ("done", True), [0.1, 0.5]),
        ([OF_MARKER], "theirs", ("theirs", False), []),
        ([OF_NOBODY], "theirs", ("theirs", False), []),
        ([LOST, OF_MARKER], "ours", ("ours", True), [0.1]),
        ([SHARED, "done"], "theirs", ("done", False), [0.1]),
        ([OF_MARKER, "done"], None, ("done", False), [0.1]),
        ([OF_MARKER, OF_MARKER, "done"], None, ("done", False), [0.1, 0.5]),
    ],
)
def test_a_transaction_that_may_be_tried_again(
    outcomes: list[Any], written: str | None, result: tuple[str, bool], slept: list[float]
) -> None:
    pauses: list[float] = []

    assert retry_order(attempts(*outcomes), lambda: written, pauses.append) == result
    assert pauses == slept


@pytest.mark.parametrize(
    ("outcomes", "pauses"),
    [
        ([TRANSIENT] * 4, 3),
        ([LOST] * 4, 3),
        ([OF_MARKER] * 4, 3),
        ([SHARED] * 2, 1),  # the next attempt has seen the row
        ([RowRefused("no")], 0),
        ([ShopUnavailable("no")], 0),
    ],
)
def test_a_transaction_that_may_not_be_tried_again_raises_the_last_error(
    outcomes: list[Exception], pauses: int
) -> None:
    slept: list[float] = []
    with pytest.raises(type(outcomes[0])) as caught:
        retry_order(attempts(*outcomes), lambda: None, slept.append)
    assert caught.value is outcomes[-1]
    assert len(slept) == pauses


def test_any_other_transaction_is_tried_again_in_the_same_way() -> None:
    slept: list[float] = []

    assert retry(attempts(TRANSIENT, OF_MARKER, "done"), slept.append) == "done"
    assert slept == [0.1, 0.5]


def test_an_embedded_shop_locks_at_once_when_it_is_going_to_write(shop: ShopDatabase) -> None:
    sent: list[str] = []
    sa.event.listen(shop.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with shop.writing("writing"):
        pass
    with shop.reading("reading") as connection:
        connection.exec_driver_sql("SELECT 1")
    with shop.writing("writing") as connection:
        connection.exec_driver_sql("SELECT 1")
    assert [text for text in sent if text.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]
    with shop.reading("reading") as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "busy_timeout")]
    assert pragmas == [0, 10000]
    shop.close()


def test_no_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ShopError):
        words(ShopDatabase(settings("mysql://u:canary@127.0.0.1:1/d"), sleep=lambda _: None))
    assert "canary" not in caplog.text
