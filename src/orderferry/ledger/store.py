"""Run short transactions on the ledger's database, and roll them back in a dry run."""

from __future__ import annotations

import shlex
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import URL, ColumnElement, Connection, Engine, Table, and_, create_engine, event

from orderferry.errors import LedgerUnusable
from orderferry.ledger.failures import LedgerConflict, translated

# SQLite takes 999 parameters a statement in its oldest builds.
CHUNK = 500
_WRITES = "ledger_writes"
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    # What was committed survives a power cut. The ledger may be behind the shop (the markers repair it), but must not
    # forget an order that a person set aside, or a token that was spent. Transactions are of whole pages, so that this
    # is a few fsyncs a run.
    "PRAGMA synchronous = FULL",
)
# Not `mode=ro`, which would leave the -wal and -shm behind that reading a write-ahead log needs.
_QUERY_ONLY = "PRAGMA query_only = ON"

Item = TypeVar("Item")
P = ParamSpec("P")
T = TypeVar("T")
_PAUSES = (0.05, 0.2, 0.5)  # seconds before the second, third and fourth try


class Store:
    """A database with the ledger's tables. `name`: its path, for messages; `key`: the configuration key that has it.

    With `dry` set, transactions run as ever and are rolled back at their end: they return what would be.
    """

    key = "ledger.path"

    def __init__(self, engine: Engine, name: str, *, dry: bool) -> None:
        self.engine = engine
        self.name = name
        self.dry = dry

    @property
    def set_aside(self) -> str:
        """Return how a person gets a new ledger in the place of this one."""
        file = shlex.quote(self.name)
        return f"move the ledger away (with its -wal and -shm, where they are), `mv {file} {file}.old`."

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the ledger. Raise LedgerUnusable."""
        with translated(self.name), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, even_dry: bool = False) -> Iterator[Connection]:
        """Open a transaction that has the ledger's one write lock from its start, so that what it reads stays true.

        `even_dry`: keep it in a dry run, too (the quota: its calls were really made). Raise LedgerUnusable.
        """
        with translated(self.name), self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin() as transaction:
                self.lock(connection)
                yield connection
                if self.dry and not even_dry:
                    transaction.rollback()

    def lock(self, connection: Connection) -> None:
        """Take the one write lock at the beginning of a transaction; SQLite has taken it as the transaction began."""

    def release(self) -> None:
        """Close a server's connection, because servers have few. A file stays open."""

    def close(self) -> None:
        """Close all connections; SQLite then merges its -wal file into the ledger."""
        with translated(self.name):
            self.engine.dispose()


def retry_after_conflict(method: Callable[P, T]) -> Callable[P, T]:
    """Repeat a method of one transaction, a few times at most, when the server rolls it back because of another one.

    Raise what the last attempt raises.
    """

    @wraps(method)
    def _repeat(*args: P.args, **more: P.kwargs) -> T:
        for seconds in _PAUSES:
            try:
                return method(*args, **more)
            except LedgerConflict:
                time.sleep(seconds)
        return method(*args, **more)

    return _repeat


def sqlite_store(path: Path, *, read_only: bool, dry: bool, busy_timeout: timedelta) -> Store:
    """Return the store of an existing file. No statement is sent yet.

    The driver's own transactions are off: it would begin them late and without the write lock.
    """
    pragmas = (*_PRAGMAS, _QUERY_ONLY) if read_only else _PRAGMAS

    def _connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",  # never created here
            uri=True,
            timeout=busy_timeout.total_seconds(),
            isolation_level=None,
            check_same_thread=False,  # one that was lost is closed wherever the garbage collector runs
        )
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(URL.create("sqlite", database=str(path)), creator=_connect)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Store(engine, str(path), dry=dry)


def use_wal(store: Store) -> None:
    """Give the file a write-ahead log, so that readers never wait for a writer. Raise LedgerUnusable if it can't be."""
    with translated(store.name), closing(store.engine.raw_connection()) as raw:
        (mode,) = raw.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise LedgerUnusable(
            f"The disk under the ledger {store.name} does not take a write-ahead log.",
            hint="Set ledger.path to a local disk; several hosts share a ledger through ledger.url.",
        )


def put(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert the row of `table` with this primary key, or update it.

    This needs a transaction of `Store.writing`, whose lock keeps all other writers from inserting it meanwhile.
    """
    matches: ColumnElement[bool] = and_(*(table.c[name] == value for name, value in key.items()))
    found = connection.execute(table.update().where(matches).values(**values)).rowcount
    if not found:
        connection.execute(table.insert().values(**key, **values))


def chunks(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in lists that are short enough for one statement."""
    rest = iter(items)
    while part := list(islice(rest, CHUNK)):
        yield part
