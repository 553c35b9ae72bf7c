"""Send the few statements that an order needs over one connection: insert, change, read and lock rows of a table.

A statement is plain SQL text. Its identifiers come from the live schema and are quoted; its texts are escaped by
PyMySQL's own function (our session's sql_mode lets a backslash escape), and all values bound where the shop is an
SQLite file. This module does not know what an order is.

Outside `together` each statement is sent at once. Within it, statements are collected and sent in one text (PyMySQL
with MULTI_STATEMENTS) as soon as the first reply is read. An order takes a few round trips that way instead of thirty:
a database on another host feels that, and so does the customer at the checkout, because rows are locked for a shorter
time. Methods named `post_…` return a `Reply`, to be read later; the others read it at once, and so send what waits.

A row may have symbols in place of values (`Ref`), which `known` has by name. A statement may need the id of a row that
an earlier one in the same text inserts. The database session then keeps the id that the server gave (LAST_INSERT_ID())
in a variable, and `Kept` stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from orderferry.prestashop.database.connection import READS_COMMITTED
from orderferry.prestashop.database.tables import ShopTables, quoted
from orderferry.prestashop.database.values import (
    NEWEST,
    Bindable,
    DraftValue,
    Kept,
    KeptText,
    Value,
    as_int,
    bindable,
    fit_changes,
    fit_row,
)

Row = Mapping[Any, Any]  # a row of the shop's database, by column
Rows = Mapping[str, Sequence[Row]]  # rows by table
Condition = tuple[str, Literal["=", "!=", ">", ">="], Value]  # column, operator, value
_LONGEST = 256 * 1024  # characters of one text: far below any max_allowed_packet, which is at least one megabyte


@dataclass(slots=True)
class Reply:
    """The database's answer to one statement. Reading it sends the statement, if it still waits."""

    _send: Callable[[], None]
    _answered: bool = False
    _rows: Sequence[Row] = ()
    _matched: int = 0
    _new_id: int = 0

    @property
    def rows(self) -> Sequence[Row]:
        """Return the rows of a SELECT."""
        return self._read()._rows

    @property
    def matched(self) -> int:
        """Return how many rows an UPDATE or DELETE matched."""
        return self._read()._matched

    @property
    def new_id(self) -> int:
        """Return the auto-increment id of the row that an INSERT added; 0: the table has none."""
        return self._read()._new_id

    def answer(self, rows: Sequence[Row], matched: int, new_id: int) -> None:
        """Keep what the database has answered."""
        self._rows, self._matched, self._new_id, self._answered = rows, matched, new_id, True

    def _read(self) -> Reply:
        if not self._answered:
            self._send()
        return self


