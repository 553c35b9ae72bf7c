"""Keep the ledger in MySQL or MariaDB (`ledger.url`): the same tables, shared by several hosts.

It may be the shop's own database, so each table's name begins with `orderferry_ledger_`. All writers lock the same row
first; like SQLite's one write lock, this lets what a transaction has read stay true until it ends. Hosts of a Galera
cluster have to use the same node, because locks hold on one node only.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, func, select

from orderferry.config.database_url import (
    TLS_KEYS,
    open_connection,
    read_by_sqlalchemy,
    tls_arguments,
    tls_context,
    tls_files,
)
from orderferry.config.model import Secret
from orderferry.errors import LedgerUnusable
from orderferry.ledger import schema
from orderferry.ledger.failures import translated
from orderferry.ledger.store import Store

PREFIX = "orderferry_ledger_"
TIMEOUT = 30  # seconds: for a connection, an answer, a row that another run holds
# SQLAlchemy can add a schema to all tables as it compiles, but no prefix: this schema is replaced by ours.
_SCHEMA = "orderferry_ledger"
_IN_SCHEMA = re.compile(rf"(`?){_SCHEMA}\1\.(`?)")
_SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
_SESSION = (
    f"SET SESSION innodb_lock_wait_timeout = {TIMEOUT}, lock_wait_timeout = {TIMEOUT}",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
)
_ONLY_READ = "SET SESSION TRANSACTION READ ONLY"


class ServerStore(Store):
    """A server's database with the ledger's tables."""

    key = "ledger.url"

    @property
    def set_aside(self) -> str:
        """Return how a person gets a new ledger in the place of this one."""
        return f"let {self.key} name another database."

    def lock(self, connection: Connection) -> None:
        """Wait until no other writer is at work. This must come first: a read fixes what the transaction sees."""
        connection.execute(select(schema.ledger.c.only_row).with_for_update())

    def release(self) -> None:
        """Close the connection; the next use opens another."""
        self.close()

    @contextmanager
    def setting_up(self) -> Iterator[Connection]:
        """Open a connection for changes of the tables, while no other host makes any; MySQL commits each of them.

        Raise LedgerUnusable.
        """
        with translated(self.name), self.engine.connect() as connection:
            # MySQL takes names of 64 characters, and has no MD5 since 9.6
            name = func.concat(PREFIX, func.left(func.sha2(func.database(), 256), 40))
            if connection.execute(select(func.get_lock(name, TIMEOUT))).scalar() != 1:
                raise LedgerUnusable(
                    f"Another host keeps setting up the ledger {self.name}.",
                    hint="Wait for the run that does it, or end it if it hangs.",
                )
            try:
                yield connection
                connection.commit()
            finally:
                if not connection.invalidated:
                    connection.rollback()  # before another host may begin
                    connection.execute(select(func.release_lock(name)))


def server_store(url: Secret, *, read_only: bool, dry: bool) -> ServerStore:
    """Return the store of ledger.url. No connection is made yet. Raise LedgerUnusable for what is no address."""
    return ServerStore(server_engine(url, read_only=read_only), location_of(url), dry=dry)


def server_engine(url: Secret, *, read_only: bool = False) -> Engine:
    """Return an engine for ledger.url that keeps one connection, tests it before each use, and prefixes our tables.

    With `?ssl_ca=…` in the address each connection has verified TLS. Raise LedgerUnusable for what is no address of a
    server, and for TLS files that can't be read.
    """
    arguments: dict[str, Any] = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), TIMEOUT)
    # Set while connecting: a server's ANSI_QUOTES would change how SQLAlchemy quotes names.
    arguments["sql_mode"] = _SQL_MODE
    address = _address(url)
    context = _tls_context(address)
    arguments |= tls_arguments(address, context)
    engine = create_engine(
        address.difference_update_query(TLS_KEYS).update_query_dict({"charset": "utf8mb4"}),
        connect_args=arguments,
        pool_size=1,
        pool_pre_ping=True,
        hide_parameters=True,
        execution_options={"schema_translate_map": {None: _SCHEMA}},
    )

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _record: object, given: list[Any], by_name: dict[str, Any]) -> Any:
        return open_connection(dialect.loaded_dbapi.connect, given, by_name)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            if context is not None:
                _refuse_plain(cursor, location_of(url))
            for statement in (*_SESSION, _ONLY_READ) if read_only else _SESSION:
                cursor.execute(statement)

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _add_prefix(
        _connection: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
    ) -> tuple[str, Any]:
        return _IN_SCHEMA.sub(rf"\2{PREFIX}", statement), parameters

    return engine


def _tls_context(address: URL) -> ssl.SSLContext | None:
    try:
        return tls_context(tls_files(address.query))
    except (OSError, ValueError):
        raise LedgerUnusable(
            "The files that ssl_ca, ssl_cert or ssl_key name for the ledger's server can't be read, or hold no "
            "certificate in PEM form.",
            hint="Check the paths in ledger.url (without one: prestashop.ssl_ca), and that this user may read them.",
        ) from None


def _refuse_plain(cursor: Any, location: str) -> None:
    """Raise LedgerUnusable for a connection without TLS: old drivers connect so where the server offers none."""
    cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    row = cursor.fetchone()
    if not row or not row[1]:
        raise LedgerUnusable(
            f"The connection to the server of the ledger {location} is not encrypted although ssl_ca is set.",
            hint="Turn TLS on at the database server, or take ssl_ca out for a local database.",
        )


def location_of(url: Secret) -> str:
    """Return where the database of ledger.url is, without credentials. Raise LedgerUnusable."""
    address = _address(url)
    return f"{address.query.get('unix_socket') or f'{address.host}:{address.port or 3306}'}/{address.database}"


def _address(url: Secret) -> URL:
    try:
        address = read_by_sqlalchemy(url.reveal())
    except (exc.ArgumentError, ValueError):
        address = None
    if address is None or address.get_backend_name() not in ("mysql", "mariadb") or not address.database:
        raise LedgerUnusable(
            "ledger.url is no address of a MySQL or MariaDB database.",
            hint="Write mysql+pymysql://user:password@host:3306/database.",
        )
    return address.set(drivername="mysql+pymysql")
