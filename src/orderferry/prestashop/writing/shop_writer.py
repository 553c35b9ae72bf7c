"""The few statements that writing needs, over one connection: insert, change, read back and lock rows of a table.

Identifiers come from the live schema, values are bound parameters. Nothing here knows what an order is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.fit import fit_changes, fit_row
from orderferry.prestashop.database.tables import ShopTables
from orderferry.prestashop.database.values import as_int, bindable
from orderferry.prestashop.rows.drafts import Value

Found = Mapping[Any, Any]


class ShopWriter:
    """Rows go in fitted to the live columns; columns that the shop does not have are left out everywhere."""

    def __init__(self, connection: sa.Connection, tables: ShopTables) -> None:
        self.connection = connection
        self.tables = tables

    def has(self, name: str, *columns: str) -> bool:
        """Whether the shop has this table, and all of these columns in it."""
        return self.tables.has(name, *columns)

    def insert(self, name: str, values: Mapping[str, Value]) -> int:
        """Insert one row and return its auto-increment id as the driver read it back (0: the table has none)."""
        row = fit_row(self.tables.live[name], values)
        return int(self.connection.execute(self.tables[name].insert().values(row)).lastrowid or 0)

    def insert_all(self, name: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows with the same columns in one statement; nobody needs their ids."""
        fitted = [fit_row(self.tables.live[name], row) for row in rows]
        if fitted:  # one row is given alone: SQLAlchemy keeps that statement compiled
            rest = fitted if len(fitted) > 1 else fitted[0]
            self.connection.execute(self.tables[name].insert().values(rest))

    def update(self, name: str, values: Mapping[str, Value], where: Mapping[str, Value]) -> int:
        """Set columns in the rows that equal `where`; return how many matched."""
        row = fit_changes(self.tables.live[name], values)
        if not row:
            return 0
        table = self.tables[name]
        return int(self.connection.execute(table.update().where(*_equal(table, where)).values(row)).rowcount)

    def add(
        self, name: str, steps: Mapping[str, int], where: Mapping[str, Value], values: Mapping[str, Value] | None = None
    ) -> int:
        """Add to number columns, relative to what stands there when the row is locked, and set `values` along.

        Return how many rows matched; 0, too, when the shop has none of the columns.
        """
        table = self.tables[name]
        moved: dict[str, Any] = {key: table.c[key] + step for key, step in steps.items() if self.has(name, key)}
        if not moved:
            return 0
        moved |= fit_changes(self.tables.live[name], values or {})
        return int(self.connection.execute(table.update().where(*_equal(table, where)).values(moved)).rowcount)

    def delete(self, name: str, where: Mapping[str, Value]) -> int:
        """Delete the rows that equal `where`; return how many there were."""
        table = self.tables[name]
        return int(self.connection.execute(table.delete().where(*_equal(table, where))).rowcount)

    def rows(
        self, name: str, columns: Sequence[str], where: Mapping[str, Value], *, lock: bool = False, order: str = ""
    ) -> list[Found]:
        """Those of the columns that the shop has, in the rows that equal `where`; `lock` holds the rows till commit."""
        table = self.tables[name]
        query = sa.select(*(table.c[key] for key in columns if self.has(name, key))).where(*_equal(table, where))
        if order:
            query = query.order_by(table.c[order])
        return list(self.connection.execute(query.with_for_update() if lock else query).mappings())

    def largest(self, name: str, column: str, *conditions: sa.ColumnElement[bool], lock: bool = False) -> int:
        """The largest value of a number column in the rows that fulfil all conditions; 0 for none.

        `lock`: read what is committed now, whatever the isolation level, and keep the rows from being changed.
        """
        query = sa.select(sa.func.max(self.tables[name].c[column])).where(*conditions)
        return as_int(self.connection.execute(query.with_for_update(read=True) if lock else query).scalar())


def _equal(table: sa.Table, where: Mapping[str, Value]) -> list[sa.ColumnElement[bool]]:
    return [table.c[key] == bindable(value) for key, value in where.items()]
