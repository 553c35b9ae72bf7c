"""The few statements that writing needs, over one connection: insert, change, read back and lock rows of a table.

Identifiers come from the live schema, values are bound parameters. Nothing here knows what an order is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.connection import READS_COMMITTED
from orderferry.prestashop.database.counting_insert import counting_insert
from orderferry.prestashop.database.event_tables import EVENT_TABLE
from orderferry.prestashop.database.fit import Fitted, fit_changes, fit_row
from orderferry.prestashop.database.kept_ids import NEWEST, Kept
from orderferry.prestashop.database.sending import Found, OneByOne, Reply, Sender, Together
from orderferry.prestashop.database.session_variables import KeepId
from orderferry.prestashop.database.statement_texts import expressions, mark, marks_of
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, bindable
from orderferry.prestashop.feed.outbox import Outbox
from orderferry.prestashop.rows.drafts import Value

Condition = tuple[str, str, Value]  # column, operator, value
_ONE: sa.ColumnElement[int] = sa.literal_column("1")
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}


class ShopWriter:
    """Rows go in fitted to the live columns; columns that the shop does not have are left out everywhere.

    Within `together`, statements whose reply nobody reads travel with the next one whose reply is read. `outbox` keeps
    what the feed of changes is to say of this transaction, if the shop has one. `reads_committed`: a SELECT sees what
    others have committed since the transaction began.
    """

    def __init__(self, connection: sa.Connection, tables: ShopTables) -> None:
        self.tables = tables
        self.connection = connection
        self.outbox = Outbox(tables.has(EVENT_TABLE))
        self.reads_committed: bool = connection.info.get(READS_COMMITTED, True)
        self._sender: Sender = OneByOne(connection)
        self._keeps_ids = False
        self._inserts: dict[str, Reply] = {}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send as few times as possible; at the end of the block, what still waits. SQLite is no journey away."""
        if self.connection.dialect.name == "sqlite":
            yield
            return
        self._sender, self._keeps_ids = Together(self.connection), True
        try:
            yield
            self._sender.flush()
        finally:
            self._sender, self._keeps_ids = OneByOne(self.connection), False

    def has(self, name: str, *columns: str) -> bool:
        """Whether the shop has this table, and all of these columns in it."""
        return self.tables.has(name, *columns)

    def insert(self, name: str, values: Mapping[str, Value]) -> int:
        """Insert one row and return its auto-increment id as the driver read it back (0: the table has none)."""
        return self._insert(name, [values]).new_id

    def insert_all(self, name: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows with the same columns in one statement; nobody needs their ids."""
        if rows:
            self._insert(name, rows)

    def insert_known(
        self, name: str, columns: tuple[str, ...], row: Sequence[Fitted], symbol: str, *, close: bool = False
    ) -> Value:
        """Insert one fitted row whose id other statements mean: return the id, or (within `together`) what stands for
        it.

        `close`: it is meant by none after the next row that gets an id.
        """
        reply = self.insert_fitted(name, columns, [row])
        if not self._keeps_ids:
            return reply.new_id
        if close:
            return NEWEST
        self.post(("keep", symbol), lambda: KeepId(symbol), [])
        self._inserts[symbol] = reply
        return Kept(symbol)

    def keep_ids(self, name: str, key: str, owner: Mapping[str, Value], symbols: Sequence[str]) -> dict[str, Value]:
        """The ids (`key`) of all rows of an owner, smallest first, by symbol: as `insert_known` returns one."""
        if not self._keeps_ids:
            rows = self.rows(name, (key,), owner, order=key)
            return {symbol: as_int(row[key]) for symbol, row in zip(symbols, rows, strict=True)}
        table = self.tables[name]
        bound: list[Any] = []
        marks = [mark(_bound(value), bound) for value in owner.values()]
        for number, symbol in enumerate(symbols):

            def build(symbol: str = symbol) -> KeepId:
                """SET a variable of the session to one of the ids; the last value is its place."""
                given = expressions([*marks, None])
                query = sa.select(table.c[key]).where(*(table.c[column] == next(given) for column in owner))
                return KeepId(symbol, query.order_by(table.c[key]).limit(_ONE).offset(next(given)).scalar_subquery())

            self.post(("keep", name, key, symbol, tuple(owner), tuple(marks)), build, [*bound, number])
        return {symbol: Kept(symbol) for symbol in symbols}

    def kept_ids(self, *values: Value) -> tuple[int, ...]:
        """Given ids as `insert_known` returned them, return the ids themselves, which came with the answers."""
        return tuple(self._inserts[value.name].new_id if isinstance(value, Kept) else as_int(value) for value in values)

    def post_counts(self, name: str, rows: Sequence[Mapping[str, Value]], *, key: str, counted: Sequence[str]) -> None:
        """Insert rows, or where one with this primary key stands, add to its `counted` columns and set the others."""
        if rows:
            self._insert(name, rows, key, tuple(counted))

    def update(self, name: str, values: Mapping[str, Value], where: Mapping[str, Value]) -> int:
        """Set columns in the rows that equal `where`; return how many matched."""
        reply = self.post_update(name, values, where)
        return reply.matched if reply else 0

    def post_update(self, name: str, values: Mapping[str, Value], where: Mapping[str, Value]) -> Reply | None:
        """`update` without a look at how many matched; None when the shop has none of the columns."""
        return self.post_add(name, {}, where, values)

    def add(
        self, name: str, steps: Mapping[str, int], where: Mapping[str, Value], values: Mapping[str, Value] | None = None
    ) -> int:
        """Add to number columns, relative to what stands there when the row is locked, and set `values` along.

        Return how many rows matched; 0, too, when the shop has none of the columns to add to.
        """
        reply = self.post_add(name, steps, where, values) if any(self.has(name, key) for key in steps) else None
        return reply.matched if reply else 0

    def post_add(
        self, name: str, steps: Mapping[str, int], where: Mapping[str, Value], values: Mapping[str, Value] | None = None
    ) -> Reply | None:
        """`add` without a look at how many matched; None when the shop has none of all the columns."""
        table = self.tables[name]
        columns = self.tables.live[name].columns
        moved = {key: step for key, step in steps.items() if key in columns and not columns[key].generated}
        row = fit_changes(self.tables.live[name], values or {})
        if not moved and not row:
            return None
        bound: list[Any] = []
        marks = [mark(value, bound) for value in (*moved.values(), *row.values(), *map(_bound, where.values()))]
        shape = ("update", name, tuple(moved), tuple(row), tuple(where), tuple(marks))

        def build() -> sa.Update:
            """The UPDATE, its values in the order of `bound`."""
            given = expressions(marks)
            changes = {key: table.c[key] + next(given) for key in moved}
            changes |= {key: next(given) for key in row}
            return table.update().values(changes).where(*(table.c[key] == next(given) for key in where))

        return self.post(shape, build, bound)

    def delete(self, name: str, where: Mapping[str, Value]) -> int:
        """Delete the rows that equal `where`; return how many there were."""
        table = self.tables[name]
        bound: list[Any] = []
        marks = [mark(_bound(value), bound) for value in where.values()]

        def build() -> sa.Delete:
            """The DELETE."""
            given = expressions(marks)
            return table.delete().where(*(table.c[key] == next(given) for key in where))

        return self.post(("delete", name, tuple(where), tuple(marks)), build, bound).matched

    def rows(
        self, name: str, columns: Sequence[str], where: Mapping[str, Value], *, lock: bool = False, order: str = ""
    ) -> list[Found]:
        """Those of the columns that the shop has, in the rows that equal `where`; `lock` holds the rows till commit."""
        return list(self.post_rows(name, columns, where, lock=lock, order=order).rows)

    def post_rows(
        self, name: str, columns: Sequence[str], where: Mapping[str, Value], *, lock: bool = False, order: str = ""
    ) -> Reply:
        """`rows`, whose reply may be read later, together with others."""
        table = self.tables[name]
        wanted = tuple(key for key in columns if self.has(name, key))
        bound: list[Any] = []
        marks = [mark(_bound(value), bound) for value in where.values()]

        def build() -> sa.Select[Any]:
            """The SELECT; locked rows are read as they are committed."""
            given = expressions(marks)
            query = sa.select(*(table.c[key] for key in wanted)).where(*(table.c[key] == next(given) for key in where))
            query = query.order_by(table.c[order]) if order else query
            return query.with_for_update() if lock else query

        return self.post(("rows", name, wanted, tuple(where), lock, order, tuple(marks)), build, bound)

    def largest(self, name: str, column: str, *conditions: Condition, lock: bool = False) -> int:
        """The largest value of a number column in the rows that fulfil all conditions; 0 for none.

        `lock`: read what is committed now, whatever the isolation level, and keep the rows from being changed.
        """
        return largest_of(self.post_largest(name, column, *conditions, lock=lock))

    def post_largest(self, name: str, column: str, *conditions: Condition, lock: bool = False) -> Reply:
        """`largest`, whose reply may be read later with `largest_of`."""
        table = self.tables[name]
        bound: list[Any] = []
        marks = [mark(_bound(value), bound) for _, _, value in conditions]
        compared = tuple((key, sign) for key, sign, _ in conditions)

        def build() -> sa.Select[Any]:
            """The SELECT of the one value `largest`."""
            given = expressions(marks)
            query = sa.select(sa.func.max(table.c[column]).label("largest"))
            query = query.where(*(_OPERATORS[sign](table.c[key], next(given)) for key, sign in compared))
            return query.with_for_update(read=True) if lock else query

        return self.post(("largest", name, column, compared, lock, tuple(marks)), build, bound)

    def _insert(
        self, name: str, rows: Sequence[Mapping[str, Value]], key: str = "", counted: tuple[str, ...] = ()
    ) -> Reply:
        fitted = [fit_row(self.tables.live[name], row) for row in rows]
        columns = tuple(fitted[0])
        return self.insert_fitted(name, columns, [[row[column] for column in columns] for row in fitted], key, counted)

    def insert_fitted(
        self,
        name: str,
        columns: tuple[str, ...],
        rows: Sequence[Sequence[Fitted]],
        key: str = "",
        counted: tuple[str, ...] = (),
    ) -> Reply:
        """Insert rows that were fitted to the live `columns` already, in one statement; `key` and `counted` as in
        `post_counts`."""
        table = self.tables[name]
        bound: list[Any] = []
        marks = tuple([marks_of(row, bound) for row in rows])

        def build() -> sa.Insert:
            """The INSERT of all rows; with `counted`, one that adds where the key is taken."""
            given = expressions([one for row in marks for one in row])
            values = [{column: next(given) for column in columns} for _ in marks]
            together = values if len(values) > 1 else values[0]
            if counted:
                return counting_insert(table, self.connection.dialect.name, together, key, counted)
            return table.insert().values(together)

        return self.post(("insert", name, columns, counted, marks), build, bound)

    def post(self, shape: tuple[Hashable, ...], build: Callable[[], sa.Executable], bound: Sequence[Any]) -> Reply:
        """Send any statement. `build` makes it when its `shape` is met for the first time in a run, with a parameter
        v0, v1, … for each of the values `bound`."""
        text = self.tables.texts.find(self.connection.dialect, shape, build)
        return self._sender.post(text.sql, text.bound(bound))


def largest_of(reply: Reply) -> int:
    """Given the reply of `post_largest`, return the value; 0 for none."""
    return as_int(reply.rows[0]["largest"])


def _bound(value: Value) -> Any:
    return value if isinstance(value, Kept) else bindable(value)
