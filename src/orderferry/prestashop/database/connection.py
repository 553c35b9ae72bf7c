"""Open connections to the shop's database: MySQL or MariaDB through PyMySQL, or SQLite for demo and tests.

We set time-outs, TLS and the session ourselves, because a server's defaults differ. Measured reasons: shops with
NO_ZERO_DATE can't take PrestaShop's zero dates; a backup's global read lock is ended only by `lock_wait_timeout`
(default: a day); under READ COMMITTED a checkout's INSERT does not wait for our transaction, but a server that logs
statements (binlog_format=STATEMENT) refuses every write at that level (error 1665).
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc, pool

from orderferry.config.database_url import (
    TLS_KEYS,
    open_connection,
    read_by_sqlalchemy,
    tls_arguments,
    tls_context,
    tls_files,
)
from orderferry.config.model import PrestashopSettings
from orderferry.errors import ShopUnavailable, ShopUnfit
from orderferry.prestashop.database.rights import Access

READS_COMMITTED = "reads_committed"  # connection.info: a SELECT sees what others have committed meanwhile
WRITES = "shop_writes"  # execution option: the transaction that begins is going to write
# Strict, so that nothing is cut or altered silently; zero dates allowed, since PrestaShop's own rows have them.
SQL_MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
LONGEST_LOCK_WAIT = 20  # seconds
IDLE_SECONDS = 600  # shared hosts cut idle connections after a minute or less
_READ_COMMITTED = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
_REPEATABLE_READ = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_MYSQL_NAMES = frozenset({"mysql", "mariadb"})


def open_engine(settings: PrestashopSettings) -> sa.Engine:
    """Return an engine for [prestashop] that opens a connection when asked and keeps none of its own.

    Each connection has utf8mb4, the session of `prepare_session`, and verified TLS when `ssl_ca` is set, as a key or in
    the URL. Raise ShopUnfit for an address that is none of MySQL, MariaDB or SQLite, or TLS files that can't be read;
    ShopUnavailable when the SQLite file or the server's socket is missing. Nothing is sent yet.
    """
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    unix_socket = url.query.get("unix_socket")
    if isinstance(unix_socket, str) and not Path(unix_socket).exists():
        raise ShopUnavailable(
            f"There is no database socket {unix_socket}.",
            hint="Check prestashop.socket, and that the database server runs.",
        )
    seconds = max(1, int(settings.timeout.total_seconds()))
    arguments: dict[str, Any] = {
        "connect_timeout": seconds,
        "read_timeout": seconds,
        "write_timeout": seconds,
        "sql_mode": SQL_MODE,  # set while connecting: a server's ANSI_QUOTES would change how SQLAlchemy quotes names
    }
    context = _tls_context(settings, url)
    arguments |= tls_arguments(url, context)
    engine = sa.create_engine(
        url.set(drivername="mysql+pymysql").difference_update_query(TLS_KEYS).update_query_dict({"charset": "utf8mb4"}),
        poolclass=pool.NullPool,
        connect_args=arguments,
        paramstyle="format",  # placeholders by position, as `statements.py` writes them
        hide_parameters=True,
        # `ShopDatabase` ends each transaction itself; the pool would roll back once more, and log a traceback when
        # the connection is gone.
        pool_reset_on_return=None,
    )

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: object, given: list[Any], by_name: dict[str, Any]) -> Any:
        driver = dialect.loaded_dbapi
        # SQLAlchemy has set FOUND_ROWS, so that UPDATEs count the rows they meet; `statements.py` needs the other one
        by_name["client_flag"] |= driver.constants.CLIENT.MULTI_STATEMENTS
        return open_connection(driver.connect, given, by_name)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        record.info[READS_COMMITTED] = prepare_session(connection, seconds, demand_tls=context is not None)

    return engine


def access_of(settings: PrestashopSettings) -> Access:
    """Return what messages may say about the database of [prestashop]; the password is not in it."""
    url = _url(settings)
    return Access(settings.location, url.username or "", url.database or "", str(settings.password_from or ""))


def _url(settings: PrestashopSettings) -> sa.URL:
    try:
        url = read_by_sqlalchemy(settings.url.reveal())
        known = url.get_backend_name() in _MYSQL_NAMES | {"sqlite"}
    except (exc.ArgumentError, ValueError):
        known = False
    if not known:
        raise ShopUnfit(
            "prestashop.url is no address of a MySQL, MariaDB or SQLite database.",
            hint="Write mysql+pymysql://user:password@host:3306/database, or give prestashop.host and its kin.",
        )
    return url


def _tls_context(settings: PrestashopSettings, url: sa.URL) -> ssl.SSLContext | None:
    """Return a context that verifies the certificate and the host's name; None when no TLS is configured."""
    configured = {name: path for name in TLS_KEYS if (path := getattr(settings, name)) is not None}
    try:
        return tls_context(tls_files(url.query) | configured)
    except (OSError, ValueError):
        raise ShopUnfit(
            "prestashop.ssl_ca, ssl_cert or ssl_key can't be read, or holds no certificate in PEM form.",
            hint="Check the paths, and that this user may read the files.",
        ) from None


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database or not Path(url.database).is_file():
        raise ShopUnavailable(
            f"There is no shop at {url.database or 'an SQLite address without a file'}.",
            hint="`orderferry demo` makes an embedded shop; a real one is named with a mysql+pymysql:// URL.",
        )
    engine = sa.create_engine(url, poolclass=pool.NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # Python's own handling of transactions would begin them late and end them on its own.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA busy_timeout=10000")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        # A transaction that reads first and locks later can't wait for another writer: lock at once.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def prepare_session(connection: Any, timeout: int, *, demand_tls: bool) -> bool:
    """Set the session of a new PyMySQL connection; return whether it is at READ COMMITTED.

    `timeout`: seconds to wait for an answer. Waits for locks are shorter, so that the server's own error arrives. Raise
    ShopUnfit when TLS is demanded and the connection has none; driver errors pass through.
    """
    lock_wait = max(1, min(LONGEST_LOCK_WAIT, timeout * 2 // 3))
    with connection.cursor() as cursor:
        if demand_tls and not _value(cursor, "SHOW SESSION STATUS LIKE 'Ssl_cipher'"):
            raise ShopUnfit(
                "The connection to the shop's database is not encrypted although prestashop.ssl_ca is set.",
                hint="Turn TLS on at the database server, or take ssl_ca out for a local database.",
            )
        cursor.execute(
            "SET SESSION sql_mode = %s, time_zone = '+00:00', innodb_lock_wait_timeout = %s, lock_wait_timeout = %s,"
            " wait_timeout = %s",
            (SQL_MODE, lock_wait, lock_wait, IDLE_SECONDS),
        )
        reads_committed = not _logs_statements(cursor)
        cursor.execute(_READ_COMMITTED if reads_committed else _REPEATABLE_READ)
    return reads_committed


def _logs_statements(cursor: Any) -> bool:
    """Return whether the server's binary log makes READ COMMITTED impossible.

    What is written is right at either level: numbers are read with locking reads, markers by their primary key.
    """
    logged = _value(cursor, "SHOW VARIABLES LIKE 'log_bin'").upper() == "ON"
    return logged and _value(cursor, "SHOW VARIABLES LIKE 'binlog_format'").upper() == "STATEMENT"


def _value(cursor: Any, statement: str) -> str:
    """Return the second column of the first row: '' when there is none."""
    cursor.execute(statement)
    row = cursor.fetchone()
    return str(row[1]) if row else ""