class Statements:
    """Send statements over a connection.

    Rows are fitted to the live columns; columns that the shop does not have are left out. `known`: the values of
    symbols. `reads_committed`: a SELECT sees what others have committed since the transaction began. Errors are
    SQLAlchemy's, with the beginning of the statement.
    """

    def __init__(self, connection: sa.Connection, tables: ShopTables) -> None:
        if not connection.in_transaction():
            connection.begin()  # SQLAlchemy ends it, but does not see what the driver's own cursor sends
        self.connection = connection
        self.tables = tables
        self.reads_committed: bool = connection.info.get(READS_COMMITTED, True)
        self._is_sqlite = connection.dialect.name == "sqlite"
        self.share_lock = "" if self._is_sqlite else " LOCK IN SHARE MODE"
        self._row_lock = "" if self._is_sqlite else " FOR UPDATE"
        self.known: dict[str, Value] = {}
        self._collects = False  # within `together`
        self._waiting: list[tuple[str, Reply]] = []
        self._length = 0
        if not self._is_sqlite:
            driver: Any = connection.dialect.loaded_dbapi  # PyMySQL
            self._cursor: Any = connection.connection.cursor()
            self._driver_error: type[Exception] = driver.Error
            self._escape: Callable[[str], str] = driver.converters.escape_string
        self._bound: list[Bindable] = []  # SQLite's, of the next statement
        self._inserts: dict[str, Reply] = {}  # by the symbol of the row's id

    # Names and values in a text

    def table(self, name: str) -> str:
        """Return the quoted name of a table, with the prefix. Raise KeyError when the shop has none."""
        return quoted(self.tables[name].name)

    def value(self, value: Value) -> str:
        """Return the text for a value: a number itself, a text in quotes, the variable of a kept id.

        For an SQLite file it is a placeholder, and the value is bound to the statement that is sent next.
        """
        if isinstance(value, int):
            return f"{value:d}"
        if isinstance(value, str) and not self._is_sqlite:
            return f"'{self._escape(value)}'"
        if isinstance(value, (Kept, tuple)):
            return self._kept(value)
        if self._is_sqlite:
            self._bound.append(bindable(value))
            return "?"
        if isinstance(value, Decimal):
            return format(value, "f")
        return "NULL" if value is None else self.value(bindable(value))

    def _kept(self, value: Kept | KeptText) -> str:
        if isinstance(value, tuple):
            return f"CONCAT({', '.join(map(self.value, value))})"
        return f"@orderferry_{value.name}" if value.name else "LAST_INSERT_ID()"

    def _where(self, where: Mapping[str, Value]) -> str:
        conditions = [f"{quoted(name)} = {self.value(value)}" for name, value in where.items()]
        return " WHERE " + " AND ".join(conditions) if conditions else ""

    # Sending

    @contextmanager
    def together(self) -> Iterator[None]:
        """Collect the statements of the block and send them as few times as possible, the last ones at its end.

        An SQLite file answers at once, so its statements go one by one.
        """
        self._collects = not self._is_sqlite
        try:
            yield
            self.flush()
        finally:
            self._collects, self._waiting, self._length = False, [], 0

    def send(self, sql: str) -> Reply:
        """Send a statement, now or with the next reply that is read."""
        reply = Reply(self.flush)
        if self._is_sqlite:
            bound, self._bound = tuple(self._bound), []
            result = self.connection.exec_driver_sql(sql, bound)
            rows = result.mappings().all() if result.returns_rows else ()
            reply.answer(rows, result.rowcount, result.lastrowid or 0)
            return reply
        self._waiting.append((sql, reply))
        self._length += len(sql)
        if not self._collects or self._length > _LONGEST:
            self.flush()
        return reply

    def flush(self) -> None:
        """Send what waits and read all answers. The server stops at the first statement that fails."""
        waiting, self._waiting, self._length = self._waiting, [], 0
        if not waiting:
            return
        number = 0
        try:
            self._cursor.execute(";\n".join([text for text, _ in waiting]))
            for number, (_, reply) in enumerate(waiting):
                if number and not self._cursor.nextset():
                    raise RuntimeError("the database gave fewer answers than it was sent statements")
                reply.answer(_rows_of(self._cursor), self._cursor.rowcount, self._cursor.lastrowid or 0)
        except self._driver_error as error:
            raise sa.exc.DBAPIError(_beginning(waiting[number][0]), None, error, hide_parameters=True) from error

    # Inserting

    def insert(self, name: str, values: Mapping[str, DraftValue]) -> int:
        """Insert one row and return its auto-increment id (0: the table has none)."""
        return self._insert(name, [values]).new_id

    def insert_all(self, name: str, rows: Sequence[Mapping[str, DraftValue]]) -> None:
        """Insert rows with the same columns in one statement. Their ids are not read."""
        if rows:
            self._insert(name, rows)

    def insert_known(self, name: str, values: Mapping[str, DraftValue], symbol: str, *, close: bool = False) -> None:
        """Insert one row whose id other statements need, and make it known as `symbol`.

        `close`: nothing uses the id after the next INSERT, so it needs no variable.
        """
        reply = self._insert(name, [values])
        if not self._collects:
            self.known[symbol] = reply.new_id
        elif close:
            self.known[symbol] = NEWEST
        else:
            self.known[symbol] = kept = Kept(symbol)
            self._inserts[symbol] = reply
            self.send(f"SET {self.value(kept)} = LAST_INSERT_ID()")

    def kept_ids(self, *values: Value) -> tuple[int, ...]:
        """Return the numbers of ids that were known. This sends what waits."""
        return tuple(self._inserts[value.name].new_id if isinstance(value, Kept) else as_int(value) for value in values)

    def post_counts(self, name: str, rows: Sequence[Mapping[str, Value]], *, key: str, counted: Sequence[str]) -> None:
        """Insert rows; where one with this primary key exists, add to its `counted` columns and set the others."""
        if not rows:
            return
        new = "excluded.{}" if self._is_sqlite else "VALUES({})"
        changes = []
        for each in rows[0]:
            if each != key and self.has(name, each):
                column = quoted(each)
                added = f"{self.table(name)}.{column} + " if each in counted else ""
                changes.append(f"{column} = {added}{new.format(column)}")
        clash = f" ON CONFLICT ({quoted(key)}) DO UPDATE SET " if self._is_sqlite else " ON DUPLICATE KEY UPDATE "
        self._insert(name, rows, clash + ", ".join(changes))

    def _insert(self, name: str, rows: Sequence[Mapping[str, DraftValue]], end: str = "") -> Reply:
        fitted = [fit_row(self.tables.live[name], row, self.known) for row in rows]
        columns = ", ".join(map(self.tables.quoted.__getitem__, fitted[0]))
        texts = [f"({', '.join(map(self.value, map(row.__getitem__, fitted[0])))})" for row in fitted]
        return self.send(f"INSERT INTO {self.table(name)} ({columns}) VALUES {', '.join(texts)}{end}")

    # Changing

    def update(self, name: str, values: Mapping[str, DraftValue], where: Mapping[str, Value]) -> int:
        """Set columns in the rows that match `where`; return how many did."""
        reply = self.post_update(name, values, where)
        return reply.matched if reply else 0

    def post_update(self, name: str, values: Mapping[str, DraftValue], where: Mapping[str, Value]) -> Reply | None:
        """Do what `update` does, and return a reply; None when the shop has none of the columns."""
        fitted = fit_changes(self.tables.live[name], values, self.known)
        return self._change(name, [f"{quoted(key)} = {self.value(value)}" for key, value in fitted.items()], where)

    def post_add(self, name: str, steps: Mapping[str, int], where: Mapping[str, Value]) -> Reply | None:
        """Add to number columns, relative to their value when the row is locked; return as `post_update`."""
        columns = self.tables.live[name].writable
        there = {quoted(key): self.value(step) for key, step in steps.items() if key in columns}
        return self._change(name, [f"{column} = {column} + {step}" for column, step in there.items()], where)

    def _change(self, name: str, changes: Sequence[str], where: Mapping[str, Value]) -> Reply | None:
        sets = ", ".join(changes)
        return self.send(f"UPDATE {self.table(name)} SET {sets}{self._where(where)}") if sets else None

    def delete(self, name: str, where: Mapping[str, Value]) -> int:
        """Delete the rows that match `where`; return how many did."""
        return self.send(f"DELETE FROM {self.table(name)}{self._where(where)}").matched

    # Reading

    def has(self, name: str, *columns: str) -> bool:
        """Return whether the shop has this table, and all of these columns in it."""
        return self.tables.has(name, *columns)

    def rows(
        self, name: str, columns: Sequence[str], where: Mapping[str, Value], *, lock: bool = False, order: str = ""
    ) -> list[Row]:
        """Return the rows that match `where`, with those of the columns that the shop has.

        `lock`: read what is committed now, and lock the rows until the commit.
        """
        return list(self.post_rows(name, columns, where, lock=lock, order=order).rows)

    def post_rows(
        self, name: str, columns: Sequence[str], where: Mapping[str, Value], *, lock: bool = False, order: str = ""
    ) -> Reply:
        """Do what `rows` does, and return a reply."""
        wanted = ", ".join([quoted(key) for key in columns if self.has(name, key)])
        sql = f"SELECT {wanted} FROM {self.table(name)}{self._where(where)}"
        sql += f" ORDER BY {quoted(order)}" if order else ""
        return self.send(sql + (self._row_lock if lock else ""))

    def largest(self, name: str, column: str, *conditions: Condition, lock: bool = False) -> int:
        """Return the largest value of a number column in the rows that fulfil all conditions; 0 for none.

        `lock`: read what is committed now, whatever the isolation level, and let no other transaction change the rows.
        """
        tests = [f"{quoted(key)} {sign} {self.value(value)}" for key, sign, value in conditions]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        sql = f"SELECT MAX({quoted(column)}) AS largest FROM {self.table(name)}{where}"
        return largest_of(self.send(sql + (self.share_lock if lock else "")))


def largest_of(reply: Reply) -> int:
    """Return the value that a SELECT has called `largest`; 0 for none."""
    return as_int(reply.rows[0]["largest"])


def _beginning(text: str) -> str:
    """Return a statement's verb and table, without any value; '' for one that writes nothing."""
    parts = text.split(" ", 3)[:3]
    return " ".join(parts) if parts[0] in {"INSERT", "UPDATE", "DELETE"} else ""


def _rows_of(cursor: Any) -> Sequence[Row]:
    if not cursor.description:
        return ()
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
