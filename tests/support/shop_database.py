"""Seeded shops for tests: a template for each version and seed, and a fresh copy of it for each test."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.embedded import ShopSeed, create_shop
from support.mariadb import MariadbServer


@dataclass(frozen=True)
class ShopDatabase:
    """A seeded shop of one test. `url` is complete, password included; `{p}` in SQL stands for the table prefix."""

    url: str
    prefix: str
    version: str

    def engine(self) -> sa.Engine:
        """A new engine without a pool."""
        return sa.create_engine(self.url, poolclass=sa.NullPool)

    def rows(self, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """Given a query with `:name` parameters, return its rows as mappings."""
        with self.engine().connect() as connection:
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
        with self.engine().begin() as connection:
            if connection.dialect.name != "sqlite":
                connection.exec_driver_sql("SET SESSION sql_mode = ''")
            return connection.execute(sa.text(sql.replace("{p}", self.prefix)), parameters).rowcount

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Insert rows (all with the same columns) into a table named without prefix."""
        target = sa.table(self.prefix + table, *(sa.column(name) for name in rows[0]))
        with self.engine().begin() as connection:
            connection.execute(sa.insert(target), [dict(row) for row in rows])

    def count(self, table: str) -> int:
        """How many rows a table, named without prefix, has."""
        with self.engine().connect() as connection:
            return connection.execute(
                sa.select(sa.func.count()).select_from(sa.table(self.prefix + table))
            ).scalar_one()

    def counts(self, *tables: str) -> dict[str, int]:
        """How many rows each of these tables has; without any: each table of the shop, its prefix taken off."""
        names = tables or tuple(name.removeprefix(self.prefix) for name in self.tables())
        return {name: self.count(name) for name in names}

    def tables(self) -> list[str]:
        """The names of all tables, with prefix."""
        return sa.inspect(self.engine()).get_table_names()


@dataclass
class ShopDatabases:
    """Makes shops on one server. A template is built once; a copy of it costs a fifth of a second."""

    server: MariadbServer
    _templates: list[tuple[tuple[str, str, ShopSeed | None], str]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, version: str = "8.2.1", *, prefix: str = "ps_", seed: ShopSeed | None = None) -> ShopDatabase:
        """A fresh shop of that version."""
        template = self._template(version, prefix, seed)
        name = f"shop_{next(self._numbers)}"
        with self.server.engine().connect() as connection:
            self._create_database(connection, name)
            self._copy(connection, template, name)
        url = self.server.url(name).render_as_string(hide_password=False)
        return ShopDatabase(url, prefix, version)

    def drop(self, shop: ShopDatabase) -> None:
        """Remove a shop made by `create`."""
        name = sa.make_url(shop.url).database
        with self.server.engine().connect() as connection:
            connection.execute(sa.DDL(f"DROP DATABASE IF EXISTS {name}"))

    def _template(self, version: str, prefix: str, seed: ShopSeed | None) -> str:
        key = (version, prefix, seed)
        found = next((name for known, name in self._templates if known == key), None)
        if found:
            return found
        name = f"template_{next(self._numbers)}"
        with self.server.engine().connect() as connection:
            self._create_database(connection, name)
        create_shop(self.server.engine(name), version, prefix, seed)
        self._templates.append((key, name))
        return name

    @staticmethod
    def _create_database(connection: sa.Connection, name: str) -> None:
        connection.execute(sa.DDL(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"))

    @staticmethod
    def _copy(connection: sa.Connection, template: str, name: str) -> None:
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
        for table in sa.inspect(connection).get_table_names(template):
            source, target = f"{template}.{quote(table)}", f"{name}.{quote(table)}"
            connection.exec_driver_sql(f"CREATE TABLE {target} LIKE {source}")
            connection.exec_driver_sql(f"INSERT INTO {target} SELECT * FROM {source}")
        connection.commit()
