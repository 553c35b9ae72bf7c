"""Hold the one connection to the shop's database, and repeat transactions that failed.

The connection is opened when needed and given back while a run waits for Amazon. A transaction is repeated a few times
at most, and only in ways that can't write an order twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from orderferry.config.model import PrestashopSettings
from orderferry.errors import ShopError
from orderferry.prestashop.database.connection import WRITES, access_of, open_engine
from orderferry.prestashop.database.database_errors import (
    ConnectionLost,
    DuplicateKey,
    TransientTrouble,
    translate,
    translated,
)
from orderferry.prestashop.database.error_numbers import Trouble, trouble_of
from orderferry.prestashop.database.own_tables import MARKER_TABLE
from orderferry.prestashop.database.rights import Access

RETRY_DELAYS = (0.5, 2.0)  # seconds: shared hosts count connections, and one is free again soon
PING_AFTER = 20.0  # seconds of idleness after which a connection is tried before it is trusted
PAUSES = (0.1, 0.5, 2.0)  # seconds before the second, third and fourth attempt of a transaction

T = TypeVar("T")


class ShopDatabase:
    """Hold at most one connection. All errors are raised as ShopError or its subclasses, without values of rows."""

    def __init__(self, settings: PrestashopSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        self._connection: sa.Connection | None = None
        self._used = 0.0

    @cached_property
    def access(self) -> Access:
        """Return what messages may say about the database."""
        return access_of(self._settings)

    @cached_property
    def engine(self) -> sa.Engine:
        """Make the engine at the first use; an address that can't be right is refused here."""
        return open_engine(self._settings)

    @contextmanager
    def reading(self, doing: str) -> Iterator[sa.Connection]:
        """Lend the connection for look-ups; `doing` completes "… while …". No lock and no snapshot outlives it."""
        with self._session(doing, writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self, doing: str, *, rows: bool = False) -> Iterator[sa.Connection]:
        """Open a transaction: commit at its end, roll back on any error or signal. `rows`: as in `translate`.

        Raise ConnectionLost when the answer to COMMIT did not come: whether it took place is then unknown.
        """
        with self._session(doing, writes=True, rows=rows) as connection:
            yield connection
            connection.commit()

    def release(self) -> None:
        """Close the connection; the next use opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(exc.SQLAlchemyError):
                connection.close()

    def close(self) -> None:
        """Close the connection and the engine."""
        self.release()
        if "engine" in self.__dict__:
            self.engine.dispose()

    @contextmanager
    def _session(self, doing: str, *, writes: bool, rows: bool = False) -> Iterator[sa.Connection]:
        connection = self._open()
        try:
            with translated(doing, self.access, rows=rows):
                yield connection.execution_options(**{WRITES: writes})
        except ShopError:
            if connection.invalidated:
                self.release()
            raise
        finally:
            if not connection.closed and not connection.invalidated:
                self._end(connection)
            self._used = time.monotonic()

    def _end(self, connection: sa.Connection) -> None:
        """Roll back what is not committed. This also ends a look-up's transaction."""
        try:
            connection.rollback()
        except exc.SQLAlchemyError:
            self.release()

    def _open(self) -> sa.Connection:
        if self._connection is not None and time.monotonic() - self._used > PING_AFTER:
            self._drop_when_dead(self._connection)
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _drop_when_dead(self, connection: sa.Connection) -> None:
        try:
            connection.exec_driver_sql("SELECT 1")
            connection.rollback()
        except exc.SQLAlchemyError:
            self.release()

    def _connect(self) -> sa.Connection:
        doing = "connecting"
        for delay in RETRY_DELAYS:
            try:
                return self.engine.connect()
            except exc.SQLAlchemyError as error:
                if trouble_of(getattr(error, "orig", None) or error) is not Trouble.TOO_MANY_CONNECTIONS:
                    raise translate(error, doing, self.access) from None
                self._sleep(delay)
        with translated(doing, self.access):
            return self.engine.connect()


def retry(transaction: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Run a transaction that may be repeated, a few times if need be, and return its result. Raise the last error."""
    return retry_order(transaction, lambda: None, sleep)[0]


def retry_order(
    transaction: Callable[[], T], find_written: Callable[[], T | None], sleep: Callable[[float], None]
) -> tuple[T, bool]:
    """Run the transaction of one order, a few times if need be, and return its result.

    Also return whether an attempt before it has an unknown outcome: its connection broke off, and its COMMIT may have
    taken place. The same transaction may follow, because the database refuses its marker if the first one got through.

    A deadlock and the like is tried again. A duplicate key of the marker means that another process was faster with the
    order (`find_written` returns it). Any other duplicate key means that it was faster with a shared row; that is tried
    once more, since the next attempt sees the row. Raise the last error.
    """
    unknown = shared = False
    for pause in (*PAUSES, None):
        try:
            return transaction(), unknown
        except DuplicateKey as taken:
            of_marker = taken.table.endswith(MARKER_TABLE) or not taken.table
            found = find_written() if of_marker else None
            if found is not None:
                return found, unknown
            if pause is None or shared:
                raise
            shared = not of_marker
        except ConnectionLost:
            unknown = True
            if pause is None:
                raise
        except TransientTrouble:
            if pause is None:
                raise
        sleep(pause)
    raise AssertionError("the last attempt returns or raises")
