"""A shop in memory that has just the tables, columns and rows that a test states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.database.live_schema import read_tables
from orderferry.prestashop.database.tables import ShopTables

Records = Sequence[Mapping[str, Any]]


@contextmanager
def small_shop(**tables: Records | str) -> Iterator[tuple[sa.Connection, ShopTables]]:
    """Open a shop with these tables: rows with the same columns, or the columns of an empty table as text."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        for name, rows in tables.items():
            columns = rows.split() if isinstance(rows, str) else list(rows[0])
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.exec_driver_sql(f'CREATE TABLE "ps_{name}" ({listed})')
            if not isinstance(rows, str):
                marks = ", ".join("?" * len(columns))
                values = [tuple(row[column] for column in columns) for row in rows]
                connection.exec_driver_sql(f'INSERT INTO "ps_{name}" ({listed}) VALUES ({marks})', values)
        yield connection, read_tables(connection, "ps_", tables)
    engine.dispose()


def records(columns: str, *rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows from the names of their columns and the values of each."""
    names = columns.split()
    return [dict(zip(names, row, strict=True)) for row in rows]
