"""Seeded shops on one server: a template for each version and seed, and a pristine copy of it for each test.

A copy costs a fifth of a second. One that a test has given back is used again: what the test changed in it is put
right, which is cheaper.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from orderferry.prestashop.sample_shop import ShopSeed, create_shop
from support.mariadb import MariadbServer
from support.shop_database import ShopDatabase

# What the tables of a database are: where a test changed any of it, the database is not used again. The server adds it
# up: the rows themselves are more than a thousand.
STRUCTURE = tuple(
    sa.text(f"SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', {columns}))) FROM information_schema.{source} = :name")
    for columns, source in (
        ("table_name, engine, table_collation", "tables WHERE table_schema"),
        (
            "table_name, ordinal_position, column_name, column_type, is_nullable, column_default, extra,"
            " collation_name",
            "columns WHERE table_schema",
        ),
        ("table_name, index_name, seq_in_index, column_name, non_unique", "statistics WHERE table_schema"),
        ("trigger_name", "triggers WHERE trigger_schema"),
    )
)
COUNTERS = sa.text("SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = :name")
TABLES = sa.text(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = :name AND table_type = 'BASE TABLE'"
)
CONNECTIONS = sa.text("SELECT id FROM information_schema.processlist WHERE db = :name")
Structure = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Template:
    """A pristine shop, never handed out. `state`: table to its checksum and its next id."""

    name: str
    structure: Structure
    state: Mapping[str, tuple[Any, Any]]


@dataclass
class ShopDatabases:
    """Hands out shops on one server; where several hand out, each marks the names of its databases."""

    server: MariadbServer
    mark: str = ""
    _templates: list[tuple[tuple[str, str, ShopSeed | None], Template]] = field(default_factory=list)
    _free: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _taken: dict[str, str] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, version: str = "8.2.1", *, prefix: str = "ps_", seed: ShopSeed | None = None) -> ShopDatabase:
        """A pristine shop of that version."""
        template = self._template(version, prefix, seed)
        free = self._free[template.name]
        with self.server.engine().connect() as connection:
            connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
            name = free.pop() if free else ""
            if not (name and restore(connection, template, name)):
                name = f"shop_{self.mark}{next(self._numbers)}"
                create_database(connection, name)
                copy(connection, template, name)
        self._taken[name] = template.name
        return ShopDatabase(self.server.url(name).render_as_string(hide_password=False), prefix, version)

    def give_back(self, shop: ShopDatabase) -> None:
        """Take back a shop made by `create`, in whatever state."""
        shop.close()
        name = str(sa.make_url(shop.url).database)
        self._free[self._taken.pop(name)].append(name)

    def snapshot(self, shop: ShopDatabase) -> Snapshot:
        """A copy of a shop as it stands, to put it right again as often as wanted."""
        name = str(sa.make_url(shop.url).database)
        with self.server.engine().connect() as connection:
            connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
            copied = f"{name}_copy_{next(self._numbers)}"
            create_database(connection, copied)
            state = state_of(connection, name)
            copy(connection, Template(name, (), state), copied)
            structure = structure_of(connection, name)
        return Snapshot(self.server, shop, Template(copied, structure, state))

    def _template(self, version: str, prefix: str, seed: ShopSeed | None) -> Template:
        key = (version, prefix, seed)
        found = next((template for known, template in self._templates if known == key), None)
        if found:
            return found
        name = f"template_{self.mark}{next(self._numbers)}"
        with self.server.engine().connect() as connection:
            create_database(connection, name)
            create_shop(self.server.engine(name), version, prefix, seed)
            template = Template(name, structure_of(connection, name), state_of(connection, name))
        self._templates.append((key, template))
        return template


@dataclass(frozen=True)
class Snapshot:
    """A shop, and a copy of how it once stood."""

    server: MariadbServer
    shop: ShopDatabase
    template: Template

    def restore(self) -> None:
        """Put the shop right: rows, and the tables that were made since."""
        name = str(sa.make_url(self.shop.url).database)
        with self.server.engine().connect() as connection:
            connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
            if not restore(connection, self.template, name):
                create_database(connection, name)
                copy(connection, self.template, name)

    def changed(self) -> set[str]:
        """The tables, named without prefix, whose rows are others than they were, and those that are new."""
        name = str(sa.make_url(self.shop.url).database)
        with self.server.engine().connect() as connection:
            now = {table: checksum for table, (checksum, _) in state_of(connection, name).items()}
        before = {table: checksum for table, (checksum, _) in self.template.state.items()}
        return {table.removeprefix(self.shop.prefix) for table in now if now[table] != before.get(table)}


def create_database(connection: sa.Connection, name: str) -> None:
    """Create an empty database."""
    connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")


def copy(connection: sa.Connection, template: Template, name: str) -> None:
    """Fill an empty database with the template's tables and rows."""
    for table in template.state:
        connection.exec_driver_sql(f"CREATE TABLE {name}.`{table}` LIKE {template.name}.`{table}`")
        connection.exec_driver_sql(f"INSERT INTO {name}.`{table}` SELECT * FROM {template.name}.`{table}`")
    connection.commit()


def restore(connection: sa.Connection, template: Template, name: str) -> bool:
    """Put a used database right. Return False, with the database gone, where a test changed its structure."""
    for thread in connection.execute(CONNECTIONS, {"name": name}).scalars().all():
        with suppress(sa.exc.OperationalError):  # 1094: it has just ended by itself
            connection.exec_driver_sql(f"KILL {thread:d}")  # left over by a test: it would hold locks
    for table in set(connection.execute(TABLES, {"name": name}).scalars()) - template.state.keys():
        connection.exec_driver_sql(f"DROP TABLE {name}.`{table}`")
    if structure_of(connection, name) != template.structure:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        return False
    for table in (table for table, state in state_of(connection, name).items() if state != template.state[table]):
        connection.exec_driver_sql(f"TRUNCATE TABLE {name}.`{table}`")
        connection.exec_driver_sql(f"INSERT INTO {name}.`{table}` SELECT * FROM {template.name}.`{table}`")
    connection.commit()
    return True


def structure_of(connection: sa.Connection, name: str) -> Structure:
    """Return how many tables, columns, keys and triggers a database has, and a checksum of each kind, to compare."""
    return tuple(tuple(connection.execute(query, {"name": name}).one()) for query in STRUCTURE)


def state_of(connection: sa.Connection, name: str) -> dict[str, tuple[Any, Any]]:
    """The checksum of each table's rows, and its next id."""
    counters = {row[0]: row[1] for row in connection.execute(COUNTERS, {"name": name})}
    tables = ", ".join(f"{name}.`{table}`" for table in counters)
    checksums = connection.exec_driver_sql(f"CHECKSUM TABLE {tables}")
    return {table.partition(".")[2]: (checksum, counters[table.partition(".")[2]]) for table, checksum in checksums}
