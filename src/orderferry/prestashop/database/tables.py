"""The shop's tables for SQLAlchemy, made of the live columns: what the shop does not have can't be named.

No column has a type and no table a primary key in these definitions: values pass as the driver gives and takes them
(see `values.py`), and an INSERT never gets a RETURNING clause, so that MySQL, MariaDB and SQLite run the same path and
new ids are read from `lastrowid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from orderferry.prestashop.facts import Table

CHUNK = 500  # values in one IN list

T = TypeVar("T")


class ShopTables:
    """`tables["orders"]` is the SQLAlchemy table `<prefix>orders`; `live` holds what the database says of each."""

    def __init__(self, prefix: str, live: Mapping[str, Table]) -> None:
        self.prefix = prefix
        self.live = live
        self._made: dict[str, sa.TableClause] = {}

    def __getitem__(self, name: str) -> sa.TableClause:
        """Given a name without prefix, return the table. Raise KeyError when the shop has none."""
        if name not in self._made:
            self._made[name] = sa.table(self.prefix + name, *map(sa.column, self.live[name].columns))
        return self._made[name]

    def has(self, name: str, *columns: str) -> bool:
        """Whether the shop has this table and all of these columns."""
        return name in self.live and all(column in self.live[name].columns for column in columns)

    def column(self, table: str, name: str, otherwise: str | int | None = None) -> sa.ColumnElement[Any]:
        """Given a column that some versions lack, return it, or the constant `otherwise` under its name."""
        if self.has(table, name):
            return self[table].c[name]
        return sa.literal(otherwise).label(name) if otherwise is not None else sa.null().label(name)

    def same_text(self, searched: tuple[str, str], given: tuple[str, str]) -> sa.ColumnElement[bool]:
        """Given two text columns as (table, column), return the condition that they are equal, under one collation.

        Servers refuse to compare columns of different collations (error 1267), and shops that were moved or that
        modules have altered have several. Where they differ, `given` is brought to that of `searched`, whose key stays
        of use.
        """
        left, right = self.live[searched[0]].columns[searched[1]], self.live[given[0]].columns[given[1]]
        one, other = self[searched[0]].c[searched[1]], self[given[0]].c[given[1]]
        if left.collation == right.collation or not left.collation or not right.collation:
            return one == other
        converted = sa.cast(other, mysql.CHAR(max(left.length or 0, right.length or 0) or None, charset=left.charset))
        return one == converted.collate(left.collation)


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Given values, yield them in their order, as sequences that fit into one IN list."""
    rest = list(values)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]
