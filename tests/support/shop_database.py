"""The seeded shop of one test, and short ways to look into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from support.mariadb import unpooled


@dataclass(frozen=True)
class ShopDatabase:
    """A seeded shop of one test. `url` is complete, password included; `{p}` in SQL stands for the table prefix."""

    url: str
    prefix: str
    version: str

    def engine(self) -> sa.Engine:
        """A new engine without a pool."""
        return unpooled(self.url)

    @cached_property
    def _own(self) -> sa.Engine:
        if self.url.startswith("sqlite"):
            return self.engine()
        # A connection is kept until `close`, since tests look often; what `variables` sets later is not its own.
        return sa.create_engine(self.url, connect_args={"ssl_disabled": True}, pool_size=1, pool_pre_ping=True)

    def close(self) -> None:
        """Give back the connection that is kept."""
        if "_own" in self.__dict__:
            self._own.dispose()

    def rows(self, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """Given a query with `:name` parameters, return its rows as mappings."""
        with self._own.connect() as connection:
            found = connection.execute(sa.text(sql.replace("{p}", self.prefix)), parameters)
            return [dict(row) for row in found.mappings()]

    def one(self, sql: str, **parameters: Any) -> Mapping[str, Any]:
        """The only row of a query. Raise AssertionError for none or several."""
        rows = self.rows(sql, **parameters)
        assert len(rows) == 1, f"{len(rows)} rows instead of one: {sql}"
        return rows[0]

    def value(self, sql: str, **parameters: Any) -> Any:
        """The only value of the only row of a query."""
        (value,) = self.one(sql, **parameters).values()
        return value

    def execute(self, sql: str, **parameters: Any) -> int:
        """Run a statement, commit, and return how many rows it met. MySQL runs it in PrestaShop's own sql_mode ''."""
        with self._own.begin() as connection:
            if connection.dialect.name != "sqlite":
                connection.exec_driver_sql("SET SESSION sql_mode = ''")
            return connection.execute(sa.text(sql.replace("{p}", self.prefix)), parameters).rowcount

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Insert rows (all with the same columns) into a table named without prefix."""
        target = sa.table(self.prefix + table, *(sa.column(name) for name in rows[0]))
        with self._own.begin() as connection:
            connection.execute(sa.insert(target), [dict(row) for row in rows])

    def count(self, table: str) -> int:
        """How many rows a table, named without prefix, has."""
        return self.counts(table)[table]

    def counts(self, *tables: str) -> dict[str, int]:
        """How many rows each of these tables has; without any: each table of the shop, its prefix taken off."""
        names = tables or tuple(name.removeprefix(self.prefix) for name in self.tables())
        total = sa.select(sa.func.count())
        with self._own.connect() as connection:
            return {
                name: connection.execute(total.select_from(sa.table(self.prefix + name))).scalar_one() for name in names
            }

    def tables(self) -> list[str]:
        """The names of all tables, with prefix."""
        return sa.inspect(self._own).get_table_names()
