"""The shop's tables for SQLAlchemy, made of the live columns: what the shop does not have can't be named.

No column has a type and no table a primary key in these definitions: values pass as the driver gives and takes them
(see `values.py`), and an INSERT never gets a RETURNING clause, so that MySQL, MariaDB and SQLite run the same path and
new ids are read from `lastrowid`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from orderferry.prestashop.database.statement_texts import StatementTexts
from orderferry.prestashop.facts import Table

CHUNK = 500  # values in one IN list

T = TypeVar("T")


class ShopTables:
    """`tables["orders"]` is the SQLAlchemy table `<prefix>orders`; `live` holds what the database says of each, `texts`
    the statements on them that were compiled already."""

    def __init__(self, prefix: str, live: Mapping[str, Table]) -> None:
        self.prefix = prefix
        self.live = live
        self.texts = StatementTexts()
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


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Given values, yield them in their order, as sequences that fit into one IN list."""
    rest = list(values)
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]
