"""Rows on their way into a shop's tables: filled up to what a version demands, cut down to what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.embedded.schema import ColumnDefinition, Schema

Row = Mapping[str, Any]
TableRows = tuple[str, list[Row]]  # a table's name without prefix, and rows that all have the same columns

_NUMBERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "decimal"})


class RowWriter:
    """Writes rows into the tables of one version. `created` (local time) fills date columns that must have a value."""

    def __init__(self, connection: sa.Connection, schema: Schema, prefix: str, created: str) -> None:
        self._connection = connection
        self._schema = schema
        self._prefix = prefix
        self._created = created

    def write(self, groups: Iterable[TableRows]) -> None:
        """Given rows by table, insert them. Tables and columns that the version lacks are left out."""
        for table, rows in groups:
            if rows and table in self._schema.tables:
                self._insert(table, rows)

    def _insert(self, table: str, rows: list[Row]) -> None:
        columns = self._schema.tables[table].columns
        given = [name for name in rows[0] if name in columns]
        fill = {
            column.name: self._filler(column)
            for column in columns.values()
            if column.required and column.name not in given
        }
        target = sa.table(self._prefix + table, *(sa.column(name) for name in [*given, *fill]))
        self._connection.execute(sa.insert(target), [{name: row[name] for name in given} | fill for row in rows])

    def _filler(self, column: ColumnDefinition) -> int | str:
        if column.base_type in _NUMBERS:
            return 0
        if column.base_type in {"datetime", "timestamp", "date"}:
            return self._created[:10] if column.base_type == "date" else self._created
        return column.type.split("'")[1] if column.base_type == "enum" else ""


def per_shop(shop_ids: Iterable[int], rows: Iterable[Row]) -> list[Row]:
    """Given rows, return each of them for every shop."""
    return [{**row, "id_shop": id_shop} for id_shop in shop_ids for row in rows]
